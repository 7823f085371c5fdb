"""One storage at a time, exactly, with the others as they are: a plan made better in milliseconds.

Where storages could earn by what no house can do, binaries take their time.  Each storage alone is
still solved exactly by its value function, beside what the others do; in turn, until nothing more
is gained.
"""

import contextlib

import numpy as np

from matrix_builders import StorageArrays, Vector
from matrix_builders.arrays import PER_STORAGE
from optimiser.errors import SolverError
from optimiser.exact.integrality import is_possible
from optimiser.model.arrays import Programme
from optimiser.model.dispatch import Course, Dispatch, follow, planning_cost
from optimiser.model.formulation import Formulation
from optimiser.value_function import storage_plan as value_function

_ROUNDS = 6
_WORTH_IT = 1e-6  # $; less is no gain
_MOVES = 1e-9  # kWh


def descended(formulation: Formulation, dispatch: Dispatch) -> Dispatch:
    """Improve a possible dispatch, storage by storage.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    dispatch : Dispatch
        A possible plan.

    Returns
    -------
    Dispatch
        Possible, and at most as dear.
    """
    programme = formulation.programme
    best, cost = dispatch, planning_cost(programme, dispatch)
    for _ in range(_ROUNDS):
        before = cost
        for k in range(programme.storages.initial.size):
            with contextlib.suppress(SolverError):  # too many breakpoints: it stays as it is
                levels = best.stored.copy()
                levels[k] = value_function.solve(_alone(programme, best, k)).levels[0]
                found = follow(programme, Course(levels))
                found_cost = planning_cost(programme, found)
                if found_cost < cost - _WORTH_IT and is_possible(formulation, found):
                    best, cost = found, found_cost
        if before - cost < _WORTH_IT:
            break
    return best


def _alone(programme: Programme, dispatch: Dispatch, k: int) -> Programme:
    """The problem of one storage, the others as they are; ties between them are left out."""
    storages = programme.storages
    others = np.arange(storages.group.size) != k
    kin = others & (storages.group == storages.group[k])
    own = {name: np.ascontiguousarray(getattr(storages, name)[[k]]) for name in PER_STORAGE}
    gives = dispatch.discharge[kin].sum(axis=0) > _MOVES
    takes = dispatch.charge[kin].sum(axis=0) > _MOVES
    one = storages._replace(**own)
    one = one._replace(
        charge_limit=np.where(gives, 0.0, one.charge_limit),
        discharge_limit=np.where(takes, 0.0, one.discharge_limit),
        end_of=np.zeros(1, dtype=np.int64),
        end_width=_left_over(storages, dispatch, k)[None, :],
        end_price=np.ascontiguousarray(storages.end_price[[storages.end_of[k]]]),
    )
    site = programme.site
    net_load = site.net_load + (dispatch.charge - dispatch.discharge)[others].sum(axis=0)
    beside = site._replace(
        net_load=net_load,
        import_excess=np.maximum(net_load - site.import_limit, 0.0),
        export_excess=np.maximum(-net_load - site.curtail_limit - site.export_limit, 0.0),
    )
    return Programme(programme.hours, beside, one)


def _left_over(storages: StorageArrays, dispatch: Dispatch, k: int) -> Vector:
    """Segments of the end value that what others leave does not fill; shape (S,). [kWh]"""
    e = storages.end_of[k]
    left = (dispatch.stored - storages.stored_lower)[:, -1]
    others = float(left[storages.end_of == e].sum() - left[k])
    width = storages.end_width[e]
    rest: Vector = width - np.clip(others - (np.cumsum(width) - width), 0.0, width)
    return rest
