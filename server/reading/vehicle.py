"""The vehicles of a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from optimiser import Horizon, Priority, ProblemError, Vehicle
from server.reading.battery import MOST_STORAGES
from server.reading.clock import instant_from_wire, is_clock_time
from server.wire.fields import HIGHEST_POWER, LEAST_EFFICIENCY, Reader
from server.wire.repairs import Repairs
from server.wire.structs import EvIn, EvRequest, Number
from server.wire.wording import clipped, shown, unicode_text

DEFAULT_CAPACITY = 75.0  # kWh
DEFAULT_SOC = 0.5
DEFAULT_TARGET = 0.8
DEFAULT_POWER = 7.4  # kW
DEFAULT_LEAST_POWER = 1.4  # kW; 6 A of one phase
DEFAULT_EFFICIENCY = 0.92

_WH_MEANT_FROM = 1_000.0  # no car stores a thousand kWh
_W_MEANT_FROM = 500.0  # nor does a home charge one at 500 kW
_SOLAR_ONLY = "solar_only"


@dataclass(frozen=True, slots=True)
class Vehicles:
    """The vehicles of a request, and for each its id, its name and its path in the request."""

    vehicles: tuple[Vehicle, ...]
    keys: tuple[str, ...]
    names: tuple[str | None, ...]
    paths: tuple[str, ...]


def vehicles_from_wire(request: EvRequest, horizon: Horizon, repairs: Repairs) -> Vehicles:
    """Read the vehicles of a request.

    Parameters
    ----------
    request : EvRequest
        As decoded.
    horizon : Horizon
        Gives naive times their zone.
    repairs : Repairs
        Takes note of everything mended.

    Returns
    -------
    Vehicles
        In order; their ids are all different.

    Raises
    ------
    ProblemError
        Where there are none or too many, two have one id, or a value has no sane reading.
    """
    wires, paths = _given(request, repairs)
    keys: list[str] = []
    for i, wire in enumerate(wires):
        key = "" if wire.vehicle_id is None else str(wire.vehicle_id).strip()
        if not key:
            key = _free_key(wires, i)
            repairs.note("default", f"{paths[i]}.vehicle_id", f"missing; {key} assumed")
        if key in keys:
            rule = f"must differ from {paths[keys.index(key)]}.vehicle_id, got {shown(key)} again"
            raise ProblemError(f"{paths[i]}.vehicle_id", rule)
        keys.append(unicode_text(f"{paths[i]}.vehicle_id", key))
        unicode_text(f"{paths[i]}.name", wire.name or "")
    return Vehicles(
        vehicles=tuple(
            _vehicle(wire, horizon, repairs, path) for wire, path in zip(wires, paths, strict=True)
        ),
        keys=tuple(keys),
        names=tuple(wire.name for wire in wires),
        paths=paths,
    )


def _given(request: EvRequest, repairs: Repairs) -> tuple[Sequence[EvIn], tuple[str, ...]]:
    """Vehicles as sent, and where each is in the request."""
    if request.evs is None or (request.evs == [] and request.ev is not None):
        if request.ev is None:
            raise ProblemError("ev", "must be an object, or evs a list of them, got none")
        return [request.ev], ("ev",)
    if request.ev is not None:
        repairs.note("unknown_value", "ev", "both ev and evs are given; ev is ignored")
    if not 0 < len(request.evs) <= MOST_STORAGES:
        rule = f"must hold 1 to {MOST_STORAGES} vehicles, got {len(request.evs)}"
        raise ProblemError("evs", rule)
    return request.evs, tuple(f"evs[{i}]" for i in range(len(request.evs)))


def _free_key(wires: Sequence[EvIn], i: int) -> str:
    taken = {str(wire.vehicle_id).strip() for wire in wires}
    names = (f"ev_{n}" for n in range(i + 1, i + 2 + len(wires)))
    return next(name for name in names if name not in taken)


def _vehicle(wire: EvIn, horizon: Horizon, repairs: Repairs, path: str) -> Vehicle:
    reader = _Vehicle(repairs, path)
    most = reader.power("max_charge_kw", wire.max_charge_kw, DEFAULT_POWER)
    charging = reader.efficiency_of("charger_efficiency", wire.charger_efficiency)
    discharging = charging
    if wire.discharge_efficiency is not None:
        discharging = reader.efficiency_of("discharge_efficiency", wire.discharge_efficiency)
    priority = reader.priority(wire.priority)
    departure = reader.departure(wire.departure_time, horizon)
    solar_only = wire.solar_only is True or priority == _SOLAR_ONLY
    return Vehicle(
        capacity=reader.capacity(wire.battery_capacity_kwh),
        charge_limit=most,
        initial_soc=reader.fraction("current_soc", wire.current_soc, DEFAULT_SOC, required=True),
        target_soc=reader.fraction("target_soc", wire.target_soc, DEFAULT_TARGET),
        least_charge=reader.least_power(wire.min_charge_kw, most),
        discharge_limit=reader.power("max_discharge_kw", wire.max_discharge_kw, 0.0),
        charge_efficiency=charging,
        discharge_efficiency=discharging,
        least_soc=reader.fraction("min_soc", wire.min_soc, 0.0),
        most_soc=reader.fraction("max_soc", wire.max_soc, 1.0),
        arrival=reader.arrival(wire.arrival_time, horizon, departure),
        departure=departure,
        must_reach_target=wire.must_reach_target is not False,
        may_charge_from_grid=wire.allow_grid_charging is not False and not solar_only,
        may_export=wire.can_export_to_grid is not False,
        cycle_cost=reader.cycle_cost(wire.cycle_cost),
        priority=Priority.EQUAL if priority == _SOLAR_ONLY else Priority(priority),
    )


class _Vehicle(Reader):
    """Reads what only vehicles have."""

    def capacity(self, value: Number) -> float:
        """Capacity [kWh]."""
        name = "battery_capacity_kwh"
        capacity = self.finite(name, value, DEFAULT_CAPACITY, optional=True)
        if capacity < 0:
            raise self.refused(name, f"must not be negative, got {capacity!r}")
        if capacity >= _WH_MEANT_FROM:
            self.note("unit", name, f"{capacity:g} kWh is no vehicle; read as Wh")
            capacity /= 1000.0
        return self.clamped(name, capacity, 0.0, _WH_MEANT_FROM)

    def power(self, name: str, value: Number, default: float) -> float:
        """Power limit [kW]."""
        power = self.not_negative(name, value, default)
        if power >= _W_MEANT_FROM:
            self.note("unit", name, f"{power:g} kW is no home; read as W")
            power /= 1000.0
        return self.clamped(name, power, 0.0, HIGHEST_POWER / 1000.0)

    def least_power(self, value: Number, most: float) -> float:
        """Least charging power [kW], at most the highest."""
        least = self.power("min_charge_kw", value, min(DEFAULT_LEAST_POWER, most))
        if least > most:
            rule = f"must not exceed max_charge_kw, got {least:g}; {most:g} assumed"
            self.note("clamped", "min_charge_kw", rule)
        return min(least, most)

    def efficiency_of(self, name: str, value: Number) -> float:
        """One-way efficiency; the default goes without saying."""
        if value is None:
            return DEFAULT_EFFICIENCY
        return self.efficiency(name, value, LEAST_EFFICIENCY, DEFAULT_EFFICIENCY)

    def priority(self, value: str | None) -> str:
        """Name of a known priority."""
        if value is None:
            return Priority.EV_FIRST.value
        name = value.strip().lower()
        if name in {*Priority, _SOLAR_ONLY}:
            return name
        self.note("unknown_value", "priority", f"{clipped(value)} is unknown; ev_first assumed")
        return Priority.EV_FIRST.value

    def arrival(
        self, value: str | None, horizon: Horizon, departure: datetime | None
    ) -> datetime | None:
        """When it comes; None where it is here.

        A clock time after the departure was that of the day before.
        """
        when = self._instant("arrival_time", value, horizon)
        if when and departure and when >= departure and is_clock_time(value or ""):
            return None
        return None if when is None or when <= horizon.start else when

    def departure(self, value: str | None, horizon: Horizon) -> datetime | None:
        """When it goes; None where that is not before the horizon ends."""
        when = self._instant("departure_time", value, horizon)
        if when is None or when >= horizon.end:
            return None
        if when <= horizon.start:
            self.note("past", "departure_time", f"{clipped(value or '')} is past; read as none")
            return None
        return when

    def _instant(self, name: str, value: str | None, horizon: Horizon) -> datetime | None:
        if value is None or not value.strip():
            return None
        return instant_from_wire(f"{self._path}.{name}", value, horizon.start)
