"""The vehicles of a request."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from optimiser import Horizon, Priority, ProblemError, Vehicle
from server.reading.battery import MOST_STORAGES, Named, add_key
from server.reading.clock import instant_from_wire, is_clock_time
from server.wire.repairs import FieldReader, Repairs
from server.wire.requests import EvRequest
from server.wire.storages import EV_POWER, EvIn
from server.wire.wording import quote, require_unicode

_LEAST_POWER = 1.4  # kW; 6 A of one phase
_SOLAR_ONLY = "solar_only"


def vehicles_from_wire(
    request: EvRequest, horizon: Horizon, repairs: Repairs
) -> list[Named[Vehicle]]:
    """Read the vehicles of a request, whose keys must all differ; naive times are local."""
    wires, paths = _wires_and_paths(request, repairs)
    keys = _keys(wires, paths, repairs)
    return [
        Named(_vehicle(wire, path, horizon, repairs), path, key, wire.name)
        for wire, path, key in zip(wires, paths, keys, strict=True)
    ]


def _wires_and_paths(request: EvRequest, repairs: Repairs) -> tuple[list[EvIn], list[str]]:
    """Return the vehicles as sent, and the place of each in the request."""
    if request.evs is None or (request.evs == [] and request.ev is not None):
        if request.ev is None:
            raise ProblemError("ev", "must be an object, or evs a list of them, got none")
        return [request.ev], ["ev"]
    if request.ev is not None:
        repairs.note("unknown_value", "ev", "both ev and evs are given; ev is ignored")
    if not 0 < len(request.evs) <= MOST_STORAGES:
        rule = f"must hold 1 to {MOST_STORAGES} vehicles, got {len(request.evs)}"
        raise ProblemError("evs", rule)
    return request.evs, [f"evs[{i}]" for i in range(len(request.evs))]


def _keys(wires: Sequence[EvIn], paths: Sequence[str], repairs: Repairs) -> list[str]:
    keys: dict[str, str] = {}
    for i, wire in enumerate(wires):
        field = f"{paths[i]}.vehicle_id"
        key = "" if wire.vehicle_id is None else str(wire.vehicle_id).strip()
        if not key:
            key = _free_key(wires, i)
            repairs.note("default", field, f"missing; {key} assumed")
        add_key(keys, key, field)
        require_unicode(f"{paths[i]}.name", wire.name or "")
    return [*keys]


def _free_key(wires: Sequence[EvIn], i: int) -> str:
    taken = {str(wire.vehicle_id).strip() for wire in wires}
    names = (f"ev_{n}" for n in range(i + 1, i + 2 + len(wires)))
    return next(name for name in names if name not in taken)


def _vehicle(wire: EvIn, path: str, horizon: Horizon, repairs: Repairs) -> Vehicle:
    reader = FieldReader(wire, path, repairs)
    charge_limit = reader.number("max_charge_kw")
    charge_efficiency = discharge_efficiency = reader.number("charger_efficiency")
    if wire.discharge_efficiency is not None:
        discharge_efficiency = reader.number("discharge_efficiency")
    priority = _priority(wire, reader)
    departure = _departure(wire, path, horizon, reader)
    solar_only = wire.solar_only is True or priority == _SOLAR_ONLY
    return Vehicle(
        capacity=reader.number("battery_capacity_kwh"),
        charge_limit=charge_limit,
        initial_soc=reader.number("current_soc"),
        target_soc=reader.number("target_soc"),
        least_charge=_least_charge(reader, charge_limit),
        discharge_limit=reader.number("max_discharge_kw"),
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        least_soc=reader.number("min_soc"),
        most_soc=reader.number("max_soc"),
        arrival=_arrival(wire, path, horizon, departure),
        departure=departure,
        must_reach_target=wire.must_reach_target is not False,
        may_charge_from_grid=wire.allow_grid_charging is not False and not solar_only,
        may_export=wire.can_export_to_grid is not False,
        cycle_cost=reader.number("cycle_cost"),
        priority=Priority.EQUAL if priority == _SOLAR_ONLY else Priority(priority),
    )


def _least_charge(reader: FieldReader, most: float) -> float:
    """Return the least charging power [kW], at most the highest."""
    least = reader.number("min_charge_kw", replace(EV_POWER, default=min(_LEAST_POWER, most)))
    if least > most:
        rule = f"must not exceed max_charge_kw, got {least:g}; {most:g} assumed"
        reader.note("clamped", "min_charge_kw", rule)
    return min(least, most)


def _priority(wire: EvIn, reader: FieldReader) -> str:
    """Return the name of a known priority."""
    name = (wire.priority or "").strip().lower()
    if name in {*Priority, _SOLAR_ONLY}:
        return name
    if wire.priority is not None:
        message = f"{quote(wire.priority)} is unknown; ev_first assumed"
        reader.note("unknown_value", "priority", message)
    return Priority.EV_FIRST.value


def _arrival(
    wire: EvIn, path: str, horizon: Horizon, departure: datetime | None
) -> datetime | None:
    """Return when a vehicle comes; None where it is here.

    A clock time after the departure was that of the day before.
    """
    text = wire.arrival_time or ""
    when = _instant(f"{path}.arrival_time", text, horizon)
    if when and departure and when >= departure and is_clock_time(text):
        return None
    return None if when is None or when <= horizon.start else when


def _departure(wire: EvIn, path: str, horizon: Horizon, reader: FieldReader) -> datetime | None:
    """Return when a vehicle goes; None where that is not before the horizon ends."""
    text = wire.departure_time or ""
    when = _instant(f"{path}.departure_time", text, horizon)
    if when and when <= horizon.start:
        reader.note("past", "departure_time", f"{quote(text)} is past; read as none")
    return when if when and horizon.start < when < horizon.end else None


def _instant(field: str, text: str, horizon: Horizon) -> datetime | None:
    return instant_from_wire(field, text, horizon.start) if text.strip() else None
