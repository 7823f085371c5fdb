"""The batteries of a request."""

import math
from collections.abc import Sequence

from optimiser import Battery, ProblemError
from server.reading.series import number
from server.wire.fields import (
    DEFAULT_EFFICIENCY,
    HIGHEST_POWER,
    HIGHEST_PRICE,
    LEAST_EFFICIENCY,
    Reader,
)
from server.wire.repairs import Repairs
from server.wire.structs import BatteryIn, NamedBatteryIn, Number
from server.wire.wording import shown, unicode_text

DEFAULT_CAPACITY = 13_500.0
DEFAULT_POWER = 5_000.0
DEFAULT_SOC = 0.5
DEFAULT_RESERVE = 0.0

# Under this many Wh a capacity must be meant in kWh: no home battery stores so little.
_KWH_MEANT_BELOW = 200.0
_ABSURD_CAPACITY = 1e6  # Wh
# The client is known to send 4.05e7 Wh; far beyond, a solver's tolerances drown the house.
_HIGHEST_CAPACITY = 1e8
_ABSURD_POWER = 50.0  # W; a limit below it was probably meant in kW
_LEAST_POWER = 1.0  # W; what the client takes for noise

MOST_STORAGES = 10
"""More batteries, or more vehicles, are refused."""


def battery_from_wire(wire: BatteryIn | None, repairs: Repairs, path: str = "battery") -> Battery:
    """Read a battery of a request.

    Parameters
    ----------
    wire : BatteryIn or None
        As decoded.
    repairs : Repairs
        Takes note of every repair and every default that matters.
    path : str
        Where it is in the request.

    Returns
    -------
    Battery
        In kWh, kW and fractions.

    Raises
    ------
    ProblemError
        Where a value has no sane reading.
    """
    if wire is None:
        repairs.note("default", path, "missing; a 13.5 kWh, 5 kW battery at 50 % assumed")
        wire, repairs = BatteryIn(), Repairs()  # one warning says it all
    reader = _Battery(repairs, path)
    capacity, in_kwh = reader.capacity(wire.capacity_wh)
    charge, discharge = reader.efficiencies(wire)
    max_soc = reader.fraction("max_soc", wire.max_soc, 1.0)
    return Battery(
        capacity=capacity / 1000.0,
        charge_limit=reader.power("max_charge_w", wire.max_charge_w, in_kwh) / 1000.0,
        discharge_limit=reader.power("max_discharge_w", wire.max_discharge_w, in_kwh) / 1000.0,
        charge_efficiency=charge,
        discharge_efficiency=discharge,
        initial_soc=reader.fraction("current_soc", wire.current_soc, DEFAULT_SOC, required=True),
        reserve=reader.reserve(wire, max_soc),
        max_soc=max_soc,
        target_end_soc=None
        if wire.target_end_soc is None
        else reader.fraction("target_end_soc", wire.target_end_soc, 0.0),
        cycle_cost=reader.cycle_cost(wire.cycle_cost),
        end_value=reader.end_value(wire.end_value),
        export_limit=reader.not_negative("max_export_w", wire.max_export_w, math.inf) / 1000.0,
        priority=round(reader.finite("priority", wire.priority, 0.0, optional=True)),
        may_charge_from_grid=wire.can_charge_from_grid is not False,
        may_export=wire.can_export_to_grid is not False,
    )


def batteries_from_wire(
    wires: Sequence[NamedBatteryIn] | None, repairs: Repairs
) -> tuple[tuple[str, ...], tuple[Battery, ...]]:
    """Read the batteries of a request, each with its key.

    Raises
    ------
    ProblemError
        Where there are none or too many, one has no id, or two have the same.
    """
    if not wires:
        raise ProblemError("batteries", "must hold at least one battery, got none")
    if len(wires) > MOST_STORAGES:
        rule = f"must hold at most {MOST_STORAGES} batteries, got {len(wires)}"
        raise ProblemError("batteries", rule)
    keys: list[str] = []
    for i, wire in enumerate(wires):
        given = wire.battery_id if wire.id is None else wire.id
        key = "" if given is None else str(given).strip()
        if not key:
            raise ProblemError(f"batteries[{i}].id", f"must be given, got {shown(given)}")
        if key in keys:
            first = keys.index(key)
            rule = f"must differ from batteries[{first}].id, got {shown(key)} again"
            raise ProblemError(f"batteries[{i}].id", rule)
        keys.append(unicode_text(f"batteries[{i}].id", key))
        unicode_text(f"batteries[{i}].name", wire.name or "")
    batteries = (
        battery_from_wire(wire, repairs, f"batteries[{i}]") for i, wire in enumerate(wires)
    )
    return tuple(keys), tuple(batteries)


class _Battery(Reader):
    """Reads what only batteries have."""

    def capacity(self, value: Number) -> tuple[float, bool]:
        """Capacity [Wh], and whether it was sent in kWh."""
        capacity = self.finite("capacity_wh", value, DEFAULT_CAPACITY)
        if capacity < 0:
            raise self.refused("capacity_wh", f"must not be negative, got {capacity!r}")
        if 0 < capacity < _KWH_MEANT_BELOW:
            self.note("unit", "capacity_wh", f"{capacity:g} Wh is no battery; read as kWh")
            return 1000.0 * capacity, True
        if capacity > _HIGHEST_CAPACITY:
            self.note("capped", "capacity_wh", f"{capacity / 1000:g} kWh is no home; 1e5 assumed")
            return _HIGHEST_CAPACITY, False
        if capacity > _ABSURD_CAPACITY:
            self.note("implausible", "capacity_wh", f"{capacity / 1000:g} kWh is no home battery")
        return capacity, False

    def power(self, name: str, value: Number, in_kilo: bool) -> float:
        """Power limit [W]."""
        power = self.finite(name, value, DEFAULT_POWER)
        if power < 0:
            raise self.refused(name, f"must not be negative, got {power!r}")
        if in_kilo and 0 < power < _KWH_MEANT_BELOW:
            self.note("unit", name, f"{power:g} W beside a capacity in kWh; read as kW")
            return 1000.0 * power
        if power > HIGHEST_POWER:
            self.note("capped", name, f"{power / 1000:g} kW is no home; 100 kW assumed")
            return HIGHEST_POWER
        if 0 < power < _LEAST_POWER:
            self.note("clamped", name, f"{power:g} W cannot be commanded; 0 assumed")
            return 0.0
        if 0 < power < _ABSURD_POWER:
            self.note("implausible", name, f"{power:g} W is no home battery; are kW meant?")
        return power

    def reserve(self, wire: BatteryIn, max_soc: float) -> float:
        """The higher of backup reserve and lowest state of charge, at most the highest."""
        reserve = max(
            self.fraction("backup_reserve", wire.backup_reserve, DEFAULT_RESERVE),
            self.fraction("min_soc", wire.min_soc, 0.0),
        )
        if reserve > max_soc:
            self.note("clamped", "backup_reserve", f"above max_soc; {max_soc:g} assumed")
            return max_soc
        return reserve

    def efficiencies(self, wire: BatteryIn) -> tuple[float, float]:
        """One-way efficiencies, in and out; the most specific field wins."""
        if wire.round_trip_efficiency is not None:
            name = "round_trip_efficiency"
            both = math.sqrt(self.efficiency(name, wire.round_trip_efficiency, LEAST_EFFICIENCY**2))
        elif None not in (wire.charge_efficiency, wire.discharge_efficiency):
            both = DEFAULT_EFFICIENCY
        else:
            both = self.efficiency("efficiency", wire.efficiency, LEAST_EFFICIENCY)
        charge, discharge = both, both
        if wire.charge_efficiency is not None:
            charge = self.efficiency("charge_efficiency", wire.charge_efficiency, LEAST_EFFICIENCY)
        if wire.discharge_efficiency is not None:
            discharge = self.efficiency(
                "discharge_efficiency", wire.discharge_efficiency, LEAST_EFFICIENCY
            )
        return charge, discharge

    def end_value(self, value: Number) -> float | None:
        """Worth of a kWh left [$/kWh]; None leaves it to the planner."""
        if value is None:
            return None
        worth = number(value)
        if not math.isfinite(worth):
            got = shown(value)
            self.note("default", "end_value", f"must be a number, got {got}; the planner's own")
            return None
        return self.clamped("end_value", worth, -HIGHEST_PRICE, HIGHEST_PRICE)
