"""What stores energy in a request: batteries, vehicles, and the inverters that they name."""

from dataclasses import dataclass, field

from optimiser import Battery, Horizon, Vehicle
from server.reading.battery import batteries_from_wire, battery_from_wire
from server.reading.vehicle import vehicles_from_wire
from server.wire.repairs import Repairs
from server.wire.structs import (
    EvRequest,
    HybridIn,
    MultiBatteryRequest,
    NamedBatteryIn,
    OptimizeRequest,
)


@dataclass(frozen=True, slots=True)
class Storages:
    """Everything that stores energy: batteries, then vehicles.

    Attributes
    ----------
    batteries, vehicles : tuple
        As read.
    keys, names, paths : tuple
        As in `Problem`.
    hybrids : dict
        Inverter that each battery names, by the battery's path.
    """

    batteries: tuple[Battery, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    keys: tuple[str, ...] = ()
    names: tuple[str | None, ...] = ()
    paths: tuple[str, ...] = ()
    hybrids: dict[str, HybridIn | None] = field(default_factory=dict)


def single_battery(request: OptimizeRequest, repairs: Repairs) -> Storages:
    """The battery of ``/optimize``, which needs no key."""
    path, wire = "battery", request.battery
    battery = battery_from_wire(wire, repairs, path)
    hybrids = {path: wire.hybrid if wire else None}
    return Storages((battery,), paths=(path,), hybrids=hybrids)


def several_batteries(request: MultiBatteryRequest, repairs: Repairs) -> Storages:
    """The batteries of ``/multi-battery/optimize``."""
    return _named(request.batteries, repairs)


def vehicles_and_batteries(request: EvRequest, horizon: Horizon, repairs: Repairs) -> Storages:
    """The vehicles of ``/ev/optimize``, and what is at home beside them."""
    read = vehicles_from_wire(request, horizon, repairs)
    home = _home(request, repairs)
    return Storages(
        home.batteries,
        read.vehicles,
        keys=home.keys + read.keys,
        names=home.names + read.names,
        paths=home.paths + read.paths,
        hybrids=home.hybrids,
    )


def _named(wires: list[NamedBatteryIn] | None, repairs: Repairs) -> Storages:
    keys, batteries = batteries_from_wire(wires, repairs)
    names = tuple(wire.name for wire in wires or ())
    hybrids = {f"batteries[{i}]": wire.hybrid for i, wire in enumerate(wires or ())}
    return Storages(batteries, keys=keys, names=names, paths=tuple(hybrids), hybrids=hybrids)


def _home(request: EvRequest, repairs: Repairs) -> Storages:
    path, wire = "home_battery", request.home_battery
    if request.batteries is not None:
        if wire is not None:
            message = "both home_battery and batteries are given; home_battery is ignored"
            repairs.note("unknown_value", path, message)
        return _named(request.batteries, repairs)
    if wire is None:
        return Storages()
    battery = battery_from_wire(wire, repairs, path)
    return Storages((battery,), (), (path,), (None,), (path,), {path: wire.hybrid})
