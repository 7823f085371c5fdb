"""Pieces: a site cut wherever something begins or ends inside an interval, and the way back.

A vehicle comes or goes, a window opens or closes, a day or a billing period ends: each at an
instant of its own, wherever the caller's intervals begin.  The site is planned in pieces, in each
of which nothing changes; the caller gets the sums over his own intervals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.problem.battery import BY_INTERVAL, Battery
from optimiser.problem.grid import GRID_SERIES, Grid
from optimiser.problem.horizon import Horizon
from optimiser.problem.provider import ProviderRules
from optimiser.problem.site import Forecast, Site
from optimiser.problem.tariff import DemandCharge, ImportTier, Tariff
from optimiser.problem.vehicle import VEHICLE_BY_INTERVAL, Vehicle
from optimiser.problem.windows import Window

Storage = TypeVar("Storage", Battery, Vehicle)

_ROUNDING = 1e-9  # h; of sums of interval lengths
_MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """A site in pieces.

    Attributes
    ----------
    site : Site
        With an interval for each of the P pieces.
    first : int64 array, shape (T,)
        First piece of each of the caller's intervals.
    is_whole : bool
        Whether every piece is an interval of the caller's.
    """

    site: Site
    first: Places
    is_whole: bool

    @property
    def intervals(self) -> Places:
        """The caller's interval of each piece; shape (P,)."""
        lengths = np.diff(np.append(self.first, self.site.horizon.n_intervals))
        return np.repeat(np.arange(self.first.size), lengths)

    @property
    def shares(self) -> Vector:
        """Part of the caller's interval that each piece is; shape (P,). [-]"""
        hours = self.site.horizon.hours
        return np.asarray(hours / self.total(hours)[self.intervals])

    def total(self, energy: Vector) -> Vector:
        """Return the sums over the caller's intervals; shape (..., P) to (..., T). [kWh]"""
        return np.add.reduceat(energy, self.first, axis=-1)

    def at_end(self, values: Vector) -> Vector:
        """Return values at the ends of pieces at those of the caller's intervals."""
        return values[..., np.append(self.first[1:], self.site.horizon.n_intervals) - 1]


def cut_site(site: Site, rules: ProviderRules) -> Pieces:
    """Cut a site at every instant at which something begins or ends inside an interval."""
    horizon, n = site.horizon, site.horizon.n_intervals
    instants = [*_instants(site, rules)]
    if not instants and not site.tariff.demand_charges:
        return Pieces(site, np.arange(n), is_whole=True)
    cuts = _inside(horizon, np.array([*map(horizon.hours_until, instants)]))
    cuts = np.append(cuts, _ends_of_shared_blocks(site.tariff, horizon, cuts))
    if not cuts.size:
        return Pieces(site, np.arange(n), is_whole=True)
    ends = np.sort(np.concatenate([[0.0], horizon.elapsed, cuts]))
    ends = np.append(ends[:-1][np.diff(ends) > _ROUNDING], ends[-1])
    interval = horizon.intervals_at(ends[:-1])
    pieces = _site_in_pieces(site, np.diff(ends), interval)
    return Pieces(pieces, np.searchsorted(interval, np.arange(n)), is_whole=False)


def _inside(horizon: Horizon, cuts: Vector) -> Vector:
    """Return those of some times [h] since the start that are inside an interval."""
    whole = np.append(0.0, horizon.elapsed)
    after = np.clip(np.searchsorted(whole, cuts), 1, horizon.n_intervals)
    apart = np.minimum(np.abs(whole[after] - cuts), np.abs(whole[after - 1] - cuts))
    return np.asarray(cuts[(cuts > 0.0) & (cuts < whole[-1]) & (apart > _ROUNDING)])


def _ends_of_shared_blocks(tariff: Tariff, horizon: Horizon, cuts: Vector) -> Vector:
    """Return where to cut so that no piece reaches from a metering block into the next. [h]

    What is metered in one block must not reach beyond it beside pieces that do not: in intervals
    that are cut anyway, and on both sides of an end of an interval that is inside a block.
    """
    midnight = datetime.combine(horizon.start.date(), _MIDNIGHT, horizon.start.tzinfo)
    into, span = -horizon.hours_until(midnight), float(horizon.elapsed[-1])
    ends, intervals = np.zeros(0), [horizon.intervals_at(cuts)]
    for length in {charge.average_hours for charge in tariff.demand_charges}:
        of_blocks = _inside(horizon, np.arange(0.0, into + span, length) - into)
        phase = (horizon.elapsed[:-1] + into + _ROUNDING) % length
        before = np.flatnonzero(phase > 2.0 * _ROUNDING)
        beside = np.isin(horizon.intervals_at(of_blocks), [before, before + 1])
        intervals.append(horizon.intervals_at(of_blocks[beside]))
        ends = np.append(ends, of_blocks)
    return ends[np.isin(horizon.intervals_at(ends), np.concatenate(intervals))]


def _instants(site: Site, rules: ProviderRules) -> Iterator[datetime]:
    """Yield the instants at which something begins or ends, those of stays anywhere."""
    horizon = site.horizon
    for vehicle in site.vehicles:
        yield from (when for when in (vehicle.arrival, vehicle.departure) if when is not None)
        yield from (goal.at for goal in vehicle.goals)
        yield from (when for stay in vehicle.plugged for when in (stay.begin, stay.end))
    for battery in site.batteries:
        yield from (goal.at for goal in battery.soc_at)
        yield from (when for pin in battery.pinned for when in (pin.begin, pin.end))
    tariff = site.tariff
    for one in (*tariff.demand_charges, *tariff.allowances, rules.export_boost, rules.chip_mode):
        if one is not None and one.window != Window():
            yield from one.window.edges(horizon)
    if tariff.allowances:
        yield from horizon.occurrences(_MIDNIGHT)
    for charge in tariff.demand_charges:
        if charge.block_so_far is not None:  # nothing reaches beyond the running block
            left = charge.average_hours - charge.hours_into_block(horizon.start)
            yield horizon.start + timedelta(hours=left)
    if tariff.demand_charges or tariff.tiers:
        yield from _ends_of_billing(tariff, horizon)


def _ends_of_billing(tariff: Tariff, horizon: Horizon) -> Iterator[datetime]:
    """Yield the midnights at which a billing period of a demand charge or a tier ends."""
    midnights = [horizon.start, *horizon.occurrences(_MIDNIGHT)]
    charges: list[DemandCharge | ImportTier] = [*tariff.demand_charges, *tariff.tiers]
    for charge in charges:
        for before, after in pairwise(midnights):
            if charge.billing_period(before.date()) != charge.billing_period(after.date()):
                yield after


def _site_in_pieces(site: Site, hours: Vector, interval: Places) -> Site:
    """Return a site in pieces of some lengths [h], each of which is part of an interval."""
    share = hours / site.horizon.hours[interval]
    forecast, tariff, grid = site.forecast, site.tariff, site.grid
    return replace(
        site,
        horizon=Horizon(start=site.horizon.start, hours=hours),
        tariff=replace(
            tariff,
            import_price=tariff.import_price[interval],
            export_price=tariff.export_price[interval],
            carbon_intensity=_series_in_pieces(tariff.carbon_intensity, interval),
        ),
        forecast=Forecast(
            load=forecast.load[interval] * share, solar=forecast.solar[interval] * share
        ),
        grid=Grid(
            **{name: site.horizon.spread(getattr(grid, name))[interval] for name in GRID_SERIES},
            phase_limit=grid.phase_limit,
            curtailment=grid.curtailment,
        ),
        flexible=(),  # its times are those of the caller's intervals
        batteries=tuple([_in_pieces(each, BY_INTERVAL, interval) for each in site.batteries]),
        vehicles=tuple([_in_pieces(each, VEHICLE_BY_INTERVAL, interval) for each in site.vehicles]),
    )


def _series_in_pieces(values: Vector | None, interval: Places) -> Vector | None:
    return None if values is None else values[interval]


def _in_pieces(storage: Storage, fields: tuple[str, ...], interval: Places) -> Storage:
    """Return a storage with a value for each piece where it has one for each interval."""
    series: dict[str, Any] = {name: getattr(storage, name) for name in fields}
    for name, values in series.items():
        if isinstance(values, tuple):
            series[name] = np.array(values)[interval]
    return replace(storage, **series)
