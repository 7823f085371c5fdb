"""What storages and meter really do: physical by construction, whatever the solver said."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matrix_builders import StorageArrays, Vector
from optimiser.model.arrays import Programme
from optimiser.model.dispatch_kernels import (
    STORAGE_NOISE,
    carry_out,
    cost_at_meter,
    curtail_at_least_cost,
    curtail_towards,
    fill_segments,
    pass_meter,
    storage_costs,
    track,
)

DEAD_BAND = 1e-3
"""Power under which a storage rests; the client would act on the noise. [kW]"""


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
        np.maximum(programme.hours * dead_band, STORAGE_NOISE),
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


def end_worth(storages: StorageArrays, stored: Vector) -> float:
    """Value of the energy left at the end; `stored` has shape (K, T). [$]"""
    return float((end_segments(storages, stored) * storages.end_price).sum())


def end_segments(storages: StorageArrays, stored: Vector) -> Vector:
    """Energy left at the end in each segment of its value; shape (E, S). [kWh]"""
    left = stored[:, -1] - storages.stored_lower[:, -1]
    segments = np.empty(storages.end_width.shape)
    fill_segments(left, storages.end_of, storages.end_width, segments)
    return segments
