"""Couplings: rows that tie intervals or storages together, beside balance and dynamics."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

import numpy as np

from matrix_builders import UNCOUPLED, CouplingArrays, MeterArrays, StorageArrays, Vector, tables
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser.model.demand_charges import (
    OUTSIDE,
    DailyAllowance,
    ImportSteps,
    MeteredPeak,
    allot,
    credit,
    daily_allowances,
    import_steps,
    metered_peaks,
)
from optimiser.model.meter import shortage_of
from optimiser.model.storages import energy_wanted, feed_in_limit
from optimiser.problem.grid import N_PHASES
from optimiser.problem.objective import Objective
from optimiser.problem.site import Site
from optimiser.problem.tariff import Direction
from optimiser.problem.vehicle import ALL_PHASES
from optimiser.problem.windows import Mask


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: where its entries are, what they are, and its bounds."""

    block: list[int]
    place: list[int]
    value: list[float]
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedInverter:
    """An inverter in front of the first storages, and perhaps of the panels.

    Attributes
    ----------
    limit, limit_in : float64 array, shape (T,)
        Most energy between it and the house, out and in. [kWh per interval]
    solar : float64 array, shape (T,)
        Energy of the panels behind it. [kWh per interval]
    n_storages : int
        Number of storages behind it.
    """

    limit: Vector
    limit_in: Vector
    solar: Vector
    n_storages: int

    def excess(self, charge: Vector, discharge: Vector) -> Vector:
        """Return solar that does not get out beside what the storages do; shape (T,). [kWh]"""
        own = slice(self.n_storages)
        out = self.solar + discharge[own].sum(axis=0) - charge[own].sum(axis=0)
        lost: Vector = np.clip(out - self.limit, 0.0, self.solar)
        return lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Service of the house by storages that may not feed in all that they give.

    Attributes
    ----------
    storage, interval : int64 array, shape (S,)
        Of each column; by interval.
    feed_in : float64 array, shape (S,)
        What that storage may feed in beside. [kWh per interval]
    need : float64 array, shape (T,)
        Load that solar leaves. [kWh per interval]
    held : bool array, shape (K, T)
        Storages that may feed in nothing, without a column.
    vehicles : bool array, shape (K, T)
        Vehicles that may be served too.
    """

    storage: Places
    interval: Places
    feed_in: Vector
    need: Vector
    held: Mask
    vehicles: Mask

    def rows(self) -> Iterator[_Row]:
        """Yield the rows: what is given is fed in or served, and no more is served than needed."""
        n = self.need.size
        for s, (k, t) in enumerate(zip(self.storage.tolist(), self.interval.tolist(), strict=True)):
            block, place = [blocks.DISCHARGE, blocks.SERVICE], [k * n + t, s]
            yield _Row(block, place, [1.0, -1.0], -np.inf, float(self.feed_in[s]))
        for t in np.flatnonzero(self.held.any(axis=0)).tolist():
            yield self._limit(t, *_of_storages(blocks.DISCHARGE, self.held, t))
        for t in sorted(set(self.interval.tolist())):
            columns = np.flatnonzero(self.interval == t).tolist()
            yield self._limit(t, [blocks.SERVICE] * len(columns), columns)

    def _limit(self, t: int, block: list[int], place: list[int]) -> _Row:
        taken, taken_place = _of_storages(blocks.CHARGE, self.vehicles, t)
        values = [1.0] * len(block) + [-1.0] * len(taken)
        return _Row(block + taken, place + taken_place, values, -np.inf, float(self.need[t]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """Charge that storages want at least in some intervals.

    Attributes
    ----------
    storage, interval : int64 array, shape (U,)
        Of each column of what is missed.
    energy : float64 array, shape (U,)
        At least. [kWh per interval]
    price : float64 array, shape (U,)
        Of missing it; an early miss costs up to twice a late one. [$/kWh]
    n_intervals : int
        T of the site.
    """

    storage: Places
    interval: Places
    energy: Vector
    price: Vector
    n_intervals: int

    def rows(self) -> Iterator[_Row]:
        """Yield the rows: what is charged and what is missed are enough."""
        places = (self.storage * self.n_intervals + self.interval).tolist()
        for u, (place, energy) in enumerate(zip(places, self.energy.tolist(), strict=True)):
            yield _Row(
                [blocks.CHARGE, blocks.CHARGE_SHORTFALL], [place, u], [1.0, 1.0], energy, np.inf
            )

    def shortfall(self, charge: Vector) -> Vector:
        """Return what each of them misses of some charge, shape (K, T); shape (U,). [kWh]"""
        short: Vector = np.maximum(self.energy - charge[self.storage, self.interval], 0.0)
        return short


@dataclass(frozen=True, kw_only=True)
class Couplings:
    """The couplings of one site.

    Attributes
    ----------
    arrays : CouplingArrays
        The same, as rows of the linear programme.
    peaks : tuple of MeteredPeak
        Demand charges, one for each billing period.
    steps : tuple of ImportSteps
        Import that costs more beyond a limit.
    allowances : tuple of DailyAllowance
        Energy at prices of its own, at planning prices.
    bonuses : tuple of (int, int)
        Allowance and interval of each bonus column.
    services : Services, optional
        What storages give to the house, where that must be told apart.
    wants : Wants, optional
        What storages are to charge at least.
    phase_room : float64 array, shape (K, T), optional
        Most that each storage may draw beside the house, where phases limit it. [kWh per interval]
    inverter : SharedInverter, optional
        What batteries and panels share.
    hours : float64 array, shape (T,)
        Length of each interval; needed with peaks. [h]
    """

    arrays: CouplingArrays = UNCOUPLED
    peaks: tuple[MeteredPeak, ...] = ()
    steps: tuple[ImportSteps, ...] = ()
    allowances: tuple[DailyAllowance, ...] = ()
    bonuses: tuple[tuple[int, int], ...] = ()
    services: Services | None = None
    wants: Wants | None = None
    phase_room: Vector | None = None
    inverter: SharedInverter | None = None
    hours: Vector = field(default_factory=lambda: np.zeros(0))

    @cached_property
    def is_empty(self) -> bool:
        """Return whether nothing is coupled."""
        return self.arrays.lower.size == 0

    def rises(self, grid_import: Vector) -> Vector:
        """Return the rise of every peak [kW], then the excess of every step [kWh]; shape (W,)."""
        rises = [peak.rises(grid_import) for peak in self.peaks]
        return np.concatenate([[], *rises, *(step.excess(grid_import) for step in self.steps)])

    def service_energy(self, discharge: Vector) -> Vector:
        """Return the least that every service gives to the house; shape (S,). [kWh]"""
        if self.services is None:
            return np.zeros(0)
        given = discharge[self.services.storage, self.services.interval]
        least: Vector = np.maximum(given - self.services.feed_in, 0.0)
        return least

    def charge_shortfall(self, charge: Vector) -> Vector:
        """Return what some charge misses of each want; shape (U,). [kWh]"""
        return np.zeros(0) if self.wants is None else self.wants.shortfall(charge)

    def bonus_energy(self, grid_import: Vector, grid_export: Vector) -> Vector:
        """Return the energy within the allowances, of every bonus column; shape (B,). [kWh]"""
        allotted = allot(self.allowances, grid_import, grid_export)
        return np.array([allotted[a, t] for a, t in self.bonuses])

    def import_cap(self, meter: Vector, grid_import: Vector) -> Vector:
        """Return the import that raises no peak or step and keeps the limit; shape (T,). [kWh]"""
        cap: Vector = meter[tables.IMPORT_LIMIT] + meter[tables.IMPORT_EXCESS]
        for peak in self.peaks:
            cap = np.minimum(cap, peak.cap(grid_import, self.hours))
        for step in self.steps:
            cap = np.minimum(cap, step.cap(grid_import))
        return cap

    def cost(self, charge: Vector, grid_import: Vector, grid_export: Vector) -> float:
        """Return the cost of misses, peaks and steps less the gain of allowances. [$]"""
        cost = float(self.arrays.charge_shortfall_price @ self.charge_shortfall(charge))
        cost += sum(peak.cost(grid_import) for peak in self.peaks)
        cost += sum(step.cost(grid_import) for step in self.steps)
        return cost - credit(self.allowances, grid_import, grid_export)


UNCOUPLED_SITE = Couplings()
"""Of one battery on a plain tariff."""


def couplings_of(
    site: Site, objective: Objective, meter: MeterArrays, storages: StorageArrays
) -> Couplings:
    """Build the couplings of a site; empty for one battery on a plain tariff."""
    steps = import_steps(site) if site.has_import_steps else ()
    wants = _wants(site, meter.penalty)
    phase_room = _phase_room(site)
    tariff = site.tariff
    ties = bool(tariff.demand_charges or tariff.allowances or site.inverter or steps)
    ties = ties or bool(storages.taper.size or wants.energy.size or phase_room is not None)
    if len(site.storages) == 1 and not ties:
        return UNCOUPLED_SITE
    peaks = (*chain.from_iterable(metered_peaks(site.horizon, site.tariff.demand_charges)),)
    allowances = daily_allowances(
        site.horizon,
        site.tariff.allowances,
        objective.import_price_with_surcharge - objective.carbon_cost,
        objective.export_price - objective.carbon_cost,
    )
    bonuses = tuple(
        (a, int(t))
        for a, allowance in enumerate(allowances)
        for t in np.flatnonzero((allowance.day != OUTSIDE) & (allowance.gain > 0))
    )
    inverter = _inverter_of(site)
    services = _services(site, objective, storages)
    rows = [
        *_surplus_rows(site, objective, storages),
        *_solar_rows(site, objective, storages),
        *services.rows(),
        *_phase_rows(site, storages),
        *_inverter_rows(inverter, curtails=bool(meter.table[tables.CURTAIL_LIMIT].any())),
        *_peak_rows(peaks),
        *_step_rows(steps, sum(peak.prices.size for peak in peaks)),
        *_bonus_rows(allowances, bonuses),
        *_taper_rows(storages),
        *wants.rows(),
    ]
    if not rows:
        return UNCOUPLED_SITE
    couplings = Couplings(
        peaks=peaks,
        steps=steps,
        allowances=allowances,
        bonuses=bonuses,
        services=services,
        wants=wants,
        phase_room=phase_room,
        inverter=inverter,
        hours=site.horizon.hours,
    )
    served = storages.limits[tables.DISCHARGE_LIMIT, services.storage, services.interval]
    return replace(couplings, arrays=_arrays(rows, couplings, wants, served, meter))


def _arrays(
    rows: list[_Row], couplings: Couplings, wants: Wants, served: Vector, meter: MeterArrays
) -> CouplingArrays:
    """Return the rows and the columns of couplings."""
    limit = meter.table[tables.IMPORT_LIMIT] + meter.table[tables.IMPORT_EXCESS]
    most_import = float((limit / couplings.hours).max())
    peaks, steps = couplings.peaks, couplings.steps
    rising: list[MeteredPeak | ImportSteps] = [*peaks, *steps]
    rises = [[], *(np.full(one.prices.size, one.most_rise(most_import)) for one in peaks)]
    offers = [(couplings.allowances[a], t) for a, t in couplings.bonuses]
    return CouplingArrays(
        row=np.repeat(np.arange(len(rows)), [len(row.value) for row in rows]),
        block=_places([block for row in rows for block in row.block]),
        within=_places([place for row in rows for place in row.place]),
        value=np.array([value for row in rows for value in row.value], dtype=np.float64),
        lower=np.array([row.lower for row in rows]),
        upper=np.array([row.upper for row in rows]),
        peak_price=np.concatenate([[], *(one.prices for one in rising)]),
        peak_lower=np.concatenate([[], *(one.lowest for one in rising)]),
        peak_limit=np.concatenate([*rises, *(step.excess(limit) for step in steps)]),
        bonus_price=np.array([allowance.gain[t] for allowance, t in offers]),
        bonus_limit=np.array([_bonus_limit(allowance, t, meter) for allowance, t in offers]),
        service_limit=served,
        charge_shortfall_price=wants.price,
        charge_shortfall_limit=wants.energy,
    )


def _wants(site: Site, penalty: float) -> Wants:
    """Return the charge that storages want, and what a miss costs. [$/kWh]"""
    wanted, elapsed = energy_wanted(site), site.horizon.elapsed
    storage, interval = np.nonzero(wanted)
    return Wants(
        storage=storage,
        interval=interval,
        energy=wanted[storage, interval],
        price=penalty * (2.0 - (elapsed / elapsed[-1])[interval]),
        n_intervals=elapsed.size,
    )


def _places(values: list[int]) -> Places:
    return np.array(values, dtype=np.int64)


def _surplus_rows(site: Site, objective: Objective, storages: StorageArrays) -> Iterator[_Row]:
    """Storages that may not charge from the grid share the surplus, and the meter keeps to it.

    One of them alone is held by its own bound; none that may, by the bound of the meter.
    """
    can = storages.limits[tables.CHARGE_LIMIT] > 0
    barred, free = can & ~objective.may_charge_from_grid, can & objective.may_charge_from_grid
    surplus, shortage = np.maximum(-site.net_load, 0.0), shortage_of(site)
    for t in np.flatnonzero(barred.sum(axis=0) > 1).tolist():
        block, place = _of_storages(blocks.CHARGE, barred, t)
        yield _Row(block, place, [1.0] * len(place), -np.inf, float(surplus[t]))
    for t in np.flatnonzero(barred.any(axis=0) & free.any(axis=0)).tolist():
        block, place = _of_storages(blocks.CHARGE, free, t)
        values = [1.0] + [-1.0] * len(place)
        yield _Row([blocks.IMPORT, *block], [t, *place], values, -np.inf, float(shortage[t]))


def _solar_rows(site: Site, objective: Objective, storages: StorageArrays) -> Iterator[_Row]:
    """Storages that keep within solar share it, also with those that take what is left over.

    One alone is held by its own bound, and so is what is wanted at least.
    """
    if not site.are_within_solar.any():
        return
    can = (storages.limits[tables.CHARGE_LIMIT] > 0) & (energy_wanted(site) == 0.0)
    within = can & site.are_within_solar[:, None]
    sharing = within | (can & ~objective.may_charge_from_grid)
    for t in np.flatnonzero(within.any(axis=0) & (sharing.sum(axis=0) > 1)).tolist():
        block, place = _of_storages(blocks.CHARGE, sharing, t)
        solar = float(site.forecast.solar[t])
        yield _Row(block, place, [1.0] * len(place), -np.inf, solar)


def _phase_room(site: Site) -> Vector | None:
    """Return what phases leave to each storage beside the house; None where all draw evenly."""
    if not np.isfinite(site.grid.phase_limit):
        return None
    if all(len(vehicle.phases) == N_PHASES for vehicle in site.vehicles):
        return None
    n_phases = [N_PHASES] * len(site.batteries) + [len(v.phases) for v in site.vehicles]
    left = site.horizon.hours * site.grid.phase_limit - (site.net_load + site.clipping) / N_PHASES
    return np.multiply.outer(np.array(n_phases, dtype=np.float64), np.maximum(left, 0.0))


def _phase_rows(site: Site, storages: StorageArrays) -> Iterator[_Row]:
    """Imports of each phase keep its limit, or what the house alone draws.

    Vehicles count on their own phases, all else evenly.  Where all of them do, the limit of the
    meter is enough.
    """
    if not np.isfinite(site.grid.phase_limit):
        return
    n, n_intervals = len(site.batteries), site.horizon.n_intervals
    more = np.array(  # than an even share, of each phase
        [
            [(phase in v.phases) / len(v.phases) - 1.0 / N_PHASES for v in site.vehicles]
            for phase in ALL_PHASES
        ]
    )
    most = np.maximum(
        site.horizon.hours * site.grid.phase_limit, shortage_of(site) / N_PHASES
    ).tolist()
    moves = storages.limits[tables.CHARGE_LIMIT, n:] + storages.limits[tables.DISCHARGE_LIMIT, n:]
    meter = [blocks.IMPORT, blocks.IMPORT_EXCESS, blocks.EXPORT, blocks.EXPORT_EXCESS]
    evenly = [1.0 / N_PHASES] * 2 + [-1.0 / N_PHASES] * 2
    for shares in np.unique(more[np.abs(more).max(axis=1, initial=0.0) > 0.0], axis=0):
        own = np.flatnonzero(shares)
        for t in np.flatnonzero(moves[own].sum(axis=0)).tolist():
            places = ((n + own) * n_intervals + t).tolist()
            yield _Row(
                meter + [blocks.CHARGE] * own.size + [blocks.DISCHARGE] * own.size,
                [t] * len(meter) + places + places,
                [*evenly, *shares[own].tolist(), *(-shares[own]).tolist()],
                -np.inf,
                most[t],
            )


def _services(site: Site, objective: Objective, storages: StorageArrays) -> Services:
    """Storages that may not feed in, or only so much, share the load, vehicles included.

    One of them alone is held by its own bound.  Where none may feed in, what they give adds up;
    where some may a little, what each gives to the house needs a column of its own.
    """
    n = len(site.batteries)
    fed_in = feed_in_limit(site, objective)
    held = (storages.limits[tables.DISCHARGE_LIMIT] > 0) & np.isfinite(fed_in)
    vehicles = np.zeros_like(held)
    vehicles[n:] = (storages.limits[tables.CHARGE_LIMIT, n:] > 0) & (site.net_load >= 0)
    shares = (held.sum(axis=0) > 1) | (held.any(axis=0) & vehicles.any(axis=0))
    some = (np.where(held, fed_in, 0.0) > 0).any(axis=0)
    storage, interval = np.nonzero((held & shares & some).T)[::-1]
    return Services(
        storage=storage,
        interval=interval,
        feed_in=fed_in[storage, interval],
        need=np.maximum(site.net_load, 0.0),
        held=held & shares & ~some,
        vehicles=vehicles & shares,
    )


def _of_storages(block: int, chosen: Mask, t: int) -> tuple[list[int], list[int]]:
    n = chosen.shape[1]
    place = [k * n + t for k in np.flatnonzero(chosen[:, t]).tolist()]
    return [block] * len(place), place


def _inverter_of(site: Site) -> SharedInverter | None:
    if site.inverter is None:
        return None
    coupled = site.inverter.dc_coupled_solar
    power, power_in = site.inverter.ac_limit, site.inverter.ac_charge_limit
    return SharedInverter(
        limit=site.horizon.hours * power,
        limit_in=site.horizon.hours * min(power, power_in),
        solar=site.forecast.solar if coupled else np.zeros(site.horizon.n_intervals),
        n_storages=len(site.batteries),
    )


def _inverter_rows(inverter: SharedInverter | None, *, curtails: bool) -> Iterator[_Row]:
    """Yield the rows of energy between the house and what is behind one inverter."""
    if inverter is None:
        return
    n, k = inverter.limit.size, inverter.n_storages
    limits = inverter.limit, inverter.limit_in, inverter.solar
    for t, (most, most_in, solar) in enumerate(zip(*limits, strict=True)):
        places = [i * n + t for i in range(k)]
        panels = [t] if solar > 0 and curtails else []
        yield _Row(
            [blocks.DISCHARGE] * k + [blocks.CHARGE] * k + [blocks.CURTAIL] * len(panels),
            places + places + panels,
            [1.0] * k + [-1.0] * k + [-1.0] * len(panels),
            float(-most_in - solar),
            float(most - solar),
        )


def _peak_rows(peaks: tuple[MeteredPeak, ...]) -> Iterator[_Row]:
    """Mean import of every metering block stays under the floor and the rise of its peak.

    Of several peaks, the column of the day is added; that of a day already above the floor gives
    back no more than the floor rises.
    """
    w = 0
    for peak in peaks:
        above = peak.above.tolist()
        blocks_of_peak = zip(peak.block_hours, peak.block_before, peak.block_day, strict=True)
        for b, (hours, before, day) in enumerate(blocks_of_peak):
            inside = np.flatnonzero(peak.block == b).tolist()
            columns = [w, w + 1 + int(day)] if above else [w]
            yield _Row(
                [blocks.IMPORT] * len(inside)
                + [blocks.IMPORT_EXCESS] * len(inside)
                + [blocks.PEAK] * len(columns),
                [*inside, *inside, *columns],
                [1.0 / hours] * (2 * len(inside)) + [-1.0] * len(columns),
                -np.inf,
                float(peak.floor + (above[day] if above else 0.0) - before / hours),
            )
        for day in np.flatnonzero(peak.above).tolist():
            yield _Row([blocks.PEAK] * 2, [w, w + 1 + day], [-1.0, -1.0], -np.inf, 0.0)
        w += 1 + len(above)


def _step_rows(steps: tuple[ImportSteps, ...], n_peaks: int) -> Iterator[_Row]:
    """Import of every group stays under its limit and the excess, a column after the peaks."""
    w = n_peaks
    for step in steps:
        order = np.argsort(step.group, kind="stable")
        ends = np.searchsorted(step.group[order], np.arange(step.limit.size + 1))
        for g, limit in enumerate(step.limit.tolist()):
            inside = order[ends[g] : ends[g + 1]].tolist()
            yield _Row(
                [blocks.IMPORT] * len(inside)
                + [blocks.IMPORT_EXCESS] * len(inside)
                + [blocks.PEAK],
                [*inside, *inside, w],
                [1.0] * (2 * len(inside)) + [-1.0],
                -np.inf,
                limit,
            )
            w += 1


def _bonus_rows(
    allowances: tuple[DailyAllowance, ...], bonuses: tuple[tuple[int, int], ...]
) -> Iterator[_Row]:
    """Bonus energy goes through the meter, and is no more than the day holds."""
    meter = {
        Direction.IMPORT: (blocks.IMPORT, blocks.IMPORT_EXCESS),
        Direction.EXPORT: (blocks.EXPORT, blocks.EXPORT_EXCESS),
    }
    of_meter: dict[tuple[Direction, int], list[int]] = {}
    of_day: dict[tuple[int, int], list[int]] = {}
    for column, (a, t) in enumerate(bonuses):
        of_meter.setdefault((allowances[a].direction, t), []).append(column)
        of_day.setdefault((a, int(allowances[a].day[t])), []).append(column)
    for (direction, t), columns in of_meter.items():
        yield _Row(
            [blocks.BONUS] * len(columns) + list(meter[direction]),
            [*columns, t, t],
            [1.0] * len(columns) + [-1.0, -1.0],
            -np.inf,
            0.0,
        )
    for (a, day), columns in of_day.items():
        ones = [1.0] * len(columns)
        left = float(allowances[a].left[day])
        yield _Row([blocks.BONUS] * len(columns), columns, ones, -np.inf, left)


def _taper_rows(storages: StorageArrays) -> Iterator[_Row]:
    """Charge keeps to the taper at the level that it leads to, from the one before.

    Written by the level at the end, a relaxed plan would discharge at once to charge faster.
    """
    n, empty, fall = storages.limits.shape[2], *storages.taper
    limits, initial = storages.limits[..., None], storages.traits[tables.INITIAL]
    into = storages.traits[tables.CHARGE_EFFICIENCY]
    may_bind = limits[tables.CHARGE_LIMIT] + fall * limits[tables.STORED_UPPER] > empty
    for k, t, j in np.argwhere(may_bind).tolist():
        most, less = float(empty[k, t, j]), float(fall[k, t, j])
        block, place, value = [blocks.CHARGE], [k * n + t], [1.0 + less * float(into[k])]
        if t:
            row = [*block, blocks.STORED], [*place, k * n + t - 1], [*value, less]
            yield _Row(*row, -np.inf, most)
        else:
            yield _Row(block, place, value, -np.inf, most - less * float(initial[k]))


def _bonus_limit(allowance: DailyAllowance, t: int, meter: MeterArrays) -> float:
    is_import = allowance.direction is Direction.IMPORT
    rows = (
        (tables.IMPORT_LIMIT, tables.IMPORT_EXCESS)
        if is_import
        else (tables.EXPORT_LIMIT, tables.EXPORT_EXCESS)
    )
    most = float(meter.table[list(rows), t].sum())
    return min(float(allowance.left[int(allowance.day[t])]), most)
