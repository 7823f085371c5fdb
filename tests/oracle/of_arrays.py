"""The programme that `matrix_builders` write of a problem's tables, written out a second time.

No kernels and no offsets: slow and obvious, so that a kernel that is fast and wrong has something
to differ from.
"""

import math

from tests.oracle.model import Model
from tests.tables import meter_of, storages_of


def model_of_arrays(problem, *, one_way=False):
    """The whole programme, in the order of the blocks.

    Where `one_way`, with two binaries for every interval: the meter imports or exports, the
    storage charges or discharges.  What lies beyond a limit of the meter costs the penalty on top,
    so no optimum uses it before the limit is full, and it needs no binary of its own.
    """
    model, meter, storages = Model(), meter_of(problem), storages_of(problem)
    _meter_columns(model, meter)
    _storage_columns(model, storages)
    _slack_columns(model, storages)
    _balance(model, meter, storages)
    _dynamics(model, storages)
    _soft_levels(model, storages)
    _end_levels(model, storages)
    if one_way:
        for t in _intervals(meter):
            _one_way(model, t)
            if not meter.may_curtail[t] and meter.curtail_limit[t] > 0:
                ways = {way: [(way, t), (f"{way} excess", t)] for way in ("export", "import")}
                outlets, inlets = ([n for n in ways[w] if n in model.columns] for w in ways)
                most = meter.export_limit[t] + meter.export_excess[t]
                model.only_at("curtail", t, outlets, most, inlets)
    return model


def _one_way(model, t):
    for name, ways, opposites in (
        ("imports", [("import", t), ("import excess", t)], [("export", t), ("export excess", t)]),
        ("charges", [("charge", 0, t)], [("discharge", 0, t)]),
    ):
        present = [[way for way in side if way in model.columns] for side in (ways, opposites)]
        most = [sum(model.columns[way].upper for way in side) for side in present]
        model.either(*present, *most, name, t)


def _intervals(meter):
    return range(len(meter.net_load))


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


def _meter_columns(model, meter):
    for t in _intervals(meter):
        model.column("import", t, cost=meter.import_price[t], upper=meter.import_limit[t])
    for t in _intervals(meter):
        model.column("export", t, cost=-meter.export_price[t], upper=meter.export_limit[t])
    if any(limit != 0 for limit in meter.curtail_limit):
        for t in _intervals(meter):
            model.column("curtail", t, upper=meter.curtail_limit[t])
    if any(excess != 0 for excess in meter.import_excess):
        for t in _intervals(meter):
            cost = meter.import_price[t] + meter.penalty
            model.column("import excess", t, cost=cost, upper=meter.import_excess[t])
    if any(excess != 0 for excess in meter.export_excess):
        for t in _intervals(meter):
            cost = meter.penalty - meter.export_price[t]
            model.column("export excess", t, cost=cost, upper=meter.export_excess[t])


def _storage_columns(model, storages):
    for k, t in _storages(storages):
        model.column("charge", k, t, cost=storages.wear[k], upper=storages.charge_limit[k, t])
    for k, t in _storages(storages):
        model.column("discharge", k, t, cost=storages.wear[k], upper=storages.discharge_limit[k, t])
    for k, t in _storages(storages):
        lower, upper = storages.stored_lower[k, t], storages.stored_upper[k, t]
        model.column("stored", k, t, lower=lower, upper=upper)


def _slack_columns(model, storages):
    for at in _floors(storages):
        room = storages.soft_floor[at] - storages.stored_lower[at]
        model.column("shortfall", *at, cost=storages.level_price[at[0]], upper=room)
    for at in _ceilings(storages):
        room = storages.stored_upper[at] - storages.soft_ceiling[at]
        model.column("overfill", *at, cost=storages.level_price[at[0]], upper=room)
    for e in range(len(storages.end_width)):
        for j in _segments(storages, e):
            value, width = storages.end_price[e, j], storages.end_width[e, j]
            model.column("end energy", e, j, cost=-value, upper=width)


def _balance(model, meter, storages):
    signs = {"import": 1, "import excess": 1, "export": -1, "export excess": -1, "curtail": -1}
    for t in _intervals(meter):
        present = [(way, t) for way in signs if (way, t) in model.columns]
        coefficients = {name: signs[name[0]] for name in present}
        for k in range(len(storages.initial)):
            coefficients["discharge", k, t] = 1
            coefficients["charge", k, t] = -1
        net_load = meter.net_load[t]
        model.equal(coefficients, net_load, "balance", t)


def _dynamics(model, storages):
    for k, t in _storages(storages):
        coefficients = {
            ("stored", k, t): 1,
            ("charge", k, t): -storages.charge_efficiency[k],
            ("discharge", k, t): 1 / storages.discharge_efficiency[k],
        }
        known = storages.initial[k] if t == 0 else 0.0
        if t > 0:
            coefficients["stored", k, t - 1] = -1
        model.equal(coefficients, known, "dynamics", k, t)


def _soft_levels(model, storages):
    for at in _floors(storages):
        coefficients = {("stored", *at): 1, ("shortfall", *at): 1}
        floor = storages.soft_floor[at]
        model.row(coefficients, "floor", *at, lower=floor, upper=math.inf)
    for at in _ceilings(storages):
        coefficients = {("stored", *at): 1, ("overfill", *at): -1}
        ceiling = storages.soft_ceiling[at]
        model.row(coefficients, "ceiling", *at, lower=-math.inf, upper=ceiling)


def _end_levels(model, storages):
    n = storages.charge_limit.shape[1]
    for e in range(len(storages.end_width)):
        segments = {("end energy", e, j): -1 for j in _segments(storages, e)}
        if segments:
            members = [k for k, end in enumerate(storages.end_of) if end == e]
            floor = sum(storages.stored_lower[k, n - 1] for k in members)
            coefficients = {**{("stored", k, n - 1): 1 for k in members}, **segments}
            model.equal(coefficients, floor, "end level", e)
