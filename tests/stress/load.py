"""``python -m tests.stress.load [seconds]``: 200 clients at once, with a mix of requests."""

import argparse
import asyncio
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import aiohttp

from benchmarks.days import synthetic_request
from tests.end_to_end import small_request
from tests.end_to_end.contract import EV, FLEET, HOME, ev_request, fleet_request
from tests.stress.honest import percentile
from tests.stress.siege import as_in_the_image, complaints

CLIENTS = 200
MOST_P99 = 100.0  # ms of /health, on a quiet machine
TIMEOUT = aiohttp.ClientTimeout(total=60)  # as the PowerSync client's


def mix():
    """Kind, path, body and weight of the requests."""
    return [
        ("small", HOME, json.dumps(small_request()), 8),
        ("T=576", HOME, json.dumps(synthetic_request(1, 576)), 8),
        ("T=2880", HOME, json.dumps(synthetic_request(2, 2880, 1)), 2),
        ("EV", EV, json.dumps(ev_request()), 1),
        ("batteries", FLEET, json.dumps(fleet_request()), 1),
    ]


async def client(session, url, ends, number, outcomes):
    """Ask until time is up; wait where told to."""
    drawn, kinds = random.Random(number), mix()
    weights = [weight for *_, weight in kinds]
    while time.monotonic() < ends:
        ((kind, path, body, _),) = drawn.choices(kinds, weights)
        wait, began = 0.0, time.perf_counter()
        try:
            async with session.post(
                url + path, data=body, headers={"Content-Type": "application/json"}
            ) as reply:
                await reply.read()
                outcome = str(reply.status)
                if reply.status == 503:
                    wait = float(reply.headers["Retry-After"])
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = type(error).__name__
        outcomes.append((kind, outcome, time.perf_counter() - began))
        await asyncio.sleep(wait * drawn.uniform(0.5, 1.5))


async def _clients(url, seconds, count):
    outcomes, ends = [], time.monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
        await asyncio.gather(*(client(session, url, ends, n, outcomes) for n in range(count)))
    return outcomes


def drive(url, seconds, count):
    """Kind, outcome and time of every request of the clients; run in a process of its own."""
    return asyncio.run(_clients(url, seconds, count))


async def health(url, seconds):
    """Times of `/health`, on one connection. [s]"""
    times, ends = [], time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < ends:
            began = time.perf_counter()
            async with session.get(f"{url}/health") as reply:
                assert reply.status == 200
                await reply.read()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)
    return times


def load(server, seconds, count=CLIENTS):
    """Outcomes of the clients, and the times of `/health` meanwhile."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        driven = pool.submit(drive, server.url, seconds, count)
        times = asyncio.run(health(server.url, seconds))
        return driven.result(), times


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.stress.load", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=60.0, help="(%(default)s)")
    seconds = parser.parse_args().seconds
    with (
        tempfile.TemporaryDirectory() as folder,
        as_in_the_image(Path(folder)) as server,
    ):
        load(server, 2.0, 4)  # warm
        before = server.memory("VmHWM")
        outcomes, times = load(server, seconds)
        peak, complained = server.memory("VmHWM"), complaints(server.log)
    for (kind, outcome), n in sorted(Counter(found[:2] for found in outcomes).items()):
        took = [seconds for *which, seconds in outcomes if which == [kind, outcome]]
        print(f"{kind:10} {outcome:22} {n:7} p50 {percentile(took, 0.5):6.0f} ms "
              f"p99 {percentile(took, 0.99):6.0f} ms")  # fmt: skip
    print(f"/health    p50 {percentile(times, 0.5):.1f} ms, p99 {percentile(times, 0.99):.1f} ms, "
          f"worst {1000 * max(times):.0f} ms of {len(times)}")  # fmt: skip
    print(f"memory     {before:.0f} MiB warm, {peak:.0f} MiB at most")
    print(*complained, sep="\n")
    lost = [outcome for _, outcome, _ in outcomes if outcome not in {"200", "503"}]
    return bool(lost or complained or percentile(times, 0.99) > MOST_P99)


if __name__ == "__main__":
    sys.exit(main())
