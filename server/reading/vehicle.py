"""The vehicles of a request."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from msgspec import UNSET

from matrix_builders import Vector
from optimiser import Horizon, Priority, ProblemError, Stay, Vehicle
from optimiser.problem.vehicle import ALL_PHASES
from server.reading.battery import MOST_STORAGES, Named, Source, add_key, source_from_wire
from server.reading.clock import instant_from_wire, is_clock_time
from server.reading.goals import MOST_GOALS, goals_from_wire, read_instant
from server.reading.series.lists import number_or_series, permission_or_series
from server.reading.series.steps import Timeline
from server.wire.repairs import FieldReader, Repairs, number_from_json
from server.wire.requests import EvRequest
from server.wire.storages import EV_POWER, HIGHEST_POWER, TARGET_SOC, EvIn, StayIn
from server.wire.wording import format_value, quote, require_unicode

_LEAST_POWER = 1.4  # kW; 6 A of one phase
_SOLAR_ONLY = "solar_only"
_ROUNDING = 1e-9  # $/kWh
_LARGEST = 1e6  # kWh, or Wh, in an interval


class Span(NamedTuple):
    """The time of a plan, and its prices; shape (T,). [$/kWh]"""

    horizon: Horizon
    timeline: Timeline
    import_price: Vector
    export_price: Vector


def vehicles_from_wire(request: EvRequest, span: Span, repairs: Repairs) -> list[Named[Vehicle]]:
    """Read the vehicles of a request, whose keys must all differ; naive times are local."""
    wires, paths = _wires_and_paths(request, repairs)
    keys = _keys(wires, paths, repairs)
    return [
        Named(_vehicle(wire, path, span, repairs), path, key, wire.name)
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


def _vehicle(wire: EvIn, path: str, span: Span, repairs: Repairs) -> Vehicle:
    horizon, timeline, prices, _ = span
    reader = FieldReader(wire, path, repairs)
    charge_limit = number_or_series("max_charge_kw", HIGHEST_POWER, timeline, reader)
    charge_efficiency = discharge_efficiency = reader.number("charger_efficiency")
    if wire.discharge_efficiency is not None:
        discharge_efficiency = reader.number("discharge_efficiency")
    priority = _priority(wire, reader)
    arrival, departure = _stay(wire, path, horizon, repairs)
    source = source_from_wire(wire.charge_from, reader) if wire.charge_from else Source.GRID
    solar_only = wire.solar_only is True or priority == _SOLAR_ONLY or source is Source.SURPLUS
    vehicle = Vehicle(
        capacity=reader.number("battery_capacity_kwh"),
        charge_limit=charge_limit,
        initial_soc=reader.number("current_soc"),
        target_soc=_target_soc(wire, reader),
        goals=goals_from_wire(f"{path}.goals", wire.goals, timeline, repairs) if wire.goals else (),
        least_charge=_least_charge(reader, float(np.max(charge_limit))),
        wanted_charge=_power_wanted(horizon, timeline, reader),
        discharge_limit=reader.number("max_discharge_kw"),
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        least_soc=reader.number("min_soc"),
        most_soc=reader.number("max_soc"),
        end_value=reader.optional("end_value"),
        plugged=_stays(wire.plugged, f"{path}.plugged", timeline, repairs) if wire.plugged else (),
        arrival=arrival,
        departure=departure,
        must_reach_target=wire.must_reach_target is not False,
        may_charge_from_grid=not solar_only and _may_buy(timeline, prices, reader),
        within_solar=source is Source.ANY_SOLAR,
        may_export=wire.can_export_to_grid is not False,
        cycle_cost=reader.number("cycle_cost"),
        phases=ALL_PHASES if wire.phases is None else _phases(wire.phases, reader),
        priority=Priority.EQUAL if priority == _SOLAR_ONLY else Priority(priority),
    )
    _note_absence(vehicle, horizon, reader)
    return vehicle


def _may_buy(timeline: Timeline, prices: Vector, reader: FieldReader) -> bool | list[bool]:
    """Return the permission to charge from the grid at some import prices. [$/kWh]"""
    may = permission_or_series("allow_grid_charging", timeline, reader)
    most = reader.optional("max_price")
    if most is None:
        return may
    is_cheap: list[bool] = (np.array(may) & (prices <= most + _ROUNDING)).tolist()
    return is_cheap


def _least_charge(reader: FieldReader, most: float) -> float:
    """Return the least charging power [kW], at most the highest."""
    least = reader.number("min_charge_kw", replace(EV_POWER, default=min(_LEAST_POWER, most)))
    if least > most:
        rule = f"must not exceed max_charge_kw, got {least:g}; {most:g} assumed"
        reader.note("clamped", "min_charge_kw", rule)
    return min(least, most)


def _power_wanted(horizon: Horizon, timeline: Timeline, reader: FieldReader) -> float | Vector:
    """Return the mean power that is wanted at least, always or in each interval. [kW]"""
    energy = number_or_series("min_energy_kwh", _LARGEST, timeline, reader)
    return energy / horizon.hours if np.any(energy) else 0.0


def _priority(wire: EvIn, reader: FieldReader) -> str:
    """Return the name of a known priority."""
    name = (wire.priority or "").strip().lower()
    if name in {*Priority, _SOLAR_ONLY}:
        return name
    if wire.priority is not None:
        message = f"{quote(wire.priority)} is unknown; ev_first assumed"
        reader.note("unknown_value", "priority", message)
    return Priority.EV_FIRST.value


def _phases(wire: list[Any] | float | str, reader: FieldReader) -> list[int]:
    """Return the phases that a charger is on: so many of the first ones, or those listed."""
    phases = [number_from_json(each) for each in (wire if isinstance(wire, list) else [wire])]
    if not phases or not all(phase in ALL_PHASES for phase in phases):
        text = f"must be some of 1, 2 and 3, got {format_value(wire)}; all assumed"
        reader.note("unknown_value", "phases", text)
        return [*ALL_PHASES]
    if isinstance(wire, list):
        return [int(phase) for phase in phases]
    return [*ALL_PHASES[: int(phases[0])]]


def _target_soc(wire: EvIn, reader: FieldReader) -> float | None:
    """Return the state of charge wanted at departure; None where that is null."""
    has_others = wire.end_value is not None or bool(wire.goals)
    if wire.target_soc is UNSET:
        return None if has_others else TARGET_SOC.default
    if wire.target_soc is None and has_others:
        return None
    if wire.target_soc is None:
        reader.note("no_target", "target_soc", "null is no target: it takes only what is free")
        return None
    return reader.number("target_soc")


def _stay(
    wire: EvIn, path: str, horizon: Horizon, repairs: Repairs
) -> tuple[datetime | None, datetime | None]:
    """Return when a vehicle comes, None where it is here, and when it goes, None if never.

    One of the two belongs to another visit where the arrival is not before the departure: a
    departure in the past to the one before, else the arrival to the one after.
    """
    here, there = f"{path}.arrival_time", f"{path}.departure_time"
    arrival = _instant(here, wire.arrival_time, horizon, repairs, counts_now=True)
    departure = _instant(there, wire.departure_time, horizon, repairs)
    comes, goes = (when and when.timestamp() for when in (arrival, departure))
    now = horizon.start.timestamp()
    if comes and goes and comes > goes and goes <= now:
        repairs.note("past", there, "is past, before the arrival; read as none")
        departure = None
    elif comes and goes and comes >= goes:
        if not is_clock_time(wire.arrival_time):
            message = "is not before the departure; read as here until then, and no return planned"
            repairs.note("after_departure", here, message)
        arrival = None
    return None if comes and comes <= now else arrival, departure


def _instant(
    field: str, value: object, horizon: Horizon, repairs: Repairs, *, counts_now: bool = False
) -> datetime | None:
    """Return an instant of a vehicle; None where there is none to read."""
    if value is None:
        return None
    try:
        return instant_from_wire(field, value, horizon.start, repairs, counts_now=counts_now)
    except ProblemError as error:
        repairs.note("no_time", field, f"{error.rule}; read as none")
        return None


def _note_absence(vehicle: Vehicle, horizon: Horizon, reader: FieldReader) -> None:
    """Warn of what the plan leaves out because a vehicle is not here, or still here after it."""
    if vehicle.has_left(horizon):
        reader.note("past", "departure_time", "is past: it has left, and nothing is planned for it")
    elif vehicle.is_away(horizon):
        message = "it comes after the end of the plan; nothing is planned for it yet"
        reader.note("beyond_horizon", "arrival_time", message)
    elif vehicle.departure is not None and vehicle.stays(horizon) and vehicle.wants_energy:
        message = (
            f"is after the end of the plan, {horizon.end.isoformat()}: the target is not planned "
            "yet, and energy up to it counts at the mean price"
        )
        reader.note("beyond_horizon", "departure_time", message)


def _stays(wires: Sequence[StayIn], field: str, timeline: Timeline, repairs: Repairs) -> list[Stay]:
    """Return the times at the charger that can be read."""
    if len(wires) > MOST_GOALS:
        raise ProblemError(field, f"must hold at most {MOST_GOALS}, got {len(wires)}")
    stays: list[Stay] = []
    for i, wire in enumerate(wires):
        path = f"{field}[{i}]"
        with repairs.skip_on_error(path):
            begin = timeline.start
            if wire.begin is not None:
                begin = read_instant(path, "from", wire.begin, begin, repairs)
            end = read_instant(path, "to", wire.end, begin, repairs)
            if end.timestamp() <= begin.timestamp():
                raise ValueError(f"to must be later than from, got {format_value(wire.end)}")
            stays.append(Stay(begin=begin, end=end))
    return stays
