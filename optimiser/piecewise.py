"""Kernels on continuous piecewise-linear functions.

A function of m segments is three arrays: breakpoints ``x[0..m]``, values ``y[0..m]`` and slopes
``slope[0..m-1]``.  Slopes are carried, never computed from differences: equal slopes stay equal
to the last bit, however short a segment is, so convexity can be decided by plain comparison.
"""

from matrix_builders import Vector
from matrix_builders.compiled import kernel

SHORTEST = 1e-12
"""Segments shorter than this are left out: rounding of sums of lengths. [kWh]"""

_EQUAL = 1e-13  # relative; values nearer than this are the same value


@kernel("i8(f8[::1], f8[::1], f8[::1], i8, f8, f8, f8)")
def append(
    x: Vector, y: Vector, slope: Vector, size: int, x_end: float, y_end: float, rise: float
) -> int:
    """Add a segment up to ``x_end`` to a function of `size` segments; return its new size.

    A segment that continues the last one lengthens it; one that is too short is left out.
    Arrays are modified in place and long enough.
    """
    if x_end - x[size] <= SHORTEST:
        return size
    if size > 0 and slope[size - 1] == rise:
        x[size] = x_end
        y[size] = y_end
        return size
    slope[size] = rise
    x[size + 1] = x_end
    y[size + 1] = y_end
    return size + 1


@kernel(
    "i8(f8[::1], f8[::1], f8[::1], i8, i8, f8[::1], f8[::1], f8[::1], i8, i8, f8, f8,"
    " f8[::1], f8[::1], f8[::1])"
)
def add_convex_runs(
    ax: Vector,
    ay: Vector,
    a_slope: Vector,
    a_first: int,
    a_after: int,
    bx: Vector,
    by: Vector,
    b_slope: Vector,
    b_first: int,
    b_after: int,
    low: float,
    high: float,
    x: Vector,
    y: Vector,
    slope: Vector,
) -> int:
    """Infimal convolution of two convex runs, on ``[low, high]``: merge segments by slope.

    ``min over u of a(u) + b(z - u)`` for ``z`` in the band, where `a` is restricted to segments
    ``a_first .. a_after - 1`` and `b` likewise.

    Returns
    -------
    int
        Number of segments written to `x`, `y`, `slope`; -1 where nothing lies in the band.
    """
    at = ax[a_first] + bx[b_first]
    value = ay[a_first] + by[b_first]
    if at > high:
        return -1
    i = a_first
    j = b_first
    size = 0
    begun = at >= low
    if begun:
        x[0] = at
        y[0] = value
    while i < a_after or j < b_after:
        if j >= b_after or (i < a_after and a_slope[i] <= b_slope[j]):
            rise = a_slope[i]
            length = ax[i + 1] - ax[i]
            i += 1
        else:
            rise = b_slope[j]
            length = bx[j + 1] - bx[j]
            j += 1
        end = at + length
        if not begun:
            if end < low:
                at = end
                value += rise * length
                continue
            value += rise * (low - at)
            length = end - low
            at = low
            x[0] = low
            y[0] = value
            begun = True
        if end >= high:
            size = append(x, y, slope, size, high, value + rise * (high - at), rise)
            return size
        value += rise * length
        at = end
        size = append(x, y, slope, size, at, value, rise)
    return size if begun else -1


@kernel(
    "i8(f8[::1], f8[::1], f8[::1], i8, f8[::1], f8[::1], f8[::1], i8, f8[::1], f8[::1], f8[::1])"
)
def lower_onto(
    x: Vector,
    y: Vector,
    slope: Vector,
    size: int,
    cx: Vector,
    cy: Vector,
    c_slope: Vector,
    c_size: int,
    spare_x: Vector,
    spare_y: Vector,
    spare_slope: Vector,
) -> int:
    """Lower a function to the minimum of itself and a candidate that begins inside its domain.

    Only what lies right of the candidate's beginning is touched, so that candidates that come
    from left to right cost no more than their overlap.

    Parameters
    ----------
    x, y, slope : float64 array
        The function, of `size` segments; modified in place.
    cx, cy, c_slope : float64 array
        The candidate, of `c_size` segments.  Its domain may reach beyond that of the function.
    spare_x, spare_y, spare_slope : float64 array
        Scratch, as long as `x`.

    Returns
    -------
    int
        New number of segments.
    """
    start = cx[0]
    first = size  # first segment of the function that ends right of the start
    while first > 0 and x[first] > start:
        first -= 1
    n = 0  # what lies right of the start, moved aside
    if first < size:
        spare_x[0] = start
        spare_y[0] = y[first] + slope[first] * (start - x[first])
        for i in range(first, size):
            spare_x[n + 1] = x[i + 1]
            spare_y[n + 1] = y[i + 1]
            spare_slope[n] = slope[i]
            n += 1
        size = first
        size = append(x, y, slope, size, start, spare_y[0], spare_slope[0])
        if size == 0:
            y[0] = min(spare_y[0], cy[0])

    i = 0
    j = 0
    at = start
    own = spare_y[0]
    other = cy[0]
    while i < n and j < c_size:
        end = min(spare_x[i + 1], cx[j + 1])
        own_end = own + spare_slope[i] * (end - at)
        other_end = other + c_slope[j] * (end - at)
        tiny = _EQUAL * (1.0 + abs(own))
        above = own - other
        above_end = own_end - other_end
        if abs(above) <= tiny:
            above = 0.0
        if abs(above_end) <= tiny:
            above_end = 0.0
        if above <= 0.0 and above_end <= 0.0:
            size = append(x, y, slope, size, end, own_end, spare_slope[i])
        elif above >= 0.0 and above_end >= 0.0:
            size = append(x, y, slope, size, end, other_end, c_slope[j])
        else:
            cross = at + (end - at) * above / (above - above_end)
            if above < 0.0:
                value = own + spare_slope[i] * (cross - at)
                size = append(x, y, slope, size, cross, value, spare_slope[i])
                size = append(x, y, slope, size, end, other_end, c_slope[j])
            else:
                value = other + c_slope[j] * (cross - at)
                size = append(x, y, slope, size, cross, value, c_slope[j])
                size = append(x, y, slope, size, end, own_end, spare_slope[i])
        own = own_end
        other = other_end
        if spare_x[i + 1] <= end:
            i += 1
            own = spare_y[i]
        if cx[j + 1] <= end:
            j += 1
            other = cy[j]
        at = end
    while i < n:
        size = append(x, y, slope, size, spare_x[i + 1], spare_y[i + 1], spare_slope[i])
        i += 1
    while j < c_size:
        size = append(x, y, slope, size, cx[j + 1], cy[j + 1], c_slope[j])
        j += 1
    return size


@kernel("i8(f8[::1], i8, i8)")
def convex_run_end(slope: Vector, first: int, size: int) -> int:
    """Segment after the convex run that begins with segment `first`."""
    after = first + 1
    while after < size and slope[after] >= slope[after - 1]:
        after += 1
    return after
