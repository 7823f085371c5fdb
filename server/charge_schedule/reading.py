"""A request to the arrays of its home."""

import re

import numpy as np

from matrix_builders import Vector
from optimiser import ProblemError
from server.charge_schedule.messages import (
    BatteryIn,
    GridIn,
    ScheduleRequest,
    StrategyIn,
    TimeSeriesIn,
)
from server.charge_schedule.problem import LIMIT_PENALTY, LOWEST_UNIT, Problem, Storages
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.wording import format_value

MOST_VALUES = 4000
"""Steps by batteries: four batteries for ten days of quarter hours, sixteen for two days."""

_MOST_ENERGY = 1e8  # Wh and W; no home has 100 MWh
_MOST_PRICE = 1e3  # currency/Wh; the example of the contract has 0.3
_MOST_SECONDS = 7 * 86400.0
_LEAST_EFFICIENCY = 0.01
_DEFAULT_EFFICIENCY = 0.95
_HIGHEST_PRIORITY = 2
_ROUNDING = 1e-3  # part by which a meter may show more than the capacity


def problem_from_body(body: bytes) -> Problem:
    """Read the body of a request.

    Raises
    ------
    ProblemError
        Where a field is missing or wrong; named as the contract does, ``batteries.0.s_max``.
    """
    try:
        request = decode(body, ScheduleRequest, Repairs())
    except ProblemError as error:
        field = re.sub(r"\[(\d+)\]", r".\1", error.field)
        raise ProblemError(field, error.rule) from None
    return problem_from_request(request)


def problem_from_request(request: ScheduleRequest) -> Problem:
    """Return the arrays of a request; raises as `problem_from_body` does."""
    series, grid, strategy = request.time_series, request.grid, request.strategy or StrategyIn()
    n = len(series.gt)
    if n * len(request.batteries) > MOST_VALUES:
        raise ProblemError(
            "batteries", f"must be at most {MOST_VALUES} by steps, got {n * len(request.batteries)}"
        )
    hours = _series("time_series.dt", series.dt, n, _MOST_SECONDS) / 3600.0
    if hours.min() <= 0.0:
        raise ProblemError("time_series.dt", "must be above 0, got 0")
    buy, sell = (
        1e3 * _plain_series(f"time_series.{name}", values, n, _MOST_PRICE)
        for name, values in (("p_N", series.p_N), ("p_E", series.p_E))
    )
    limits = _limits(grid or GridIn())
    peak_price = None if limits["p_max_imp"] is None else limits["prc_p_exc_imp"]
    end_values = [
        1e3 * float(_plain_series(f"batteries.{i}.p_a", [battery.p_a], 1, _MOST_PRICE)[0])
        for i, battery in enumerate(request.batteries)
    ]
    highest = [buy.max(), sell.max(), LOWEST_UNIT, *end_values]
    if peak_price is not None:  # a kWh less in the shortest step is so many kW
        highest.append(peak_price / hours.min())
    unit = float(max(highest))
    if sell.min() < -0.9 * LIMIT_PENALTY * unit:
        raise ProblemError("time_series.p_E", "must not be below -90 times the highest price")
    return Problem(
        hours=hours,
        net=_net(series, n),
        buy=buy / unit,
        sell=sell / unit,
        import_limit=_energy(limits["p_max_imp"], hours),
        export_limit=_energy(limits["p_max_exp"], hours),
        peak_price=None if peak_price is None else peak_price / unit,
        unit=unit,
        storages=_storages(request, hours, np.array(end_values)[:, None] / unit),
        charging=strategy.charging_strategy or "none",
        discharging=strategy.discharging_strategy or "none",
    )


def _net(series: TimeSeriesIn, n: int) -> Vector:
    """Demand less solar. [kWh]"""
    demand = _plain_series("time_series.gt", series.gt, n)
    for i, more in enumerate(series.gt_add or ()):
        demand = demand + _plain_series(f"time_series.gt_add.{i}", more, n)
    return np.asarray((demand - _plain_series("time_series.ft", series.ft, n)) / 1e3)


def _limits(grid: GridIn) -> dict[str, float | None]:
    """Limits of the meter and the price of passing them. [kW, currency/kW]"""
    rules = {"p_max_imp": 1e-3, "p_max_exp": 1e-3, "prc_p_exc_imp": 1e3}
    values = {name: getattr(grid, name) for name in rules}
    return {
        name: None if value is None else rules[name] * _number(f"grid.{name}", value)
        for name, value in values.items()
    }


def _energy(power: float | None, hours: Vector) -> Vector | None:
    return None if power is None else np.asarray(power * hours)


def _storages(request: ScheduleRequest, hours: Vector, end_value: Vector) -> Storages:
    batteries = request.batteries
    levels = {
        name: np.array(
            [
                [_number(f"batteries.{i}.{name}", getattr(battery, name))]
                for i, battery in enumerate(batteries)
            ]
        ).reshape(-1, 1)
        / 1e3
        for name in ("s_min", "s_max", "s_initial", "c_min", "c_max", "d_max")
    }
    least, most = levels["c_min"] * hours, levels["c_max"] * hours
    most = np.where(least > most, 0.0, most)
    demand = _targets(batteries, "p_demand", hours.size)
    return Storages(
        least=least,
        most=most,
        most_out=levels["d_max"] * hours,
        low=levels["s_min"],
        high=levels["s_max"],
        capacity=np.array([[_capacity(i, battery)] for i, battery in enumerate(batteries)]) / 1e3,
        initial=levels["s_initial"],
        eta_in=_efficiencies(request, "eta_c"),
        eta_out=_efficiencies(request, "eta_d"),
        end_value=end_value,
        goal=_targets(batteries, "s_goal", hours.size),
        demand=np.minimum(demand, most),
        from_grid=np.array([battery.charge_from_grid is True for battery in batteries]),
        to_grid=np.array([battery.discharge_to_grid is True for battery in batteries]),
        priority=np.array([[float(_priority(i, b))] for i, b in enumerate(batteries)]),
    )


def _targets(batteries: list[BatteryIn], name: str, n: int) -> Vector:
    """Energies that are asked for in each step, 0 where none are; shape (K, T). [kWh]"""
    rows = [
        np.zeros(n)
        if (values := getattr(battery, name)) is None
        else _series(f"batteries.{i}.{name}", values, n)
        for i, battery in enumerate(batteries)
    ]
    return np.array(rows) / 1e3


def _capacity(i: int, battery: BatteryIn) -> float:
    """Most that a battery can hold; no less than it is metered to hold. [Wh]"""
    if battery.s_capacity is None:
        return max(battery.s_max, battery.s_initial)
    capacity = _number(f"batteries.{i}.s_capacity", battery.s_capacity)
    if battery.s_initial > capacity * (1.0 + _ROUNDING):
        raise ProblemError(
            f"batteries.{i}.s_initial", f"must be at most s_capacity, got {battery.s_initial:g}"
        )
    return max(capacity, battery.s_initial)


def _efficiencies(request: ScheduleRequest, name: str) -> Vector:
    """Efficiencies of the batteries; their own, or that of all; shape (K, 1)."""
    common = getattr(request, name)
    common = _DEFAULT_EFFICIENCY if common is None else _efficiency(name, common)
    rows = [
        [common]
        if (own := getattr(battery, name)) is None
        else [_efficiency(f"batteries.{i}.{name}", own)]
        for i, battery in enumerate(request.batteries)
    ]
    return np.array(rows)


def _efficiency(field: str, value: float) -> float:
    if not _LEAST_EFFICIENCY <= value <= 1.0:
        rule = f"must be from {_LEAST_EFFICIENCY} to 1, got {format_value(value)}"
        raise ProblemError(field, rule)
    return value


def _priority(i: int, battery: BatteryIn) -> int:
    priority = battery.c_priority or 0
    if not 0 <= priority <= _HIGHEST_PRIORITY:
        rule = f"must be 0, 1 or 2, got {format_value(priority)}"
        raise ProblemError(f"batteries.{i}.c_priority", rule)
    return priority


def _number(field: str, value: float) -> float:
    if not 0.0 <= value <= _MOST_ENERGY:
        raise ProblemError(field, f"must be from 0 to {_MOST_ENERGY:g}, got {format_value(value)}")
    return value


def _series(field: str, values: list[float], n: int, most: float = _MOST_ENERGY) -> Vector:
    """Return a series without negative values."""
    series = _plain_series(field, values, n, most)
    if series.min() < 0.0:
        place = int(series.argmin())
        raise ProblemError(f"{field}.{place}", f"must not be negative, got {series[place]:g}")
    return series


def _plain_series(field: str, values: list[float], n: int, most: float = _MOST_ENERGY) -> Vector:
    """Return a series that is as long as the demand and within reason."""
    if len(values) != n:
        raise ProblemError(field, f"must be as long as time_series.gt, {n}, got {len(values)}")
    series = np.array(values)
    wrong = ~(np.abs(series) <= most)
    if wrong.any():
        place = int(wrong.argmax())
        rule = f"must be at most {most:g}, got {format_value(values[place])}"
        raise ProblemError(f"{field}.{place}", rule)
    return series
