"""Kernels of the storage dynamic programme over modes: to begin one has a price.

The mode says which way the storage goes in an interval.  With ``h_t,m`` the cost of the interval
in mode ``m`` and ``c_m`` the price of beginning with it,

    G_t,m(s) = min over u of  h_t,m(u) + W_t,m(s - u)
    V_t,m(s) = min of G_t,m(s) and min over k of  c_k + G_t,k(s).

The prices are multipliers in the Lagrangian of the fewest runs under a limit on the cost.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.convolution import (
    N_SCRATCH,
    NO_ROOM,
    add_level_penalty,
    convolve,
)
from optimiser.value_function.corridor import ROOM, restrict
from optimiser.value_function.dynamic_programme import GAVE_UP, cheapest_level, with_room
from optimiser.value_function.piecewise import SHORTEST, SLOPE, X, Y, lower_onto, value_at

CHARGES = 0
DISCHARGES = 1
RESTS = 2
N_MODES = 3

_EQUAL = 1e-11  # $; costs nearer than this are the same, and the mode goes on

# Prices that `value_by_mode` takes. [$/kWh]
LEVEL = 0
OUTSIDE = 1


@kernel("Tuple((f8[:, ::1], i8[::1]))(f8[:, ::1], i8[::1], f8[::1], f8[::1], f8)")
def price_rest(
    costs: Vector, place: NDArray[np.int64], least: Vector, late: Vector, missing: float
) -> tuple[Vector, NDArray[np.int64]]:
    """Add a price on moving less than the least energy, and one on storing late.

    The first is in proportion to what is missing, so that convex functions stay so.

    Parameters
    ----------
    costs, place
        Results of `interval_costs`, of a storage that only rises, or only falls, in all intervals.
    least : float64 array, shape (n,)
        Least change of stored energy; zero where resting is free. [kWh]
    late : float64 array, shape (n,)
        Price of a rise of stored energy. [$/kWh]
    missing : float
        Price of not moving at all. [$]

    Returns
    -------
    costs, place
        As those taken.
    """
    n = late.size
    priced = np.empty((3, place[n] + 2 * n))
    starts = np.zeros(n + 1, dtype=np.int64)
    soft = np.empty(2)
    for t in range(n):
        h = costs[:, place[t] : place[t + 1]]
        last = h.shape[1] - 1
        result = priced[:, starts[t] :]
        rise, fall = -h[X, 0], h[X, last]
        soft[0] = least[t] if fall > SHORTEST else -np.inf
        soft[1] = -least[t] if rise > SHORTEST else np.inf
        price = missing / least[t] if least[t] > 0.0 else 0.0
        size = add_level_penalty(h, soft, price, result)
        if least[t] > 0.0 and max(rise, fall) <= SHORTEST:
            result[Y, 0] += missing
        if rise > SHORTEST:
            for i in range(size + 1):
                result[Y, i] -= late[t] * result[X, i]
                result[SLOPE, i] -= late[t]
        starts[t + 1] = starts[t] + size + 1
    return priced, starts


@kernel("i8(f8[:, :], i8, f8[:, :], f8, f8[:, ::1], f8[:, ::1])")
def lower_to(
    f: Vector, size: int, other: Vector, rise: float, raised: Vector, aside: Vector
) -> int:
    """Lower a function to another one on its band, raised by so much; see `lower_onto`."""
    n = other.shape[1]
    if 2 * (size + n) + 2 > f.shape[1]:
        return NO_ROOM
    for i in range(n):
        raised[X, i] = other[X, i]
        raised[Y, i] = other[Y, i] + rise
        raised[SLOPE, i] = other[SLOPE, i]
    return lower_onto(f, size, raised[:, :n], aside)


@kernel(
    "Tuple((f8[:, ::1], i8[::1]))"
    "(f8[:, ::1], i8[::1], f8[:, :], f8[:, :], f8[:], f8[:, :], f8[:, ::1])"
)
def value_by_mode(
    costs: Vector,
    cost_place: NDArray[np.int64],
    soft_levels: Vector,
    corridor: Vector,
    prices: Vector,
    begin: Vector,
    end: Vector,
) -> tuple[Vector, NDArray[np.int64]]:
    """Build the value functions of stored energy and mode, from the last interval to the first.

    Parameters
    ----------
    costs : float64 array, shape (3, n)
        Results of `price_rest`, one mode after the other.
    cost_place : int64 array, shape (M T + 1,)
        Where they are.
    soft_levels : float64 array, shape (2, T)
        Soft floor and ceiling at the end of each interval. [kWh]
    corridor : float64 array, shape (2, T)
        Result of `levels_within`: outside it functions need not be exact.
    prices : float64 array, shape (2,)
        Of missing a soft level, and of leaving the corridor. [$/kWh]
    begin : float64 array, shape (M, T)
        Price of beginning with each mode. [$]
    end : float64 array, shape (3, S + 1)
        Cost after the horizon, on the band of stored energy.

    Returns
    -------
    values : float64 array, shape (3, n)
        Every ``W_t,m``, from the last interval, one mode after the other.
    place : int64 array, shape (M T + 1,)
        ``W_t,m`` has breakpoints ``place[i] .. place[i + 1] - 1``, with ``i = M (T - 1 - t) + m``.
        `GAVE_UP` comes first where a function has too many breakpoints.
    """
    n_modes, n = begin.shape
    band = np.array([end[X, 0], end[X, -1]])
    v = np.empty((n_modes, 3, ROOM))
    g = np.empty((n_modes, 3, ROOM))
    sizes = np.zeros(n_modes, dtype=np.int64)
    g_sizes = np.zeros(n_modes, dtype=np.int64)
    scratch = np.empty((N_SCRATCH, 3, ROOM))
    raised = np.empty((3, ROOM))
    values = np.empty((3, 128 * n_modes * n + ROOM))
    place = np.zeros(n_modes * n + 1, dtype=np.int64)
    for m in range(n_modes):
        sizes[m] = end.shape[1] - 1
        for i in range(end.shape[1]):  # numba takes 2 s longer to compile an assignment of slices
            v[m, X, i], v[m, Y, i], v[m, SLOPE, i] = end[X, i], end[Y, i], end[SLOPE, i]
    done = 0
    for t in range(n - 1, -1, -1):
        for m in range(n_modes):
            if place[done] + ROOM >= values.shape[1]:
                values = with_room(values, 2 * values.shape[1])
            f = v[m, :, : sizes[m] + 1]
            size = add_level_penalty(f, soft_levels[:, t], prices[LEVEL], raised)
            w = values[:, place[done] :]
            low, high = corridor[0, t], corridor[1, t]
            size = restrict(raised[:, : size + 1], low, high, prices[OUTSIDE], w)
            w = w[:, : size + 1]
            done += 1
            place[done] = place[done - 1] + size + 1
            h = costs[:, cost_place[m * n + t] : cost_place[m * n + t + 1]]
            g_sizes[m] = convolve(w, h, band, scratch, g[m])
            if g_sizes[m] == NO_ROOM:
                place[0] = GAVE_UP
                return values, place
        other = v[0]  # min over k of c_k + G_k
        size = g_sizes[0]
        for i in range(size + 1):
            other[X, i], other[SLOPE, i] = g[0, X, i], g[0, SLOPE, i]
            other[Y, i] = g[0, Y, i] + begin[0, t]
        for k in range(1, n_modes):
            if size >= 0:
                size = lower_to(
                    other, size, g[k, :, : g_sizes[k] + 1], begin[k, t], raised, scratch[0]
                )
        for m in range(n_modes):
            if size >= 0:
                sizes[m] = lower_to(g[m], g_sizes[m], other[:, : size + 1], 0.0, raised, scratch[0])
            if size < 0 or sizes[m] < 0:
                place[0] = GAVE_UP
                return values, place
        v, g = g, v
    return values, place


@kernel("f8[::1](f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8[:, :], f8)")
def choose_modes(
    costs: Vector,
    cost_place: NDArray[np.int64],
    values: Vector,
    place: NDArray[np.int64],
    begin: Vector,
    initial: float,
) -> Vector:
    """Choose the best levels and modes from the present level on.

    Parameters
    ----------
    costs, cost_place
        As `value_by_mode` takes them.
    values, place
        Its results.
    begin : float64 array, shape (M, T)
        Price of beginning with each mode, in the first interval of being in it. [$]
    initial : float
        Energy stored now. [kWh]

    Returns
    -------
    float64 array, shape (T,)
        Energy at the end of each interval. [kWh]
    """
    n_modes, n = begin.shape
    levels = np.zeros(n)
    state = initial
    mode = -1
    for t in range(n):
        best = np.inf
        level, now = state, mode
        for step in range(n_modes):
            m = (max(mode, 0) + step) % n_modes
            i = n_modes * (n - 1 - t) + m
            w = values[:, place[i] : place[i + 1]]
            h = costs[:, cost_place[m * n + t] : cost_place[m * n + t + 1]]
            z = cheapest_level(h, w, state) if h.shape[1] > 1 else state
            cost = value_at(h, state - z) + value_at(w, z)
            if m != mode:
                cost += begin[m, t]
            if cost < best - _EQUAL:
                best = cost
                level = z
                now = m
        state = level
        mode = now
        levels[t] = state
    return levels
