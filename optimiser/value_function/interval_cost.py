"""Least cost of one interval, as a function of the energy that the storage gives.

The meter nets, solar may be curtailed, limits may be exceeded at the penalty: what is left is a
piecewise-linear function of the change of stored energy, convex where the import price is at
least the export price and neither is negative, and not otherwise.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from matrix_builders.tables import (
    CURTAIL_LIMIT,
    EXPORT_EXCESS,
    EXPORT_LIMIT,
    EXPORT_PRICE,
    IMPORT_EXCESS,
    IMPORT_LIMIT,
    IMPORT_PRICE,
    N_METER,
    NET_LOAD,
)
from optimiser.value_function.piecewise import SHORTEST, SLOPE, X, Y, lower_onto

# Rows of an interval's column below those of the meter.
CHARGE_LIMIT = N_METER
DISCHARGE_LIMIT = N_METER + 1
N_ROWS = N_METER + 2

# The meter has four segments and curtailment towards a local minimum adds a flat one.  Where there
# are two such minima, the lower of two functions of five segments has 2 * 10 + 1 at most, and
# standing still splits one of those.
MOST_SEGMENTS = 22
"""Upper bound of the segments of an interval's cost."""

# Breakpoints of the metered cost.
_AT_EXPORT_LIMIT = 1
_AT_ZERO = 2
_AT_IMPORT_LIMIT = 3

_N_DRAWN = 5  # segments of the energy drawn around one local minimum, some perhaps empty
_N_FUNCTIONS = 3  # drawn cost, and two more where the metered cost has two local minima


@kernel("void(f8[::1], f8, i8, f8[:, ::1])", inlined=True)
def curtailed_around(interval: Vector, penalty: float, least: int, drawn: Vector) -> None:
    """Cost of the energy drawn, where curtailment brings the meter towards one local minimum.

    The meter has four segments, some perhaps empty: they meet at the export limit (1), at zero (2)
    and at the import limit (3), and end where either limit is exceeded as far as it may be.
    Curtailing raises the metered energy by up to the solar at hand; around breakpoint `least` of
    the metered cost that makes the cost of what is drawn flat for as long: a fifth segment.
    """
    solar = interval[CURTAIL_LIMIT]
    export_price = interval[EXPORT_PRICE]
    import_price = interval[IMPORT_PRICE]
    most_export = -interval[EXPORT_LIMIT]
    most_import = interval[IMPORT_LIMIT]
    export_cost = export_price * most_export
    import_cost = import_price * most_import
    drawn[X, 0] = most_export - interval[EXPORT_EXCESS] - solar
    drawn[Y, 0] = export_cost - (export_price - penalty) * interval[EXPORT_EXCESS]
    drawn[SLOPE, 0] = export_price - penalty
    drawn[X, 1] = most_export - solar
    drawn[Y, 1] = export_cost
    drawn[SLOPE, 1] = 0.0 if least == _AT_EXPORT_LIMIT else export_price
    drawn[X, 2] = most_export if least == _AT_EXPORT_LIMIT else -solar
    drawn[Y, 2] = export_cost if least == _AT_EXPORT_LIMIT else 0.0
    drawn[SLOPE, 2] = (
        export_price if least == _AT_EXPORT_LIMIT else (0.0 if least == _AT_ZERO else import_price)
    )
    drawn[X, 3] = most_import - solar if least == _AT_IMPORT_LIMIT else 0.0
    drawn[Y, 3] = import_cost if least == _AT_IMPORT_LIMIT else 0.0
    drawn[SLOPE, 3] = 0.0 if least == _AT_IMPORT_LIMIT else import_price
    drawn[X, 4] = most_import
    drawn[Y, 4] = import_cost
    drawn[SLOPE, 4] = import_price + penalty
    drawn[X, 5] = most_import + interval[IMPORT_EXCESS]
    drawn[Y, 5] = import_cost + (import_price + penalty) * interval[IMPORT_EXCESS]


@kernel("i8(f8[::1], f8, f8[:, ::1], f8[:, ::1], f8[:, ::1])", inlined=True)
def drawn_cost(
    interval: Vector, penalty: float, drawn: Vector, other: Vector, aside: Vector
) -> int:
    """Least cost of the energy that house and storage draw, solar netted.

    Parameters
    ----------
    interval : float64 array, shape (N_ROWS,)
        Prices, limits and net load. [$/kWh; kWh]
    penalty : float
        Price of exceeding a limit. [$/kWh]
    drawn : float64 array, shape (3, n)
        Modified in place.
    other, aside : float64 array, shape (3, n)
        Scratch.

    Returns
    -------
    int
        Number of segments.
    """
    least = _AT_EXPORT_LIMIT  # the export limit: what may be sold is not curtailed
    if interval[EXPORT_PRICE] < 0.0:
        least = _AT_ZERO if interval[IMPORT_PRICE] >= 0.0 else _AT_IMPORT_LIMIT
    curtailed_around(interval, penalty, least, drawn)
    if least != _AT_EXPORT_LIMIT or interval[IMPORT_PRICE] >= 0.0 or interval[CURTAIL_LIMIT] <= 0.0:
        return _N_DRAWN
    # Paid both to import and to export: curtailing everything may beat curtailing nothing.
    curtailed_around(interval, penalty, _AT_IMPORT_LIMIT, other)
    return lower_onto(drawn, _N_DRAWN, other, _N_DRAWN, aside)


@kernel("i8(f8[::1], f8[:, ::1], i8, f8, f8, f8, f8[::1], f8[::1], f8[::1], i8)", inlined=True)
def interval_cost(
    interval: Vector,
    drawn: Vector,
    size: int,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
    x: Vector,
    y: Vector,
    slope: Vector,
    first: int,
) -> int:
    """Least cost of one interval by the energy that the storage gives.

    Parameters
    ----------
    interval : float64 array, shape (N_ROWS,)
        Prices, limits and net load. [$/kWh; kWh]
    drawn : float64 array, shape (3, n)
        Result of `drawn_cost`, of `size` segments.
    charge_efficiency, discharge_efficiency : float
        One-way efficiencies. [-]
    wear : float
        Price of energy through the storage, each way. [$/kWh]
    x, y, slope : float64 array, shape (n,)
        Modified in place from breakpoint `first` on: fall of stored energy [kWh], cost [$], slope
        [$/kWh].

    Returns
    -------
    int
        Last breakpoint; the first one where the storage cannot move.
    """
    i = size
    idle = interval[NET_LOAD]
    # Standing still is always possible; rounding must not put it outside the domain.
    most = max(min(drawn[X, i], idle + interval[CHARGE_LIMIT]), idle)
    least = min(max(drawn[X, 0], idle - interval[DISCHARGE_LIMIT]), idle)

    i = max(i - 1, 0)
    while i > 0 and drawn[X, i] >= most:
        i -= 1
    given = (idle - most) * charge_efficiency
    value = drawn[Y, i] + drawn[SLOPE, i] * (most - drawn[X, i]) + wear * (most - idle)
    x[first] = given
    y[first] = value
    last = first
    at = most
    while at > least:
        begin = drawn[X, i]
        end = max(begin, least) if i > 0 else least
        if end < idle < at:
            end = idle
        if end >= idle:
            given = (idle - end) * charge_efficiency
            rise = -(drawn[SLOPE, i] + wear) / charge_efficiency
        else:
            given = (idle - end) / discharge_efficiency
            rise = -(drawn[SLOPE, i] - wear) * discharge_efficiency
        length = given - x[last]
        if length > SHORTEST:
            value += rise * length
            if last == first or slope[last - 1] != rise:
                slope[last] = rise
                last += 1
            x[last] = given
            y[last] = value
        at = end
        if i > 0 and begin >= at:
            i -= 1
    whole = (idle - least) / discharge_efficiency if last > first else 0.0
    if last > first:
        y[last] += slope[last - 1] * (whole - x[last])
    x[last] = whole
    return last


@kernel("Tuple((f8[:, ::1], i8[::1]))(f8[:, ::1], f8[::1], f8[::1], i8, f8, f8, f8, f8)")
def interval_costs(
    meter: Vector,
    charge_limit: Vector,
    discharge_limit: Vector,
    begins: int,
    penalty: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
) -> tuple[Vector, NDArray[np.int64]]:
    """Least cost of every interval by the energy that the storage gives.

    Parameters
    ----------
    meter : float64 array, shape (8, T)
        Prices, limits and net load of each. [$/kWh; kWh]
    charge_limit, discharge_limit : float64 array, shape (T,)
        Most energy in and out. [kWh]
    begins : int
        First interval that is wanted.
    penalty, charge_efficiency, discharge_efficiency, wear : float
        As in `interval_cost`.

    Returns
    -------
    costs : float64 array, shape (3, n)
        The functions, one after the other.
    place : int64 array, shape (T - begins + 1,)
        That of interval ``begins + t`` has breakpoints ``place[t] .. place[t + 1] - 1``.
    """
    n = meter.shape[1] - begins
    functions = np.empty((_N_FUNCTIONS, 3, MOST_SEGMENTS + 1))
    drawn, other, aside = functions[0], functions[1], functions[2]
    interval = np.empty(N_ROWS)
    costs = np.empty((3, (MOST_SEGMENTS + 1) * n))  # memory that is never touched costs nothing
    x, y, slope = costs[X], costs[Y], costs[SLOPE]
    place = np.zeros(n + 1, dtype=np.int64)
    for t in range(n):
        for column in range(CHARGE_LIMIT):
            interval[column] = meter[column, begins + t]
        interval[CHARGE_LIMIT] = charge_limit[begins + t]
        interval[DISCHARGE_LIMIT] = discharge_limit[begins + t]
        size = drawn_cost(interval, penalty, drawn, other, aside)
        last = interval_cost(
            interval,
            drawn,
            size,
            charge_efficiency,
            discharge_efficiency,
            wear,
            x,
            y,
            slope,
            place[t],
        )
        place[t + 1] = last + 1
    return costs, place
