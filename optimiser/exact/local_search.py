"""Coordinate descent: one storage at a time, exactly, with the others as they are.

Where storages could earn by what no house can do, binaries take their time.  Each storage alone is
still solved exactly by its value function, beside what the others do; in turn, until nothing more
is gained.
"""

import contextlib
from dataclasses import replace

import numpy as np

from matrix_builders import Vector, tables
from optimiser.errors import SolverError
from optimiser.exact.charging import cheapest_charge
from optimiser.exact.integrality import energy_needed, is_feasible
from optimiser.model.arrays import ProblemArrays
from optimiser.model.couplings import Couplings
from optimiser.model.dispatch import Dispatch, Trajectory, simulate
from optimiser.model.formulation import Formulation
from optimiser.value_function import storage_plan

_ROUNDS = 6
_GAIN = 1e-6  # $; less is none
_MOVES = 1e-9  # kWh


def coordinate_descent(formulation: Formulation, dispatch: Dispatch, cost: float) -> Dispatch:
    """Improve a feasible dispatch of some cost, storage by storage; it stays feasible."""
    problem, best = formulation.problem, dispatch
    for _ in range(_ROUNDS):
        before = cost
        for k in range(len(problem.storages.group)):
            with contextlib.suppress(SolverError):  # too many breakpoints: it stays as it is
                levels = best.stored.copy()
                levels[k] = _best_levels(problem, best, k)
                better = simulate(problem, Trajectory(levels))
                if better.cost < cost - _GAIN and is_feasible(formulation, better.dispatch):
                    best, cost = better.dispatch, better.cost
        if before - cost < _GAIN:
            break
    return best


def _best_levels(problem: ProblemArrays, dispatch: Dispatch, k: int) -> Vector:
    """Return the best levels of one storage beside the others; shape (T,). [kWh]"""
    storages = problem.storages
    if not storages.limits[tables.LEAST_CHARGE, k].any() or dispatch.discharge[k].any():
        return np.asarray(storage_plan.solve(_one_storage(problem, dispatch, k)).levels[0])
    metered = dispatch.grid_import - dispatch.grid_export
    limit = problem.couplings.import_cap(problem.meter, dispatch.grid_import)
    needed = float(energy_needed(storages)[k])
    charge = cheapest_charge(problem, k, metered - dispatch.charge[k], limit, needed)
    if charge is None:
        return np.asarray(dispatch.stored[k])
    initial, into = storages.traits[[tables.INITIAL, tables.CHARGE_EFFICIENCY], k]
    return np.asarray(initial + into * np.cumsum(charge))


def _one_storage(problem: ProblemArrays, dispatch: Dispatch, k: int) -> ProblemArrays:
    """Build the problem of one storage, the others as they are; couplings are left out."""
    storages = problem.storages
    others = np.arange(len(storages.group)) != k
    kin = others & (storages.group == storages.group[k])
    limits = np.ascontiguousarray(storages.limits[:, [k]])
    limits[tables.CHARGE_LIMIT, 0, dispatch.discharge[kin].sum(axis=0) > _MOVES] = 0.0
    limits[tables.DISCHARGE_LIMIT, 0, dispatch.charge[kin].sum(axis=0) > _MOVES] = 0.0
    one = storages._replace(
        limits=limits,
        traits=np.ascontiguousarray(storages.traits[:, [k]]),
        group=storages.group[[k]],
        end_of=np.zeros(1, dtype=np.int64),
        end_values=_end_value_left(problem, dispatch, k),
        taper=np.ascontiguousarray(storages.taper[:, [k]]),
    )
    meter = meter_beside(problem, (dispatch.charge - dispatch.discharge)[others].sum(axis=0))
    return replace(problem, meter=meter, storages=one, couplings=Couplings(), permissions=None)


def meter_beside(problem: ProblemArrays, drawn: Vector) -> Vector:
    """Return the table of the meter beside what other storages draw. [kWh per interval]"""
    meter = problem.meter.copy()
    meter[tables.NET_LOAD] += drawn
    surplus = -meter[tables.NET_LOAD] - meter[tables.CURTAIL_LIMIT]
    meter[tables.IMPORT_EXCESS] = np.maximum(
        meter[tables.NET_LOAD] - meter[tables.IMPORT_LIMIT], 0.0
    )
    meter[tables.EXPORT_EXCESS] = np.maximum(surplus - meter[tables.EXPORT_LIMIT], 0.0)
    return meter


def _end_value_left(problem: ProblemArrays, dispatch: Dispatch, k: int) -> Vector:
    """Return the end value that the other storages leave to one; shape (2, 1, S)."""
    storages = problem.storages
    e = storages.end_of[k]
    left = (dispatch.stored - storages.limits[tables.STORED_LOWER])[:, -1]
    others = float(left[storages.end_of == e].sum() - left[k])
    value = storages.end_values[:, [e]].copy()
    width = value[tables.END_WIDTH, 0]
    value[tables.END_WIDTH, 0] = width - np.clip(others - (np.cumsum(width) - width), 0.0, width)
    return value
