"""Requests and replies of the contract as msgspec structs, in W, Wh, seconds and currency per Wh.

Names are those of the contract: ``s`` is a state of charge, ``c`` charging, ``d`` discharging,
``p`` a price or a power, ``N`` import and ``E`` export.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST_STEPS = 1000
"""Ten days of quarter hours; clients ask for two."""

MOST_BATTERIES = 16

_Series = Annotated[list[float], Meta(min_length=1, max_length=MOST_STEPS)]

ChargingStrategy = Literal[
    "none",
    "charge_before_export",
    "attenuate_demand_peaks",
    "attenuate_feedin_peaks",
    "attenuate_grid_peaks",
]
DischargingStrategy = Literal["none", "discharge_before_import"]


class StrategyIn(msgspec.Struct, kw_only=True):
    """Preferences among schedules of equal cost."""

    charging_strategy: ChargingStrategy | None = None
    discharging_strategy: DischargingStrategy | None = None


class GridIn(msgspec.Struct, kw_only=True):
    """Limits of the meter [W], and the price of each W by which the highest import passes them."""

    p_max_imp: float | None = None
    p_max_exp: float | None = None
    prc_p_exc_imp: float | None = None


class BatteryIn(msgspec.Struct, kw_only=True):
    """A battery; a car is one that cannot discharge."""

    s_min: float
    s_max: float
    s_initial: float
    c_min: float
    c_max: float
    d_max: float
    p_a: float
    s_capacity: float | None = None
    charge_from_grid: bool | None = None
    discharge_to_grid: bool | None = None
    s_goal: _Series | None = None
    p_demand: _Series | None = None
    c_priority: int | None = None
    eta_c: float | None = None
    eta_d: float | None = None


class TimeSeriesIn(msgspec.Struct, kw_only=True):
    """Length of each step, demand and solar of the home, and both prices."""

    dt: _Series
    gt: _Series
    ft: _Series
    p_N: _Series
    p_E: _Series
    gt_add: Annotated[list[_Series], Meta(max_length=MOST_BATTERIES)] | None = None


class ScheduleRequest(msgspec.Struct, kw_only=True):
    """A home to plan; fields that are not known are ignored."""

    batteries: Annotated[list[BatteryIn], Meta(min_length=1, max_length=MOST_BATTERIES)]
    time_series: TimeSeriesIn
    strategy: StrategyIn | None = None
    grid: GridIn | None = None
    eta_c: float | None = None
    eta_d: float | None = None


class BatteryOut(msgspec.Struct):
    """Schedule of a battery: energies through its terminals, and its content after each step."""

    charging_power: list[float]
    discharging_power: list[float]
    state_of_charge: list[float]


class LimitViolationsOut(msgspec.Struct):
    """Flags of limits that could not be kept."""

    grid_import_limit_exceeded: bool
    grid_export_limit_hit: bool


class ScheduleReply(msgspec.Struct, kw_only=True):
    """The schedule, in Wh per step; `objective_value` is a benefit, without penalties."""

    status: Literal["Optimal", "Feasible"]
    objective_value: float
    limit_violations: LimitViolationsOut
    batteries: list[BatteryOut]
    grid_import: list[float]
    grid_export: list[float]
    flow_direction: list[int]
    grid_import_overshoot: list[float]
    grid_export_overshoot: list[float]


class ScheduleErrorReply(msgspec.Struct):
    """Reason of an error, and the fields that it is about."""

    message: str
    details: dict[str, str]


class ScheduleHealthReply(msgspec.Struct):
    """State of the optimiser."""

    status: str
    message: str
