"""One vehicle of a reply of ``POST /ev/optimize``: its energy, its stay, its target, its bill."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from tests.reference import storage
from tests.reference.money import due_ratio
from tests.reference.reading import (
    ENERGY_TOLERANCE_KWH,
    MONEY_TOLERANCE,
    POWER_TOLERANCE_W,
    SOC_TOLERANCE,
    TIME_TOLERANCE,
    Series,
    Wire,
    energy,
    flag,
    hours,
    is_allowed,
    number,
    numbers,
    worth,
)
from tests.reference.shape import (
    instant_of,
    is_finite_number,
    no_numbers,
    no_object,
    no_stamps,
    wrong_numbers,
)
from tests.reference.storage import Storage

LEAST_MINUTES = 5.0
"""A charger is on for so long at least, in a longer interval."""

MINUTES_TOLERANCE = 0.01


def malformed_vehicle(told: Wire, n: int) -> Iterator[str]:
    """Parts of a vehicle's plan that cannot be read."""
    missing = list(no_object(told, "schedule", "summary"))
    yield from missing
    if missing:
        return
    for name in ("charge_power_w", "command_w", "minutes_on", "discharge_power_w"):
        yield from no_numbers(told["schedule"], name, n)
    yield from no_numbers(told["schedule"], "soc", n + 1)
    yield from no_stamps(told["schedule"], n)
    if not is_finite_number(told.get("shortfall_kwh")):
        yield f"shortfall_kwh: must be a finite number, got {told.get('shortfall_kwh')!r}"


def storage_of(request: Wire, vehicle: Wire, told: Wire) -> Storage:
    """The vehicle as a storage; a start above its most widens the band as far as that start."""
    now, n = vehicle["current_soc"], len(hours(request))
    into = vehicle["charger_efficiency"]
    return Storage(
        capacity_wh=1000 * vehicle["battery_capacity_kwh"],
        initial_soc=now,
        floor=0.0,
        ceiling=max(now, number(vehicle, "max_soc", 1.0)),
        charge_efficiency=into,
        discharge_efficiency=number(vehicle, "discharge_efficiency", into),
        charge_limit_w=[1000 * most for most in numbers(vehicle, "max_charge_kw", 7.4, n)],
        discharge_limit_w=[1000 * number(vehicle, "max_discharge_kw", 0.0)] * n,
        hours=hours(request),
        charge=told["schedule"]["charge_power_w"],
        discharge=told["schedule"]["discharge_power_w"],
        soc=told["schedule"]["soc"],
    )


def is_solar_only(request: Wire, vehicle: Wire, t: int) -> bool:
    """Whether it may take nothing but surplus solar in that interval."""
    if numbers(vehicle, "min_energy_kwh", 0.0, len(hours(request)))[t] > 0:
        return False
    if request["prices_import"][t] > number(vehicle, "max_price", math.inf):
        return True
    is_told = (
        vehicle.get("charge_from") == "surplus"
        or flag(vehicle, "solar_only", False)
        or vehicle.get("priority") == "solar_only"
    )
    return is_told or not is_allowed(vehicle, "allow_grid_charging", t)


def missed_minimum(
    request: Wire, vehicle: Wire, told: Wire, instants: list[datetime]
) -> Iterator[str]:
    """Intervals in which it takes less than it is to take, and is not full."""
    each, n = storage_of(request, vehicle, told), len(hours(request))
    if vehicle.get("min_energy_kwh") is None:
        return
    wanted, here = numbers(vehicle, "min_energy_kwh", 0.0, n), minutes_here(vehicle, instants)
    for t, h in enumerate(hours(request)):
        most = each.charge_limit_w[t]
        runs = here[t] >= 60 * h - MINUTES_TOLERANCE and most >= 1000 * vehicle["min_charge_kw"]
        due = min(wanted[t], runs * most * h / 1000)
        taken = each.charge[t] * h / 1000
        is_full = each.soc[t + 1] >= each.ceiling - SOC_TOLERANCE
        if taken < due - ENERGY_TOLERANCE_KWH and not is_full:
            yield f"interval {t}: must take {due} kWh, got {taken}"


def unsound_vehicle(
    request: Wire, vehicle: Wire, told: Wire, instants: list[datetime]
) -> Iterator[str]:
    """Every rule of one vehicle but for the cost of its energy."""
    each = storage_of(request, vehicle, told)
    yield from storage.negative(told["schedule"], ("charge_power_w", "discharge_power_w"))
    yield from storage.unsound(each)
    yield from storage.both("charge", each.charge, "discharge", each.discharge)
    here = minutes_here(vehicle, instants)
    yield from _too_little(each, vehicle, instants, here)
    yield from _wrong_commands(each, vehicle, told["schedule"], instants)
    yield from _too_low(each, min(number(vehicle, "min_soc", 0.0), each.soc[0]))
    yield from _while_away(each, told["schedule"], instants, here)
    yield from _wrong_shortfall(vehicle, told, each, instants)
    yield from _wrong_totals(request, told["summary"], each)


def visit(vehicle: Wire, first: datetime) -> tuple[datetime | None, datetime | None]:
    """Arrival and departure of one visit, where those sent are of two: of the one that is next."""
    if vehicle.get("plugged"):
        spans = [[instant_of(each[name]) for name in ("from", "to")] for each in vehicle["plugged"]]
        return min(begin for begin, _ in spans), max(end for _, end in spans)
    arrival = instant_of(vehicle.get("arrival_time"))
    departure = instant_of(vehicle.get("departure_time"))
    if arrival is None or departure is None or arrival < departure:
        return arrival, departure
    if departure > first:
        return None, departure
    return (arrival, None) if arrival > departure else (None, departure)


def stay(vehicle: Wire, instants: list[datetime]) -> tuple[datetime, datetime]:
    """Arrival and departure within the horizon.

    A departure beyond the horizon is its end; an arrival that is past, its beginning.
    """
    first, last = instants[0], instants[-1]
    arrival, departure = visit(vehicle, first)
    if arrival is None or arrival < first:
        arrival = first
    if departure is None or departure > last:
        departure = last
    return arrival, departure


def minutes_here(vehicle: Wire, instants: list[datetime]) -> list[float]:
    """Time of each interval that lies between arrival and departure. [min]"""
    arrival, departure = stay(vehicle, instants)
    stays = [
        [instant_of(each[name]) for name in ("from", "to")] for each in vehicle.get("plugged") or ()
    ]
    return [
        sum(
            max((min(end, leaves) - max(begin, comes)).total_seconds() / 60, 0.0)
            for comes, leaves in stays or [[arrival, departure]]
        )
        for begin, end in pairwise(instants)
    ]


def _too_little(
    each: Storage, vehicle: Wire, instants: list[datetime], here: list[float]
) -> Iterator[str]:
    """A charger is on at its least power for five minutes at least, but before a reached target."""
    last = max((t for t, power in enumerate(each.charge) if power > 0), default=None)
    target = vehicle.get("target_soc")
    reached = target is None or each.soc[-1] >= target - SOC_TOLERANCE
    for t, power in enumerate(each.charge):
        minutes = (instants[t + 1] - instants[t]).total_seconds() / 60
        least = 1000 * vehicle["min_charge_kw"] * min(here[t], LEAST_MINUTES) / minutes
        if 0 < power < least - POWER_TOLERANCE_W and not (t == last and reached):
            yield f"interval {t}: charge must be 0 or at least {least} W, got {power} W"


def _wrong_commands(
    each: Storage, vehicle: Wire, told: Wire, instants: list[datetime]
) -> Iterator[str]:
    """What is commanded is no less than the least power, and gives the mean in its minutes."""
    least = 1000 * vehicle["min_charge_kw"]
    for t, (power, command, on) in enumerate(
        zip(each.charge, told["command_w"], told["minutes_on"], strict=True)
    ):
        minutes = (instants[t + 1] - instants[t]).total_seconds() / 60
        if on > minutes + MINUTES_TOLERANCE:
            yield f"interval {t}: minutes_on must be within {minutes}, got {on}"
        if power > 0 and command < least - POWER_TOLERANCE_W:
            yield f"interval {t}: command_w must be at least {least}, got {command}"
        if abs(command * on / minutes - power) > POWER_TOLERANCE_W + command * 0.01 / minutes:
            yield f"interval {t}: {command} W for {on} minutes is not a mean of {power} W"


def _too_low(each: Storage, least: float) -> Iterator[str]:
    """An interval of discharge must not end under the least SoC, nor under a lower start."""
    for t, power in enumerate(each.discharge):
        soc = each.soc[t + 1]
        if power > 0 and soc < least - SOC_TOLERANCE:
            yield f"interval {t}: discharge must not go under min_soc {least}, got {soc}"


def _while_away(
    each: Storage, told: Wire, instants: list[datetime], here: list[float]
) -> Iterator[str]:
    """More energy than the charger can move, or longer, than the vehicle is at it."""
    for t, (begin, end) in enumerate(pairwise(instants)):
        share = here[t] / ((end - begin).total_seconds() / 60)
        if share == 1.0:
            continue
        for power, limit in (
            (each.charge[t], each.charge_limit_w[t]),
            (each.discharge[t], each.discharge_limit_w[t]),
        ):
            if power > share * limit + POWER_TOLERANCE_W * (share > 0):
                yield f"interval {t}: power must flow for {here[t]:g} minutes only, got {power} W"
        if told["minutes_on"][t] > here[t] + MINUTES_TOLERANCE:
            on = told["minutes_on"][t]
            yield f"interval {t}: minutes_on must be within {here[t]:g}, got {on}"


def _wrong_shortfall(
    vehicle: Wire, told: Wire, each: Storage, instants: list[datetime]
) -> Iterator[str]:
    """What the target lacks after the interval of a departure within the horizon."""
    arrival, departure = stay(vehicle, instants)
    _, leaves = visit(vehicle, instants[0])
    is_due = leaves is None or instants[0] < leaves <= instants[-1]
    if arrival >= instants[-1] or not is_due:
        yield from wrong_numbers("target", told, {"shortfall_kwh": (0.0, ENERGY_TOLERANCE_KWH)})
        return
    left = departure - TIME_TOLERANCE
    gone = [soc for soc, instant in zip(each.soc, instants, strict=True) if instant >= left]
    missed = max(0.0, number(vehicle, "target_soc", 0.0) - gone[0])
    due = {"shortfall_kwh": (missed * vehicle["battery_capacity_kwh"], ENERGY_TOLERANCE_KWH)}
    yield from wrong_numbers("target", told, due)


def _wrong_totals(request: Wire, summary: Wire, each: Storage) -> Iterator[str]:
    taken = energy(request, each.charge)
    due = {
        "total_energy_kwh": (taken, ENERGY_TOLERANCE_KWH),
        "discharged_kwh": (energy(request, each.discharge), ENERGY_TOLERANCE_KWH),
        "final_soc": (each.soc[-1], SOC_TOLERANCE),
    }
    yield from wrong_numbers("summary", summary, due)

    exported, given = summary.get("exported_kwh"), energy(request, each.discharge)
    if not is_finite_number(exported) or not 0 <= exported <= given + ENERGY_TOLERANCE_KWH:
        yield f"summary: exported_kwh must lie in 0 to {given:.6f}, got {exported!r}"

    names = ("solar_energy_kwh", "grid_energy_kwh", "battery_energy_kwh")
    sources = [summary.get(name) for name in names]
    for name, value in zip(names, sources, strict=True):
        if not is_finite_number(value) or value < 0:
            yield f"summary: {name} must be a finite number of at least 0, got {value!r}"
            return
    if abs(sum(sources) - taken) > ENERGY_TOLERANCE_KWH:
        yield f"summary: {' + '.join(names)} must be {taken:.6f}, got {sum(sources)}"

    cost = summary.get("total_cost")
    if not is_finite_number(cost):
        yield f"summary: total_cost must be a finite number, got {cost!r}"
        return
    averages = {"average_cost": due_ratio(cost, taken)}
    if exported == 0:  # else what it earns is in its cost
        averages["average_price"] = due_ratio(cost, summary["grid_energy_kwh"])
    yield from wrong_numbers("summary", summary, averages)


def wrong_cost(request: Wire, told: Wire, vehicle: Wire, curtailed: Series) -> Iterator[str]:
    """Sources and cost of the only vehicle of a site without a battery: surplus solar, then grid.

    One that keeps within solar comes before the load.

    Nothing else stores or gives energy, so there is only one way to share it.
    """
    site = zip(request["solar_forecast"], curtailed, request["load_forecast"], strict=True)
    summary, charge = told["summary"], told["schedule"]["charge_power_w"]
    before = vehicle.get("charge_from") != "any_solar"
    spare = [max(solar - lost - before * load, 0.0) for solar, lost, load in site]
    from_solar = [min(power, sun) for power, sun in zip(charge, spare, strict=True)]
    from_grid = [power - sun for power, sun in zip(charge, from_solar, strict=True)]
    price = worth(request, from_grid, request["prices_import"])
    due = {
        "solar_energy_kwh": (energy(request, from_solar), ENERGY_TOLERANCE_KWH),
        "grid_energy_kwh": (energy(request, from_grid), ENERGY_TOLERANCE_KWH),
        "total_cost": (price, MONEY_TOLERANCE),
        "average_price": due_ratio(price, energy(request, from_grid)),
    }
    yield from wrong_numbers("summary", summary, due)
