"""``python -m tests.charge_schedule.sweep``: two hundred generated requests against the model."""

import argparse
import time

import msgspec
import numpy as np

from server.charge_schedule.answer import answer_schedule
from tests.charge_schedule.homes import random_request
from tests.charge_schedule.model import optimum
from tests.charge_schedule.replay import highest_price, replay, series_of

RELATIVE = 1e-4
"""Largest difference, as part of the money that moves."""


def answer(request):
    return msgspec.json.decode(answer_schedule(msgspec.json.encode(request)).body)


def money(request, reply):
    """Money that a schedule moves, at least a kWh at the highest price."""
    _, _, buy, sell, _ = series_of(request)
    traded = np.abs(buy) @ reply["grid_import"] + np.abs(sell) @ reply["grid_export"]
    owned = sum(
        battery["p_a"] * answer["state_of_charge"][-1]
        for battery, answer in zip(request["batteries"], reply["batteries"], strict=True)
    )
    return max(float(traded + owned), 1e3 * highest_price(request))


def compare(request, time_limit=60):
    """Return status and relative differences: over the model's schedule, under its bound."""
    reply = answer(request)
    outcome = replay(request, reply)
    best = optimum(request, time_limit)
    cost = -outcome.worth - outcome.end_value
    scale = money(request, reply) + 1e-4 * abs(cost)  # rounding of large penalties
    return reply["status"], (cost - best.cost) / scale, (best.bound - cost) / scale


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.charge_schedule.sweep", description=__doc__
    )
    parser.add_argument("--first", type=int, default=0, help="seed of the first request")
    parser.add_argument("--requests", type=int, default=200, help="how many")
    arguments = parser.parse_args()
    worst, statuses, began = 0.0, [], time.perf_counter()
    for seed in range(arguments.first, arguments.first + arguments.requests):
        status, over, under = compare(random_request(seed))
        statuses.append(status)
        is_optimal = status == "Optimal"
        worst = max(worst, under, over if is_optimal else 0.0)
        if not is_optimal or max(over, under) > RELATIVE:
            print(f"{seed}: {status} {over:.2e} over, {under:.2e} under the bound", flush=True)
    print(
        f"{len(statuses)} requests, {statuses.count('Optimal')} optimal; worst {worst:.2e};"
        f" {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
