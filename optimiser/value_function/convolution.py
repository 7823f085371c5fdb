"""Kernels of the infimal convolution of piecewise-linear functions, convex or not.

Where both are convex it is a merge of segments sorted by slope; elsewhere the lower envelope of
the merges of their convex runs.
"""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.piecewise import (
    SHORTEST,
    SLOPE,
    X,
    Y,
    append,
    convex_run_end,
    end_at,
    lower_onto,
    merge_convex_runs,
)

NO_ROOM = -2
"""In place of a number of segments, where they might not have fitted."""
N_SCRATCH = 3
"""Functions beside the result, in a convolution."""


@kernel("i8(f8[:, ::1], i8, f8, f8, f8, f8[:, ::1])", inlined=True)
def add_level_penalty(
    f: Vector, size: int, floor: float, ceiling: float, penalty: float, aside: Vector
) -> int:
    """Add the penalty on energy under `floor` and over `ceiling`; return the new size.

    There is room for two more segments; `aside` is scratch, as long as `f`.
    """
    n = size
    size = 0
    for i in range(n):
        aside[X, i] = f[X, i + 1]
        aside[SLOPE, i] = f[SLOPE, i]
    at = f[X, 0]
    value = f[Y, 0] + penalty * (max(floor - at, 0.0) + max(at - ceiling, 0.0))
    f[Y, 0] = value
    for i in range(n):
        for stop in (min(floor, ceiling), max(floor, ceiling), np.inf):
            end = min(aside[X, i], stop)
            if end > at:
                rise = aside[SLOPE, i]
                if at < floor:
                    rise -= penalty
                if at >= ceiling:
                    rise += penalty
                value += rise * (end - at)
                at = end
                size = append(f, size, at, value, rise)
    return size


@kernel("i8(f8[::1], f8[::1], i8, i8, f8, i8)", inlined=True)
def move_run(x: Vector, rise: Vector, first: int, last: int, at: float, top: int) -> int:
    """Append the segments between two breakpoints to what ends at `top`; return its new end.

    They begin at `at` now.  Apart from rounding their lengths are what they were, so that none
    has to be looked at.
    """
    n = last - first
    shift = at - x[first]
    ends = x[first + 1 : last + 1]
    slopes = rise[first:last]
    new_ends = x[top + 1 : top + 1 + n]
    new_slopes = rise[top : top + n]
    for i in range(n):
        new_ends[i] = ends[i] + shift
    for i in range(n):
        new_slopes[i] = slopes[i]
    return top + n


@kernel("Tuple((i8, f8))(f8[::1], f8[::1], i8, i8, f8[:, ::1], i8, i8, f8)", inlined=True)
def merge_convex(
    x: Vector,
    rise: Vector,
    first: int,
    w_size: int,
    h: Vector,
    h_first: int,
    h_last: int,
    high: float,
) -> tuple[int, float]:
    """Infimal convolution of two convex functions, on the band of the first, by slopes alone.

    Runs of segments between two of `h` keep their lengths: they are moved as a whole.

    Parameters
    ----------
    x, rise : float64 array, shape (n,)
        Breakpoints and slopes.  The first function has `w_size` segments from breakpoint `first`
        on; the result is written behind it, where there is room for the segments of both.
    h : float64 array, shape (3, m)
        Second function, between its breakpoints `h_first` and `h_last`; zero lies in its domain.
    high : float
        End of the band, where the first function ends.

    Returns
    -------
    size : int
        Number of segments of the result.
    value : float
        What the result exceeds the first function by, at the beginning of the band.
    """
    i = first
    last = first + w_size
    begin = last + 1
    top = begin  # last breakpoint of the result
    low = x[first]
    at = low + h[X, h_first]
    value = h[Y, h_first]
    j = h_first
    x[top] = low
    while at < low and (i < last or j < h_last):
        if j >= h_last or (i < last and rise[i] <= h[SLOPE, j]):
            slope = rise[i]
            length = x[i + 1] - x[i]
            i += 1
        else:
            slope = h[SLOPE, j]
            length = h[X, j + 1] - h[X, j]
            j += 1
        value += slope * min(length, low - at)
        at += length
        if at - low > SHORTEST:
            rise[top] = slope
            top += 1
            x[top] = at
    at = max(at, low)
    while at < high:
        limit = h[SLOPE, j] if j < h_last else np.inf
        run = i
        while run < last and rise[run] <= limit:
            run += 1
        if run > i:
            top = move_run(x, rise, i, run, at, top)
            at += x[run] - x[i]
            i = run
        if j >= h_last:
            break
        at += h[X, j + 1] - h[X, j]
        if at - x[top] > SHORTEST:
            if top == begin or rise[top - 1] != limit:
                rise[top] = limit
                top += 1
            x[top] = at
        j += 1
    while top > begin and x[top - 1] >= high - SHORTEST:
        top -= 1
    x[top] = high
    return top - begin, value


@kernel("i8(f8[:, ::1], i8, f8[:, ::1], i8, i8, f8, f8, f8[:, :, ::1], f8[:, ::1])", inlined=True)
def convolve_run(
    w: Vector,
    w_size: int,
    h: Vector,
    h_first: int,
    h_last: int,
    low: float,
    high: float,
    scratch: Vector,
    result: Vector,
) -> int:
    """Infimal convolution of a function and a convex run, on ``[low, high]``.

    `scratch` holds two functions.  The merges come from left to right, each beginning and ending
    no earlier than the one before.

    Returns
    -------
    int
        Number of segments of `result`; -1 where nothing lies in the band, `NO_ROOM` where it might
        not have had room.
    """
    size = -1
    w_first = 0
    while True:
        w_last = convex_run_end(w, w_first, w_size)
        if size < 0:
            size = merge_convex_runs(w, w_first, w_last, h, h_first, h_last, low, high, result)
        else:
            other = scratch[0]
            pieces = merge_convex_runs(w, w_first, w_last, h, h_first, h_last, low, high, other)
            if 2 * (size + pieces) + 2 > result.shape[1]:
                return NO_ROOM
            if pieces >= 0:
                size = lower_onto(result, size, other, pieces, scratch[1])
        w_first = w_last
        if w_first >= w_size:
            return size


@kernel("i8(f8[:, ::1], i8, f8[:, ::1], i8, i8, f8, f8, f8[:, :, ::1], f8[:, ::1])", inlined=True)
def convolve(
    w: Vector,
    w_size: int,
    h: Vector,
    h_first: int,
    h_last: int,
    low: float,
    high: float,
    scratch: Vector,
    result: Vector,
) -> int:
    """Infimal convolution of two functions on ``[low, high]``, convex or not.

    Parameters
    ----------
    w : float64 array, shape (3, n)
        Function of `w_size` segments on the whole band.
    h : float64 array, shape (3, m)
        Function between its breakpoints `h_first` and `h_last`; zero lies in its domain.
    low, high : float
        The band.
    scratch : float64 array, shape (3, 3, n)
        Room for three functions.
    result : float64 array, shape (3, n)
        Modified in place.

    Returns
    -------
    int
        Number of segments of `result`, which then has room for two more; `NO_ROOM` where it
        might not have had room.
    """
    if w_size + h_last - h_first + 1 > result.shape[1]:
        return NO_ROOM
    size = -1
    first = h_first
    while True:
        last = convex_run_end(h, first, h_last)
        if size < 0:
            size = convolve_run(w, w_size, h, first, last, low, high, scratch, result)
        else:
            other = scratch[2]
            pieces = convolve_run(w, w_size, h, first, last, low, high, scratch, other)
            if pieces == NO_ROOM or 2 * (size + pieces) + 2 > result.shape[1]:
                return NO_ROOM
            if pieces >= 0:
                size = lower_onto(result, size, other, pieces, scratch[0])
        first = last
        if size == NO_ROOM or first >= h_last:
            break
    if size + 2 >= result.shape[1]:
        return NO_ROOM
    if size >= 0:
        end_at(result, size, high)
    return size
