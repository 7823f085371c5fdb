"""Reasons of next actions: every number of a sentence is one of the request or of the reply.

A sentence is read phrase by phrase; each phrase holds numbers and says where they belong.  A number
that no phrase holds is a violation, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tests.reference.clock import from_first_stamp, instants_of
from tests.reference.reading import Series, Wire, hours, true_charge
from tests.reference.shape import named
from tests.reference.storage import band

CODE = re.compile("[a-z]+(_[a-z]+)*")
KW = r"(\d+\.\d+) kW(?: on average)?"
SHARE = r"(\d+) %"
CLOCK = r"(\d\d:\d\d(?: tomorrow| on \w+day)?)"
OTHERS = r"(?: and other batteries)?"
PRICE = r"(-?\d+(?:\.\d+)?)(?: to (-?\d+(?:\.\d+)?))? (.{1,12})/kWh"

SURE_W = 2.0
"""Power from which a flow is certainly one; sentences leave out less than 1 W."""

PART_KW = 0.05
"""Part of a power that a sentence may leave out."""

SLACK = 1e-4  # kW; powers of a reply are rounded to 0.1 W


@dataclass(frozen=True)
class Told:
    """What is said of one storage, and the numbers of the reply that it is about."""

    n: int
    steps: Sequence[Wire]
    soc: Series
    charge: Series
    discharge: Series
    reserve: Series
    wanted: Sequence[float]
    flows: Mapping[str, Series]
    minutes_on: Series | None


@dataclass(frozen=True)
class Span:
    """One step of it, and the site beside."""

    step: Wire
    told: Told
    first: int
    after: int
    request: Wire
    hours: Series
    clocks: Sequence[str]
    meter: Mapping[str, Series]
    currency: str

    def mean(self, watts):
        """Mean power of the step. [kW]"""
        span = range(self.first, self.after)
        energy = sum(watts[t] * self.hours[t] for t in span)
        return energy / sum(self.hours[t] for t in span) / 1000.0

    def is_near(self, text, value, slack=SLACK):
        """Whether a number is as the text rounds it."""
        digits = len(text.partition(".")[2])
        return abs(float(text) - value) <= 0.5 * 10**-digits + slack


def sentence_violations(request: Wire, reply: Wire) -> list[str]:
    """Sentences of a reply that do not agree with its numbers, or with those of the request."""
    meter = reply.get("meter") or reply.get("aggregated") or reply["schedule"]
    stamps = meter["timestamps"]
    request = from_first_stamp(request, stamps)
    instants = instants_of(request, stamps)
    clocks = [_clock(instant, instants[0]) for instant in instants]
    broken = []
    if len(reply.get("ev_schedules", ())) == 1:
        (only,) = reply["ev_schedules"]
        broken += ["next_actions differ"] * (reply["next_actions"] != only["next_actions"])
    for name, told in _storages(request, reply).items():
        ends = {stamp: t for t, stamp in enumerate(stamps)}
        after = 0
        for step in told.steps:
            first, after = after, ends.get(step["end"], len(stamps))
            site = request, hours(request), clocks, meter, reply.get("currency") or "$"
            span = Span(step, told, first, after, *site)
            broken += named(f"{name} {step['action']} {step['start']}", _wrong_step(span))
    return broken


def _clock(when: datetime, now: datetime) -> str:
    if when.date() == now.date():
        return f"{when:%H:%M}"
    is_tomorrow = when.date() == now.date() + timedelta(days=1)
    return f"{when:%H:%M} tomorrow" if is_tomorrow else f"{when:%H:%M on %A}"


def _storages(request: Wire, reply: Wire) -> dict[str, Told]:
    """Everything whose next actions are told."""
    found = {}
    homes = request.get("batteries") or [
        request[name] for name in ("battery", "home_battery") if request.get(name)
    ]
    home = reply.get("home") or reply
    if homes and "next_actions" in home and "ev_schedules" not in home:
        found["home"] = _home(request, home, homes)
    for battery in request.get("batteries") or ():
        plan = reply["batteries"][battery["id"]]
        series = plan["schedule"]
        found[battery["id"]] = _one(plan, series["charge_w"], series["discharge_w"], [battery])
    vehicles = request.get("evs") or ([request["ev"]] if "ev" in request else [])
    for vehicle, plan in zip(vehicles, reply.get("ev_schedules", ()), strict=True):
        series = plan["schedule"]
        told = _one(plan, series["charge_power_w"], series["discharge_power_w"], [vehicle])
        found[vehicle["vehicle_id"]] = told
    return found


def _home(request: Wire, home: Wire, batteries: Sequence[Wire]) -> Told:
    plan = home.get("aggregated") or home["schedule"]
    flows = {name: plan[f"{name}_w"] for name in ("solar_to_battery", "grid_to_battery")}
    if "schedule" in home:
        charge, discharge = true_charge(request, plan), plan["discharge_w"]
    else:  # a cautious client is not told of solar
        charges = [plan["total_charge_w"], map(sum, zip(*flows.values(), strict=True))]
        charge, discharge = [*map(max, *charges)], plan["total_discharge_w"]
    flows |= {name: plan[f"battery_{name}_w"] for name in ("consume", "export")}
    capacity = sum(battery["capacity_wh"] for battery in batteries)
    n = len(charge)
    reserves = [
        sum(band(battery, n)[0][t] * battery["capacity_wh"] for battery in batteries)
        for t in range(n)
    ]
    return Told(
        n=n,
        steps=home["next_actions"],
        soc=plan["soc_trajectory"],
        charge=charge,
        discharge=discharge,
        reserve=[reserve / capacity if capacity else 0.0 for reserve in reserves],
        wanted=[share for battery in batteries for share in _wanted(battery)],
        flows=flows,
        minutes_on=None,
    )


def _one(plan: Wire, charge: Series, discharge: Series, storages: Sequence[Wire]) -> Told:
    (storage,) = storages
    return Told(
        n=len(charge),
        steps=plan["next_actions"],
        soc=plan["schedule"]["soc"],
        charge=charge,
        discharge=discharge,
        reserve=band(storage, len(charge))[0],
        wanted=_wanted(storage),
        flows={},
        minutes_on=plan["schedule"].get("minutes_on"),
    )


def _wanted(storage: Wire) -> list[float]:
    """States of charge that are asked for."""
    wanted = [storage.get("target_soc"), storage.get("target_end_soc")]
    goals = storage.get("soc_at") or storage.get("goals") or ()
    wanted += [goal["soc"] for goal in goals]
    return [share for share in wanted if share is not None]


def _wrong_step(span: Span) -> Iterator[str]:
    """Phrases with wrong numbers, and numbers outside any phrase."""
    step = span.step
    if not CODE.fullmatch(step["reason_code"]):
        yield f"reason_code must be in snake case, got {step['reason_code']!r}"
    rest = step["reason"]
    for pattern, check in PHRASES:
        for phrase in re.finditer(pattern, rest):
            if not check(span, *phrase.groups()):
                yield f"{phrase[0]!r} is not so in {step['reason']!r}"
        rest = re.sub(pattern, "", rest)
    if re.search(r"\d|nan|None|[{}]", rest):
        yield f"{rest!r} is left of {step['reason']!r}"
    yield from _wrong_power(span)


def _wrong_power(span: Span) -> Iterator[str]:
    told, step = span.told, span.step
    series = told.charge if step["action"] == "charge" else told.discharge
    if abs(span.mean(series) * 1000 - step["power_w"]) > 0.06:
        yield f"power_w must be {1000 * span.mean(series)}, got {step['power_w']}"
    if abs(told.soc[span.after] - step["soc_end"]) > 1e-9:
        yield f"soc_end must be {told.soc[span.after]}, got {step['soc_end']}"


def _is_charge(span, power):
    return span.step["action"] == "charge" and span.is_near(power, span.step["power_w"] / 1000)


def _is_charge_from(span, power, source):
    flows = span.told.flows
    if flows:
        name = {"solar": "solar_to_battery", "the grid": "grid_to_battery"}[source]
        others = span.mean(span.told.charge) - span.mean(flows[name])
        if others > PART_KW + 2 * SLACK:
            return False
    return _is_charge(span, power)


def _is_from_solar(span, power):
    flows = span.told.flows
    if not flows:
        return float(power) <= span.step["power_w"] / 1000 + 0.05
    return span.is_near(power, span.mean(flows["solar_to_battery"]))


def _is_time_on(span, on, lasts, power):
    minutes = sum(span.told.minutes_on[span.first : span.after])
    whole = 60 * sum(span.hours[span.first : span.after])
    while_on = span.step["power_w"] / 1000 * whole / minutes
    # The time is rounded to a hundredth of a minute in each interval.
    slack = SLACK + while_on * 0.005 * (span.after - span.first) / minutes
    slack += 0.0005 * 0.1 * whole / minutes
    is_long = span.is_near(on, minutes, 0.01 * span.told.n) and span.is_near(lasts, whole)
    return is_long and span.is_near(power, while_on, slack)


def _is_part(name):
    def check(span, power):
        if span.told.flows:
            return span.is_near(power, span.mean(span.told.flows[name]))
        return float(power) <= span.step["power_w"] / 1000 + 0.051

    return check


def _are_parts(span, one, other):
    whole = span.step["power_w"] / 1000
    digits = sum(10 ** -len(text.partition(".")[2]) for text in (one, other))
    return abs(float(one) + float(other) - whole) <= digits / 2 + SLACK


def _is_alone(name):
    """A check of a part beside which only a small one is left out."""

    def check(span, power):
        if span.told.flows:
            return span.is_near(power, span.mean(span.told.flows[name]))
        whole = span.step["power_w"] / 1000
        return span.is_near(power, whole - PART_KW / 2, PART_KW / 2 + SLACK)

    return check


def _is_price(sign, kind):
    """A check of the prices of some of the intervals of a step."""

    def check(span, low, high, currency, when):
        if currency != span.currency or (when == "now") != (span.first == 0):
            return False
        prices = {
            t: sign * span.request[f"prices_{kind}"][t] for t in range(span.first, span.after)
        }
        ends = [low, high or low]
        if not all(any(span.is_near(end, each, 1e-9) for each in prices.values()) for end in ends):
            return False
        half = 0.5 * 10 ** -len(low.partition(".")[2]) + 1e-9
        sure = [prices[t] for t in _sure(span, kind)]
        return all(float(low) - half <= price <= float(ends[1]) + half for price in sure)

    return check


FLOWS = {
    ("import", "charge"): "grid_to_battery",
    ("import", "consume"): "consume",
    ("import", "idle"): "grid_import_w",
    ("export", "export"): "export",
    ("export", "idle"): "grid_export_w",
}
"""Flow that has the price, by the kind of price and the action."""


def _sure(span, kind):
    """Intervals of a step whose price is certainly one of those meant."""
    name = FLOWS.get((kind, span.step["action"]))
    watts = span.told.flows.get(name) or span.meter.get(name) or [0.0] * span.told.n
    return [t for t in range(span.first, span.after) if watts[t] > SURE_W]


def _is_price_at(sign, kind, moves):
    """A check of a price, and that the storage moves, in the interval that begins then."""

    def check(span, low, high, currency, clock):
        if high or currency != span.currency:
            return False
        series = getattr(span.told, moves)
        return any(
            span.clocks[t] == clock
            and series[t] > 9.9
            and span.is_near(low, sign * span.request[f"prices_{kind}"][t], 1e-9)
            for t in range(span.told.n)
        )

    return check


def _is_move_at(moves):
    def check(span, clock):
        series = getattr(span.told, moves)
        return any(span.clocks[t] == clock and series[t] > 9.9 for t in range(span.told.n))

    return check


def _is_soc(span, share):
    return span.is_near(share, 100 * span.told.soc[span.first], 1e-4)


def _is_wanted(span, share):
    return any(span.is_near(share, 100 * wanted, 1e-4) for wanted in span.told.wanted)


def _is_goal(span, share, clock):
    start = datetime.fromisoformat(span.meter["timestamps"][0])
    homes = [span.request.get("battery"), span.request.get("home_battery")]
    goals = [
        goal
        for battery in (*filter(None, homes), *(span.request.get("batteries") or ()))
        for goal in battery.get("soc_at") or ()
    ]
    return any(
        span.is_near(share, 100 * goal["soc"], 1e-4)
        and clock == _clock(_instant(goal["at"], start), start)
        for goal in goals
    )


def _is_reserve(span, share):
    return any(span.is_near(share, 100 * reserve, 1e-4) for reserve in span.told.reserve)


def _is_end_value(span, low, high, _):
    vehicles = span.request.get("evs") or [span.request["ev"]]
    values = [each["end_value"] for each in vehicles if each.get("end_value") is not None]
    return high is None and any(span.is_near(low, value, 1e-9) for value in values)


def _is_later_reserve(span, share, clock):
    return any(
        span.clocks[t] == clock and span.is_near(share, 100 * span.told.reserve[t], 1e-4)
        for t in range(span.told.n)
    )


def _is_stay(name):
    """A check of when a vehicle comes or goes; any time will do where the request has none."""

    def check(span, clock):
        start = datetime.fromisoformat(span.meter["timestamps"][0])
        vehicles = span.request.get("evs") or [span.request["ev"]]
        whens = [_instant(each[name], start) for each in vehicles if each.get(name)]
        side = "to" if name == "departure_time" else "from"
        spans = [stay for each in vehicles for stay in each.get("plugged") or ()]
        whens += [_instant(stay[side], start) for stay in spans]
        if name == "departure_time":
            goals = [goal for each in vehicles for goal in each.get("goals") or ()]
            whens += [_instant(goal["at"], start) for goal in goals]
        return not whens or clock in [_clock(when, start) for when in whens]

    return check


def _instant(stamp, start):
    """An instant on the clock of a start; local where it has no offset, or is a time of day."""
    if len(stamp) == len("00:00"):
        when = datetime.combine(start.date(), time.fromisoformat(stamp), start.tzinfo)
        return when if when > start else when + timedelta(days=1)
    when = datetime.fromisoformat(stamp)
    return when.astimezone(start.tzinfo) if when.tzinfo else when.replace(tzinfo=start.tzinfo)


def _is_horizon(span, length):
    return span.is_near(length, sum(span.hours), 0.05)


def _is_mean(name):
    """A check of the mean of a power at the meter."""

    def check(span, power):
        return span.is_near(power, span.mean(span.meter[name]))

    return check


def _are_used_and_sold(span, used, sold):
    is_each = _is_part("consume")(span, used) and _is_part("export")(span, sold)
    return is_each and _are_parts(span, used, sold)


def _are_sold_and_used(span, sold, used):
    return _are_used_and_sold(span, used, sold)


def _is_solar_charge(span, power):
    return span.is_near(power, span.mean(span.told.flows["solar_to_battery"]))


def _is_any_charge(span, power):
    return span.is_near(power, span.mean(span.told.charge))


PHRASES = (
    (rf"a kWh in it is worth {PRICE}", _is_end_value),
    (rf"Powering the home{OTHERS} with {KW} and selling {KW}", _are_used_and_sold),
    (rf"Selling {KW} and powering the home{OTHERS} with {KW}", _are_sold_and_used),
    (rf"Powering the home{OTHERS} with {KW}", _is_alone("consume")),
    (rf"Selling {KW}", _is_alone("export")),
    (rf"Charging at {KW} from (solar|the grid)", _is_charge_from),
    (rf"Charging at {KW}", _is_charge),
    (rf", {KW} of it from solar", _is_from_solar),
    (rf"Charging for (\d+) of (\d+) min at {KW}", _is_time_on),
    (rf"while the home sells {KW}", _is_mean("grid_export_w")),
    (rf"solar charges the battery at {KW}", _is_solar_charge),
    (rf"(?:a vehicle charges the battery|then charging) at {KW}", _is_any_charge),
    (rf"(?:Holding|Waiting) at {SHARE}", _is_soc),
    (rf"reserve of {SHARE}", _is_reserve),
    (rf"the reserve is {SHARE} from {CLOCK}", _is_later_reserve),
    (rf"{SHARE} is wanted at {CLOCK}", _is_goal),
    (rf"(?:the )?{SHARE} (?:is )?wanted", _is_wanted),
    (rf" by {CLOCK}", _is_stay("departure_time")),
    (rf"Not at its charger until {CLOCK}", _is_stay("arrival_time")),
    (r"for the next (\d+(?:\.\d)?) h", _is_horizon),
    (rf"power costs {PRICE} (now|then|before)", _is_price(1, "import")),
    (rf"the grid pays {PRICE} (now|then|before)", _is_price(-1, "import")),
    (rf"selling earns {PRICE} (now|then)", _is_price(1, "export")),
    (rf"selling costs {PRICE} (now|then)", _is_price(-1, "export")),
    (rf"it is solar that would earn {PRICE} (now|then)", _is_price(1, "export")),
    (rf"charging costs {PRICE} at {CLOCK}", _is_price_at(1, "import", "charge")),
    (rf"the grid pays {PRICE} for charging at {CLOCK}", _is_price_at(-1, "import", "charge")),
    (rf"solar that would earn {PRICE} charges it at {CLOCK}", _is_price_at(1, "export", "charge")),
    (rf"solar that would earn nothing charges it at {CLOCK}", _is_move_at("charge")),
    (rf"powering the home saves {PRICE} at {CLOCK}", _is_price_at(1, "import", "discharge")),
    (rf"selling earns {PRICE} at {CLOCK}", _is_price_at(1, "export", "discharge")),
    (rf"it (?:powers the home|is sold) from {CLOCK}", _is_move_at("discharge")),
    (rf"until {CLOCK}", _is_move_at("charge")),
)
"""Patterns of the phrases that hold numbers, and whether these are right."""
