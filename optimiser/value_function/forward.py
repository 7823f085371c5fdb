"""Kernels of the storage dynamic programme, forwards: the best level by the value functions."""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.piecewise import SLOPE, X, segment_at

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the level that moves less wins


@kernel("f8(f8[:, :], f8[:, :], f8)")
def cheapest_level(h: Vector, w: Vector, state: float) -> float:
    """Return the best level after an interval: the minimiser of ``h(state - z) + W(z)``.

    Walks along the breakpoints of both, in ascending z; of levels of equal cost it takes the one
    nearest to the present state.
    """
    n_w = w.shape[1] - 1
    j = h.shape[1] - 2
    at = max(w[X, 0], state - h[X, j + 1])
    i = segment_at(w, at)
    while j > 0 and state - h[X, j] <= at:
        j -= 1
    cost = 0.0
    best = 0.0
    choice = at
    while i < n_w and j >= 0:  # `cost` is that of `at` above that of the first level
        w_end = w[X, i + 1]
        h_end = state - h[X, j]
        end = min(w_end, h_end)
        if at < state < end:
            end = state
        if end > at:
            cost += (w[SLOPE, i] - h[SLOPE, j]) * (end - at)
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


@kernel("f8[:, ::1](f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8)")
def choose_levels(
    costs: Vector,
    cost_place: NDArray[np.int64],
    values: Vector,
    place: NDArray[np.int64],
    initial: float,
) -> Vector:
    """Choose the best levels from the present one on.

    Parameters
    ----------
    costs, cost_place
        Results of `interval_costs`.
    values, place
        First results of `value_backwards`.
    initial : float
        Energy stored now. [kWh]

    Returns
    -------
    float64 array, shape (2, T)
        Energy at the end of each interval [kWh], and the marginal value of it [$/kWh].
    """
    n = cost_place.size - 1
    chosen = np.zeros((2, n))
    state = initial
    for t in range(n):
        w = values[:, place[t + 1] : place[t]]
        state = cheapest_level(costs[:, cost_place[t] : cost_place[t + 1]], w, state)
        chosen[0, t] = state
        if w.shape[1] > 1:
            chosen[1, t] = -w[SLOPE, segment_at(w, state)]
    return chosen
