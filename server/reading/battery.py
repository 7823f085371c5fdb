"""The batteries of a request."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from matrix_builders import Vector
from optimiser import Battery, ProblemError, Vehicle
from server.reading.goals import goals_from_wire, pins_from_wire
from server.reading.series.curve import curve_from_wire
from server.reading.series.lists import number_or_series, permission_or_series
from server.reading.series.steps import Timeline
from server.wire.repairs import FieldReader, Repairs
from server.wire.storages import HIGHEST_POWER, BatteryIn, HybridIn, NamedBatteryIn
from server.wire.wording import format_value, quote, require_unicode

Storage = TypeVar("Storage", Battery, Vehicle)

_PER_CENT = 100.0  # a share is no more, whatever it is meant in


class Source(StrEnum):
    """Energy that a storage may take."""

    GRID = "grid"
    ANY_SOLAR = "any_solar"
    SURPLUS = "surplus"


_SOURCES = {source.value: source for source in Source}

MOST_STORAGES = 10
"""More batteries, or more vehicles, are refused."""


class Named(NamedTuple, Generic[Storage]):
    """A storage of a request.

    Attributes
    ----------
    storage : Battery or Vehicle
        As read.
    path : str
        Its place in the request.
    key : str
        Its key in the reply; empty for the single battery of ``/optimize``.
    name : str or None
        What people call it.
    hybrid : HybridIn or None
        The inverter that it names.
    """

    storage: Storage
    path: str
    key: str = ""
    name: str | None = None
    hybrid: HybridIn | None = None


def battery_from_wire(
    wire: BatteryIn | None,
    timeline: Timeline,
    selling: Vector,
    repairs: Repairs,
    path: str = "battery",
) -> Battery:
    """Read a battery of a request, from its `path`, beside the prices to sell at. [$/kWh]"""
    if wire is None:
        repairs.note("default", path, "missing; a 13.5 kWh, 5 kW battery at 50 % assumed")
        wire, repairs = BatteryIn(), Repairs()  # one warning says it all
    reader = FieldReader(wire, path, repairs)
    capacity = reader.number("capacity_wh") / 1000.0
    source = source_from_wire(wire.charge_from, reader) if wire.charge_from else Source.GRID
    charge_efficiency, discharge_efficiency = _efficiencies(wire, reader)
    max_soc = number_or_series("max_soc", _PER_CENT, timeline, reader)
    return Battery(
        capacity=capacity,
        **_powers(timeline, selling, reader, surplus_only=source is Source.SURPLUS),
        within_solar=source is Source.ANY_SOLAR,
        charge_curve=curve_from_wire("charge_power_curve", wire.charge_power_curve, reader)
        if wire.charge_power_curve
        else (),
        charge_efficiency=charge_efficiency,
        discharge_efficiency=discharge_efficiency,
        initial_soc=reader.number("current_soc"),
        reserve=_reserve(timeline, reader, max_soc),
        max_soc=max_soc,
        target_end_soc=_target(wire, reader, float(np.ravel(max_soc)[-1])),
        soc_at=goals_from_wire(f"{path}.soc_at", wire.soc_at, timeline, repairs)
        if wire.soc_at
        else (),
        pinned=pins_from_wire(f"{path}.pinned", wire.pinned, timeline, repairs)
        if wire.pinned
        else (),
        cycle_cost=reader.number("cycle_cost"),
        end_value=reader.optional("end_value"),
        export_limit=reader.number("max_export_w") / 1000.0,
        priority=round(reader.number("priority")),
    )


def _efficiencies(wire: BatteryIn, reader: FieldReader) -> tuple[float, float]:
    """Read the one-way efficiencies, in and out; the most specific field wins."""
    charge, discharge = wire.charge_efficiency, wire.discharge_efficiency
    both = math.nan
    if wire.round_trip_efficiency is not None:
        both = math.sqrt(reader.number("round_trip_efficiency"))
    elif charge is None or discharge is None:
        both = reader.number("efficiency")
    return (
        both if charge is None else reader.number("charge_efficiency"),
        both if discharge is None else reader.number("discharge_efficiency"),
    )


def source_from_wire(wire: str, reader: FieldReader) -> Source:
    """Read what a storage may be charged from."""
    known = _SOURCES.get(wire.strip().lower())
    if known is None:
        message = f"{quote(wire)} is unknown; grid assumed"
        reader.note("unknown_value", "charge_from", message)
    return known or Source.GRID


def _powers(
    timeline: Timeline, selling: Vector, reader: FieldReader, *, surplus_only: bool
) -> dict[str, Any]:
    """Read highest powers and permissions; where it may not charge, the power in is none."""
    charge, discharge = (
        number_or_series(name, HIGHEST_POWER, timeline, reader) / 1000.0
        for name in ("max_charge_w", "max_discharge_w")
    )
    charges, may_charge_from_grid, may_export = (
        permission_or_series(name, timeline, reader)
        for name in ("can_charge", "can_charge_from_grid", "can_export_to_grid")
    )
    least = reader.optional("min_sell_price")
    if least is not None and (selling < least).any():
        may_export = (np.array(may_export) & (selling >= least)).tolist()
    limit = charge if charges is True else charge * np.array(charges)
    return {
        "charge_limit": limit,
        "least_charge": _least_power(reader, float(np.max(limit))),
        "discharge_limit": discharge,
        "may_charge_from_grid": not surplus_only and may_charge_from_grid,
        "may_export": may_export,
    }


def _least_power(reader: FieldReader, most: float) -> float:
    """Return the least power of a charge, at most the highest. [kW]"""
    least = reader.number("min_charge_w") / 1000.0
    if least > most:
        rule = f"must not exceed max_charge_w, got {1000 * least:g}; {1000 * most:g} assumed"
        reader.note("clamped", "min_charge_w", rule)
    return min(least, most)


def _reserve(timeline: Timeline, reader: FieldReader, max_soc: float | Vector) -> float | Vector:
    """Return the higher of backup reserve and lowest state of charge, at most the highest."""
    reserve = number_or_series("backup_reserve", _PER_CENT, timeline, reader)
    floor = np.maximum(reserve, number_or_series("min_soc", _PER_CENT, timeline, reader))
    if (floor > max_soc).any():
        assumed = f"{max_soc:g}" if isinstance(max_soc, float) else "that"
        reader.note("clamped", "backup_reserve", f"above max_soc; {assumed} assumed")
    floor = np.minimum(floor, max_soc)
    return floor if floor.ndim else float(floor)


def _target(wire: BatteryIn, reader: FieldReader, max_soc: float) -> float | None:
    """Return the state of charge wanted at the end, at most the highest."""
    target = None if wire.target_end_soc is None else reader.optional("target_end_soc")
    if target is None or target <= max_soc:
        return target
    reader.note("clamped", "target_end_soc", f"{target:g} is above max_soc; {max_soc:g} assumed")
    return max_soc


def batteries_from_wire(
    wires: Sequence[NamedBatteryIn] | None, timeline: Timeline, selling: Vector, repairs: Repairs
) -> list[Named[Battery]]:
    """Read several batteries of a request, whose keys must all differ; see `battery_from_wire`."""
    if not wires:
        raise ProblemError("batteries", "must hold at least one battery, got none")
    if len(wires) > MOST_STORAGES:
        rule = f"must hold at most {MOST_STORAGES} batteries, got {len(wires)}"
        raise ProblemError("batteries", rule)
    named, keys = [], dict[str, str]()
    for i, wire in enumerate(wires):
        path, raw = f"batteries[{i}]", wire.battery_id if wire.id is None else wire.id
        key = "" if raw is None else str(raw).strip()
        if not key:
            raise ProblemError(f"{path}.id", f"must be given, got {format_value(raw)}")
        add_key(keys, key, f"{path}.id")
        require_unicode(f"{path}.name", wire.name or "")
        named.append((wire, path, key))
    return [
        Named(
            battery_from_wire(wire, timeline, selling, repairs, path),
            path,
            key,
            wire.name,
            wire.hybrid,
        )
        for wire, path, key in named
    ]


def add_key(keys: dict[str, str], key: str, field: str) -> None:
    """Add the key of a storage, and the field that holds it, to those of the others."""
    if key in keys:
        raise ProblemError(field, f"must differ from {keys[key]}, got {format_value(key)} again")
    require_unicode(field, key)
    keys[key] = field
