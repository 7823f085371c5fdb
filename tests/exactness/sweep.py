"""The whole proof, too slow for every run: thousands of seeded sites against every oracle.

``python -m tests.exactness.sweep`` takes some minutes, prints a table and exits with status 1 on
any failure; ``--share 0.1`` takes a tenth of the sites, ``--time-limit 10`` less time for each.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from time import perf_counter

from optimiser.model.arrays import Programme
from optimiser.model.dispatch import follow, planning_cost
from optimiser.value_function.storage_plan import solve
from tests.exactness import brute_force, mixed_integer
from tests.exactness.sites import rounding, seeded_programme

Oracle = Callable[[Programme, float], mixed_integer.Optimum]


def _mixed_integer(programme, time_limit):
    return mixed_integer.optimum(programme, time_limit)


def _relaxation(programme, _):
    return mixed_integer.relaxation(programme)


def _brute_force(programme, _):
    began = perf_counter()
    cost = brute_force.least_cost(programme, brute_force.kinked_levels(programme))
    return mixed_integer.Optimum(cost, cost, True, perf_counter() - began)


@dataclass(frozen=True)
class Group:
    """Sites of one kind: how many, how long, and what they are compared with."""

    name: str
    oracle: Oracle
    tolerance: float
    count: int
    least_intervals: int
    most_intervals: int
    convex: bool = False

    def programme(self, seed):
        span = self.most_intervals - self.least_intervals + 1
        n_intervals = self.least_intervals + seed % span
        return seeded_programme(seed, n_intervals, convex=self.convex)


GROUPS = (
    Group("brute force, T <= 3", _brute_force, 1e-9, 2000, 1, 3),
    Group("MIP, T <= 16", _mixed_integer, 1e-6, 5000, 1, 16),
    Group("MIP, T = 48", _mixed_integer, 1e-6, 2500, 48, 48),
    Group("MIP, T = 96", _mixed_integer, 1e-6, 1200, 96, 96),
    Group("MIP, T = 288", _mixed_integer, 1e-6, 300, 288, 288),
    Group("LP, convex, T <= 16", _relaxation, 1e-9, 2000, 1, 16, convex=True),
    Group("LP, convex, T = 96", _relaxation, 1e-9, 500, 96, 96, convex=True),
    Group("LP, convex, T = 576", _relaxation, 1e-9, 150, 576, 576, convex=True),
)


@dataclass(frozen=True)
class Finding:
    """One site: how far the value function is from its oracle, and how long both took."""

    seed: int
    is_proved: bool
    difference: float  # relative, beyond the oracle's own gap
    plan_difference: float  # relative, of the plan's cost to the bound, beyond its rounding
    seconds: float
    oracle_seconds: float


def examine(group, seed, time_limit):
    """Compare one site; an oracle out of time leaves a bracket that must hold the bound."""
    programme = group.programme(seed)
    began = perf_counter()
    plan = solve(programme)
    seconds = perf_counter() - began
    optimum = group.oracle(programme, time_limit)
    scale = max(1.0, abs(plan.bound))
    cost = planning_cost(programme, follow(programme, plan.levels))
    return Finding(
        seed=seed,
        is_proved=optimum.is_proved,
        difference=max(plan.bound - optimum.cost, optimum.bound - plan.bound, 0.0) / scale,
        plan_difference=max(abs(cost - plan.bound) - rounding(programme), 0.0) / scale,
        seconds=seconds,
        oracle_seconds=optimum.seconds,
    )


def sweep(groups, share, time_limit, report):
    """Findings of every group, worked off on all cores."""
    with ProcessPoolExecutor() as pool:
        futures = {
            pool.submit(examine, group, seed, time_limit): group
            for group in groups
            for seed in range(max(1, round(share * group.count)))
        }
        findings = {group: [] for group in groups}
        for done, future in enumerate(as_completed(futures), start=1):
            findings[futures[future]].append(future.result())
            report(done, len(futures))
    return findings


def failures(group, findings):
    """Findings of a group that are too far from their oracle."""
    return [
        found
        for found in findings
        if not (found.difference <= group.tolerance and found.plan_difference <= 1e-9)
    ]


def summary(findings):
    """Table of all groups."""
    lines = [
        f"{'':22}{'sites':>6}{'proved':>8}{'failed':>8}{'worst':>10}{'plan':>10}"
        f"{'value function':>17}{'oracle':>12}"
    ]
    for group, found in findings.items():
        lines.append(
            f"{group.name:22}{len(found):6}{sum(f.is_proved for f in found):8}"
            f"{len(failures(group, found)):8}"
            f"{max(f.difference for f in found):10.1e}{max(f.plan_difference for f in found):10.1e}"
            f"{1e3 * statistics.median(f.seconds for f in found):14.3f} ms"
            f"{1e3 * statistics.median(f.oracle_seconds for f in found):9.1f} ms"
        )
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the sites")
    parser.add_argument("--time-limit", type=float, default=60.0, help="for each site, in seconds")
    given = parser.parse_args(arguments)
    began = perf_counter()

    def report(done, total):
        if done % 50 == 0 or done == total:
            print(f"{done}/{total} sites, {perf_counter() - began:.0f} s", file=sys.stderr)

    findings = sweep(GROUPS, given.share, given.time_limit, report)
    print(summary(findings))
    failed = [(group, f) for group, found in findings.items() for f in failures(group, found)]
    for group, finding in failed:
        print(f"FAILED {group.name}: {finding}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
