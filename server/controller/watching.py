"""Watch mode: virtual batteries that obey the commands which the real ones are not given.

Plans start from their states of charge, so that what is told and earned is what would be done.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

import msgspec
import numpy as np

from optimiser import Battery, CostFunction, Forecast, OptimiserError, ProviderRules, Site
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, simulate
from optimiser.model.self_consumption import self_consumption
from optimiser.value_function.terminal_value import build_problem
from server.books.baselines import site_of
from server.books.books import ToWatch
from server.books.entries import INTERVAL, CommandEntry, VirtualEntry, instant_of, seconds_of
from server.books.records import Interval
from server.books.sums import house_energy
from server.home.readings import Inputs
from server.home.states.socs import ExpectedSocs
from server.settings.home import BatterySettings, Settings
from server.telling.acting import DURATION, SHORTEST
from server.telling.self_consumption import through_inverter

PAUSE = timedelta(hours=1)
"""After a longer pause of the readings the virtual batteries begin at the real ones again."""

_HOURS = INTERVAL / 3600
_PROMPT = timedelta(minutes=1)  # what begins or ends so soon in an interval does before it
_MOST_INSTANTS = 15  # of a plan that carries states of charge: more than the pause


class Watcher:
    """Virtual states of charge up to now: past those of the books, as the plans expected."""

    def __init__(self) -> None:
        self._plans: list[ExpectedSocs] = []

    def note(self, plan: ExpectedSocs, *, is_virtual: bool) -> None:
        """Keep what a plan of watch mode expects of the coming hour.

        One that is not of virtual states of charge is the first.
        """
        if not is_virtual:
            self._plans.clear()
        socs = [soc[:_MOST_INSTANTS] for soc in plan.socs]
        self._plans.append(ExpectedSocs(plan.instants[:_MOST_INSTANTS], socs))

    def socs(
        self, last: VirtualEntry | None, settings: Settings, now: datetime
    ) -> list[float] | None:
        """Return the virtual states of charge; None where they begin at the real ones.

        Parameters
        ----------
        last : VirtualEntry or None
            Last entry of the books.
        settings : Settings
            Of the home.
        now : datetime
            Time-zone aware.
        """
        is_one = last is not None and len(last.socs) == len(settings.batteries) > 0
        if settings.mode != "watch" or last is None or not is_one:
            return None
        if not last.start <= now <= last.end + PAUSE:
            return None
        self._drop(last.end)
        ends = [*(plan.instants[0] for plan in self._plans[1:]), now]
        socs = list(last.socs)
        for plan, end in zip(self._plans, ends, strict=False):
            since = max(plan.instants[0], last.end)
            if since < end:
                socs = [soc + plan.move(k, since, end) for k, soc in enumerate(socs)]
        return [_share(soc) for soc in socs]

    def _drop(self, until: datetime) -> None:
        """Drop plans that others had followed by an instant."""
        while len(self._plans) > 1 and self._plans[1].instants[0] <= until:
            del self._plans[0]


def mark(inputs: Inputs, settings: Settings, *, is_virtual: bool) -> list[VirtualEntry]:
    """Return the entries of where watching begins, or where it ended, by a plan.

    Parameters
    ----------
    inputs : Inputs
        Of the plan.
    settings : Settings
        Of the home.
    is_virtual : bool
        Whether the plan started from virtual states of charge: watching goes on.
    """
    start = instant_of(seconds_of(inputs.at) // INTERVAL * INTERVAL)
    if settings.mode != "watch":
        return [VirtualEntry(start=start, socs=[])]
    if is_virtual or not inputs.is_commandable:
        return []
    before = start - timedelta(seconds=INTERVAL)
    return [VirtualEntry(start=before, socs=[_share(reading.value) for reading in inputs.socs])]


def from_virtual(inputs: Inputs, socs: Sequence[float]) -> Inputs:
    """Return inputs with virtual states of charge; the health of the sources says so."""
    readings = [
        msgspec.structs.replace(reading, value=soc)
        for reading, soc in zip(inputs.socs, socs, strict=True)
    ]
    said = {f"batteries[{k}].soc": soc for k, soc in enumerate(socs)}
    for health in inputs.health:
        if (soc := said.get(health.field)) is not None:
            text = f"Watch mode: the plan starts from {soc:.0%}, where its commands would have led."
            health.text = f"{health.text} {text}".strip()
    return replace(inputs, socs=readings)


def moves(part: ToWatch, settings: Settings) -> Iterator[VirtualEntry]:
    """Yield what virtual batteries did in each measured interval, up to a pause of the readings."""
    last = part.since
    if len(last.socs) != len(settings.batteries):
        return
    for one in part.intervals:
        start = instant_of(one.start)
        if start - last.end > PAUSE:
            return
        entry = move(one, last.socs, command_at(part.commands, start), settings)
        if entry is None:
            return
        yield entry
        last = entry


def command_at(commands: Sequence[CommandEntry], start: datetime) -> CommandEntry | None:
    """Return the command in force from the beginning of an interval; None is *normal*.

    It lasts as long as the battery would have been told, who is told again only by another one.
    """
    told = [one for one in commands if one.at < start + _PROMPT]
    if not told:
        return None
    lasts = min(max(told[-1].until - told[-1].at, SHORTEST), DURATION)
    return told[-1] if told[-1].at + lasts > start + _PROMPT else None


def move(
    one: Interval, socs: Sequence[float], command: CommandEntry | None, settings: Settings
) -> VirtualEntry | None:
    """Return what virtual batteries do in a measured interval.

    All of it is by the library's simulation of plain self-consumption, of a house that takes or
    leaves what is commanded.

    Parameters
    ----------
    one : Interval
        As measured.
    socs : sequence of float
        States of charge at its beginning. [-]
    command : CommandEntry or None
        In force; None is *normal*.
    settings : Settings
        Of the home.

    Returns
    -------
    VirtualEntry or None
        None where what was measured is no home that can be simulated.
    """
    capacities = [battery.capacity_kwh for battery in settings.batteries]
    stored = [soc * capacity for soc, capacity in zip(socs, capacities, strict=True)]
    try:
        site = _keeping(site_of([one], stored, settings))
        levels = self_consumption(_problem(_site_under(site, one, command, settings)))
        dispatch = simulate(_problem(site), levels).dispatch
    except OptimiserError:
        return None
    return _entry(one, dispatch, stored, settings)


def _problem(site: Site) -> ProblemArrays:
    return build_problem(site, CostFunction.PROFIT, ProviderRules())


def _keeping(site: Site) -> Site:
    """Return a site whose batteries stay where they are beyond their reserve and ceiling."""
    batteries = [
        replace(
            one,
            reserve=np.minimum(one.reserve, one.initial_soc),
            max_soc=np.maximum(one.max_soc, one.initial_soc),
        )
        for one in site.batteries
    ]
    return replace(site, batteries=tuple(batteries))


def _site_under(
    site: Site, one: Interval, command: CommandEntry | None, settings: Settings
) -> Site:
    """Return the site that batteries follow under a command."""
    if command is None or command.action == "normal":
        return site
    if command.action == "hold":
        resting = tuple(replace(battery, discharge_limit=0.0) for battery in site.batteries)
        return replace(site, batteries=resting)
    net, watts = house_energy(one), command.power_w
    energy = _energy(watts if command.action == "charge" else -watts, one, settings)
    pairs = zip(site.batteries, settings.batteries, strict=True)
    return replace(
        site,
        forecast=Forecast(load=[max(-energy, 0.0)], solar=[max(energy, 0.0)]),
        batteries=tuple(_within_permissions(battery, of, net) for battery, of in pairs),
        inverter=None,
    )


def _energy(power: float, one: Interval, settings: Settings) -> float:
    """Return what inverter and meter allow of a power [W] into the batteries. [kWh]"""
    per_watt = _HOURS / 1000.0
    net = house_energy(one)
    solar = max(one.solar or 0.0, -net) / per_watt
    energy = per_watt * through_inverter(power, solar, settings.inverter)
    return _through_meter(energy, net, settings)


def _through_meter(energy: float, net: float, settings: Settings) -> float:
    """Return what the meter allows of an energy into the batteries; negative is out. [kWh]"""
    meter = settings.meter
    most_in = inf if meter.max_import_kw is None else meter.max_import_kw * _HOURS
    most_out = inf if meter.max_export_kw is None else meter.max_export_kw * _HOURS
    if energy > 0.0:
        return min(energy, max(most_in - net, 0.0))
    return max(energy, min(-net - most_out, 0.0))


def _within_permissions(battery: Battery, settings: BatterySettings, net: float) -> Battery:
    """Return a battery that buys and feeds in only where it may, beside the net load. [kWh]"""
    if not settings.charge_from_grid:
        surplus = max(-net, 0.0) / _HOURS
        battery = replace(battery, charge_limit=np.minimum(battery.charge_limit, surplus))
    if not settings.export:
        lack = max(net, 0.0) / _HOURS
        battery = replace(battery, discharge_limit=np.minimum(battery.discharge_limit, lack))
    return battery


def _entry(
    one: Interval, dispatch: Dispatch, before: Sequence[float], settings: Settings
) -> VirtualEntry:
    batteries = settings.batteries
    after = dispatch.stored[: len(batteries), 0].tolist()
    total = sum(battery.capacity_kwh for battery in batteries)
    return VirtualEntry(
        start=instant_of(one.start),
        socs=[
            _share(level / battery.capacity_kwh) if battery.capacity_kwh else 0.0
            for level, battery in zip(after, batteries, strict=True)
        ],
        soc=sum(after) / total if total else None,
        grid_in=float(dispatch.grid_import[0]),
        grid_out=float(dispatch.grid_export[0]),
        battery_in=float(dispatch.charge.sum()),
        battery_out=float(dispatch.discharge.sum()),
        gained=sum(
            (end - begin) * battery.efficiency
            for end, begin, battery in zip(after, before, batteries, strict=True)
        ),
    )


def _share(soc: float) -> float:
    return min(max(soc, 0.0), 1.0)
