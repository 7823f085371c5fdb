"""Least cost of one interval, as a function of the energy that the storage gives.

The meter nets, solar may be curtailed, limits may be exceeded at the penalty: what is left is a
piecewise-linear function of the change of stored energy, convex where the import price is at
least the export price and neither is negative, elsewhere perhaps not.  Where solar may not be
curtailed, what lies beyond the most that may be exported is lost.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector, tables
from matrix_builders.compiled import kernel
from optimiser.value_function.piecewise import SHORTEST, SLOPE, X, Y, lower_onto

# Rows of an interval below those of the meter: most energy in and out of the storage.
CHARGE = tables.N_METER
DISCHARGE = tables.N_METER + 1
N_ROWS = tables.N_METER + 2

# The meter has four segments and curtailment towards a local minimum adds a flat one.  Where there
# are two such minima, the lower of two functions of five segments has 2 * 10 + 1 at most, and
# standing still splits one of those.
MOST_SEGMENTS = 22
"""Upper bound of the segments of an interval's cost."""

# Breakpoints of the metered cost.
_AT_MOST_EXPORT = 0
_AT_EXPORT_LIMIT = 1
_AT_ZERO = 2
_AT_IMPORT_LIMIT = 3

_N_SEGMENTS = 5  # segments of the energy drawn around one local minimum, some perhaps empty
_N_FUNCTIONS = 3  # drawn cost, and two more where the metered cost has two local minima


@kernel("void(f8[::1], f8, i8, f8[:, ::1])")
def write_draw_cost(interval: Vector, penalty: float, least: int, drawn: Vector) -> None:
    """Write the cost of the energy drawn, curtailing towards one breakpoint of the metered cost.

    The meter has four segments, some perhaps empty: they meet at the export limit (1), at zero (2)
    and at the import limit (3), and end where either limit is exceeded as far as it may be (0, 4).
    Curtailing raises the metered energy by up to the solar at hand; at breakpoint `least` that
    makes the cost of what is drawn flat for as long: a fifth segment.
    """
    solar = interval[tables.CURTAIL_LIMIT]
    export_price = interval[tables.EXPORT_PRICE]
    import_price = interval[tables.IMPORT_PRICE]
    most_export = -interval[tables.EXPORT_LIMIT]
    most_import = interval[tables.IMPORT_LIMIT]
    export_excess = interval[tables.EXPORT_EXCESS]
    import_excess = interval[tables.IMPORT_EXCESS]
    export_cost = export_price * most_export
    import_cost = import_price * most_import
    metered = (most_export - export_excess, most_export, 0.0, most_import)
    cost = (export_cost - (export_price - penalty) * export_excess, export_cost, 0.0, import_cost)
    slope = (export_price - penalty, export_price, import_price, import_price + penalty)
    for i in range(_AT_IMPORT_LIMIT + 1):
        if i <= least:
            drawn[X, i] = metered[i] - solar
            drawn[Y, i] = cost[i]
            drawn[SLOPE, i] = slope[i]
        if i >= least:
            drawn[X, i + 1] = metered[i]
            drawn[Y, i + 1] = cost[i]
            drawn[SLOPE, i + 1] = slope[i]
    drawn[SLOPE, least] = 0.0
    drawn[X, _N_SEGMENTS] = most_import + import_excess
    drawn[Y, _N_SEGMENTS] = import_cost + (import_price + penalty) * import_excess


@kernel("i8(f8[::1], f8, f8[:, ::1], f8[:, ::1], f8[:, ::1])")
def draw_cost(interval: Vector, penalty: float, drawn: Vector, other: Vector, aside: Vector) -> int:
    """Write the least cost of the energy that house and storage draw, solar netted.

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
    may_curtail = interval[tables.MAY_CURTAIL] > 0.0
    least = _AT_EXPORT_LIMIT  # what may be sold at a gain is not curtailed
    if not may_curtail:
        least = _AT_MOST_EXPORT  # no more is lost than can leave neither way
    elif interval[tables.EXPORT_PRICE] < 0.0:
        least = _AT_ZERO if interval[tables.IMPORT_PRICE] >= 0.0 else _AT_IMPORT_LIMIT
    write_draw_cost(interval, penalty, least, drawn)
    if (
        least != _AT_EXPORT_LIMIT
        or interval[tables.IMPORT_PRICE] >= 0.0
        or interval[tables.CURTAIL_LIMIT] <= 0.0
    ):
        return _N_SEGMENTS
    # Paid both to import and to export: curtailing everything may beat curtailing nothing.
    write_draw_cost(interval, penalty, _AT_IMPORT_LIMIT, other)
    return lower_onto(drawn, _N_SEGMENTS, other[:, : _N_SEGMENTS + 1], aside)


@kernel("i8(f8[::1], f8[:, :], f8[::1], f8[:, ::1], i8)")
def write_interval_cost(
    interval: Vector, drawn: Vector, traits: Vector, costs: Vector, first: int
) -> int:
    """Write the least cost of one interval by the energy that the storage gives.

    Parameters
    ----------
    interval : float64 array, shape (N_ROWS,)
        Prices, limits and net load. [$/kWh; kWh]
    drawn : float64 array, shape (3, m + 1)
        Result of `draw_cost`.
    traits : float64 array, shape (6,)
        Of the storage, as in `StorageArrays`.
    costs : float64 array, shape (3, n)
        Modified in place from breakpoint `first` on: fall of stored energy [kWh], cost [$], slope
        [$/kWh].
    first : int
        Where the function begins.

    Returns
    -------
    int
        Last breakpoint; the first one where the storage cannot move.
    """
    into, out, wear = (
        traits[tables.CHARGE_EFFICIENCY],
        traits[tables.DISCHARGE_EFFICIENCY],
        traits[tables.WEAR],
    )
    x, y, slope = costs[X], costs[Y], costs[SLOPE]
    i = drawn.shape[1] - 1
    idle = interval[tables.NET_LOAD]
    # Standing still is always possible; rounding must not put it outside the domain.
    most = max(min(drawn[X, i], idle + interval[CHARGE]), idle)
    least = min(max(drawn[X, 0], idle - interval[DISCHARGE]), idle)

    i = max(i - 1, 0)
    while i > 0 and drawn[X, i] >= most:
        i -= 1
    value = drawn[Y, i] + drawn[SLOPE, i] * (most - drawn[X, i]) + wear * (most - idle)
    x[first] = (idle - most) * into
    y[first] = value
    last = first
    at = most
    while at > least:  # from charging at the most to discharging at the most
        begin = drawn[X, i]
        end = max(begin, least) if i > 0 else least
        if end < idle < at:
            end = idle
        if end >= idle:
            given = (idle - end) * into
            rise = -(drawn[SLOPE, i] + wear) / into
        else:
            given = (idle - end) / out
            rise = -(drawn[SLOPE, i] - wear) * out
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
    whole = (idle - least) / out if last > first else 0.0
    if last > first:
        y[last] += slope[last - 1] * (whole - x[last])
    x[last] = whole
    return last


@kernel("Tuple((f8[:, ::1], i8[::1]))(f8[:, ::1], f8[:, ::1], f8[::1], f8)")
def interval_costs(
    meter: Vector, limits: Vector, traits: Vector, penalty: float
) -> tuple[Vector, NDArray[np.int64]]:
    """Build the least cost of every interval by the energy that the storage gives.

    Parameters
    ----------
    meter : float64 array, shape (9, T)
        Prices, limits and net load. [$/kWh; kWh]
    limits : float64 array, shape (2, T)
        Most energy in and out. [kWh]
    traits : float64 array, shape (6,)
        Of the storage, as in `StorageArrays`.
    penalty : float
        Price of exceeding a limit of the meter. [$/kWh]

    Returns
    -------
    costs : float64 array, shape (3, n)
        The functions, one after the other.
    place : int64 array, shape (T + 1,)
        That of interval ``t`` has breakpoints ``place[t] .. place[t + 1] - 1``.
    """
    n = meter.shape[1]
    functions = np.empty((_N_FUNCTIONS, 3, MOST_SEGMENTS + 1))
    drawn, other, aside = functions[0], functions[1], functions[2]
    interval = np.empty(N_ROWS)
    costs = np.empty((3, (MOST_SEGMENTS + 1) * n))  # memory that is never touched costs nothing
    place = np.zeros(n + 1, dtype=np.int64)
    for t in range(n):
        for row in range(tables.N_METER):
            interval[row] = meter[row, t]
        interval[CHARGE] = limits[0, t]
        interval[DISCHARGE] = limits[1, t]
        size = draw_cost(interval, penalty, drawn, other, aside)
        last = write_interval_cost(interval, drawn[:, : size + 1], traits, costs, place[t])
        place[t + 1] = last + 1
    return costs, place
