"""Flexible loads and stores of heat in the programme of a whole site, every choice a binary.

For sites whose storages may all trade with the grid, and intervals that nothing cuts.
"""

import math

from optimiser import CostFunction, Load
from tests.account import value_at
from tests.oracle.model import Optimum
from tests.oracle.of_site import model_of_site, planning_prices

LEAST_TIME = 5.0 / 60.0  # h, for which a load is on


def least_cost_with_flexible(site, cost_function=CostFunction.PROFIT, **options) -> Optimum:
    """Least planning cost of a site and its flexible consumption."""
    return model_with_flexible(site, cost_function).solved(**options)


def model_with_flexible(site, cost_function):
    model = model_of_site(site, cost_function)
    prices, hours = planning_prices(site, cost_function), site.horizon.hours
    prices_of_import = site.tariff.import_price + prices.import_surcharge
    later = sum((p - 0.01 * abs(p)) * h for p, h in zip(prices_of_import, hours, strict=True))
    later /= sum(hours)
    for one in site.flexible:
        for t, h in enumerate(hours):
            model.column("takes", one.id, t, upper=h * value_at(one.power, t))
        if isinstance(one, Load):
            _load(model, site, one, later, prices.penalty)
        else:
            value = 0.0 if cost_function is CostFunction.PROFIT else _value_of(one, site, later)
            _heat(model, site, one, prices.penalty, value)
    for t in range(hours.size):
        _let_in(model, site, t)
    return model


def _let_in(model, site, t):
    """Count what flexible consumption takes in the balance, and at the meter."""
    takes = [("takes", one.id, t) for one in site.flexible]
    most = sum(model.columns[name].upper for name in takes)
    (balance,) = (
        row for row in model.rows if ("curtail", t) in row.coefficients and row.lower == row.upper
    )
    balance.coefficients |= dict.fromkeys(takes, -1.0)
    most_import = site.horizon.hours[t] * value_at(site.grid.import_limit, t)
    column = model.columns["import", t]
    before, column.upper = column.upper, min(column.upper + most, most_import)
    for row in model.rows:  # choices about the import have room for more
        if ("import", t) in row.coefficients and ("imports", t) in row.coefficients:
            row.coefficients["imports", t] -= most
        if ("import", t) in row.coefficients and ("cut", t) in row.coefficients:
            row.coefficients["cut", t] += column.upper - before
            row.upper += column.upper - before


def _window(site, load):
    """Intervals that lie wholly within the window."""
    instants = [instant.timestamp() for instant in site.horizon.instants]
    first = -math.inf if load.earliest is None else load.earliest.timestamp()
    last = math.inf if load.latest is None else load.latest.timestamp()
    return [
        t
        for t in range(site.horizon.n_intervals)
        if instants[t] >= first - 1e-3 and instants[t + 1] <= last + 1e-3
    ]


def _load(model, site, load, later, penalty):
    hours, inside = site.horizon.hours, _window(site, load)
    ends = site.horizon.end.timestamp() + 1e-3
    is_due = load.latest is None or load.latest.timestamp() <= ends
    model.column("lacks", load.id, cost=penalty if is_due else later)
    takes = {("takes", load.id, t): 1.0 for t in range(hours.size)}
    model.equal({**takes, ("lacks", load.id): 1.0}, load.energy)
    least = load.power if load.least_power is None else load.least_power
    for t, h in enumerate(hours):
        on, energy = ("on", load.id, t), ("takes", load.id, t)
        model.binary(*on)
        if t not in inside:
            model.columns[on].upper = 0.0
        model.row({energy: 1.0, on: -h * load.power}, upper=0.0)
        if load.is_block and least >= load.power:
            continue  # its starts tell
        shortest = h if least < load.power else min(h, LEAST_TIME)
        model.row({energy: 1.0, on: -least * shortest}, lower=0.0)
    if load.is_block and least >= load.power:
        _starts_of_block(model, site, load, inside)
    else:
        _starts(model, site, load)
    if load.after is not None:
        (other,) = (one for one in site.flexible if one.id == load.after)
        for t in range(hours.size):
            before = {("takes", other.id, s): 1.0 for s in range(t)}
            model.row({**before, ("on", load.id, t): -other.energy}, lower=-1e-6)


def _starts_of_block(model, site, load, inside):
    """It begins with an interval, or not at all, and runs at its power until it is done."""
    hours, duration = site.horizon.hours, load.energy / load.power
    taken = {t: {} for t in range(hours.size)}
    begins = {}
    for s in inside:
        left, energies = duration, {}
        for t in [t for t in inside if t >= s]:
            energies[t] = min(left, hours[t])
            left -= energies[t]
            if left <= 1e-9:
                break
        if left > 1e-9:
            continue
        begin = ("begins", load.id, s)
        model.binary(*begin)
        begins[begin] = 1.0
        for t, time in energies.items():
            if time > 1e-9:
                taken[t][begin] = -load.power * time
                model.row({begin: 1.0, ("on", load.id, t): -1.0}, upper=0.0)
    model.row(begins, upper=1.0)
    for t, parts in taken.items():
        model.equal({("takes", load.id, t): 1.0, **parts}, 0.0)


def _starts(model, site, load):
    """Every start costs one of those there are, and is followed by the shortest run."""
    hours = site.horizon.hours
    most = 1 if load.is_block else load.most_starts
    starts = {}
    for t in range(hours.size):
        start, on = ("starts", load.id, t), ("on", load.id, t)
        model.binary(*start)
        starts[start] = 1.0
        before = {("on", load.id, t - 1): -1.0} if t else {}
        model.row({on: 1.0, **before, start: -1.0}, upper=0.0)
        left = load.least_run
        for s in range(t, hours.size):
            if left <= 1e-9:
                break
            model.row({start: 1.0, ("on", load.id, s): -1.0}, upper=0.0)
            left -= hours[s]
        if left > 1e-9:
            model.columns[start].upper = 0.0
    if most is not None:
        model.row(starts, upper=most)
    if (most is not None or load.least_run > 0) and load.least_power in {None, load.power}:
        on = {("on", load.id, t): load.power * h for t, h in enumerate(hours)}
        taken = {("takes", load.id, t): -1.0 for t in range(hours.size)}
        model.row({**on, **taken}, upper=load.power * max(hours))


def _value_of(store, site, later):
    if store.end_value is not None:
        return store.end_value
    hours = site.horizon.hours
    mean = sum(value_at(store.efficiency, t) * h for t, h in enumerate(hours)) / sum(hours)
    return later / mean


def _heat(model, site, store, penalty, value):
    """Heat is never above the most by heating; below the least it costs the penalty."""
    level = {}
    for t, h in enumerate(site.horizon.hours):
        lost = h * (store.loss + value_at(store.draw, t))
        heat = ("heat", store.id, t)
        free = store.level * store.capacity - sum(
            hh * (store.loss + value_at(store.draw, s))
            for s, hh in enumerate(site.horizon.hours[: t + 1])
        )
        model.column(*heat, lower=-math.inf, upper=max(store.most * store.capacity, free))
        gain = {("takes", store.id, t): -value_at(store.efficiency, t)}
        initial = 0.0 if t else store.level * store.capacity
        model.equal({heat: 1.0, **level, **gain}, initial - lost)
        level = {heat: -1.0}
        floor = store.least * store.capacity
        if floor > free:  # what nothing has to be done for costs nothing
            model.column("cold", store.id, t, cost=penalty)
            model.row({heat: 1.0, ("cold", store.id, t): 1.0}, lower=floor)
    last = ("heat", store.id, site.horizon.n_intervals - 1)
    model.column("kept", store.id, cost=-value)
    model.equal({("kept", store.id): 1.0, last: -1.0}, -free)
