"""The schedule of flexible consumption, and a look at it that trusts no solver."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from matrix_builders import Vector
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.horizon import Horizon
from optimiser.problem.site import Forecast, Site

_SLACK = 1.0  # s; rounding of instants
_FINISHED = 1e-4  # kWh; less than this is not lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A time for which a load is on.

    Attributes
    ----------
    begin, end : datetime
        In the zone of the site.
    energy : float
        What it takes. [kWh]
    """

    begin: datetime
    end: datetime
    energy: float


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The energy of flexible consumption.

    Attributes
    ----------
    energy : float64 array, shape (F, T)
        What each takes, in the order of the site. [kWh per interval]
    cost : float
        Price of what it lacks, less the value of the heat left at the end; part of the planning
        cost. [$]
    lower_bound : float
        Planning cost of site and flexible consumption that nothing can undercut; minus infinity
        where nothing was proved. [$]
    """

    energy: Vector
    cost: float
    lower_bound: float

    def serve(self, site: Site) -> Site:
        """Return a site with this energy as a part of its load."""
        load = site.forecast.load + self.energy.sum(axis=0)
        forecast = Forecast(load=load, solar=site.forecast.solar)
        return replace(site, flexible=(), forecast=forecast)

    def missing(self, site: Site) -> Vector:
        """Return what each load lacks, and the most that each store of heat does; (F,). [kWh]"""
        missing = np.zeros(len(site.flexible))
        for f, one in enumerate(site.flexible):
            if isinstance(one, Load):
                missing[f] = max(one.energy - float(self.energy[f].sum()), 0.0)
            else:
                floor = one.least * one.capacity
                heat = heat_levels(one, site.horizon, self.energy[f])
                missing[f] = max(floor - float(heat.min()), 0.0)
        return missing

    def runs(self, site: Site, f: int) -> tuple[Run, ...]:
        """Return the times for which one of them is on."""
        return runs_of(site.flexible[f], site.horizon, self.energy[f])


def heat_levels(store: HeatStore, horizon: Horizon, energy: Vector) -> Vector:
    """Return the heat at the end of each interval; shape (T,). [kWh]

    What is drawn beyond what there is counts as owed: below zero.
    """
    gained = energy * horizon.spread(store.efficiency)
    lost = (horizon.spread(store.draw) + store.loss) * horizon.hours
    return np.asarray(store.level * store.capacity + np.cumsum(gained - lost))


def runs_of(one: Load | HeatStore, horizon: Horizon, energy: Vector) -> tuple[Run, ...]:
    """Return the runs of an energy, shape (T,).

    The last interval of a load of one power is on for as long as its energy takes.
    """
    is_on = np.concatenate([[False], energy > 0.0, [False]])
    edges = np.flatnonzero(is_on[1:] != is_on[:-1])
    begins = horizon.elapsed - horizon.hours
    runs = []
    for first, after in edges.reshape(-1, 2).tolist():
        end = float(horizon.elapsed[after - 1])
        if isinstance(one, Load) and one.has_one_power:
            end = min(float(begins[after - 1] + energy[after - 1] / one.power), end)
        run = Run(
            begin=horizon.instant(first),
            end=_instant(horizon, end),
            energy=float(energy[first:after].sum()),
        )
        runs.append(run)
    return tuple(runs)


def _instant(horizon: Horizon, hours: float) -> datetime:
    """Return the instant some hours after the start, to the second, in the zone of the site."""
    later = horizon.start.astimezone(UTC) + timedelta(seconds=round(hours * 3600.0))
    return later.astimezone(horizon.start.tzinfo)


def schedule_error(site: Site, schedule: Schedule) -> float:
    """Return the largest violation of what flexible consumption may do; not a number fails. [kWh]

    A block that is torn, a run that is too short, a start too many, or one too early counts with
    all the energy of the run.
    """
    errors, ends = [0.0], dict[str, datetime | None]()
    for f, load in enumerate(site.flexible):
        if isinstance(load, Load):
            runs = schedule.runs(site, f)
            is_done = float(schedule.energy[f].sum()) >= load.energy - _FINISHED
            last = runs[-1].end if runs else site.horizon.start
            ends[load.id] = last if is_done else None
    for f, one in enumerate(site.flexible):
        energy = schedule.energy[f]
        errors += [float(-energy.min()), float((energy - _most(one, site.horizon)).max())]
        if isinstance(one, HeatStore):
            errors.append(_overheating(one, site.horizon, energy))
            continue
        errors += [
            float(energy.sum()) - one.energy,
            *_run_errors(one, site, schedule.runs(site, f)),
        ]
        least = one.least_energy(site.horizon.hours)
        if not one.is_fixed_block and energy.any():
            errors.append(float(np.where(energy > 0.0, least - energy, 0.0).max()))
        if one.after is not None and energy.any():
            before, begin = ends[one.after], schedule.runs(site, f)[0].begin
            is_late = before is not None and before.timestamp() <= begin.timestamp() + _SLACK
            errors.append(0.0 if is_late else float(energy.sum()))
    largest = max(errors)
    return largest if largest == largest else float("inf")  # noqa: PLR0124 - not a number


def _most(one: Load | HeatStore, horizon: Horizon) -> Vector:
    """Return the most energy of each interval; shape (T,). [kWh]"""
    return np.asarray(horizon.spread(one.power) * horizon.hours)


def _overheating(store: HeatStore, horizon: Horizon, energy: Vector) -> float:
    """Return the heat above the most in intervals that heat. [kWh]"""
    heat, most = heat_levels(store, horizon, energy), store.most * store.capacity
    return float(np.where(energy > 0.0, heat - most, 0.0).max(initial=0.0))


def _run_errors(load: Load, site: Site, runs: tuple[Run, ...]) -> list[float]:
    """Return the energy of runs that are too many, too short or outside the window. [kWh]"""
    errors = [run.energy for run in runs[int(min(load.starts_at_most, len(runs))) :]]
    for run in runs:
        on = run.end.timestamp() - run.begin.timestamp()
        wholly = site.horizon.end if load.latest is None else load.latest
        is_early = load.earliest is not None and (
            run.begin.timestamp() < load.earliest.timestamp() - _SLACK
        )
        is_late = run.end.timestamp() > wholly.timestamp() + _SLACK
        # One of a single power may be on for a part of one interval.
        cut = float(site.horizon.hours.max()) if load.has_one_power else 0.0
        is_short = on < 3600.0 * (load.least_run - cut) - _SLACK
        if is_early or is_late or is_short:
            errors.append(run.energy)
    return errors
