"""Replies as msgspec structs, in W, $, $/kWh and fractions, unless a name says more.

Where a request names another `currency`, that is meant by $; it is echoed.
"""

import msgspec
from msgspec import UNSET, UnsetType

from optimiser import ReasonCode


class WarningOut(msgspec.Struct):
    """Something that was repaired, assumed or could not be met."""

    code: str
    field: str
    message: str


class FlowsOut(msgspec.Struct, kw_only=True):
    """Series of every schedule of a site: n values each, but n + 1 for `soc_trajectory`."""

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


class PeakOut(msgspec.Struct):
    """Peak and cost of one demand charge."""

    peak_kw: float
    peak_so_far_kw: float
    cost: float


class SummaryOut(msgspec.Struct, kw_only=True):
    """Totals over the horizon; money at the prices of the request.

    `total_cost` is import less export, plus `demand_cost` and, where there is a threshold or a tier
    of imports, `excess_import_cost`, less `allowance_credit`; `baseline_cost` is the same with the
    batteries idle, `self_consumption_cost` by plain self-consumption.
    `savings_vs_self_consumption` counts wear and the value of what is left at the end, too.
    Where there are carbon intensities, emissions are those of imports less those of exports.
    """

    total_cost: float
    baseline_cost: float
    savings: float
    self_consumption_cost: float
    self_consumption_wear_cost: float
    self_consumption_end_value: float
    savings_vs_self_consumption: float
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
    excess_import_cost: float | UnsetType = UNSET
    demand_peaks: list[PeakOut]
    carbon_g: float | UnsetType = UNSET
    baseline_carbon_g: float | UnsetType = UNSET
    self_consumption_carbon_g: float | UnsetType = UNSET


class ActionOut(msgspec.Struct):
    """A run of intervals with one action, and why.

    `power_w` is its mean; that of an idle one is its discharge.  `reason_code` is for programs and
    `reason` for people, without a full stop; its prices are those of the bill.  A vehicle's
    `action` is charge, discharge, idle or away.
    """

    action: str
    start: str
    end: str
    power_w: float
    soc_end: float
    reason_code: ReasonCode
    reason: str


class CertificateOut(msgspec.Struct, kw_only=True):
    """Proof of the plan; planning costs, penalties and end value included.

    `optimum_gap` is what the search left between the cheapest plan and the bound, which `status`
    goes by; `gap` is that of the plan as served, preferences included.
    """

    solver: str
    optimum: float
    lower_bound: float | None
    optimum_gap: float | None
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


class RunOut(msgspec.Struct):
    """A time for which a load is on."""

    start: str
    end: str
    energy_kwh: float


class LoadOut(msgspec.Struct, kw_only=True):
    """One flexible load; `start` of its first run and `end` of its last one, null without one.

    One of several days has the day in its `id`, after an ``@``.
    """

    id: str
    name: str | None
    start: str | None
    end: str | None
    runs: list[RunOut]
    power_w: list[float]
    energy_kwh: float
    missing_kwh: float


class HeatOut(msgspec.Struct, kw_only=True):
    """One store of heat; `level` has n + 1 values, `short_kwh` is the most below the least."""

    id: str
    name: str | None
    power_w: list[float]
    level: list[float]
    energy_kwh: float
    heat_kwh: float
    short_kwh: float


class OptimizeReply(msgspec.Struct, kw_only=True):
    """Reply of ``POST /optimize``.

    Flows to the load hold what flexible loads and heat draw.
    """

    success: bool
    status: str
    solver: str
    cost_function: str
    currency: str | UnsetType = UNSET
    schedule: ScheduleOut
    summary: SummaryOut
    next_actions: list[ActionOut]
    loads: list[LoadOut] | UnsetType = UNSET
    heat: list[HeatOut] | UnsetType = UNSET
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
    next_actions: list[ActionOut]


class MultiBatteryReply(msgspec.Struct, kw_only=True):
    """Reply of ``POST /multi-battery/optimize``."""

    success: bool
    status: str
    solver: str
    cost_function: str
    currency: str | UnsetType = UNSET
    batteries: dict[str, NamedBatteryOut]
    aggregated: AggregatedOut
    summary: SummaryOut
    next_actions: list[ActionOut]
    loads: list[LoadOut] | UnsetType = UNSET
    heat: list[HeatOut] | UnsetType = UNSET
    certificate: CertificateOut
    warnings: list[WarningOut]


class EvScheduleOut(msgspec.Struct, kw_only=True):
    """The plan of one vehicle; `soc` has n + 1 values.

    Powers are means; in a long interval the charger may be on for a part of it: for `minutes_on` at
    `command_w`, which is never below its least power.
    """

    timestamps: list[str]
    charge_power_w: list[float]
    command_w: list[float]
    minutes_on: list[float]
    discharge_power_w: list[float]
    soc: list[float]


class EvSummaryOut(msgspec.Struct, kw_only=True):
    """Totals of one vehicle; what it takes from the grid at the import price.

    `average_price` is that of a kWh from the grid; `average_cost` is `total_cost` per kWh charged,
    wherever it comes from.
    """

    total_energy_kwh: float
    solar_energy_kwh: float
    grid_energy_kwh: float
    battery_energy_kwh: float
    discharged_kwh: float
    exported_kwh: float
    total_cost: float
    average_price: float
    average_cost: float
    final_soc: float


class EvOut(msgspec.Struct, kw_only=True):
    """One vehicle."""

    success: bool
    status: str
    vehicle_id: str
    name: str | None
    schedule: EvScheduleOut
    summary: EvSummaryOut
    next_actions: list[ActionOut]
    shortfall_kwh: float


class MeterOut(msgspec.Struct, kw_only=True):
    """Powers at the meter, and of all vehicles together."""

    timestamps: list[str]
    grid_import_w: list[float]
    grid_export_w: list[float]
    solar_curtailed_w: list[float]
    total_charge_power_w: list[float]
    total_discharge_power_w: list[float]


class EvReply(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Reply of ``POST /ev/optimize``.

    `vehicle_id`, `schedule`, `summary` and `next_actions` are those of a single vehicle.
    """

    success: bool
    status: str
    vehicle_id: str | UnsetType = UNSET
    schedule: EvScheduleOut | UnsetType = UNSET
    summary: EvSummaryOut | UnsetType = UNSET
    next_actions: list[ActionOut] | UnsetType = UNSET
    ev_schedules: list[EvOut]
    shortfall_kwh: float
    meter: MeterOut
    bill: SummaryOut
    loads: list[LoadOut] | UnsetType = UNSET
    heat: list[HeatOut] | UnsetType = UNSET
    home: OptimizeReply | UnsetType = UNSET
    batteries: dict[str, NamedBatteryOut] | UnsetType = UNSET
    solver: str
    cost_function: str
    currency: str | UnsetType = UNSET
    certificate: CertificateOut
    warnings: list[WarningOut]


class ErrorReply(msgspec.Struct):
    """Body of every answer that is not a plan."""

    error: str
    success: bool = False
