"""``python -m benchmarks.charge_schedules``: the time of schedules of two days for evcc.

Generated homes of one to four storages, 192 quarter hours: as evcc sends them, or with ``--hard``
of all kinds that the tests have, negative prices and selling for more than buying among them.
"""

import argparse
import time
from collections import Counter

import msgspec
import numpy as np

from server.charge_schedule.answer import answer_schedule
from tests.charge_schedule.homes import random_request, usual_request

N_STEPS = 192
STORAGES = (1, 2, 3, 4)


def times(n_storages: int, n_requests: int, *, is_hard: bool) -> tuple[np.ndarray, Counter[str]]:
    """Time of each request [s], and how many were proved."""
    seconds, proofs = [], Counter[str]()
    for seed in range(n_requests):
        draw = random_request if is_hard else usual_request
        body = msgspec.json.encode(draw(7000 + seed, N_STEPS, n_storages))
        began = time.perf_counter()
        answer = answer_schedule(body)
        seconds.append(time.perf_counter() - began)
        proofs[answer.log_fields["plan"]] += 1
    return np.array(seconds), proofs


def main() -> None:
    """Print a row for each number of storages."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.charge_schedules", description=__doc__
    )
    parser.add_argument("--requests", type=int, default=25, help="for each number of storages")
    parser.add_argument("--hard", action="store_true", help="homes of all kinds")
    arguments = parser.parse_args()
    requests = arguments.requests
    answer_schedule(msgspec.json.encode(random_request(0, 12, 1)))  # compile
    print("storages  median  90 %   most  within 1 s  proved")
    for n_storages in STORAGES:
        seconds, proofs = times(n_storages, requests, is_hard=arguments.hard)
        median, late = np.quantile(seconds, [0.5, 0.9])
        print(
            f"{n_storages:8}  {median:5.2f}  {late:5.2f}  {seconds.max():5.2f}"
            f"  {np.mean(seconds < 1.0):10.0%}  {proofs['optimal'] / requests:6.0%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
