"""HiGHS with binaries: one way at a time, and all or nothing, in chosen intervals."""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders import layout as blocks
from optimiser.errors import SolverError
from optimiser.flaws import Flaws, members
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
    formulation: Formulation, chosen: Flaws, *, time_limit: float, start: Vector
) -> MixedSolution:
    """Solve with a binary wherever `chosen` has a flaw.

    Each way of an interval is open or shut, column by column: one choice serves all storages of a
    group, so that none charges another.  A vehicle charges at its least at least, or not at all.

    Parameters
    ----------
    formulation : Formulation
        The programme.
    chosen : Flaws
        Where a binary decides.
    time_limit : float
        Most time. [s]
    start : float64 array, shape (n_cols,)
        A feasible point without flaws.

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
    upper = formulation.lp.col_upper
    n = formulation.layout.n_cols
    choices = _choices(formulation, chosen)
    for choice, (forwards, backwards, least) in enumerate(choices, n):
        accept(highs.addCol(0.0, 0.0, 1.0, 0, [], []), "binary")
        accept(highs.changeColIntegrality(choice, highspy.HighsVarType.kInteger), "binary")
        for column in forwards:
            entries = 2, [column, choice], [1.0, -float(upper[column])]
            accept(highs.addRow(-highspy.kHighsInf, 0.0, *entries), "row")
        for column in backwards:
            limit = float(upper[column])
            entries = 2, [column, choice], [1.0, limit]
            accept(highs.addRow(-highspy.kHighsInf, limit, *entries), "row")
        if least > 0:
            entries = 2, [forwards[0], choice], [1.0, -least]
            accept(highs.addRow(0.0, highspy.kHighsInf, *entries), "row")
    taken = [float(start[one].sum() > start[other].sum()) for one, other, _ in choices]
    accept(highs.setSolution(as_solution(np.concatenate([start, taken]))), "start")
    accept(highs.run(), "run")

    info = highs.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SolverError("no point found in time")
    x = np.array(highs.getSolution().col_value)[:n]
    return MixedSolution(x=x, lower_bound=float(info.mip_dual_bound))


def _choices(formulation: Formulation, chosen: Flaws) -> list[tuple[list[int], list[int], float]]:
    """Columns that one choice opens, columns that it shuts, and the least of the former."""
    all_columns = np.arange(formulation.layout.n_cols)
    storages = formulation.programme.storages

    def columns(block: int) -> NDArray[np.int64]:
        columns = all_columns[formulation.layout.columns(block)]
        return columns.reshape(-1, formulation.layout.n_intervals)

    imports, exports = columns(blocks.IMPORT)[0], columns(blocks.EXPORT)[0]
    charge, discharge = columns(blocks.CHARGE), columns(blocks.DISCHARGE)
    choices: list[tuple[list[int], list[int], float]] = [
        ([int(imports[t])], [int(exports[t])], 0.0) for t in np.flatnonzero(chosen.meter)
    ]
    for group, both in zip(members(storages), chosen.groups, strict=True):
        choices += [
            (charge[group, t].tolist(), discharge[group, t].tolist(), 0.0)
            for t in np.flatnonzero(both)
        ]
    choices += [
        ([int(charge[k, t])], [], float(storages.least_charge[k, t]))
        for k, t in zip(*np.nonzero(chosen.trickles), strict=True)
    ]
    return choices
