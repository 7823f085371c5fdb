"""Batteries and vehicles of requests, with the rules of their numbers beside the fields."""

import math
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.wire.repairs import EFFICIENCY, PRICE, SHARE, Evidence, Number, Rule, Slip

HIGHEST_POWER = 100_000.0
"""No home draws or feeds more; the client is known to send 15 MW. [W]"""

HIGHEST_PRICE = 1_000.0
"""$/kWh; the Australian market cap is 20.  In other money, as many times its price scale."""


def _from(least: float) -> float:
    """Return the float under a number, for a range that begins with it."""
    return math.nextafter(least, -math.inf)


# A fraction may overshoot by rounding; beyond this it must be a percentage.
_OVERSHOOT = 1.1
_PER_CENT = Slip(_OVERSHOOT, "percent", "{value:g} read as per cent", divisor=100.0)
# A one beside a percentage: a per cent of a level or a floor, but no ceiling and no target.
_ONE_BESIDE = replace(
    _PER_CENT, above=_from(1.0), below=_OVERSHOOT, beside=Evidence(SHARE, _OVERSHOOT)
)
_FULL_BESIDE = replace(
    _ONE_BESIDE, code="implausible", text="{value:g} beside per cent; 100 % assumed", divisor=1.0
)
SHARE_RULE = Rule(high=1.0, slips=(_PER_CENT, _ONE_BESIDE), is_signed=True, unit=SHARE)
"""Rule of a level."""

_SOC_NOW = replace(SHARE_RULE, default=0.5, is_required=True)
_CEILING = replace(SHARE_RULE, slips=(_PER_CENT, _FULL_BESIDE))
FULL_SHARE = replace(_CEILING, default=1.0)
"""Rule of a ceiling."""

_TARGET_AT_END = replace(_CEILING, default=math.nan, default_text="none assumed")
CURVE_SOC = _CEILING
"""Rule of the highest state of charge of a curve, which shows what all are meant in."""

_GOAL = replace(_CEILING, is_required=True, is_strict=True)
TARGET_SOC = replace(_CEILING, default=0.8)
"""Rule of the target of a vehicle; null is none."""

# An efficiency below the range is no battery's but a fault.
_TWO_OR_MORE = replace(_PER_CENT, above=_from(2.0))
_EFFICIENCY = Rule(
    default=0.9, low=0.5, high=1.0, slips=(_TWO_OR_MORE,), is_signed=True, unit=EFFICIENCY
)
_ROUND_TRIP = replace(_EFFICIENCY, low=0.5**2)
_CHARGER = replace(_EFFICIENCY, default=0.92)

# Under so many Wh a capacity must be meant in kWh: no home battery stores so little.
_HIGHEST_IN_KWH = 200.0
_CAPACITY = Rule(
    default=13_500.0,
    slips=(
        Slip(
            0.0,
            "unit",
            "{value:g} Wh is no battery; read as kWh",
            below=_HIGHEST_IN_KWH,
            factor=1000.0,
        ),
        # The client is known to send 4.05e7 Wh; far beyond, tolerances exceed what a house uses.
        Slip(1e8, "capped", "{kilo:g} kWh is no home; 1e5 assumed", replacement=1e8),
        Slip(1e6, "implausible", "{kilo:g} kWh is no home battery"),
    ),
    is_required=True,
    unit="Wh",
)

_POWER = Rule(
    default=5_000.0,
    slips=(
        Slip(
            0.0,
            "unit",
            "{value:g} W beside a capacity in kWh; read as kW",
            below=200.0,
            factor=1000.0,
            beside=Evidence("Wh", 0.0, _HIGHEST_IN_KWH),
        ),
        Slip(1e5, "capped", "{kilo:g} kW is no home; 100 kW assumed", replacement=HIGHEST_POWER),
        # What the client takes for noise.
        Slip(0.0, "clamped", "{value:g} W cannot be commanded; 0 assumed", 1.0, replacement=0.0),
        Slip(0.0, "implausible", "{value:g} W is no home battery; are kW meant?", 50.0),
    ),
    is_required=True,
    unit="W",
)

_LEAST_POWER = replace(_POWER, default=0.0, slips=_POWER.slips[:2], is_required=False)
_PINNED_POWER = replace(_POWER, default=HIGHEST_POWER, is_required=False)

# No connection and no inverter is so small.  Into the grid, 50 W may be the margin of a home that
# must feed nothing in; but no more than 30 kW are fed by one.
_LINE_IN_KW = Slip(
    0.0, "unit", "{value:g} W is no connection; read as kW", below=100.0, factor=1000.0
)
_SMALL = Slip(0.0, "implausible", "{value:g} W is very little; are kW meant?", below=200.0)
IMPORT_LIMIT = Rule(
    default=math.inf,
    slips=(_LINE_IN_KW, _SMALL),
    default_text="no limit assumed",
    unit="W",
)
EXPORT_LIMIT = replace(IMPORT_LIMIT, slips=(replace(_LINE_IN_KW, below=30.1), _SMALL))
"""Rules of the limits of a meter; those by interval go by their largest."""

_AC_LIMIT = replace(IMPORT_LIMIT, is_required=True, is_strict=True)

# Wear of more than any energy is cents, and so is a bonus of five times the dearest energy.
_CENTS = "{value:g} per kWh exceeds every price of energy; read as hundredths"
_VALUE_IN_CENTS = Slip(5.0, "unit", _CENTS, below=500.0, divisor=100.0)
_DEAR = Slip(
    1.0,
    "implausible",
    "{value:g} per kWh exceeds every price of energy; are cents meant?",
    below=HIGHEST_PRICE,
)
_WEAR = Rule(
    high=HIGHEST_PRICE,
    slips=(replace(_VALUE_IN_CENTS, above=1.0, below=100.0), _DEAR),
    is_signed=True,
    unit=PRICE,
)
# A vehicle that must not give has a wear beyond all prices: said, and left.
_EV_WEAR = replace(_WEAR, slips=(_DEAR,))
END_VALUE = Rule(
    default=math.nan,
    low=-HIGHEST_PRICE,
    high=HIGHEST_PRICE,
    slips=(_VALUE_IN_CENTS, _DEAR),
    is_signed=True,
    default_text="the planner's own",
    unit=PRICE,
)
"""Rule of a value of stored energy."""

_LEAST_PRICE = replace(END_VALUE, default_text="none assumed")
_MAX_PRICE = replace(END_VALUE, default_text="no limit assumed")
BONUS_PRICE = replace(END_VALUE, is_required=True, is_strict=True)
"""Rule of a price within an allowance."""

EXCESS_PRICE = Rule(high=HIGHEST_PRICE, slips=(_VALUE_IN_CENTS, _DEAR), unit=PRICE)
"""Rule of what imports above a threshold cost more."""

TIER_PRICE = replace(EXCESS_PRICE, is_required=True, is_strict=True)
"""Rule of what imports beyond a tier cost more."""

_ANY = Rule(low=-math.inf, is_signed=True)

# No car stores a thousand kWh, nor does a home charge one at 500 kW.
_WH_MEANT = Slip(_from(1e3), "unit", "{value:g} kWh is no vehicle; read as Wh", divisor=1e3)
_EV_CAPACITY = Rule(default=75.0, high=1e3, slips=(_WH_MEANT,), unit="kWh")
# Nor does it charge more in an interval, at 100 kW for four hours.
_EV_ENERGY = Rule(
    high=400.0,
    slips=(Slip(400.0, "unit", "{value:g} kWh in an interval; read as Wh", divisor=1e3),),
    unit="kWh",
)
W_MEANT = Slip(_from(500.0), "unit", "{value:g} kW is no home; read as W", divisor=1e3)
"""Slip of powers in kW."""
EV_POWER = Rule(high=HIGHEST_POWER / 1000.0, slips=(W_MEANT,), unit="kW")
"""Rule of a vehicle's powers, absent where it has none."""


Limit = list[Any] | dict[str, Any] | float | str | None
"""One limit, or a series; null is none."""

Energies = list[Any] | float | str | None
"""One energy for all intervals, or a list."""

Permission = list[Any] | dict[str, Any] | bool | None
"""True or false, or a series of these."""

_AS_PRICES = "Always, or a series, as prices"

_CHARGE_FROM = (
    "grid; any_solar, no more than all solar of an interval, so that the load buys; or surplus, "
    "what solar leaves of the load"
)


class HybridIn(msgspec.Struct, kw_only=True):
    """A hybrid inverter in front of the batteries, and of the panels."""

    ac_limit_w: Annotated[
        Number, _AC_LIMIT, Meta(description="Most power to and from the house [W]")
    ] = None
    ac_charge_limit_w: Annotated[
        Number, IMPORT_LIMIT, Meta(description="Most of it from the house, where that is less [W]")
    ] = None
    dc_coupled_solar: Annotated[bool | None, Meta(description="true where absent")] = None


Time = Any
"""ISO 8601, a clock time, or seconds since 1970; what is no time is none, with a warning."""


class GoalIn(msgspec.Struct, kw_only=True):
    """A state of charge wanted at an instant."""

    at: Annotated[
        Time, Meta(description="ISO 8601, local where naive, or a clock time, which is the next")
    ] = None
    soc: Annotated[Number, _GOAL, Meta(description="At least, 0-1")] = None


class PinIn(msgspec.Struct, kw_only=True):
    """A manual override: what a battery does for a while, whatever it costs."""

    begin: Annotated[Time, Meta(description="As `at`; now where absent")] = msgspec.field(
        default=None, name="from"
    )
    end: Annotated[Time, Meta(description="As `at`")] = msgspec.field(default=None, name="to")
    action: Annotated[str | None, Meta(description="charge, discharge or idle")] = None
    power_w: Annotated[Number, _PINNED_POWER, Meta(description="Its highest where absent [W]")] = (
        None
    )


class BatteryIn(msgspec.Struct, kw_only=True):
    """The home battery."""

    current_soc: Annotated[Number, _SOC_NOW, Meta(description="State of charge now, 0-1")] = None
    capacity_wh: Annotated[Number, _CAPACITY, Meta(description="Usable capacity [Wh]")] = None
    max_charge_w: Annotated[
        Limit, _POWER, Meta(description=f"Highest power in [W]. {_AS_PRICES}")
    ] = None
    charge_power_curve: Annotated[
        list[list[Number]] | None,
        _POWER,
        Meta(
            description="Highest power in by state of charge: pairs [0-1, W], straight between "
            "them, level before the first and after the last; falling, and ever faster"
        ),
    ] = None
    max_discharge_w: Annotated[
        Limit, _POWER, Meta(description=f"Highest power out [W]. {_AS_PRICES}")
    ] = None
    min_charge_w: Annotated[
        Number, _LEAST_POWER, Meta(description="Charging, it takes no less in any interval [W]")
    ] = None
    efficiency: Annotated[
        Number,
        replace(_EFFICIENCY, is_required=True),
        Meta(description="One-way, for both directions"),
    ] = None
    charge_efficiency: Annotated[Number, _EFFICIENCY] = None
    discharge_efficiency: Annotated[Number, _EFFICIENCY] = None
    round_trip_efficiency: Annotated[Number, _ROUND_TRIP] = None
    backup_reserve: Annotated[
        Limit, SHARE_RULE, Meta(description=f"Kept for an outage, 0-1. {_AS_PRICES}")
    ] = None
    min_soc: Annotated[Limit, SHARE_RULE, Meta(description=_AS_PRICES)] = None
    max_soc: Annotated[Limit, FULL_SHARE, Meta(description=_AS_PRICES)] = None
    target_end_soc: Annotated[Number, _TARGET_AT_END] = None
    soc_at: Annotated[
        list[GoalIn] | None,
        Meta(description="Wanted at instants; missed, with a warning, where nothing else can be"),
    ] = None
    pinned: Annotated[
        list[PinIn] | None,
        Meta(description="Manual overrides; a charge or discharge begins now or after another"),
    ] = None
    cycle_cost: Annotated[Number, _WEAR, Meta(description="Wear, each way [$/kWh]")] = None
    end_value: Annotated[Number, END_VALUE, Meta(description="Worth of a kWh left [$/kWh]")] = None
    can_charge: Annotated[Permission, Meta(description=_AS_PRICES)] = None
    can_charge_from_grid: Annotated[Permission, Meta(description=_AS_PRICES)] = None
    can_export_to_grid: Annotated[Permission, Meta(description=_AS_PRICES)] = None
    min_sell_price: Annotated[
        Number,
        _LEAST_PRICE,
        Meta(description="Nothing of it is sold where prices_export are lower [$/kWh]"),
    ] = None
    charge_from: Annotated[str | None, Meta(description=_CHARGE_FROM)] = None
    max_export_w: Annotated[
        Number, EXPORT_LIMIT, Meta(description="Most of it into the grid [W]")
    ] = None
    priority: Annotated[Number, _ANY, Meta(description="The lower one of equals goes first")] = None
    hybrid: HybridIn | None = None


class NamedBatteryIn(BatteryIn, kw_only=True):
    """One battery of several."""

    id: Annotated[str | int | None, Meta(description="Its key in the reply")] = None
    battery_id: Annotated[str | int | None, Meta(description="The same as id")] = None
    name: str | None = None
    system_type: Annotated[str | None, Meta(description="Accepted and ignored")] = None


class StayIn(msgspec.Struct, kw_only=True):
    """A time at the charger."""

    begin: Annotated[Time, Meta(description="Now where absent")] = msgspec.field(
        default=None, name="from"
    )
    end: Annotated[Time, Meta(description="A clock time is the next after `from`")] = msgspec.field(
        default=None, name="to"
    )


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
    goals: Annotated[
        list[GoalIn] | None,
        Meta(description="Wanted at instants, at which it may still be plugged in"),
    ] = None
    min_soc: Annotated[Number, SHARE_RULE, Meta(description="Not discharged under it, 0-1")] = None
    max_soc: Annotated[Number, FULL_SHARE] = None
    max_charge_kw: Annotated[
        Limit,
        replace(EV_POWER, default=7.4),
        Meta(description=f"7.4 where absent. {_AS_PRICES}; below min_charge_kw it is off"),
    ] = None
    min_charge_kw: Annotated[Number, Meta(description="Power is 0 or at least this")] = None
    min_energy_kwh: Annotated[
        Energies,
        _EV_ENERGY,
        Meta(
            description="What it is to take at least in each interval, a number for all or a list; "
            "less, with a warning, only where charger or limits do not allow it [kWh]"
        ),
    ] = None
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
    plugged: Annotated[
        list[StayIn] | None,
        Meta(description="Times at the charger, where there are several; the last is a departure"),
    ] = None
    must_reach_target: bool | None = None
    allow_grid_charging: Annotated[Permission, Meta(description=_AS_PRICES)] = None
    max_price: Annotated[
        Number,
        _MAX_PRICE,
        Meta(
            description="Not from the grid where the import price is above it, not even for a "
            "target; surplus solar stays allowed [$/kWh]"
        ),
    ] = None
    solar_only: bool | None = None
    charge_from: Annotated[str | None, Meta(description=_CHARGE_FROM)] = None
    can_export_to_grid: bool | None = None
    end_value: Annotated[
        Number,
        END_VALUE,
        Meta(description="Worth of a kWh in it at the end; takes the place of a target [$/kWh]"),
    ] = None
    cycle_cost: Annotated[Number, _EV_WEAR, Meta(description="Wear, each way [$/kWh]")] = None
    phases: Annotated[
        list[Any] | float | str | None,
        Meta(description="1, 2 or 3, or a list of those it is on; 3 where absent"),
    ] = None
    priority: Annotated[
        str | None, Meta(description="ev_first, battery_first, equal or solar_only")
    ] = None
