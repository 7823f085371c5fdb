"""What a plan costs in steps, not seconds: the same on every machine.

``python -m benchmarks.counts`` prints the counts of fixed synthetic days beside those recorded in
``counts.json``; ``--record`` records them.  A test holds the two together.
"""

import argparse
import gc
import json
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from unittest.mock import patch

import highspy

from benchmarks import problems
from optimiser import CostFunction, plan
from optimiser.exact.steps import by_value_function
from optimiser.model.arrays import ProblemArrays
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import Start
from optimiser.solvers import highs
from optimiser.value_function import storage_plan
from optimiser.value_function.dynamic_programme import value_backwards

RECORDED = Path(__file__).with_name("counts.json")

SLACK = 1.3
"""How far a count may rise: another HiGHS pivots differently, and numpy allocates differently."""

KINDS = (problems.CONVEX, problems.HARD, "time_of_use", "export_above_import")
SIZES = (96, 576)
_REPEATS = 100
_SMALL = 48


@dataclass(slots=True)
class Work:
    """What HiGHS did.

    Attributes
    ----------
    solves, iterations, nodes : int
        Runs, simplex iterations and nodes of branch and bound.
    """

    solves: int = 0
    iterations: int = 0
    nodes: int = 0


@contextmanager
def counting() -> Iterator[Work]:
    """Count the work of every HiGHS that is made in the block."""
    work = Work()

    def counted(solver: highs.Silent) -> highspy.HighsStatus:
        status = highspy.Highs.run(solver)
        info = solver.getInfo()
        work.solves += 1
        work.iterations += max(0, info.simplex_iteration_count)
        work.nodes += max(0, info.mip_node_count)
        return status

    with patch.object(highs.Silent, "run", counted):
        yield work


def counts() -> dict[str, int]:
    """Every count, by its name."""
    found: dict[str, int] = {}
    for kind in KINDS:
        for n in SIZES:
            found |= {f"{kind} {n}: {name}": n_ for name, n_ in _of_day(kind, n).items()}
    return found | _of_two_batteries() | _of_memory()


def _of_day(kind: str, n_intervals: int) -> dict[str, int]:
    problem = problems.problem(kind, n_intervals)
    formulation = formulate(problem)
    best = by_value_function(problem, storage_plan.solve(problem))
    start = Start(formulation.point(best.dispatch))
    with counting() as cold:
        highs.solve(formulation.lp, time_limit=60.0)
    with counting() as started:
        highs.solve(formulation.lp, time_limit=60.0, start=start)
    with counting() as whole:
        plan(problems.site(kind, n_intervals), CostFunction.COST)
    return {
        "iterations, cold": cold.iterations,
        "iterations, started": started.iterations,
        "iterations of a plan": whole.iterations,
        "solves of a plan": whole.solves,
        "nodes of a plan": whole.nodes,
        "breakpoints of the value functions": breakpoints(problem),
        "nonzeros of the matrix": int(formulation.lp.matrix.data.size),
    }


def _of_two_batteries() -> dict[str, int]:
    """Work on a site without a value function, small enough to end long before any time limit."""
    site = problems.site(problems.HARD, _SMALL)
    (battery,) = site.batteries
    unlike = replace(battery, charge_efficiency=0.95, capacity=battery.capacity / 2)
    with counting() as work:
        plan(replace(site, batteries=(battery, unlike)))
    name = f"two batteries, {problems.HARD} {_SMALL}"
    return {f"{name}: {key}": value for key, value in asdict(work).items()}


def breakpoints(problem: ProblemArrays) -> int:
    """Breakpoints of all value functions together: the work of the kernels is a few for each."""
    found: list[int] = []

    def watched(*arrays: object) -> object:
        values = value_backwards(*arrays)
        found.append(int(values[1][0]))
        return values

    with patch.object(storage_plan, "value_backwards", watched):
        storage_plan.solve(problem)
    return found[0]


def _of_memory() -> dict[str, int]:
    """Bytes that Python and numpy allocate for a plan at most, and keep after a hundred."""
    site = problems.site(problems.CONVEX, problems.PROMISED)
    for _ in range(3):
        plan(site)
    gc.collect()
    tracemalloc.start()
    try:
        plan(site)
        peak = tracemalloc.get_traced_memory()[1]
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(_REPEATS):
            plan(site)
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    return {"peak bytes of a plan": peak, f"bytes kept after {_REPEATS} plans": max(0, kept)}


def excess(found: dict[str, int], recorded: dict[str, int]) -> list[str]:
    """Sentences on every count beyond its slack; small ones may rise by a few."""
    return [
        f"{name}: at most {recorded[name]} with slack {SLACK}, got {count}"
        for name, count in found.items()
        if count > SLACK * recorded[name] + _FEW.get(name.split(": ")[-1], 5)
    ]


_FEW = {f"bytes kept after {_REPEATS} plans": 16_384}


def main() -> int:
    """Print or record the counts; the exit status is 1 where any is beyond its slack."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counts", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write them to counts.json")
    arguments = parser.parse_args()
    found = counts()
    if arguments.record:
        RECORDED.write_text(json.dumps(found, indent=1) + "\n")
    recorded = json.loads(RECORDED.read_text())
    for name, count in found.items():
        print(f"{count:>10,} {recorded.get(name, 0):>10,}  {name}")
    wrong = excess(found, recorded)
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
