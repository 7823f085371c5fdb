"""The whole problem as one mixed-integer programme, for SciPy: named columns, a dense matrix.

Everything that a house can do and nothing else, each choice a binary from the start: the meter goes
one way, so do all batteries together and each vehicle, and a charger is off or above its least.
Only two things come from the library: what a miss costs, and what energy left at the end is worth.
"""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from optimiser import CostFunction, Direction, ProviderRules
from optimiser.planner import state
from tests.whole_sites.account import (
    allowance_days,
    clipping,
    feed_in_limit,
    gain,
    is_barred,
    is_here,
    leaves_after,
    limit_at,
    metering_blocks,
    shortage_excess,
    wanted_at_departure,
    wanted_at_end,
)

PROVED = 0
"""SciPy's status of an optimum."""


@dataclass(frozen=True)
class Optimum:
    """What SciPy says of one programme."""

    cost: float  # of the best plan found [$]
    bound: float  # that no plan undercuts [$]
    is_proved: bool
    seconds: float
    values: dict  # of every column, by name


@dataclass
class Model:
    """Columns and rows by name."""

    names: dict = field(default_factory=dict)
    cost: list = field(default_factory=list)
    lower: list = field(default_factory=list)
    upper: list = field(default_factory=list)
    integer: list = field(default_factory=list)
    rows: list = field(default_factory=list)

    def column(self, *name, cost=0.0, lower=0.0, upper=np.inf, integer=False):
        self.names[name] = len(self.cost)
        self.cost.append(float(cost))
        self.lower.append(float(lower))
        self.upper.append(float(upper))
        self.integer.append(int(integer))

    def binary(self, *name):
        self.column(*name, upper=1.0, integer=True)

    def row(self, coefficients, *, lower=-np.inf, upper=np.inf):
        self.rows.append((coefficients, lower, upper))

    def equal(self, coefficients, value):
        self.row(coefficients, lower=value, upper=value)

    def either(self, ways, opposites, most, most_opposite, *name):
        """Let one of two sums be positive."""
        self.binary(*name)
        self.row({**dict.fromkeys(ways, 1.0), name: -most}, upper=0.0)
        self.row({**dict.fromkeys(opposites, 1.0), name: most_opposite}, upper=most_opposite)

    def solved(self, *, gap=1e-7, time_limit=20.0):
        matrix = np.zeros((len(self.rows), len(self.cost)))
        for i, (coefficients, _, _) in enumerate(self.rows):
            for name, value in coefficients.items():
                matrix[i, self.names[name]] += value
        bounds = (np.array([row[side] for row in self.rows]) for side in (1, 2))
        began = perf_counter()
        found = milp(
            np.array(self.cost),
            integrality=np.array(self.integer),
            bounds=Bounds(np.array(self.lower), np.array(self.upper)),
            constraints=LinearConstraint(matrix, *bounds),
            options={"mip_rel_gap": gap, "time_limit": time_limit},
        )
        seconds = perf_counter() - began
        assert found.x is not None, found.message
        values = dict(zip(self.names, found.x.tolist(), strict=True))
        bound = float(found.fun) if found.mip_dual_bound is None else float(found.mip_dual_bound)
        return Optimum(float(found.fun), bound, found.status == PROVED, seconds, values)


def optimum(site, cost_function=CostFunction.PROFIT, **options):
    """Least planning cost of a site."""
    return full_programme(site, cost_function).solved(**options)


def full_programme(site, cost_function=CostFunction.PROFIT):
    """State the whole problem."""
    consumes_itself = cost_function is CostFunction.SELF_CONSUMPTION
    known = state(site, cost_function, ProviderRules())
    surcharge = known.site.import_price - site.tariff.import_price
    model = Model()
    _meter(model, site, surcharge, known.site.penalty)
    _storages(model, site, known.storages)
    for t in range(site.horizon.n_intervals):
        _balance(model, site, t)
        _one_way(model, site, t)
        _permissions(model, site, t, consumes_itself)
        _inverter(model, site, t)
    _peaks(model, site)
    _bonuses(model, site, surcharge)
    return model


def _meter(model, site, surcharge, penalty):
    tariff, hours = site.tariff, site.horizon.hours
    solar, load = site.forecast.solar, site.forecast.load
    for t, h in enumerate(hours):
        price, reward = tariff.import_price[t] + surcharge[t], tariff.export_price[t]
        most = min(h * limit_at(site.grid.import_limit, t), most_import(site, t))
        model.column("import", t, cost=price, upper=most)
        model.column("import excess", t, cost=price + penalty, upper=shortage_excess(site, t))
        most = h * limit_at(site.grid.export_limit, t)
        lost = solar[t] if site.grid.curtailment else clipping(site, t)
        excess = max(solar[t] - load[t] - lost - most, 0.0)
        model.column("export", t, cost=-reward, upper=min(most, most_export(site, t)))
        model.column("export excess", t, cost=penalty - reward, upper=excess)
        model.column("curtail", t, upper=lost)


def most_import(site, t):
    """Most that could ever come through the meter. [kWh]"""
    charge = sum(storage.charge_limit for storage in site.storages)
    return float(site.forecast.load[t] + site.forecast.solar[t] + site.horizon.hours[t] * charge)


def most_export(site, t):
    """Most that could ever go out. [kWh]"""
    discharge = sum(storage.discharge_limit for storage in site.storages)
    return float(site.forecast.solar[t] + site.horizon.hours[t] * discharge)


def _storages(model, site, known):
    n = site.horizon.n_intervals
    lows = {}
    for k, storage in enumerate(site.storages):
        is_vehicle = k >= len(site.batteries)
        low, high = _band(storage, is_vehicle)
        level = {}
        for t, h in enumerate(site.horizon.hours):
            here = not is_vehicle or is_here(site, storage, t)
            wear = storage.cycle_cost
            model.column("charge", k, t, cost=wear, upper=here * h * storage.charge_limit)
            model.column("discharge", k, t, cost=wear, upper=here * h * storage.discharge_limit)
            model.column("stored", k, t, lower=low, upper=high)
            change = {
                ("charge", k, t): -storage.charge_efficiency,
                ("discharge", k, t): 1.0 / storage.discharge_efficiency,
                ("stored", k, t): 1.0,
            }
            initial = 0.0 if t else storage.initial_soc * storage.capacity
            model.equal({**change, **level}, initial)
            level = {("stored", k, t): -1.0}
            if is_vehicle and storage.least_charge > 0:
                model.binary("on", k, t)
                least, most = -h * storage.least_charge, -h * storage.charge_limit
                model.row({("charge", k, t): 1.0, ("on", k, t): least}, lower=0.0)
                model.row({("charge", k, t): 1.0, ("on", k, t): most}, upper=0.0)
        price = known.level_price[k]
        if is_vehicle:
            _wish(model, k, leaves_after(site, storage), wanted_at_departure(site, storage), price)
        else:
            _wish(model, k, n - 1, wanted_at_end(storage), price)
            model.column("overfill", k, cost=price)
            ceiling = storage.max_soc * storage.capacity
            model.row({("stored", k, n - 1): 1.0, ("overfill", k): -1.0}, upper=ceiling)
        lows[k] = low
    for e, (widths, worths) in enumerate(zip(known.end_width, known.end_price, strict=True)):
        members = [k for k, end in enumerate(known.end_of) if end == e]
        left = {("stored", k, n - 1): -1.0 for k in members}
        for j, (width, worth) in enumerate(zip(widths, worths, strict=True)):
            model.column("end", e, j, cost=-worth, upper=width)
            left["end", e, j] = 1.0
        model.row(left, upper=-sum(lows[k] for k in members))


def _band(storage, is_vehicle):
    if is_vehicle:
        least = min(storage.least_soc, storage.initial_soc)
        low = least if storage.discharge_limit > 0 else storage.initial_soc
        high = max(storage.most_soc, storage.initial_soc)
    else:
        low = min(storage.reserve, storage.initial_soc)
        high = max(storage.max_soc, storage.initial_soc)
    return low * storage.capacity, high * storage.capacity


def _wish(model, k, t, wanted, price):
    model.column("shortfall", k, cost=price)
    model.row({("stored", k, t): 1.0, ("shortfall", k): 1.0}, lower=wanted)


def _balance(model, site, t):
    balance = {
        ("import", t): 1.0,
        ("import excess", t): 1.0,
        ("export", t): -1.0,
        ("export excess", t): -1.0,
        ("curtail", t): -1.0,
    }
    for k in range(len(site.storages)):
        balance["charge", k, t] = -1.0
        balance["discharge", k, t] = 1.0
    model.equal(balance, site.forecast.load[t] - site.forecast.solar[t])


def _one_way(model, site, t):
    imports, exports = ([(way, t), (f"{way} excess", t)] for way in ("import", "export"))
    model.either(imports, exports, most_import(site, t), most_export(site, t), "imports", t)
    n, h = len(site.batteries), site.horizon.hours[t]
    groups = [range(n), *([k] for k in range(n, len(site.storages)))]
    for g, group in enumerate(groups):
        charge = h * sum(site.storages[k].charge_limit for k in group)
        discharge = h * sum(site.storages[k].discharge_limit for k in group)
        if charge > 0 and discharge > 0:
            ways = ([(way, k, t) for k in group] for way in ("charge", "discharge"))
            model.either(*ways, charge, discharge, "charges", g, t)


def _permissions(model, site, t, consumes_itself):
    every, n = range(len(site.storages)), len(site.batteries)
    net_load = site.forecast.load[t] - site.forecast.solar[t]
    surplus = max(-net_load, 0.0)
    barred = [k for k in every if is_barred(site, k, t, consumes_itself)]
    free = [k for k in every if k not in barred]
    model.row({("charge", k, t): 1.0 for k in barred}, upper=surplus)
    # A storage that could take surplus keeps the meter from selling it solar bought anew.
    if any(could_charge(site, k, t, surplus) for k in barred):
        bought = {("import", t): 1.0, **{("charge", k, t): -1.0 for k in free}}
        model.row(bought, upper=max(net_load + clipping(site, t), 0.0))
    served, export = {}, {("export", t): 1.0}
    for k in every:
        most = feed_in_limit(site, k, t, consumes_itself)
        model.column("fed in", k, t, upper=min(most, most_export(site, t)))
        model.column("served", k, t, upper=np.inf if most < np.inf else 0.0)
        parts = {("discharge", k, t): 1.0, ("fed in", k, t): -1.0, ("served", k, t): -1.0}
        model.row(parts, upper=0.0)
        served["served", k, t] = 1.0
        export["discharge", k, t] = -1.0 if most > 0 else 0.0
    if net_load >= 0:
        served |= {("charge", k, t): -1.0 for k in range(n, len(site.storages))}
    model.row(served, upper=max(net_load, 0.0))


def could_charge(site, k, t, surplus):
    """Whether a storage that takes surplus only could take any now."""
    storage, h = site.storages[k], site.horizon.hours[t]
    is_vehicle = k >= len(site.batteries)
    if is_vehicle and not is_here(site, storage, t):
        return False
    low, high = _band(storage, is_vehicle)
    most = min(surplus, h * storage.charge_limit, (high - low) / storage.charge_efficiency)
    return most > 0 and most >= h * getattr(storage, "least_charge", 0.0)


def _inverter(model, site, t):
    if site.inverter is None:
        return
    out = {("discharge", k, t): 1.0 for k in range(len(site.batteries))}
    out |= {("charge", k, t): -1.0 for k in range(len(site.batteries))}
    solar = 0.0
    if site.inverter.dc_coupled_solar:
        out["curtail", t] = -1.0
        solar = site.forecast.solar[t]
    most = site.horizon.hours[t] * site.inverter.ac_limit
    model.row(out, lower=-most - solar, upper=most - solar)


def _peaks(model, site):
    for w, charge in enumerate(site.tariff.demand_charges):
        model.column("rise", w, cost=charge.price)
        for block in metering_blocks(site, charge):
            mean = 1.0 / float(sum(site.horizon.hours[block]))
            row = {(way, t): mean for t in block for way in ("import", "import excess")}
            model.row({**row, ("rise", w): -1.0}, upper=charge.peak_so_far)


def _bonuses(model, site, surcharge):
    n = site.horizon.n_intervals
    through = {
        (way, t): {(way.value, t): -1.0, (f"{way.value} excess", t): -1.0}
        for way in Direction
        for t in range(n)
    }
    for a, allowance in enumerate(site.tariff.allowances):
        for intervals, left in allowance_days(site, allowance):
            for t in intervals:
                better = max(gain(site, allowance, t, surcharge[t]), 0.0)
                model.column("bonus", a, t, cost=-better)
                through[allowance.direction, t]["bonus", a, t] = 1.0
            model.row({("bonus", a, t): 1.0 for t in intervals}, upper=left)
    for row in through.values():
        model.row(row, upper=0.0)
