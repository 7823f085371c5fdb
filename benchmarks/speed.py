"""How long each part of a plan takes; medians, and ratios within one run."""

import asyncio
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import numpy as np

from benchmarks.days import synthetic_request
from matrix_builders import MODE, build, layout_for
from matrix_builders import layout as blocks
from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Horizon,
    ProviderRules,
    Site,
    Tariff,
    value_function,
)
from optimiser.dispatch import follow
from optimiser.flaws import flaws_of
from optimiser.formulation import formulate
from optimiser.linear_program import objective
from optimiser.planner import state
from optimiser.programme import Programme
from optimiser.solvers import highs, mixed_integer
from optimiser.start import start_from

SIZES = (48, 96, 288, 576, 864, 2880)
HARD = "negative_midday"
_MIP_LIMIT = 60.0  # s


@dataclass(frozen=True, slots=True)
class Row:
    """Medians for one size. [ms]"""

    n_intervals: int
    build: float
    cold: float
    started: float
    convex: float
    hard: float
    http: float


def programme_for(kind: str, n_intervals: int, *, seed: int = 1) -> Programme:
    """Programme of a synthetic request, in `profit` mode."""
    request = _request(kind, n_intervals, seed)
    hours = np.full(n_intervals, request["interval_minutes"] / 60.0)
    battery = request["battery"]
    site = Site(
        horizon=Horizon(start=datetime.fromisoformat(request["start_time"]), hours=hours),
        tariff=Tariff(import_price=request["prices_import"], export_price=request["prices_export"]),
        forecast=Forecast(
            load=np.array(request["load_forecast"]) * hours / 1000.0,
            solar=np.array(request["solar_forecast"]) * hours / 1000.0,
        ),
        batteries=(
            Battery(
                capacity=battery["capacity_wh"] / 1000.0,
                charge_limit=battery["max_charge_w"] / 1000.0,
                discharge_limit=battery["max_discharge_w"] / 1000.0,
                charge_efficiency=battery["efficiency"],
                discharge_efficiency=battery["efficiency"],
                initial_soc=battery["current_soc"],
                reserve=battery["backup_reserve"],
            ),
        ),
    )
    return state(site, CostFunction.PROFIT, ProviderRules())


def _request(kind: str, n_intervals: int, seed: int = 1) -> dict[str, Any]:
    minutes = 5 if n_intervals > 96 else 30
    request = synthetic_request(seed, n_intervals=n_intervals, interval_minutes=minutes, kind=kind)
    return {**request, "cost_function": "profit"}


def milliseconds(work: Callable[[], object], repeats: int = 9) -> float:
    """Median time of some work after one untimed round. [ms]"""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000.0 * median(times)


def measure(n_intervals: int, url: str) -> Row:
    """All medians of one size."""
    convex, hard = (programme_for(kind, n_intervals) for kind in ("dynamic", HARD))
    formulation = formulate(convex)
    lp = formulation.lp
    start = start_from(formulation, follow(convex, value_function.solve(convex).levels))
    cold, started = (highs.solve(lp, time_limit=60.0, start=s) for s in (None, start))
    assert abs(objective(lp, cold.x) - objective(lp, started.x)) < 1e-9 * max(
        1.0, abs(objective(lp, cold.x))
    )
    body = json.dumps(_request("dynamic", n_intervals)).encode()
    return Row(
        n_intervals,
        build=milliseconds(
            lambda: build(layout_for(convex.site, convex.storages), convex.site, convex.storages)
        ),
        cold=milliseconds(lambda: highs.solve(lp, time_limit=60.0)),
        started=milliseconds(lambda: highs.solve(lp, time_limit=60.0, start=start)),
        convex=milliseconds(lambda: value_function.solve(convex)),
        hard=milliseconds(lambda: value_function.solve(hard)),
        http=milliseconds(lambda: post(url, body)),
    )


def post(url: str, body: bytes) -> bytes:
    """Reply of ``/optimize``."""
    request = urllib.request.Request(f"{url}/optimize", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        answer: bytes = reply.read()
        return answer


class Server:
    """A real server on a free port of the loopback, ended by its pid.

    Used as a context manager; gives the URL.
    """

    def __enter__(self) -> str:
        """Start it and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "server", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--log-level", "error"]
        began = time.perf_counter()
        self._process = subprocess.Popen(command)
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{url}/health", timeout=1).close()
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError("the server ended before it answered") from None
                time.sleep(0.01)
            else:
                break
        self.start_up = time.perf_counter() - began
        return url

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        os.kill(self._process.pid, signal.SIGTERM)
        self._process.wait(10)


def mip_comparison(n_intervals: int = 576) -> tuple[float, float, float]:
    """Exact plan against HiGHS' mixed-integer programme on the hard case.

    Both directions are exclusive wherever the relaxation offends.  Returns times of both [ms] and
    the relative gap that the mixed-integer programme had reached when it ended.
    """
    programme = programme_for(HARD, n_intervals)
    exact = milliseconds(lambda: value_function.solve(programme))
    formulation = formulate(programme)
    x = highs.solve(formulation.lp, time_limit=60.0).x
    bound = value_function.solve(programme).bound
    began = time.perf_counter()
    found = mixed_integer.solve(
        formulation,
        flaws_of(formulation, x),
        time_limit=_MIP_LIMIT,
        start=formulation.point(follow(programme, formulation.block(x, blocks.STORED))),
    )
    taken = 1000.0 * (time.perf_counter() - began)
    gap = abs(objective(formulation.lp, found.x) - found.lower_bound) / max(1.0, abs(bound))
    return exact, taken, gap


def main() -> None:
    """Print the table and the ratios that the project promises."""
    print(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"kernels {MODE}"
    )
    server = Server()
    with server as url:
        body = json.dumps(_request("dynamic", 576)).encode()
        first = milliseconds_once(lambda: post(url, body))
        usual = milliseconds(lambda: post(url, body), 25)
        health = asyncio.run(_health_under_load(url))
        rows = [measure(n, url) for n in SIZES]
    heads = ("build", "cold", "started", "convex", "hard", "HTTP")
    print(f"{'T':>6} " + " ".join(f"{head:>9}" for head in heads) + "  ms")
    for row in rows:
        print(
            f"{row.n_intervals:>6} {row.build:>9.3f} {row.cold:>9.2f} {row.started:>9.2f} "
            f"{row.convex:>9.3f} {row.hard:>9.2f} {row.http:>9.2f}"
        )
    at_576 = next(row for row in rows if row.n_intervals == 576)
    exact, mip, gap = mip_comparison()
    year = programme_for("dynamic", 105_120)
    long_run = milliseconds(lambda: value_function.solve(year), 3)
    figures = (
        ("build / cold solve at T = 576", at_576.build / at_576.cold, "< 0.05"),
        ("HTTP round trip / cold solve at T = 576", at_576.http / at_576.cold, "<= 2"),
        ("first request / median request", first / usual, "<= 3"),
        ("started / cold solve at T = 576", at_576.started / at_576.cold, "<= 0.5"),
        ("/health p99 during four T = 2,880 plans, ms", health, "< 50"),
        ("exact plan, hard T = 576, ms", exact, "< 50"),
        (f"mixed integer (gap {gap:.0e}) / exact plan", mip / exact, ">= 100"),
        ("value function, convex T = 576, ms", at_576.convex, "< 1"),
        ("value function, convex T = 105,120, ms", long_run, "< 1000"),
        ("start-up to first /health, s", server.start_up, ""),
    )
    print()
    for name, value, promise in figures:
        print(f"{name:<48} {value:10.3f}   {promise}")


def milliseconds_once(work: Callable[[], object]) -> float:
    """Time of some work, first round included. [ms]"""
    began = time.perf_counter()
    work()
    return 1000.0 * (time.perf_counter() - began)


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
