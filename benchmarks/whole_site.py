"""How long a whole site takes: three batteries and two vehicles, 48 h in five-minute steps, HTTP.

Run with ``python -m benchmarks.whole_site``.
"""

import json
import sys
import time
import urllib.request
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import numpy as np

from benchmarks.days import synthetic_request
from benchmarks.serving import Server

N_INTERVALS = 576
SEEDS = range(10)
KINDS = ("dynamic", "flat", "time_of_use", "negative_midday")
COST_FUNCTIONS = ("cost", "profit", "self_consumption")


def whole_site(seed: int, kind: str, cost_function: str) -> dict[str, Any]:
    """Body of ``/ev/optimize`` for one synthetic day and the next."""
    request = synthetic_request(seed, n_intervals=N_INTERVALS, interval_minutes=5, kind=kind)
    source = np.random.default_rng(seed)
    start = datetime.fromisoformat(request["start_time"])
    battery = request.pop("battery")
    sizes = ((13_500, 5_000, 0.95), (10_000, 3_300, 0.93), (6_500, 5_000, 0.97))
    stays = ((60, 17.5, 31.25), (75, 19.0, 43.0))
    return {
        **request,
        "cost_function": cost_function,
        "grid": {"max_import_w": 14_000, "max_export_w": 5_000},
        "batteries": [
            {
                **battery,
                "id": f"battery {i}",
                "capacity_wh": capacity,
                "max_charge_w": power,
                "max_discharge_w": power,
                "efficiency": efficiency,
                "current_soc": round(float(source.uniform(0.2, 0.8)), 3),
                "cycle_cost": 0.01 * i,
            }
            for i, (capacity, power, efficiency) in enumerate(sizes)
        ],
        "evs": [
            {
                "vehicle_id": f"car {i}",
                "battery_capacity_kwh": capacity,
                "target_soc": 0.8,
                "max_charge_kw": 7.4,
                "min_charge_kw": 1.4,
                "charger_efficiency": 0.92,
                "current_soc": round(float(source.uniform(0.2, 0.5)), 3),
                "arrival_time": (start + timedelta(hours=arrival)).isoformat(),
                "departure_time": (start + timedelta(hours=departure)).isoformat(),
            }
            for i, (capacity, arrival, departure) in enumerate(stays)
        ],
    }


def main() -> int:
    """Print median and worst time of every kind of day, and of all."""
    every = []
    with Server() as url:
        for kind in KINDS:
            for cost_function in COST_FUNCTIONS:
                answers = [_timed(url, whole_site(s, kind, cost_function)) for s in SEEDS]
                times = [seconds for seconds, _ in answers]
                proved = sum(status == "optimal" for _, status in answers)
                every += times
                print(
                    f"{kind:16} {cost_function:17} median {median(times):6.3f} s  "
                    f"worst {max(times):6.3f} s  optimal {proved}/{len(times)}",
                    flush=True,
                )
    print(f"{'all':34} median {median(every):6.3f} s  worst {max(every):6.3f} s")
    return 0


def _timed(url: str, request: dict[str, Any]) -> tuple[float, str]:
    body = json.dumps(request).encode()
    headers = {"Content-Type": "application/json"}
    began = time.perf_counter()
    posted = urllib.request.Request(f"{url}/ev/optimize", body, headers)
    with urllib.request.urlopen(posted, timeout=60) as reply:
        answer = json.loads(reply.read())
    return time.perf_counter() - began, answer["status"]


if __name__ == "__main__":
    sys.exit(main())
