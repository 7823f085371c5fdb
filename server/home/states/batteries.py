"""States of charge of the batteries of a home."""

from datetime import datetime

from server.home.errors import InputError
from server.home.readings import SocReading, SourceHealth
from server.home.states.look import Look, time_of_report, words_of
from server.home.states.socs import GoodSoc, confirm, is_doubtful, reading_of, remember
from server.home_assistant.states import EntityState, share_of
from server.settings.home import BatterySettings, Settings

_MOST_SIBLINGS = 20  # entities of a device that are asked whether it is alive


async def read_socs(look: Look, settings: Settings) -> list[tuple[SocReading | None, SourceHealth]]:
    """Return the state of charge of each battery, or None, and its health."""
    is_alone = len(settings.batteries) == 1
    found = [
        await _read_soc(look, battery, i, of_view=settings.use_powersync and is_alone)
        for i, battery in enumerate(settings.batteries)
    ]
    look.memory.read_at = look.now
    return found


async def _read_soc(
    look: Look, battery: BatterySettings, number: int, *, of_view: bool
) -> tuple[SocReading | None, SourceHealth]:
    memory, now, key = look.memory, look.now, battery.soc
    share, at, fault = await _present(look, battery, of_view=of_view)
    field, label = f"batteries[{number}].soc", f"{battery.name}: state of charge"
    per_hour = max(battery.charge_kw, battery.discharge_kw) / battery.capacity_kwh
    doubt = ""
    if is_doubtful(memory.socs.get(key), share, now, per_hour):
        share, doubt = None, f"{share:.0%} cannot be: not believed unless it stays."
    move = 0.0
    if look.previous and memory.read_at:
        move = look.previous.move(number, memory.read_at, now)
    good = remember(memory.socs.get(key), share, at, move, now)
    if good is None:
        return None, SourceHealth(field=field, label=label, value="", state="missing", text=fault)
    if share is not None and now > good.good_until:
        good = confirm(good, await _last_of_device(look, battery.soc), now)
    memory.socs[key] = good
    reading = reading_of(good, now)
    health = _health(look, field, label, good, reading)
    health.text = f"{health.text} {doubt}".strip()
    return reading, health


async def _present(
    look: Look, battery: BatterySettings, *, of_view: bool
) -> tuple[float | None, datetime | None, str]:
    """Return the state of charge seen now, when it was reported, and why there is none."""
    if of_view and look.view and look.view.soc is not None:
        return look.view.soc, look.now, ""
    state = await look.state(battery.soc)
    at = time_of_report(state) if state else None
    return share_of(state), at, f"{_fault(battery.soc, state)}."


def _fault(entity: str, state: EntityState | None) -> str:
    if state is None or state.unit in (None, "", "%"):
        return words_of(entity, state)
    return f"{entity} is in {state.unit}, not in %"


def _health(look: Look, field: str, label: str, good: GoodSoc, reading: SocReading) -> SourceHealth:
    health = SourceHealth(field=field, label=label, value=f"{reading.value:.0%}", at=good.at)
    if not reading.is_carried:
        return health
    known = f"Last known at {look.clock(good.at)}, {good.value:.0%}; the plan before expects it"
    if reading.is_commandable:
        health.state, health.text = "old", f"{known} to be {reading.value:.0%} now."
    else:
        health.state = "missing"
        health.text = f"{known} no longer with certainty: nothing is commanded."
    return health


async def _last_of_device(look: Look, entity: str) -> datetime | None:
    """Return when another entity of the same device has reported last."""
    entries = await look.entries()
    device = next((entry.device_id for entry in entries if entry.entity_id == entity), None)
    if device is None:
        return None
    siblings = [
        entry.entity_id
        for entry in entries
        if entry.device_id == device and entry.entity_id != entity and not entry.disabled_by
    ]
    states = await look.states(siblings[:_MOST_SIBLINGS])
    reports = [time_of_report(state) for state in states if state and state.state != "unavailable"]
    return max(reports, default=None)


def require_socs(
    found: list[tuple[SocReading | None, SourceHealth]],
) -> list[SocReading]:
    """Return the readings, all of which are there.

    Raises
    ------
    InputError
        Where a battery was never read.
    """
    readings = []
    for reading, health in found:
        if reading is None:
            raise InputError(health.field, health.text)
        readings.append(reading)
    return readings
