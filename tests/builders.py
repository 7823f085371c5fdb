"""Sites for tests, one builder for each kind; what a test is about, it states itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Grid,
    Horizon,
    ProviderRules,
    Site,
    Tariff,
    Vehicle,
)
from optimiser.model.pieces import cut_site
from optimiser.value_function.terminal_value import build_problem

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HALF_HOURS = 96
"""Intervals of `a_house`."""


def in_pieces(site):
    """The site as it is planned: cut where something begins or ends inside an interval."""
    return cut_site(site, ProviderRules()).site


def a_battery(**changes):
    """A half-full battery of 10 kWh and 5 kW that loses a tenth each way."""
    usual = {
        "capacity": 10.0,
        "charge_limit": 5.0,
        "discharge_limit": 5.0,
        "initial_soc": 0.5,
        "charge_efficiency": 0.9,
        "discharge_efficiency": 0.9,
    }
    return Battery(**{**usual, **changes})


def a_site(
    *batteries,
    import_price,
    export_price,
    load,
    solar=0.0,
    hours=1.0,
    start=NEW_YEAR,
    vehicles=(),
    grid=None,
):
    """A site of one-hour intervals, or of other `hours`; a single number stands for a series."""
    n = max(np.size(series) for series in (import_price, export_price, load, solar, hours))

    def series(values):
        return np.broadcast_to(np.asarray(values, dtype=np.float64), n)

    return Site(
        horizon=Horizon(start=start, hours=series(hours)),
        tariff=Tariff(import_price=series(import_price), export_price=series(export_price)),
        forecast=Forecast(load=series(load), solar=series(solar)),
        batteries=batteries,
        vehicles=vehicles,
        grid=Grid() if grid is None else grid,
    )


def a_house(seed=0, *, noise=0.0, **battery):
    """Two days of half hours: morning and evening peaks, sun at noon, some noise, one battery."""
    rng = np.random.default_rng(seed)
    hour = np.arange(HALF_HOURS) / 2 % 24
    price = (
        0.25 + 0.15 * np.exp(-(((hour - 18.5) / 2) ** 2)) - 0.1 * np.exp(-(((hour - 12) / 3) ** 2))
    )
    price = price + rng.normal(0, 0.01, HALF_HOURS)
    load = 0.3 + 0.4 * np.exp(-(((hour - 19) / 2) ** 2)) + rng.uniform(0, 0.1, HALF_HOURS)
    solar = 2.0 * np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)

    def shaken(values):
        return values * (1 + noise * rng.standard_normal(HALF_HOURS))

    usual = {"charge_limit": 4.0, "discharge_limit": 4.0, "initial_soc": 0.4, "reserve": 0.1}
    import_price = shaken(price)
    return a_site(
        Battery(**{"capacity": 10.0, **usual, **battery}),
        start=datetime(2026, 2, 3, tzinfo=UTC),
        hours=0.5,
        import_price=import_price,
        export_price=shaken(price) - 0.15,
        load=shaken(load),
        solar=shaken(solar),
        grid=Grid(curtailment=True),  # else export prices below zero are not convex
    )


def a_site_with_chargers(seed, finer=1):
    """One vehicle beside a battery, or two vehicles below one import limit; least powers.

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
    return a_site(
        *(() if two else (battery,)),
        start=start,
        hours=hours,
        import_price=price,
        export_price=0.05,
        load=load * hours,
        solar=solar * hours,
        vehicles=tuple(_a_slow_vehicle(rng, start, n // finer) for _ in range(1 + two)),
        grid=Grid(import_limit=9.0 if two else 12.0),
    )


def _a_slow_vehicle(rng, start, n):
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


def a_site_with_several(seed):
    """Unlike batteries and vehicles, often of one power, on days of every kind of price."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 49))
    hours = np.full(n, float(rng.choice([1 / 12, 0.25, 0.5, 1.0])))
    clock = (16 + np.cumsum(hours) - hours) % 24
    price = 0.25 + 0.12 * np.cos((clock - 19) / 12 * np.pi) + rng.normal(0, 0.03, n)
    kind = rng.integers(4)
    if kind == 1:
        price = np.where((clock >= 22) | (clock < 6), 0.12, 0.31)
    dip = rng.uniform(0.2, 0.5) if kind == 2 else 0.0
    price = price - dip * (rng.uniform(0, 1, n) < 0.5)
    n_batteries = int(rng.integers(0, 4))
    n_vehicles = int(rng.integers(0 if n_batteries > 1 else 1, 4))
    solar = 6.0 * np.clip(np.sin((clock - 6) / 12 * np.pi), 0, None) * rng.uniform(0, 1, n)
    start = datetime(2026, 4, 4, 16, tzinfo=UTC)
    return a_site(
        *(_an_unlike_battery(rng) for _ in range(n_batteries)),
        start=start,
        hours=hours,
        import_price=price,
        export_price=price + 0.05 if kind == 3 else np.minimum(price - 0.05, 0.08),
        load=rng.uniform(0.2, 1.5, n) * hours,
        solar=solar * hours,
        vehicles=tuple(_a_charging_vehicle(rng, start, hours) for _ in range(n_vehicles)),
        grid=Grid(
            import_limit=float(rng.choice([8.0, 12.0, np.inf])),
            export_limit=float(rng.choice([3.0, np.inf])),
            curtailment=bool(rng.uniform() < 0.5),
        ),
    )


def _an_unlike_battery(rng):
    return Battery(
        capacity=float(rng.choice([5.0, 10.0, 13.5])),
        charge_limit=float(rng.choice([2.5, 3.3, 5.0])),
        discharge_limit=float(rng.choice([2.5, 5.0])),
        initial_soc=float(rng.uniform(0.1, 0.9)),
        charge_efficiency=float(rng.uniform(0.9, 0.98)),
        discharge_efficiency=float(rng.uniform(0.9, 0.98)),
        reserve=0.1,
        cycle_cost=float(rng.choice([0.0, 0.01, 0.02])),
        may_charge_from_grid=bool(rng.uniform() < 0.9),
        may_export=bool(rng.uniform() < 0.8),
    )


def _a_charging_vehicle(rng, start, hours):
    length, end = float(hours.sum()), start + timedelta(hours=float(hours.sum()))
    power = float(rng.choice([3.7, 7.4, 11.0]))
    room = power * length * 0.9
    initial, capacity = float(rng.uniform(0.2, 0.6)), float(rng.choice([40.0, 60.0, 77.0]))
    return Vehicle(
        capacity=capacity,
        charge_limit=power,
        least_charge=power * float(rng.choice([0.2, 0.56, 1.0])),
        initial_soc=initial,
        target_soc=min(initial + rng.uniform(0.02, 0.8) * room / capacity, 1.0),
        arrival=start + timedelta(hours=float(rng.choice([0.0, 0.1])) * length),
        departure=end if rng.uniform() < 0.5 else start + timedelta(hours=0.8 * length),
        discharge_limit=power if rng.uniform() < 0.2 else 0.0,
        may_charge_from_grid=bool(rng.uniform() < 0.95),
    )


def rest_of(site, t, soc, noise=(1.0, 1.0)):
    """The same site from an interval on, at some states of charge, load and solar by a factor."""
    n, tariff, forecast = len(site.batteries), site.tariff, site.forecast
    storages = [
        replace(storage, initial_soc=float(s))
        for storage, s in zip(site.storages, np.clip(soc, 0.0, 1.0), strict=True)
    ]
    return replace(
        site,
        horizon=Horizon(start=site.horizon.instant(t), hours=site.horizon.hours[t:]),
        tariff=replace(
            tariff, import_price=tariff.import_price[t:], export_price=tariff.export_price[t:]
        ),
        forecast=Forecast(load=forecast.load[t:] * noise[0], solar=forecast.solar[t:] * noise[1]),
        batteries=tuple(storages[:n]),
        vehicles=tuple(storages[n:]),
    )


def a_problem(site, cost_function=CostFunction.PROFIT, rules=ProviderRules()):  # noqa: B008
    """The arrays that the planner makes of a site."""
    return build_problem(site, cost_function, rules)


def a_small_site(seed, share=0.3):
    """A battery or two, for a few intervals, and a `share` of sites a vehicle."""
    rng = np.random.default_rng(seed)
    n, start = int(rng.integers(5, 13)), datetime(2026, 4, 4, 16, tzinfo=UTC)
    hours = rng.choice([0.5, 1.0], n)
    price = rng.uniform(0.1, 0.5, n) - 0.3 * (rng.uniform(0, 1, n) < 0.1)
    return a_site(
        *(_an_unlike_battery(rng) for _ in range(int(rng.integers(1, 3)))),
        start=start,
        hours=hours,
        import_price=price,
        export_price=price + 0.05 if rng.uniform() < 0.2 else np.minimum(price - 0.05, 0.08),
        load=rng.uniform(0.2, 1.5, n) * hours,
        solar=rng.uniform(0, 6.0, n) * (rng.uniform(0, 1, n) < 0.5) * hours,
        vehicles=[_a_charging_vehicle(rng, start, hours)] * int(rng.uniform() < share),
        grid=Grid(
            import_limit=float(rng.choice([8.0, np.inf])),
            export_limit=float(rng.choice([3.0, np.inf])),
            curtailment=bool(rng.uniform() < 0.5),
        ),
    )
