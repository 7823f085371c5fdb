"""One look at Home Assistant, and memory from one look to the next."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Generic, TypeVar

import msgspec

from server.home.powersync import PowerSyncView
from server.home.states.socs import ExpectedSocs, GoodSoc
from server.home_assistant.link import Link, LinkError
from server.home_assistant.registry import RegistryEntry, entity_registry
from server.home_assistant.states import EntityState
from server.sources.series import Series

_REGISTRY_AGE = timedelta(hours=1)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """Last good value of a source, and when it was read.

    `source` is the source in the settings, another of which has nothing to do with the value.
    """

    value: T
    at: datetime
    source: object = None


@dataclass(slots=True)
class Memory:
    """Last good values.

    Attributes
    ----------
    socs : dict
        Of batteries, by entity.
    prices, forecasts : dict
        Series, by direction, and by their number in the settings.
    shares, plugs : dict
        States of charge and targets of cars, and whether they are plugged in, by entity.
    meters : set of str
        Followed entities that measure anything but prices.
    registry : Kept or None
        Entities that devices and integrations have in common.
    read_at : datetime or None
        When states of charge were looked at last.
    """

    socs: dict[str, GoodSoc] = field(default_factory=dict)
    prices: dict[str, Kept[Series]] = field(default_factory=dict)
    forecasts: dict[int, Kept[Series]] = field(default_factory=dict)
    shares: dict[str, Kept[float]] = field(default_factory=dict)
    plugs: dict[str, Kept[bool]] = field(default_factory=dict)
    meters: set[str] = field(default_factory=set)
    registry: Kept[list[RegistryEntry]] | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a home.

    Attributes
    ----------
    link : Link
        To its Home Assistant.
    now, end : datetime
        Of the plan, in UTC.
    zone : tzinfo
        Of the home.
    currency : str
        Its money.
    memory : Memory
        Of earlier looks; modified in place.
    view : PowerSyncView or None
        PowerSync's, where it is asked.
    previous : ExpectedSocs or None
        Expectation of the plan before.
    """

    link: Link
    now: datetime
    end: datetime
    zone: tzinfo
    currency: str
    memory: Memory
    view: PowerSyncView | None = None
    previous: ExpectedSocs | None = None

    def clock(self, at: datetime) -> str:
        """Return an instant as people write it."""
        return f"{at.astimezone(self.zone):%a %H:%M}"

    async def state(self, entity: str) -> EntityState | None:
        """Return the state of an entity, with its last report; None where it has none to read."""
        return (await self.states([entity]))[0]

    async def states(self, entities: Sequence[str]) -> list[EntityState | None]:
        """Return the states of several entities, asked for at once."""
        states = await asyncio.gather(*map(self._state, entities))
        try:
            reports = await self.link.reports([state.entity_id for state in states if state])
        except LinkError:
            reports = {}
        return [state and _with_report(state, reports.get(state.entity_id)) for state in states]

    async def _state(self, entity: str) -> EntityState | None:
        try:
            return await self.link.state(entity)
        except LinkError:
            return self.link.followed.get(entity)

    async def entries(self) -> Sequence[RegistryEntry]:
        """Return the entity registry, at most an hour old where it can be read."""
        kept = self.memory.registry
        if kept is None or self.now - kept.at >= _REGISTRY_AGE:
            try:
                entries = await entity_registry(self.link)
            except LinkError:
                return kept.value if kept else []
            self.memory.registry = kept = Kept(entries, self.now)
        return kept.value


def _with_report(state: EntityState, at: datetime | None) -> EntityState:
    """Return a state that was reported last at an instant, where that is known and later."""
    if at is None or at <= time_of_report(state):
        return state
    return msgspec.structs.replace(state, last_reported=at)


def time_of_report(state: EntityState) -> datetime:
    """Return when an entity last reported, also what it had reported before."""
    return state.last_reported or state.last_updated


def words_of(entity: str, state: EntityState | None) -> str:
    """Return what an entity says, as the beginning of a sentence."""
    if state is None:
        return f"{entity} does not exist or cannot be read"
    return f'{entity} says "{state.state[:40]}"'
