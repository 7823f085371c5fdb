"""Surplus stored in its first hour, or in its last: what does the order cost where forecasts err?

In a plan both cost the same; in a closed loop the sun may fall short of what was waited for.  Every
half hour a home is planned anew over a day, on a forecast of yesterday or of the mean of the days
before; the first half hour is carried out on the true data.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.days import SYDNEY, Vector
from benchmarks.real_days import HOMES, load_year
from benchmarks.replay import BATTERY
from optimiser import Battery, CostFunction, Forecast, Horizon, ProviderRules, Site, Tariff
from optimiser.model.dispatch import Dispatch, Trajectory, simulate
from optimiser.second_stage.preference import (
    DEFAULT_BUDGET,
    Candidate,
    with_fewest_runs,
    with_preference_prices,
)
from optimiser.value_function import storage_plan
from optimiser.value_function.terminal_value import build_problem

DAYS = 60
_DAY = 48  # half hours
_WEEK = 7  # days that a mean day is the mean of
_BATTERY = replace(BATTERY, capacity=10.0)


@dataclass(frozen=True, slots=True)
class HalfHours:
    """A home by half hours from a local midnight on: energy of load and sun. [kWh]"""

    begin: datetime
    load: Vector
    solar: Vector


def early(days: int = DAYS) -> list[dict[str, Any]]:
    """Bills of both orders for each home, tariff and forecast. [$ a day]"""
    rows = []
    for home in HOMES:
        record = _half_hours(home, days)
        for tariff, prices in _TARIFFS.items():
            for name, forecast in _FORECASTS.items():
                bills = [_bill(record, prices(), forecast, is_late) for is_late in (False, True)]
                saved = float((bills[1] - bills[0]) / abs(bills[1]))
                rows.append(
                    {
                        "home": home,
                        "tariff": tariff,
                        "forecast": name,
                        "early": bills[0] / days,
                        "late": bills[1] / days,
                        "saved": saved,
                    }
                )
    return rows


def _half_hours(home: str, days: int) -> HalfHours:
    """Return the last days of a home, and the week before them."""
    year = load_year(home)
    local = [start.astype(datetime).replace(tzinfo=UTC).astimezone(SYDNEY) for start in year.starts]
    first = next(i for i, at in enumerate(local) if at.hour == at.minute == 0)
    span = slice(first, first + (days + _WEEK + 1) * _DAY * 6)
    load, solar = (v[span].reshape(-1, 6).sum(axis=1) / 12e3 for v in (year.load_w, year.solar_w))
    return HalfHours(local[first], load, solar)


def _yesterday(values: Vector, at: int) -> Vector:
    return values[at - _DAY : at]


def _mean_day(values: Vector, at: int) -> Vector:
    return values[at - _WEEK * _DAY : at].reshape(_WEEK, _DAY).mean(axis=0)


def _flat() -> Vector:
    return np.full(_DAY, 0.3)


def _time_of_use() -> Vector:
    hour = np.arange(_DAY) / 2
    return np.where((hour >= 15) & (hour < 21), 0.45, np.where(hour < 7, 0.15, 0.28))


_Forecast = Callable[[Vector, int], Vector]
_TARIFFS: dict[str, Callable[[], Vector]] = {"flat": _flat, "time of use": _time_of_use}
_FORECASTS: dict[str, _Forecast] = {"yesterday": _yesterday, "mean day": _mean_day}
_EXPORT_PRICE = 0.05


def _bill(record: HalfHours, prices: Vector, forecast: _Forecast, is_late: bool) -> float:
    """Return the bill of the loop, less what is left in the battery at the mean price. [$]"""
    battery, bill = _BATTERY, 0.0
    for at in range(_WEEK * _DAY, record.load.size - _DAY):
        site = Site(
            horizon=Horizon(start=record.begin, hours=np.full(_DAY, 0.5)),
            tariff=Tariff(
                import_price=np.roll(prices, -at), export_price=np.full(_DAY, _EXPORT_PRICE)
            ),
            forecast=Forecast(
                load=forecast(record.load, at), solar=np.maximum(forecast(record.solar, at), 0.0)
            ),
            batteries=(battery,),
        )
        surplus = float(record.solar[at] - record.load[at])
        charged = _carried_out(_planned(site, is_late), battery, surplus)
        stored = battery.initial_soc * battery.capacity
        stored += charged * (0.95 if charged > 0 else 1 / 0.95)
        battery = replace(battery, initial_soc=float(np.clip(stored / battery.capacity, 0.0, 1.0)))
        metered = charged - surplus
        bill += metered * (prices[at % _DAY] if metered > 0 else _EXPORT_PRICE)
    left = battery.initial_soc - _BATTERY.initial_soc
    return float(bill - left * battery.capacity * prices.mean() * 0.95)


def _planned(site: Site, is_late: bool) -> Dispatch:
    """Return the plan as served, or with the order of storing turned."""
    problem = build_problem(site, CostFunction.COST, ProviderRules())
    levels = storage_plan.solve(problem).levels
    best = Candidate(*simulate(problem, Trajectory(levels))[:2])
    preferred = with_preference_prices(problem, best.dispatch, DEFAULT_BUDGET)
    if is_late:
        late = np.where(site.net_load < 0.0, preferred.late.max() - preferred.late, 0.0)
        preferred = replace(preferred, late=late)
    costs = np.array([best.cost + DEFAULT_BUDGET, DEFAULT_BUDGET])
    return (with_fewest_runs(preferred, costs, None) or best).dispatch


def _carried_out(planned: Dispatch, battery: Battery, surplus: float) -> float:
    """Return the energy that the battery takes in the first half hour on the true data. [kWh]

    A controller charges from what sun there is, and serves what load there is, unless the plan
    buys to charge, or sells from the battery.
    """
    charge, discharge = float(planned.charge[0, 0]), float(planned.discharge[0, 0])
    stored = battery.initial_soc * battery.capacity
    most = min(2.5, (battery.capacity - stored) / 0.95)
    least = -min(2.5, max(stored - battery.reserve * battery.capacity, 0.0) * 0.95)
    wanted = charge - discharge
    if charge > 0 and planned.grid_import[0] < 1e-6:
        wanted = max(surplus, 0.0)
    elif discharge > 0 and planned.grid_export[0] < 1e-6:
        wanted = min(surplus, 0.0)
    return float(np.clip(wanted, least, most))
