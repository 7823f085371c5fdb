"""The independent accountant: what a dispatch costs, and which limits it breaks.

Plain loops over the site's own fields.  Nothing is taken from the library but data classes, the
index of the vehicle's intervals not even that.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from scipy.optimize import linprog

from optimiser import Direction

TOLERANCE = 1e-5
REACHED = 1e-3  # kWh; a target that is missed by less is reached
"""Energy by which a dispatch may miss a limit: ten times what solvers are asked for. [kWh]"""


@dataclass(frozen=True)
class Account:
    """What a dispatch costs, line by line. [$]"""

    energy: float
    demand: float
    excess: float
    credit: float
    wear: float

    @property
    def bill(self):
        return self.energy + self.demand + self.excess - self.credit

    @property
    def cost(self):
        return self.bill + self.wear


def account_of(site, dispatch):
    """Bill at the true prices, and wear."""
    tariff = site.tariff
    energy = 0.0
    for t in range(site.horizon.n_intervals):
        energy += tariff.import_price[t] * dispatch.grid_import[t]
        energy -= tariff.export_price[t] * dispatch.grid_export[t]
    wear = 0.0
    for k, storage in enumerate(site.storages):
        wear += storage.cycle_cost * float(dispatch.charge[k].sum() + dispatch.discharge[k].sum())
    return Account(
        energy=float(energy),
        demand=sum(_demand(site, c, dispatch.grid_import) for c in tariff.demand_charges),
        excess=_excess(site, dispatch.grid_import),
        credit=_credit(site, dispatch),
        wear=wear,
    )


def kept_at(site, battery, t):
    """Least and most energy that a battery should hold at the end of interval `t`. [kWh]

    A limit counts at both ends of its interval.  What was outside the first one need not be back
    for a day, but goes no further; tighter limits are kept.
    """
    last = site.horizon.n_intervals - 1
    around = [t, min(t + 1, last)]
    floor = max(value_at(battery.reserve, s) for s in around)
    ceiling = min(value_at(battery.max_soc, s) for s in around)
    within_a_day = [s for s in range(last + 1) if sum(site.horizon.hours[: s + 1]) <= 24 + 1e-9]
    is_late = t >= max(within_a_day, default=0)
    if not is_late and floor <= value_at(battery.reserve, 0):
        floor = min(floor, battery.initial_soc)
    if not is_late and ceiling >= value_at(battery.max_soc, 0):
        ceiling = max(ceiling, battery.initial_soc)
    ceiling = max(ceiling, floor)
    ends = site.horizon.instants[t + 1].timestamp()
    goals = [goal.soc for goal in battery.soc_at if abs(goal.at.timestamp() - ends) <= 1e-3]
    if t == last and battery.target_end_soc is not None:
        goals.append(battery.target_end_soc)
    floor = max(floor, min(max(goals, default=0.0), ceiling))
    return floor * battery.capacity, ceiling * battery.capacity


def pin_at(site, battery, t):
    """The first pin that covers all of interval `t`, or None."""
    begins, ends = (site.horizon.instants[i].timestamp() for i in (t, t + 1))
    for pin in battery.pinned:
        if pin.begin.timestamp() <= begins + 1e-3 and ends <= pin.end.timestamp() + 1e-3:
            return pin
    return None


def pinned_powers(site, battery, t):
    """Most power in and out that limits and pins leave a battery. [kW]"""
    most = [value_at(battery.charge_limit, t), value_at(battery.discharge_limit, t)]
    pin = pin_at(site, battery, t)
    if pin is not None:
        most = [
            min(power, pin.power) if pin.action == way else 0.0
            for power, way in zip(most, ("charge", "discharge"), strict=True)
        ]
    return [most[0] if most[0] >= battery.least_charge else 0.0, most[1]]


def power_in(site, storage, t):
    """Most power into a storage; none where a charger would have to take more. [kW]"""
    if storage in site.batteries:
        return pinned_powers(site, storage, t)[0]
    power = value_at(storage.charge_limit, t)
    return power if power >= storage.least_charge else 0.0


def wanted_charge(site, k, t):
    """Energy that a vehicle wants to take at least, as far as its charger goes. [kWh]"""
    storage, h = site.storages[k], site.horizon.hours[t]
    if k < len(site.batteries) or not is_here(site, storage, t):
        return 0.0
    if value_at(storage.wanted_charge, t) == 0:
        return 0.0
    least = min(h, storage.least_time) * storage.least_charge
    return min(max(h * value_at(storage.wanted_charge, t), least), h * power_in(site, storage, t))


def forced_levels(site, k, consumes_itself):
    """Energy at the end of each interval of the pins that the plan begins with. [kWh]

    As far as the battery alone can, beside the house and without vehicles.
    """
    battery = site.batteries[k]
    levels, level = [], battery.initial_soc * battery.capacity
    low = min(np.min(battery.reserve), battery.initial_soc) * battery.capacity
    high = max(np.max(battery.max_soc), battery.initial_soc) * battery.capacity
    for t, h in enumerate(site.horizon.hours):
        if pin_at(site, battery, t) is None:
            break
        taken, given = (h * power for power in pinned_powers(site, battery, t))
        net_load = site.forecast.load[t] - site.forecast.solar[t]
        if is_barred(site, k, t, consumes_itself):
            taken = min(taken, max(-net_load, 0.0))
        if taken < h * battery.least_charge:
            taken = 0.0
        given = min(given, max(net_load, 0.0) + feed_in_limit(site, k, t, consumes_itself))
        taken = _most_by_curve(battery, level, h, taken)
        level += taken * battery.charge_efficiency - given / battery.discharge_efficiency
        level = min(max(level, low), high)
        levels.append(level)
    return levels


def power_at(battery, stored):
    """Highest power in with so much energy stored. [kW]"""
    if not battery.charge_curve or not battery.capacity:
        return math.inf
    return float(np.interp(stored / battery.capacity, *zip(*battery.charge_curve, strict=True)))


def _most_by_curve(battery, level, hours, wanted):
    """Most energy in up to what is wanted, by halving what is too much. [kWh]"""
    low, high = 0.0, 2.0 * wanted
    for _ in range(60):
        middle = (low + high) / 2
        ends_at = level + middle * battery.charge_efficiency
        fits = middle <= min(wanted, hours * power_at(battery, ends_at))
        low, high = (middle, high) if fits else (low, middle)
    return low


def value_at(values, t):
    """A number for all intervals, or that of one of them."""
    return float(values[t]) if np.size(values) > 1 else float(np.ravel(values)[0])


def wanted_at_departure(site, vehicle):
    """Energy that a vehicle should hold when it leaves, or at the end. [kWh]

    One that is away all the time wants nothing; one that only charges, and has what it wants, takes
    what is free.
    """
    wanted = 0.0
    if is_away(site, vehicle):
        return 0.0
    if only_takes_what_is_free(vehicle):
        wanted = vehicle.most_soc
    elif vehicle.target_soc is not None and not (
        vehicle.goals and is_later(vehicle.departure, site.horizon.end)
    ):
        wanted = min(vehicle.target_soc, max(vehicle.most_soc, vehicle.initial_soc))
    return wanted * vehicle.capacity


def is_later(when, other):
    """Whether there is an instant, and it is later."""
    return when is not None and when.timestamp() > other.timestamp() + 1e-3


def goal_at(site, vehicle, t):
    """Energy that goals want of a vehicle at the end of interval `t`. [kWh]"""
    ends = site.horizon.instants[t + 1].timestamp()
    goals = [goal.soc for goal in vehicle.goals if abs(goal.at.timestamp() - ends) <= 1e-3]
    most = max(vehicle.most_soc, vehicle.initial_soc)
    return min(max(goals, default=0.0), most) * vehicle.capacity


def is_away(site, vehicle):
    """Whether a vehicle left before the horizon, or comes after it."""
    begin, end = (site.horizon.instants[i].timestamp() for i in (0, -1))
    left = vehicle.departure is not None and vehicle.departure.timestamp() <= begin + 1e-3
    return left or (vehicle.arrival is not None and vehicle.arrival.timestamp() >= end - 1e-3)


def only_takes_what_is_free(vehicle):
    """Whether nothing is wanted of a vehicle."""
    wanted = [vehicle.target_soc or 0.0, *(goal.soc for goal in vehicle.goals)]
    has_it = max(wanted) <= vehicle.initial_soc
    return has_it and not vehicle.discharge_limit and vehicle.end_value is None


def is_here(site, vehicle, t):
    """Whether interval `t` lies wholly between arrival and departure."""
    begins, ends = site.horizon.instants[t], site.horizon.instants[t + 1]
    arrived = vehicle.arrival is None or begins.timestamp() >= vehicle.arrival.timestamp() - 1e-3
    left = vehicle.departure is not None and ends.timestamp() > vehicle.departure.timestamp() + 1e-3
    spans = [(stay.begin.timestamp(), stay.end.timestamp()) for stay in vehicle.plugged]
    is_within = [a <= begins.timestamp() + 1e-3 and ends.timestamp() <= b + 1e-3 for a, b in spans]
    return arrived and not left and (any(is_within) or not spans)


def leaves_after(site, vehicle):
    """Last interval that ends at or before the departure; the first if none does."""
    last = 0
    for t in range(site.horizon.n_intervals):
        ends = site.horizon.instants[t + 1].timestamp()
        if vehicle.departure is None or ends <= vehicle.departure.timestamp() + 1e-3:
            last = t
    return last


def is_open(window, start):
    """Whether local time `start` lies in a daily window."""
    now = (start.hour, start.minute)
    opens, closes = ((w.hour, w.minute) for w in (window.start, window.end))
    if opens < closes:
        return opens <= now < closes
    return now >= opens or now < closes


def metering_blocks(site, charge):
    """Intervals of each metering block of a demand charge: lists of indices.

    An hour that the clocks repeat has its blocks twice.
    """
    blocks = {}
    length = round(60 * charge.average_hours)
    for t, start in enumerate(site.horizon.starts):
        if is_open(charge.window, start):
            again = start.fold if length <= 60 else 0
            block = start.date(), (60 * start.hour + start.minute) // length, again
            blocks.setdefault(block, []).append(t)
    return list(blocks.values())


def block_before(site, charge, block):
    """Energy [kWh] and length [h] of what of a metering block is over before the site's start."""
    start = site.horizon.start
    if charge.block_so_far is None or 0 not in block:
        return 0.0, 0.0
    minute = 60 * start.hour + start.minute + start.second / 60
    over = minute % round(60 * charge.average_hours)
    window = charge.window
    if window.start != window.end:
        over = min(over, (minute - 60 * window.start.hour - window.start.minute) % 1440)
    return charge.block_so_far, over / 60


def peak_of(site, charge, grid_import):
    """Mean power that a demand charge meters: of the highest peaks of days. [kW]"""
    peaks = {site.horizon.start.date(): charge.peak_so_far}
    for block in metering_blocks(site, charge):
        day = site.horizon.starts[block[0]].date()
        energy, length = block_before(site, charge, block)
        energy += sum(grid_import[t] for t in block)
        mean = float(energy / (length + sum(site.horizon.hours[block])))
        peaks[day] = max(peaks.get(day, 0.0), mean)
    return mean_peak([*peaks.values(), *charge.peaks_so_far], charge.n_peaks)


def mean_peak(peaks, n):
    """Mean of the n highest; days that there are none of have a peak of zero."""
    return float(sum(sorted(peaks, reverse=True)[:n]) / n)


def allowance_days(site, allowance):
    """Intervals and energy left of each local day of an allowance."""
    days = {}
    for t, start in enumerate(site.horizon.starts):
        if is_open(allowance.window, start):
            days.setdefault(start.date(), []).append(t)
    today = site.horizon.start.date()
    for day, intervals in days.items():
        used = allowance.used_today if day == today else 0.0
        yield intervals, max(allowance.daily_energy - used, 0.0)


def gain(site, allowance, t, surcharge=0.0):
    """Gain of a kWh within an allowance over the tariff. [$/kWh]"""
    if allowance.direction is Direction.IMPORT:
        return site.tariff.import_price[t] + surcharge - allowance.price
    return allowance.price - site.tariff.export_price[t]


def violations(site, dispatch, *, consumes_itself=False):
    """Sentences about every hard limit, permission and law of physics that is broken."""
    found = []

    def check(excess, what):
        if excess > TOLERANCE:
            found.append(f"{what} by {excess:.2e} kWh")

    hours = site.horizon.hours
    solar, load = site.forecast.solar, site.forecast.load
    n_batteries = len(site.batteries)
    charge, discharge = dispatch.charge, dispatch.discharge
    for t in range(hours.size):
        moved = charge[:, t].sum() - discharge[:, t].sum()
        used = solar[t] - dispatch.curtailed[t]
        metered = dispatch.grid_import[t] - dispatch.grid_export[t]
        check(abs(load[t] - used + moved - metered), f"{t}: balance")
        check(dispatch.curtailed[t] - solar[t], f"{t}: curtails more than there is")
        check(min(dispatch.grid_import[t], dispatch.grid_export[t]), f"{t}: meter goes both ways")
        groups = [range(n_batteries)] + [[k] for k in range(n_batteries, len(site.storages))]
        for group in groups:
            both = min(charge[group, t].sum(), discharge[group, t].sum())
            check(both, f"{t}: {list(group)} charge and discharge")
        clipped = clipping(site, t)
        if not site.grid.curtailment:
            at_limit = hours[t] * value_at(site.grid.export_limit, t)
            beyond = solar[t] - load[t] - moved - at_limit
            check(dispatch.curtailed[t] - max(clipped, beyond), f"{t}: curtails without leave")
        shortage = max(load[t] - solar[t] + clipped, 0.0)
        surplus = max(solar[t] - load[t], 0.0)
        own = charge[n_batteries:, t] - discharge[n_batteries:, t]
        for imported in imports_of_phases(site, own, metered - own.sum()):
            check(imported - phase_limit(site, t), f"{t}: phase")
        over = dispatch.grid_import[t] - hours[t] * import_limit(site, t)
        check(over - shortage_excess(site, t), f"{t}: import limit")
        over = dispatch.grid_export[t] - hours[t] * value_at(site.grid.export_limit, t)
        check(over, f"{t}: export limit")
        barred = [k for k in range(len(site.storages)) if is_barred(site, k, t, consumes_itself)]
        check(charge[barred, t].sum() - surplus, f"{t}: solar only")
        for k in range(n_batteries, len(site.storages)):
            if is_barred_from_more(site, k, t, consumes_itself):
                most = max(surplus, wanted_charge(site, k, t))
                check(charge[k, t] - most, f"{t}: {k} takes more than surplus")
        if charge[barred, t].sum() > TOLERANCE:
            free = [k for k in range(len(site.storages)) if k not in barred]
            drawn = dispatch.grid_import[t] - shortage - charge[free, t].sum()
            check(drawn, f"{t}: solar only, bought")
        check(_fed_in_too_much(site, dispatch, t, consumes_itself), f"{t}: feed-in")
        if site.inverter is not None:
            out = discharge[:n_batteries, t].sum() - charge[:n_batteries, t].sum()
            if site.inverter.dc_coupled_solar:
                out += used
            check(abs(out) - hours[t] * site.inverter.ac_limit, f"{t}: inverter")
            check(-out - hours[t] * site.inverter.ac_charge_limit, f"{t}: into the inverter")
        check(sum(charge[k, t] for k in within_solar(site, t)) - solar[t], f"{t}: beyond all solar")
    for k, storage in enumerate(site.storages):
        found += _of_storage(site, dispatch, k, storage)
    return found


def imports_of_phases(site, moved, evenly):
    """Import of each phase, where vehicles move some energy and all else is spread evenly. [kWh]"""
    for phase in (1, 2, 3):
        yield evenly / 3 + sum(
            energy / len(vehicle.phases)
            for vehicle, energy in zip(site.vehicles, moved, strict=True)
            if phase in vehicle.phases
        )


def phase_limit(site, t):
    """Most import of a phase: its limit, or a third of what the house alone draws. [kWh]"""
    shortage = max(site.forecast.load[t] - site.forecast.solar[t] + clipping(site, t), 0.0)
    return max(site.horizon.hours[t] * site.grid.phase_limit, shortage / 3)


def import_limit(site, t):
    """Most power in, through the meter and through all phases. [kW]"""
    return min(value_at(site.grid.import_limit, t), 3 * site.grid.phase_limit)


def clipping(site, t):
    """Solar that must be stored behind the inverter, or is lost. [kWh]"""
    if site.inverter is None or not site.inverter.dc_coupled_solar:
        return 0.0
    return max(site.forecast.solar[t] - site.horizon.hours[t] * site.inverter.ac_limit, 0.0)


def shortage_excess(site, t):
    """Import beyond the limit that the house alone needs. [kWh]"""
    shortage = max(site.forecast.load[t] - site.forecast.solar[t] + clipping(site, t), 0.0)
    return max(shortage - site.horizon.hours[t] * import_limit(site, t), 0.0)


def is_barred(site, k, t, consumes_itself):
    """Whether a storage may take surplus solar only."""
    storage = site.storages[k]
    if k >= len(site.batteries) and value_at(storage.wanted_charge, t) > 0:
        return False
    return is_barred_from_more(site, k, t, consumes_itself)


def is_barred_from_more(site, k, t, consumes_itself):
    """Whether a storage may take surplus solar only, or what it wants at least."""
    storage = site.storages[k]
    if k < len(site.batteries):
        needs_low_price = consumes_itself
    else:
        needs_low_price = only_takes_what_is_free(storage)
    return not value_at(storage.may_charge_from_grid, t) or (
        needs_low_price and site.tariff.import_price[t] > 0
    )


def within_solar(site, t):
    """Storages that share all solar of an interval, but for a charge that is wanted at least."""
    every = range(len(site.storages))
    return [k for k in every if site.storages[k].within_solar and not wanted_charge(site, k, t)]


def given_away(site, k, t):
    """Surplus that a storage may take where it must not buy. [kWh]"""
    surplus = max(site.forecast.solar[t] - site.forecast.load[t], 0.0)
    takes = k >= len(site.batteries) and only_takes_what_is_free(site.storages[k])
    if not takes or site.tariff.export_price[t] <= 0:
        return surplus
    return max(surplus - site.horizon.hours[t] * value_at(site.grid.export_limit, t), 0.0)


def feed_in_limit(site, k, t, consumes_itself):
    """Most that a storage may send beyond the house. [kWh]"""
    storage = site.storages[k]
    if consumes_itself or not value_at(storage.may_export, t):
        return 0.0
    return getattr(storage, "export_limit", np.inf) * site.horizon.hours[t]


def _fed_in_too_much(site, dispatch, t, consumes_itself):
    """Discharge that neither the house took nor the grid may take. [kWh]"""
    net_load = site.forecast.load[t] - site.forecast.solar[t]
    served = max(net_load, 0.0)
    if net_load >= 0:
        served += dispatch.charge[len(site.batteries) :, t].sum()
    fed_in, most_export = 0.0, max(-net_load, 0.0)
    for k in range(len(site.storages)):
        most = feed_in_limit(site, k, t, consumes_itself)
        fed_in += max(dispatch.discharge[k, t] - most, 0.0)
        most_export += min(dispatch.discharge[k, t], most)
    return max(fed_in - served, dispatch.grid_export[t] - most_export)


def _of_storage(site, dispatch, k, storage):
    found, level = [], storage.initial_soc * storage.capacity
    is_vehicle = k >= len(site.batteries)
    if is_vehicle:
        gives = storage.discharge_limit > 0
        low = min(storage.least_soc, storage.initial_soc) if gives else storage.initial_soc
        high = max(storage.most_soc, storage.initial_soc)
    else:
        low = min(np.min(storage.reserve), storage.initial_soc)
        high = max(np.max(storage.max_soc), storage.initial_soc)
    for t, h in enumerate(site.horizon.hours):
        charge, discharge = dispatch.charge[k, t], dispatch.discharge[k, t]
        level += storage.charge_efficiency * charge - discharge / storage.discharge_efficiency
        here = not is_vehicle or is_here(site, storage, t)
        most_in, most_out = power_in(site, storage, t), storage.discharge_limit
        if not is_vehicle:
            most_out = pinned_powers(site, storage, t)[1]
        most_by_curve = math.inf if is_vehicle else h * power_at(storage, level)
        checks = {
            "charge": charge - min(here * h * most_in, most_by_curve),
            "discharge": discharge - here * h * most_out,
            "level": abs(level - dispatch.stored[k, t]),
            "empty": low * storage.capacity - level,
            "full": level - high * storage.capacity,
        }
        if not is_vehicle and charge > TOLERANCE:
            checks["least"] = h * storage.least_charge - charge
        if is_vehicle and charge > TOLERANCE and not _is_last_charge(dispatch, k, t, storage):
            checks["least"] = min(h, storage.least_time) * storage.least_charge - charge
        found += [
            f"{t}: {what} of {k} by {excess:.2e}"
            for what, excess in checks.items()
            if excess > TOLERANCE
        ]
    return found


def _is_last_charge(dispatch, k, t, vehicle):
    """Whether a vehicle reaches its target with this charge, the last one; it may be short."""
    wanted = (vehicle.target_soc or 0.0) * vehicle.capacity
    is_reached = dispatch.stored[k, t] >= wanted - REACHED
    return is_reached and not dispatch.charge[k, t + 1 :].any() and not dispatch.discharge[k].any()


def _demand(site, charge, grid_import):
    paid = mean_peak([charge.peak_so_far, *charge.peaks_so_far], charge.n_peaks)
    return charge.price * (peak_of(site, charge, grid_import) - paid)


def tier_periods(site, tier):
    """Intervals of each period of a tier, and the energy that it leaves at the usual price."""
    periods = {}
    for t, start in enumerate(site.horizon.starts):
        period = start.date()
        if not tier.is_daily:
            last = (start.date().replace(day=28) + timedelta(days=4)).replace(day=1)
            begins = min(tier.billing_day, (last - timedelta(days=1)).day)
            period = start.year, start.month, start.day >= begins
            if start.day < begins:  # the period that began in the month before
                before = start.date().replace(day=1) - timedelta(days=1)
                period = before.year, before.month, True
        periods.setdefault(period, []).append(t)
    used = tier.used
    for intervals in periods.values():
        yield intervals, max(tier.above - used, 0.0)
        used = 0.0


def _excess(site, grid_import):
    cost = 0.0
    for t, h in enumerate(site.horizon.hours):
        above = grid_import[t] - h * value_at(site.grid.import_threshold, t)
        cost += value_at(site.grid.excess_import_price, t) * max(above, 0.0)
    for tier in site.tariff.tiers:
        for intervals, left in tier_periods(site, tier):
            cost += tier.extra_price * max(sum(grid_import[t] for t in intervals) - left, 0.0)
    return float(cost)


def _credit(site, dispatch):
    """Most that the allowances gain: a transport problem, each kWh within one of them at most."""
    allowances = site.tariff.allowances
    if not allowances:
        return 0.0
    traded = {Direction.IMPORT: dispatch.grid_import, Direction.EXPORT: dispatch.grid_export}
    n = site.horizon.n_intervals
    gains, upper, rows, right = np.zeros((len(allowances), n)), [], [], []
    for a, allowance in enumerate(allowances):
        most = np.zeros(n)
        for intervals, left in allowance_days(site, allowance):
            row = np.zeros((len(allowances), n))
            row[a, intervals] = 1.0
            rows.append(row.ravel())
            right.append(left)
            most[intervals] = traded[allowance.direction][intervals]
        gains[a] = [gain(site, allowance, t) for t in range(n)]
        upper.append(np.where(gains[a] > 0, most, 0.0))
    for direction in Direction:
        own = [a for a, allowance in enumerate(allowances) if allowance.direction is direction]
        for t in range(n):
            row = np.zeros((len(allowances), n))
            row[own, t] = 1.0
            rows.append(row.ravel())
            right.append(traded[direction][t])
    bounds = [(0.0, most) for most in np.concatenate(upper)]
    found = linprog(-gains.ravel(), A_ub=np.array(rows), b_ub=np.array(right), bounds=bounds)
    assert found.status == 0, found.message
    return -float(found.fun)
