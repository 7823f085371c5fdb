"""What storages and meter really do: physical by construction, whatever the solver said."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matrix_builders import StorageArrays, Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.interval_cost import (
    CURTAIL_LIMIT,
    EXPORT_EXCESS,
    EXPORT_LIMIT,
    EXPORT_PRICE,
    IMPORT_EXCESS,
    IMPORT_LIMIT,
    IMPORT_PRICE,
    NET_LOAD,
)
from optimiser.programme import Programme

DEAD_BAND = 1e-3
"""Power under which a storage rests; the client would act on the noise. [kW]"""

# Energy beyond limit and excess that is rounding or what the dead band let through, and what more
# than that costs: so much that such a dispatch never passes for a plan.
_SLIP = 1e-3  # kWh
_FORBIDDEN = 1e3  # times the penalty

_STORAGE_NOISE = 1e-9  # kWh; rounding of the solver, too small to move for
_EQUAL = 1e-12  # $; costs nearer than this are the same, and the first choice wins
_METER_NOISE = 1e-7  # kWh; rounding of the solver, a milliwatt over five minutes


@dataclass(frozen=True, slots=True)
class Course:
    """What a plan wants done.

    Attributes
    ----------
    levels : float64 array, shape (K, T)
        Energy stored at the end of each interval. [kWh]
    metered : float64 array, shape (T,), or None
        Import less export, to be kept where intervals are coupled; where it is None, or they
        are not, the meter settles at least cost. [kWh per interval]
    """

    levels: Vector
    metered: Vector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Energy of every interval; no storage both charges and discharges, nor does the meter.

    Attributes
    ----------
    charge, discharge : float64 array, shape (K, T)
        Energy into and out of each storage, grid side. [kWh per interval]
    stored : float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    grid_import, grid_export : float64 array, shape (T,)
        Energy through the meter. [kWh per interval]
    curtailed : float64 array, shape (T,)
        Solar left unused. [kWh per interval]
    """

    charge: Vector
    discharge: Vector
    stored: Vector
    grid_import: Vector
    grid_export: Vector
    curtailed: Vector

    @property
    def course(self) -> Course:
        """What it does, as a wish."""
        return Course(self.stored, self.grid_import - self.grid_export)


class Costed(NamedTuple):
    """What is done, and what the programme makes of it.

    Attributes
    ----------
    dispatch : Dispatch
        Energy of every interval.
    cost : float
        Its planning cost. [$]
    end_worth : float
        Value of the energy left at the end, which the cost is less by. [$]
    """

    dispatch: Dispatch
    cost: float
    end_worth: float


def follow(programme: Programme, course: Course | Vector, dead_band: float = 0.0) -> Dispatch:
    """Dispatch that follows the stored energy of a plan.

    Net movements of the storages reproduce the levels without charging and discharging at
    once; a movement under the dead band waits until it is worth a command.  The meter then
    settles at least cost: without a dead band, nothing that reaches the levels costs less.

    Parameters
    ----------
    programme : Programme
        The problem.
    course : Course, or float64 array of shape (K, T)
        What is wanted; its levels alone will do. [kWh]
    dead_band : float
        Power under which a storage rests. [kW]

    Returns
    -------
    Dispatch
        Within every power limit; on the levels but for what the dead band holds back.
    """
    wanted = course if isinstance(course, Course) else Course(course)
    if programme.couplings.is_empty:
        return _carried_out(programme, wanted.levels, dead_band).dispatch
    return _coupled(programme, wanted, dead_band)


def costed(programme: Programme, course: Course | Vector, dead_band: float = 0.0) -> Costed:
    """As `follow`, with what the programme makes of it."""
    wanted = course if isinstance(course, Course) else Course(course)
    if programme.couplings.is_empty:
        return _carried_out(programme, wanted.levels, dead_band)
    dispatch = _coupled(programme, wanted, dead_band)
    worth = end_worth(programme.storages, dispatch.stored)
    return Costed(dispatch, planning_cost(programme, dispatch), worth)


def _carried_out(programme: Programme, levels: Vector, dead_band: float) -> Costed:
    """What is done where nothing ties intervals or storages together."""
    storages, (n_storages, n_intervals) = programme.storages, levels.shape
    moved = np.zeros((3, n_storages, n_intervals))
    metered = np.empty((3, n_intervals))
    cost, worth = carry_out(
        np.ascontiguousarray(levels),
        programme.meter,
        programme.site.penalty,
        programme.hours,
        dead_band,
        storages.initial,
        storages.charge_limit,
        storages.discharge_limit,
        storages.charge_efficiency,
        storages.discharge_efficiency,
        storages.wear,
        storages.level_price,
        storages.soft_floor,
        storages.soft_ceiling,
        storages.stored_lower,
        storages.end_of,
        storages.end_width,
        storages.end_price,
        moved,
        metered,
    )
    charge, discharge, stored = moved
    curtailed, grid_import, grid_export = metered
    dispatch = Dispatch(
        charge=charge,
        discharge=discharge,
        stored=stored,
        grid_import=grid_import,
        grid_export=grid_export,
        curtailed=curtailed,
    )
    return Costed(dispatch, float(cost), float(worth))


def _coupled(programme: Programme, wanted: Course, dead_band: float) -> Dispatch:
    storages = programme.storages
    charge, discharge, stored = np.zeros((3, *wanted.levels.shape))
    track(
        np.ascontiguousarray(wanted.levels),
        storages.initial,
        storages.charge_limit,
        storages.discharge_limit,
        storages.charge_efficiency,
        storages.discharge_efficiency,
        np.maximum(programme.hours * dead_band, _STORAGE_NOISE),
        charge,
        discharge,
        stored,
    )
    drawn = programme.site.net_load + charge.sum(axis=0) - discharge.sum(axis=0)
    inverter = programme.couplings.inverter
    lost = np.zeros(drawn.size) if inverter is None else inverter.excess(charge, discharge)
    curtailed, grid_import, grid_export = np.empty((3, drawn.size))
    if wanted.metered is None:
        curtail_at_least_cost(programme.meter, programme.site.penalty, drawn, lost, curtailed)
    else:
        curtail_towards(wanted.metered, programme.site.curtail_limit, drawn, lost, curtailed)
    pass_meter(drawn, curtailed, grid_import, grid_export)
    return Dispatch(
        charge=charge,
        discharge=discharge,
        stored=stored,
        grid_import=grid_import,
        grid_export=grid_export,
        curtailed=curtailed,
    )


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


@kernel("f8(f8[:, ::1], f8, i8, f8)")
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


def planning_cost(programme: Programme, dispatch: Dispatch) -> float:
    """What the programme makes of a dispatch: its objective, end value and penalties included.

    Parameters
    ----------
    programme : Programme
        The problem.
    dispatch : Dispatch
        Any dispatch of its site.

    Returns
    -------
    float
        Far above the optimum where the meter is pushed beyond what it can take. [$]
    """
    storages = programme.storages
    grid_import, grid_export = dispatch.grid_import, dispatch.grid_export
    return float(
        cost_at_meter(programme.meter, programme.site.penalty, grid_import, grid_export)
        + storage_costs(
            storages.wear,
            storages.level_price,
            storages.soft_floor,
            storages.soft_ceiling,
            dispatch.charge,
            dispatch.discharge,
            dispatch.stored,
        )
        + programme.couplings.cost(grid_import, grid_export)
        - end_worth(storages, dispatch.stored)
    )


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


def end_worth(storages: StorageArrays, stored: Vector) -> float:
    """Value of the energy left at the end; `stored` has shape (K, T). [$]"""
    return float((end_segments(storages, stored) * storages.end_price).sum())


def end_segments(storages: StorageArrays, stored: Vector) -> Vector:
    """Energy left at the end in each segment of its value; shape (E, S). [kWh]"""
    left = stored[:, -1] - storages.stored_lower[:, -1]
    segments = np.empty(storages.end_width.shape)
    fill_segments(left, storages.end_of, storages.end_width, segments)
    return segments


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
        least[t] = max(hours[t] * dead_band, _STORAGE_NOISE)
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
