"""``python -m addon.prove amd64`` or ``arm64``: build, try, report; the exit status says."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from addon.prove import image, raspberry
from addon.prove.report import Line, behaviour, figures, tried, weight
from addon.prove.tools import Lacking, need, run
from server.version import VERSION

PLANS = 100
EMULATED_PLANS = 1


def native() -> Iterator[Line]:
    """The image of this machine."""
    need({"ip": "iproute2", "zstd": "zstd", "dpkg": "dpkg"})
    tree, command, environment = image.build(run("dpkg", "--print-architecture"), VERSION)
    yield from weight(tree)
    seen = tried(tree, command, environment, [], PLANS)
    yield from behaviour(seen)
    yield from figures(seen)


def emulated() -> Iterator[Line]:
    """The tree of a Raspberry Pi's image, on both ends of its range of processors."""
    need({"ip": "iproute2", "zstd": "zstd"})
    tree, command, environment = raspberry.build()
    yield from weight(tree)
    for processor in raspberry.PROCESSORS:
        emulator = [f"/usr/bin/{raspberry.EMULATOR}", "-cpu", processor]
        seen = tried(tree, command, environment, emulator, EMULATED_PLANS)
        yield Line("processor", processor, True)
        yield from behaviour(seen)


def main() -> int:
    """Prove one architecture."""
    parser = argparse.ArgumentParser(prog="python -m addon.prove", description=__doc__)
    parser.add_argument("architecture", choices=["amd64", "arm64"])
    parser.add_argument("--json", type=Path, help="file to write what was seen to")
    arguments = parser.parse_args()
    proof = {"amd64": native, "arm64": emulated}[arguments.architecture]
    kept, seen = True, {}
    try:
        for line in proof():
            print(f"{'ok   ' if line.kept else 'SHORT'} {line.name:34} {line.seen}", flush=True)
            kept &= line.kept
            seen[line.name] = line.seen
    except Lacking as reason:
        print(f"skipped: {reason}")
    if arguments.json is not None and seen:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(seen, indent=1) + "\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
