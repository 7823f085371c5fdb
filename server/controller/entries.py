"""Entries of the books: energies from the recorder, prices and plans."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from matrix_builders import Vector
from server.books.entries import (
    INTERVAL,
    BatteryReading,
    CommandEntry,
    Expected,
    PlanEntry,
    Reading,
)
from server.controller.turn import Turn
from server.home.history.load import balance_of, load_meters, without_negatives
from server.home.history.meters import (
    FIVE_MINUTES,
    Span,
    energy_with_pauses,
    span_between,
    total_of,
    values_of,
)
from server.home_assistant.link import Link
from server.home_assistant.states import is_entity_id
from server.home_assistant.statistics import Change, changes, means
from server.settings.home import Settings
from server.telling.acting import Acted
from server.telling.command import Command
from server.telling.outlook import means as means_of_rows

LATE = timedelta(hours=1)
"""Readings are read again for so long: the recorder may complete them."""

LONGEST = timedelta(days=9)
"""Past that is read after a pause; the recorder keeps five-minute statistics for ten days."""

AHEAD = timedelta(hours=2)
"""Prices are written so far ahead, so that a pause of ours leaves no gap in them."""


async def read_readings(
    link: Link, settings: Settings, last: Reading | None, now: datetime
) -> list[Reading]:
    """Return the energies of each five minutes since the last reading.

    Raises
    ------
    LinkError
        Where the statistics cannot be read.
    """
    if not settings.meter.energy_in:
        return []
    since = max(last.start - LATE, now - LONGEST) if last else now - LATE
    span = span_between(since, now, FIVE_MINUTES)
    found = await changes(link, _meters(settings), span.start, span.end, "5minute")
    entities = [battery.soc for battery in settings.batteries if is_entity_id(battery.soc)]
    socs = await means(link, entities, span.start, span.end, "5minute") if entities else {}
    return readings_from(found, socs, settings, span)


def _meters(settings: Settings) -> list[str]:
    """Return every statistic of energy in the settings, once."""
    batteries = [[*battery.energy_in, *battery.energy_out] for battery in settings.batteries]
    ids = [
        *settings.meter.energy_in,
        *settings.meter.energy_out,
        *settings.home_energy,
        *settings.solar.energy,
        *(meter for meters in batteries for meter in meters),
        *settings.meters_of_planned,
    ]
    return list(dict.fromkeys(ids))


def readings_from(
    found: Mapping[str, Sequence[Change]],
    socs: Mapping[str, Sequence[Change]],
    settings: Settings,
    span: Span,
) -> list[Reading]:
    """Return the readings of a span from its statistics [kWh and per cent]."""
    energies = (
        total_of(found, settings.meter.energy_in, span),
        total_of(found, settings.meter.energy_out, span),
        total_of(found, settings.solar.energy, span, energy_with_pauses),
        _load(found, settings, span),
        total_of(found, settings.meters_of_planned, span, energy_with_pauses),
    )
    batteries = [
        (
            total_of(found, battery.energy_in, span),
            total_of(found, battery.energy_out, span),
            values_of(socs.get(battery.soc, ()), span) / 100.0,  # means in per cent
        )
        for battery in settings.batteries
    ]
    return [
        _reading(t, span, [_number(values[t]) for values in energies], batteries)
        for t in range(span.count)
        if not np.isnan(energies[0][t])
    ]


def _reading(
    t: int, span: Span, energies: list[float | None], batteries: list[tuple[Vector, Vector, Vector]]
) -> Reading:
    grid_in, grid_out, solar, load, car = energies
    return Reading(
        start=span.start + t * timedelta(seconds=INTERVAL),
        grid_in=grid_in,
        grid_out=grid_out,
        solar=solar,
        load=load,
        car=car,
        batteries=[
            BatteryReading(
                energy_in=_number(into[t]), energy_out=_number(out[t]), soc=_number(soc[t])
            )
            for into, out, soc in batteries
        ],
    )


def _load(found: Mapping[str, Sequence[Change]], settings: Settings, span: Span) -> Vector:
    """Return the load, by the first way that knows it. [kWh]"""
    load = np.full(span.count, np.nan)
    for meters in load_meters(settings):
        load = np.where(np.isnan(load), balance_of(found, meters, span), load)
    return without_negatives(load)[0]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def prices_from(turn: Turn) -> list[Reading]:
    """Return the prices of the running five minutes and of those that follow."""
    imports, exports = turn.inputs.import_prices, turn.inputs.export_prices
    span = span_between(turn.inputs.at, turn.inputs.at + AHEAD, FIVE_MINUTES)
    starts = [span.start + t * timedelta(seconds=INTERVAL) for t in range(span.count)]
    spans = [(max(start, turn.inputs.at), start + timedelta(seconds=INTERVAL)) for start in starts]
    prices = means_of_rows(imports.all_rows(), spans)
    rewards = means_of_rows(exports.all_rows(), spans)
    return [
        Reading(
            start=start,
            import_price=price,
            export_price=reward,
            is_published=start < min(imports.published_until, exports.published_until),
        )
        for start, price, reward in zip(starts, prices, rewards, strict=True)
    ]


def plan_entry(turn: Turn, command: Command | None) -> PlanEntry:
    """Return the entry of a plan; without home batteries its command is *normal*."""
    return PlanEntry(
        made=turn.inputs.at.astimezone(turn.inputs.zone),
        action=command.action if command else "normal",
        power_w=command.power_w if command else 0.0,
        until=command.until if command else turn.inputs.at + timedelta(seconds=INTERVAL),
        target_soc=command.target_soc if command else None,
        reason_code=command.reason_code if command else "",
        expected=_expectations(turn),
    )


def _expectations(turn: Turn) -> list[Expected]:
    """Return the expectation of a plan for each of its intervals."""
    plan, n_batteries = turn.plan, len(turn.settings.batteries)
    site, dispatch = plan.site, plan.dispatch
    capacities = np.array([battery.capacity for battery in site.batteries])
    stored = dispatch.stored[:n_batteries].sum(axis=0)
    total = float(capacities.sum())
    return [
        Expected(
            start=start,
            seconds=3600.0 * float(site.horizon.hours[t]),
            grid_in=float(dispatch.grid_import[t]),
            grid_out=float(dispatch.grid_export[t]),
            load=float(site.forecast.load[t]),
            solar=float(site.forecast.solar[t] - dispatch.curtailed[t]),
            soc=float(stored[t]) / total if total else None,
            import_price=float(site.tariff.import_price[t]),
            export_price=float(site.tariff.export_price[t]),
        )
        for t, start in enumerate(plan.timestamps[: site.horizon.n_intervals])
    ]


def command_entry(acted: Acted, command: Command, settings: Settings) -> CommandEntry:
    """Return the entry of a command that was told, given, or would have been."""
    return CommandEntry(
        at=acted.at,
        action=command.action,
        power_w=command.power_w,
        until=command.until,
        target_soc=command.target_soc,
        reason_code=command.reason_code,
        mode=settings.mode,
        is_acted=acted.call is not None and acted.error is None,
    )
