"""HiGHS with binaries: one way at a time, and all or nothing, in chosen intervals."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import highspy
import numpy as np

from matrix_builders import LinearProgram, Vector, tables
from matrix_builders import layout as blocks
from optimiser.errors import SolverError, as_solver_error
from optimiser.exact.integrality import Violations, members
from optimiser.model.formulation import Formulation
from optimiser.solvers.highs import Silent, accept, as_solution, pass_model

name = "highs_mip"

# Half of what still counts as optimal.
_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "mip_rel_gap": 5e-7,
    "mip_abs_gap": 5e-5,
}


# An optimal face, which has no start, shrinks in presolve and needs heuristics.  The whole
# programme has a good start from us: it is solved in half the time without either.
_STARTED: dict[str, bool | int | float | str] = {
    "presolve": "off",
    "mip_allow_restart": False,
    "mip_detect_symmetry": False,
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


@dataclass(frozen=True, slots=True)
class MixedSolution:
    """The incumbent and the bound of a branch-and-bound search.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Best point found; the columns of the linear programme only. [kWh]
    lower_bound : float
        What no point that keeps to one direction in the chosen intervals undercuts. [$]
    """

    x: Vector
    lower_bound: float


def solve(
    formulation: Formulation,
    chosen: Violations,
    *,
    time_limit: float,
    start: Vector | None = None,
) -> MixedSolution:
    """Solve with a choice wherever `chosen` has a violation, in at most `time_limit` seconds.

    Each way of an interval is open or shut, column by column: one binary serves all storages of a
    group, so that none charges another.  A vehicle's charge is semi-continuous: zero, or at
    least its least power.  `start` is a feasible point without violations, shape (n_cols,).

    Raises
    ------
    SolverError
        Where no point was found.
    """
    deadline = perf_counter() + time_limit
    options = {**_OPTIONS, "time_limit": time_limit}
    semicontinuous = list(_semicontinuous(formulation, chosen))
    ways = choices(formulation, chosen)
    with as_solver_error():
        highs = _load(formulation.lp, options, has_start=start is not None)
        _add_semicontinuous(highs, formulation.lp, semicontinuous)
        _add_choices(highs, formulation.lp, ways)
        if start is not None:
            open_ways = [float(start[one].sum() > start[other].sum()) for one, other in ways]
            point = as_solution(np.concatenate([start, open_ways]))
            accept(highs.setSolution(point), "start")
        _end_at(highs, deadline)
        accept(highs.run(), "run")
        info = highs.getInfo()
        x = np.array(highs.getSolution().col_value)[: formulation.layout.n_cols]
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SolverError("no point found in time")
    return MixedSolution(x=x, lower_bound=float(info.mip_dual_bound))


def _load(lp: LinearProgram, options: dict[str, Any], *, has_start: bool) -> Silent:
    highs = Silent()
    for option, value in options.items():
        accept(highs.setOptionValue(option, value), f"option {option}")
    for option, value in _STARTED.items() if has_start else ():
        highs.setOptionValue(option, value)  # for speed only: a version without it does without
    pass_model(highs, lp)
    return highs


def _add_semicontinuous(highs: Silent, lp: LinearProgram, columns: list[tuple[int, float]]) -> None:
    """Let columns be zero or at least something."""
    for column, least in columns:
        kind = highspy.HighsVarType.kSemiContinuous
        accept(highs.changeColIntegrality(column, kind), "semi-continuous column")
        accept(highs.changeColBounds(column, least, float(lp.col_upper[column])), "its bounds")


def _add_choices(highs: Silent, lp: LinearProgram, ways: list[tuple[list[int], list[int]]]) -> None:
    """Add a binary for each choice: it opens some columns and shuts others."""
    for choice, (forwards, backwards) in enumerate(ways, lp.cost.size):
        accept(highs.addCol(0.0, 0.0, 1.0, 0, [], []), "binary")
        accept(highs.changeColIntegrality(choice, highspy.HighsVarType.kInteger), "binary")
        for column in forwards:
            entries = 2, [column, choice], [1.0, -float(lp.col_upper[column])]
            accept(highs.addRow(-highspy.kHighsInf, 0.0, *entries), "row")
        for column in backwards:
            limit = float(lp.col_upper[column])
            entries = 2, [column, choice], [1.0, limit]
            accept(highs.addRow(-highspy.kHighsInf, limit, *entries), "row")


def _end_at(highs: Silent, deadline: float) -> None:
    """Let HiGHS end at the deadline: its time limit is looked at between nodes only."""

    def interrupt(_kind: Any, _message: str, _out: Any, answer: Any, _data: None) -> None:  # noqa: ANN401
        if answer is not None:
            answer.user_interrupt = perf_counter() > deadline

    accept(highs.setCallback(interrupt, None), "callback")
    accept(highs.startCallback(highspy.cb.HighsCallbackType.kCallbackMipInterrupt), "callback")


def _semicontinuous(formulation: Formulation, chosen: Violations) -> Iterator[tuple[int, float]]:
    """Yield the columns that are zero or at least something, where they are not fixed."""
    charge, lp = formulation.layout.table(blocks.CHARGE), formulation.lp
    least = formulation.problem.storages.limits[tables.LEAST_CHARGE]
    for k, t in zip(*np.nonzero(chosen.below_minimum), strict=True):
        column = int(charge[k, t])
        if lp.col_lower[column] == 0.0 and lp.col_upper[column] >= least[k, t]:
            yield column, float(least[k, t])


def choices(formulation: Formulation, chosen: Violations) -> list[tuple[list[int], list[int]]]:
    """Columns that each choice opens, and columns that it shuts."""
    imports, exports, charge, discharge = (
        formulation.layout.table(block)
        for block in (blocks.IMPORT, blocks.EXPORT, blocks.CHARGE, blocks.DISCHARGE)
    )
    choices = [([int(imports[0, t])], [int(exports[0, t])]) for t in np.flatnonzero(chosen.meter)]
    for group, both in zip(members(formulation.problem.storages), chosen.groups, strict=True):
        choices += [
            (charge[group, t].tolist(), discharge[group, t].tolist())
            for t in np.flatnonzero(both).tolist()
        ]
    return choices
