"""Instructions of one plan: what a clock that nobody has at hand would have to go through.

``python -m benchmarks.instructions`` counts those of `examples/dynamic_day.json`, bytes to bytes
with the kernels of the wheel, by valgrind; ``--record`` puts the sentence into ``results.json``.
A processor that does one instruction per cycle takes that many cycles; real ones do more or fewer.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

from benchmarks.packages import CHECKOUT
from benchmarks.publish import RESULTS
from benchmarks.wheel import shipped
from server.http.app import utc_now
from server.options import Options
from server.plans.planning import answer

FEW, MANY = 2, 12
"""Plans of the two runs whose difference leaves out imports and the start of Python."""

CLOCKS = {"Pi 5": 2.4e9, "Pi 3": 1.2e9}
"""Of a Raspberry Pi. [Hz]"""


def instructions(plans: int) -> int:
    """Instructions of a process that starts, makes some plans and ends."""
    kernels, folder, _ = shipped()
    assert kernels == "ahead-of-time", "numba's own instructions would be counted"
    run = [sys.executable, "-m", "benchmarks.instructions", "--plans", str(plans)]
    counted = subprocess.run(
        [
            "valgrind",
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
            *run,
        ],
        env={
            **os.environ,
            "PYTHONPATH": f"{folder}:{CHECKOUT}",
            "PYTHONSAFEPATH": "1",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"I\s+refs:\s+([\d,]+)", counted.stderr)
    assert found, counted.stderr
    return int(found[1].replace(",", ""))


def sentence() -> str:
    """What was counted, and what that would be at one instruction per cycle."""
    each = (instructions(MANY) - instructions(FEW)) / (MANY - FEW)
    times = " and ".join(f"{each / clock:.2f} s on a {name}" for name, clock in CLOCKS.items())
    return (
        f"a plan of 576 intervals is {each / 1e6:.0f} million x86-64 instructions, HTTP left out; "
        f"at one per cycle that would be {times}"
    )


def main() -> int:
    """Count, and print or record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write it to results.json")
    parser.add_argument("--plans", type=int, help="make so many plans, and count nothing")
    arguments = parser.parse_args()
    if arguments.plans is not None:
        body = (CHECKOUT / "examples/dynamic_day.json").read_bytes()
        for _ in range(arguments.plans):
            answer(body, Options(), utc_now)
        return 0
    if shutil.which("valgrind") is None:
        print("needs valgrind", file=sys.stderr)
        return 1
    seen = sentence()
    print(seen)
    if arguments.record:
        results = json.loads(RESULTS.read_text())
        results["recorded"]["instructions"] = {
            "command": "python -m benchmarks.instructions",
            "seen": seen,
        }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
