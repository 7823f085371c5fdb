"""The programme of `matrix_builders`, written out a second time: named columns, plain loops.

No kernels and no offsets: a column or row is a name, a coefficient an entry of a dictionary.
Slow and obvious, so that a kernel that is fast and wrong has something to differ from.
"""

import math
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Column:
    name: tuple
    cost: float
    lower: float
    upper: float


@dataclass
class Row:
    name: tuple
    coefficients: dict
    lower: float
    upper: float


@dataclass
class DenseProgramme:
    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def column(self, *name, cost=0.0, lower=0.0, upper):
        self.columns.append(Column(name, cost, lower, upper))

    def row(self, *name, coefficients, lower, upper):
        self.rows.append(Row(name, coefficients, lower, upper))

    def matrix(self):
        """Coefficients; shape (n_rows, n_cols)."""
        place = {column.name: j for j, column in enumerate(self.columns)}
        matrix = np.zeros((len(self.rows), len(self.columns)))
        for i, row in enumerate(self.rows):
            for name, value in row.coefficients.items():
                matrix[i, place[name]] = value
        return matrix


def dense_programme(site, storages):
    """The whole programme, in the order of the blocks."""
    dense = DenseProgramme()
    _meter_columns(dense, site)
    _storage_columns(dense, storages)
    _slack_columns(dense, storages)
    _balance(dense, site, storages)
    _dynamics(dense, storages)
    _soft_levels(dense, storages)
    _end_levels(dense, storages)
    return dense


def dense_matrix(lp):
    """Coefficients of a `LinearProgram`, entry by entry; shape (n_rows, n_cols)."""
    indptr, indices, data = (array.tolist() for array in lp.matrix)
    matrix = np.zeros((lp.row_lower.size, lp.cost.size))
    for j in range(lp.cost.size):
        for place in range(indptr[j], indptr[j + 1]):
            matrix[indices[place], j] += data[place]
    return matrix


def _intervals(site):
    return range(len(site.net_load))


def _storages(storages):
    k_and_t = storages.charge_limit.shape
    return [(k, t) for k in range(k_and_t[0]) for t in range(k_and_t[1])]


def _floors(storages):
    return [at for at in _storages(storages) if storages.soft_floor[at] > storages.stored_lower[at]]


def _ceilings(storages):
    return [
        at for at in _storages(storages) if storages.soft_ceiling[at] < storages.stored_upper[at]
    ]


def _segments(storages, e):
    return range(len(storages.end_width[e]))


def _meter_columns(dense, site):
    for t in _intervals(site):
        dense.column("import", t, cost=site.import_price[t], upper=site.import_limit[t])
    for t in _intervals(site):
        dense.column("export", t, cost=-site.export_price[t], upper=site.export_limit[t])
    if any(limit != 0 for limit in site.curtail_limit):
        for t in _intervals(site):
            dense.column("curtail", t, upper=site.curtail_limit[t])
    if any(excess != 0 for excess in site.import_excess):
        for t in _intervals(site):
            cost = site.import_price[t] + site.penalty
            dense.column("import excess", t, cost=cost, upper=site.import_excess[t])
    if any(excess != 0 for excess in site.export_excess):
        for t in _intervals(site):
            cost = site.penalty - site.export_price[t]
            dense.column("export excess", t, cost=cost, upper=site.export_excess[t])


def _storage_columns(dense, storages):
    for k, t in _storages(storages):
        dense.column("charge", k, t, cost=storages.wear[k], upper=storages.charge_limit[k, t])
    for k, t in _storages(storages):
        dense.column("discharge", k, t, cost=storages.wear[k], upper=storages.discharge_limit[k, t])
    for k, t in _storages(storages):
        lower, upper = storages.stored_lower[k, t], storages.stored_upper[k, t]
        dense.column("stored", k, t, lower=lower, upper=upper)


def _slack_columns(dense, storages):
    for at in _floors(storages):
        room = storages.soft_floor[at] - storages.stored_lower[at]
        dense.column("shortfall", *at, cost=storages.level_price[at[0]], upper=room)
    for at in _ceilings(storages):
        room = storages.stored_upper[at] - storages.soft_ceiling[at]
        dense.column("overfill", *at, cost=storages.level_price[at[0]], upper=room)
    for e in range(len(storages.end_width)):
        for j in _segments(storages, e):
            value, width = storages.end_price[e, j], storages.end_width[e, j]
            dense.column("end energy", e, j, cost=-value, upper=width)


def _balance(dense, site, storages):
    present = {column.name for column in dense.columns}
    meter = {"import": 1, "import excess": 1, "export": -1, "export excess": -1, "curtail": -1}
    for t in _intervals(site):
        coefficients = {(name, t): sign for name, sign in meter.items() if (name, t) in present}
        for k in range(len(storages.initial)):
            coefficients["discharge", k, t] = 1
            coefficients["charge", k, t] = -1
        net_load = site.net_load[t]
        dense.row("balance", t, coefficients=coefficients, lower=net_load, upper=net_load)


def _dynamics(dense, storages):
    for k, t in _storages(storages):
        coefficients = {
            ("stored", k, t): 1,
            ("charge", k, t): -storages.charge_efficiency[k],
            ("discharge", k, t): 1 / storages.discharge_efficiency[k],
        }
        known = storages.initial[k] if t == 0 else 0.0
        if t > 0:
            coefficients["stored", k, t - 1] = -1
        dense.row("dynamics", k, t, coefficients=coefficients, lower=known, upper=known)


def _soft_levels(dense, storages):
    for at in _floors(storages):
        coefficients = {("stored", *at): 1, ("shortfall", *at): 1}
        floor = storages.soft_floor[at]
        dense.row("floor", *at, coefficients=coefficients, lower=floor, upper=math.inf)
    for at in _ceilings(storages):
        coefficients = {("stored", *at): 1, ("overfill", *at): -1}
        ceiling = storages.soft_ceiling[at]
        dense.row("ceiling", *at, coefficients=coefficients, lower=-math.inf, upper=ceiling)


def _end_levels(dense, storages):
    n = storages.charge_limit.shape[1]
    for e in range(len(storages.end_width)):
        segments = {("end energy", e, j): -1 for j in _segments(storages, e)}
        if segments:
            members = [k for k, end in enumerate(storages.end_of) if end == e]
            floor = sum(storages.stored_lower[k, n - 1] for k in members)
            coefficients = {**{("stored", k, n - 1): 1 for k in members}, **segments}
            dense.row("end level", e, coefficients=coefficients, lower=floor, upper=floor)
