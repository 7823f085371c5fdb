"""What people notice: start-up, the first request, health under load, a whole year."""

import asyncio
import json
import time
import urllib.request
from typing import Any

import numpy as np

from benchmarks import problems
from benchmarks.days import synthetic_request
from benchmarks.serving import Server, post
from benchmarks.timing import seconds_of, spread
from optimiser.exact import highs_mip
from optimiser.exact.hull import hull
from optimiser.exact.integrality import find_violations
from optimiser.model.dispatch import Trajectory, simulate
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import objective
from optimiser.solvers import Deadline, highs, now
from optimiser.value_function import storage_plan

_YEAR = 105_120  # intervals of five minutes
_LIMIT = 60.0  # s
_GAP = 1e-4  # $


def service() -> dict[str, float]:
    """Figures of a running server, in s and ms as named."""
    body = json.dumps(problems.request(problems.CONVEX, problems.PROMISED)).encode()
    starts = []
    for _ in range(3):
        server = Server()
        with server:
            starts.append(server.start_up)
    with Server() as url:
        first = seconds_of(lambda: post(url, body))
        usual = spread(lambda: post(url, body)).p50
        health = asyncio.run(_health_under_load(url))
    return {
        "start_up_s": round(sorted(starts)[1], 3),
        "first_over_median": round(1000.0 * first / usual, 2),
        "health_p99_ms": round(health, 1),
    }


def year() -> dict[str, float]:
    """Value function of a year of five-minute intervals."""
    problem = problems.problem(problems.CONVEX, _YEAR)
    return {"year_s": round(spread(lambda: storage_plan.solve(problem)).p50 / 1000.0, 3)}


def binaries() -> dict[str, Any]:
    """Exact plan against HiGHS' branch and bound on the same hard prices."""
    problem = problems.problem(problems.HARD, problems.PROMISED)
    exact = spread(lambda: storage_plan.solve(problem)).p50
    bound = storage_plan.solve(problem).bound
    formulation = formulate(problem)
    x = highs.solve(formulation.lp, time_limit=_LIMIT).x
    start = simulate(problem, Trajectory(formulation.trajectory(x).levels)).dispatch
    chosen = find_violations(formulation, x).with_profitable_cycles(problem)
    tight = hull(formulation, chosen)
    deadline = Deadline(now() + _LIMIT)
    began = time.perf_counter()
    point = tight.point(start)
    found = highs_mip.solve(tight.lp, tight.integers, point, deadline=deadline, gap=_GAP)
    taken = 1000.0 * (time.perf_counter() - began)
    gap = abs(objective(tight.lp, found.x) - found.lower_bound) / max(1.0, abs(bound))
    return {
        "exact_ms": round(exact, 3),
        "binaries_ms": round(taken, 1),
        "ratio": round(taken / exact),
        "gap": float(f"{gap:.1e}"),
    }


async def _health_under_load(url: str) -> float:
    """99th percentile of ``/health`` while four long horizons are planned. [ms]"""
    body = json.dumps(synthetic_request(3, n_intervals=2880, interval_minutes=1)).encode()
    plans = [asyncio.create_task(asyncio.to_thread(post, url, body)) for _ in range(4)]
    times = []
    while not all(task.done() for task in plans):
        began = time.perf_counter()
        await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}/health").close())
        times.append(time.perf_counter() - began)
    await asyncio.gather(*plans)
    return 1000.0 * float(np.quantile(times, 0.99))
