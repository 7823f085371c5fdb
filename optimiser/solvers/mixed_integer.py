"""HiGHS with binaries: one direction at a time in chosen intervals."""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders import layout as blocks
from optimiser.errors import SolverError
from optimiser.formulation import Formulation
from optimiser.solvers.highs import accept, as_highs, as_solution

name = "highs_mip"

_OPTIONS: dict[str, bool | int | float] = {
    "output_flag": False,
    "threads": 1,
    "mip_rel_gap": 1e-7,
    "mip_abs_gap": 1e-6,
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
    exclusive: NDArray[np.bool_],
    *,
    time_limit: float,
    start: Vector,
) -> MixedSolution:
    """Solve with a binary wherever `exclusive` holds.

    Each adds ``forwards <= limit z`` and ``backwards <= limit (1 - z)``.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    exclusive : bool array, shape (1 + K, T)
        Intervals in which the meter (first row) or a storage must choose.
    time_limit : float
        Most time. [s]
    start : float64 array, shape (n_cols,)
        A feasible point that goes one way everywhere.

    Returns
    -------
    MixedSolution
        Optimal where time allowed.

    Raises
    ------
    SolverError
        Where no point was found.
    """
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in {**_OPTIONS, "time_limit": time_limit}.items():
        accept(highs.setOptionValue(option, value), f"option {option}")
    accept(highs.passModel(as_highs(formulation.lp)), "model")
    forwards, backwards = _columns(formulation, exclusive)
    upper = formulation.lp.col_upper
    n = formulation.layout.n_cols
    for i, (one, other) in enumerate(zip(forwards.tolist(), backwards.tolist(), strict=True)):
        choice = n + i
        accept(highs.addCol(0.0, 0.0, 1.0, 0, [], []), "binary")
        accept(highs.changeColIntegrality(choice, highspy.HighsVarType.kInteger), "binary")
        at_most = -highspy.kHighsInf, 0.0
        accept(highs.addRow(*at_most, 2, [one, choice], [1.0, -upper[one]]), "row")
        limit = float(upper[other])
        at_most = -highspy.kHighsInf, limit
        accept(highs.addRow(*at_most, 2, [other, choice], [1.0, limit]), "row")
    chosen = (start[forwards] > start[backwards]).astype(np.float64)
    accept(highs.setSolution(as_solution(np.concatenate([start, chosen]))), "start")
    accept(highs.run(), "run")

    info = highs.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SolverError("no point found in time")
    x = np.array(highs.getSolution().col_value)[:n]
    return MixedSolution(x=x, lower_bound=float(info.mip_dual_bound))


def _columns(
    formulation: Formulation, exclusive: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns of both directions of every choice."""
    layout = formulation.layout
    meter = np.flatnonzero(exclusive[0])
    storage = np.flatnonzero(exclusive[1:])
    start = layout.column_starts
    forwards = np.concatenate([start[blocks.IMPORT] + meter, start[blocks.CHARGE] + storage])
    backwards = np.concatenate([start[blocks.EXPORT] + meter, start[blocks.DISCHARGE] + storage])
    return forwards, backwards
