"""How long each part of a plan takes, by the number of intervals."""

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from statistics import median
from typing import Any

from benchmarks import problems
from benchmarks.serving import Client, Server
from benchmarks.timing import exponent, seconds_of, spread, spread_of
from matrix_builders import LinearProgram, MeterArrays, build, layout_for
from optimiser import CostFunction, ProviderRules
from optimiser.exact.steps import by_value_function
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import LpSolution, Start, objective
from optimiser.solvers import highs
from optimiser.solvers.warm_start import warm_start
from optimiser.value_function import storage_plan
from optimiser.value_function.terminal_value import build_problem

PHASES = ("build", "cold", "started", "exact", "exact_hard", "http")
_SEEDS = 10  # days over which round trips are spread
_IN_A_ROW = 10  # rounds of one kind, before those of the other
_LIMIT = 60.0  # s
_SAME = 1e-9  # relative


def phases(sizes: Iterable[int]) -> dict[str, Any]:
    """Times of every part [ms], peak memory [MiB] and how both grow."""
    rows = [_row(n) for n in sizes]
    grows = {
        phase: round(exponent({row["T"]: row[phase]["p50"] for row in rows}), 2)
        for phase in PHASES
        if len(rows) > 1
    }
    return {"rows": rows, "exponents": grows, "objectives": by_objective()}


def _row(n_intervals: int) -> dict[str, Any]:
    convex, hard = (
        problems.problem(kind, n_intervals) for kind in (problems.CONVEX, problems.HARD)
    )
    formulation = formulate(convex)
    lp = formulation.lp
    best = by_value_function(convex, storage_plan.solve(convex))
    start = warm_start(formulation, formulation.point(best.dispatch))
    cold, started = (objective(lp, _solve(lp, begin)().x) for begin in (None, start))
    assert abs(cold - started) <= _SAME * max(1.0, abs(cold)), "a start must not change the optimum"
    meter = MeterArrays(convex.meter, convex.penalty)
    works = {
        "build": lambda: build(layout_for(meter, convex.storages), meter, convex.storages),
        "cold": _solve(lp, None),
        "started": _solve(lp, start),
        "exact": lambda: storage_plan.solve(convex),
        "exact_hard": lambda: storage_plan.solve(hard),
    }
    return {
        "T": n_intervals,
        **{phase: spread(work).as_dict() for phase, work in works.items()},
        **_round_trips(n_intervals),
    }


def _solve(lp: LinearProgram, start: Start | None) -> Callable[[], LpSolution]:
    """Return what solves the whole programme, as a plan does it."""
    return lambda: highs.solve(lp, time_limit=_LIMIT, start=start)


def _round_trips(n_intervals: int) -> dict[str, Any]:
    """Whole requests of ten days, and the memory of the server that answered them."""
    bodies = [
        json.dumps(problems.request(problems.CONVEX, n_intervals, seed)).encode()
        for seed in range(_SEEDS)
    ]
    server = Server()
    with server as url, closing(Client(url)) as client:
        client.post(bodies[0])
        times = [seconds_of(lambda body=body: client.post(body)) for body in bodies * 4]
        return {
            "http": spread_of(times).as_dict(),
            "peak_mib": round(server.memory("VmHWM"), 1),
        }


def by_objective() -> list[dict[str, Any]]:
    """Round trips of ten days against HiGHS cold on the matrix of each, in turns. [ms]"""
    with Server() as url, closing(Client(url)) as client:
        return [_against_cold(client, cost_function) for cost_function in CostFunction]


def _against_cold(client: Client, cost_function: CostFunction) -> dict[str, Any]:
    pairs = []
    for seed in range(_SEEDS):
        site = problems.site(problems.CONVEX, problems.PROMISED, seed)
        cold = _solve(formulate(build_problem(site, cost_function, ProviderRules())).lp, None)
        request = problems.request(problems.CONVEX, problems.PROMISED, seed)
        body = json.dumps({**request, "cost_function": cost_function.value}).encode()
        client.post(body)
        pairs += [
            [median(seconds_of(work) for _ in range(_IN_A_ROW)) for work in works]
            for works in [(cold, lambda body=body: client.post(body))] * 2
        ]
    cold_time, http_time = (1000.0 * median(times) for times in zip(*pairs, strict=True))
    return {
        "objective": cost_function.value,
        "cold": round(cold_time, 2),
        "http": round(http_time, 2),
        "ratio": round(median(http / cold for cold, http in pairs), 2),
    }
