"""``python -m tests.stress.soak [plans]``: a month of plans, one every five minutes, in a hurry."""

import argparse
import http.client
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.days import synthetic_request
from tests.stress.siege import as_in_the_image, complaints

MONTH = 30 * 24 * 12
WARM = 0.1  # of all plans: the allocator and the caches reach their size
MOST_GROWTH = 2.0  # MiB
MOST_DRIFT = 1.25  # last tenth against first; the machine has other work


def descriptors(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def threads(server):
    return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))


def replay(server, plans, n_intervals=576, minutes=5):
    """What was seen after each plan: time [s], memory [MiB], threads, descriptors."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    seen = []
    for seed in range(plans):
        body = json.dumps(synthetic_request(seed, n_intervals, minutes))
        began = time.perf_counter()
        connection.request("POST", "/optimize", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        assert json.loads(reply.read())["success"], seed
        took = time.perf_counter() - began
        seen.append((took, server.memory("VmRSS"), threads(server), descriptors(server)))
    connection.close()
    return seen


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.stress.soak", description=__doc__)
    parser.add_argument("plans", type=int, nargs="?", default=MONTH, help="how many (%(default)s)")
    plans = parser.parse_args().plans
    with (
        tempfile.TemporaryDirectory() as log,
        as_in_the_image(Path(log)) as server,
    ):
        seen = replay(server, plans)
        complained = complaints(server.log)
    tenth = max(1, plans // 10)
    times, memory, tasks, files = zip(*seen[int(WARM * plans) :], strict=True)
    first, last = median(times[:tenth]), median(times[-tenth:])
    growth = median(memory[-tenth:]) - median(memory[:tenth])
    print(f"{plans} plans: {1000 * first:.1f} ms in the first tenth after warm-up, "
          f"{1000 * last:.1f} ms in the last; worst {1000 * max(times):.0f} ms")  # fmt: skip
    print(f"memory {median(memory[:tenth]):.1f} -> {median(memory[-tenth:]):.1f} MiB "
          f"({growth:+.2f}), at most {max(memory):.1f}; threads {set(tasks)}, "
          f"descriptors {set(files)}")  # fmt: skip
    print(*complained, sep="\n")
    # The thread of a back end may be about to end when it is counted.
    steady = min(tasks[-tenth:]) == min(tasks) >= max(tasks) - 1 and len(set(files)) == 1
    return not (steady and growth <= MOST_GROWTH and last <= MOST_DRIFT * first) or bool(complained)


if __name__ == "__main__":
    sys.exit(main())
