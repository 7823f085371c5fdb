"""The long sweep: the value function against HiGHS on thousands of seeded sites.

``python -m tests.exactness.sweep [--share S] [--processes N]``; the exit status is 1 where any
site fails.  Where the mixed-integer programme does not prove its optimum in time, the value must
lie between its bound and its best plan.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from optimiser import value_function
from optimiser.dispatch import follow, planning_cost
from tests.exactness import mixed_integer
from tests.exactness.sites import seeded_programme

SITES = {4: 300, 8: 400, 16: 800, 48: 500, 96: 200, 288: 20}
CONVEX_SITES = {16: 300, 48: 200, 96: 100, 288: 60}
RELATIVE = 1e-6
CONVEX_RELATIVE = 1e-9
MIP_LIMIT = 60.0  # s


@dataclass(frozen=True, slots=True)
class Case:
    """One site, by its size and seed."""

    n_intervals: int
    seed: int
    convex: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one site went.

    Attributes
    ----------
    case : Case
        The site.
    is_proved : bool
        Whether HiGHS proved its optimum in time.
    difference : float
        Of the two optima, relative to the larger of a dollar and their size.
    passed : bool
        Whether the difference is within tolerance, and the plan costs what it promises.
    seconds, highs_seconds : float
        Time of both.
    """

    case: Case
    is_proved: bool
    difference: float
    passed: bool
    seconds: float
    highs_seconds: float


def judge(case: Case) -> Verdict:
    """Solve one site both ways."""
    programme = seeded_programme(case.seed, case.n_intervals, convex=case.convex)
    began = perf_counter()
    found = value_function.solve(programme)
    seconds = perf_counter() - began
    if case.convex:
        other = mixed_integer.relaxation(programme)
    else:
        other = mixed_integer.optimum(programme, MIP_LIMIT)
    size = max(1.0, abs(other.cost))
    tolerance = CONVEX_RELATIVE if case.convex else RELATIVE
    if other.is_proved:
        difference = abs(found.bound - other.cost) / size
    else:
        difference = max(0.0, found.bound - other.cost, other.bound - found.bound) / size
    plan = planning_cost(programme, follow(programme, found.levels))
    kept = abs(plan - found.bound) <= RELATIVE * max(1.0, abs(found.bound))
    passed = kept and difference <= tolerance
    return Verdict(case, other.is_proved, difference, passed, seconds, other.seconds)


def cases(share: float) -> Iterator[Case]:
    """Every case of the sweep, the long ones first."""
    for convex, sizes in ((False, SITES), (True, CONVEX_SITES)):
        for n, count in sorted(sizes.items(), reverse=True):
            for seed in range(max(1, round(share * count))):
                yield Case(n, 10_000 * n + seed, convex)


def main() -> int:
    """Run the sweep and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="part of the sites")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    todo = list(cases(arguments.share))
    verdicts: dict[tuple[bool, int], list[Verdict]] = defaultdict(list)
    with ProcessPoolExecutor(arguments.processes) as pool:
        futures = [pool.submit(judge, case) for case in todo]
        for done, future in enumerate(as_completed(futures), start=1):
            verdict = future.result()
            verdicts[verdict.case.convex, verdict.case.n_intervals].append(verdict)
            if not verdict.passed:
                print(f"FAILED {verdict}", flush=True)
            if done % 50 == 0 or done == len(todo):
                print(f"{done} of {len(todo)}", file=sys.stderr, flush=True)
    print("against     T  sites proved     worst       ms   HiGHS ms")
    for (convex, n), group in sorted(verdicts.items()):
        print(
            f"{'LP' if convex else 'MIP':>7} {n:>5} {len(group):>6} "
            f"{sum(v.is_proved for v in group):>6} "
            f"{max(v.difference for v in group):>9.1e} "
            f"{1000 * median(v.seconds for v in group):>8.3f} "
            f"{1000 * median(v.highs_seconds for v in group):>10.1f}"
        )
    failures = sum(not v.passed for group in verdicts.values() for v in group)
    print(f"{len(todo)} sites, {failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    raise SystemExit(main())
