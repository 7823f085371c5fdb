"""A whole site as one mixed-integer programme.

Everything that a house can do and nothing else, each choice a binary from the start: the meter goes
one way, so do all batteries together and each vehicle, and a charger is off or above its least.
Only `planning_prices` come from the planner: what a miss costs, and the value of what is left; the
worth of a target that has a price is worked out here.
"""

import math
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from optimiser import CostFunction, Direction
from optimiser.price_scale import to_scale
from tests.account import (
    allowance_days,
    block_before,
    clipping,
    feed_in_limit,
    forced_levels,
    gain,
    given_away,
    goal_at,
    import_limit,
    is_barred,
    is_barred_from_more,
    is_here,
    kept_at,
    leaves_after,
    mean_peak,
    metering_blocks,
    only_takes_what_is_free,
    phase_limit,
    pinned_powers,
    power_in,
    shortage_excess,
    tier_periods,
    value_at,
    wanted_at_departure,
    wanted_charge,
    within_solar,
)
from tests.builders import a_problem
from tests.oracle.model import Model
from tests.tables import meter_of, storages_of

REACHED = 1e-6  # kWh, or charges


@dataclass(frozen=True)
class PlanningPrices:
    """What the planner makes of misses and of what is left: the only terms taken from it."""

    import_surcharge: np.ndarray  # on top of the tariff, shape (T,) [$/kWh]
    penalty: float  # of energy beyond a limit of the meter [$/kWh]
    level_price: np.ndarray  # of a miss of each storage, shape (K,) [$/kWh]
    end_of: np.ndarray  # the end value that each storage shares, shape (K,)
    end_width: np.ndarray  # of its segments [kWh]
    end_price: np.ndarray  # of its segments [$/kWh]


def planning_prices(site, cost_function=CostFunction.PROFIT):
    """The planner's prices of a site, which it plans in units of its price scale."""
    scale = site.price_scale
    problem = a_problem(site if scale == 1.0 else to_scale(site, scale), cost_function)
    meter, storages = meter_of(problem), storages_of(problem)
    return PlanningPrices(
        import_surcharge=scale * meter.import_price - site.tariff.import_price,
        penalty=scale * meter.penalty,
        level_price=scale * storages.level_price,
        end_of=storages.end_of,
        end_width=storages.end_width,
        end_price=scale * storages.end_price,
    )


def model_of_site(site, cost_function=CostFunction.PROFIT):
    """State the whole problem."""
    consumes_itself = cost_function is CostFunction.SELF_CONSUMPTION
    prices = planning_prices(site, cost_function)
    model = Model()
    _meter(model, site, prices.import_surcharge, prices.penalty)
    _storages(model, site, prices, consumes_itself)
    for t in range(site.horizon.n_intervals):
        _balance(model, site, t)
        _one_way(model, site, t)
        _permissions(model, site, t, consumes_itself)
        _inverter(model, site, t)
        _phases(model, site, t)
    _peaks(model, site)
    _steps(model, site)
    _bonuses(model, site, prices.import_surcharge)
    return model


def _meter(model, site, surcharge, penalty):
    tariff, hours = site.tariff, site.horizon.hours
    solar, load = site.forecast.solar, site.forecast.load
    for t, h in enumerate(hours):
        price, reward = tariff.import_price[t] + surcharge[t], tariff.export_price[t]
        most = min(h * import_limit(site, t), most_import(site, t))
        model.column("import", t, cost=price, upper=most)
        model.column("import excess", t, cost=price + penalty, upper=shortage_excess(site, t))
        most = h * value_at(site.grid.export_limit, t)
        lost = most_lost(site, t)
        excess = max(solar[t] - load[t] - lost - most, 0.0)
        model.column("export", t, cost=-reward, upper=min(most, most_export(site, t)))
        model.column("export excess", t, cost=penalty - reward, upper=excess)
        model.column("curtail", t, upper=lost)
        if not site.grid.curtailment and lost > 0:
            clips = [("clips", t)] if clipping(site, t) > 0 else []
            for name in clips:
                model.binary(*name)
            outlets, inlets = ([(w, t), (f"{w} excess", t)] for w in ("export", "import"))
            full = min(most, most_export(site, t) + 1.0)  # never reached where nothing is limited
            model.only_at("curtail", t, outlets, full, inlets, clips)


def most_lost(site, t):
    """Most solar that is left unused: any, or what a limit cuts. [kWh]"""
    if site.grid.curtailment:
        return site.forecast.solar[t]
    surplus = site.forecast.solar[t] - site.forecast.load[t]
    beyond = surplus - site.horizon.hours[t] * value_at(site.grid.export_limit, t)
    return max(clipping(site, t), beyond)


def most_import(site, t):
    """Most that could ever come through the meter. [kWh]"""
    charge = sum(value_at(storage.charge_limit, t) for storage in site.storages)
    return float(site.forecast.load[t] + site.forecast.solar[t] + site.horizon.hours[t] * charge)


def most_export(site, t):
    """Most that could ever go out. [kWh]"""
    discharge = sum(value_at(storage.discharge_limit, t) for storage in site.storages)
    return float(site.forecast.solar[t] + site.horizon.hours[t] * discharge)


def _storages(model, site, prices, consumes_itself):
    n = site.horizon.n_intervals
    lows = {}
    for k, storage in enumerate(site.storages):
        is_vehicle = k >= len(site.batteries)
        low, high = _band(storage, is_vehicle)
        level = {}
        for t, h in enumerate(site.horizon.hours):
            here = not is_vehicle or is_here(site, storage, t)
            wear = storage.cycle_cost
            most = power_in(site, storage, t), storage.discharge_limit
            if not is_vehicle:
                most = pinned_powers(site, storage, t)
            charge, discharge = (here * h * power for power in most)
            model.column("charge", k, t, cost=wear, upper=charge)
            model.column("discharge", k, t, cost=wear, upper=discharge)
            model.column("stored", k, t, lower=low, upper=high)
            change = {
                ("charge", k, t): -storage.charge_efficiency,
                ("discharge", k, t): 1.0 / storage.discharge_efficiency,
                ("stored", k, t): 1.0,
            }
            initial = 0.0 if t else storage.initial_soc * storage.capacity
            model.equal({**change, **level}, initial)
            level = {("stored", k, t): -1.0}
            if not is_vehicle:
                _charge_curve(model, storage, k, t, h)
        if not is_vehicle and storage.least_charge > 0:
            _on_or_off(model, site, k)
        ends = {}
        if is_vehicle and storage.least_charge > 0:
            ends = _charger(model, site, k)
        _least_of_intervals(model, site, k, prices.penalty)
        miss = price_of_missing(site, k, prices) if is_vehicle else prices.level_price[k]
        if is_vehicle:
            for t in range(n):
                _soft_floor(model, k, t, _wanted_of_vehicle(site, storage, t), miss)
            if ends:  # a charge is short only where the target is reached with it
                needed = max(ends.values())
                last = leaves_after(site, storage)
                model.row({("shortfall", k, last): 1.0, **ends}, upper=needed)
                beyond = dict.fromkeys(ends, high - low - needed)
                model.row({("stored", k, n - 1): 1.0, **beyond}, upper=high)
        else:
            _soft_band(model, site, k, miss, consumes_itself)
        lows[k] = low
    for e, (widths, values) in enumerate(zip(prices.end_width, prices.end_price, strict=True)):
        members = [k for k, end in enumerate(prices.end_of) if end == e]
        left = {("stored", k, n - 1): -1.0 for k in members}
        for j, (width, value) in enumerate(zip(widths, values, strict=True)):
            model.column("end", e, j, cost=-value, upper=width)
            left["end", e, j] = 1.0
        low = -sum(lows[k] for k in members)
        # Energy that is worth less than nothing is counted, too: its segments fill the band.
        model.row(left, lower=low if values.size and values.min() < 0 else -math.inf, upper=low)


def _charge_curve(model, battery, k, t, h):
    """Charge under every line of the curve, at the state of charge that the interval ends with."""
    curve = battery.charge_curve
    for (soc, power), (next_soc, next_power) in pairwise(((curve or [(1, 0)])[0], *curve)):
        slope = (next_power - power) / (next_soc - soc) if next_soc > soc else 0.0
        most = h * (next_power - slope * next_soc)
        per_kwh = h * slope / battery.capacity if battery.capacity else 0.0
        model.row({("charge", k, t): 1.0, ("stored", k, t): -per_kwh}, upper=most)


def _least_of_intervals(model, site, k, penalty):
    """Charge that is wanted in some intervals; an early miss costs up to twice a late one."""
    for t in range(site.horizon.n_intervals):
        if (wanted := wanted_charge(site, k, t)) > 0:
            passed = sum(site.horizon.hours[: t + 1]) / sum(site.horizon.hours)
            model.column("unmet", k, t, cost=penalty * (2 - passed))
            model.row({("charge", k, t): 1.0, ("unmet", k, t): 1.0}, lower=wanted)


def _wanted_of_vehicle(site, vehicle, t):
    """Energy that a vehicle should hold at the end of interval `t`. [kWh]"""
    wanted = wanted_at_departure(site, vehicle) if t == leaves_after(site, vehicle) else 0.0
    return max(wanted, goal_at(site, vehicle, t))


def _soft_band(model, site, k, price, consumes_itself):
    """Levels that a battery is kept between, or that its pins lead to."""
    battery = site.batteries[k]
    bands = [kept_at(site, battery, t) for t in range(site.horizon.n_intervals)]
    for t, level in enumerate(forced_levels(site, k, consumes_itself)):
        bands[t] = level, level
    for t, (floor, ceiling) in enumerate(bands):
        _soft_floor(model, k, t, floor, price)
        if ceiling < model.columns["stored", k, t].upper - 1e-12:
            model.column("overfill", k, t, cost=price)
            model.row({("stored", k, t): 1.0, ("overfill", k, t): -1.0}, upper=ceiling)


def price_of_missing(site, k, prices):
    """What a kWh costs that a vehicle lacks of its target: a penalty, or what it is worth."""
    vehicle, length = site.storages[k], sum(site.horizon.hours)
    spans = [
        *zip(site.tariff.import_price, prices.import_surcharge, site.horizon.hours, strict=True)
    ]
    free = 0.1 * sum(abs(price) * h for price, _, h in spans) / length or 0.01
    leaves_later = vehicle.departure is not None and (
        vehicle.departure.timestamp() > site.horizon.end.timestamp() + 1e-3
    )
    if only_takes_what_is_free(vehicle):
        return free / vehicle.charge_efficiency
    if leaves_later and not vehicle.goals:
        value = sum((price + extra - 0.01 * abs(price)) * h for price, extra, h in spans)
        value = max(value / length, free) / vehicle.charge_efficiency
        if vehicle.end_value is not None:
            return value
        own = prices.end_price[prices.end_of[k]] if prices.end_price.size else np.zeros(1)
        stays_useful = vehicle.discharge_limit > 0 and wanted_at_departure(site, vehicle) > 0
        return max(value - own[0], 0.0) if stays_useful else value
    if vehicle.must_reach_target:
        return prices.level_price[k]
    here = [span for t, span in enumerate(spans) if is_here(site, vehicle, t)] or spans
    value = 1.05 * sum(price * h for price, _, h in here) / sum(h for _, _, h in here)
    return max(value, free) / vehicle.charge_efficiency


def _on_or_off(model, site, k):
    """A battery that charges at no less than its least power."""
    battery = site.batteries[k]
    for t, h in enumerate(site.horizon.hours):
        model.binary("on", k, t)
        charge, on = ("charge", k, t), ("on", k, t)
        model.row({charge: 1.0, on: -h * power_in(site, battery, t)}, upper=0.0)
        model.row({charge: 1.0, on: -h * battery.least_charge}, lower=0.0)


def _charger(model, site, k):
    """Off, or on for the shortest time at least; the last charge may be shorter where it must."""
    vehicle, hours = site.storages[k], site.horizon.hours
    times = [min(h, vehicle.least_time) for h in hours]
    here = [is_here(site, vehicle, t) for t in range(hours.size)]
    needed = wanted_at_departure(site, vehicle) - vehicle.initial_soc * vehicle.capacity
    short = ends_short(site, vehicle)
    for t, h in enumerate(hours):
        model.binary("on", k, t)
        charge, on = ("charge", k, t), ("on", k, t)
        model.row({charge: 1.0, on: -h * power_in(site, vehicle, t)}, upper=0.0)
        cut = {}
        if short and here[t]:
            least = times[t] * vehicle.least_charge
            model.binary("last", k, t)
            model.column("cut", k, t, upper=least)
            model.row({("cut", k, t): 1.0, ("last", k, t): -least}, upper=0.0)
            cut = {("cut", k, t): 1.0}
        model.row({charge: 1.0, on: -times[t] * vehicle.least_charge, **cut}, lower=0.0)
    ends = {("last", k, t): 1.0 for t in range(hours.size) if short and here[t]}
    model.row(ends, upper=1.0)
    for last in ends:
        for t in range(last[2] + 1, hours.size):
            model.row({last: 1.0, ("on", k, t): 1.0}, upper=1.0)
    return dict.fromkeys(ends, needed)


def ends_short(site, vehicle):
    """Whether what a target needs is no sum of whole charges: then the last may be shorter."""
    here = [t for t in range(site.horizon.n_intervals) if is_here(site, vehicle, t)]
    hours = [site.horizon.hours[t] for t in here]
    needed = wanted_at_departure(site, vehicle) - vehicle.initial_soc * vehicle.capacity
    needed /= vehicle.charge_efficiency
    if vehicle.goals or needed <= 0 or not hours or vehicle.discharge_limit > 0:
        return False
    least = vehicle.least_charge * min(max(hours), vehicle.least_time)
    largest = max(site.horizon.hours[t] * value_at(vehicle.charge_limit, t) for t in here)
    number = math.ceil(needed / max(largest, REACHED) - REACHED)
    return number * least > needed + REACHED


def _band(storage, is_vehicle):
    if is_vehicle:
        least = min(storage.least_soc, storage.initial_soc)
        low = least if storage.discharge_limit > 0 else storage.initial_soc
        high = max(storage.most_soc, storage.initial_soc)
    else:
        low = min(np.min(storage.reserve), storage.initial_soc)
        high = max(np.max(storage.max_soc), storage.initial_soc)
    return low * storage.capacity, high * storage.capacity


def _soft_floor(model, k, t, wanted, price):
    if wanted > 0:
        model.column("shortfall", k, t, cost=price)
        model.row({("stored", k, t): 1.0, ("shortfall", k, t): 1.0}, lower=wanted)


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
        charge = h * sum(value_at(site.storages[k].charge_limit, t) for k in group)
        discharge = h * sum(value_at(site.storages[k].discharge_limit, t) for k in group)
        if charge > 0 and discharge > 0:
            ways = ([(way, k, t) for k in group] for way in ("charge", "discharge"))
            model.either(*ways, charge, discharge, "charges", g, t)


def _permissions(model, site, t, consumes_itself):
    every, n = range(len(site.storages)), len(site.batteries)
    net_load = site.forecast.load[t] - site.forecast.solar[t]
    surplus = max(-net_load, 0.0)
    barred = [k for k in every if is_barred(site, k, t, consumes_itself)]
    for k in barred:
        enough = surplus >= site.horizon.hours[t] * site.storages[k].least_charge
        model.row({("charge", k, t): 1.0}, upper=given_away(site, k, t) if enough else 0.0)
    for k in set(every) - set(barred):
        if is_barred_from_more(site, k, t, consumes_itself):
            enough = surplus >= site.horizon.hours[t] * site.storages[k].least_charge
            most = max(given_away(site, k, t) if enough else 0.0, wanted_charge(site, k, t))
            model.row({("charge", k, t): 1.0}, upper=most)
    _share_solar(model, site, t, barred)
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


def _share_solar(model, site, t, barred):
    """What keeps within solar has it beside those that take only what the house leaves."""
    solar, within = site.forecast.solar[t], within_solar(site, t)
    for k in (k for k, storage in enumerate(site.storages) if storage.within_solar):
        enough = solar >= site.horizon.hours[t] * site.storages[k].least_charge
        most = max(solar if enough else 0.0, wanted_charge(site, k, t))
        model.row({("charge", k, t): 1.0}, upper=most)
    if within:
        both = {*within, *barred}
        model.row({("charge", k, t): 1.0 for k in both}, upper=solar)


def could_charge(site, k, t, surplus):
    """Whether a storage that takes surplus only could take any now."""
    storage, h = site.storages[k], site.horizon.hours[t]
    is_vehicle = k >= len(site.batteries)
    if is_vehicle and not is_here(site, storage, t):
        return False
    low, high = _band(storage, is_vehicle)
    room = (high - low) / storage.charge_efficiency
    most = min(given_away(site, k, t), h * power_in(site, storage, t), room)
    if storage.least_charge == 0:
        return most > 0
    if surplus < h * storage.least_charge:  # what it takes while it is on
        return False
    if not is_vehicle:
        return most >= h * storage.least_charge
    least = min(h, storage.least_time) * storage.least_charge
    return most > 0 and (ends_short(site, storage) or most >= least)


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
    most_in = min(most, site.horizon.hours[t] * site.inverter.ac_charge_limit)
    model.row(out, lower=-most_in - solar, upper=most - solar)
    if ("clips", t) in model.columns:  # only where all goes out that can
        model.row({**out, ("clips", t): -most - most_in}, lower=-most_in - solar)


def _phases(model, site, t):
    """Vehicles draw on their own phases, and everything else on all three."""
    if math.isinf(site.grid.phase_limit):
        return
    for phase in (1, 2, 3):
        row = {("import", t): 1 / 3, ("import excess", t): 1 / 3}
        row |= {("export", t): -1 / 3, ("export excess", t): -1 / 3}
        for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
            share = 1 / len(vehicle.phases) if phase in vehicle.phases else 0.0
            row["charge", k, t], row["discharge", k, t] = share - 1 / 3, 1 / 3 - share
        model.row(row, upper=phase_limit(site, t))


def _peaks(model, site):
    """Peaks of days, and a mean that is at least that of any so many of them."""
    for w, charge in enumerate(site.tariff.demand_charges):
        n = charge.n_peaks
        so_far = {site.horizon.start.date(): charge.peak_so_far}
        so_far |= dict(enumerate(charge.peaks_so_far)) | {f"none {i}": 0.0 for i in range(n - 1)}
        for day, peak in so_far.items():
            model.column("peak", w, day, lower=peak)
        for block in metering_blocks(site, charge):
            peak = "peak", w, site.horizon.starts[block[0]].date()
            if peak not in model.columns:
                model.column(*peak)
            energy, length = block_before(site, charge, block)
            mean = 1.0 / (length + float(sum(site.horizon.hours[block])))
            row = {(way, t): mean for t in block for way in ("import", "import excess")}
            model.row({**row, peak: -1.0}, upper=-mean * energy)
        model.column("mean peak", w, cost=charge.price)
        peaks = [name for name in model.columns if name[:2] == ("peak", w)]
        for several in combinations(peaks, n):
            model.row({**dict.fromkeys(several, 1.0 / n), ("mean peak", w): -1.0}, upper=0.0)
        paid = mean_peak(so_far.values(), n)
        model.column("paid", w, cost=-charge.price * paid, lower=1.0, upper=1.0)


def _steps(model, site):
    """Import above the threshold of an interval, and beyond each tier of a period."""
    groups = [
        ([t], h * value_at(site.grid.import_threshold, t), value_at(prices, t))
        for prices in [site.grid.excess_import_price]
        for t, h in enumerate(site.horizon.hours)
    ]
    for tier in site.tariff.tiers:
        groups += [(times, left, tier.extra_price) for times, left in tier_periods(site, tier)]
    for g, (times, left, price) in enumerate(groups):
        if price > 0 and left < math.inf:
            model.column("beyond", g, cost=price)
            bought = {(way, t): 1.0 for t in times for way in ("import", "import excess")}
            model.row({**bought, ("beyond", g): -1.0}, upper=left)


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
