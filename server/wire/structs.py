"""The wire: what requests may hold and replies do hold, as msgspec structs.

The structs are deliberately lenient (``| None`` everywhere, numbers also as text): what a value
means, and whether it needs repair, is for the codec to say.  Units: W, Wh, $/kWh, fractions.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

Series = Annotated[
    list[Any] | float | None,
    Meta(
        description="One number per interval. A single bad entry is interpolated, a short list "
        "repeats the same clock time of the day before; both with a warning."
    ),
]


Number = float | str | None
"""A number, also as text; text without a number ("unavailable") gives the default, in the open."""


Limit = list[Any] | float | str | None
"""One limit, or one for each interval; null is none."""

Days = list[Any] | str | int | None
"""Days of the week, or months: numbers, names, or one of them."""


class HybridIn(msgspec.Struct, kw_only=True):
    """A hybrid inverter in front of the batteries, and of the panels."""

    ac_limit_w: Annotated[Number, Meta(description="Most power to and from the house [W]")] = None
    dc_coupled_solar: Annotated[bool | None, Meta(description="true where absent")] = None


class BatteryIn(msgspec.Struct, kw_only=True):
    """The home battery."""

    current_soc: Annotated[Number, Meta(description="State of charge now, 0-1")] = None
    capacity_wh: Annotated[Number, Meta(description="Usable capacity [Wh]")] = None
    max_charge_w: Annotated[Number, Meta(description="Highest power in [W]")] = None
    max_discharge_w: Annotated[Number, Meta(description="Highest power out [W]")] = None
    efficiency: Annotated[Number, Meta(description="One-way, for both directions")] = None
    charge_efficiency: Number = None
    discharge_efficiency: Number = None
    round_trip_efficiency: Number = None
    backup_reserve: Annotated[Number, Meta(description="Kept for an outage, 0-1")] = None
    min_soc: Number = None
    max_soc: Number = None
    target_end_soc: Number = None
    cycle_cost: Annotated[Number, Meta(description="Wear, each way [$/kWh]")] = None
    end_value: Annotated[Number, Meta(description="Worth of a kWh left [$/kWh]")] = None
    can_charge_from_grid: bool | None = None
    can_export_to_grid: bool | None = None
    max_export_w: Annotated[Number, Meta(description="Most of it into the grid [W]")] = None
    priority: Annotated[Number, Meta(description="The lower one of equals goes first")] = None
    hybrid: HybridIn | None = None


class NamedBatteryIn(BatteryIn, kw_only=True):
    """One battery of several."""

    id: Annotated[str | int | None, Meta(description="Its key in the reply")] = None
    battery_id: Annotated[str | int | None, Meta(description="The same as id")] = None
    name: str | None = None
    system_type: str | None = None


class EvIn(msgspec.Struct, kw_only=True):
    """A vehicle at a charger; powers in kW, capacity in kWh."""

    vehicle_id: str | int | None = None
    name: str | None = None
    battery_capacity_kwh: Annotated[Number, Meta(description="75 where absent")] = None
    current_soc: Annotated[Number, Meta(description="Now, or on arrival, 0-1")] = None
    target_soc: Annotated[Number, Meta(description="Wanted at departure, 0-1")] = None
    min_soc: Annotated[Number, Meta(description="Not discharged under it, 0-1")] = None
    max_soc: Number = None
    max_charge_kw: Number = None
    min_charge_kw: Annotated[Number, Meta(description="Power is 0 or at least this")] = None
    max_discharge_kw: Annotated[Number, Meta(description="V2H and V2G; 0 where absent")] = None
    charger_efficiency: Annotated[Number, Meta(description="One-way, in")] = None
    discharge_efficiency: Annotated[Number, Meta(description="One-way, out")] = None
    charger_type: str | None = None
    departure_time: Annotated[str | None, Meta(description="ISO 8601; local where naive")] = None
    arrival_time: Annotated[str | None, Meta(description="ISO 8601; local where naive")] = None
    must_reach_target: bool | None = None
    allow_grid_charging: bool | None = None
    solar_only: bool | None = None
    can_export_to_grid: bool | None = None
    cycle_cost: Annotated[Number, Meta(description="Wear, each way [$/kWh]")] = None
    priority: Annotated[
        str | None, Meta(description="ev_first, battery_first, equal or solar_only")
    ] = None


class GridIn(msgspec.Struct, kw_only=True):
    """The connection to the grid."""

    max_import_w: Annotated[Limit, Meta(description="Always, or per interval [W]")] = None
    max_export_w: Annotated[Limit, Meta(description="Always, or per interval [W]")] = None
    curtailment: Annotated[bool | None, Meta(description="May solar be left unused?")] = None
    hybrid: HybridIn | None = None


class DemandChargeIn(msgspec.Struct, kw_only=True):
    """A price on the highest mean power drawn from the grid."""

    price_per_kw: Annotated[Number, Meta(description="Of each kW more than so far [$/kW]")] = None
    start: Annotated[str | None, Meta(description="HH:MM; midnight where absent")] = None
    end: str | None = None
    weekdays: Annotated[Days, Meta(description="0 is Monday; names also")] = None
    months: Annotated[Days, Meta(description="1 to 12; names also")] = None
    peak_so_far_kw: Number = None
    average_minutes: Annotated[Number, Meta(description="Metering block; 30 where absent")] = None


class AllowanceIn(msgspec.Struct, kw_only=True):
    """Energy of each day at a price of its own: free power, or a bonus on exports."""

    direction: Annotated[str | None, Meta(description="import or export")] = None
    daily_quota_kwh: Number = None
    bonus_price: Annotated[Number, Meta(description="Price within the quota [$/kWh]")] = None
    start: Annotated[str | None, Meta(description="HH:MM; midnight where absent")] = None
    end: str | None = None
    weekdays: Annotated[Days, Meta(description="0 is Monday; names also")] = None
    months: Annotated[Days, Meta(description="1 to 12; names also")] = None
    used_today_kwh: Number = None


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


class RequestOptions(msgspec.Struct, kw_only=True):
    """How to answer."""

    client_safe_charge: bool | None = None
    price_margin: Annotated[Number, Meta(description="For prices that are guesses [$/kWh]")] = None


class SiteRequest(msgspec.Struct, kw_only=True):
    """What every planning request may say; index 0 of every series is now."""

    prices_import: Series = None
    prices_export: Series = None
    solar_forecast: Series = None
    load_forecast: Series = None
    cost_function: str | None = None
    interval_minutes: Annotated[
        float | list[float] | UnsetType | None,
        Meta(description="Length of every interval, or of each [min]"),
    ] = UNSET
    horizon_hours: Annotated[float | None, Meta(description="Plan at most this far [h]")] = None
    start_time: Annotated[str | None, Meta(description="ISO 8601; now where absent")] = None
    timezone: Annotated[str | None, Meta(description="IANA name of the site's zone")] = None
    provider_config: ProviderConfigIn | list[Any] | str | float | bool | None = None
    grid: GridIn | None = None
    hybrid: HybridIn | None = None
    demand_charges: list[DemandChargeIn] | None = None
    allowances: list[AllowanceIn] | None = None
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


class WarningOut(msgspec.Struct):
    """Something that was repaired, assumed or could not be met."""

    code: str
    field: str
    message: str


class FlowsOut(msgspec.Struct, kw_only=True):
    """What every schedule of a site holds: n values each, but n + 1 for `soc_trajectory`."""

    timestamps: list[str]
    grid_import_w: list[float]
    grid_export_w: list[float]
    soc_trajectory: list[float]
    battery_consume_w: list[float]
    battery_export_w: list[float]
    solar_to_load_w: list[float]
    solar_to_battery_w: list[float]
    solar_to_grid_w: list[float]
    grid_to_load_w: list[float]
    grid_to_battery_w: list[float]
    solar_curtailed_w: list[float]
    action: list[str]


class ScheduleOut(FlowsOut, kw_only=True, omit_defaults=True):
    """The plan of the home battery.

    Beside vehicles, the flows to the load hold what they draw, and the last fields say how much.
    """

    charge_w: list[float]
    discharge_w: list[float]
    vehicle_charge_w: list[float] | UnsetType = UNSET
    vehicle_discharge_w: list[float] | UnsetType = UNSET
    vehicle_to_load_w: list[float] | UnsetType = UNSET
    vehicle_to_battery_w: list[float] | UnsetType = UNSET
    vehicle_to_grid_w: list[float] | UnsetType = UNSET


class AggregatedOut(FlowsOut, kw_only=True):
    """The plan of all batteries together."""

    total_charge_w: list[float]
    total_discharge_w: list[float]


class PeakOut(msgspec.Struct, kw_only=True):
    """What one demand charge makes of the plan."""

    peak_kw: float
    peak_so_far_kw: float
    cost: float


class SummaryOut(msgspec.Struct, kw_only=True):
    """Totals over the horizon; money at the prices of the request.

    `total_cost` is import less export, plus `demand_cost`, less `allowance_credit`.
    """

    total_cost: float
    baseline_cost: float
    savings: float
    total_import_kwh: float
    total_export_kwh: float
    total_charge_kwh: float
    total_discharge_kwh: float
    average_import_price: float
    average_export_price: float
    total_battery_consume_kwh: float
    total_battery_export_kwh: float
    total_solar_consumed_kwh: float
    total_solar_exported_kwh: float
    total_solar_curtailed_kwh: float
    wear_cost: float
    end_value: float
    demand_cost: float
    allowance_credit: float
    demand_peaks: list[PeakOut]


class ActionOut(msgspec.Struct):
    """A run of intervals with one action."""

    action: str
    start: str
    end: str
    power_w: float
    soc_end: float


class CertificateOut(msgspec.Struct, kw_only=True):
    """How far the plan is proved; planning costs, penalties and end value included."""

    solver: str
    optimum: float
    lower_bound: float | None
    gap: float | None
    preference_cost: float
    primal_residual: float | None
    dual_residual: float | None
    made_exact: int
    energy_error: float
    bill_error: float
    build_ms: float
    solve_ms: float
    check_ms: float


class OptimizeReply(msgspec.Struct, kw_only=True):
    """Reply of ``POST /optimize``."""

    success: bool
    status: str
    solver: str
    cost_function: str
    schedule: ScheduleOut
    summary: SummaryOut
    next_actions: list[ActionOut]
    certificate: CertificateOut
    warnings: list[WarningOut]


class BatteryScheduleOut(msgspec.Struct, kw_only=True):
    """The plan of one battery of several; `soc` has n + 1 values."""

    charge_w: list[float]
    discharge_w: list[float]
    soc: list[float]


class BatteryMetricsOut(msgspec.Struct, kw_only=True):
    """Totals of one battery; a cycle is its capacity taken out once."""

    charge_kwh: float
    discharge_kwh: float
    cycles: float
    final_soc: float


class NamedBatteryOut(msgspec.Struct, kw_only=True):
    """One battery of several."""

    name: str | None
    schedule: BatteryScheduleOut
    metrics: BatteryMetricsOut


class MultiBatteryReply(msgspec.Struct, kw_only=True):
    """Reply of ``POST /multi-battery/optimize``."""

    success: bool
    status: str
    solver: str
    cost_function: str
    batteries: dict[str, NamedBatteryOut]
    aggregated: AggregatedOut
    summary: SummaryOut
    next_actions: list[ActionOut]
    certificate: CertificateOut
    warnings: list[WarningOut]


class EvScheduleOut(msgspec.Struct, kw_only=True):
    """The plan of one vehicle; `soc` has n + 1 values."""

    timestamps: list[str]
    charge_power_w: list[float]
    discharge_power_w: list[float]
    soc: list[float]


class EvSummaryOut(msgspec.Struct, kw_only=True):
    """Totals of one vehicle; what it takes from the grid at the import price."""

    total_energy_kwh: float
    solar_energy_kwh: float
    grid_energy_kwh: float
    battery_energy_kwh: float
    discharged_kwh: float
    exported_kwh: float
    total_cost: float
    average_price: float
    final_soc: float


class EvOut(msgspec.Struct, kw_only=True):
    """One vehicle."""

    success: bool
    status: str
    vehicle_id: str
    name: str | None
    schedule: EvScheduleOut
    summary: EvSummaryOut
    shortfall_kwh: float


class MeterOut(msgspec.Struct, kw_only=True):
    """What goes through the meter."""

    timestamps: list[str]
    grid_import_w: list[float]
    grid_export_w: list[float]
    solar_curtailed_w: list[float]
    total_charge_power_w: list[float]
    total_discharge_power_w: list[float]


class EvReply(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Reply of ``POST /ev/optimize``; the first three but success are of a single vehicle."""

    success: bool
    status: str
    vehicle_id: str | UnsetType = UNSET
    schedule: EvScheduleOut | UnsetType = UNSET
    summary: EvSummaryOut | UnsetType = UNSET
    ev_schedules: list[EvOut]
    shortfall_kwh: float
    meter: MeterOut
    bill: SummaryOut
    home: OptimizeReply | UnsetType = UNSET
    batteries: dict[str, NamedBatteryOut] | UnsetType = UNSET
    solver: str
    cost_function: str
    certificate: CertificateOut
    warnings: list[WarningOut]


class ErrorReply(msgspec.Struct):
    """Body of every answer that is not a plan."""

    error: str
    success: bool = False
