"""Kernels on continuous piecewise-linear functions.

A function of m segments is an array of shape (3, m + 1): breakpoints ``f[X]``, values ``f[Y]`` and
slopes ``f[SLOPE, :m]``.  Kernels that write one take an array with room and return its number of
segments.  Slopes are carried, never computed from differences: equal slopes stay equal to the last
bit, however short a segment is, so convexity can be decided by plain comparison.
"""

from matrix_builders import Vector
from matrix_builders.compiled import kernel

X = 0
Y = 1
SLOPE = 2

SHORTEST = 1e-12
"""Segments shorter than this are left out: rounding of sums of lengths. [kWh]"""

NOTHING = -1
"""In place of a number of segments, where a function lies nowhere in the band."""

_EQUAL = 1e-13  # relative; values nearer than this are the same value


@kernel("i8(f8[:, :], i8, f8, f8, f8)")
def append(f: Vector, size: int, x_end: float, y_end: float, slope: float) -> int:
    """Add a segment up to ``x_end`` to a function of `size` segments; return its new size.

    A segment that continues the last one lengthens it; one that is too short is left out.
    """
    if x_end - f[X, size] <= SHORTEST:
        return size
    if size == 0 or f[SLOPE, size - 1] != slope:
        f[SLOPE, size] = slope
        size += 1
    f[X, size] = x_end
    f[Y, size] = y_end
    return size


@kernel("void(f8[:, :], i8, f8)")
def end_at(f: Vector, size: int, x_end: float) -> None:
    """Let a function of `size` segments end where it should, to the last bit.

    Rounding, or a last segment too short to be kept, may have left it a hair away.
    """
    if size > 0:
        f[Y, size] += f[SLOPE, size - 1] * (x_end - f[X, size])
    f[X, size] = x_end


@kernel("i8(f8[:, :], f8)")
def segment_at(f: Vector, at: float) -> int:
    """Return the last segment that begins at or before `at`, or the first one."""
    below = 0
    above = max(f.shape[1] - 1, 1)
    while above - below > 1:  # the segment lies in [below, above)
        middle = (below + above) // 2
        if f[X, middle] <= at:
            below = middle
        else:
            above = middle
    return below


@kernel("f8(f8[:, :], f8)")
def value_at(f: Vector, at: float) -> float:
    """Return the value of a function; beyond its ends it continues with its last slopes."""
    if f.shape[1] == 1:
        return float(f[Y, 0])
    i = segment_at(f, at)
    return float(f[Y, i] + f[SLOPE, i] * (at - f[X, i]))


@kernel("i8(f8[:, :], i8)")
def convex_run_end(f: Vector, first: int) -> int:
    """Return the last breakpoint of the convex run that begins at breakpoint `first`."""
    last = int(f.shape[1] - 1)
    if first == last:
        return last
    end = first + 1
    while end < last and f[SLOPE, end] >= f[SLOPE, end - 1]:
        end += 1
    return end


@kernel("i8(f8[:, :], f8[:, :], f8[::1], f8[:, :])")
def convolve_convex(a: Vector, b: Vector, band: Vector, merged: Vector) -> int:
    """Write the infimal convolution of two convex functions: their segments, by slope.

    Parameters
    ----------
    a, b : float64 array, shape (3, m + 1)
        Functions.
    band : float64 array, shape (2,)
        Domain of the result. [kWh]
    merged : float64 array, shape (3, n)
        ``min over u of a(u) + b(z - u)`` for ``z`` in the band; modified in place.

    Returns
    -------
    int
        Its number of segments; `NOTHING` where nothing lies in the band.
    """
    low, high = band[0], band[1]
    at = a[X, 0] + b[X, 0]
    value = a[Y, 0] + b[Y, 0]
    if at > high:
        return NOTHING
    size = NOTHING
    i = 0
    j = 0
    n_a, n_b = a.shape[1] - 1, b.shape[1] - 1
    if at >= low:
        merged[X, 0] = at
        merged[Y, 0] = value
        size = 0
    while at < high and (i < n_a or j < n_b):  # the flatter of the next segments comes first
        if j >= n_b or (i < n_a and a[SLOPE, i] <= b[SLOPE, j]):
            slope = a[SLOPE, i]
            length = a[X, i + 1] - a[X, i]
            i += 1
        else:
            slope = b[SLOPE, j]
            length = b[X, j + 1] - b[X, j]
            j += 1
        if size < 0 and at + length >= low:
            length -= low - at
            value += slope * (low - at)
            at = low
            merged[X, 0] = low
            merged[Y, 0] = value
            size = 0
        length = min(length, high - at)
        value += slope * length
        at += length
        if size >= 0:
            size = append(merged, size, at, value, slope)
    if size < 0 and at >= low - SHORTEST:
        merged[X, 0] = low
        merged[Y, 0] = value
        size = 0
    return size


@kernel("i8(f8[:, :], i8, f8, f8, f8, f8, f8, f8)")
def append_lower(
    f: Vector,
    size: int,
    at: float,
    end: float,
    own: float,
    own_slope: float,
    theirs: float,
    their_slope: float,
) -> int:
    """Add the lower of two segments from `at` to `end`, or both where they cross.

    Their values at `at` are `own` and `theirs`.  Returns the new size of `f`.
    """
    own_end = own + own_slope * (end - at)
    their_end = theirs + their_slope * (end - at)
    noise = _EQUAL * (1.0 + abs(own))
    above = own - theirs
    above_end = own_end - their_end
    if above <= noise and above_end <= noise:
        return append(f, size, end, own_end, own_slope)
    if above >= -noise and above_end >= -noise:
        return append(f, size, end, their_end, their_slope)
    cross = at + (end - at) * above / (above - above_end)
    value = own + own_slope * (cross - at)
    if above < 0.0:
        size = append(f, size, cross, value, own_slope)
        return append(f, size, end, their_end, their_slope)
    size = append(f, size, cross, value, their_slope)
    return append(f, size, end, own_end, own_slope)


@kernel("i8(f8[:, :], i8, f8[:, :], f8[:, :])")
def lower_onto(f: Vector, size: int, other: Vector, aside: Vector) -> int:
    """Lower a function to the minimum of itself and another that begins and ends no earlier.

    The other begins where the function is no higher than it, and where the function ends it is
    no higher than that: the minimum has no jumps.  Only what lies right of its beginning is
    touched, so that a sequence from left to right costs no more than its overlaps.

    Parameters
    ----------
    f : float64 array, shape (3, n)
        Function of `size` segments; modified in place, with room for twice as many segments as
        both have together.
    other : float64 array, shape (3, m + 1)
        Function.
    aside : float64 array, shape (3, n)
        Scratch.

    Returns
    -------
    int
        New number of segments.
    """
    start = other[X, 0]
    n_other = other.shape[1] - 1
    kept = size  # segments that begin left of the start
    while kept > 0 and f[X, kept - 1] >= start:
        kept -= 1
    first = max(kept - 1, 0)
    n = size - first
    for i in range(n + 1):
        aside[X, i] = f[X, first + i]
        aside[Y, i] = f[Y, first + i]
        aside[SLOPE, i] = f[SLOPE, first + i]
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
    while i < n and j < n_other:  # `own` and `theirs` are the values at `at`
        end = min(aside[X, i + 1], other[X, j + 1])
        size = append_lower(f, size, at, end, own, aside[SLOPE, i], theirs, other[SLOPE, j])
        own += aside[SLOPE, i] * (end - at)
        theirs += other[SLOPE, j] * (end - at)
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
    while j < n_other:
        j += 1
        size = append(f, size, other[X, j], other[Y, j], other[SLOPE, j - 1])
    return size
