"""The bill: energy at its prices, demand charges, daily allowances, and the idle site's bill."""

from __future__ import annotations

import math
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tests.reference.clock import count_sessions, is_inside, minute_of_day
from tests.reference.reading import (
    ENERGY_TOLERANCE_KWH,
    MONEY_TOLERANCE,
    Powers,
    Series,
    Wire,
    energy,
    hours,
    idle_net_load,
    may_curtail,
    meter_limit,
    money_tolerance,
    number,
    numbers,
    section,
    worth,
)
from tests.reference.shape import wrong_numbers

_WAYS = ("import", "export")


class Peak(NamedTuple):
    """What one demand charge makes of the powers at the meter."""

    peak_kw: float
    peak_so_far_kw: float
    cost: float


class Bill(NamedTuple):
    """What the powers at the meter cost. [$]."""

    energy_cost: float
    peaks: list[Peak]
    excess_cost: float
    allowance_credit: float

    @property
    def demand_cost(self) -> float:
        """Sum over the demand charges. [$]."""
        return sum(peak.cost for peak in self.peaks)

    @property
    def total(self) -> float:
        """Negative when the site earns. [$]."""
        return self.energy_cost + self.demand_cost + self.excess_cost - self.allowance_credit


def bill_of(request: Wire, imported: Series, exported: Series, stamps: Sequence[str]) -> Bill:
    """Bill of powers at the meter, at the prices of the request.

    Parameters
    ----------
    request : mapping
        A clean request.
    imported, exported : list of float
        Powers at the meter. [W]
    stamps : sequence of str
        Timestamps of the intervals; read only for demand charges and allowances.

    Returns
    -------
    Bill
        Of the whole horizon.
    """
    bought = worth(request, imported, request["prices_import"])
    sold = worth(request, exported, request["prices_export"])
    starts = count_sessions(stamps)
    return Bill(
        energy_cost=bought - sold,
        peaks=[_peak(request, charge, imported, starts) for charge in _demand_charges(request)],
        excess_cost=_above_threshold(request, imported) + _beyond_tiers(request, imported, starts),
        allowance_credit=_credit(request, "import", imported, starts)
        + _credit(request, "export", exported, starts),
    )


def idle_bill(request: Wire, stamps: Sequence[str]) -> Bill:
    """Bill of the same site with the battery idle: the net load goes through the meter.

    Solar that a hybrid inverter cannot pass is lost, and so is surplus above the export limit;
    where curtailment is allowed, none is sold at a loss.
    """
    return bill_of(request, *_idle_meter(request), stamps)


def _idle_meter(request: Wire) -> tuple[Series, Series]:
    """Imports and exports of the idle site. [W]."""
    caps = meter_limit(request, "max_export_w")
    if may_curtail(request):
        prices = request["prices_export"]
        caps = [0.0 if price < 0 else cap for cap, price in zip(caps, prices, strict=True)]
    net_load = idle_net_load(request)
    imported = [max(net, 0.0) for net in net_load]
    exported = [min(max(-net, 0.0), cap) for net, cap in zip(net_load, caps, strict=True)]
    return imported, exported


def _demand_charges(request: Wire) -> Sequence[Wire]:
    return request.get("demand_charges") or ()


def _allowances(request: Wire) -> Sequence[Wire]:
    return request.get("allowances") or ()


def _peak(request: Wire, charge: Wire, imported: Series, starts: list[datetime]) -> Peak:
    """The highest mean import of a block of the clock, and what it adds to the peak so far."""
    length = number(charge, "average_minutes", 30.0)
    energies: dict[tuple[date, int], float] = defaultdict(float)
    spans: dict[tuple[date, int], float] = defaultdict(float)
    for start, span, watts in zip(starts, hours(request), imported, strict=True):
        if is_inside(charge, start):
            block = (start.date(), math.floor(minute_of_day(start) / length))
            energies[block] += span * watts / 1000
            spans[block] += span
    if charge.get("block_so_far_kwh") is not None and is_inside(charge, starts[0]):
        into_day = minute_of_day(starts[0])
        running = (starts[0].date(), math.floor(into_day / length))
        opens, closes = (charge.get(name) or "00:00" for name in ("start", "end"))
        since = (into_day - 60 * int(opens[:2]) - int(opens[3:])) % 1440
        over = into_day % length
        spans[running] += (over if opens == closes else min(over, since)) / 60
        energies[running] += charge["block_so_far_kwh"]
    daily: dict[object, float] = {starts[0].date(): number(charge, "peak_so_far_kw", 0.0)}
    daily |= dict(enumerate(charge.get("peaks_so_far_kw") or ()))
    n = round(number(charge, "n_peaks", 1.0))
    so_far = _mean_of_highest(daily.values(), n)
    for block, metered in energies.items():
        daily[block[0]] = max(daily.get(block[0], 0.0), metered / spans[block])
    peak = _mean_of_highest(daily.values(), n)
    return Peak(peak, so_far, number(charge, "price_per_kw", 0.0) * (peak - so_far))


def _mean_of_highest(peaks: Iterable[float], n: int) -> float:
    """Mean of the highest peaks; of fewer, the others are none."""
    return sum(sorted(peaks)[-n:]) / n


def _above_threshold(request: Wire, imported: Series) -> float:
    """What imports above the threshold cost on top. [$]."""
    grid, n = section(request, "grid"), len(imported)
    thresholds = numbers(grid, "import_threshold_w", math.inf, n)
    prices = numbers(grid, "excess_import_price", 0.0, n)
    above = [max(w - most, 0.0) for w, most in zip(imported, thresholds, strict=True)]
    return worth(request, above, prices)


def _beyond_tiers(request: Wire, imported: Series, starts: list[datetime]) -> float:
    """What imports of a day or a billing period beyond a tier cost on top. [$]."""
    cost = 0.0
    for tier in request.get("import_tiers") or ():
        counted = number(tier, "used_kwh", 0.0)
        period = None
        for start, span, watts in zip(starts, hours(request), imported, strict=True):
            before, period = period, _period(tier, start.date())
            if before is not None and before != period:
                counted = 0.0
            most = number(tier, "above_kwh", 0.0)
            over = counted - most
            counted += span * watts / 1000
            cost += number(tier, "extra_price", 0.0) * (max(counted - most, 0) - max(over, 0))
    return cost


def _period(tier: Wire, day: date) -> date:
    """First day of the period of a tier that a local day is in."""
    if tier.get("period") == "day":
        return day
    first = round(number(tier, "billing_day", 1.0))
    while day.day != min(first, monthrange(day.year, day.month)[1]):
        day -= timedelta(days=1)
    return day


def _has_steps(request: Wire) -> bool:
    grid = section(request, "grid")
    return bool(request.get("import_tiers")) or "excess_import_price" in grid


def _credit(request: Wire, direction: str, watts: Series, starts: list[datetime]) -> float:
    """Gain of all allowances of one direction: used first where a kWh gains most. [$].

    Energy is used once, and a local date has its own quota of each allowance.
    """
    unused = [span * power / 1000 for span, power in zip(hours(request), watts, strict=True)]
    quotas: dict[tuple[int, date], float] = {}
    offers: list[tuple[float, int, int]] = []
    for index, allowance in enumerate(_allowances(request)):
        if allowance["direction"] != direction:
            continue
        for t, start in enumerate(starts):
            quotas[index, start.date()] = _quota(allowance, start.date(), starts[0].date())
            gain = _gain(request, allowance, t)
            if gain > 0 and is_inside(allowance, start):
                offers.append((gain, index, t))

    credit = 0.0
    for gain, index, t in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
        used = min(unused[t], quotas[index, starts[t].date()])
        unused[t] -= used
        quotas[index, starts[t].date()] -= used
        credit += gain * used
    return credit


def _quota(allowance: Wire, day: date, today: date) -> float:
    """Energy of that day at the price of the allowance. [kWh]."""
    used = number(allowance, "used_today_kwh", 0.0) if day == today else 0.0
    return max(number(allowance, "daily_quota_kwh", 0.0) - used, 0.0)


def _gain(request: Wire, allowance: Wire, t: int) -> float:
    """What the allowance betters a kWh of that interval by. [$/kWh]."""
    bonus = number(allowance, "bonus_price", 0.0)
    if allowance["direction"] == "import":
        return float(request["prices_import"][t]) - bonus
    return bonus - float(request["prices_export"][t])


def wrong_money(
    subject: str, request: Wire, told: Wire, powers: Powers, stamps: Sequence[str], baseline: float
) -> Iterator[str]:
    """Everything of a summary that the powers at the meter decide, beside that baseline."""
    bill = bill_of(request, powers["grid_import"], powers["grid_export"], stamps)
    due = {
        "total_cost": (bill.total, money_tolerance(request)),
        "savings": (baseline - bill.total, money_tolerance(request)),
        "total_import_kwh": (energy(request, powers["grid_import"]), ENERGY_TOLERANCE_KWH),
        "total_export_kwh": (energy(request, powers["grid_export"]), ENERGY_TOLERANCE_KWH),
        "average_import_price": _due_average(request, powers, "import"),
        "average_export_price": _due_average(request, powers, "export"),
    }
    if "savings_vs_self_consumption" in told:
        due["savings_vs_self_consumption"] = (
            _usual_cost(told) - (bill.total + told["wear_cost"] - told["end_value"]),
            4 * money_tolerance(request),
        )
    yield from wrong_numbers(subject, told, due)
    yield from _wrong_carbon(subject, request, told, powers)
    yield from _wrong_extras(subject, request, told, bill)


def _wrong_carbon(subject: str, request: Wire, told: Wire, powers: Powers) -> Iterator[str]:
    """Emissions of the plan, and of the idle site where no vehicle changes it."""
    intensities = request.get("carbon_g_per_kwh")
    if not intensities:
        names = ("carbon_g", "baseline_carbon_g", "self_consumption_carbon_g")
        yield from (f"{subject}: {name} was not asked for" for name in names if name in told)
        return
    bought, sold = (worth(request, powers[f"grid_{way}"], intensities) for way in _WAYS)
    due = {"carbon_g": (bought - sold, 1.0)}
    if not (request.get("ev") or request.get("evs")):
        imported, exported = _idle_meter(request)
        idle = worth(request, imported, intensities) - worth(request, exported, intensities)
        due["baseline_carbon_g"] = (idle, 1.0)
    yield from wrong_numbers(subject, told, due)


def _usual_cost(told: Wire) -> float:
    """Cost of plain self-consumption, wear and what is left at the end counted. [$]."""
    names = ("cost", "wear_cost", "end_value")
    cost, wear, left = (float(told[f"self_consumption_{name}"]) for name in names)
    return cost + wear - left


def _due_average(request: Wire, powers: Powers, direction: str) -> tuple[float, float]:
    """Tariff price per kWh through the meter one way, and its tolerance."""
    watts = powers[f"grid_{direction}"]
    cost = worth(request, watts, request[f"prices_{direction}"])
    due, tolerance = due_ratio(cost, energy(request, watts))
    return due, tolerance * money_tolerance(request) / MONEY_TOLERANCE


def due_ratio(cost: float, traded: float) -> tuple[float, float]:
    """Price per kWh, 0 where nothing is traded, and its tolerance."""
    if traded <= 0:
        return 0.0, MONEY_TOLERANCE
    return cost / traded, MONEY_TOLERANCE / min(traded, 1.0)


def _wrong_extras(subject: str, request: Wire, told: Wire, bill: Bill) -> Iterator[str]:
    """Demand and allowances; who asked for neither may not be told of them."""
    due = {
        "demand_cost": (bill.demand_cost, bool(_demand_charges(request))),
        "excess_import_cost": (bill.excess_cost, _has_steps(request)),
        "allowance_credit": (bill.allowance_credit, bool(_allowances(request))),
    }
    for name, (value, is_asked) in due.items():
        if is_asked or name in told:
            yield from wrong_numbers(subject, told, {name: (value, MONEY_TOLERANCE)})
    if bill.peaks or "demand_peaks" in told:
        yield from _wrong_peaks(subject, told.get("demand_peaks"), bill.peaks)


def _wrong_peaks(subject: str, told: object, peaks: list[Peak]) -> Iterator[str]:
    is_list = isinstance(told, list) and all(isinstance(each, Mapping) for each in told)
    if not is_list or len(told) != len(peaks):
        yield f"{subject}: demand_peaks must be a list of {len(peaks)} objects, got {told!r}"
        return
    for index, (got, peak) in enumerate(zip(told, peaks, strict=True)):
        due = {
            "peak_kw": (peak.peak_kw, ENERGY_TOLERANCE_KWH),
            "peak_so_far_kw": (peak.peak_so_far_kw, ENERGY_TOLERANCE_KWH),
            "cost": (peak.cost, MONEY_TOLERANCE),
        }
        yield from wrong_numbers(f"{subject}: demand_peaks[{index}]", got, due)
