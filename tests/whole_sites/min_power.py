"""Least charging power against a mixed-integer programme with every binary: costs and times.

Run `python -m tests.whole_sites.min_power` for fifty seeds, their times and the verdict on them.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter

import numpy as np

from optimiser import Battery, CostFunction, Forecast, Grid, Horizon, Site, Tariff, Vehicle, plan
from tests.whole_sites.full_programme import optimum

SEEDS = range(50)
RELATIVE = 1e-4
"""Difference of planning costs that is none. [-]"""

TRICKLE = 1e-6  # kWh
SHARE_OF_TIME = 0.2
"""Most that a plan may take of the time of the programme. [-]"""


@dataclass(frozen=True)
class Comparison:
    """One site, planned twice. [$, s]"""

    seed: int
    status: str
    cost: float
    known: float
    known_bound: float
    is_proved: bool
    seconds: float
    known_seconds: float
    trickles: int

    @property
    def agrees(self):
        """Whether the cost is the optimum; between plan and bound where nothing was proved."""
        slack = RELATIVE * max(1.0, abs(self.known))
        return self.known_bound - slack <= self.cost <= self.known + slack


def site_of(seed, finer=1):
    """One vehicle beside a battery, or two vehicles below one import limit.

    In half hours, or `finer` times as many intervals.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.choice([24, 32, 48])) * finer
    hours = np.full(n, 0.5 / finer)
    start = datetime(2026, 4, 4, 16, tzinfo=UTC)
    clock = 16 + np.cumsum(hours) - hours
    price = 0.25 + 0.12 * np.cos((clock - 19) / 12 * np.pi) + rng.normal(0, 0.03, n)
    solar = 4.0 * np.clip(np.sin((clock % 24 - 6) / 12 * np.pi), 0, None) * rng.uniform(0, 1, n)
    load = rng.uniform(0.2, 1.5, n)
    two = bool(seed % 2)
    battery = Battery(
        capacity=10.0,
        charge_limit=5.0,
        discharge_limit=5.0,
        initial_soc=float(rng.uniform(0.1, 0.9)),
        reserve=0.1,
        cycle_cost=0.02,
    )
    return Site(
        horizon=Horizon(start=start, hours=hours),
        tariff=Tariff(import_price=price, export_price=np.full(n, 0.05)),
        forecast=Forecast(load=load * hours, solar=solar * hours),
        batteries=() if two else (battery,),
        vehicles=tuple(_vehicle(rng, start, n // finer) for _ in range(1 + two)),
        grid=Grid(import_limit=9.0 if two else 12.0),
    )


def _vehicle(rng, start, n):
    arrives, leaves = int(rng.integers(0, n // 4)), int(rng.integers(2 * n // 3, n + 1))
    return Vehicle(
        capacity=60.0,
        charge_limit=7.4,
        least_charge=float(rng.choice([1.4, 4.1])),
        initial_soc=float(rng.uniform(0.3, 0.5)),
        target_soc=float(rng.uniform(0.5, 0.7)),
        arrival=start + timedelta(hours=arrives / 2),
        departure=start + timedelta(hours=leaves / 2),
        may_charge_from_grid=bool(rng.uniform() < 0.95),
    )


def compare(seed, time_limit=20.0, finer=1):
    """Plan a site twice."""
    site = site_of(seed, finer)
    began = perf_counter()
    found = plan(site, CostFunction.PROFIT)
    seconds = perf_counter() - began
    known = optimum(site, gap=1e-5, time_limit=time_limit)
    charge = found.dispatch.charge
    least = np.array([getattr(s, "least_charge", 0.0) for s in site.storages])[:, None]
    between = (charge > TRICKLE) & (charge < least * site.horizon.hours - TRICKLE)
    return Comparison(
        seed=seed,
        status=found.status,
        cost=found.certificate.optimum,
        known=known.cost,
        known_bound=known.bound,
        is_proved=known.is_proved,
        seconds=seconds,
        known_seconds=known.seconds,
        trickles=int(between.sum()),
    )


def main(seeds=SEEDS):
    """Compare all seeds, print medians, and judge them."""
    compare(0)  # compiles
    every = [compare(seed) for seed in seeds]
    for one in every:
        print(
            f"{one.seed:3d} {one.status:10s} {one.cost:12.6f} {one.known:12.6f}"
            f" {1e3 * one.seconds:9.1f} ms {1e3 * one.known_seconds:9.1f} ms"
            f" {'' if one.agrees else 'DIFFERS'} {one.trickles or ''}"
            f" {'' if one.is_proved else 'not proved'}"
        )
    ours, theirs = (
        float(np.median([getattr(one, name) for one in every]))
        for name in ("seconds", "known_seconds")
    )
    print(f"median of plan {1e3 * ours:.1f} ms, of the programme {1e3 * theirs:.1f} ms")
    assert all(one.agrees and not one.trickles for one in every)
    assert ours <= SHARE_OF_TIME * theirs


if __name__ == "__main__":
    main(range(int(sys.argv[1])) if len(sys.argv) > 1 else SEEDS)
