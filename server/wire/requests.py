"""Requests as msgspec structs.

They are deliberately lenient (``| None`` everywhere, numbers also as text): what has a sane reading
is mended with a warning.  Units: W, Wh, $/kWh, fractions, unless a name says more.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.wire.flexible import HeatIn, LoadIn
from server.wire.repairs import PER_KW, Number, Rule, Slip
from server.wire.storages import (
    BONUS_PRICE,
    EXCESS_PRICE,
    EXPORT_LIMIT,
    HIGHEST_PRICE,
    IMPORT_LIMIT,
    TIER_PRICE,
    W_MEANT,
    BatteryIn,
    EvIn,
    HybridIn,
    Limit,
    NamedBatteryIn,
)

_ENERGY = Rule(
    high=1e6,  # nothing that is metered in a day is more
    slips=(Slip(1e3, "implausible", "{value:g} kWh a day is no home; are Wh meant?"),),
    is_strict=True,
    unit="kWh",
)
# No home has a fuse of 500 A; what is 400 V is the voltage between phases.
_AMPERES = Rule(
    default=math.inf,
    slips=(Slip(500.0, "implausible", "{value:g} A is no home; are W meant?"),),
    default_text="no limit assumed",
)
_VOLTAGE = Rule(
    default=230.0,
    low=100.0,
    high=260.0,
    slips=(
        Slip(
            330.0,
            "unit",
            "{value:g} V is between phases; 230 assumed",
            below=450.0,
            replacement=230.0,
        ),
    ),
)
_ENERGY_OF_MONTH = replace(_ENERGY, slips=())
_BLOCK = replace(_ENERGY, default=math.nan)
_PEAK = Rule(high=1e6, slips=(W_MEANT,), is_strict=True, unit="kW")

# Markets ask 20 to 100 $ of a tonne, estimates of the damage up to 1 $ of a kilogram.
_CARBON_PRICE = Rule(
    high=HIGHEST_PRICE,
    slips=(
        Slip(
            5.0,
            "unit",
            "{value:g} per kg is no price of carbon; read as per tonne",
            below=HIGHEST_PRICE,
            divisor=1000.0,
        ),
    ),
    unit=PER_KW,
)

_BILLING_DAY = Rule(default=1.0, low=1.0, high=31.0)
_FROM_BILLING_DAY = "Day of the month that begins a billing period; 1 where absent"

# The dearest kW is some 200 $ where a year is billed at once, 25 $ where a month is.
_PER_KW = Rule(
    high=10.0 * HIGHEST_PRICE,
    slips=(
        Slip(
            500.0,
            "unit",
            "{value:g} per kW is no demand charge; read as hundredths",
            below=10.0 * HIGHEST_PRICE,
            divisor=100.0,
        ),
        Slip(250.0, "implausible", "{value:g} per kW is very dear; are cents meant?", 500.0),
    ),
    is_required=True,
    is_strict=True,
    unit=PER_KW,
)


@dataclass(frozen=True, slots=True)
class PowerRule:
    """Bounds of the powers of a home, which show a series in kW.

    Attributes
    ----------
    mean, highest : float
        No home's mean over half a day is below, with a peak below the other. [W]
    lowest : float
        A peak of less would be nothing in kW as well. [W]
    least_hours : float
        Hours of some power that such a series has. [h]
    shortest : float
        Shorter series may be anything, and are not spoken of. [h]
    largest : float
        More is a fault of the feed. [W]
    """

    mean: float
    highest: float
    lowest: float = 0.05
    least_hours: float = 0.0
    shortest: float = 0.0
    largest: float = 1e6


LOAD = PowerRule(mean=20.0, highest=100.0)
"""A router and a meter draw 20 W; a home that draws a mean of 20 kW has a larger connection."""

SOLAR = PowerRule(mean=20.0, highest=30.0, least_hours=3.0, shortest=6.0)
"""A roof of 30 W is none, nor is one of 30 kW a home's; but the last light of a day is little."""

_IN_TIME: list[Any] = [
    {"start": "2026-01-14T12:00:00+11:00", "interval_minutes": 30, "values": [0.31, 0.3, 0.12]},
    [
        {"start": "2026-01-14T12:00:00+11:00", "value": 0.31},
        {"start": "2026-01-14T13:00:00+11:00", "end": "2026-01-14T15:00:00+11:00", "value": 0.12},
    ],
    {"2026-01-14T12:00:00+11:00": 0.31, "2026-01-14T13:00:00+11:00": 0.12},
]
_FORMS = (
    "A list has one value for each interval; the first is that of the running one. A series may "
    "also say when its values hold: an object with interval_minutes, values and perhaps a start "
    "(now where absent), a list of rows with start, value and perhaps an end, or an object of "
    "stamps and values. A row without an end lasts until the next one, the last as long as the "
    "shortest. Stamps are ISO 8601, local where they have no offset."
)

Series = Annotated[
    list[Any] | dict[str, Any] | float | None,
    Meta(
        description=f"{_FORMS} A price holds, a power is the mean of its period; intervals take "
        "means weighted by time. A bad entry between others is interpolated, missing ends repeat "
        "the same clock time of another day; both with a warning.",
        examples=[[0.31, 0.3, 0.12], *_IN_TIME],
    ),
]

Days = list[Any] | str | int | None
"""Days of the week, or months: numbers, names, or one of them."""


class GridIn(msgspec.Struct, kw_only=True):
    """The connection to the grid."""

    max_import_w: Annotated[
        Limit, IMPORT_LIMIT, Meta(description="Always, or a series, as prices [W]")
    ] = None
    max_export_w: Annotated[
        Limit, EXPORT_LIMIT, Meta(description="Always, or a series, as prices [W]")
    ] = None
    max_import_a_per_phase: Annotated[
        Number,
        _AMPERES,
        Meta(description="Most of each of three phases [A]; all but vehicles is spread evenly"),
    ] = None
    voltage: Annotated[Number, _VOLTAGE, Meta(description="Of a phase, 230 where absent [V]")] = (
        None
    )
    import_threshold_w: Annotated[
        Limit,
        IMPORT_LIMIT,
        Meta(description="Power above which imports cost more: always, or a series, as prices [W]"),
    ] = None
    excess_import_price: Annotated[
        Limit,
        EXCESS_PRICE,
        Meta(description="What a kWh above it costs on top of the import price [$/kWh]"),
    ] = None
    curtailment: Annotated[
        bool | None, Meta(description="May solar be left unused at will? Off unless asked for")
    ] = None
    hybrid: HybridIn | None = None


class DemandChargeIn(msgspec.Struct, kw_only=True):
    """A price on the highest mean power drawn from the grid."""

    price_per_kw: Annotated[
        Number,
        _PER_KW,
        Meta(description="Of each kW more than so far [$/kW]"),
    ] = None
    start: Annotated[str | None, Meta(description="HH:MM; midnight where absent")] = None
    end: str | None = None
    weekdays: Annotated[Days, Meta(description="0 is Monday; names also")] = None
    months: Annotated[Days, Meta(description="1 to 12; names also")] = None
    peak_so_far_kw: Annotated[
        Number, _PEAK, Meta(description="Of the billing period; where n_peaks is more, of today")
    ] = None
    n_peaks: Annotated[
        Number,
        Rule(default=1.0, low=1.0, high=31.0),
        Meta(description="The mean of so many peaks, each of another day; 1 where absent"),
    ] = None
    peaks_so_far_kw: Annotated[
        list[Any] | None,
        _PEAK,
        Meta(description="Highest peaks of other days of the billing period, in any order [kW]"),
    ] = None
    block_so_far_kwh: Annotated[
        Number,
        _BLOCK,
        Meta(
            description="Imported in the running metering block so far; where absent, what is left "
            "of it is metered as a block [kWh]"
        ),
    ] = None
    average_minutes: Annotated[
        Number,
        Rule(default=30.0, low=1.0, high=24 * 60.0, is_strict=True),
        Meta(description="Metering block, a minute at least; 30 where absent"),
    ] = None
    billing_day: Annotated[Number, _BILLING_DAY, Meta(description=_FROM_BILLING_DAY)] = None


class AllowanceIn(msgspec.Struct, kw_only=True):
    """Energy of each day at a price of its own: free power, or a bonus on exports."""

    direction: Annotated[str | None, Meta(description="import or export")] = None
    daily_quota_kwh: Annotated[Number, replace(_ENERGY, is_required=True)] = None
    bonus_price: Annotated[
        Number, BONUS_PRICE, Meta(description="Price within the quota [$/kWh]")
    ] = None
    start: Annotated[str | None, Meta(description="HH:MM; midnight where absent")] = None
    end: str | None = None
    weekdays: Annotated[Days, Meta(description="0 is Monday; names also")] = None
    months: Annotated[Days, Meta(description="1 to 12; names also")] = None
    used_today_kwh: Annotated[Number, _ENERGY] = None


class ImportTierIn(msgspec.Struct, kw_only=True):
    """A step of a tariff by consumption: imports beyond so much energy cost more.

    Several add up; a tier that is cheaper than the one before has no sane reading.
    """

    above_kwh: Annotated[
        Number,
        replace(_ENERGY_OF_MONTH, is_required=True),
        Meta(description="Imports of the day or the billing period from which on they do [kWh]"),
    ] = None
    extra_price: Annotated[
        Number,
        TIER_PRICE,
        Meta(description="What a kWh beyond costs on top of the import price [$/kWh]"),
    ] = None
    used_kwh: Annotated[
        Number, _ENERGY_OF_MONTH, Meta(description="Imported in it so far; 0 where absent [kWh]")
    ] = None
    period: Annotated[
        str | None, Meta(description="day, or month: a billing period; month where absent")
    ] = None
    billing_day: Annotated[Number, _BILLING_DAY, Meta(description=_FROM_BILLING_DAY)] = None


class ProviderConfigIn(msgspec.Struct, kw_only=True):
    """Price modifications of the provider; prices in cents, times as ``HH:MM``.

    A rule that cannot be read is left out, with a warning.
    """

    export_boost_enabled: Any = None
    export_price_offset: Any = None
    export_min_price: Any = None
    export_boost_start: Any = None
    export_boost_end: Any = None
    chip_mode_enabled: Any = None
    chip_mode_start: Any = None
    chip_mode_end: Any = None
    chip_mode_threshold: Any = None
    spike_protection_enabled: Any = None
    spike_protection_threshold: Any = None
    prices_include_rules: Annotated[
        Any,
        Meta(
            description="Are export boost and chip mode in the prices sent already? "
            "Seen from the prices where absent"
        ),
    ] = None


class RequestOptions(msgspec.Struct, kw_only=True):
    """Choices about the answer."""

    client_safe_charge: bool | None = None
    price_margin: Annotated[Number, Meta(description="For prices that are guesses [$/kWh]")] = None
    carbon_price: Annotated[
        Number,
        _CARBON_PRICE,
        Meta(description="What emissions count for when planning; never part of a bill [$/kg]"),
    ] = None


class SiteRequest(msgspec.Struct, kw_only=True):
    """Fields of every planning request; index 0 of every series is now."""

    prices_import: Series = None
    prices_export: Series = None
    solar_forecast: Series = None
    load_forecast: Series = None
    carbon_g_per_kwh: Series = None
    currency: Annotated[str | None, Meta(description="Name of the money; echoed")] = None
    price_unit: Annotated[
        str | None,
        Meta(
            description="Of every price but those of provider_config: /kWh where absent, ct/kWh, "
            "EUR/MWh, öre/kWh. A demand charge in it is per kW. Replies are in the whole money."
        ),
    ] = None
    cost_function: str | None = None
    interval_minutes: Annotated[
        float | list[float] | UnsetType | None,
        Meta(
            description="Length of every interval, or of each [min]. Of equal ones that divide an "
            "hour, the first is what the start leaves of it. Where absent, intervals are the steps "
            "of prices_import that say when they hold."
        ),
    ] = UNSET
    horizon_hours: Annotated[
        float | None, Meta(description="Plan at most this far from the start [h]")
    ] = None
    start_time: Annotated[
        str | None, Meta(description="ISO 8601, in whole seconds; now where absent")
    ] = None
    timezone: Annotated[
        str | None, Meta(description="IANA name of the site's zone, or its offset")
    ] = None
    provider_config: ProviderConfigIn | list[Any] | str | float | bool | None = None
    grid: GridIn | None = None
    hybrid: HybridIn | None = None
    demand_charges: list[DemandChargeIn] | None = None
    allowances: list[AllowanceIn] | None = None
    loads: Annotated[
        list[LoadIn] | None, Meta(description="Loads beside load_forecast, to run once each")
    ] = None
    heat: Annotated[
        list[HeatIn] | None, Meta(description="Stores of heat beside load_forecast")
    ] = None
    import_tiers: list[ImportTierIn] | None = None
    options: RequestOptions | None = None


class OptimizeRequest(SiteRequest, kw_only=True):
    """Body of ``POST /optimize``."""

    battery: BatteryIn | None = None


class MultiBatteryRequest(SiteRequest, kw_only=True):
    """Body of ``POST /multi-battery/optimize``."""

    batteries: list[NamedBatteryIn] | None = None


class EvRequest(SiteRequest, kw_only=True):
    """Body of ``POST /ev/optimize``: one vehicle, or several."""

    ev: EvIn | None = None
    evs: list[EvIn] | None = None
    home_battery: BatteryIn | None = None
    batteries: Annotated[
        list[NamedBatteryIn] | None, Meta(description="Several home batteries, in its place")
    ] = None
