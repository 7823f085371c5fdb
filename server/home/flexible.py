"""Flexible loads and stores of heat of a home, in the words of the wire."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from msgspec import UNSET

from server.home.readings import Inputs, LoadRun
from server.plans.planning import Reply
from server.settings.flexible_checks import minutes_of, window_minutes
from server.settings.home import HeatSettings, LoadSettings, Settings
from server.wire.flexible import HeatIn, LoadIn

_WATTS = 1000.0  # per kW
_INTERVAL = timedelta(minutes=5)  # of the plan; a run lies within whole ones
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK = 8  # days from yesterday on, in which every day of the week comes


class _Window(NamedTuple):
    """A time in which a load is to run once, and the local day that it is of."""

    day: date
    begin: datetime
    end: datetime


def loads_of(inputs: Inputs, settings: Settings) -> list[LoadIn]:
    """Return the next run of each load, or what is left of the one that has begun.

    They are called load_1 and so on.  A load that is not to run is left out, unless it runs.
    """
    readings = zip(settings.loads, inputs.runs, inputs.wanted, strict=True)
    days: dict[str, str] = {}
    found = []
    for number, (load, run, is_wanted) in enumerate(readings, 1):
        if run is not None and run.is_on(inputs.at):
            days[load.name] = run.day
            found.append((load, _rest(load, run, f"load_{number}", inputs.at)))
        elif is_wanted and (window := _next_window(load, run, inputs)):
            days[load.name] = window.day.isoformat()
            found.append((load, _next(load, window, f"load_{number}", inputs.at)))
    ids = {load.name: wire.id for load, wire in found}
    for load, wire in found:
        # What waits for a load of another day, or for one that is over, need not wait.
        if load.after is not None and days.get(load.after) == days[load.name]:
            wire.after = ids[load.after]
    return [wire for _, wire in found]


def _rest(load: LoadSettings, run: LoadRun, key: str, now: datetime) -> LoadIn:
    """Return what is left of a run, which fits between now and the interval of its end only."""
    start = now.replace(microsecond=0)
    hours = (run.end - start) / timedelta(hours=1)
    return LoadIn(
        id=key,
        name=load.name,
        power_w=_WATTS * load.power_kw,
        energy_kwh=load.power_kw * hours,
        latest=_by_interval(run.end, up=True).isoformat(),
    )


def _next(load: LoadSettings, window: _Window, key: str, now: datetime) -> LoadIn:
    return LoadIn(
        id=key,
        name=load.name,
        power_w=_WATTS * load.power_kw,
        energy_kwh=load.energy_kwh,
        earliest=window.begin.isoformat() if window.begin > now else None,
        latest=window.end.isoformat(),
    )


def runs_of(reply: Reply, inputs: Inputs, settings: Settings) -> list[LoadRun | None]:
    """Return the run of each load in a reply; one that has begun stays as it is."""
    told = {} if reply.loads is UNSET else {one.id: one for one in reply.loads}
    found: list[LoadRun | None] = []
    for number, (load, run) in enumerate(zip(settings.loads, inputs.runs, strict=True), 1):
        one, window = told.get(f"load_{number}"), _next_window(load, run, inputs)
        if run is not None and run.is_on(inputs.at):
            found.append(run)
        elif one is None or window is None or one.start is None or one.end is None:
            found.append(None)
        else:
            start, end = datetime.fromisoformat(one.start), datetime.fromisoformat(one.end)
            found.append(LoadRun(day=window.day.isoformat(), start=start, end=end))
    return found


def _next_window(load: LoadSettings, run: LoadRun | None, inputs: Inputs) -> _Window | None:
    """Return the first window that a run still fits into, of a day later than that of the last."""
    yesterday = inputs.at.astimezone(inputs.zone).date() - timedelta(days=1)
    needed = timedelta(hours=load.energy_kwh / load.power_kw)
    for window in (_window(load, yesterday + timedelta(days=k), inputs) for k in range(_WEEK + 1)):
        is_of_load = load.weekdays is None or window.day.weekday() in load.weekdays
        is_later = run is None or window.day.isoformat() > run.day
        if is_of_load and is_later and max(window.begin, inputs.at) + needed <= window.end:
            return window
    return None


def _window(load: LoadSettings, day: date, inputs: Inputs) -> _Window:
    """Return the window of a load that begins on a day, by the clock of the home."""
    begin = datetime.combine(day, time()) + timedelta(minutes=minutes_of(load.earliest or "0:00"))
    end = begin + timedelta(minutes=window_minutes(load))
    begin, end = (at.replace(tzinfo=inputs.zone).astimezone(UTC) for at in (begin, end))
    return _Window(day, _by_interval(begin, up=True), _by_interval(end, up=False))


def _by_interval(at: datetime, *, up: bool) -> datetime:
    """Return the beginning of an interval at an instant or next to it, in UTC."""
    past = (at - _EPOCH) % _INTERVAL
    return at - past + (_INTERVAL if up and past else timedelta())


def heat_of(inputs: Inputs, settings: Settings) -> list[HeatIn]:
    """Return the stores of heat, called heat_1 and so on; one of unknown level is left out."""
    stores = enumerate(zip(settings.heat, inputs.levels, strict=True), 1)
    return [
        _store(store, level, f"heat_{number}")
        for number, (store, level) in stores
        if level is not None
    ]


def heat_powers(reply: Reply, settings: Settings) -> list[float | None]:
    """Return the power of each store of heat at the beginning of a plan; None without one. [W]"""
    told = {} if reply.heat is UNSET else {one.id: one.power_w for one in reply.heat}
    powers = [told.get(f"heat_{number}") for number, _ in enumerate(settings.heat, 1)]
    return [power[0] if power else None for power in powers]


def _store(store: HeatSettings, level: float, key: str) -> HeatIn:
    return HeatIn(
        id=key,
        name=store.name,
        capacity_kwh=store.capacity_kwh,
        level=level,
        least=store.least,
        most=store.most,
        loss_w=_WATTS * store.loss_kw,
        draw_w=_WATTS * store.draw_kw,
        power_w=_WATTS * store.power_kw,
        efficiency=store.efficiency,
    )
