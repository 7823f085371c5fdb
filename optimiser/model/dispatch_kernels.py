"""Kernels of what storages and meter do and what it costs: one way at a time, at least cost."""

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from matrix_builders.tables import (
    CURTAIL_LIMIT,
    EXPORT_EXCESS,
    EXPORT_LIMIT,
    EXPORT_PRICE,
    IMPORT_EXCESS,
    IMPORT_LIMIT,
    IMPORT_PRICE,
    NET_LOAD,
)

# Energy beyond limit and excess that is rounding or what the dead band let through, and what more
# than that costs: so much that such a dispatch never passes for a plan.
_SLIP = 1e-3  # kWh
_FORBIDDEN = 1e3  # times the penalty

STORAGE_NOISE = 1e-9
"""Rounding of the solver, too small to move a storage for. [kWh]"""

_EQUAL = 1e-12  # $; costs nearer than this are the same, and the first choice wins
_METER_NOISE = 1e-7  # kWh; rounding of the solver, a milliwatt over five minutes


@kernel(
    "void(Array(f8, 2, 'C', readonly=True), f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1],"
    " f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def track(
    levels: Vector,
    initial: Vector,
    charge_limit: Vector,
    discharge_limit: Vector,
    charge_efficiency: Vector,
    discharge_efficiency: Vector,
    dead_band: Vector,
    charge: Vector,
    discharge: Vector,
    stored: Vector,
) -> None:
    """Move each storage from level to level in the cheapest way: one direction at a time.

    Parameters
    ----------
    levels, charge_limit, discharge_limit : float64 array, shape (K, T)
        Levels wanted [kWh] and limits [kWh per interval].
    initial, charge_efficiency, discharge_efficiency : float64 array, shape (K,)
        Energy now [kWh] and one-way efficiencies [-].
    dead_band : float64 array, shape (T,)
        Smallest movement made. [kWh per interval]
    charge, discharge, stored : float64 array, shape (K, T)
        Zeros; modified in place.
    """
    for k in range(levels.shape[0]):
        level = initial[k]
        for t in range(levels.shape[1]):
            move = levels[k, t] - level
            if move > 0:
                energy = move / charge_efficiency[k]
                if energy >= dead_band[t]:
                    level = levels[k, t]
                    if energy > charge_limit[k, t]:
                        energy = charge_limit[k, t]
                        level = level - move + energy * charge_efficiency[k]
                    charge[k, t] = energy
            else:
                energy = -move * discharge_efficiency[k]
                if energy >= dead_band[t]:
                    level = levels[k, t]
                    if energy > discharge_limit[k, t]:
                        energy = discharge_limit[k, t]
                        level = level - move - energy / discharge_efficiency[k]
                    discharge[k, t] = energy
            stored[k, t] = level


@kernel("f8(f8[:, ::1], f8, i8, f8)", inlined=True)
def meter_cost_at(meter: Vector, penalty: float, t: int, metered: float) -> float:
    """Planning cost of the energy through the meter in interval `t`; see `cost_at_meter`."""
    if metered > 0.0:
        over = max(metered - meter[IMPORT_LIMIT, t], 0.0)
        forbidden = max(over - meter[IMPORT_EXCESS, t] - _SLIP, 0.0)
        cost = metered * meter[IMPORT_PRICE, t]
    else:
        over = max(-metered - meter[EXPORT_LIMIT, t], 0.0)
        forbidden = max(over - meter[EXPORT_EXCESS, t] - _SLIP, 0.0)
        cost = metered * meter[EXPORT_PRICE, t]
    return float(cost + penalty * (over + _FORBIDDEN * forbidden))


@kernel("f8(f8[:, ::1], f8, f8[::1], f8[::1])")
def cost_at_meter(meter: Vector, penalty: float, grid_import: Vector, grid_export: Vector) -> float:
    """Planning cost of the energy through the meter, penalties included.

    Parameters
    ----------
    meter : float64 array, shape (8, T)
        Prices and limits. [$/kWh; kWh per interval]
    penalty : float
        Price of exceeding a limit. [$/kWh]
    grid_import, grid_export : float64 array, shape (T,)
        What goes through it. [kWh per interval]

    Returns
    -------
    float
        [$]
    """
    cost = 0.0
    for t in range(grid_import.size):
        cost += meter_cost_at(meter, penalty, t, grid_import[t] - grid_export[t])
    return cost


@kernel("void(f8[:, ::1], f8, f8[::1], f8[::1], f8[::1])")
def curtail_at_least_cost(
    meter: Vector, penalty: float, drawn: Vector, least: Vector, curtailed: Vector
) -> None:
    """Solar left unused at least cost; where nothing is gained, nothing is.

    Parameters
    ----------
    meter, penalty
        As in `cost_at_meter`.
    drawn : float64 array, shape (T,)
        What the house draws with all solar in use. [kWh per interval]
    least : float64 array, shape (T,)
        What must be left unused. [kWh per interval]
    curtailed : float64 array, shape (T,)
        Modified in place. [kWh per interval]
    """
    wanted = np.zeros(5)
    for t in range(drawn.size):
        most = max(meter[CURTAIL_LIMIT, t], least[t])
        wanted[1] = most
        wanted[2] = -drawn[t]  # down to no export
        wanted[3] = -meter[EXPORT_LIMIT, t] - drawn[t]  # down to the export limit
        wanted[4] = meter[IMPORT_LIMIT, t] - drawn[t]  # up to the import limit
        cheapest = np.inf
        for i in range(wanted.size):
            choice = min(max(wanted[i], least[t]), most)
            cost = meter_cost_at(meter, penalty, t, drawn[t] + choice)
            if cost < cheapest - _EQUAL:
                cheapest = cost
                curtailed[t] = choice


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def curtail_towards(
    metered: Vector, most: Vector, drawn: Vector, least: Vector, curtailed: Vector
) -> None:
    """Solar left unused so that the meter sees what is wanted, as far as that goes.

    Parameters
    ----------
    metered : float64 array, shape (T,)
        Import less export, as wanted. [kWh per interval]
    most, drawn, least, curtailed : float64 array, shape (T,)
        As in `curtail_at_least_cost`; the last is modified in place. [kWh per interval]
    """
    for t in range(drawn.size):
        choice = max(metered[t] - drawn[t], least[t])
        curtailed[t] = min(choice, most[t]) if choice >= _METER_NOISE else 0.0


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1])")
def pass_meter(drawn: Vector, curtailed: Vector, grid_import: Vector, grid_export: Vector) -> None:
    """Energy through the meter, one way at a time.

    Parameters
    ----------
    drawn, curtailed : float64 array, shape (T,)
        What the house draws with all solar in use, and what of that is not. [kWh per interval]
    grid_import, grid_export : float64 array, shape (T,)
        Modified in place. [kWh per interval]
    """
    for t in range(drawn.size):
        metered = drawn[t] + curtailed[t]
        if abs(metered) < _METER_NOISE:
            metered = 0.0
        grid_import[t] = max(metered, 0.0)
        grid_export[t] = max(-metered, 0.0)


@kernel("f8(f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])")
def storage_costs(
    wear: Vector,
    level_price: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    charge: Vector,
    discharge: Vector,
    stored: Vector,
) -> float:
    """Cost of what storages move, and of the levels that they miss.

    Parameters
    ----------
    wear, level_price : float64 array, shape (K,)
        Prices. [$/kWh]
    soft_floor, soft_ceiling, charge, discharge, stored : float64 array, shape (K, T)
        Levels wanted, and what is done. [kWh; kWh per interval]

    Returns
    -------
    float
        [$]
    """
    cost = 0.0
    for k in range(wear.size):
        moved = 0.0
        missed = 0.0
        for t in range(stored.shape[1]):
            moved += charge[k, t] + discharge[k, t]
            missed += max(soft_floor[k, t] - stored[k, t], 0.0)
            missed += max(stored[k, t] - soft_ceiling[k, t], 0.0)
        cost += wear[k] * moved + level_price[k] * missed
    return cost


@kernel("void(f8[::1], i8[::1], f8[:, ::1], f8[:, ::1])")
def fill_segments(left: Vector, end_of: Places, width: Vector, segments: Vector) -> None:
    """Fill the segments of every end value, the first of them first.

    Parameters
    ----------
    left : float64 array, shape (K,)
        Energy of each storage above its lower bound. [kWh]
    end_of : int64 array, shape (K,)
        End value that it counts in.
    width : float64 array, shape (E, S)
        Length of each segment. [kWh]
    segments : float64 array, shape (E, S)
        Modified in place. [kWh]
    """
    for e in range(width.shape[0]):
        rest = 0.0
        for k in range(left.size):
            if end_of[k] == e:
                rest += left[k]
        for s in range(width.shape[1]):
            segments[e, s] = min(max(rest, 0.0), width[e, s])
            rest -= width[e, s]


@kernel(
    "UniTuple(f8, 2)(Array(f8, 2, 'C', readonly=True), f8[:, ::1], f8,"
    " Array(f8, 1, 'C', readonly=True), f8, f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, :, ::1], f8[:, ::1])"
)
def carry_out(
    levels: Vector,
    meter: Vector,
    penalty: float,
    hours: Vector,
    dead_band: float,
    initial: Vector,
    charge_limit: Vector,
    discharge_limit: Vector,
    charge_efficiency: Vector,
    discharge_efficiency: Vector,
    wear: Vector,
    level_price: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    stored_lower: Vector,
    end_of: Places,
    end_width: Vector,
    end_price: Vector,
    moved: Vector,
    metered: Vector,
) -> tuple[float, float]:
    """Move the storages from level to level, settle the meter at least cost, and cost all that.

    Parameters
    ----------
    levels : float64 array, shape (K, T)
        Levels wanted. [kWh]
    meter, penalty
        As in `cost_at_meter`.
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    dead_band : float
        Power under which a storage rests. [kW]
    initial, charge_limit, discharge_limit, charge_efficiency, discharge_efficiency
        As in `track`.
    wear, level_price, soft_floor, soft_ceiling
        As in `storage_costs`.
    stored_lower : float64 array, shape (K, T)
        Lower bounds; energy above them at the end has a value. [kWh]
    end_of, end_width
        As in `fill_segments`.
    end_price : float64 array, shape (E, S)
        Value of each segment. [$/kWh]
    moved : float64 array, shape (3, K, T)
        Zeros; modified in place: charge, discharge, stored. [kWh per interval; kWh]
    metered : float64 array, shape (3, T)
        Modified in place: curtailed, import, export. [kWh per interval]

    Returns
    -------
    cost, worth : float
        Planning cost, and the value of the energy left at the end, which it is less by. [$]
    """
    charge, discharge, stored = moved[0], moved[1], moved[2]
    curtailed, grid_import, grid_export = metered[0], metered[1], metered[2]
    least = np.empty(hours.size)
    for t in range(hours.size):
        least[t] = max(hours[t] * dead_band, STORAGE_NOISE)
    track(
        levels,
        initial,
        charge_limit,
        discharge_limit,
        charge_efficiency,
        discharge_efficiency,
        least,
        charge,
        discharge,
        stored,
    )
    drawn = np.empty(hours.size)
    for t in range(hours.size):
        charged = 0.0
        discharged = 0.0
        for k in range(initial.size):
            charged += charge[k, t]
            discharged += discharge[k, t]
        drawn[t] = meter[NET_LOAD, t] + charged - discharged
    curtail_at_least_cost(meter, penalty, drawn, np.zeros(hours.size), curtailed)
    pass_meter(drawn, curtailed, grid_import, grid_export)
    left = np.empty(initial.size)
    for k in range(initial.size):
        left[k] = stored[k, hours.size - 1] - stored_lower[k, hours.size - 1]
    segments = np.empty(end_width.shape)
    fill_segments(left, end_of, end_width, segments)
    worth = 0.0
    for e in range(end_width.shape[0]):
        for s in range(end_width.shape[1]):
            worth += segments[e, s] * end_price[e, s]
    cost = cost_at_meter(meter, penalty, grid_import, grid_export)
    cost += storage_costs(wear, level_price, soft_floor, soft_ceiling, charge, discharge, stored)
    return cost - worth, worth
