"""The independent oracle: HiGHS' mixed-integer solver on the arrays of the linear programme.

The relaxation, and two binaries for every interval: the meter imports or exports, the storage
charges or discharges.  What lies beyond a limit of the meter costs the penalty on top, so no
optimum uses it before the limit is full, and it needs no binary of its own.
"""

from dataclasses import dataclass
from time import perf_counter

import highspy
import numpy as np

from matrix_builders.layout import (
    CHARGE,
    DISCHARGE,
    EXPORT,
    EXPORT_EXCESS,
    IMPORT,
    IMPORT_EXCESS,
)
from optimiser.model.formulation import formulate

# As tight as HiGHS allows, nearly: a penalty of 500 $/kWh times its default 1e-7 kWh, in every
# interval, would be seen.
OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-9,
    "mip_abs_gap": 1e-9,
    "mip_rel_gap": 1e-9,
}


@dataclass(frozen=True)
class Optimum:
    """What HiGHS says of one programme."""

    cost: float  # of the best plan found [$]
    bound: float  # that no plan undercuts [$]
    is_proved: bool
    seconds: float


def optimum(programme, time_limit=60.0):
    """Least cost with a binary on every interval, for the meter and for the storage."""
    formulation = formulate(programme)
    highs = _model(formulation.lp, time_limit)
    lengths, starts = formulation.layout.column_lengths, formulation.layout.column_starts
    upper = formulation.lp.col_upper

    def columns(blocks, t):
        return [int(starts[block]) + t for block in blocks if lengths[block]]

    for t in range(formulation.layout.n_intervals):
        for blocks, opposites in (
            ((IMPORT, IMPORT_EXCESS), (EXPORT, EXPORT_EXCESS)),
            ((CHARGE,), (DISCHARGE,)),
        ):
            _exclude(highs, columns(blocks, t), columns(opposites, t), upper)
    return _run(highs)


def relaxation(programme):
    """Least cost of the linear programme alone."""
    return _run(_model(formulate(programme).lp, time_limit=60.0))


SCALE = 1024.0
"""Costs are given to HiGHS this many times too large: a price that is off by less than its
tolerance counts as none, and there are prices here that differ by 1e-12."""


def _exclude(highs, columns, opposites, upper):
    """Let either of two sums of columns be positive, by one binary."""
    binary = highs.getNumCol()
    highs.addCol(0.0, 0.0, 1.0, 0, np.array([], dtype=np.int32), np.array([]))
    highs.changeColIntegrality(binary, highspy.HighsVarType.kInteger)
    most, most_opposite = upper[columns].sum(), upper[opposites].sum()
    # sum <= most * binary        opposite sum <= most * (1 - binary)
    _at_most(highs, 0.0, [*columns, binary], [*np.ones(len(columns)), -most])
    _at_most(highs, most_opposite, [*opposites, binary], [*np.ones(len(opposites)), most_opposite])


def _at_most(highs, limit, columns, coefficients):
    highs.addRow(
        -highspy.kHighsInf, limit, len(columns), np.array(columns, np.int32), np.array(coefficients)
    )


def _model(lp, time_limit):
    highs = highspy.Highs()
    for option, value in {**OPTIONS, "time_limit": time_limit}.items():
        assert highs.setOptionValue(option, value) == highspy.HighsStatus.kOk, option
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = lp.cost.size, lp.row_lower.size
    model.col_cost_ = lp.cost * SCALE
    model.col_lower_, model.col_upper_ = lp.col_lower, lp.col_upper
    model.row_lower_, model.row_upper_ = lp.row_lower, lp.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = lp.matrix.indptr
    model.a_matrix_.index_ = lp.matrix.indices
    model.a_matrix_.value_ = lp.matrix.data
    assert highs.passModel(model) == highspy.HighsStatus.kOk
    return highs


def _run(highs):
    began = perf_counter()
    assert highs.run() != highspy.HighsStatus.kError
    if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        # Standing still is always a plan.  It is presolve that errs, at such tolerances.
        assert highs.setOptionValue("presolve", "off") == highspy.HighsStatus.kOk
        assert highs.run() != highspy.HighsStatus.kError
    seconds = perf_counter() - began
    info = highs.getInfo()
    cost = float(info.objective_function_value) / SCALE
    bound = float(info.mip_dual_bound) / SCALE if highs.getLp().integrality_ else cost
    is_proved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return Optimum(cost, bound, is_proved, seconds)
