"""Prices that integrations tell by an action only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal, TypeAlias

from msgspec.structs import replace

from server.finding.snapshot.outlook import Outlook, outlook_of
from server.home_assistant.errors import LinkDown, LinkError
from server.home_assistant.link import Link
from server.home_assistant.registry import ConfigEntry
from server.settings.home import ActionPrices
from server.sources.actions import PRICE_ACTIONS, calls_for, series_from_answers
from server.sources.answers import answer_of
from server.sources.series import Series

Direction: TypeAlias = Literal["import", "export"]

_MOST_ENTRIES = 5  # of one integration
_MOST_SERIES = 10  # of one answer: a zone or a home each
_LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class Answer:
    """Prices of one action.

    Attributes
    ----------
    source : ActionPrices
        As the settings hold it.
    label : str
        Name of the config entry, and of the series where the answer holds several.
    domain, config_entry : str
        Where it comes from.
    direction : str or None
        None where the action does not tell one from the other.
    outlook : Outlook
        What it answered.
    """

    source: ActionPrices
    label: str
    domain: str
    config_entry: str
    direction: Direction | None
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class _Question:
    """One action to ask, of one config entry."""

    source: ActionPrices
    direction: Direction | None
    entry: ConfigEntry


async def read_answers(
    link: Link, entries: Sequence[ConfigEntry], zone: tzinfo, now: datetime, notes: list[str]
) -> list[Answer]:
    """Ask every action known whose integration works; they change nothing."""
    found: list[Answer] = []
    for question in _questions(entries):
        replies = await _ask(link, question, zone, now, notes)
        found += _answers(question, replies, zone, now)
    return found


def _questions(entries: Sequence[ConfigEntry]) -> Iterator[_Question]:
    """Yield each action once for both directions where it does not tell them apart."""
    for action in PRICE_ACTIONS:
        working = [e for e in entries if e.domain == action.domain and e.state == _LOADED]
        for entry in working[: _MOST_ENTRIES if action.entry_field else 1]:
            buys, sells = (action.data(entry.entry_id, way) for way in ("buys", "sells"))
            ways: list[tuple[Direction | None, dict[str, str] | None]]
            ways = [(None, buys)] if buys == sells else [("import", buys), ("export", sells)]
            for direction, fields in ways:
                if fields is not None:
                    source = ActionPrices(action=action.action, data=fields)
                    yield _Question(source, direction, entry)


async def _ask(
    link: Link, question: _Question, zone: tzinfo, now: datetime, notes: list[str]
) -> list[Any]:
    """Return the answers to all calls; a day that is not published yet may be refused."""
    source, entry = question.source, question.entry
    answers: list[Any] = []
    refusals: list[LinkError] = []
    for fields in calls_for(source.action, source.data, now, zone):
        try:
            answers.append(await answer_of(link, source.action, fields))
        except LinkDown:
            raise
        except LinkError as error:
            refusals.append(error)
    if refusals and not answers:
        notes.append(f"{entry.title or entry.domain} gave no prices: {refusals[0]}")
    return answers


def _answers(
    question: _Question, replies: list[Any], zone: tzinfo, now: datetime
) -> Iterator[Answer]:
    """Yield one for each series in the replies: zones of a market, homes of an account."""
    source, entry = question.source, question.entry

    def series_of(name: str | None) -> Series | None:
        return series_from_answers(source.action, replies, zone=zone, now=now, series=name)

    first = series_of(None)
    names: list[str | None] = [*(first.alternatives[:_MOST_SERIES] if first else ())] or [None]
    for name in names:
        outlook = outlook_of(series_of(name) if name else first, zone, now)
        if outlook is not None and outlook.end > now:
            yield Answer(
                source=replace(source, series=name),
                label=" ".join(filter(None, (entry.title or entry.domain, name))),
                domain=entry.domain,
                config_entry=entry.entry_id,
                direction=question.direction,
                outlook=outlook,
            )
