"""Memory of the server: idle, after plans, at most, and where memory is short.

``python -m benchmarks.memory`` prints it.  Measured are the packages in use and, in a checkout
where numba compiles them, also the wheel, built with kernels ahead of time as the add-on has it.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from addon.prove.memory import limited
from addon.prove.tools import Lacking
from benchmarks.days import synthetic_request
from benchmarks.packages import home
from benchmarks.serving import Server, post
from benchmarks.wheel import installed_wheel
from matrix_builders import MODE

MANY, LONG = 1000, 2880
_WINDOW = 100  # plans over which the wander of the allocator is averaged
_REST = 1.5  # s; after one, the server gives back what plans have freed
_LIMITS = ((64, 0), (96, 20))  # MiB, plans


def memory(plans: int = MANY) -> dict[str, Any]:
    """Memory of every kind of kernels that this machine can run. [MiB]"""
    rows, skipped = [], {}
    places = {MODE: home()}
    if MODE == "jit":
        try:
            places["ahead-of-time"] = installed_wheel()
        except Lacking as reason:
            skipped["ahead-of-time"] = str(reason)
    for kernels, folder in places.items():
        rows.append({"kernels": kernels, **_resident(folder, plans)})
    return {"rows": rows, "skipped": skipped, "bounded": _bounded(folder)}


def _resident(folder: Path, plans: int) -> dict[str, float]:
    """What a server of `folder` uses. [MiB]"""
    with (server := Server(folder)) as url:
        idle = server.memory("VmRSS")
        after, at_rest = [], {}
        for seed in range(plans):
            post(url, _body(seed, 576))
            after.append(server.memory("VmRSS"))
            if seed + 1 in {_WINDOW, plans}:
                time.sleep(_REST)
                at_rest[f"at_rest_after_{seed + 1}"] = server.memory("VmRSS")
        peak = server.memory("VmHWM")
    with (server := Server(folder)) as url:
        for seed in range(3):
            post(url, _body(seed, LONG))
        longest = server.memory("VmHWM")
    figures = {
        "idle": idle,
        "after_1": after[0],
        f"after_{plans}": after[-1],
        "early": median(after[:_WINDOW]),
        "late": median(after[-_WINDOW:]),
        **at_rest,
        "peak_576": peak,
        "peak_2880": longest,
    }
    return {name: round(value, 1) for name, value in figures.items()}


def _bounded(folder: Path) -> list[dict[str, Any]]:
    """Whether it starts and plans where memory is short; or why that cannot be said."""
    return list(_tries(folder))


def _tries(folder: Path) -> Iterator[dict[str, Any]]:
    for mebibytes, plans in _LIMITS:
        said: dict[str, Any] = {"limit_mib": mebibytes, "plans": plans}
        try:
            with limited(mebibytes) as before, (server := Server(folder, before)) as url:
                for seed in range(plans):
                    post(url, _body(seed, 576))
                yield {**said, "peak_mib": round(server.memory("VmHWM"), 1)}
        except (Lacking, RuntimeError, OSError) as reason:
            yield {**said, "skipped": str(reason)}


def _body(seed: int, n_intervals: int) -> bytes:
    return json.dumps(synthetic_request(seed, n_intervals)).encode()


def main() -> None:
    """Print the figures."""
    argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__).parse_args()
    print(json.dumps(memory(), indent=1))


if __name__ == "__main__":
    main()
