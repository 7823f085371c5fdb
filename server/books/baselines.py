"""A home as it was measured, with batteries that did something else.

Plain self-consumption is by the library's own simulation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Grid,
    Horizon,
    Inverter,
    OptimiserError,
    ProviderRules,
    Site,
    Tariff,
)
from optimiser.model.dispatch import simulate
from optimiser.model.self_consumption import self_consumption
from optimiser.result.bill import bill_of, wear_of
from optimiser.value_function.terminal_value import build_problem
from server.books.entries import INTERVAL, BatteryReading, VirtualEntry, instant_of
from server.books.records import Interval
from server.books.sums import house_energy
from server.settings.home import BatterySettings, InverterSettings, Settings

Batteries = dict[int, list[BatteryReading]]
"""Readings of all batteries by the beginning of their interval."""


class Usual(NamedTuple):
    """Outcome of plain self-consumption over the measured intervals.

    Attributes
    ----------
    bill, wear : float
        Import cost less export income, and wear. [money]
    more_stored : float
        Energy that the real batteries held more at the end, as it comes out of them. [kWh]
    """

    bill: float
    wear: float
    more_stored: float


class Watched(NamedTuple):
    """Outcome of virtual batteries where a home was watched, and of the real ones elsewhere.

    Attributes
    ----------
    measured : int
        Number of measured intervals that were watched.
    bill : float
        Import cost less export income of all measured intervals. [money]
    moved : float
        Energy into the batteries and out of them. [kWh]
    more_stored : float or None
        Energy that the virtual batteries gained more than the real ones, as it comes out of them;
        None where no state of charge of those is known. [kWh]
    """

    measured: int
    bill: float
    moved: float
    more_stored: float | None


def usual_of(rows: Iterable[Interval], batteries: Batteries, settings: Settings) -> Usual | None:
    """Return the outcome of plain self-consumption; None where no state of charge is known.

    Each run of measured intervals begins at the state of charge that the batteries really had.
    """
    total = Usual(0.0, 0.0, 0.0)
    for run in _runs(rows):
        usual = _usual_of_run(run, batteries, settings)
        if usual is None:
            return None
        total = Usual(*map(sum, zip(total, usual, strict=True)))
    return total


def virtual_of(
    rows: Sequence[Interval],
    virtual: Mapping[int, VirtualEntry],
    batteries: Batteries,
    settings: Settings,
) -> Watched | None:
    """Return the outcome of virtual batteries, by their intervals; None where there is none."""
    inside = [one for one in rows if one.start in virtual]
    if not inside:
        return None
    done = [virtual.get(one.start) or _really(one) for one in rows]
    gains = [_gain_of_run(run, batteries, settings) for run in _runs(inside)]
    known = [gain for gain in gains if gain is not None]
    gained = sum(virtual[one.start].gained or 0.0 for one in inside)
    return Watched(
        measured=len(inside),
        bill=sum(_bill(*pair) for pair in zip(done, rows, strict=True)),
        moved=sum((one.battery_in or 0.0) + (one.battery_out or 0.0) for one in done),
        more_stored=gained - sum(known) if len(known) == len(gains) else None,
    )


def _really(one: Interval) -> VirtualEntry:
    """Return what the real batteries did in an interval."""
    names = ("grid_in", "grid_out", "battery_in", "battery_out")
    done = {name: getattr(one, name) for name in names}
    return VirtualEntry(start=instant_of(one.start), socs=[], **done)


def _bill(done: VirtualEntry, one: Interval) -> float:
    """Return the bill of what was done, at the prices of an interval. [money]"""
    bought, sold = done.grid_in or 0.0, done.grid_out or 0.0
    return bought * one.import_price - sold * one.export_price


def _gain_of_run(run: list[Interval], batteries: Batteries, settings: Settings) -> float | None:
    """Return the energy that the real batteries gained in a run, as it comes out of them. [kWh]"""
    levels = _levels_of_all(run, batteries, settings)
    if levels is None:
        return None
    pairs = zip(levels, settings.batteries, strict=True)
    return sum((last - first) * one.efficiency for (first, last), one in pairs)


def _runs(rows: Iterable[Interval]) -> Iterator[list[Interval]]:
    """Yield the runs of measured intervals without a gap."""
    run: list[Interval] = []
    for one in rows:
        if run and one.start != run[-1].start + INTERVAL:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _usual_of_run(run: list[Interval], batteries: Batteries, settings: Settings) -> Usual | None:
    levels = _levels_of_all(run, batteries, settings)
    if levels is None:
        return None
    try:
        site = site_of(run, [first for first, _ in levels], settings)
        problem = build_problem(site, CostFunction.PROFIT, ProviderRules())
    except OptimiserError:
        return None  # what was measured is no home that can be simulated
    dispatch = simulate(problem, self_consumption(problem)).dispatch
    ends = dispatch.stored[:, -1].tolist()
    more = [
        (last - end) * one.efficiency
        for (_, last), end, one in zip(levels, ends, settings.batteries, strict=True)
    ]
    bill = bill_of(site, dispatch.grid_import, dispatch.grid_export)
    return Usual(bill.total, wear_of(site, dispatch), sum(more))


def _levels_of_all(
    run: list[Interval], batteries: Batteries, settings: Settings
) -> list[tuple[float, float]] | None:
    """Return the energies of all batteries at the ends of a run; None where one is unknown."""
    levels = [_levels(run, batteries, number, one) for number, one in enumerate(settings.batteries)]
    known = [level for level in levels if level is not None]
    return known if len(known) == len(levels) else None


def _levels(
    run: list[Interval], batteries: Batteries, number: int, battery: BatterySettings
) -> tuple[float, float] | None:
    """Return the energy of a battery at the beginning and the end of a run. [kWh]

    The first and the last known state of charge count, and the energies from there.
    """
    known: list[tuple[float, float]] = []  # energy by state of charge, and by flows since the begin
    moved, begin = 0.0, run[0].start
    for start in (begin - INTERVAL, *(one.start for one in run)):
        readings = batteries.get(start, [])
        if number >= len(readings):
            continue
        one = readings[number]
        if one.energy_in is None or one.energy_out is None:
            continue
        flow = one.energy_in * battery.efficiency - one.energy_out / battery.efficiency
        moved = moved + flow if start >= begin else 0.0
        if one.soc is not None:
            known.append((one.soc * battery.capacity_kwh, moved - flow / 2.0))
    if not known:
        return None
    ends = known[0][0] - known[0][1], known[-1][0] + moved - known[-1][1]
    first, last = (min(max(level, 0.0), battery.capacity_kwh) for level in ends)
    return first, last


def site_of(run: Sequence[Interval], stored: Sequence[float], settings: Settings) -> Site:
    """Return the site of a run, which drew what the house and its cars did.

    Parameters
    ----------
    run : sequence of Interval
        Without a gap.
    stored : sequence of float
        Energy of each battery at the beginning. [kWh]
    settings : Settings
        Of the home.

    Raises
    ------
    OptimiserError
        Where it is no home that can be simulated.
    """
    net = np.array([house_energy(one) for one in run])
    solar = np.maximum(np.array([one.solar or 0.0 for one in run]), -net)
    meter, inverter = settings.meter, settings.inverter
    return Site(
        horizon=Horizon(start=instant_of(run[0].start), hours=np.full(net.size, INTERVAL / 3600)),
        tariff=Tariff(
            import_price=[one.import_price for one in run],
            export_price=[one.export_price for one in run],
        ),
        forecast=Forecast(load=net + solar, solar=solar),
        batteries=[_battery(*pair) for pair in zip(settings.batteries, stored, strict=True)],
        grid=Grid(
            import_limit=inf if meter.max_import_kw is None else meter.max_import_kw,
            export_limit=inf if meter.max_export_kw is None else meter.max_export_kw,
            curtailment=settings.solar.may_curtail,
        ),
        inverter=None if inverter is None else _inverter(inverter),
    )


def _inverter(settings: InverterSettings) -> Inverter:
    return Inverter(ac_limit=settings.ac_limit_kw, dc_coupled_solar=settings.dc_coupled_solar)


def _battery(settings: BatterySettings, stored: float) -> Battery:
    """Return a battery of the settings with some energy stored. [kWh]"""
    return Battery(
        capacity=settings.capacity_kwh,
        charge_limit=settings.charge_kw,
        discharge_limit=settings.discharge_kw,
        initial_soc=stored / settings.capacity_kwh if settings.capacity_kwh else 0.0,
        charge_efficiency=settings.efficiency,
        discharge_efficiency=settings.efficiency,
        reserve=settings.reserve,
        max_soc=settings.max_soc,
        cycle_cost=settings.wear,
        may_charge_from_grid=settings.charge_from_grid,
        may_export=settings.export,
    )
