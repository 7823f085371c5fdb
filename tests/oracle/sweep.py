"""The whole proof, too slow for every run: thousands of seeded sites against every oracle.

``python -m tests.oracle.sweep`` takes some minutes, prints a table and exits with status 1 on any
failure; ``--share 0.1`` takes a tenth of the sites, ``--time-limit 10`` less time for each.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from optimiser import CostFunction, plan
from optimiser.model.dispatch import Trajectory, planning_cost, simulate
from optimiser.value_function.storage_plan import solve
from tests.account import violations
from tests.builders import a_site_with_chargers, a_site_with_several, in_pieces
from tests.oracle import Optimum, least_cost, least_cost_of_arrays, relaxed_cost
from tests.problems import rounding, seeded_problem

PLAN_TOLERANCE = 1e-9
"""Cost of following a value function's plan, relative to its bound. [-]"""

USUAL_PRICE = 0.3  # $/kWh

PROVED = 1e-3
"""Gap within which a plan of several storages is called optimal. [$]"""


@dataclass(frozen=True)
class Answer:
    """What the optimiser says of one problem. [$]"""

    cost: float
    gap: float = 0.0  # by which the optimum may be cheaper, as the answer says
    plan_difference: float = 0.0  # relative, of the plan's cost to the bound, beyond its rounding
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Problems of one kind: how many, which, who answers, and what they are compared with."""

    name: str
    count: int
    most_intervals: int
    problem: Callable[[int], object]
    answer: Callable[[object], Answer]
    oracle: Callable[[object, float], Optimum]
    tolerance: float


def by_value_function(problem):
    """The bound of the value function, and the cost of its plan."""
    found = solve(problem)
    cost = planning_cost(problem, simulate(problem, Trajectory(found.levels)).dispatch)
    difference = max(abs(cost - found.bound) - rounding(problem), 0.0)
    return Answer(found.bound, plan_difference=difference / max(1.0, abs(found.bound)))


def complaints_about(found):
    """What the account says of a plan, in its pieces."""
    return tuple(violations(found.pieces.site, found.dispatch_in_pieces))


def by_plan(site):
    """The planning cost of the plan that is served."""
    found = plan(site, CostFunction.PROFIT)
    return Answer(
        found.certificate.optimum,
        complaints=tuple(violations(found.pieces.site, found.dispatch_in_pieces)),
    )


def by_plan_and_gap(site):
    """The same, within the gap that the certificate states; proved only where that is small."""
    found = plan(site, CostFunction.COST if len(site.vehicles) % 2 else CostFunction.PROFIT)
    proof, complaints = (
        found.certificate,
        list(violations(found.pieces.site, found.dispatch_in_pieces)),
    )
    gap = proof.optimum - proof.lower_bound
    scale = max(1.0, float(np.median(np.abs(site.tariff.import_price))) / USUAL_PRICE)
    if found.status == "optimal" and gap > PROVED * scale + 1e-6 * abs(proof.optimum):
        complaints.append(f"called optimal at a gap of {gap:.2e} $")
    return Answer(proof.optimum, gap=gap, complaints=tuple(complaints))


def highs_mip(problem, time_limit):
    return least_cost_of_arrays(problem, time_limit=time_limit)


def relaxation(problem, _):
    cost = relaxed_cost(problem)
    return Optimum(cost, cost, True)


def every_binary(site, time_limit):
    return least_cost(in_pieces(site), gap=1e-5, time_limit=time_limit)


def every_binary_of_several(site, time_limit):
    cost_function = CostFunction.COST if len(site.vehicles) % 2 else CostFunction.PROFIT
    return least_cost(in_pieces(site), cost_function, gap=1e-6, time_limit=time_limit)


def value_function_group(name, oracle, tolerance, count, least, most, *, convex=False):
    def problem(seed):
        return seeded_problem(seed, least + seed % (most - least + 1), convex=convex)

    return Group(name, count, most, problem, by_value_function, oracle, tolerance)


GROUPS = (
    value_function_group("MIP, T <= 16", highs_mip, 1e-6, 7000, 1, 16),
    value_function_group("MIP, T = 48", highs_mip, 1e-6, 2500, 48, 48),
    value_function_group("MIP, T = 96", highs_mip, 1e-6, 1200, 96, 96),
    value_function_group("MIP, T = 288", highs_mip, 1e-6, 300, 288, 288),
    value_function_group("LP, convex, T <= 16", relaxation, 1e-9, 2000, 1, 16, convex=True),
    value_function_group("LP, convex, T = 96", relaxation, 1e-9, 500, 96, 96, convex=True),
    value_function_group("LP, convex, T = 576", relaxation, 1e-9, 150, 576, 576, convex=True),
    Group("chargers, T <= 48", 50, 48, a_site_with_chargers, by_plan, every_binary, 1e-4),
    Group(
        "chargers, T <= 144",
        10,
        144,
        lambda seed: a_site_with_chargers(seed, finer=3),
        by_plan,
        every_binary,
        1e-4,
    ),
    Group(
        "several, T <= 48",
        400,
        48,
        a_site_with_several,
        by_plan_and_gap,
        every_binary_of_several,
        1e-5,
    ),
)
BY_NAME = {group.name: group for group in GROUPS}


@dataclass(frozen=True)
class Finding:
    """One problem: how far the answer is from its oracle, and how long both took."""

    seed: int
    is_proved: bool
    difference: float  # relative, beyond the oracle's own gap
    plan_difference: float
    complaints: tuple[str, ...]
    seconds: float
    oracle_seconds: float


def examine(name, seed, time_limit):
    """Compare one problem; an oracle out of time leaves a bracket that must hold the answer."""
    group = BY_NAME[name]
    problem = group.problem(seed)
    began = perf_counter()
    answer = group.answer(problem)
    answered = perf_counter()
    optimum = group.oracle(problem, time_limit)
    ended = perf_counter()
    miss = max(answer.cost - answer.gap - optimum.cost, optimum.bound - answer.cost, 0.0)
    return Finding(
        seed=seed,
        is_proved=optimum.is_proved,
        difference=miss / max(1.0, abs(answer.cost)),
        plan_difference=answer.plan_difference,
        complaints=answer.complaints,
        seconds=answered - began,
        oracle_seconds=ended - answered,
    )


def sweep(share, time_limit, report):
    """Findings of every group, worked off on all cores."""
    with ProcessPoolExecutor() as pool:
        futures = {
            pool.submit(examine, group.name, seed, time_limit): group
            for group in GROUPS
            for seed in range(max(1, round(share * group.count)))
        }
        findings = {group: [] for group in GROUPS}
        for done, future in enumerate(as_completed(futures), start=1):
            findings[futures[future]].append(future.result())
            report(done, len(futures))
    return findings


def failures(group, findings):
    """Findings of a group that are too far from their oracle, or cannot be carried out."""
    return [
        found
        for found in findings
        if found.complaints
        or not (found.difference <= group.tolerance and found.plan_difference <= PLAN_TOLERANCE)
    ]


def summary(findings):
    """Table of all groups."""
    lines = [
        f"{'':22}{'sites':>6}{'proved':>8}{'failed':>8}{'worst':>10}{'plan':>10}"
        f"{'optimiser':>17}{'oracle':>12}"
    ]
    for group, found in findings.items():
        ours, theirs = (
            1e3 * statistics.median(getattr(f, name) for f in found)
            for name in ("seconds", "oracle_seconds")
        )
        lines.append(
            f"{group.name:22}{len(found):6}{sum(f.is_proved for f in found):8}"
            f"{len(failures(group, found)):8}"
            f"{max(f.difference for f in found):10.1e}{max(f.plan_difference for f in found):10.1e}"
            f"{ours:14.3f} ms{theirs:9.1f} ms"
        )
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.sweep", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the sites")
    parser.add_argument("--time-limit", type=float, default=60.0, help="for each site, in seconds")
    given = parser.parse_args(arguments)
    began = perf_counter()

    def report(done, total):
        if done % 50 == 0 or done == total:
            print(f"{done}/{total} sites, {perf_counter() - began:.0f} s", file=sys.stderr)

    findings = sweep(given.share, given.time_limit, report)
    print(summary(findings))
    failed = [(group, f) for group, found in findings.items() for f in failures(group, found)]
    for group, finding in failed:
        print(f"FAILED {group.name}: {finding}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
