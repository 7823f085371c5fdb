"""One reading of everything that the search looks at."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import TypeVar

from server.finding.snapshot.answers import Answer, read_answers
from server.finding.snapshot.entities import Entity, entity_from
from server.finding.snapshot.outlook import Outlook, outlook_of
from server.finding.snapshot.powersync import PowerSyncFacts, read_powersync
from server.home_assistant.energy import EnergyPrefs, energy_prefs, solar_forecast
from server.home_assistant.link import Link, LinkDown, LinkError
from server.home_assistant.registry import (
    ConfigEntry,
    RegistryEntry,
    config_entries,
    entity_registry,
)
from server.home_assistant.states import EntityState
from server.reading.clock import find_zone
from server.sources.series import series_from
from server.wire.wording import quote

_CHUNK = 20  # states between two turns of other tasks

OURS = "powersync_optimiser"
"""Beginning of the ids of what this server publishes: it would plan by its own plan."""

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """Home Assistant at one instant, without attributes and rows.

    Attributes
    ----------
    now : datetime
        The instant of the reading.
    zone : tzinfo
        Home Assistant's time zone.
    currency : str or None
        Home Assistant's.
    entities : Mapping
        By entity id.
    prefs : EnergyPrefs or None
        The Energy dashboard.
    entries : list of ConfigEntry
        Integrations.
    forecasts : Mapping
        Solar forecasts of the Energy dashboard, by config entry.
    answers : list of Answer
        Prices that actions answer.
    powersync : PowerSyncFacts or None
        Of PowerSync's view, where there is one.
    notes : list of str
        What could not be read, and why.
    """

    now: datetime
    zone: tzinfo = UTC
    currency: str | None = None
    entities: Mapping[str, Entity] = field(default_factory=dict)
    prefs: EnergyPrefs | None = None
    entries: list[ConfigEntry] = field(default_factory=list)
    forecasts: Mapping[str, Outlook] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    powersync: PowerSyncFacts | None = None
    notes: list[str] = field(default_factory=list)

    @cached_property
    def dashboard(self) -> EnergyPrefs:
        """The Energy dashboard, empty where there is none."""
        return self.prefs or EnergyPrefs()

    @cached_property
    def _groups(self) -> dict[tuple[str, str], list[Entity]]:
        groups = defaultdict(list)
        for entity in self.entities.values():
            groups[entity.group].append(entity)
        return groups

    def siblings(self, entity: Entity) -> list[Entity]:
        """Return the entities of the same device, itself among them."""
        return self._groups.get(entity.group, [entity])


async def read_snapshot(link: Link, now: datetime) -> Snapshot:
    """Read Home Assistant once.

    What it refuses or answers unreadably is noted and absent.

    Raises
    ------
    LinkDown
        Where Home Assistant is not connected, or the connection is lost meanwhile.
    """
    config = link.config
    notes: list[str] = []
    zone = _zone(config.time_zone if config else "UTC", notes)
    registry = await attempt(entity_registry(link), "entity registry", notes) or []
    states = await attempt(link.states(), "states", notes) or []
    entities = await _entities(states, registry, zone, now)
    del states  # tens of MB in a large home
    prefs = await attempt(energy_prefs(link), "Energy dashboard", notes)
    entries = await attempt(config_entries(link), "integrations", notes) or []
    forecasts = await attempt(solar_forecast(link), "solar forecast", notes) if prefs else None
    return Snapshot(
        now=now,
        zone=zone,
        currency=config.currency if config else None,
        entities=entities,
        prefs=prefs,
        entries=entries,
        forecasts=_outlooks(forecasts or {}, zone, now),
        answers=await read_answers(link, entries, zone, now, notes),
        powersync=await read_powersync(link, entries, now, notes),
        notes=notes,
    )


async def attempt(answer: Awaitable[T], what: str, notes: list[str]) -> T | None:
    """Return an answer, or None and a note where Home Assistant gives no usable one."""
    try:
        return await answer
    except LinkDown:
        raise
    except LinkError as error:
        notes.append(f"Home Assistant did not give its {what}: {error}")
        return None


def _zone(name: str, notes: list[str]) -> tzinfo:
    zone = find_zone(name)
    if zone is None:
        notes.append(f"The time zone {quote(name)} is not known here: UTC is used.")
    return zone or UTC


async def _entities(
    states: list[EntityState], registry: list[RegistryEntry], zone: tzinfo, now: datetime
) -> dict[str, Entity]:
    entries = {entry.entity_id: entry for entry in registry}
    entities = {}
    for at, state in enumerate(states):
        entry = entries.get(state.entity_id)
        if not _is_ours(state.entity_id, entry):
            entities[state.entity_id] = entity_from(state, entry, zone, now)
        if at % _CHUNK == 0:
            await asyncio.sleep(0)
    return entities


def _is_ours(entity_id: str, entry: RegistryEntry | None) -> bool:
    names = entity_id.partition(".")[2], entry.unique_id if entry else ""
    return any(name.startswith(OURS) for name in names)


def _outlooks(
    forecasts: Mapping[str, Mapping[str, float]], zone: tzinfo, now: datetime
) -> dict[str, Outlook]:
    found = {
        entry: outlook_of(series_from({"wh_hours": hours}, zone=zone, now=now), zone, now)
        for entry, hours in forecasts.items()
    }
    return {entry: outlook for entry, outlook in found.items() if outlook}
