"""The times of flexible consumption that make the whole plan cheapest."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser import solvers
from optimiser.errors import SolverError
from optimiser.exact.hull import hull
from optimiser.exact.integrality import Violations, find_violations, nowhere
from optimiser.exact.steps import proof_gap
from optimiser.flexible.joint import join
from optimiser.flexible.placing import at_once, moves, place
from optimiser.flexible.programme import Programme
from optimiser.flexible.runs import add_runs
from optimiser.flexible.service import add_service
from optimiser.model.dispatch import Dispatch
from optimiser.model.linear_program import LpSolution, lower_bound
from optimiser.model.pieces import cut_site
from optimiser.problem.flexible.load import Load
from optimiser.problem.objective import CostFunction
from optimiser.problem.provider import ProviderRules
from optimiser.problem.site import Site
from optimiser.result.schedule import Schedule
from optimiser.solvers import Deadline

if TYPE_CHECKING:
    from optimiser.exact.highs_mip import MixedSolution

_GAP_SHARE = 0.5  # of the gap that proves a plan; the storages need the rest
_ROUNDS = 4
_NOTHING = 1e-5  # kWh; binaries are whole to 1e-6


class Scheduler:
    """The choice of times of flexible consumption that make the whole plan cheapest.

    The programme of the runs leaves the storages their relaxation; where that is not physical
    enough, `refine` adds the binaries of the storages, and starts from a plan of theirs.

    Parameters
    ----------
    site : Site
        With flexible consumption.
    cost_function, rules
        As in `plan`.
    """

    def __init__(self, site: Site, cost_function: CostFunction, rules: ProviderRules) -> None:
        self._joint = join(site, cut_site(site, rules), cost_function, rules)
        self._programme = Programme(self._joint.formulation.lp)
        add_runs(self._programme, self._joint)
        add_service(self._programme, self._joint)
        self._gap = _GAP_SHARE * proof_gap(site)
        self._x: Vector = np.zeros(0)
        self._bound = -np.inf

    def at_once(self) -> Schedule:
        """Return loads that run as early as they can, and heat when it is needed; not proved."""
        energy = at_once(self._joint.site)
        return Schedule(energy, self._joint.cost(energy), -np.inf)

    def moves(self, schedule: Schedule) -> Iterator[Schedule]:
        """Yield schedules in which one load has been moved."""
        for energy in moves(self._joint.site, schedule.energy):
            yield Schedule(energy, self._joint.cost(energy), schedule.lower_bound)

    def choose(self, deadline: Deadline) -> Schedule:
        """Return times that are the best beside the relaxation of the storages.

        Raises
        ------
        SolverError
            Where none were found by the deadline.
        """
        integers = self._programme.integers
        start = None
        with contextlib.suppress(SolverError):  # beyond a limit of the meter, say
            start = self._start(deadline) if integers.size else None
        return self._solve(self._programme.lp(), integers, start, deadline)

    def refine(self, dispatch: Dispatch, deadline: Deadline) -> Schedule:
        """Return times that are the best beside what the storages can do.

        Parameters
        ----------
        dispatch : Dispatch
            Of the storages beside the last schedule, in pieces.
        deadline : Deadline
            When to stop.

        Raises
        ------
        SolverError
            Where none were found.
        """
        joint, runs = self._joint, self._programme.lp()
        n, found = joint.formulation.layout.n_cols, None
        if not self._x.size:
            raise SolverError("there is nothing to refine")
        together = joint.with_flexible(dispatch, self._x)
        chosen = nowhere(joint.formulation.problem.storages)
        own = self._x[n : runs.cost.size]
        for _ in range(_ROUNDS):
            fresh = find_violations(joint.formulation, self._x[:n]).without(chosen)
            if found is not None and (not fresh.any or deadline.is_over):
                break
            chosen = self._choices(chosen | fresh)
            tight = hull(replace(joint.formulation, lp=runs), chosen)
            point = hull(joint.formulation, chosen).point(together)
            start = np.concatenate([point[:n], own, point[n:]])
            integers = np.append(self._programme.integers, tight.integers)
            found = self._solve(tight.lp, integers, start, deadline)
        assert found is not None
        return found

    def _choices(self, violations: Violations) -> Violations:
        """Return the intervals of a point that get binaries, and those that will be next."""
        problem = self._joint.formulation.problem
        if violations.are_simultaneous:
            violations = violations.with_profitable_cycles(problem)
        return violations.with_semicontinuous(problem.storages)

    def _solve(
        self, lp: LinearProgram, integers: Places, start: Vector | None, deadline: Deadline
    ) -> Schedule:
        if integers.size:
            found = self._solve_binaries(lp, integers, start, deadline)
            self._x, bound = found.x, found.lower_bound
        else:
            solution = self._solve_relaxation(lp, deadline)
            self._x, bound = solution.x, lower_bound(lp, solution.row_dual)
        self._bound = max(self._bound, bound)
        energy = self._joint.energy(self._x)
        hours = self._joint.site.horizon.hours
        for row, one in zip(energy, self._joint.site.flexible, strict=True):
            least = float(one.least_energy(hours).min()) if isinstance(one, Load) else 0.0
            row[row < min(_NOTHING, least / 2.0 if least else _NOTHING)] = 0.0
        return Schedule(energy, self._joint.cost(energy), self._bound)

    @staticmethod
    def _solve_relaxation(lp: LinearProgram, deadline: Deadline) -> LpSolution:
        backend = next(iter(solvers.available_backends()))
        return solvers.solve_verified(backend, lp, time_limit=deadline.time_left)

    def _solve_binaries(
        self, lp: LinearProgram, integers: Places, start: Vector | None, deadline: Deadline
    ) -> "MixedSolution":
        try:
            from optimiser.exact import highs_mip  # noqa: PLC0415 - HiGHS may be absent
        except ImportError:
            raise SolverError("HiGHS is not installed") from None
        return highs_mip.solve(lp, integers, start, deadline=deadline, gap=self._gap)

    def _start(self, deadline: Deadline) -> Vector:
        """Return a point in which loads run in one piece, at the relaxation's marginal prices."""
        joint, pieces, layout = self._joint, self._joint.pieces, self._joint.formulation.layout
        relaxed = self._solve_relaxation(joint.formulation.lp, deadline)
        marginal = relaxed.row_dual[layout.rows[blocks.BALANCE]]
        placed = place(joint.site, pieces.total(marginal * pieces.shares))
        fixed = Programme(self._programme.lp())
        for f, one in enumerate(joint.site.flexible):
            if one.id in placed:
                charge = layout.table(blocks.CHARGE)[joint.first + f]
                fixed.fix(charge, placed[one.id][pieces.intervals] * pieces.shares)
        lp, integers = fixed.lp(), self._programme.integers
        return self._solve_binaries(lp, integers, None, deadline).x
