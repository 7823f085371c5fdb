"""Statistics of a home, read once an hour and completed at every look."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta, tzinfo

from matrix_builders import Vector
from optimiser import Allowance, DemandCharge, Direction
from server.home.history.load import (
    RECENT_HOURS,
    WEEKS,
    LoadMeters,
    MeanWeek,
    balance_of,
    excess_of,
    is_clipped_much,
    load_meters,
    mean_week,
    without_negatives,
)
from server.home.history.meters import FIVE_MINUTES, HOUR, Span, span_between
from server.home.history.peaks import (
    DETAIL_DAYS,
    energy_metered,
    energy_used,
    midnight,
    peak_of,
    period_start,
)
from server.home.history.sun import DAYS, mean_sun
from server.home.states.look import Look
from server.home_assistant.link import LinkError
from server.home_assistant.statistics import Change, changes
from server.reading.charges import allowances_from_wire, demand_charges_from_wire
from server.settings.home import Settings
from server.wire.repairs import Repairs

_ENOUGH_HOURS = 24  # of a meter of the house; with less the balance may know more
_FEW_HOURS = 14 * 24
_MANY_MISSING = 0.05  # of the hours; fewer change no mean week
_PATIENCE = 15.0  # s; a plan without the last readings is better than none
_FIRST_PATIENCE = 30.0  # s; the first plan is to come within a minute
_DARK = 20.0  # W; no inverter works with less


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Findings of the hourly statistics.

    Attributes
    ----------
    key : tuple
        Hour, day and meters that it is of.
    meters : LoadMeters or None
        Those that the load is computed of.
    week : MeanWeek or None
        Of the load.
    sun : Vector or None
        Mean solar power by local hour; shape (24,). [W]
    peaks : list of float or None
        Of each demand charge; None where nothing meters it. [kW]
    faults, notes : list of str
        Sentences of what is missing for the load, and of what was mended.
    """

    key: tuple[object, ...] = ()
    meters: LoadMeters | None = None
    week: MeanWeek | None = None
    sun: Vector | None = None
    peaks: list[float | None] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def charges_of(settings: Settings) -> list[DemandCharge | None]:
    """Return the demand charges, None for one that cannot be read."""
    return [
        next(iter(demand_charges_from_wire([charge], Repairs())), None)
        for charge in settings.demand_charges
    ]


def allowances_of(settings: Settings) -> list[Allowance | None]:
    """Return the allowances, None for one that cannot be read."""
    return [
        next(iter(allowances_from_wire([allowance], Repairs())), None)
        for allowance in settings.allowances
    ]


async def read_history(look: Look, settings: Settings, last: History) -> History:
    """Return what the hourly statistics say; `last` while its hour lasts, or none can be read."""
    ways = load_meters(settings)
    ids = [*settings.solar.energy, *settings.meter.energy_in, *(m for w in ways for m in w.all)]
    if not ids:
        return History()
    of_what = (*ids, *map(repr, settings.demand_charges))
    day = look.now.astimezone(look.zone).date()
    key = (int(look.now.timestamp()) // HOUR, day, *of_what)
    if key == last.key:
        return last
    start, days = look.now - timedelta(weeks=WEEKS), timedelta(days=DETAIL_DAYS)
    meters = settings.meter.energy_in if settings.demand_charges else []
    try:
        async with asyncio.timeout(_PATIENCE if last.key else _FIRST_PATIENCE):
            hourly = await changes(look.link, dict.fromkeys(ids), start, look.now, "hour")
            detail = await changes(look.link, meters, look.now - days, look.now, "5minute")
    except (LinkError, TimeoutError):
        return last if last.key[2:] == of_what else History()
    fortnight = span_between(look.now - timedelta(days=DAYS), look.now)
    load = _load_history(look, ways, hourly)
    return replace(
        load,
        key=key,
        sun=mean_sun(hourly, settings.solar.energy, fortnight, look.zone),
        peaks=_peaks(look, settings, hourly, detail),
    )


def _load_history(
    look: Look, ways: Sequence[LoadMeters], hourly: Mapping[str, Sequence[Change]]
) -> History:
    """Return the load by the first way that knows a day of it, else by that which knows most."""
    span = span_between(look.now - timedelta(weeks=WEEKS), look.now)
    best = History()
    for meters in ways:
        load, clipped = without_negatives(balance_of(hourly, meters, span))
        week = mean_week(load, span, look.zone)
        known = week.known if week else 0
        if known > (best.week.known if best.week else -1):
            best = History(
                meters=meters,
                week=week,
                faults=_faults(meters, hourly, known),
                notes=_notes(week, load, clipped),
            )
        if known >= _ENOUGH_HOURS:
            break
    return best


def _faults(meters: LoadMeters, hourly: Mapping[str, Sequence[Change]], known: int) -> list[str]:
    """Return what the statistics of the load lack."""
    gone = [meter for meter in meters.all if not hourly.get(meter)]
    faults = [f"There are no statistics of {', '.join(gone)}."] if gone else []
    if 0 < known < _FEW_HOURS:
        faults.append(f"Only {known} hours of the load are known yet.")
    return faults


def _notes(week: MeanWeek | None, load: Vector, clipped: float) -> list[str]:
    """Return what had to be mended."""
    notes = []
    if week and week.missing > _MANY_MISSING * (week.known + week.missing):
        notes.append(f"{week.missing} hours of the statistics are missing: other weeks stand in.")
    if is_clipped_much(load, clipped):
        notes.append(
            f"The meters of the balance disagree: {clipped:.1f} kWh of load below zero were "
            "taken as nothing."
        )
    return notes


def _peaks(
    look: Look,
    settings: Settings,
    hourly: Mapping[str, Sequence[Change]],
    detail: Mapping[str, Sequence[Change]],
) -> list[float | None]:
    """Return the peak of each demand charge in its billing period, up to the last hour."""
    ids, peaks = settings.meter.energy_in, list[float | None]()
    for charge in charges_of(settings):
        if charge is None or not ids:
            peaks.append(None)
            continue
        start = period_start(charge, look.now, look.zone)
        detailed = max(start, look.now - timedelta(days=DETAIL_DAYS))
        hours = span_between(start, look.now)
        minutes = span_between(detailed, look.now, FIVE_MINUTES)
        peaks.append(
            max(
                peak_of(charge, energy_metered(rows, ids, span), span, look.zone)
                for rows, span in ((hourly, hours), (detail, minutes))
            )
        )
    return peaks


async def read_recent(
    look: Look, settings: Settings, history: History
) -> Mapping[str, Sequence[Change]]:
    """Return five-minute statistics of the last two hours, or of today where charges need them."""
    meter, load = settings.meter, history.meters.all if history.meters else []
    since = look.now - timedelta(hours=RECENT_HOURS)
    ids = dict.fromkeys(load)
    if settings.demand_charges or settings.allowances:
        since = min(since, midnight(look.now, look.zone))
        ids |= dict.fromkeys([*meter.energy_in, *meter.energy_out])
    try:
        async with asyncio.timeout(_PATIENCE):
            return await changes(look.link, ids, since, look.now, "5minute")
    except (LinkError, TimeoutError):
        return {}


def load_excess(look: Look, history: History, recent: Mapping[str, Sequence[Change]]) -> float:
    """Return by how much the house draws more than the mean week now. [W]"""
    if history.week is None or history.meters is None:
        return 0.0
    since = look.now - timedelta(hours=RECENT_HOURS)
    span = span_between(since, look.now, FIVE_MINUTES)
    load = balance_of(recent, _awake(history, recent, span, look.zone), span)
    return excess_of(load, span, history.week, look.now, look.zone)


def _awake(
    history: History, recent: Mapping[str, Sequence[Change]], span: Span, zone: tzinfo
) -> LoadMeters:
    """Return the meters of the load; after dark without inverters that sleep."""
    meters, sun = history.meters or LoadMeters([], [], [], []), history.sun
    if sun is None or sun[span.hours_of_week(zone) % sun.size].max(initial=0.0) > _DARK:
        return meters
    return replace(meters, pausing=[meter for meter in meters.pausing if recent.get(meter)])


def peaks_so_far(
    look: Look, settings: Settings, history: History, recent: Mapping[str, Sequence[Change]]
) -> list[float | None]:
    """Return the peak of each demand charge up to the last five minutes. [kW]"""
    span = span_between(midnight(look.now, look.zone), look.now, FIVE_MINUTES)
    today = energy_metered(recent, settings.meter.energy_in, span)
    return [
        None
        if charge is None or peak is None
        else max(peak, peak_of(charge, today, span, look.zone))
        for charge, peak in zip(charges_of(settings), history.peaks, strict=False)
    ]


def allowances_so_far(
    look: Look, settings: Settings, recent: Mapping[str, Sequence[Change]]
) -> list[float | None]:
    """Return the energy of each allowance used today; None where nothing meters it. [kWh]"""
    span = span_between(midnight(look.now, look.zone), look.now, FIVE_MINUTES)
    used: list[float | None] = []
    for allowance in allowances_of(settings):
        is_import = allowance is not None and allowance.direction is Direction.IMPORT
        ids = settings.meter.energy_in if is_import else settings.meter.energy_out
        is_known = allowance is not None and bool(ids) and all(map(recent.get, ids))
        energy = energy_metered(recent, ids, span)
        used.append(
            energy_used(allowance, energy, span, look.zone) if allowance and is_known else None
        )
    return used
