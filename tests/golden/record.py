"""Record the answers to the golden requests: ``python -m tests.golden.record``.

Each is asked twice.  Left out, and printed, is what takes long (it may end at a time limit) and
what differs between the two.  Two more answers, to prices with a little noise, tell whether the
schedule is determined by the request (``unique``).
"""

import argparse
import asyncio
import json
from dataclasses import replace
from zlib import crc32

import numpy as np

from tests.golden.answers import answer_to
from tests.golden.compare import RECORDED, differences, distance
from tests.golden.requests import all_requests

_SLOW = 3.0  # s
_NOISE = 1e-7  # $/kWh
_STILL = 1e-3 + 1e-4  # kW; a watt, and the rounding of both sides
_SEEDS = (1, 2)
_PRICES = ("prices_import", "prices_export")


async def _recorded(request):
    """The answer to be kept, or why there is none, and the longer time of two. [s]"""
    first, second = await answer_to(request), await answer_to(request)
    seconds = max(first.seconds, second.seconds)
    is_plan = "storages" in first.kept
    if seconds > _SLOW:
        return None, f"took {seconds:.1f} s", seconds
    if told := differences({**first.kept, "unique": is_plan}, second.kept):
        return None, f"differs: {told}", seconds
    unique = {"unique": await _is_unique(request, first.kept)} if is_plan else {}
    return {**first.kept, **unique}, "", seconds


async def _is_unique(request, kept):
    """Whether the schedule stays where prices move by a ten-millionth."""
    for seed in _SEEDS:
        other = (await answer_to(_noisy(request, seed))).kept
        if "storages" not in other or distance(kept, other) > _STILL:
            return False
    return True


def _noisy(request, seed):
    """The request with other prices, by next to nothing."""
    rng = np.random.default_rng([seed, crc32(request.name.encode())])
    prices = {name: _moved(request.body.get(name), rng) for name in _PRICES if name in request.body}
    return replace(request, body={**request.body, **prices})


def _moved(prices, rng):
    if isinstance(prices, list):
        return [_moved(price, rng) for price in prices]
    is_number = isinstance(prices, float | int) and not isinstance(prices, bool)
    return prices + _NOISE * rng.uniform(-1.0, 1.0) if is_number else prices


async def _record():
    lines, unique, slowest = [], 0, (0.0, "")
    for request in all_requests():
        kept, reason, seconds = await _recorded(request)
        slowest = max(slowest, (seconds, request.name))
        if kept is None:
            print(f"left out: {request.name} {reason}")
            continue
        unique += kept.get("unique", False)
        lines.append(json.dumps(kept, separators=(",", ":")))
    RECORDED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} answers, {unique} of them with a schedule that is determined")
    print("slowest: {1}, {0:.2f} s".format(*slowest))


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.golden.record", description=__doc__).parse_args()
    asyncio.run(_record())
