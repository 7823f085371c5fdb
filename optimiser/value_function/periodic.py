"""Kernels of the worth of stored energy that a day like the last one gives it, ever after."""

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.value_function.backward import GAVE_UP, value_backwards
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.piecewise import SLOPE, X, Y, value_of

_MOST_SEGMENTS = 24  # each is a column of the linear programme
_ROUNDS = 12
_SETTLED = 1e-7  # $; worth that moves less than this has reached its fixed point


@kernel("i8(f8[:, ::1])")
def keep_convex_hull(f: Vector) -> int:
    """Make a function the largest convex one below it, by its points; return its last point."""
    last = 0
    for i in range(1, f.shape[1]):
        at = f[X, i]
        value = f[Y, i]
        while last > 0 and (
            (f[Y, last] - f[Y, last - 1]) * (at - f[X, last])
            >= (value - f[Y, last]) * (f[X, last] - f[X, last - 1])
        ):
            last -= 1
        last += 1
        f[X, last] = at
        f[Y, last] = value
    return last


@kernel("i8(f8[:, ::1], i8, i8)")
def drop_points(f: Vector, last: int, most: int) -> int:
    """Leave out the points that matter least, until `most` segments are left; return the last.

    A point matters as far as its absence would lift the function there.  Neighbours do not leave
    together.
    """
    lift = np.empty(last + 1)
    while last > most:
        for i in range(1, last, 2):
            share = (f[X, i] - f[X, i - 1]) / (f[X, i + 1] - f[X, i - 1])
            lift[i] = f[Y, i - 1] + share * (f[Y, i + 1] - f[Y, i - 1]) - f[Y, i]
        for _ in range(min(last - most, last // 2)):
            leaving = 1
            for i in range(3, last, 2):
                if lift[i] < lift[leaving]:
                    leaving = i
            lift[leaving] = np.inf
        kept = 0
        for i in range(1, last + 1):
            if i % 2 == 0 or i == last or lift[i] < np.inf:
                kept += 1
                f[X, kept] = f[X, i]
                f[Y, kept] = f[Y, i]
        last = kept
    return last


@kernel("void(f8[:, ::1], i8)")
def begin_at_zero(f: Vector, last: int) -> None:
    """Give a function of some points its slopes, and let its values begin at zero."""
    base = f[Y, 0]
    for i in range(last + 1):
        f[Y, i] -= base
    for i in range(last):
        width = f[X, i + 1] - f[X, i]
        f[SLOPE, i] = (f[Y, i + 1] - f[Y, i]) / width if width > 0.0 else 0.0


@kernel("f8(f8[:, ::1], i8, f8[:, ::1], i8)")
def largest_difference(f: Vector, f_size: int, g: Vector, g_size: int) -> float:
    """Find how far two functions on one band are apart at most."""
    largest = 0.0
    for i in range(f_size + 1):
        largest = max(largest, abs(f[Y, i] - value_of(g, g_size, f[X, i])))
    for i in range(g_size + 1):
        largest = max(largest, abs(g[Y, i] - value_of(f, f_size, g[X, i])))
    return float(largest)


@kernel(
    "f8[:, ::1](f8[:, ::1], i8, f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1],"
    " f8[:, ::1], f8[:, ::1], i8[::1])"
)
def periodic_worth(
    meter: Vector,
    first: int,
    charge_limit: Vector,
    discharge_limit: Vector,
    charge_efficiency: Vector,
    discharge_efficiency: Vector,
    wear: Vector,
    stored_lower: Vector,
    stored_upper: Vector,
    kept: Places,
) -> Vector:
    """Cost of what a day needs from outside some storages, by the energy that they hold together.

    They are taken for one as large as all of them: exact where they are alike.  Penalties are left
    out: they are no money, and would add up from day to day.

    Parameters
    ----------
    meter : float64 array, shape (8, T)
        Prices, limits and net load. [$/kWh; kWh]
    first : int
        Interval in which the last day begins.
    charge_limit, discharge_limit, stored_lower, stored_upper : float64 array, shape (K, T)
        Limits of power, and hard bands. [kWh]
    charge_efficiency, discharge_efficiency, wear : float64 array, shape (K,)
        One-way efficiencies [-] and prices of throughput [$/kWh].
    kept : int64 array, shape (P,)
        The storages in question.

    Returns
    -------
    float64 array, shape (3, S + 1)
        A convex function on the band, of a few segments; of none where its fixed point would take
        too long to find.
    """
    n = meter.shape[1]
    most_in = np.zeros(n)
    most_out = np.zeros(n)
    low = 0.0
    high = 0.0
    room = 0.0
    for k in kept:
        room += stored_upper[k, 0] - stored_lower[k, 0]
    efficiency_in = 0.0
    efficiency_out = 0.0
    price = 0.0
    for k in kept:
        low += stored_lower[k, 0]
        high += stored_upper[k, 0]
        weight = (stored_upper[k, 0] - stored_lower[k, 0]) / room
        efficiency_in += weight * charge_efficiency[k]
        efficiency_out += weight * discharge_efficiency[k]
        price += weight * wear[k]
        for t in range(first, n):
            most_in[t] += charge_limit[k, t]
            most_out[t] += discharge_limit[k, t]
    costs, cost_place = interval_costs(
        meter, most_in, most_out, first, 0.0, efficiency_in, efficiency_out, price
    )

    floor = np.full(n - first, low)
    ceiling = np.full(n - first, high)
    before = np.zeros((3, 2))
    before[X, 0] = low
    before[X, 1] = high
    size = 1
    for _ in range(_ROUNDS):
        _, place, _, value = value_backwards(
            costs, cost_place, 0.0, floor, ceiling, before[X], before[SLOPE, :size]
        )
        if place[0] == GAVE_UP:
            return np.empty((3, 1))
        last = drop_points(value, keep_convex_hull(value), _MOST_SEGMENTS)
        begin_at_zero(value, last)
        moved = largest_difference(before, size, value, last)
        before = np.empty((3, last + 1))
        before[:] = value[:, : last + 1]
        size = last
        if moved < _SETTLED:
            break
    return before
