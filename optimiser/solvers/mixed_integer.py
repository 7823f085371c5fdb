"""HiGHS with binaries: one direction at a time in chosen intervals."""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from matrix_builders import Layout, Vector
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

    Each adds ``forwards <= limit z`` and ``backwards <= limit (1 - z)``, column by column: one
    choice serves all storages of an interval, so that none charges another.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    exclusive : bool array, shape (2, T)
        Intervals in which the meter (first row) or the storages must choose.
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
    choices = _choices(formulation.layout, exclusive)
    upper = formulation.lp.col_upper
    n = formulation.layout.n_cols
    for i, (forwards, backwards) in enumerate(choices):
        choice = n + i
        accept(highs.addCol(0.0, 0.0, 1.0, 0, [], []), "binary")
        accept(highs.changeColIntegrality(choice, highspy.HighsVarType.kInteger), "binary")
        for column in forwards:
            entries = 2, [column, choice], [1.0, -upper[column]]
            accept(highs.addRow(-highspy.kHighsInf, 0.0, *entries), "row")
        for column in backwards:
            limit = float(upper[column])
            entries = 2, [column, choice], [1.0, limit]
            accept(highs.addRow(-highspy.kHighsInf, limit, *entries), "row")
    chosen = [float(start[one].sum() > start[other].sum()) for one, other in choices]
    accept(highs.setSolution(as_solution(np.concatenate([start, chosen]))), "start")
    accept(highs.run(), "run")

    info = highs.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SolverError("no point found in time")
    x = np.array(highs.getSolution().col_value)[:n]
    return MixedSolution(x=x, lower_bound=float(info.mip_dual_bound))


def _choices(layout: Layout, exclusive: NDArray[np.bool_]) -> list[tuple[list[int], list[int]]]:
    """Columns of the two directions of every choice."""
    all_columns = np.arange(layout.n_cols)

    def columns(block: int) -> NDArray[np.int64]:
        return all_columns[layout.columns(block)].reshape(-1, layout.n_intervals)

    pairs = ((blocks.IMPORT, blocks.EXPORT), (blocks.CHARGE, blocks.DISCHARGE))
    return [
        (columns(forwards)[:, t].tolist(), columns(backwards)[:, t].tolist())
        for (forwards, backwards), chooses in zip(pairs, exclusive, strict=True)
        for t in np.flatnonzero(chooses).tolist()
    ]
