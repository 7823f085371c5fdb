"""From the optimum of the relaxation to the best plan that a house can carry out.

A linear programme may import and export, or charge and discharge, in the same interval, and earn
money by it that no house can earn; one storage may discharge into another.  Its optimum is a lower
bound in any case; where the physical dispatch of its stored energy attains it, the two are one.
Where not, a single storage is solved exactly by its value function, and several by binaries on the
offending intervals.
"""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders import layout as blocks
from optimiser.dispatch import Dispatch, follow, planning_cost
from optimiser.errors import OptimiserError
from optimiser.formulation import Formulation
from optimiser.linear_program import LpSolution, lower_bound, primal_residual
from optimiser.rules import rule_levels
from optimiser.solvers import FEASIBILITY_TOLERANCE
from optimiser.value_function import StoragePlan

GAP_TOLERANCE = 1e-4
"""Planning cost above the bound that still counts as optimal. [$]"""

_RELATIVE_GAP_TOLERANCE = 1e-6

_AT_ONCE = 1e-6  # kWh; both directions beyond this offend
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Exact:
    """A physical dispatch and how good it is.

    Attributes
    ----------
    dispatch : Dispatch
        Can be carried out.
    cost : float
        Its planning cost. [$]
    lower_bound : float
        No physical plan costs less. [$]
    solver : str
        What found it.
    made_exact : int
        Intervals in which the relaxation was impossible, where that mattered.
    """

    dispatch: Dispatch
    cost: float
    lower_bound: float
    solver: str
    made_exact: int

    @property
    def is_optimal(self) -> bool:
        """Whether cost and bound meet."""
        return meets(self.cost, self.lower_bound)


def meets(cost: float, bound: float) -> bool:
    """Whether a cost equals its bound; one that undercuts it is as wrong as one above."""
    return abs(cost - bound) <= GAP_TOLERANCE + _RELATIVE_GAP_TOLERANCE * abs(bound)


def make_exact(
    formulation: Formulation,
    solution: LpSolution,
    storage_plan: StoragePlan | None,
    *,
    time_limit: float,
) -> Exact:
    """Best physical plan, given the optimum of the relaxation.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    solution : LpSolution
        Its verified optimum.
    storage_plan : StoragePlan or None
        Exact plan of the value function, where it applies.
    time_limit : float
        Most time for binaries. [s]

    Returns
    -------
    Exact
        Optimal, unless the time for binaries ran out.
    """
    programme = formulation.programme
    relaxed = lower_bound(formulation.lp, solution.row_dual)
    dispatch = follow(programme, formulation.block(solution.x, blocks.STORED))
    found = Exact(dispatch, planning_cost(programme, dispatch), relaxed, solution.backend, 0)
    if found.is_optimal and not _crosses(dispatch):
        return found
    offending = int(np.count_nonzero(_offending(formulation, solution.x).any(axis=0)))
    if storage_plan is not None:
        dispatch = follow(programme, storage_plan.levels)
        cost = planning_cost(programme, dispatch)
        bound = max(relaxed, storage_plan.bound)
        return Exact(dispatch, cost, bound, "value_function", offending)
    if _crosses(dispatch):
        dispatch = follow(programme, rule_levels(programme))
        found = replace(found, dispatch=dispatch, cost=planning_cost(programme, dispatch))
    return _with_binaries(formulation, solution.x, found, time_limit)


def _crosses(dispatch: Dispatch) -> bool:
    """Whether one storage ever charges while another discharges into it."""
    both = np.minimum(dispatch.charge.sum(axis=0), dispatch.discharge.sum(axis=0))
    return bool((both > _AT_ONCE).any())


def _offending(formulation: Formulation, x: Vector) -> NDArray[np.bool_]:
    """Where a point goes both ways at once: the meter, then the storages; shape (2, T)."""
    charge, discharge = (
        formulation.block(x, block).sum(axis=0) for block in (blocks.CHARGE, blocks.DISCHARGE)
    )
    meter = (formulation.block(x, block) for block in (blocks.IMPORT, blocks.EXPORT))
    return np.stack([np.minimum(*meter), np.minimum(charge, discharge)]) > _AT_ONCE


def _with_binaries(formulation: Formulation, x: Vector, found: Exact, time_limit: float) -> Exact:
    """Forbid both directions where a point goes both ways, until no point does.

    Each round adds the intervals that its optimum newly offends; the bound of every round holds
    for all, and so does the best dispatch so far.
    """
    try:
        from optimiser.solvers import mixed_integer  # noqa: PLC0415 - HiGHS may be absent
    except ImportError:
        return found
    deadline = perf_counter() + time_limit
    programme = formulation.programme
    exclusive = _offending(formulation, x)
    best = replace(found, solver=mixed_integer.name)
    for _ in range(_ROUNDS):
        left = deadline - perf_counter()
        if left <= 0:
            break
        try:
            mixed = mixed_integer.solve(
                formulation, exclusive, time_limit=left, start=formulation.point(best.dispatch)
            )
        except OptimiserError:
            break  # the incumbent and the bound so far stand
        best = replace(best, lower_bound=max(best.lower_bound, mixed.lower_bound))
        if primal_residual(formulation.lp, mixed.x) <= FEASIBILITY_TOLERANCE:
            dispatch = follow(programme, formulation.block(mixed.x, blocks.STORED))
            cost = planning_cost(programme, dispatch)
            if cost < best.cost and not _crosses(dispatch):
                best = replace(best, dispatch=dispatch, cost=cost)
        fresh = _offending(formulation, mixed.x) & ~exclusive
        if best.is_optimal or not fresh.any():
            break
        exclusive |= fresh
    return replace(best, made_exact=int(np.count_nonzero(exclusive.any(axis=0))))
