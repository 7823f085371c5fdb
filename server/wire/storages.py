"""Batteries and vehicles of requests, with the rules of their numbers beside the fields."""

import math
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.wire.repairs import Number, Rule, Slip

HIGHEST_POWER = 100_000.0
"""No home draws or feeds more; the client is known to send 15 MW. [W]"""

LEAST_POWER = 10.0
"""Limits under this cannot be commanded. [W]"""

HIGHEST_PRICE = 1_000.0
"""$/kWh; the Australian market cap is 20."""


def _from(least: float) -> float:
    """Return the float under a number, for a range that begins with it."""
    return math.nextafter(least, -math.inf)


# A fraction may overshoot by rounding; beyond this it must be a percentage.
_PER_CENT = Slip(1.1, "percent", "{value:g} read as per cent", divisor=100.0)
_SHARE = Rule(high=1.0, slips=(_PER_CENT,), is_signed=True)
_FULL = replace(_SHARE, default=1.0)
_SOC_NOW = replace(_SHARE, default=0.5, is_required=True)
TARGET_SOC = replace(_SHARE, default=0.8)
"""Rule of the target of a vehicle; null is none."""

# An efficiency below the range is no battery's but a fault.
_TWO_OR_MORE = replace(_PER_CENT, above=_from(2.0))
_EFFICIENCY = Rule(default=0.9, low=0.5, high=1.0, slips=(_TWO_OR_MORE,), is_signed=True)
_ROUND_TRIP = replace(_EFFICIENCY, low=0.5**2)
_CHARGER = replace(_EFFICIENCY, default=0.92)

# Under so many Wh a capacity must be meant in kWh: no home battery stores so little.
CAPACITY_IN_KWH = Slip(
    0.0, "unit", "{value:g} Wh is no battery; read as kWh", below=200.0, factor=1000.0
)
_CAPACITY = Rule(
    default=13_500.0,
    slips=(
        CAPACITY_IN_KWH,
        # The client is known to send 4.05e7 Wh; far beyond, tolerances exceed what a house uses.
        Slip(1e8, "capped", "{kilo:g} kWh is no home; 1e5 assumed", replacement=1e8),
        Slip(1e6, "implausible", "{kilo:g} kWh is no home battery"),
    ),
    is_required=True,
)

_KW_MEANT = "{value:g} W beside a capacity in kWh; read as kW"
_POWER = Rule(
    default=5_000.0,
    slips=(
        Slip(1e5, "capped", "{kilo:g} kW is no home; 100 kW assumed", replacement=HIGHEST_POWER),
        # What the client takes for noise.
        Slip(0.0, "clamped", "{value:g} W cannot be commanded; 0 assumed", 1.0, replacement=0.0),
        Slip(0.0, "implausible", "{value:g} W is no home battery; are kW meant?", 50.0),
    ),
    is_required=True,
)
POWER_BESIDE_KWH = replace(
    _POWER, slips=(Slip(0.0, "unit", _KW_MEANT, below=200.0, factor=1000.0), *_POWER.slips)
)
"""Rule of a battery's powers where its capacity was sent in kWh."""

_WEAR = Rule(high=HIGHEST_PRICE, is_signed=True)
_END_VALUE = replace(_WEAR, default=math.nan, low=-HIGHEST_PRICE, default_text="the planner's own")
_ANY = Rule(low=-math.inf, is_signed=True)
_UNLIMITED = Rule(default=math.inf)

# No car stores a thousand kWh, nor does a home charge one at 500 kW.
_WH_MEANT = Slip(_from(1e3), "unit", "{value:g} kWh is no vehicle; read as Wh", divisor=1e3)
_EV_CAPACITY = Rule(default=75.0, high=1e3, slips=(_WH_MEANT,))
_W_MEANT = Slip(_from(500.0), "unit", "{value:g} kW is no home; read as W", divisor=1e3)
EV_POWER = Rule(high=HIGHEST_POWER / 1000.0, slips=(_W_MEANT,))
"""Rule of a vehicle's powers, absent where it has none."""


class HybridIn(msgspec.Struct, kw_only=True):
    """A hybrid inverter in front of the batteries, and of the panels."""

    ac_limit_w: Annotated[Number, Meta(description="Most power to and from the house [W]")] = None
    dc_coupled_solar: Annotated[bool | None, Meta(description="true where absent")] = None


class BatteryIn(msgspec.Struct, kw_only=True):
    """The home battery."""

    current_soc: Annotated[Number, _SOC_NOW, Meta(description="State of charge now, 0-1")] = None
    capacity_wh: Annotated[Number, _CAPACITY, Meta(description="Usable capacity [Wh]")] = None
    max_charge_w: Annotated[Number, _POWER, Meta(description="Highest power in [W]")] = None
    max_discharge_w: Annotated[Number, _POWER, Meta(description="Highest power out [W]")] = None
    efficiency: Annotated[
        Number,
        replace(_EFFICIENCY, is_required=True),
        Meta(description="One-way, for both directions"),
    ] = None
    charge_efficiency: Annotated[Number, _EFFICIENCY] = None
    discharge_efficiency: Annotated[Number, _EFFICIENCY] = None
    round_trip_efficiency: Annotated[Number, _ROUND_TRIP] = None
    backup_reserve: Annotated[Number, _SHARE, Meta(description="Kept for an outage, 0-1")] = None
    min_soc: Annotated[Number, _SHARE] = None
    max_soc: Annotated[Number, _FULL] = None
    target_end_soc: Annotated[Number, _SHARE] = None
    cycle_cost: Annotated[Number, _WEAR, Meta(description="Wear, each way [$/kWh]")] = None
    end_value: Annotated[Number, _END_VALUE, Meta(description="Worth of a kWh left [$/kWh]")] = None
    can_charge_from_grid: bool | None = None
    can_export_to_grid: bool | None = None
    max_export_w: Annotated[
        Number, _UNLIMITED, Meta(description="Most of it into the grid [W]")
    ] = None
    priority: Annotated[Number, _ANY, Meta(description="The lower one of equals goes first")] = None
    hybrid: HybridIn | None = None


class NamedBatteryIn(BatteryIn, kw_only=True):
    """One battery of several."""

    id: Annotated[str | int | None, Meta(description="Its key in the reply")] = None
    battery_id: Annotated[str | int | None, Meta(description="The same as id")] = None
    name: str | None = None
    system_type: Annotated[str | None, Meta(description="Accepted and ignored")] = None


Time = Any
"""ISO 8601, a clock time, or seconds since 1970; what is no time is none, with a warning."""


class EvIn(msgspec.Struct, kw_only=True):
    """A vehicle at a charger; powers in kW, capacity in kWh."""

    vehicle_id: str | int | None = None
    name: str | None = None
    battery_capacity_kwh: Annotated[Number, _EV_CAPACITY, Meta(description="75 where absent")] = (
        None
    )
    current_soc: Annotated[Number, _SOC_NOW, Meta(description="Now, or on arrival, 0-1")] = None
    target_soc: Annotated[
        Number | UnsetType,
        TARGET_SOC,
        Meta(
            description="Wanted at departure, 0-1; 0.8 where absent. Null, 0 or less than it has: "
            "none, and it takes only what is free"
        ),
    ] = UNSET
    min_soc: Annotated[Number, _SHARE, Meta(description="Not discharged under it, 0-1")] = None
    max_soc: Annotated[Number, _FULL] = None
    max_charge_kw: Annotated[Number, replace(EV_POWER, default=7.4)] = None
    min_charge_kw: Annotated[Number, Meta(description="Power is 0 or at least this")] = None
    max_discharge_kw: Annotated[
        Number, EV_POWER, Meta(description="V2H and V2G; 0 where absent")
    ] = None
    charger_efficiency: Annotated[Number, _CHARGER, Meta(description="One-way, in")] = None
    discharge_efficiency: Annotated[Number, _CHARGER, Meta(description="One-way, out")] = None
    charger_type: Annotated[str | None, Meta(description="Accepted and ignored")] = None
    departure_time: Annotated[
        Time,
        Meta(
            description="ISO 8601, local where naive, or a clock time, which is the next one. "
            "Past: it has left. Beyond the plan: the target is not yet due"
        ),
    ] = None
    arrival_time: Annotated[
        Time,
        Meta(
            description="As departure_time; a clock time of this minute is now. At or after the "
            "departure it is a return, which is not planned"
        ),
    ] = None
    must_reach_target: bool | None = None
    allow_grid_charging: bool | None = None
    solar_only: bool | None = None
    can_export_to_grid: bool | None = None
    cycle_cost: Annotated[Number, _WEAR, Meta(description="Wear, each way [$/kWh]")] = None
    priority: Annotated[
        str | None, Meta(description="ev_first, battery_first, equal or solar_only")
    ] = None
