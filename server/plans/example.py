"""Example requests: a small one for warming up, two days for the page."""

from datetime import datetime, timedelta
from math import exp, pi, sin

import msgspec

_MINUTES = 5
_DAYS = 2


def example_body(n_intervals: int = 12) -> bytes:
    """Return the body of a small request with a cheap first half and a dear second one."""
    half = n_intervals // 2
    return msgspec.json.encode(
        {
            "prices_import": [0.1] * half + [0.4] * (n_intervals - half),
            "prices_export": [0.05] * n_intervals,
            "solar_forecast": [0.0] * half + [2000.0] * (n_intervals - half),
            "load_forecast": [800.0] * n_intervals,
            "battery": {"current_soc": 0.5, "capacity_wh": 13500},
            "interval_minutes": 5,
        }
    )


def example_day(now: datetime) -> bytes:
    """Return the body of a request from `now` on: cheap nights, sun, dear evenings."""
    steps = range(_DAYS * 24 * 60 // _MINUTES)
    clock = [now + timedelta(minutes=_MINUTES * (step + 0.5)) for step in steps]
    hours = [when.hour + when.minute / 60 for when in clock]
    prices = [_price(hour) for hour in hours]
    return msgspec.json.encode(
        {
            "prices_import": [round(price, 4) for price in prices],
            "prices_export": [round((price - 0.10) / 1.1, 4) for price in prices],
            "solar_forecast": [round(_solar(hour), 1) for hour in hours],
            "load_forecast": [round(_load(hour), 1) for hour in hours],
            "battery": {
                "current_soc": 0.5,
                "capacity_wh": 13500,
                "max_charge_w": 5000,
                "max_discharge_w": 5000,
                "efficiency": 0.95,
                "backup_reserve": 0.2,
            },
            "cost_function": "cost",
            "interval_minutes": _MINUTES,
            "start_time": now.isoformat(),
        }
    )


def _bump(hour: float, centre: float, width: float) -> float:
    distance = (hour - centre + 12) % 24 - 12
    return exp(-0.5 * (distance / width) ** 2)


def _price(hour: float) -> float:
    """Import price by the clock. [$/kWh]"""
    dear = 0.10 * _bump(hour, 7.5, 1.2) + 0.24 * _bump(hour, 18.5, 1.6)
    return 0.22 + dear - 0.12 * _bump(hour, 12.5, 2.5) - 0.06 * _bump(hour, 3, 2)


def _solar(hour: float) -> float:
    """Power of the panels by the clock. [W]"""
    day = min(max((hour - 6.5) / 12, 0.0), 1.0)
    return float(5500 * sin(pi * day) ** 1.4)


def _load(hour: float) -> float:
    """Power drawn by the home, by the clock. [W]"""
    return 350 + 800 * _bump(hour, 7.3, 0.9) + 1600 * _bump(hour, 19, 1.8)
