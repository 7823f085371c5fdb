"""Least cost of one interval, as a function of the change of stored energy.

The meter nets, solar may be curtailed, limits may be exceeded at the penalty: what is left is a
piecewise-linear function of the energy that the storage takes, convex where the import price is
at least the export price and neither is negative, and not otherwise.
"""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.piecewise import SHORTEST, append, lower_onto

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

MOST_SEGMENTS = 24
"""Upper bound of the segments of an interval's cost."""


@kernel("i8(f8[::1], f8, i8, f8[::1], f8[::1], f8[::1])")
def curtailed_around(
    interval: Vector, penalty: float, least: int, x: Vector, y: Vector, slope: Vector
) -> int:
    """Cost of the energy drawn, where curtailment brings the meter towards one local minimum.

    The cost of the metered energy has breakpoints at the export limit with excess (0), the
    export limit (1), zero (2), the import limit (3) and that with excess (4).  Curtailing raises
    the metered energy by up to the solar at hand; around breakpoint `least` that makes the cost
    flat for as long.

    Returns
    -------
    int
        Number of segments.
    """
    points = np.empty(5)
    points[0] = -interval[EXPORT_LIMIT] - interval[EXPORT_EXCESS]
    points[1] = -interval[EXPORT_LIMIT]
    points[2] = 0.0
    points[3] = interval[IMPORT_LIMIT]
    points[4] = interval[IMPORT_LIMIT] + interval[IMPORT_EXCESS]
    rises = np.empty(4)
    rises[0] = interval[EXPORT_PRICE] - penalty
    rises[1] = interval[EXPORT_PRICE]
    rises[2] = interval[IMPORT_PRICE]
    rises[3] = interval[IMPORT_PRICE] + penalty

    solar = interval[CURTAIL_LIMIT]
    x[0] = points[0] - solar
    y[0] = points[0] * interval[EXPORT_PRICE] + penalty * interval[EXPORT_EXCESS]
    size = 0
    for i in range(least):
        length = points[i + 1] - points[i]
        size = append(
            x, y, slope, size, points[i + 1] - solar, y[size] + rises[i] * length, rises[i]
        )
    size = append(x, y, slope, size, points[least], y[size], 0.0)
    for i in range(least, 4):
        length = points[i + 1] - points[i]
        size = append(x, y, slope, size, points[i + 1], y[size] + rises[i] * length, rises[i])
    return size


@kernel("i8(f8[::1], f8, f8[::1], f8[::1], f8[::1])")
def drawn_cost(interval: Vector, penalty: float, x: Vector, y: Vector, slope: Vector) -> int:
    """Least cost of the energy that house and storage draw, solar netted; see above.

    Returns
    -------
    int
        Number of segments.
    """
    if interval[EXPORT_PRICE] < 0.0:
        least = 2 if interval[IMPORT_PRICE] >= 0.0 else 3
        return curtailed_around(interval, penalty, least, x, y, slope)
    size = curtailed_around(interval, penalty, 1, x, y, slope)
    if interval[IMPORT_PRICE] >= 0.0 or interval[CURTAIL_LIMIT] == 0.0:
        return size
    # Paid both to import and to export: curtailing everything may beat curtailing nothing.
    cx = np.empty(MOST_SEGMENTS)
    cy = np.empty(MOST_SEGMENTS)
    c_slope = np.empty(MOST_SEGMENTS)
    c_size = curtailed_around(interval, penalty, 3, cx, cy, c_slope)
    spare = np.empty((3, MOST_SEGMENTS))
    return lower_onto(x, y, slope, size, cx, cy, c_slope, c_size, spare[0], spare[1], spare[2])


@kernel("i8(f8[::1], f8, f8, f8, f8, f8[::1], f8[::1], f8[::1])")
def interval_cost(
    interval: Vector,
    penalty: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
    x: Vector,
    y: Vector,
    slope: Vector,
) -> int:
    """Least cost of one interval by the change of stored energy, ascending.

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
    x, y, slope : float64 array, shape (MOST_SEGMENTS,)
        Modified in place: change of stored energy [kWh], cost [$], slope [$/kWh].

    Returns
    -------
    int
        Number of segments; zero where the storage cannot move.
    """
    px = np.empty(MOST_SEGMENTS)
    py = np.empty(MOST_SEGMENTS)
    p_slope = np.empty(MOST_SEGMENTS)
    pieces = drawn_cost(interval, penalty, px, py, p_slope)
    idle = interval[NET_LOAD]
    low = max(px[0], idle - interval[DISCHARGE_LIMIT])
    high = min(px[pieces], idle + interval[CHARGE_LIMIT])

    i = 0
    while i < pieces - 1 and px[i + 1] <= low:
        i += 1
    drawn = low
    x[0] = min(0.0, low - idle) / discharge_efficiency
    y[0] = py[i] + p_slope[i] * (low - px[i]) + wear * max(0.0, idle - low)
    size = 0
    while i < pieces and drawn < high:
        end = min(px[i + 1], high)
        if drawn < idle < end:
            end = idle
        if end <= idle:
            rise = (p_slope[i] - wear) * discharge_efficiency
            x_end = (end - idle) / discharge_efficiency
        else:
            rise = (p_slope[i] + wear) / charge_efficiency
            x_end = (end - idle) * charge_efficiency
        y_end = y[size] + rise * (x_end - x[size])
        size = append(x, y, slope, size, x_end, y_end, rise)
        drawn = end
        if end >= px[i + 1]:
            i += 1
    # Standing still is always possible; rounding must not put it outside the domain.
    if abs(x[0]) < SHORTEST:
        x[0] = 0.0
    if abs(x[size]) < SHORTEST:
        x[size] = 0.0
    return size
