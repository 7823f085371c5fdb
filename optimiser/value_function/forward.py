"""Kernels of the storage dynamic programme, forwards: the best level by the value functions."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.backward import RISE
from optimiser.value_function.piecewise import SLOPE, X

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the calmer choice wins


@kernel("i8(f8[::1], i8, i8, f8, i8)", inlined=True)
def segment_near(x: Vector, first: int, last: int, at: float, near: int) -> int:
    """Find the same as `segment_at`, by steps from a segment that is not far off."""
    i = max(min(near, last - 1), first)
    while i > first and x[i] > at:
        i -= 1
    while i + 1 < last and x[i + 1] <= at:
        i += 1
    return i


@kernel("f8(f8[:, ::1], i8, i8, f8[::1], f8[::1], i8, i8, i8, f8)", inlined=True)
def cheapest_level(
    h: Vector,
    h_first: int,
    h_last: int,
    x: Vector,
    rise: Vector,
    first: int,
    last: int,
    near: int,
    state: float,
) -> float:
    """Best level after an interval: the minimiser of ``h(state - z) + W(z)``.

    Walks along the breakpoints of both, in ascending z; of levels of equal cost it takes the one
    nearest to the present state.  ``W`` has breakpoints `first` to `last` of `x`, and these slopes;
    the search for the first of them begins at `near`.
    """
    at = max(x[first], state - h[X, h_last])
    i = segment_near(x, first, last, at, near)
    j = h_last - 1
    while j > h_first and state - h[X, j] <= at:
        j -= 1
    cost = 0.0
    best = 0.0
    choice = at
    while i < last and j >= h_first:
        w_end = x[i + 1]
        h_end = state - h[X, j]
        end = min(w_end, h_end)
        if at < state < end:
            end = state
        if end > at:
            cost += (rise[i] - h[SLOPE, j]) * (end - at)
            at = end
        is_equal = abs(cost - best) <= _EQUAL
        if cost < best - _EQUAL or (is_equal and abs(at - state) < abs(choice - state)):
            best = min(cost, best)
            choice = at
        if w_end <= at:
            i += 1
        if h_end <= at:
            j -= 1
    return float(choice)


@kernel("f8(f8[:, ::1], i8, i8, f8[::1], f8[::1], i8, i8, i8, i8, i8, f8)", inlined=True)
def level_while_it_pays(
    h: Vector,
    h_first: int,
    h_last: int,
    x: Vector,
    rise: Vector,
    first: int,
    last: int,
    way: int,
    i: int,
    j: int,
    state: float,
) -> float:
    """Walk up (`way` is 1) or down (-1) from the present state, as far as each step pays.

    The walk begins in segment `i` of ``W`` and segment `j` of ``h``, both convex.
    """
    w_side = 1 if way > 0 else 0
    h_side = 1 - w_side
    choice = state
    at = state
    gain = 0.0
    while first <= i < last and h_first <= j < h_last and way * (h[SLOPE, j] - rise[i]) > 0.0:
        w_end = x[i + w_side]
        h_end = state - h[X, j + h_side]
        end = min(w_end, h_end) if way > 0 else max(w_end, h_end)
        if way * (end - at) > 0.0:
            gain += (h[SLOPE, j] - rise[i]) * (end - at)
            at = end
        if gain > _EQUAL:
            choice = at
            gain = 0.0
        if way * (w_end - at) <= 0.0:
            i += way
        if way * (h_end - at) <= 0.0:
            j -= way
    return float(choice)


@kernel("f8(f8[:, ::1], i8, i8, f8[::1], f8[::1], i8, i8, i8, f8)", inlined=True)
def cheapest_level_near(
    h: Vector,
    h_first: int,
    h_last: int,
    x: Vector,
    rise: Vector,
    first: int,
    last: int,
    near: int,
    state: float,
) -> float:
    """Find the same as `cheapest_level` where ``h`` and ``W`` are convex, by steps that pay.

    Away from the present state the cost falls, if at all, until it rises for good.
    """
    still = h_first  # the segment of ``h`` in which the storage stands still, or begins to give
    while still + 1 < h_last and h[X, still + 1] <= 0.0:
        still += 1
    before = still if h[X, still] < 0.0 else still - 1
    i = segment_near(x, first, last, state, near)
    above = level_while_it_pays(h, h_first, h_last, x, rise, first, last, 1, i, before, state)
    if above != state:
        return float(above)
    return float(level_while_it_pays(h, h_first, h_last, x, rise, first, last, -1, i, still, state))


@kernel(
    "void(f8[:, ::1], i8[::1], f8, f8[:, ::1], i8[::1], b1[::1], f8[::1], f8[::1])", inlined=True
)
def choose_forwards(
    costs: Vector,
    cost_place: NDArray[np.int64],
    initial: float,
    values: Vector,
    place: NDArray[np.int64],
    is_convex: NDArray[np.bool_],
    levels: Vector,
    marginal_value: Vector,
) -> None:
    """Follow the value functions from the present state.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    initial : float
        Energy stored now. [kWh]
    values, place, is_convex
        First results of `value_backwards`.
    levels, marginal_value : float64 array, shape (T,)
        Energy at the end of each interval [kWh] and the worth of one kWh more of it [$/kWh];
        modified in place.
    """
    x = values[X]
    rise = values[RISE]
    state = initial
    k = 0  # the segment of the level, counted from the first: it hardly moves between intervals
    for t in range(levels.size):
        first = place[t + 1]
        last = place[t] - 1
        h_first = cost_place[t]
        h_last = cost_place[t + 1] - 1
        if is_convex[t]:
            state = cheapest_level_near(
                costs, h_first, h_last, x, rise, first, last, first + k, state
            )
        else:
            state = cheapest_level(costs, h_first, h_last, x, rise, first, last, first + k, state)
        levels[t] = state
        k = segment_near(x, first, last, state, first + k) - first
        marginal_value[t] = -rise[first + k] if last > first else 0.0
