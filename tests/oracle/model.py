"""A mixed-integer programme with named columns and rows, and HiGHS to solve it."""

import math
from dataclasses import dataclass, field

import highspy
import numpy as np

# As tight as HiGHS allows, nearly: a penalty of 500 $/kWh times its default 1e-7 kWh, in every
# interval, would be seen.
TOLERANCES = {
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-9,
    "mip_abs_gap": 1e-9,
}

SCALE = 1024.0
"""Costs are given to HiGHS this many times too large: a price that is off by less than its
tolerance counts as none, and there are prices here that differ by 1e-12."""


@dataclass(frozen=True)
class Optimum:
    """What HiGHS says of one programme."""

    cost: float  # of the best plan found [$]
    bound: float  # that no plan undercuts [$]
    is_proved: bool
    values: dict = field(default_factory=dict)  # of each column of that plan, by name


@dataclass
class Column:
    name: tuple
    cost: float
    lower: float
    upper: float
    is_integer: bool


@dataclass
class Row:
    name: tuple
    coefficients: dict
    lower: float
    upper: float


@dataclass
class Model:
    """Columns and rows by name, in the order in which they were stated."""

    columns: dict[tuple, Column] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def column(self, *name, cost=0.0, lower=0.0, upper=math.inf, is_integer=False):
        column = Column(name, float(cost), float(lower), float(upper), is_integer)
        assert name not in self.columns, name
        self.columns[name] = column

    def binary(self, *name):
        self.column(*name, upper=1.0, is_integer=True)

    def row(self, coefficients, *name, lower=-math.inf, upper=math.inf):
        self.rows.append(Row(name, coefficients, float(lower), float(upper)))

    def equal(self, coefficients, value, *name):
        self.row(coefficients, *name, lower=value, upper=value)

    def either(self, ways, opposites, most, most_opposite, *name):
        """Let one of two sums be positive, each at most so large."""
        self.binary(*name)
        self.row({**dict.fromkeys(ways, 1.0), name: -most}, upper=0.0)
        self.row({**dict.fromkeys(opposites, 1.0), name: most_opposite}, upper=most_opposite)

    def only_at(self, way, t, outlets, most, inlets, others=()):
        """Let a column be positive only where outlets are at their most and inlets at zero.

        Or where one of the other binaries is 1.
        """
        self.binary("cut", t)
        for name in inlets:
            upper = self.columns[name].upper
            self.row({name: 1.0, ("cut", t): upper}, upper=upper)
        upper = self.columns[way, t].upper
        self.row({(way, t): 1.0, **dict.fromkeys([("cut", t), *others], -upper)}, upper=0.0)
        self.row({**dict.fromkeys(outlets, -1.0), ("cut", t): most}, upper=0.0)

    def matrix(self):
        """Coefficients; shape (n_rows, n_cols)."""
        place = {name: j for j, name in enumerate(self.columns)}
        matrix = np.zeros((len(self.rows), len(self.columns)))
        for i, row in enumerate(self.rows):
            for name, value in row.coefficients.items():
                matrix[i, place[name]] += value
        return matrix

    def solved(self, *, gap=1e-9, time_limit=60.0) -> Optimum:
        """The optimum, or what is known of it when the time is up."""
        options = {"output_flag": False, "threads": 1, "time_limit": time_limit}
        highs = highspy.Highs()
        for option, value in {**options, **TOLERANCES, "mip_rel_gap": gap}.items():
            assert highs.setOptionValue(option, value) == highspy.HighsStatus.kOk, option
        assert highs.passModel(self._for_highs()) != highspy.HighsStatus.kError
        assert highs.run() != highspy.HighsStatus.kError
        if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            # Standing still is always a plan.  It is presolve that errs, at such tolerances.
            assert highs.setOptionValue("presolve", "off") == highspy.HighsStatus.kOk
            assert highs.run() != highspy.HighsStatus.kError
        cost = float(highs.getInfo().objective_function_value) / SCALE
        has_integers = any(column.is_integer for column in self.columns.values())
        bound = float(highs.getInfo().mip_dual_bound) / SCALE if has_integers else cost
        is_proved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        values = dict(zip(self.columns, highs.getSolution().col_value, strict=True))
        return Optimum(cost, bound, is_proved, values)

    def _for_highs(self):
        columns = list(self.columns.values())
        place = {name: j for j, name in enumerate(self.columns)}
        entries = [(place[n], v) for row in self.rows for n, v in row.coefficients.items()]
        sizes = [len(row.coefficients) for row in self.rows]
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(columns), len(self.rows)
        model.col_cost_ = np.array([SCALE * column.cost for column in columns])
        model.col_lower_ = np.array([column.lower for column in columns])
        model.col_upper_ = np.array([column.upper for column in columns])
        model.row_lower_ = np.array([row.lower for row in self.rows])
        model.row_upper_ = np.array([row.upper for row in self.rows])
        if any(column.is_integer for column in columns):
            kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
            model.integrality_ = [kinds[column.is_integer] for column in columns]
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([j for j, _ in entries], dtype=np.int32)
        model.a_matrix_.value_ = np.array([value for _, value in entries], dtype=np.float64)
        return model
