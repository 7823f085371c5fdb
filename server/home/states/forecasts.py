"""Solar forecasts, as the dashboard and entities have them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from server.home.states.look import Kept, Look, words_of
from server.home_assistant.energy import solar_forecast
from server.home_assistant.link import LinkError
from server.settings.home import (
    DashboardForecast,
    EntityForecast,
    Forecast,
    PowerSyncForecast,
)
from server.sources.rows import Rows
from server.sources.series import Series, add_powers, merge, series_from

OLDEST = timedelta(days=1)
"""An older forecast is none."""


@dataclass(frozen=True, slots=True)
class SolarForecast:
    """The forecasts of a home together.

    Attributes
    ----------
    rows : Rows
        Empty where there are none. [W]
    at : datetime or None
        Report of the oldest.
    faults : list of str
        Sentences of what is wrong with any of them.
    is_whole : bool
        Whether all of them are there, none of them old.
    notes : list of str
        Repairs, in plain words.
    """

    rows: Rows = field(default_factory=list)
    at: datetime | None = None
    faults: list[str] = field(default_factory=list)
    is_whole: bool = True
    notes: list[str] = field(default_factory=list)


async def read_forecasts(look: Look, forecasts: Sequence[Forecast]) -> SolarForecast:
    """Return the sum of all forecasts; those of the last look stand in for a day."""
    found: list[Kept[Series]] = []
    faults: list[str] = []
    is_whole = True
    for number, forecast in enumerate(forecasts):
        kept, fault = await _read_kept(look, number, forecast)
        if kept is None or look.now - kept.at > OLDEST:
            is_whole = False
        if kept is not None:
            found.append(kept)
            if look.now - kept.at > OLDEST:
                fault = f"The solar forecast is of {look.clock(kept.at)}, more than a day old."
        if fault:
            faults.append(fault)
    total = add_powers(kept.value for kept in found)
    at = min((kept.at for kept in found), default=None)
    if total is None:
        return SolarForecast(at=at, faults=faults, is_whole=not forecasts)
    return SolarForecast(total.rows, at, faults, is_whole, total.notes)


async def _read_kept(
    look: Look, number: int, forecast: Forecast
) -> tuple[Kept[Series] | None, str]:
    """Return a forecast with its stamp, the last one where there is none now, and the fault."""
    match forecast:
        case DashboardForecast(entries=entries):
            found, fault = await _of_dashboard(look, entries)
        case EntityForecast(entities=entities):
            found, fault = await _of_entities(look, entities)
        case PowerSyncForecast():
            found, fault = _of_view(look)
    if found is None:
        kept = look.memory.forecasts.get(number)
        return kept if kept and kept.source == forecast else None, fault
    look.memory.forecasts[number] = replace(found, source=forecast)
    return found, fault


async def _of_dashboard(look: Look, entries: Sequence[str]) -> tuple[Kept[Series] | None, str]:
    try:
        by_entry = await solar_forecast(look.link)
    except LinkError as error:
        return None, f"The Energy dashboard's solar forecast cannot be read: {error}."
    wanted = entries or [*by_entry]
    parts = [
        series
        for entry in wanted
        if (
            series := series_from(
                {"wh_hours": by_entry.get(entry, {})},
                zone=look.zone,
                now=look.now,
                quantity="power",
            )
        )
    ]
    total = add_powers(parts)
    if total is None or len(parts) < len(wanted):
        missing = "has no values" if total is None else "lacks a part of the roof"
        return None, f"The Energy dashboard's solar forecast {missing}."
    return Kept(total, look.now), ""


async def _of_entities(look: Look, entities: Sequence[str]) -> tuple[Kept[Series] | None, str]:
    """Return the forecast of entities, each of which has a day or more."""
    parts: list[Series] = []
    at: list[datetime] = []
    faults: list[str] = []
    for entity, state in zip(entities, await look.states(entities), strict=True):
        series = state and series_from(
            state.attributes,
            unit=state.unit,
            zone=look.zone,
            now=state.last_updated,
            quantity="power",
        )
        if state and series:
            parts.append(series)
            at.append(state.last_updated)  # an old one may be reported again and again
        else:
            faults.append(f"{words_of(entity, state)} and has no forecast.")
    merged = merge(parts)
    if merged is None:
        return None, " ".join(faults)
    return Kept(merged, max(at)), " ".join(faults)


def _of_view(look: Look) -> tuple[Kept[Series] | None, str]:
    rows = look.view.powers("solar", look.zone) if look.view else []
    if not rows or look.view is None:
        return None, "PowerSync's view has no solar forecast."
    series = Series("power", rows, "PowerSync's view", "kW")
    return Kept(series, look.view.instant(look.zone) or look.now), ""
