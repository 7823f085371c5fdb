"""Make a run the published one: every figure in README.md and RESULTS.md comes from here.

``python -m benchmarks.publish build/benchmarks`` takes over a run, ``--image FILE`` what
``python -m addon.prove amd64 --json FILE`` wrote; without either, what ``results.json`` already
holds is written out again.  A test holds the documents to ``results.json``.
"""

import argparse
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks import figures, report
from benchmarks.packages import CHECKOUT

HERE = CHECKOUT / "benchmarks"
RESULTS = HERE / "results.json"
DOCUMENTS = (CHECKOUT / "README.md", HERE / "RESULTS.md")

_BLOCK = re.compile(r"(<!-- figures: ([a-z ]+) -->\n?)(.*?)(\n?<!-- end of figures -->)", re.DOTALL)


def blocks(results: dict[str, Any]) -> dict[str, str]:
    """Text of every block, by its name."""
    return {
        "machine": report.described(results),
        **{name: render(results) for name, (_, render) in report.SECTIONS.items()},
        **{name: render(results) for name, render in figures.BLOCKS.items()},
    }


def published(text: str, results: dict[str, Any]) -> str:
    """The document `text` with all its blocks as `results` have them."""
    known = blocks(results)
    return _BLOCK.sub(lambda found: found[1] + known[found[2]] + found[4], text)


def names(text: str) -> list[str]:
    """Blocks of a document."""
    return [found[2] for found in _BLOCK.finditer(text)]


def current(results: dict[str, Any]) -> dict[str, Any]:
    """The results without figures that later parts replace."""
    if "several" not in results:
        return results
    recorded = {key: seen for key, seen in results["recorded"].items() if key != "whole_site"}
    kept = {key: found for key, found in results.items() if key != "batteries"}
    return {**kept, "recorded": recorded}


def main() -> int:
    """Take over a run, where one is given, and write the documents."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("run", type=Path, nargs="?", help="folder of a run")
    parser.add_argument("--image", type=Path, help="what the proof of the image wrote")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if arguments.run is not None:
        results |= json.loads((arguments.run / "results.json").read_text())
        if (arguments.run / "time.svg").exists():
            shutil.copy(arguments.run / "time.svg", HERE / "time.svg")
    if arguments.image is not None:
        results["image"] = json.loads(arguments.image.read_text())
    results = current(results)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(published(text, results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
