"""Post the golden requests again and print what differs from the recorded answers.

``python -m tests.golden.compare [--only SUBSTRING] [--every N]``; the exit status is 1 where a
cost, a bound, a status, an error or a warning differs.
"""

import argparse
import asyncio
import json
import math
from itertools import groupby
from pathlib import Path

import numpy as np

from tests.golden.answers import answer_to
from tests.golden.requests import all_requests

RECORDED = Path(__file__).with_name("answers.json")
SCHEDULE = ("storages", "import", "export")
_NUMBERS = (
    *("total_cost", "baseline_cost", "savings", "demand_cost", "allowance_credit"),
    *("optimum", "lower_bound", "optimum_gap", "preference_cost"),
)
_WORDS = ("http", "error", "status", "solver", "warnings")
_MONEY_TOLERANCE = 1e-6  # $, and as a share
_POWER_TOLERANCE = 1e-3  # kW
_ROUNDING = 1e-4  # kW; both sides are rounded
_SHORTFALL_TOLERANCE = 1e-3  # kWh; replies are rounded


def recorded():
    """Recorded answers by name."""
    lines = RECORDED.read_text(encoding="utf-8").splitlines()
    return {answer["name"]: answer for answer in map(json.loads, lines)}


def differences(before, now):
    """Field and text of every difference; of schedules only where they are determined."""
    found = [
        (field, f"{before.get(field)!r} became {now.get(field)!r}")
        for field, is_same in _judgements(before, now)
        if not is_same
    ]
    if before.get("unique", False) and "storages" in now:
        moved = distance(before, now)
        if moved > _POWER_TOLERANCE + _ROUNDING:
            found.append(("schedule", f"moved by {1000 * moved:.4g} W"))
    return found


def _judgements(before, now):
    """Every field but the schedule, and whether it stayed."""
    for field in _WORDS:
        yield field, before.get(field) == now.get(field)
    for field in _NUMBERS:
        yield field, _is_near(before.get(field), now.get(field), _MONEY_TOLERANCE)
    missed = before.get("shortfalls", []), now.get("shortfalls", [])
    yield (
        "shortfalls",
        len(missed[0]) == len(missed[1])
        and all(_is_near(*pair, _SHORTFALL_TOLERANCE) for pair in zip(*missed, strict=True)),
    )


def _is_near(before, now, tolerance):
    if before is None or now is None:
        return before is now
    return math.isclose(before, now, rel_tol=_MONEY_TOLERANCE, abs_tol=tolerance)


def distance(one, other):
    """Largest difference of any power of two answers. [kW]"""
    pairs = [(one["import"], other["import"]), (one["export"], other["export"])]
    if len(one["storages"]) != len(other["storages"]):
        return math.inf
    pairs += zip(one["storages"], other["storages"], strict=True)
    if any(len(a) != len(b) for a, b in pairs):
        return math.inf
    return max(float(np.abs(np.subtract(a, b)).max(initial=0.0)) for a, b in pairs)


async def differences_of(requests, answers):
    """Name, field and text of every difference between what is recorded and what is said now."""
    found = []
    for request in requests:
        now = (await answer_to(request)).kept
        differing = differences(answers[request.name], now)
        found += [(request.name, field, text) for field, text in differing]
    return found


def chosen(answers, only="", every=1):
    """Recorded requests whose names hold a text, and of these one in so many."""
    known = [request for request in all_requests() if request.name in answers]
    return [request for request in known if only in request.name][::every]


def report(found):
    """Print differences by kind; True where one of them is more than a schedule."""
    for kind, differing in groupby(found, key=lambda one: one[0].partition("/")[0]):
        print(f"{kind}:")
        for name, field, text in differing:
            print(f"  {name.partition('/')[2]}: {field} {text}")
    return any(field != "schedule" for _, field, _ in found)


def main():
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.compare", description=__doc__)
    parser.add_argument("--only", default="", help="requests whose names hold this")
    parser.add_argument("--every", type=int, default=1, help="one request in so many")
    flags = parser.parse_args()
    answers = recorded()
    requests = chosen(answers, flags.only, flags.every)
    found = asyncio.run(differences_of(requests, answers))
    is_worse = report(found)
    print(f"{len(requests)} requests, {len(found)} differences")
    return int(is_worse)


if __name__ == "__main__":
    raise SystemExit(main())
