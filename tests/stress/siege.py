"""``python -m tests.stress.siege``: every attack in turn, while an honest client asks."""

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import IMAGE_ENVIRONMENT
from tests.server.processes import ROOT, running_server
from tests.stress.attacks import ATTACKS, MEBIBYTE, packed_zeros
from tests.stress.honest import percentile, watch

HEADING = (
    "| attack | waves | answers | /health p99, worst [ms] | plan p99, worst [ms] "
    "| honest requests failed | peak memory [MiB] |\n|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Siege:
    """What an attack did."""

    name: str
    waves: int
    outcomes: Counter
    times: dict
    wrong: list
    log: str
    peak: float
    rose: float

    def row(self):
        """Row of a table."""
        health, plans = (self.times[path] for path in ("/health", "/optimize"))
        outcomes = ", ".join(f"{n} x {what}" for what, n in self.outcomes.most_common(6))
        return (
            f"| {self.name} | {self.waves} | {outcomes} "
            f"| {percentile(health, 0.99):.0f}, {1000 * max(health):.0f} "
            f"| {percentile(plans, 0.99):.0f}, {1000 * max(plans):.0f} "
            f"| {len(self.wrong)} of {len(health) + len(plans)} "
            f"| {self.peak:.0f} ({self.rose:+.0f}) |"
        )


def as_in_the_image(log_folder):
    """A server with the environment of the image; `WHEEL` is where a wheel is installed."""
    packages = Path(os.environ.get("WHEEL") or ROOT)
    return running_server(log_folder, environment=IMAGE_ENVIRONMENT, folder=packages)


async def besiege(server, name, seconds, scale=1.0):
    """Send waves of an attack for some seconds."""
    if name == "bombs":  # else the packing outlasts the siege, and none is ever sent
        packed_zeros(int(1024 * MEBIBYTE * scale))
    before, log = server.memory("VmHWM"), len(server.log)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        await loop.run_in_executor(pool, watch, server.port, 0.0)  # up
        outcomes, waves = Counter(), 0
        watching = loop.run_in_executor(pool, watch, server.port, seconds)
        while not watching.done():
            wave = asyncio.ensure_future(ATTACKS[name](server.port, scale))
            await asyncio.wait({wave, watching}, return_when=asyncio.FIRST_COMPLETED)
            waves += 1
            if wave.done():
                outcomes += wave.result()
            else:
                wave.cancel()
        times, wrong = await watching
    peak = server.memory("VmHWM")
    return Siege(name, waves, outcomes, times, wrong, server.log[log:], peak, peak - before)


def complaints(log):
    """Lines of a log that call for attention."""
    return [line for line in log.splitlines() if not line[:1].isdigit() or " INFO " not in line]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.stress.siege", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=10.0, help="(%(default)s)")
    parser.add_argument("attack", nargs="*", help=f"all, or some of: {', '.join(ATTACKS)}")
    given = parser.parse_args()
    seconds, failed = given.seconds, False
    print(HEADING)
    for name in given.attack or ATTACKS:
        with (
            tempfile.TemporaryDirectory() as folder,
            as_in_the_image(Path(folder)) as server,
        ):
            siege = asyncio.run(besiege(server, name, seconds))
            print(siege.row(), flush=True)
            failed |= bool(siege.wrong or complaints(siege.log))
            for line in [*siege.wrong[:5], *complaints(siege.log)[:10]]:
                print("    ", line[:300], flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
