"""Entities that publish one series together: today and tomorrow, or a day each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from functools import cached_property
from typing import Literal

from server.finding.snapshot.entities import Entity, pattern_of

_OVERLAP = timedelta(hours=1)
_NIGHT = timedelta(hours=20)  # a forecast may begin with the sun

_MOST = 40  # entities with series of one quantity, and as many as settings may name
_PAST = pattern_of("previous|yesterday|past |last |gestern|gisteren|hier ")

_NEXT = (
    ("current_day", "next_day"),
    ("today", "tomorrow"),
    ("heute", "morgen"),
    ("vandaag", "morgen"),
    ("idag", "imorgon"),
    ("aujourd_hui", "demain"),
)
"""Names of a day's entity and of the next day's, which is empty until it is published."""


@dataclass(frozen=True)
class Chain:
    """Entities in order of time, of which the first ones publish something now.

    Attributes
    ----------
    entities : tuple of Entity
        At least one.
    waiting : tuple of Entity
        Those that publish nothing yet.
    """

    entities: tuple[Entity, ...]
    waiting: tuple[Entity, ...] = ()

    @property
    def first(self) -> Entity:
        """The entity of the earliest rows."""
        return self.entities[0]

    @cached_property
    def end(self) -> datetime:
        """End of what is published."""
        return max(entity.outlook.end for entity in self.entities if entity.outlook)

    @property
    def value(self) -> float | None:
        """The present value [money/kWh or W]."""
        values = (entity.outlook.value for entity in self.entities if entity.outlook)
        return next((value for value in values if value is not None), None)

    @property
    def shape(self) -> str:
        """Name of the shape in plain words."""
        return self.first.outlook.shape if self.first.outlook else ""

    @property
    def ids(self) -> list[str]:
        """Entities in order of time."""
        return [entity.entity_id for entity in self.entities + self.waiting]


def chains_of(
    entities: Iterable[Entity], quantity: Literal["price", "power"], now: datetime
) -> list[Chain]:
    """Return the series of this quantity that reach beyond `now`, by entity id.

    Entities of one device (or integration, where there is none) form one chain where each begins
    after the one before; of several that could follow, names decide.
    """
    known = list(entities)
    published = [(entity.outlook, entity) for entity in known if entity.outlook]
    wanted = [
        entity
        for outlook, entity in sorted(
            published, key=lambda pair: (pair[0].start, pair[1].entity_id)
        )
        if outlook.quantity == quantity and outlook.end > now
    ][:_MOST]
    chains: list[list[Entity]] = []
    for entity in wanted:
        before = [chain for chain in chains if _follows(chain[-1], entity)]
        if before:
            max(before, key=lambda chain: _likeness(chain[-1], entity)).append(entity)
        else:
            chains.append([entity])
    return [Chain(tuple(chain), _waiting(chain[-1], known)) for chain in chains]


def _follows(before: Entity, entity: Entity) -> bool:
    first, second = before.outlook, entity.outlook
    if not (first and second) or first.shape != second.shape or _origin(before) != _origin(entity):
        return False
    return -_OVERLAP <= second.start - first.end <= _NIGHT


def _origin(entity: Entity) -> tuple[str, str]:
    return entity.platform, entity.device or entity.config_entry or ""


def _likeness(first: Entity, second: Entity) -> float:
    return SequenceMatcher(None, first.entity_id, second.entity_id).ratio()


def _waiting(last: Entity, known: Sequence[Entity]) -> tuple[Entity, ...]:
    """Entities that will publish what follows: by name, or by an empty list beside it."""
    names = [last.entity_id.replace(day, after) for day, after in _NEXT if day in last.entity_id]
    silent = [entity for entity in known if entity.outlook is None]
    by_name = tuple(entity for entity in silent if entity.entity_id in names)
    return by_name or tuple(
        entity
        for entity in silent
        if entity.blank
        and entity.device
        and (entity.domain, _origin(entity)) == (last.domain, _origin(last))
        and not entity.says(_PAST)
    )
