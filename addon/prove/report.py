"""What a trial saw, against what was promised."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from addon.prove.tools import ROOT, run
from server.http.app import utc_now
from server.options import Options
from server.plans.planning import optimise_any

FORBIDDEN = ("numba", "llvmlite", "scipy", "pip", "setuptools", "gcc", "cc", "g++", "as", "ld")
"""Programs and Python packages that an image may not hold."""

UNPACKED, PACKED = 190, 55  # MB
START, END = 2, 3  # s
IDLE, AFTER, PEAK = 64, 72, 80  # MiB
HOME_IDLE, HOME_PEAK = 76, 92  # MiB
_SAME = 1e-6  # relative; costs of the same plan on another processor


class Line(NamedTuple):
    """One promise: what it is about, what was seen, and whether that will do."""

    name: str
    seen: str
    kept: bool


def tried(
    tree: Path, command: list[str], environment: dict[str, str], emulator: list[str], plans: int
) -> dict[str, Any]:
    """Outcome of `addon.prove.trial` in namespaces of its own."""
    asked = {
        "tree": str(tree),
        "command": command,
        "environment": environment,
        "emulator": emulator,
        "plans": plans,
        "bounded": not emulator,
    }
    alone = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
    finished = subprocess.run(
        [*alone, sys.executable, "-m", "addon.prove.trial"],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
    )
    outcome: dict[str, Any] = json.loads(finished.stdout)
    return outcome


def weight(tree: Path) -> Iterator[Line]:
    """What the image weighs, and what it must not hold."""
    unpacked = int(run("du", "--summarize", "--bytes", tree).split()[0]) / 1e6
    packed = int(run("sh", "-c", "tar --create . | zstd -19 -T0 | wc --bytes", cwd=tree)) / 1e6
    places = ("usr/bin", "usr/local/bin", "opt/powersync", "usr/lib/python3/dist-packages")
    found = sorted(name for name in FORBIDDEN for at in places if (tree / at / name).exists())
    yield _at_most("unpacked", unpacked, UNPACKED, "MB")
    yield _at_most("compressed, zstd -19", packed, PACKED, "MB")
    yield Line("compilers, numba, scipy, pip", ", ".join(found) or "none", not found)


def behaviour(seen: dict[str, Any]) -> Iterator[Line]:
    """What every image must do, however slow its processor."""
    expected = {name: _cost(ROOT / f"examples/{name}.json") for name in seen["costs"]}
    off = max(abs(seen["costs"][k] - v) / max(1.0, abs(v)) for k, v in expected.items())
    page = seen["page"]
    yield Line("kernels", seen["kernels"], seen["kernels"] == "ahead-of-time")
    yield Line(f"costs of {len(expected)} examples differ by", f"{off:.1e}", off <= _SAME)
    yield Line("user of the server", str(seen["user"]), seen["user"] != 0)
    yield Line("option of the file in force", str(seen["interval"]), seen["interval"] == 15)
    yield Line("health check's exit", str(seen["healthcheck"]), seen["healthcheck"] == 0)
    yield Line("page, to Supervisor and others", str(page), list(page.values()) == [200, 403])
    yield Line("chart of the page", str(seen["chart"]), seen["chart"] == 200)
    yield Line("exit after SIGTERM", str(seen["exit"]), seen["exit"] == 0)


def figures(seen: dict[str, Any]) -> Iterator[Line]:
    """Times and memory, which mean something on a real processor only."""
    bounded = seen["bounded"]
    yield _at_most("start to healthy", seen["start_s"], START, "s")
    yield _at_most("SIGTERM to the end", seen["end_s"], END, "s")
    yield _at_most("resident, idle", seen["idle_mib"], IDLE, "MiB")
    yield _at_most(f"resident, after {seen['plans']} plans of 576", seen["after_mib"], AFTER, "MiB")
    yield _at_most("resident, most", seen["peak_mib"], PEAK, "MiB")
    said = bounded.get("skipped") or (
        f"starts in 64 MiB ({bounded['start_s']:.2f} s), "
        f"{bounded['plans']} plans in 96 MiB (peak {bounded['peak_mib']:.1f})"
    )
    yield Line("control groups", said, True)
    yield from _with_home(seen["home"])


def _with_home(seen: dict[str, Any]) -> Iterator[Line]:
    """What it takes to plan for a home, with link and books."""
    yield _at_most("resident with a home, idle", seen["idle_mib"], HOME_IDLE, "MiB")
    yield _at_most("resident with a home, most", seen["peak_mib"], HOME_PEAK, "MiB")
    yield Line("control group with a home", seen["bounded"], True)
    yield Line("exit with a home", str(seen["exit"]), seen["exit"] == 0)
    beyond = seen["beyond"]
    is_within = not beyond or beyond[0].startswith("not known")
    yield Line("files beyond the profile", ", ".join(beyond) or "none", is_within)


def _at_most(name: str, seen: float, limit: float, unit: str) -> Line:
    return Line(name, f"{seen:.2f} {unit} (at most {limit})", seen <= limit)


def _cost(example: Path) -> float:
    return optimise_any(example.read_bytes(), Options(), utc_now).summary.total_cost
