"""Prices as their source has them, without the owner's formula."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from server.home.states.look import Kept, Look, time_of_report, words_of
from server.home_assistant.link import LinkError
from server.home_assistant.states import EntityState, number_of
from server.settings.home import (
    ActionPrices,
    EntityPrice,
    EntityPrices,
    FixedPrice,
    PowerSyncPrices,
    Prices,
    TariffPrices,
)
from server.sources.actions import calls_for, present_from, series_from_answers
from server.sources.answers import answer_of
from server.sources.rows import Row, Rows, value_at
from server.sources.series import Series, merge, series_from
from server.wire.price_unit import price_unit_from_text

Way = Literal["import", "export"]

# Integrations ask their services every 5 to 15 minutes; their answers come from memory.
_ANSWER_AGE = timedelta(minutes=4)
_HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Published:
    """Prices of one source.

    Attributes
    ----------
    rows : Rows
        Empty where there are none, or the owner typed them. [money/kWh]
    at : datetime or None
        When they were reported or read.
    is_kept : bool
        Whether they are of an earlier look.
    fault : str
        Sentence of what is wrong, or empty.
    notes : list of str
        Repairs, in plain words.
    """

    rows: Rows = field(default_factory=list)
    at: datetime | None = None
    is_kept: bool = False
    fault: str = ""
    notes: list[str] = field(default_factory=list)


async def prices_of_source(look: Look, source: Prices, way: Way) -> Published:
    """Return the prices of a source, or those that it had last while they hold."""
    if isinstance(source, FixedPrice | TariffPrices):
        return Published()
    kept = look.memory.prices.get(way)
    if kept and kept.source != source:
        kept = None
    if isinstance(source, ActionPrices) and kept and await _is_current(look, source, kept):
        return Published(kept.value.rows, kept.at, notes=kept.value.notes)
    series, at, fault = await _read(look, source, way)
    if kept and not _is_good(look, series, way) and value_at(kept.value.rows, look.now) is not None:
        text = f"{fault} The prices read at {look.clock(kept.at)} still hold.".lstrip()
        return Published(kept.value.rows, kept.at, is_kept=True, fault=text)
    if series is None:
        return Published(fault=fault)
    look.memory.prices[way] = Kept(series, at or look.now, source)
    return Published(series.rows, at, notes=series.notes)


def _is_good(look: Look, series: Series | None, way: Way) -> bool:
    """Return whether prices can be believed.

    About midnight, the entities of today and tomorrow may not agree on the day, and feeds are known
    to buy at nothing but zeros for one poll.
    """
    if series is None or value_at(series.rows, look.now) is None:
        return False
    return way == "export" or any(row.value for row in series.rows)


async def _is_current(look: Look, source: ActionPrices, kept: Kept[Series]) -> bool:
    """Return whether an answer is young, and nothing of its integration has changed since."""
    if not timedelta(0) <= look.now - kept.at < _ANSWER_AGE:
        return False
    states = (look.link.followed.get(entity) for entity in await entities_of(look, source))
    return all(state is None or state.last_updated <= kept.at for state in states)


_MOST_FOLLOWED = 20  # entities of an integration whose changes are news of its prices


async def entities_of(look: Look, source: Prices) -> list[str]:
    """Return the entities whose changes are news of prices."""
    if isinstance(source, EntityPrices):
        return source.entities
    if isinstance(source, EntityPrice):
        return [source.entity]
    if not isinstance(source, ActionPrices):
        return []
    domain = source.action.partition(".")[0]
    entries = await look.entries()
    meters = look.memory.meters
    meters |= {name for name, state in look.link.followed.items() if _is_meter(look, state)}
    found = [
        entry.entity_id for entry in entries if entry.platform == domain and not entry.disabled_by
    ]
    return [name for name in found if name not in meters][:_MOST_FOLLOWED]


def _is_meter(look: Look, state: EntityState) -> bool:
    """Return whether an entity measures something: a plan for each of its reports is too many."""
    is_price = state.unit is None or price_unit_from_text(state.unit, look.currency) is not None
    return not is_price and "state_class" in state.attributes


async def _read(look: Look, source: Prices, way: Way) -> tuple[Series | None, datetime | None, str]:
    """Return prices, when they were reported, and what is wrong where there are none."""
    match source:
        case EntityPrices(entities=entities):
            return await _of_entities(look, entities)
        case ActionPrices():
            return await _of_action(look, source)
        case EntityPrice(entity=entity):
            return await _of_state(look, entity)
        case PowerSyncPrices():
            rows = look.view.prices(way, look.zone) if look.view else []
            at = look.view.instant(look.zone) if look.view else None
            series = Series("price", rows, "PowerSync's view", None) if rows else None
            return series, at, "" if rows else "PowerSync's view has no prices."
        case _:
            return None, None, ""


async def _of_entities(
    look: Look, entities: Sequence[str]
) -> tuple[Series | None, datetime | None, str]:
    found: list[tuple[Series, datetime]] = []
    faults: list[str] = []
    for entity, state in zip(entities, await look.states(entities), strict=True):
        series = state and series_from(
            state.attributes,
            unit=state.unit,
            zone=look.zone,
            now=state.last_updated,
            quantity="price",
        )
        if state and series:
            found.append((series, time_of_report(state)))
        else:
            faults.append(f"{words_of(entity, state)} and has no list of prices.")
    merged = merge(series for series, _ in found)
    at = max((at for _, at in found), default=None)
    return merged, at, "" if merged else " ".join(faults)


async def _of_action(
    look: Look, source: ActionPrices
) -> tuple[Series | None, datetime | None, str]:
    answers: list[object] = []
    fault = f"{source.action} answered no prices."
    for data in calls_for(source.action, source.data, look.now, look.zone):
        try:
            answers.append(await answer_of(look.link, source.action, data))
        except LinkError as error:  # a day that is not published is refused
            fault = f"{source.action} gave no answer: {error}."
    series = series_from_answers(
        source.action, answers, zone=look.zone, now=look.now, series=source.series
    )
    if series and value_at(series.rows, look.now) is None:
        series = merge([part for part in (await _present(look, source), series) if part])
    return series, look.now, "" if series else fault


async def _present(look: Look, source: ActionPrices) -> Series | None:
    """Return the price of the present interval, where the answers begin with the next one."""
    states = [look.link.followed.get(entity) for entity in await entities_of(look, source)]
    attributes = [state.attributes for state in states if state]
    return present_from(source.action, source.data, attributes, zone=look.zone)


async def _of_state(look: Look, entity: str) -> tuple[Series | None, datetime | None, str]:
    state = await look.state(entity)
    price = number_of(state)
    if state is None or price is None:
        return None, None, f"{words_of(entity, state)}, which is no price."
    factor, notes = _factor_of(look, state)
    start = look.now.replace(minute=look.now.minute // 30 * 30, second=0, microsecond=0)
    rows = [Row(start, start + _HALF_HOUR, factor * price)]
    return Series("price", rows, "present price", state.unit, notes), time_of_report(state), ""


def _factor_of(look: Look, state: EntityState) -> tuple[float, list[str]]:
    """Return money/kWh of one unit of a price."""
    text = state.unit or ""
    unit = price_unit_from_text(text, look.currency)
    if unit is None:
        return 1.0, [f"{text[:20]} is no unit of a price; taken as money per kWh."]
    return unit.factor, []
