"""Entities as the search sees them: what they are, and what they publish."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from server.finding.snapshot.outlook import Outlook, outlook_of
from server.home_assistant.registry import RegistryEntry
from server.home_assistant.states import EntityState
from server.sources.series import series_from

_LONGEST_NAME = 100
_LONGEST_ID = 255  # Home Assistant's own limit
_ENERGY_UNITS = {"Wh": 1e-3, "kWh": 1.0, "MWh": 1e3}
_POWER_UNITS = {"W": 1e-3, "kW": 1.0, "MW": 1e3}


@dataclass(frozen=True)
class Entity:
    """One entity: its state, its place in the registry and what it publishes.

    Attributes
    ----------
    words : str
        Entity id, unique id and name in lower case, with blanks between the words.
    blank : frozenset of str
        Names of the attributes that hold an empty list.
    """

    entity_id: str
    name: str
    state: str
    unit: str | None = None
    device_class: str | None = None
    state_class: str | None = None
    platform: str = ""
    device: str | None = None
    config_entry: str | None = None
    words: str = ""
    updated: datetime | None = None
    outlook: Outlook | None = None
    blank: frozenset[str] = frozenset()

    @property
    def domain(self) -> str:
        """Part of the id before the dot."""
        return self.entity_id.partition(".")[0]

    @property
    def group(self) -> tuple[str, str]:
        """Its device, or else its integration and the first word of its id."""
        if self.device:
            return "device", self.device
        return self.platform, self.entity_id.partition(".")[2].partition("_")[0]

    @cached_property
    def number(self) -> float | None:
        """The state as a finite number."""
        try:
            number = float(self.state)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    @property
    def energy(self) -> float | None:
        """The state as energy [kWh]."""
        return self._scale(_ENERGY_UNITS)

    @property
    def power(self) -> float | None:
        """The state as power [kW]."""
        return self._scale(_POWER_UNITS)

    @property
    def is_energy(self) -> bool:
        """True for a meter of energy that statistics count."""
        counts = self.state_class in {"total", "total_increasing"}
        return self.domain == "sensor" and self.unit in _ENERGY_UNITS and counts

    @property
    def is_power(self) -> bool:
        """True where it measures power."""
        return self.domain == "sensor" and self.unit in _POWER_UNITS

    def _scale(self, factors: dict[str, float]) -> float | None:
        factor = factors.get(self.unit or "")
        return None if factor is None or self.number is None else self.number * factor

    def age(self, now: datetime) -> float | None:
        """Return seconds since the state was last written."""
        return None if self.updated is None else max(0.0, (now - self.updated).total_seconds())

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Return True where the words hold the pattern."""
        return pattern.search(self.words) is not None


def words_of(*texts: str | None) -> str:
    """Return texts in lower case, with one blank before, between and after their words."""
    joined = " ".join(text[:_LONGEST_ID] for text in texts if text)
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", joined)
    return f" {re.sub(r'[^0-9a-zà-ÿ]+', ' ', split.lower()).strip()} "


def pattern_of(beginnings: str) -> re.Pattern[str]:
    """Return a pattern for any of these beginnings of words, with | between them.

    A blank stands for any or no separator; where one is last, the word has to end there.
    """
    parts = [
        word.rstrip().replace(" ", " ?") + (" " if word.endswith(" ") else "")
        for word in beginnings.split("|")
    ]
    return re.compile("(?<= )(?:" + "|".join(parts) + ")")


def entity_from(
    state: EntityState, entry: RegistryEntry | None, zone: tzinfo, now: datetime
) -> Entity:
    """Return what the search needs of one entity; its attributes are not kept."""
    attributes = state.attributes
    name = _text(attributes.get("friendly_name")) or state.entity_id
    return Entity(
        entity_id=state.entity_id,
        name=name[:_LONGEST_NAME],
        state=state.state[:_LONGEST_NAME],
        unit=_text(attributes.get("unit_of_measurement")),
        device_class=_text(attributes.get("device_class")),
        state_class=_text(attributes.get("state_class")),
        platform=entry.platform if entry else "",
        device=entry.device_id if entry else None,
        config_entry=entry.config_entry_id if entry else None,
        words=words_of(state.entity_id, entry.unique_id if entry else None, name),
        updated=max(filter(None, (state.last_reported, state.last_updated))),
        outlook=_outlook(attributes, zone, now),
        blank=frozenset(key for key, value in attributes.items() if value == []),
    )


def _outlook(attributes: Mapping[str, Any], zone: tzinfo, now: datetime) -> Outlook | None:
    if not any(isinstance(value, (list, dict)) and value for value in attributes.values()):
        return None
    unit = _text(attributes.get("unit_of_measurement"))
    return outlook_of(series_from(attributes, unit=unit, zone=zone, now=now), zone, now)


def _text(value: object) -> str | None:
    return value[:_LONGEST_NAME] if isinstance(value, str) and value else None
