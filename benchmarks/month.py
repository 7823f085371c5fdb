"""Every day of a real month, planned over HTTP in each cost function, and judged."""

import argparse
import json
import time
from statistics import median

from benchmarks.real_days import days_of_month, request_for
from benchmarks.serving import Server, post
from tests.reference import violations

MODES = ("cost", "profit", "self_consumption")


def main() -> int:
    """Plan the month; the exit status is 1 where any plan fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.month", description=__doc__)
    parser.add_argument("--year", type=int, default=2025)
    parser.add_argument("--month", type=int, default=1)
    arguments = parser.parse_args()
    failures = 0
    with Server() as url:
        for mode in MODES:
            times, bills, baselines = [], 0.0, 0.0
            statuses: dict[str, int] = {}
            exact = 0
            for day in days_of_month(arguments.year, arguments.month):
                request = request_for(day, cost_function=mode)
                began = time.perf_counter()
                reply = json.loads(post(url, json.dumps(request).encode()))
                times.append(1000.0 * (time.perf_counter() - began))
                wrong = violations(request, reply)
                failures += bool(wrong)
                for sentence in wrong[:3]:
                    print(f"{day} {mode}: {sentence}")
                statuses[reply["status"]] = statuses.get(reply["status"], 0) + 1
                exact += reply["certificate"]["made_exact"] > 0
                bills += reply["summary"]["total_cost"]
                baselines += reply["summary"]["baseline_cost"]
            print(
                f"{mode:>16}: {len(times)} days, {statuses}, {exact} needed exactness, "
                f"median {median(times):.1f} ms, worst {max(times):.1f} ms, "
                f"bills {bills:.2f} $, baselines {baselines:.2f} $"
            )
    print(f"{failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    raise SystemExit(main())
