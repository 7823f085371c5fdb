"""HiGHS with binaries: the tight formulation, from a start, by a deadline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import highspy
import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders.arrays import Places
from optimiser.errors import SolverError, as_solver_error
from optimiser.solvers import Deadline, now
from optimiser.solvers.highs import Silent, accept, as_solution, pass_model

name = "highs_mip"

Options: TypeAlias = Mapping[str, bool | int | float | str]

_OPTIONS: Options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0}

# Starts are good and rows tight: of HiGHS' heuristics only RINS is worth its time, and restarts
# double it.
_SPARING: Options = {
    "mip_allow_restart": False,
    "mip_detect_symmetry": False,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


@dataclass(frozen=True, slots=True)
class MixedSolution:
    """The incumbent and the bound of a branch-and-bound search.

    Attributes
    ----------
    x : float64 array, shape (n_cols,)
        Best point found. [kWh]
    lower_bound : float
        Cost that no point with whole binaries undercuts. [$]
    """

    x: Vector
    lower_bound: float


def solve(
    lp: LinearProgram,
    integers: Places,
    start: Vector | None,
    *,
    deadline: Deadline,
    gap: float,
    presolves: bool = False,
    root_only: bool = False,
) -> MixedSolution:
    """Solve a programme with binaries, perhaps from a point, until a gap [$] or the deadline.

    At the root alone, cuts and heuristics do all there is to it.

    Raises
    ------
    SolverError
        Where no point was found.
    """
    options = {**_OPTIONS, "presolve": "on" if presolves else "off", "mip_abs_gap": gap}
    if root_only:
        options["mip_max_nodes"] = 1
    with as_solver_error():
        highs = Silent()
        for option, value in {**options, "time_limit": deadline.time_left}.items():
            accept(highs.setOptionValue(option, value), f"option {option}")
        for option, value in _SPARING.items() if start is not None else ():
            highs.setOptionValue(option, value)  # for speed only: a version without it does without
        pass_model(highs, lp)
        kinds = np.full(integers.size, highspy.HighsVarType.kInteger)
        columns = integers.astype(np.int32)
        accept(highs.changeColsIntegrality(columns.size, columns, kinds), "binaries")
        if start is not None:
            accept(highs.setSolution(as_solution(start)), "start")
        _end_at(highs, deadline)
        accept(highs.run(), "run")
        info = highs.getInfo()
        x = np.array(highs.getSolution().col_value)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SolverError("no point found in time")
    return MixedSolution(x=x, lower_bound=float(info.mip_dual_bound))


def _end_at(highs: Silent, deadline: Deadline) -> None:
    """Let HiGHS end at the deadline: its time limit is looked at between nodes only."""

    def interrupt(_kind: Any, _message: str, _out: Any, answer: Any, _data: None) -> None:  # noqa: ANN401
        if answer is not None:
            answer.user_interrupt = now() > deadline.instant

    accept(highs.setCallback(interrupt, None), "callback")
    accept(highs.startCallback(highspy.cb.HighsCallbackType.kCallbackMipInterrupt), "callback")
