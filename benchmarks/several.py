"""Sites with several storages: how many plans are proved, and how long they take.

``python -m benchmarks.several --share 0.1`` measures a tenth of every set.  Plans are made in a
process that has the environment of the image, by the functions that answer requests; the large
ones by a server.  A solver has seven seconds by the wall: on a busy machine fewer are proved.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import report, sites
from benchmarks.days import MIDSUMMER
from benchmarks.serving import IMAGE_ENVIRONMENT, Server, post
from server.options import Options
from server.plans.planning import answer_batteries, answer_vehicles

NEAR = 0.005
"""Gap within which nobody would notice. [$]"""

SHORTFALL = "unmet"
"""Code of the warning on it."""

Row = dict[str, Any]
Requests = Mapping[str, Sequence[sites.Request]]


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of one request.

    Attributes
    ----------
    is_proved : bool
        Whether its status is ``optimal``.
    gap : float or None
        Planning cost above the bound; None where there is no bound. [$]
    has_shortfall : bool
        Whether a warning tells of one.
    cpu, wall : float
        Time of the whole process, and by the clock. [s]
    """

    is_proved: bool
    gap: float | None
    has_shortfall: bool
    cpu: float
    wall: float


def several(share: float = 1.0, sets: Iterable[str] | None = None) -> dict[str, list[Row]]:
    """Figures of sets of sites, measured in a process with one thread for BLAS.

    Parameters
    ----------
    share
        Of the seeds of every set, and of the large sites, but at least one. [-]
    sets
        Names of `SETS` or `LARGE`; all where absent.

    Returns
    -------
    dict
        `rows` of the sets, and of `large` sites.
    """
    command = [sys.executable, "-m", "benchmarks.several", "--json", "--share", str(share)]
    finished = subprocess.run(
        [*command, "--only", *(sets or NAMES)],
        env={**os.environ, **IMAGE_ENVIRONMENT},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, list[Row]] = json.loads(finished.stdout)
    return found


def unlike(share: float) -> Requests:
    """Two, three and five unlike batteries under negative prices, where solar may be curtailed."""
    return _unlike(share, curtailment=True)


def uncurtailed(share: float) -> Requests:
    """The same where it may not."""
    return _unlike(share, curtailment=False)


def _unlike(share: float, *, curtailment: bool) -> Requests:
    return {
        f"{number} batteries": [
            sites.unlike_batteries(seed, number, curtailment=curtailment)
            for seed in range(_few(5, share))
        ]
        for number in (2, 3, 5)
    }


def whole(share: float) -> Requests:
    """Three batteries and two vehicles, on days of all kinds, in all cost functions."""
    return {
        f"{kind}, {cost_function}": [
            sites.whole_site(seed, kind, cost_function) for seed in range(_few(10, share))
        ]
        for kind in sites.KINDS
        for cost_function in sites.COST_FUNCTIONS
    }


def on_off(share: float) -> Requests:
    """Forty sites with chargers that are on or off."""
    return {
        f"{minutes}-minute steps": [
            sites.on_off_site(first + seed, minutes) for seed in range(_few(20, share))
        ]
        for minutes, first in ((5, 0), (30, 20))
    }


SETS: dict[str, tuple[str, Callable[[float], Requests]]] = {
    "unlike": ("unlike batteries, negative midday", unlike),
    "uncurtailed": ("the same, solar not curtailed", uncurtailed),
    "whole": ("3 batteries + 2 vehicles", whole),
    "on_off": ("on/off chargers", on_off),
}
"""Title of every set in the tables, and its requests."""

LARGE = "large"
NAMES = (*SETS, LARGE)

_LARGE_SITES = (
    (5, 2880, "dynamic"),
    (5, 2880, "negative_midday"),
    (10, 4320, "dynamic"),
    (10, 4320, "negative_midday"),
)


def _few(number: int, share: float) -> int:
    return max(1, math.ceil(number * share))


def measured(share: float, names: Iterable[str]) -> dict[str, list[Row]]:
    """Figures, measured in this process; see `several`."""
    names = list(names)
    _warm_up()
    rows: list[Row] = []
    for name in [name for name in SETS if name in names]:
        title, requests_of = SETS[name]
        rows += _rows(title, requests_of(share))
    some = _LARGE_SITES[: _few(len(_LARGE_SITES), share)] if LARGE in names else ()
    return {"rows": rows, "large": [large(*site) for site in some]}


def _warm_up() -> None:
    """Plan small sites of both endpoints, so that kernels are compiled and solvers imported."""
    planned(sites.unlike_batteries(0, 2, 48))
    planned(sites.on_off_site(1, 30))


def _rows(title: str, requests: Requests) -> list[Row]:
    """Figures of every case of a set, and of all together."""
    rows, every = [], []
    for case, some in requests.items():
        plans = [planned(request) for request in some]
        every += plans
        rows.append({"set": title, "case": case, **summary(plans)})
        print(f"{title}, {case}: {rows[-1]['cpu_worst']} s at worst", file=sys.stderr, flush=True)
    return [*rows, {"set": title, "case": "all", **summary(every)}]


def planned(request: sites.Request) -> Planned:
    """Plan one request."""
    body = json.dumps(request).encode()
    answer = answer_vehicles if "evs" in request else answer_batteries
    cpu, wall = time.process_time(), time.perf_counter()
    text = answer(body, Options(), lambda: MIDSUMMER).body
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    reply = json.loads(text)
    return Planned(
        is_proved=reply["status"] == "optimal",
        gap=reply["certificate"]["optimum_gap"],
        has_shortfall=_has_shortfall(reply),
        cpu=cpu,
        wall=wall,
    )


def _has_shortfall(reply: Row) -> bool:
    return any(warning["code"] == SHORTFALL for warning in reply["warnings"])


def summary(plans: Sequence[Planned]) -> Row:
    """Counts, times [s] and the largest gap [$], None where a plan has no bound."""
    gaps = [plan.gap for plan in plans if plan.gap is not None]
    cpu, wall = [plan.cpu for plan in plans], [plan.wall for plan in plans]
    return {
        "plans": len(plans),
        "proved": sum(plan.is_proved for plan in plans),
        "near": sum(gap <= NEAR for gap in gaps),
        "shortfalls": sum(plan.has_shortfall for plan in plans),
        "largest_gap": float(f"{max(gaps):.3g}") if len(gaps) == len(plans) else None,
        "cpu_p50": round(float(np.quantile(cpu, 0.5)), 4),
        "cpu_p95": round(float(np.quantile(cpu, 0.95)), 4),
        "cpu_worst": round(max(cpu), 4),
        "wall_worst": round(max(wall), 4),
    }


def large(number: int, n_intervals: int, kind: str) -> Row:
    """Figures of one large site, planned by a server of its own."""
    body = json.dumps(sites.large_site(number, n_intervals, kind)).encode()
    with (server := Server()) as url:
        before = server.memory("VmHWM")
        began = time.perf_counter()
        reply = json.loads(post(url, body, "/ev/optimize"))
        wall = time.perf_counter() - began
        peak = server.memory("VmHWM")
    return {
        "site": f"{number} batteries + {number} vehicles",
        "T": n_intervals,
        "prices": kind,
        "wall": round(wall, 2),
        "before_mib": round(before, 1),
        "peak_mib": round(peak, 1),
        "status": reply["status"],
        "gap": reply["certificate"]["optimum_gap"],
        "solver": reply["solver"],
        "has_shortfall": _has_shortfall(reply),
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure and print tables, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.several", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the seeds of every set")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="sets to measure")
    parser.add_argument("--json", action="store_true", help="measure in this very process")
    arguments = parser.parse_args(given)
    if arguments.json:
        print(json.dumps(measured(arguments.share, arguments.only)))
    else:
        print(report.several({"several": several(arguments.share, arguments.only)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
