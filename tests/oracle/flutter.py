"""Flutter of several storages: runs beside the fewest, and first actions of a rolling replay.

``python -m tests.oracle.flutter`` takes some minutes, prints every site and exits with status 1
where the runs of all are more than a tenth above the fewest, or a replay contradicts itself twice.
"""

import argparse
import itertools
import sys
from dataclasses import dataclass
from time import process_time

import numpy as np

from optimiser import CostFunction, plan
from optimiser.second_stage.preference import DEFAULT_BUDGET
from tests.builders import a_site_with_several, in_pieces, rest_of
from tests.oracle.runs import least_runs, runs_of

SMALL = 60  # sites
REPLAYS = 16
STEPS = 30
NOISE = 0.01

WITHIN = 0.1
"""Runs more than the fewest of all sites together, as a share."""

MOST_CONTRADICTIONS = 1
"""Of a replay."""

_MOST_INTERVALS = 20  # the oracle takes seconds
_LEFT = 4  # intervals at the end of a replay


@dataclass(frozen=True)
class Counted:
    """Runs of the plan of a small site, and the fewest."""

    seed: int
    found: int
    least: int


@dataclass(frozen=True)
class Replay:
    """Plans of a site at one interval after another, each with the plan before in mind."""

    seed: int
    contradictions: int  # steps in which some storage does not do what the plan before meant
    starts: int  # and changes of direction, as executed
    seconds: float  # of a plan, in the median [CPU time]


def sites_with_several(least, most):
    """Seeds of sites with so many intervals at least and at most, and two storages or more."""
    for seed in itertools.count():
        site = a_site_with_several(seed)
        if len(site.storages) > 1 and least <= site.horizon.n_intervals <= most:
            yield seed


def counted(seed):
    """Runs of a site, beside the fewest; None where something has to be missed."""
    site = a_site_with_several(seed)
    found = plan(site)
    if found.shortfalls:
        return None
    most = found.certificate.optimum + DEFAULT_BUDGET
    left = float(found.dispatch.stored[:, -1].sum())
    least = least_runs(in_pieces(site), CostFunction.COST, most, left)
    return Counted(seed, runs_of(found.dispatch_in_pieces), least)


def small_sites(number=SMALL):
    """So many sites that miss nothing."""
    found = map(counted, sites_with_several(1, _MOST_INTERVALS))
    return itertools.islice(filter(None, found), number)


def replayed(seed, steps=STEPS):
    """Plan a site anew in every interval, with forecasts that err anew."""
    site, rng = a_site_with_several(seed), np.random.default_rng(seed)
    before = plan(site)
    ways, times, contradictions = [_ways(before, 0)], [], 0
    for t in range(1, steps + 1):
        noise = 1 + rng.normal(0, NOISE, (2, site.horizon.n_intervals - t))
        now = rest_of(site, t, before.soc[:, 1], noise)
        began = process_time()
        after = plan(now, previous=before)
        times.append(process_time() - began)
        ways.append(_ways(after, 0))
        contradictions += bool((_ways(before, 1) != ways[-1]).any())
        before = after
    way = np.array(ways)
    changes = (np.diff(way, axis=0, prepend=0) != 0) & (way != 0)
    return Replay(seed, contradictions, int(np.count_nonzero(changes)), float(np.median(times)))


def _ways(found, t):
    """Direction of every storage in an interval: 1, 0 or -1."""
    return np.sign(found.dispatch.charge[:, t] - found.dispatch.discharge[:, t])


def replays(number=REPLAYS):
    """Replays of so many sites."""
    seeds = sites_with_several(STEPS + _LEFT, STEPS + 2 * _MOST_INTERVALS)
    return map(replayed, itertools.islice(seeds, number))


def main(arguments=None):
    parser = argparse.ArgumentParser(
        "python -m tests.oracle.flutter", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--share", type=float, default=1.0, help="of the sites")
    share = parser.parse_args(arguments).share
    found = least = most = 0
    for site in small_sites(max(1, round(share * SMALL))):
        print(site, flush=True)
        found, least = found + site.found, least + site.least
    for replay in replays(max(1, round(share * REPLAYS))):
        print(replay, flush=True)
        most = max(most, replay.contradictions)
    print(f"{found} runs, {least} at least; {most} contradictions in a replay at most")
    return int(found > (1 + WITHIN) * least or most > MOST_CONTRADICTIONS)


if __name__ == "__main__":
    sys.exit(main())
