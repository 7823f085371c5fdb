"""``python -m benchmarks``: the figures of speed and memory, whatever is installed.

Writes ``results.json``, ``results.md`` and ``time.svg``; `benchmarks.publish` makes a run the one
that README and RESULTS.md show.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import comparison, early, phases, plot, problems, report, service, several
from benchmarks.machine import machine, versions
from benchmarks.memory import memory
from matrix_builders import MODE

FOLDER = Path("build/benchmarks")

HOW_TO_CHANGE = {
    "jit": "those of the wheel, which `make wheel` builds, are used where a part says so",
    "ahead-of-time": "the wheel is measured, not this checkout",
    "python": "figures of plain Python are of no use: install numba, or the wheel",
}
"""What the kernels of this process mean for the figures, by `matrix_builders.MODE`."""


def measures(*, quick: bool) -> dict[str, Callable[[], Any]]:
    """What is measured, by its name; a quick run has few and small problems."""
    sizes = problems.SIZES[:2] if quick else problems.SIZES
    return {
        "phases": lambda: phases.phases(sizes),
        "comparison": lambda: comparison.comparison(
            sizes, patience=5.0 if quick else 100.0, as_shipped=not quick
        ),
        "several": lambda: several.several(0.1, several.SETS) if quick else several.several(),
        "service": lambda: (
            service.service() | ({} if quick else service.year() | service.binaries())
        ),
        "memory": lambda: memory(5 if quick else 1000),
        "early": lambda: early.early(1) if quick else early.early(),
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and small problems")
    parser.add_argument("--only", nargs="+", choices=list(report.SECTIONS), help="parts to measure")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the results go")
    arguments = parser.parse_args(given)
    results: dict[str, Any] = {"machine": machine(), "versions": versions(), "kernels": MODE}
    print(f"{report.KERNELS[MODE]} ({HOW_TO_CHANGE[MODE]})", file=sys.stderr)
    for name, measure in measures(quick=arguments.quick).items():
        if arguments.only is None or name in arguments.only:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            try:
                results[name] = measure()
            except FileNotFoundError as absent:  # real days are not part of the repository
                print(f"left out {name}: {absent}", file=sys.stderr)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    text = report.markdown(results)
    (arguments.folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (arguments.folder / "results.md").write_text(text)
    print(text)
    if {"phases", "comparison"} <= results.keys():
        reason = plot.draw(results, arguments.folder / "time.svg")
        print(reason or f"the plot is {arguments.folder / 'time.svg'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
