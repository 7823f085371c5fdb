"""Requests in the form that evcc and EOS Connect send, drawn at random."""

import json
from datetime import timedelta

import numpy as np

QUARTER = timedelta(minutes=15).total_seconds()
PRICES = ("flat", "tariff", "market", "negative", "sell_higher")
CHARGING = (
    "none",
    "charge_before_export",
    "attenuate_demand_peaks",
    "attenuate_feedin_peaks",
    "attenuate_grid_peaks",
)
DISCHARGING = ("none", "discharge_before_import")


def usual_request(seed, n_steps, n_batteries):
    """A request as evcc sends it: no limit of exports, cars from the grid, selling costs less."""
    kinds = PRICES[:3]
    return random_request(seed, n_steps, n_batteries, kinds[seed % len(kinds)])


def random_request(seed, n_steps=None, n_batteries=None, usual_prices=None):
    draw = np.random.default_rng(seed)
    n = n_steps or int(draw.choice([12, 24, 36, 48]))
    step = QUARTER if draw.random() < 0.5 or n > 96 else 4 * QUARTER
    dt = np.array([draw.integers(30, step + 1), *[step] * (n - 1)], dtype=int)
    hours = dt / 3600
    clock = (np.cumsum(hours) - hours + draw.uniform(0, 24)) % 24
    solar = _solar(draw, clock)
    evening = (clock > 17) & (clock < 22)
    load = 300 + draw.uniform(0, 800, n) + evening * draw.uniform(0, 1500, n)
    buy, sell = _prices(usual_prices or draw.choice(PRICES), draw, clock, solar)
    end_value = max(float(buy.min() * 0.9 * 0.99), 0.0)
    batteries = [
        _car(draw, hours, buy, end_value)
        if draw.random() < (0.5 if i else 0.3)
        else _home_battery(draw, n, end_value)
        for i in range(n_batteries or int(draw.integers(1, 5)))
    ]
    request = {
        "batteries": batteries,
        "strategy": {
            "charging_strategy": str(draw.choice(CHARGING)),
            "discharging_strategy": str(draw.choice(DISCHARGING)),
        },
        "time_series": {
            "dt": dt.tolist(),
            "gt": (load * hours).tolist(),
            "ft": (solar * hours).tolist(),
            "p_N": buy.tolist(),
            "p_E": sell.tolist(),
        },
        "grid": _grid(draw, solar),
    }
    if draw.random() < 0.8:
        request |= {"eta_c": 0.9, "eta_d": 0.9}
    if draw.random() < 0.2:
        request["time_series"]["gt_add"] = [draw.uniform(0, 200, n).tolist()]
    if usual_prices:
        request["grid"] = {"p_max_imp": 17000.0} if draw.random() < 0.5 else {}
        request["strategy"] = {
            "charging_strategy": "charge_before_export",
            "discharging_strategy": "discharge_before_import",
        }
        for battery in batteries:
            is_car = battery["d_max"] == 0.0
            battery["discharge_to_grid"] = False
            battery.update({"charge_from_grid": True} if is_car else {"c_min": 0.0})
    return json.loads(json.dumps(request))  # plain numbers


def _solar(draw, clock):
    highest = draw.uniform(2000, 12000) if draw.random() < 0.8 else 0.0
    clouds = np.repeat(draw.uniform(0.3, 1, clock.size // 4 + 1), 4)[: clock.size]
    return np.maximum(0, np.sin((clock - 6) / 12 * np.pi)) ** 1.5 * highest * clouds


def _prices(kind, draw, clock, solar):
    """Prices per Wh."""
    if kind == "flat":
        buy, sell = np.full(clock.size, 0.30), np.full(clock.size, 0.08)
    elif kind == "tariff":
        is_peak = (clock > 17) & (clock < 21)
        buy = np.where(clock < 6, 0.18, np.where(is_peak, 0.44, 0.30))
        sell = np.full(clock.size, 0.08)
    else:
        market = 0.12 + 0.08 * np.sin((clock - 9) / 6 * np.pi) + draw.normal(0, 0.02, clock.size)
        market -= 0.08 * (solar > 1000)
        if kind == "negative":
            market -= 0.10 * (solar > 0.6 * max(solar.max(), 1))
        buy = market + (0.15 if kind == "market" else 0.02)
        sell = market + (0.03 if kind == "sell_higher" else 0.0)
    return buy / 1e3, sell / 1e3


def _grid(draw, solar):
    grid = {}
    if draw.random() < 0.4:
        grid["p_max_imp"] = float(draw.choice([0, 3000, 6000, 11000, 17000]))
        if draw.random() < 0.4:
            grid["prc_p_exc_imp"] = float(draw.choice([0.0, 2e-4, 1e-3]))
    if draw.random() < 0.4:
        share = 0.0 if draw.random() < 0.15 else draw.choice([0.3, 0.5, 0.7])
        grid["p_max_exp"] = float(round(max(solar.max(), 1000) * share))
    return grid


def _car(draw, hours, buy, end_value):
    capacity = float(draw.choice([40e3, 60e3, 77e3]))
    initial = capacity * draw.uniform(0.05, 0.95)
    limit = max(initial, capacity * draw.choice([0.8, 1.0]))
    least, most = (
        (4140.0, draw.choice([11040.0, 22080.0]))
        if draw.random() < 0.6
        else (1380.0, draw.choice([3680.0, 7360.0]))
    )
    car = {
        "charge_from_grid": bool(draw.random() < 0.9),
        **{"c_min": least, "c_max": float(most), "d_max": 0.0},
        **{"s_min": 0.0, "s_max": float(limit), "s_initial": float(initial), "p_a": end_value},
    }
    mode = draw.choice(["solar", "goal", "now", "least", "cheap"])
    n = hours.size
    if mode == "goal":
        goals = np.zeros(n)
        goals[draw.integers(n // 4, n)] = limit * draw.uniform(0.6, 1)
        car["s_goal"] = goals.tolist()
    elif mode == "cheap":
        car["p_demand"] = np.where(buy <= np.quantile(buy, 0.25), most * hours, 0).tolist()
    elif mode != "solar":
        car["p_demand"] = ((most if mode == "now" else least) * hours).tolist()
    if draw.random() < 0.2:
        car["c_priority"] = int(draw.integers(0, 3))
    return car


def _home_battery(draw, n, end_value):
    capacity = draw.uniform(5e3, 20e3)
    battery = {
        "s_capacity": capacity,
        "s_min": capacity * draw.choice([0, 0.05, 0.1, 0.2]),
        "s_max": capacity * draw.choice([0.9, 1.0]),
        "s_initial": capacity * draw.uniform(0, 1),
        "c_min": 500.0 if draw.random() < 0.1 else 0.0,
        "c_max": draw.uniform(2e3, 10e3),
        "d_max": draw.uniform(2e3, 10e3),
        "p_a": end_value,
    }
    if draw.random() < 0.5:
        battery["charge_from_grid"] = True
    if draw.random() < 0.3:
        battery["discharge_to_grid"] = True
    if draw.random() < 0.1:
        goals = np.zeros(n)
        goals[n // 2] = capacity * 0.9
        battery["s_goal"] = goals.tolist()
    if draw.random() < 0.1:
        battery["p_demand"] = (draw.uniform(0, 500, n) * (draw.random(n) < 0.3)).tolist()
    if draw.random() < 0.2:
        battery |= {"eta_c": 0.95, "eta_d": 0.92, "c_priority": int(draw.integers(0, 3))}
    return battery
