"""Search for the schedule of least cost: the relaxation, whole choices, and their proof.

Most relaxations make most choices by themselves.  Those that one leaves open are first fixed at the
values that it is nearest to, step by step, which gives a schedule; then branch and bound makes them
whole, and as the optimum that it finds may leave others open, those too, until a schedule is as
cheap as the bound.
"""

import highspy
import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.errors import SolverError, as_solver_error
from optimiser.exact import highs_mip
from optimiser.problem.windows import Mask
from optimiser.solvers import Deadline
from optimiser.solvers.highs import accept, load
from server.charge_schedule.choices import Choices, cautious_choices, first_choices, open_choices
from server.charge_schedule.programme import NONE, Programme, binaries_of

GAP = 5e-5
"""Gap at which a schedule counts as the cheapest, as part of the money that it moves."""

_LEAST_MONEY = 1.0  # kWh at the highest price
_WHOLE_CHARGERS_FROM = 3  # round from which every step of an open charger is made whole
_MOST_ROUNDS = 100
_REACH = 3  # steps before and after an open choice that are made whole with it
_REACH_OF_REPAIR = 6
_SHARE_OF_REPAIR = 0.2  # of the time that is left
_SHARE_OF_ROUND = 0.6  # of the time that is left: a repair may need the rest
_WHOLE = 1e-6


class Relaxation:
    """A relaxed programme inside HiGHS, solved again and again with some binaries fixed.

    Parameters
    ----------
    programme : Programme
        The programme.
    deadline : Deadline
        When to give up.
    """

    def __init__(self, programme: Programme, deadline: Deadline) -> None:
        self._programme, self._deadline = programme, deadline
        self._highs = load(programme.lp, time_limit=deadline.time_left)

    def optimum(self) -> Vector | None:
        """Return the optimum for the present bounds; None where there is none in time."""
        accept(self._highs.run(), "run")
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self._highs.getSolution().col_value)

    def complete(self, choices: Choices) -> Vector | None:
        """Return a point that makes every choice, these as they are; None for a dead end.

        Others that it leaves open are fixed at the values that it is nearest to.
        """
        lp = self._programme.lp
        fixed, x = np.zeros(lp.cost.size, dtype=np.bool_), None
        while choices[0].size and not self._deadline.is_over:
            if fixed[choices[0]].all():  # within rounding: no way on
                break
            fixed[choices[0]] = True
            self._fix(choices[0], choices[1], choices[1])
            x = self.optimum()
            if x is None:
                break
            choices = first_choices(self._programme, open_choices(self._programme, x))
        columns = np.flatnonzero(fixed)
        self._fix(columns, lp.col_lower[columns], lp.col_upper[columns])
        return None if choices[0].size else x

    def best_with(self, binaries: Vector) -> Vector | None:
        """Return the optimum, with choices that it leaves open made as in a point; or None."""
        x, fixed = self.optimum(), np.zeros(binaries.size, dtype=np.bool_)
        while x is not None and not self._deadline.is_over:
            columns = open_choices(self._programme, x)[0]
            if not columns.size:
                return x
            if fixed[columns].all():
                return None
            fixed[columns] = True
            self._fix(columns, binaries[columns], binaries[columns])
            x = self.optimum()
        return None

    def _fix(self, columns: Places, lower: Vector, upper: Vector) -> None:
        places = columns.astype(np.int32)
        accept(self._highs.changeColsBounds(places.size, places, lower, upper), "bounds")


class Search:
    """A search with its best point and its bound.

    Parameters
    ----------
    programme : Programme
        The programme.
    deadline : Deadline
        When to end.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Cheapest point so far that makes every choice. [kWh]
    cost, bound : float
        Its cost, and what no schedule undercuts. [kWh at the highest price]
    gap : float
        Largest difference of both at which it counts as the cheapest.
    """

    def __init__(self, programme: Programme, deadline: Deadline) -> None:
        self._programme, self._deadline = programme, deadline
        self._relaxation = Relaxation(programme, deadline)
        self.x: Vector | None = None
        self.cost, self.bound, self.gap = np.inf, -np.inf, 0.0

    @property
    def is_proved(self) -> bool:
        """Return whether no schedule is cheaper by more than the gap."""
        return self.cost - self.bound <= self.gap

    @as_solver_error()
    def run(self) -> None:
        """Search until the proof or the deadline.

        Raises
        ------
        SolverError
            Where no schedule was found.
        """
        x = self._relaxation.optimum()
        if x is None:
            raise SolverError("the relaxation was not solved in time")
        self.bound = float(self._programme.lp.cost @ x)
        self.gap = GAP * max(_LEAST_MONEY, self._money(x))
        choices = first_choices(self._programme, open_choices(self._programme, x))
        self._offer(self._relaxation.complete(choices) if choices[0].size else x)
        if self.x is None:
            self._offer(self._relaxation.complete(cautious_choices(self._programme)))
        if not self.is_proved:
            self._branch(x)

    def _offer(self, x: Vector | None) -> None:
        """Take a point where it is cheaper."""
        if x is not None and (cost := float(self._programme.lp.cost @ x)) < self.cost:
            self.x, self.cost = x, cost

    def _branch(self, x: Vector) -> None:
        """Make choices whole that the bound leaves open, round after round."""
        programme, marked = self._programme, np.zeros(x.size, dtype=np.bool_)
        is_solved = True
        for round_number in range(1, _MOST_ROUNDS):
            columns = open_choices(programme, x)[0]
            if self.is_proved or self._deadline.is_over:
                return
            if is_solved and marked[columns].all():  # what is left is rounding
                return
            self._mark(columns, marked, _REACH)
            if round_number >= _WHOLE_CHARGERS_FROM:
                self._mark_chargers(columns, marked)
            if self.x is None:
                raise SolverError("no schedule was found in time")
            places = np.flatnonzero(marked)
            solution = highs_mip.solve(
                programme.lp,
                places,
                self.x,
                deadline=self._deadline.part(_SHARE_OF_ROUND),
                gap=0.5 * self.gap,
            )
            x = solution.x
            is_solved = float(programme.lp.cost @ x) - solution.lower_bound <= self.gap
            self.bound = max(self.bound, solution.lower_bound)
            if open_choices(programme, x)[0].size:
                self._offer(self._relaxation.complete((places, np.round(x[places]))))
                self._offer(self._neighbour(x))
            else:
                self._offer(x)

    def _neighbour(self, x: Vector) -> Vector | None:
        """Return a schedule that differs from a point only near its open choices; or None."""
        programme, lp = self._programme, self._programme.lp
        free = np.zeros(x.size, dtype=np.bool_)
        self._mark(open_choices(programme, x)[0], free, _REACH_OF_REPAIR)
        fixed = programme.is_binary & ~free & (np.abs(x - np.round(x)) < _WHOLE)
        fixed_lp = lp._replace(
            col_lower=np.where(fixed, np.round(x), lp.col_lower),
            col_upper=np.where(fixed, np.round(x), lp.col_upper),
        )
        try:
            near = highs_mip.solve(
                fixed_lp,
                np.flatnonzero(free),
                x,
                deadline=self._deadline.part(_SHARE_OF_REPAIR),
                gap=0.5 * self.gap,
            ).x
        except SolverError:
            return None
        choices = first_choices(programme, open_choices(programme, near))
        return self._relaxation.complete(choices) if choices[0].size else near

    def _mark(self, columns: Places, marked: Mask, reach: int) -> None:
        """Mark open choices and those of the same kind shortly before and after."""
        for places in binaries_of(self._programme.columns):
            chosen = np.isin(places, columns)
            near, n = chosen.copy(), chosen.shape[-1]
            for shift in range(1, min(reach, n - 1) + 1):
                near[..., :-shift] |= chosen[..., shift:]
                near[..., shift:] |= chosen[..., :-shift]
            marked[places[near & (places != NONE)]] = True
        marked &= self._programme.is_binary

    def _mark_chargers(self, columns: Places, marked: Mask) -> None:
        """Mark every step of chargers of which some are open: cheap steps replace each other."""
        for running in self._programme.columns.running:
            if np.isin(running, columns).any():
                marked[running[running != NONE]] = True
        marked &= self._programme.is_binary

    def _money(self, x: Vector) -> float:
        """Money that moves, without penalties. [kWh at the highest price]"""
        columns = self._programme.columns
        places = [columns.imports, columns.exports, columns.stored[:, -1]]
        each = np.concatenate(places)
        return float(np.abs(self._programme.lp.cost[each] * x[each]).sum())
