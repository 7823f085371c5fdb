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


class GridIn(msgspec.Struct, kw_only=True):
    """The connection to the grid."""

    max_import_w: float | None = None
    max_export_w: float | None = None
    curtailment: Annotated[bool | None, Meta(description="May solar be left unused?")] = None


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


class OptimizeRequest(msgspec.Struct, kw_only=True):
    """Body of ``POST /optimize``; index 0 of every series is now."""

    prices_import: Series = None
    prices_export: Series = None
    solar_forecast: Series = None
    load_forecast: Series = None
    battery: BatteryIn | None = None
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
    options: RequestOptions | None = None


class WarningOut(msgspec.Struct):
    """Something that was repaired, assumed or could not be met."""

    code: str
    field: str
    message: str


class ScheduleOut(msgspec.Struct, kw_only=True):
    """The plan: n values each, but n + 1 for `soc_trajectory`, whose first is now."""

    timestamps: list[str]
    charge_w: list[float]
    discharge_w: list[float]
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


class SummaryOut(msgspec.Struct, kw_only=True):
    """Totals over the horizon; money at the prices of the request."""

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


class ErrorReply(msgspec.Struct):
    """Body of every answer that is not a plan."""

    error: str
    success: bool = False
