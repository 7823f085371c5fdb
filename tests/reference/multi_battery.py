"""Replies of ``POST /multi-battery/optimize``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.reference import site, storage
from tests.reference.clock import from_first_stamp, wrong_steps
from tests.reference.reading import (
    ENERGY_TOLERANCE_KWH,
    FLOWS,
    POWER_TOLERANCE_W,
    SOC_TOLERANCE,
    Powers,
    Series,
    Wire,
    count,
    energy,
    export_limit,
    lack,
    may_export,
    may_grid_charge,
    powers_of,
    surplus,
    total,
)
from tests.reference.shape import (
    named,
    no_list,
    no_numbers,
    no_object,
    no_stamps,
    wrong_numbers,
)
from tests.reference.storage import Storage, a_battery

TOTALS = {"charge_w": "total_charge_w", "discharge_w": "total_discharge_w"}


def multi_battery_violations(request: Wire, reply: Wire) -> list[str]:
    """Every rule that the reply breaks, as sentences with battery, interval and numbers.

    Parameters
    ----------
    request : mapping
        A clean request, see the package's docstring.
    reply : mapping
        The decoded reply; `batteries`, `aggregated` and `summary` are read.

    Returns
    -------
    list of str
        Empty for a sound reply.  Where parts cannot be read, only that is told.
    """
    malformed = list(_malformed(request, reply))
    if malformed:
        return malformed
    return list(_broken(from_first_stamp(request, reply["aggregated"]["timestamps"]), reply))


def _malformed(request: Wire, reply: Wire) -> Iterator[str]:
    missing = list(no_object(reply, "batteries", "aggregated", "summary"))
    yield from missing
    if missing:
        return
    due = [battery["id"] for battery in request["batteries"]]
    if sorted(reply["batteries"]) != sorted(due):
        yield f"batteries: must hold {sorted(due)}, got {sorted(reply['batteries'])}"
        return
    missing = list(named("batteries", no_object(reply["batteries"], *due)))
    yield from missing
    if missing:
        return
    n = count(request)
    for battery_id, told in reply["batteries"].items():
        yield from named(_name(battery_id), _malformed_battery(told, n))
    yield from named("aggregated", _malformed_aggregate(reply["aggregated"], n))


def _malformed_battery(told: Wire, n: int) -> Iterator[str]:
    missing = list(no_object(told, "schedule", "metrics"))
    yield from missing
    if missing:
        return
    for name in ("charge_w", "discharge_w"):
        yield from no_numbers(told["schedule"], name, n)
    yield from no_numbers(told["schedule"], "soc", n + 1)


def _malformed_aggregate(aggregated: Wire, n: int) -> Iterator[str]:
    for name in (*TOTALS.values(), *(f"{flow}_w" for flow in FLOWS)):
        yield from no_numbers(aggregated, name, n)
    yield from no_numbers(aggregated, "soc_trajectory", n + 1)
    yield from no_stamps(aggregated, n)
    yield from no_list(aggregated, "action", n)


def _broken(request: Wire, reply: Wire) -> Iterator[str]:
    storages = storages_of(request, reply)
    for battery_id, each in storages.items():
        yield from named(
            _name(battery_id), unsound_named(request, reply["batteries"][battery_id], each)
        )
    for i, battery in enumerate(request["batteries"]):
        missed = storage.missed(battery, f"batteries[{i}]", storages[battery["id"]].soc, reply)
        yield from named(_name(battery["id"]), missed)
        least = storage.below_least(battery, storages[battery["id"]].charge)
        yield from named(_name(battery["id"]), least)
    each = [(battery, storages[battery["id"]].charge) for battery in request["batteries"]]
    yield from storage.beyond_solar(request, each)
    schedule = _as_schedule(reply["aggregated"])
    powers = powers_of(request, schedule)
    yield from _wrong_totals(request, reply["aggregated"], list(storages.values()))
    yield from _wrong_mean_soc(reply["aggregated"], list(storages.values()))
    yield from _forbidden(request, storages)
    yield from _unsound_site(request, schedule, powers)
    yield from _metered(request, powers, storages)
    yield from site.wrong_summary(request, reply["summary"], powers, schedule["timestamps"])


def _name(battery_id: str) -> str:
    return f"battery {battery_id!r}"


def _as_schedule(aggregated: Wire) -> dict[str, object]:
    """The schedule of all batteries under the names of that of one."""
    return {**aggregated, **{name: aggregated[its] for name, its in TOTALS.items()}}


def storages_of(request: Wire, reply: Wire) -> dict[str, Storage]:
    """Every battery as it was told, by its id."""
    storages = {}
    for battery in request["batteries"]:
        schedule = reply["batteries"][battery["id"]]["schedule"]
        charge, discharge = schedule["charge_w"], schedule["discharge_w"]
        storages[battery["id"]] = a_battery(
            request, battery, charge=charge, discharge=discharge, soc=schedule["soc"]
        )
    return storages


def unsound_named(request: Wire, told: Wire, battery: Storage) -> Iterator[str]:
    """Rules of one battery and its metrics."""
    yield from storage.negative(told["schedule"], ("charge_w", "discharge_w"))
    yield from storage.noise(told["schedule"])
    yield from storage.unsound(battery)
    yield from storage.both("charge", battery.charge, "discharge", battery.discharge)

    discharged = energy(request, battery.discharge)
    taken_out = discharged / battery.discharge_efficiency
    capacity = battery.capacity_wh / 1000
    due = {
        "charge_kwh": (energy(request, battery.charge), ENERGY_TOLERANCE_KWH),
        "discharge_kwh": (discharged, ENERGY_TOLERANCE_KWH),
        "cycles": (taken_out / capacity if capacity else 0.0, ENERGY_TOLERANCE_KWH),
        "final_soc": (battery.soc[-1], SOC_TOLERANCE),
    }
    yield from wrong_numbers("metrics", told["metrics"], due)


def _wrong_totals(request: Wire, aggregated: Wire, storages: list[Storage]) -> Iterator[str]:
    n = count(request)
    sums = {
        "total_charge_w": total([each.charge for each in storages], n),
        "total_discharge_w": total([each.discharge for each in storages], n),
    }
    for name, due in sums.items():
        for t, (got, value) in enumerate(zip(aggregated[name], due, strict=True)):
            if abs(got - value) > POWER_TOLERANCE_W:
                yield f"interval {t}: {name} must be the sum {value:.3f} W, got {got} W"


def _wrong_mean_soc(aggregated: Wire, storages: list[Storage]) -> Iterator[str]:
    """The SoC of all, weighted with capacity; without any capacity it means nothing."""
    capacity = sum(each.capacity_wh for each in storages)
    for t, got in enumerate(aggregated["soc_trajectory"] if capacity else []):
        due = sum(each.soc[t] * each.capacity_wh for each in storages) / capacity
        if abs(got - due) > SOC_TOLERANCE:
            yield f"interval {t}: aggregated SoC at its start must be {due:.7f}, got {got}"


def _forbidden(request: Wire, storages: Mapping[str, Storage]) -> Iterator[str]:
    """What batteries without a permission do, all together, beyond lack and surplus."""
    batteries, n = request["batteries"], count(request)
    held: Series = [0.0] * n
    for t in range(n):
        home_only = [each for each in batteries if not may_export(request, each, t)]
        held[t] = sum(storages[each["id"]].discharge[t] for each in home_only)
    what = "discharge of batteries that may not export"
    yield from storage.beyond(what, held, lack(request))

    charge = [0.0] * n
    for t in range(n):
        solar_only = [each for each in batteries if not may_grid_charge(request, each, t)]
        charge[t] = sum(storages[each["id"]].charge[t] for each in solar_only)
    what = "charge of batteries that the grid may not charge"
    yield from storage.beyond(what, charge, surplus(request))

    for each in batteries:
        limits = [gap + export_limit(request, each, t) for t, gap in enumerate(lack(request))]
        discharge = storages[each["id"]].discharge
        sentences = storage.beyond("discharge for load and export", discharge, limits)
        yield from named(_name(each["id"]), sentences)


def _metered(request: Wire, powers: Powers, storages: Mapping[str, Storage]) -> Iterator[str]:
    """What passes between grid and batteries, told and metered, is of those that may."""
    batteries, n = request["batteries"], count(request)
    exports: Series = [0.0] * n
    charges: Series = [0.0] * n
    for each in batteries:
        battery = storages[each["id"]]
        for t in range(n):
            exports[t] += min(battery.discharge[t], export_limit(request, each, t))
            charges[t] += battery.charge[t] if may_grid_charge(request, each, t) else 0.0
    yield from site.battery_to_grid(request, powers, exports)
    yield from site.grid_to_battery(request, powers, charges)


def _unsound_site(request: Wire, schedule: Wire, powers: Powers) -> Iterator[str]:
    names = (*TOTALS.values(), *(f"{flow}_w" for flow in FLOWS))
    yield from named("aggregated", storage.negative(schedule, names))
    yield from wrong_steps(request, schedule["timestamps"])
    yield from site.unequal(powers, site.EQUALITIES)
    yield from site.beyond_meter(request, powers)
    yield from site.beyond_inverter(request, powers)
    for one, other in (("charge", "discharge"), ("grid_import", "grid_export")):
        yield from storage.both(f"total {one}", powers[one], f"total {other}", powers[other])
    yield from site.wrong_actions(schedule, powers["charge"])
