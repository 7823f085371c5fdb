"""The flexible loads of a request; one of several days becomes a load of each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from graphlib import CycleError, TopologicalSorter

from optimiser import Horizon, Load, ProblemError
from server.reading.charges import weekdays_from_wire
from server.reading.clock import instant_from_wire, is_clock_time
from server.reading.flexible.names import key_of
from server.wire.flexible import LoadIn
from server.wire.repairs import FieldReader, Repairs
from server.wire.wording import format_value, quote

MOST_LOADS = 20
"""More loads, each day counted, are refused."""

_PAIR = 2  # least and most
_MIDNIGHT = time(0)


def loads_from_wire(
    wires: Sequence[LoadIn], horizon: Horizon, keys: dict[str, str], repairs: Repairs
) -> list[Load]:
    """Read the flexible loads of a request; `keys` takes the path of each name.

    A load of several days has the name of the request, an ``@`` and the day.
    """
    loads: list[Load] = []
    for i, wire in enumerate(wires):
        path = f"loads[{i}]"
        load = _load(wire, path, key_of(wire, path, keys), repairs)
        for one in _runs(load, wire, path, horizon, repairs):
            if keys.setdefault(one.id, path) != path:
                rule = f"must differ from that of {keys[one.id]}, got {quote(one.id)}"
                raise ProblemError(f"{path}.id", rule)
            loads.append(one)
    if len(loads) > MOST_LOADS:
        raise ProblemError("loads", f"must hold at most {MOST_LOADS} runs, got {len(loads)}")
    return _in_order(loads, keys)


def _load(wire: LoadIn, path: str, key: str, repairs: Repairs) -> Load:
    """Read a load without its window."""
    reader = FieldReader(wire, path, repairs)
    try:
        least, most = _powers(wire, reader)
        is_by_hours = wire.energy_kwh is None and wire.hours is not None
        if wire.energy_kwh is not None and wire.hours is not None:
            reader.note("unknown_value", "hours", "ignored beside energy_kwh")
        energy = most * reader.number("hours") if is_by_hours else reader.number("energy_kwh")
        starts = None if wire.max_starts is None else round(reader.number("max_starts"))
        least_run = reader.number("min_run_minutes") / 60.0
    except ValueError as error:
        name, _, rule = str(error).partition(" ")
        raise ProblemError(f"{path}.{name}", rule) from None
    return Load(
        id=key,
        power=most,
        energy=energy,
        least_power=least,
        is_block=wire.block is not False,
        least_run=least_run,
        most_starts=starts,
        after=None if wire.after is None else str(wire.after).strip(),
    )


def _powers(wire: LoadIn, reader: FieldReader) -> tuple[float, float]:
    """Return the least and the most power while a load is on. [kW]"""
    sent = wire.power_w if isinstance(wire.power_w, list) else [wire.power_w] * _PAIR
    if len(sent) != _PAIR:
        raise ValueError(f"power_w must be a power, or the least and the most, got {len(sent)}")
    most = reader.number("power_w", value=sent[1]) / 1000.0
    least = most
    if sent[0] != sent[1]:
        least = 0.0 if sent[0] == 0 else reader.number("power_w", value=sent[0]) / 1000.0
    is_limited = wire.block is not False or wire.min_run_minutes or wire.max_starts
    if not 0.0 <= least <= most or not most > 0.0 or (is_limited and not least > 0.0):
        got = f"{1000.0 * least:g} and {1000.0 * most:g}"
        rule = "must be positive, the least not above the most, and zero only without limited runs"
        raise ValueError(f"power_w {rule}, got {got}")
    return least, most


def _runs(
    load: Load, wire: LoadIn, path: str, horizon: Horizon, repairs: Repairs
) -> Iterator[Load]:
    """Yield a load for each of its windows that is not past."""
    if wire.days is None:
        windows = {"": _window(wire, path, horizon.start, repairs)}
    else:
        windows = dict(_windows_of_days(wire, path, horizon, repairs))
    for suffix, (earliest, latest) in windows.items():
        if earliest and latest and latest.timestamp() <= earliest.timestamp():
            rule = f"must be later than earliest, got {format_value(wire.latest)}"
            raise ProblemError(f"{path}.latest", rule)
        if latest is not None and latest.timestamp() <= horizon.start.timestamp():
            repairs.note("past", f"{path}.latest", "is past; it is not planned")
            continue
        yield replace(load, id=load.id + suffix, earliest=earliest, latest=latest)


def _window(
    wire: LoadIn, path: str, start: datetime, repairs: Repairs
) -> tuple[datetime | None, datetime | None]:
    """Return the window of a load; None where it is open."""
    earliest = latest = None
    if wire.earliest is not None:
        earliest = instant_from_wire(
            f"{path}.earliest", wire.earliest, start, repairs, counts_now=True
        )
    if wire.latest is not None:
        after = start if earliest is None else max(earliest, start, key=datetime.timestamp)
        latest = instant_from_wire(f"{path}.latest", wire.latest, after, repairs)
    return earliest, latest


def _windows_of_days(
    wire: LoadIn, path: str, horizon: Horizon, repairs: Repairs
) -> Iterator[tuple[str, tuple[datetime | None, datetime | None]]]:
    """Yield the window of each day that a load runs on, and the end of its name."""
    for name in ("earliest", "latest"):
        value = getattr(wire, name)
        if value is not None and not is_clock_time(value):
            rule = f"must be a clock time beside days, got {format_value(value)}"
            raise ProblemError(f"{path}.{name}", rule)
    try:
        days = weekdays_from_wire(wire.days)
    except ValueError as error:
        raise ProblemError(f"{path}.days", str(error).removeprefix("weekdays ")) from None
    zone, day = horizon.start.tzinfo, horizon.start.date()
    while datetime.combine(day, _MIDNIGHT, zone).timestamp() < horizon.end.timestamp():
        midnight = datetime.combine(day, _MIDNIGHT, zone)
        if day.weekday() in days:
            earliest, latest = _window(wire, path, midnight, repairs)
            tomorrow = datetime.combine(day + timedelta(days=1), _MIDNIGHT, zone)
            yield f"@{day.isoformat()}", (earliest or midnight, latest or tomorrow)
        day += timedelta(days=1)


def _in_order(loads: Sequence[Load], keys: dict[str, str]) -> list[Load]:
    """Return loads that wait for that of the same day, where the other one has days.

    What waits for one that is past, or of another day, need not wait.
    """
    ids = {one.id for one in loads}
    ordered = [replace(one, after=_predecessor(one, ids, keys)) for one in loads]
    try:
        TopologicalSorter({one.id: {one.after} - {None} for one in ordered}).prepare()
    except CycleError as error:
        first, *_ = error.args[1]
        rule = f"must not be a circle of loads, got {quote(' -> '.join(error.args[1]))}"
        raise ProblemError(f"{keys[first]}.after", rule) from None
    return ordered


def _predecessor(load: Load, ids: set[str], keys: dict[str, str]) -> str | None:
    """Return the name of the load that another one waits for; None where there is none."""
    if load.after is None:
        return None
    if not keys.get(load.after, "").startswith("loads"):
        rule = f"must be the id of another load, got {format_value(load.after)}"
        raise ProblemError(f"{keys[load.id]}.after", rule)
    own = next(key for key, path in keys.items() if path == keys[load.id])
    day = load.id.removeprefix(own)
    return next((name for name in (load.after + day, load.after) if name in ids), None)
