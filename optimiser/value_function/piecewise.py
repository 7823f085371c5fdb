"""Kernels on continuous piecewise-linear functions.

A function of m segments is an array of three rows: breakpoints ``f[X, 0..m]``, values
``f[Y, 0..m]`` and slopes ``f[SLOPE, 0..m-1]``.  The arrays are longer than that, so sizes go
beside them; several functions may share one array, each from some first to some last breakpoint.
Slopes are carried, never computed from differences: equal slopes stay equal to the last bit,
however short a segment is, so convexity can be decided by plain comparison.
"""

from matrix_builders import Vector
from matrix_builders.compiled import kernel

X = 0
Y = 1
SLOPE = 2

SHORTEST = 1e-12
"""Segments shorter than this are left out: rounding of sums of lengths. [kWh]"""

_EQUAL = 1e-13  # relative; values nearer than this are the same value


@kernel("i8(f8[:, ::1], i8, f8, f8, f8)", inlined=True)
def append(f: Vector, size: int, x_end: float, y_end: float, rise: float) -> int:
    """Add a segment up to ``x_end`` to a function of `size` segments; return its new size.

    A segment that continues the last one lengthens it; one that is too short is left out.
    """
    if x_end - f[X, size] <= SHORTEST:
        return size
    if size == 0 or f[SLOPE, size - 1] != rise:
        f[SLOPE, size] = rise
        size += 1
    f[X, size] = x_end
    f[Y, size] = y_end
    return size


@kernel("void(f8[:, ::1], i8, f8)", inlined=True)
def end_at(f: Vector, size: int, x_end: float) -> None:
    """Let a function of `size` segments end where it should, to the last bit.

    Rounding, or a last segment too short to be kept, may have left it a hair away.
    """
    if size > 0:
        f[Y, size] += f[SLOPE, size - 1] * (x_end - f[X, size])
    f[X, size] = x_end


@kernel("i8(f8[::1], f8[::1], f8[:, ::1])", inlined=True)
def from_slopes(x: Vector, slope: Vector, f: Vector) -> int:
    """Make `f` the function of these slopes between breakpoints, from zero; return its size."""
    f[X, 0] = x[0]
    f[Y, 0] = 0.0
    size = 0
    for i in range(slope.size):
        value = f[Y, size] + slope[i] * (x[i + 1] - f[X, size])
        size = append(f, size, x[i + 1], value, slope[i])
    end_at(f, size, x[-1])
    return size


@kernel("i8(f8[:, ::1], i8, i8, f8)", inlined=True)
def segment_at(f: Vector, first: int, last: int, at: float) -> int:
    """Last segment between two breakpoints that begins at or before `at`, or the first one."""
    below = first
    above = max(last, first + 1)
    while above - below > 1:
        middle = (below + above) // 2
        if f[X, middle] <= at:
            below = middle
        else:
            above = middle
    return below


@kernel("f8(f8[:, ::1], i8, f8)", inlined=True)
def value_of(f: Vector, size: int, at: float) -> float:
    """Value of a function of `size` segments; beyond its ends it goes on as it ended."""
    if size == 0:
        return float(f[Y, 0])
    i = segment_at(f, 0, size, at)
    return float(f[Y, i] + f[SLOPE, i] * (at - f[X, i]))


@kernel("i8(f8[:, ::1], i8, i8)", inlined=True)
def convex_run_end(f: Vector, first: int, last: int) -> int:
    """Last breakpoint of the convex run that begins at breakpoint `first`."""
    if first == last:
        return last
    end = first + 1
    while end < last and f[SLOPE, end] >= f[SLOPE, end - 1]:
        end += 1
    return end


@kernel("i8(f8[:, ::1], i8, i8, f8[:, ::1], i8, i8, f8, f8, f8[:, ::1])", inlined=True)
def merge_convex_runs(
    a: Vector,
    a_first: int,
    a_last: int,
    b: Vector,
    b_first: int,
    b_last: int,
    low: float,
    high: float,
    merged: Vector,
) -> int:
    """Infimal convolution of two convex runs, on ``[low, high]``: their segments by slope.

    ``min over u of a(u) + b(z - u)`` for ``z`` in the band, where `a` is restricted to what lies
    between its breakpoints `a_first` and `a_last`, and `b` likewise.

    Returns
    -------
    int
        Number of segments of `merged`; -1 where nothing lies in the band.
    """
    at = a[X, a_first] + b[X, b_first]
    value = a[Y, a_first] + b[Y, b_first]
    if at > high:
        return -1
    size = -1
    i = a_first
    j = b_first
    if at >= low:
        merged[X, 0] = at
        merged[Y, 0] = value
        size = 0
    while at < high and (i < a_last or j < b_last):
        if j >= b_last or (i < a_last and a[SLOPE, i] <= b[SLOPE, j]):
            rise = a[SLOPE, i]
            length = a[X, i + 1] - a[X, i]
            i += 1
        else:
            rise = b[SLOPE, j]
            length = b[X, j + 1] - b[X, j]
            j += 1
        if size < 0 and at + length >= low:
            length -= low - at
            value += rise * (low - at)
            at = low
            merged[X, 0] = low
            merged[Y, 0] = value
            size = 0
        length = min(length, high - at)
        value += rise * length
        at += length
        if size >= 0:
            size = append(merged, size, at, value, rise)
    if size < 0 and at >= low - SHORTEST:
        merged[X, 0] = low
        merged[Y, 0] = value
        size = 0
    return size


@kernel("i8(f8[:, ::1], i8, f8[:, ::1], i8, f8[:, ::1])", inlined=True)
def lower_onto(f: Vector, size: int, other: Vector, other_size: int, aside: Vector) -> int:
    """Lower a function to the minimum of itself and another that begins and ends no earlier.

    The other begins where the function is no higher than it, and where the function ends it is
    no higher than that: the minimum has no jumps.  Only what lies right of its beginning is
    touched, so that a sequence from left to right costs no more than its overlaps.

    Parameters
    ----------
    f, other : float64 array, shape (3, n)
        Functions of `size` and `other_size` segments; the first is modified in place and has
        room for twice as many segments as both together.
    aside : float64 array, shape (3, n)
        Scratch, as long as `f`.

    Returns
    -------
    int
        New number of segments.
    """
    start = other[X, 0]
    kept = size  # segments that begin left of the start
    while kept > 0 and f[X, kept - 1] >= start:
        kept -= 1
    first = max(kept - 1, 0)
    n = size - first
    for i in range(n):
        aside[X, i] = f[X, first + i]
        aside[Y, i] = f[Y, first + i]
        aside[SLOPE, i] = f[SLOPE, first + i]
    aside[X, n] = f[X, size]
    aside[Y, n] = f[Y, size]
    size = first
    if start <= f[X, 0]:
        f[Y, 0] = min(f[Y, 0], other[Y, 0])
    own = aside[Y, 0]
    if n > 0:
        own += aside[SLOPE, 0] * (start - aside[X, 0])
        size = append(f, size, min(start, aside[X, n]), own, aside[SLOPE, 0])

    i = 0
    j = 0
    at = start
    theirs = other[Y, 0]
    while i < n and j < other_size:
        end = min(aside[X, i + 1], other[X, j + 1])
        own_rise = aside[SLOPE, i]
        their_rise = other[SLOPE, j]
        own_end = own + own_rise * (end - at)
        their_end = theirs + their_rise * (end - at)
        noise = _EQUAL * (1.0 + abs(own))
        above = own - theirs
        above_end = own_end - their_end
        if above <= noise and above_end <= noise:
            size = append(f, size, end, own_end, own_rise)
        elif above >= -noise and above_end >= -noise:
            size = append(f, size, end, their_end, their_rise)
        else:
            cross = at + (end - at) * above / (above - above_end)
            value = own + own_rise * (cross - at)
            if above < 0.0:
                size = append(f, size, cross, value, own_rise)
                size = append(f, size, end, their_end, their_rise)
            else:
                size = append(f, size, cross, value, their_rise)
                size = append(f, size, end, own_end, own_rise)
        own = own_end
        theirs = their_end
        if aside[X, i + 1] <= end:
            i += 1
            own = aside[Y, i]
        if other[X, j + 1] <= end:
            j += 1
            theirs = other[Y, j]
        at = end
    while i < n:
        i += 1
        size = append(f, size, aside[X, i], aside[Y, i], aside[SLOPE, i - 1])
    while j < other_size:
        j += 1
        size = append(f, size, other[X, j], other[Y, j], other[SLOPE, j - 1])
    return size
