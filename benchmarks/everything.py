"""``python -m benchmarks.everything``: a home that has all kinds of things, on days of all kinds.

A battery, a car with two goals, a dishwasher, hot water and a heat pump; two days in quarter hours
and in five minutes.  Times are those of whole requests, gaps those of the optimum.
"""

import argparse
import json
import time
from itertools import islice, product
from typing import Any

import numpy as np

from benchmarks.days import MIDSUMMER, TARIFFS, synthetic_request
from server.options import Options
from server.plans.planning import answer_vehicles

HORIZONS = ((192, 15), (576, 5))
"""Numbers of intervals, and their length [min]."""


def request(seed: int, kind: str, n_intervals: int, minutes: int) -> dict[str, Any]:
    """Make up a home and two days."""
    rng = np.random.default_rng(seed)
    sent = synthetic_request(seed, n_intervals, minutes, kind, MIDSUMMER)
    hour = (np.arange(n_intervals) * minutes / 60.0) % 24.0
    showers = np.where((hour >= 6.5) & (hour < 8.0), 2500.0, 120.0)
    goals = [{"at": "12:00", "soc": 0.5}, {"at": "20:00", "soc": 0.6}]
    return {
        **sent,
        "cost_function": "cost",
        "home_battery": sent.pop("battery"),
        "ev": {"vehicle_id": "car", "battery_capacity_kwh": 60, "current_soc": 0.35}
        | {"target_soc": 0.8, "goals": goals, "max_charge_kw": 11, "min_charge_kw": 4.14}
        | {"charger_efficiency": 0.92},
        "loads": [
            {"id": "dishwasher", "power_w": 1200, "energy_kwh": 1.4, "earliest": "18:00"}
            | {"latest": "06:00"},
        ],
        "heat": [
            {"id": "water", "capacity_kwh": 8, "level": float(rng.uniform(0.3, 0.8))}
            | {"least": 0.25, "loss_w": 60, "power_w": 2000, "efficiency": 0.98}
            | {"draw_w": showers.tolist()},
            {"id": "house", "capacity_kwh": 15, "level": 0.5, "least": 0.3, "power_w": 2500}
            | {"cop": (3.0 + np.sin((hour - 9.0) / 24.0 * 2.0 * np.pi)).tolist()}
            | {"draw_w": float(rng.uniform(1500, 4000))},
        ],
    }


def main() -> None:
    """Print a row for each horizon."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.everything", description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="of all tariffs in turn")
    n_days, options = parser.parse_args().days, Options()
    print("  T  median s  worst s  median gap  worst gap  proved")
    for n_intervals, minutes in HORIZONS:
        kinds = islice(product(range(n_days), TARIFFS), n_days)
        seconds, gaps, n_proved = [], [], 0
        for seed, kind in [(-1, "flat"), *kinds]:  # the first loads what all need
            body = json.dumps(request(abs(seed), kind, n_intervals, minutes)).encode()
            began = time.perf_counter()
            plan = answer_vehicles(body, options, lambda: MIDSUMMER).solved.plan
            if seed >= 0:
                seconds.append(time.perf_counter() - began)
                gap = plan.certificate.optimum_gap
                gaps.append(np.inf if gap is None else gap)
                n_proved += plan.status == "optimal"
        print(
            f"{n_intervals:3}  {np.median(seconds):8.2f}  {max(seconds):7.2f}"
            f"  {np.median(gaps):10.4f}  {max(gaps):9.4f}  {n_proved}/{n_days}",
            flush=True,
        )


if __name__ == "__main__":
    main()
