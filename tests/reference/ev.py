"""Replies of ``POST /ev/optimize``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.reference import site, storage
from tests.reference.clock import from_first_stamp, instants_of, wrong_steps
from tests.reference.money import wrong_money
from tests.reference.multi_battery import storages_of, unsound_named
from tests.reference.optimize import malformed_schedule, unsound_battery
from tests.reference.reading import (
    ENERGY_TOLERANCE_KWH,
    POWER_TOLERANCE_W,
    Powers,
    Series,
    Wire,
    count,
    export_limit,
    flag,
    may_grid_charge,
    number,
    powers_of,
    reaching,
    surplus,
    total,
    true_charge,
)
from tests.reference.shape import (
    is_finite_number,
    named,
    no_numbers,
    no_object,
    no_stamps,
)
from tests.reference.vehicle import (
    is_solar_only,
    malformed_vehicle,
    missed_minimum,
    unsound_vehicle,
    wrong_cost,
)

METER = ("grid_import_w", "grid_export_w", "solar_curtailed_w")
METERED = (*METER, "total_charge_power_w", "total_discharge_power_w")
VEHICLE_FLOWS = ("vehicle_to_load", "vehicle_to_battery", "vehicle_to_grid")


def ev_violations(request: Wire, reply: Wire) -> list[str]:
    """Every rule that the reply breaks, as sentences with vehicle, interval and numbers.

    Parameters
    ----------
    request : mapping
        A clean request, see the package's docstring.
    reply : mapping
        The decoded reply; `ev_schedules`, `shortfall_kwh`, `meter`, `bill` are read, `home` where
        there is a home battery, `vehicle_id`, `schedule` and `summary` where there is one vehicle.

    Returns
    -------
    list of str
        Empty for a sound reply.  Where parts cannot be read, only that is told.
    """
    malformed = list(_malformed(request, reply))
    if malformed:
        return malformed
    stamps = reply["ev_schedules"][0]["schedule"]["timestamps"]
    return list(_broken(from_first_stamp(request, stamps), reply))


def _vehicles(request: Wire) -> Sequence[Wire]:
    return request.get("evs") or [request["ev"]]


def _has_home(request: Wire) -> bool:
    return bool(request.get("home_battery") or request.get("batteries"))


def _homes(request: Wire, reply: Wire) -> list[tuple[Wire, Series, Series]]:
    """Every home battery, with what goes in and out of it. [W]."""
    if request.get("batteries"):
        storages = storages_of(request, reply)
        each = [(battery, storages[battery["id"]]) for battery in request["batteries"]]
        return [(battery, told.charge, told.discharge) for battery, told in each]
    if request.get("home_battery"):
        schedule = reply["home"]["schedule"]
        return [(request["home_battery"], true_charge(request, schedule), schedule["discharge_w"])]
    return []


def _name(vehicle: Wire) -> str:
    return f"vehicle {vehicle['vehicle_id']!r}"


def _malformed(request: Wire, reply: Wire) -> Iterator[str]:
    told, due = reply.get("ev_schedules"), [str(each["vehicle_id"]) for each in _vehicles(request)]
    if not isinstance(told, list) or not all(isinstance(each, Mapping) for each in told):
        yield f"ev_schedules: must be a list of objects, got {told!r}"
        return
    if [each.get("vehicle_id") for each in told] != due:
        yield f"ev_schedules: must be of {due}, got {[each.get('vehicle_id') for each in told]}"
        return
    n = count(request)
    for vehicle, plan in zip(_vehicles(request), told, strict=True):
        yield from named(_name(vehicle), malformed_vehicle(plan, n))
    if not is_finite_number(reply.get("shortfall_kwh")):
        yield f"shortfall_kwh: must be a finite number, got {reply.get('shortfall_kwh')!r}"
    yield from _malformed_site(request, reply)


def _malformed_site(request: Wire, reply: Wire) -> Iterator[str]:
    n, parts = count(request), ["meter", "bill"]
    if _has_home(request):
        parts.append("home")
    missing = list(no_object(reply, *parts))
    yield from missing
    if missing:
        return
    for name in METERED:
        yield from named("meter", no_numbers(reply["meter"], name, n))
    yield from named("meter", no_stamps(reply["meter"], n))
    if not is_finite_number(reply["bill"].get("baseline_cost")):
        got = reply["bill"].get("baseline_cost")
        yield f"bill: baseline_cost must be a finite number, got {got!r}"
    if _has_home(request):
        yield from named("home", _malformed_home(reply["home"], n))


def _malformed_home(home: Wire, n: int) -> Iterator[str]:
    missing = list(no_object(home, "schedule"))
    yield from missing
    if missing:
        return
    yield from malformed_schedule(home["schedule"], n)
    yield from no_numbers(home["schedule"], "vehicle_charge_w", n)
    for flow in ("vehicle_discharge", *VEHICLE_FLOWS):
        if f"{flow}_w" in home["schedule"]:
            yield from no_numbers(home["schedule"], f"{flow}_w", n)


def _broken(request: Wire, reply: Wire) -> Iterator[str]:
    powers = _powers(request, reply)
    instants = instants_of(request, reply["meter"]["timestamps"])
    for vehicle, told in zip(_vehicles(request), reply["ev_schedules"], strict=True):
        yield from named(_name(vehicle), unsound_vehicle(request, vehicle, told, instants))
    if not any(each["field"].endswith(".goals") for each in reply.get("warnings", ())):
        for vehicle, told in zip(_vehicles(request), reply["ev_schedules"], strict=True):
            goals, soc = vehicle.get("goals") or (), told["schedule"]["soc"]
            most = max(vehicle["current_soc"], number(vehicle, "max_soc", 1.0))
            yield from named(_name(vehicle), storage.missed_goals(goals, most, soc, reply))
    if not any(each["field"].endswith(".min_energy_kwh") for each in reply.get("warnings", ())):
        for vehicle, told in zip(_vehicles(request), reply["ev_schedules"], strict=True):
            yield from named(_name(vehicle), missed_minimum(request, vehicle, told, instants))
    yield from _wrong_copies(request, reply)
    yield from _wrong_shortfall(reply)
    yield from _solar_only(request, reply)
    yield from _only_vehicle(request, reply)
    yield from _beyond_phases(request, reply, powers)
    yield from named("meter", _unsound_meter(request, reply, powers))
    yield from _forbidden_export(request, reply, powers)
    yield from _wrong_bill(request, reply, powers)
    if _has_home(request):
        yield from named("home", _unsound_home(request, reply, powers))


def _powers(request: Wire, reply: Wire) -> dict[str, Series]:
    """What goes through the meter, the home battery and all vehicles. [W]."""
    meter, n = reply["meter"], count(request)
    schedules = [told["schedule"] for told in reply["ev_schedules"]]
    powers: dict[str, Series] = {name.removesuffix("_w"): meter[name] for name in METER}
    powers["solar"] = request["solar_forecast"]
    powers["load"] = request["load_forecast"]
    homes = _homes(request, reply)
    powers["charge"] = total([charge for _, charge, _ in homes], n)
    powers["discharge"] = total([discharge for _, _, discharge in homes], n)
    powers["vehicle_charge"] = total([each["charge_power_w"] for each in schedules], n)
    powers["vehicle_discharge"] = total([each["discharge_power_w"] for each in schedules], n)
    return powers


def _wrong_copies(request: Wire, reply: Wire) -> Iterator[str]:
    """A single vehicle is told at the top as well; all schedules have the meter's timestamps."""
    if len(_vehicles(request)) == 1:
        for name in ("vehicle_id", "schedule", "summary"):
            if reply.get(name) != reply["ev_schedules"][0][name]:
                yield f"{name}: must equal that of ev_schedules[0], got {reply.get(name)!r}"
    stamps = reply["meter"]["timestamps"]
    schedules = [told["schedule"] for told in reply["ev_schedules"]]
    if _has_home(request):
        schedules.append(reply["home"]["schedule"])
    for schedule in schedules:
        if schedule["timestamps"] != stamps:
            yield f"timestamps: must be {stamps} everywhere, got {schedule['timestamps']}"


def _wrong_shortfall(reply: Wire) -> Iterator[str]:
    due = sum(told["shortfall_kwh"] for told in reply["ev_schedules"])
    if abs(reply["shortfall_kwh"] - due) > ENERGY_TOLERANCE_KWH:
        yield f"shortfall_kwh: must be the sum {due}, got {reply['shortfall_kwh']}"


def _solar_only(request: Wire, reply: Wire) -> Iterator[str]:
    """What may take surplus solar only, takes no more of it than there is."""
    homes = _homes(request, reply)
    charge = [0.0] * count(request)
    for t in range(count(request)):
        for vehicle, told in zip(_vehicles(request), reply["ev_schedules"], strict=True):
            if is_solar_only(request, vehicle, t):
                charge[t] += told["schedule"]["charge_power_w"][t]
        for home, taken, _ in homes:
            if not may_grid_charge(request, home, t):
                charge[t] += taken[t]
    yield from storage.beyond("charge of what may not use the grid", charge, surplus(request))
    cars = zip(_vehicles(request), reply["ev_schedules"], strict=True)
    charges = [(vehicle, told["schedule"]["charge_power_w"]) for vehicle, told in cars]
    charges += [(home, taken) for home, taken, _ in homes]
    yield from storage.beyond_solar(request, charges)


def _beyond_phases(request: Wire, reply: Wire, powers: Powers) -> Iterator[str]:
    """Imports of a phase above its limit that the house alone does not need."""
    grid = request.get("grid") or {}
    if grid.get("max_import_a_per_phase") is None:
        return
    most = number(grid, "max_import_a_per_phase", 0.0) * number(grid, "voltage", 230.0)
    for phase in (1, 2, 3):
        drawn, limits = [], []
        for t in range(count(request)):
            evenly, own = powers["grid_import"][t] - powers["grid_export"][t], 0.0
            for vehicle, told in zip(_vehicles(request), reply["ev_schedules"], strict=True):
                schedule, phases = told["schedule"], vehicle.get("phases") or 3
                phases = phases if isinstance(phases, list) else [*range(1, phases + 1)]
                power = schedule["charge_power_w"][t] - schedule["discharge_power_w"][t]
                evenly -= power
                own += power / len(phases) if phase in phases else 0.0
            drawn.append(evenly / 3 + own)
            house = request["load_forecast"][t] - request["solar_forecast"][t]
            limits.append(max(most, house / 3))
        yield from storage.beyond(f"import of phase {phase}", drawn, limits)


def _only_vehicle(request: Wire, reply: Wire) -> Iterator[str]:
    """Sources and cost, where there is only one way to tell them."""
    if len(_vehicles(request)) > 1 or _has_home(request):
        return
    told = reply["ev_schedules"][0]
    schedule = told["schedule"]
    if any(schedule["discharge_power_w"]):
        return
    curtailed = reply["meter"]["solar_curtailed_w"]
    (vehicle,) = _vehicles(request)
    yield from named(_name(vehicle), wrong_cost(request, told, vehicle, curtailed))


def _unsound_meter(request: Wire, reply: Wire, powers: Powers) -> Iterator[str]:
    meter = reply["meter"]
    yield from storage.negative(meter, METERED)
    yield from wrong_steps(request, meter["timestamps"])
    yield from site.unequal(powers, {"power balance": site.BALANCE})
    yield from site.beyond_meter(request, powers)
    yield from site.beyond_inverter(request, powers)
    imported, exported = powers["grid_import"], powers["grid_export"]
    yield from storage.both("grid_import", imported, "grid_export", exported)
    yield from _different(meter, "total_charge_power_w", powers["vehicle_charge"])
    yield from _different(meter, "total_discharge_power_w", powers["vehicle_discharge"])


def _different(told: Wire, name: str, due: Series) -> Iterator[str]:
    for t, (got, value) in enumerate(zip(told[name], due, strict=True)):
        if abs(got - value) > POWER_TOLERANCE_W:
            yield f"interval {t}: {name} must be {value:.3f} W, got {got} W"


def _forbidden_export(request: Wire, reply: Wire, powers: Powers) -> Iterator[str]:
    """The meter exports no more than surplus solar and what storages may export."""
    used = zip(powers["solar"], powers["solar_curtailed"], strict=True)
    solar = reaching(request, [sun - curtailed for sun, curtailed in used])
    most = [max(sun - load, 0.0) for sun, load in zip(solar, powers["load"], strict=True)]
    homes = _homes(request, reply)
    for t in range(count(request)):
        for home, _, given in homes:
            most[t] += min(given[t], export_limit(request, home, t))
        for vehicle, told in zip(_vehicles(request), reply["ev_schedules"], strict=True):
            if flag(vehicle, "can_export_to_grid", True):
                most[t] += told["schedule"]["discharge_power_w"][t]
    yield from storage.beyond("export by what may export", powers["grid_export"], most)


def _wrong_bill(request: Wire, reply: Wire, powers: Powers) -> Iterator[str]:
    """The bill of the whole site; its baseline depends on how vehicles would charge: not judged."""
    told, stamps = reply["bill"], reply["meter"]["timestamps"]
    yield from wrong_money("bill", request, told, powers, stamps, told["baseline_cost"])


def _unsound_home(request: Wire, reply: Wire, powers: Powers) -> Iterator[str]:
    """The home battery's schedule: vehicles are a load, and a source where they discharge."""
    schedule = reply["home"]["schedule"]
    if request.get("batteries"):
        for name, each in storages_of(request, reply).items():
            yield from named(name, unsound_named(request, reply["batteries"][name], each))
    else:
        home = request["home_battery"]
        yield from unsound_battery(request, home, schedule)
        yield from storage.missed(home, "home_battery", schedule["soc_trajectory"], reply)
    yield from _different(schedule, "discharge_w", powers["discharge"])
    yield from storage.both("charge", powers["charge"], "discharge", powers["discharge"])
    for name in METER:
        yield from _different(schedule, name, powers[name.removesuffix("_w")])
    yield from _different(schedule, "vehicle_charge_w", powers["vehicle_charge"])
    if "vehicle_discharge_w" in schedule:
        yield from _different(schedule, "vehicle_discharge_w", powers["vehicle_discharge"])

    flows = {**powers_of(request, schedule), **powers}
    told = [flow for flow in VEHICLE_FLOWS if f"{flow}_w" in schedule]
    flows.update({flow: schedule[f"{flow}_w"] for flow in told})
    yield from storage.negative(schedule, tuple(f"{flow}_w" for flow in told))
    yield from site.unequal(flows, _FLOWS_OF_HOME)
    homes = [home for home, _, _ in _homes(request, reply)]
    most = [sum(export_limit(request, home, t) for home in homes) for t in range(count(request))]
    yield from storage.beyond("battery_export", schedule["battery_export_w"], most)


_FLOWS_OF_HOME = {rule: sides for rule, sides in site.EQUALITIES.items() if sides != site.BALANCE}
