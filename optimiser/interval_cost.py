"""Least cost of one interval, as a function of the energy that the storage gives.

The meter nets, solar may be curtailed, limits may be exceeded at the penalty: what is left is a
piecewise-linear function of the change of stored energy, convex where the import price is at
least the export price and neither is negative, and not otherwise.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import SiteArrays, Vector
from matrix_builders.compiled import kernel
from optimiser.piecewise import SLOPE, X, Y, append, end_at, lower_onto

# Columns of the table that describes an interval.
IMPORT_PRICE = 0
EXPORT_PRICE = 1
IMPORT_LIMIT = 2
EXPORT_LIMIT = 3
IMPORT_EXCESS = 4
EXPORT_EXCESS = 5
CURTAIL_LIMIT = 6
NET_LOAD = 7
CHARGE_LIMIT = 8
DISCHARGE_LIMIT = 9
N_COLUMNS = 10


def meter_columns(site: SiteArrays) -> tuple[Vector, ...]:
    """What a table says of the meter: `IMPORT_PRICE` to `NET_LOAD`; shape (T,) each."""
    return (
        site.import_price,
        site.export_price,
        site.import_limit,
        site.export_limit,
        site.import_excess,
        site.export_excess,
        site.curtail_limit,
        site.net_load,
    )


# The meter has four segments and curtailment towards a local minimum adds a flat one.  Where there
# are two such minima, the lower of two functions of five segments has 2 * 10 + 1 at most, and
# standing still splits one of those.
MOST_SEGMENTS = 22
"""Upper bound of the segments of an interval's cost."""

_N_FUNCTIONS = 4  # drawn cost, metered cost, and two more where the latter has two local minima


@kernel("void(f8[::1], f8, f8[:, ::1])")
def metered_cost(interval: Vector, penalty: float, metered: Vector) -> None:
    """Cost of the energy through the meter: four segments, some perhaps empty.

    They meet at the export limit (1), at zero (2) and at the import limit (3), and end where
    either limit is exceeded as far as it may be (0, 4).
    """
    metered[X, 0] = -interval[EXPORT_LIMIT] - interval[EXPORT_EXCESS]
    metered[X, 1] = -interval[EXPORT_LIMIT]
    metered[X, 2] = 0.0
    metered[X, 3] = interval[IMPORT_LIMIT]
    metered[X, 4] = interval[IMPORT_LIMIT] + interval[IMPORT_EXCESS]
    metered[SLOPE, 0] = interval[EXPORT_PRICE] - penalty
    metered[SLOPE, 1] = interval[EXPORT_PRICE]
    metered[SLOPE, 2] = interval[IMPORT_PRICE]
    metered[SLOPE, 3] = interval[IMPORT_PRICE] + penalty
    metered[Y, 2] = 0.0
    metered[Y, 1] = metered[SLOPE, 1] * metered[X, 1]
    metered[Y, 0] = metered[Y, 1] - metered[SLOPE, 0] * interval[EXPORT_EXCESS]
    metered[Y, 3] = metered[SLOPE, 2] * metered[X, 3]
    metered[Y, 4] = metered[Y, 3] + metered[SLOPE, 3] * interval[IMPORT_EXCESS]


@kernel("i8(f8[:, ::1], f8, i8, f8[:, ::1])")
def curtailed_around(metered: Vector, solar: float, least: int, drawn: Vector) -> int:
    """Cost of the energy drawn, where curtailment brings the meter towards one local minimum.

    Curtailing raises the metered energy by up to the solar at hand; around breakpoint `least` of
    the metered cost that makes the cost of what is drawn flat for as long.

    Returns
    -------
    int
        Number of segments of `drawn`.
    """
    drawn[X, 0] = metered[X, 0] - solar
    drawn[Y, 0] = metered[Y, 0]
    size = 0
    for i in range(least):
        size = append(drawn, size, metered[X, i + 1] - solar, metered[Y, i + 1], metered[SLOPE, i])
    size = append(drawn, size, metered[X, least], metered[Y, least], 0.0)
    for i in range(least, 4):
        size = append(drawn, size, metered[X, i + 1], metered[Y, i + 1], metered[SLOPE, i])
    return size


@kernel("i8(f8[::1], f8, f8[:, :, ::1])")
def drawn_cost(interval: Vector, penalty: float, functions: Vector) -> int:
    """Least cost of the energy that house and storage draw, solar netted.

    Parameters
    ----------
    interval : float64 array, shape (N_COLUMNS,)
        Prices, limits and net load. [$/kWh; kWh]
    penalty : float
        Price of exceeding a limit. [$/kWh]
    functions : float64 array, shape (4, 3, n)
        The first becomes the cost; the others are scratch.

    Returns
    -------
    int
        Number of segments.
    """
    drawn = functions[0]
    metered = functions[1]
    solar = interval[CURTAIL_LIMIT]
    metered_cost(interval, penalty, metered)
    least = 1  # the export limit: what may be sold is not curtailed
    if interval[EXPORT_PRICE] < 0.0:
        least = 2 if interval[IMPORT_PRICE] >= 0.0 else 3
    size = curtailed_around(metered, solar, least, drawn)
    if least == 1 and interval[IMPORT_PRICE] < 0.0 and solar > 0.0:
        # Paid both to import and to export: curtailing everything may beat curtailing nothing.
        others = curtailed_around(metered, solar, 3, functions[2])
        size = lower_onto(drawn, size, functions[2], others, functions[3])
    return size


@kernel("i8(f8[::1], f8, f8, f8, f8, f8[:, :, ::1], f8[:, ::1])")
def interval_cost(
    interval: Vector,
    penalty: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
    functions: Vector,
    cost: Vector,
) -> int:
    """Least cost of one interval by the energy that the storage gives.

    Parameters
    ----------
    interval : float64 array, shape (N_COLUMNS,)
        Prices, limits and net load. [$/kWh; kWh]
    penalty : float
        Price of exceeding a limit. [$/kWh]
    charge_efficiency, discharge_efficiency : float
        One-way efficiencies. [-]
    wear : float
        Price of energy through the storage, each way. [$/kWh]
    functions : float64 array, shape (4, 3, n)
        Scratch.
    cost : float64 array, shape (3, n)
        Modified in place: fall of stored energy [kWh], cost [$], slope [$/kWh].

    Returns
    -------
    int
        Number of segments; zero where the storage cannot move.
    """
    i = drawn_cost(interval, penalty, functions)
    drawn = functions[0]
    idle = interval[NET_LOAD]
    # Standing still is always possible; rounding must not put it outside the domain.
    most = max(min(drawn[X, i], idle + interval[CHARGE_LIMIT]), idle)
    least = min(max(drawn[X, 0], idle - interval[DISCHARGE_LIMIT]), idle)

    i = max(i - 1, 0)
    while i > 0 and drawn[X, i] >= most:
        i -= 1
    cost[X, 0] = (idle - most) * charge_efficiency
    cost[Y, 0] = drawn[Y, i] + drawn[SLOPE, i] * (most - drawn[X, i]) + wear * (most - idle)
    size = 0
    at = most
    while at > least:
        end = max(drawn[X, i], least) if i > 0 else least
        if end < idle < at:
            end = idle
        if end >= idle:
            given = (idle - end) * charge_efficiency
            rise = -(drawn[SLOPE, i] + wear) / charge_efficiency
        else:
            given = (idle - end) / discharge_efficiency
            rise = -(drawn[SLOPE, i] - wear) * discharge_efficiency
        value = cost[Y, size] + rise * (given - cost[X, size])
        size = append(cost, size, given, value, rise)
        at = end
        if i > 0 and drawn[X, i] >= at:
            i -= 1
    end_at(cost, size, (idle - least) / discharge_efficiency if size > 0 else 0.0)
    return size


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
    functions = np.zeros((_N_FUNCTIONS, 3, MOST_SEGMENTS + 1))
    interval = np.empty(N_COLUMNS)
    cost = np.empty((3, MOST_SEGMENTS + 1))
    costs = np.empty((3, (MOST_SEGMENTS + 1) * n))  # memory that is never touched costs nothing
    place = np.zeros(n + 1, dtype=np.int64)
    for t in range(n):
        for column in range(CHARGE_LIMIT):
            interval[column] = meter[column, begins + t]
        interval[CHARGE_LIMIT] = charge_limit[begins + t]
        interval[DISCHARGE_LIMIT] = discharge_limit[begins + t]
        size = interval_cost(
            interval, penalty, charge_efficiency, discharge_efficiency, wear, functions, cost
        )
        first = place[t]
        for i in range(size):
            costs[X, first + i] = cost[X, i]
            costs[Y, first + i] = cost[Y, i]
            costs[SLOPE, first + i] = cost[SLOPE, i]
        costs[X, first + size] = cost[X, size]
        costs[Y, first + size] = cost[Y, size]
        place[t + 1] = first + size + 1
    return costs, place
