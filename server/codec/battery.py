"""The battery of a request, with every slip of unit that has one sane reading."""

import math

from optimiser import Battery, ProblemError
from server.codec.repairs import Repairs
from server.codec.series import number
from server.codec.wording import shown
from server.wire import BatteryIn, Number

DEFAULT_CAPACITY = 13_500.0
DEFAULT_POWER = 5_000.0
DEFAULT_EFFICIENCY = 0.9
DEFAULT_SOC = 0.5
DEFAULT_RESERVE = 0.0

# Under this many Wh a capacity must be meant in kWh: no home battery stores so little.
_KWH_MEANT_BELOW = 200.0
_ABSURD_CAPACITY = 1e6  # Wh
# The client is known to send 4.05e7 Wh; far beyond, a solver's tolerances drown the house.
_HIGHEST_CAPACITY = 1e8
HIGHEST_POWER = 100_000.0
"""No home draws or feeds more; the client is known to send 15 MW. [W]"""

_ABSURD_POWER = 50.0  # W; a limit below it was probably meant in kW
_LEAST_POWER = 1.0  # W; what the client takes for noise
_HIGHEST_PRICE = 1_000.0  # $/kWh

_LEAST_EFFICIENCY = 0.5  # below, it is no battery but a fault
# A fraction may overshoot by rounding; beyond this it must be a percentage.
_OVERSHOOT = 1.1
_PERCENT_FROM = 2.0


def battery_from_wire(wire: BatteryIn | None, repairs: Repairs) -> Battery:
    """Read the battery of a request.

    Parameters
    ----------
    wire : BatteryIn or None
        As decoded.
    repairs : Repairs
        Takes note of every repair and every default that matters.

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
        repairs.note("default", "battery", "missing; a 13.5 kWh, 5 kW battery at 50 % assumed")
        wire, repairs = BatteryIn(), Repairs()  # one warning says it all
    reader = _Reader(repairs)
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
        may_charge_from_grid=wire.can_charge_from_grid is not False,
        may_export=wire.can_export_to_grid is not False,
    )


class _Reader:
    """Reads one field at a time and notes what it mends."""

    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs

    def _note(self, code: str, name: str, message: str) -> None:
        self._repairs.note(code, f"battery.{name}", message)

    def _finite(self, name: str, value: Number, default: float) -> float:
        read = number(value)
        if math.isfinite(read):
            return read
        why = "missing" if value is None else f"must be a number, got {shown(value)}"
        self._note("default", name, f"{why}; {default:g} assumed")
        return default

    def capacity(self, value: Number) -> tuple[float, bool]:
        """Capacity [Wh], and whether it was sent in kWh."""
        capacity = self._finite("capacity_wh", value, DEFAULT_CAPACITY)
        if capacity < 0:
            raise ProblemError("battery.capacity_wh", f"must not be negative, got {capacity!r}")
        if 0 < capacity < _KWH_MEANT_BELOW:
            self._note("unit", "capacity_wh", f"{capacity:g} Wh is no battery; read as kWh")
            return 1000.0 * capacity, True
        if capacity > _HIGHEST_CAPACITY:
            self._note("capped", "capacity_wh", f"{capacity / 1000:g} kWh is no home; 1e5 assumed")
            return _HIGHEST_CAPACITY, False
        if capacity > _ABSURD_CAPACITY:
            self._note("implausible", "capacity_wh", f"{capacity / 1000:g} kWh is no home battery")
        return capacity, False

    def power(self, name: str, value: Number, in_kilo: bool) -> float:
        """Power limit [W]."""
        power = self._finite(name, value, DEFAULT_POWER)
        if power < 0:
            raise ProblemError(f"battery.{name}", f"must not be negative, got {power!r}")
        if in_kilo and 0 < power < _KWH_MEANT_BELOW:
            self._note("unit", name, f"{power:g} W beside a capacity in kWh; read as kW")
            return 1000.0 * power
        if power > HIGHEST_POWER:
            self._note("capped", name, f"{power / 1000:g} kW is no home; 100 kW assumed")
            return HIGHEST_POWER
        if 0 < power < _LEAST_POWER:
            self._note("clamped", name, f"{power:g} W cannot be commanded; 0 assumed")
            return 0.0
        if 0 < power < _ABSURD_POWER:
            self._note("implausible", name, f"{power:g} W is no home battery; are kW meant?")
        return power

    def fraction(
        self, name: str, value: Number, default: float, *, required: bool = False
    ) -> float:
        """Share in [0, 1], also as a percentage."""
        if value is None and not required:
            return default
        share = self._finite(name, value, default)
        if share > _OVERSHOOT:
            self._note("percent", name, f"{share:g} read as per cent")
            share /= 100.0
        return self._clamped(name, share, 0.0, 1.0)

    def reserve(self, wire: BatteryIn, max_soc: float) -> float:
        """The higher of backup reserve and lowest state of charge, at most the highest."""
        reserve = max(
            self.fraction("backup_reserve", wire.backup_reserve, DEFAULT_RESERVE),
            self.fraction("min_soc", wire.min_soc, 0.0),
        )
        if reserve > max_soc:
            self._note("clamped", "backup_reserve", f"above max_soc; {max_soc:g} assumed")
            return max_soc
        return reserve

    def efficiencies(self, wire: BatteryIn) -> tuple[float, float]:
        """One-way efficiencies, in and out; the most specific field wins."""
        if wire.round_trip_efficiency is not None:
            name = "round_trip_efficiency"
            both = math.sqrt(
                self._efficiency(name, wire.round_trip_efficiency, _LEAST_EFFICIENCY**2)
            )
        elif None not in (wire.charge_efficiency, wire.discharge_efficiency):
            both = DEFAULT_EFFICIENCY
        else:
            both = self._efficiency("efficiency", wire.efficiency, _LEAST_EFFICIENCY)
        charge, discharge = both, both
        if wire.charge_efficiency is not None:
            charge = self._efficiency(
                "charge_efficiency", wire.charge_efficiency, _LEAST_EFFICIENCY
            )
        if wire.discharge_efficiency is not None:
            discharge = self._efficiency(
                "discharge_efficiency", wire.discharge_efficiency, _LEAST_EFFICIENCY
            )
        return charge, discharge

    def _efficiency(self, name: str, value: Number, least: float) -> float:
        share = self._finite(name, value, DEFAULT_EFFICIENCY)
        if share >= _PERCENT_FROM:
            self._note("percent", name, f"{share:g} read as per cent")
            share /= 100.0
        return self._clamped(name, share, least, 1.0)

    def cycle_cost(self, value: Number) -> float:
        """Wear price [$/kWh]."""
        cost = 0.0 if value is None else self._finite("cycle_cost", value, 0.0)
        return self._clamped("cycle_cost", cost, 0.0, _HIGHEST_PRICE)

    def end_value(self, value: Number) -> float | None:
        """Worth of a kWh left [$/kWh]; None leaves it to the planner."""
        if value is None:
            return None
        worth = number(value)
        if not math.isfinite(worth):
            got = shown(value)
            self._note("default", "end_value", f"must be a number, got {got}; the planner's own")
            return None
        return self._clamped("end_value", worth, -_HIGHEST_PRICE, _HIGHEST_PRICE)

    def _clamped(self, name: str, value: float, low: float, high: float) -> float:
        clamped = min(high, max(low, value))
        if clamped != value:
            rule = f"must lie in [{low:g}, {high:g}]"
            self._note("clamped", name, f"{rule}, got {value:g}; {clamped:g} assumed")
        return clamped
