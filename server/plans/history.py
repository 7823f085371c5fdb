"""The plans before, which the next ones should not change without need."""

from collections.abc import Hashable
from dataclasses import fields
from datetime import datetime

import numpy as np

from matrix_builders import Vector
from optimiser import Battery, CostFunction, Plan, Site, Vehicle
from optimiser.problem.battery import BY_INTERVAL
from optimiser.problem.grid import GRID_SERIES
from optimiser.problem.vehicle import VEHICLE_BY_INTERVAL

MOST_HOMES = 8
"""Plans remembered, one for each endpoint and home."""

_MOST_AGE = 2.0  # h; an older plan is no guide
_SOC_TOLERANCE = 0.03
_PRICE_TOLERANCE = 0.1  # share of the mean price by which forecasts may have moved
_PENNY = 0.01  # times the price scale; and this much where prices are near zero

_BY_INTERVAL = {*BY_INTERVAL, *VEHICLE_BY_INTERVAL}
_CHANGEABLE = {"initial_soc", "target_soc", "arrival", "departure"}


class History:
    """The last plan of each home on each endpoint, for the one thread that plans."""

    def __init__(self) -> None:
        self._last: dict[Hashable, Plan] = {}  # least recent first; replaced, never changed

    def record(self, endpoint: str, plan: Plan) -> None:
        """Remember `plan` as the last one, and forget the least recent of too many."""
        home = identity(endpoint, plan.site, plan.cost_function)
        others = [(other, last) for other, last in self._last.items() if other != home]
        self._last = dict([*others, (home, plan)][-MOST_HOMES:])

    def before(self, endpoint: str, site: Site, cost_function: CostFunction) -> Plan | None:
        """Return the last plan of the same home and purpose if all went as it expected."""
        last = self._last.get(identity(endpoint, site, cost_function))
        return last if last is not None and _is_as_expected(site, last) else None


def identity(endpoint: str, site: Site, cost_function: CostFunction) -> Hashable:
    """Return what no request of a home changes; what is by interval moves on with the horizon."""
    limits = [getattr(site.grid, name) for name in GRID_SERIES]
    constant = [None if isinstance(limit, np.ndarray) else limit for limit in limits]
    traits = map(_traits, site.storages)
    constant += [site.grid.phase_limit, site.grid.curtailment]
    return (endpoint, cost_function, site.inverter, *constant, *traits)


def _traits(storage: Battery | Vehicle) -> Hashable:
    # Not `asdict`, which copies: a zone that was read from the machine's file cannot be copied.
    values = {field.name: getattr(storage, field.name) for field in fields(storage)}
    moving = {name for name in _BY_INTERVAL if isinstance(values.get(name), tuple)}
    kept = values.keys() - _CHANGEABLE - moving
    return frozenset((name, values[name]) for name in kept)


def _is_as_expected(site: Site, last: Plan) -> bool:
    """Return True where a recent plan of the same home expected the present state of things."""
    known, start = last.site, site.horizon.start
    now = last.interval_at(start)
    if now is None or known.horizon.hours_until(start) > _MOST_AGE:
        return False
    until = min(site.horizon.end, known.horizon.end)
    penny = _PENNY * site.price_scale
    soc = [storage.initial_soc for storage in site.storages]
    return (
        bool((np.abs(last.soc[:, now] - soc) <= _SOC_TOLERANCE).all())
        and _visits(known, start, until) == _visits(site, start, until)
        and all(_is_same_limit(name, site, known, now) for name in GRID_SERIES)
        and is_near(known.tariff.import_price[now:], site.tariff.import_price, penny)
        and is_near(known.tariff.export_price[now:], site.tariff.export_price, penny)
    )


def _visits(site: Site, since: datetime, until: datetime) -> list[Hashable]:
    """Return the target of each vehicle of a site, and its stay within a span."""
    return [
        (one.target_soc, max(one.arrival or since, since), min(one.departure or until, until))
        for one in site.vehicles
    ]


def _is_same_limit(name: str, site: Site, known: Site, now: int) -> bool:
    """Return True where a limit of the grid is the expected one, while both are known."""
    expected = np.broadcast_to(getattr(known.grid, name), known.horizon.n_intervals)[now:]
    limit = np.broadcast_to(getattr(site.grid, name), site.horizon.n_intervals)
    n = min(expected.size, limit.size)
    return np.array_equal(expected[:n], limit[:n])


def is_near(expected: Vector, prices: Vector, penny: float = _PENNY) -> bool:
    """Return True where prices moved little from those expected, while both are known. [$/kWh]"""
    n = min(expected.size, prices.size)
    moved = np.abs(expected[:n] - prices[:n]).sum()
    return bool(moved <= n * penny + _PRICE_TOLERANCE * np.abs(expected[:n]).sum())
