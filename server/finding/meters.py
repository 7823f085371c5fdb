"""Statistics of energy: of the grid, the panels, the battery and the house."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias

from server.finding import words
from server.finding.found import MOST_ALTERNATIVES, Alternative
from server.finding.snapshot.entities import Entity
from server.finding.snapshot.reading import Snapshot
from server.finding.texts import number_text, sentence
from server.home_assistant.energy import BatterySource
from server.reading.battery import MOST_STORAGES
from server.settings.errors import SettingsError
from server.settings.ranges import require_statistic

MOST_SOURCES = 50  # of one kind, as the checks of the settings allow
_DIGITS = re.compile(r"(?<=_)(tari[a-z]*|t|rate)_?\d")
"""Registers of one meter differ in the number of the tariff."""


Kind: TypeAlias = Literal["grid_in", "grid_out", "solar", "home", "battery_in", "battery_out"]


@dataclass(frozen=True)
class Meters:
    """Statistics of energy.

    Attributes
    ----------
    choices : Mapping
        By kind, the best first; each is a list, as the settings hold them.
    batteries : list of BatterySource
        As the Energy dashboard has them, or one as entities look.
    of_dashboard : frozenset of str
        Ids that the Energy dashboard names.
    """

    choices: Mapping[Kind, list[list[str]]]
    batteries: list[BatterySource]
    of_dashboard: frozenset[str]

    @property
    def ids(self) -> set[str]:
        """Statistics that are proposed or offered."""
        choices = chain.from_iterable(self.choices.values())
        return {*chain.from_iterable(choices), *_statistics_of(self.batteries)}


def find_meters(snapshot: Snapshot) -> Meters:
    """Return the statistics of the Energy dashboard, and what else looks like such meters.

    What is exported is guessed only beside a guess of what is imported.
    """
    prefs = snapshot.dashboard
    named: dict[Kind, list[str]] = {
        "grid_in": _usable(grid.stat_energy_from for grid in prefs.grids),
        "grid_out": _usable(grid.stat_energy_to for grid in prefs.grids),
        "solar": _usable(source.stat_energy_from for source in prefs.solars),
        "home": _usable(meter.stat_energy_to for meter in prefs.homes),
    }
    choices = {kind: [ids] for kind, ids in named.items() if ids}
    for kind, guesses in _by_kind(snapshot).items():
        if kind != "grid_out" or "grid_out" in choices or not named["grid_in"]:
            own = [ids for ids in guesses if ids not in choices.get(kind, ())]
            choices[kind] = (choices.get(kind, []) + own)[: MOST_ALTERNATIVES + 1]
    batteries = [source for source in prefs.batteries if _is_usable(source)][:MOST_STORAGES]
    of_dashboard = frozenset(chain(chain.from_iterable(named.values()), _statistics_of(batteries)))
    charge, discharge = choices.get("battery_in"), choices.get("battery_out")
    if not batteries and charge and discharge:
        batteries = [BatterySource(stat_energy_from=discharge[0][0], stat_energy_to=charge[0][0])]
    return Meters(choices, batteries, of_dashboard)


def is_statistic(id: str) -> bool:
    """Return True for what may be the id of a statistic."""
    try:
        require_statistic("statistic", id)
    except SettingsError:
        return False
    return True


def _usable(ids: Iterable[str | None]) -> list[str]:
    """Return ids of statistics, each once; as many as settings may hold."""
    return [id for id in dict.fromkeys(ids) if id and is_statistic(id)][:MOST_SOURCES]


def _is_usable(source: BatterySource) -> bool:
    return is_statistic(source.stat_energy_from) and is_statistic(source.stat_energy_to)


def _statistics_of(batteries: Iterable[BatterySource]) -> Iterator[str]:
    for battery in batteries:
        yield battery.stat_energy_to
        yield battery.stat_energy_from


def _by_kind(snapshot: Snapshot) -> dict[Kind, list[list[str]]]:
    kinds: dict[Kind, list[Entity]] = {}
    for entity in snapshot.entities.values():
        if entity.is_energy and (kind := kind_of(entity)):
            kinds.setdefault(kind, []).append(entity)
    return {kind: _registers(found) for kind, found in kinds.items()}


def kind_of(entity: Entity) -> Kind | None:
    """Return which energy a meter counts, by its names, or None where they do not tell."""
    others = words.NO_ELECTRICITY, words.CAR, words.LOAD
    if any(entity.says(pattern) for pattern in others):
        return None
    if entity.says(words.STORE):
        return _either(entity, ("battery_out", words.DISCHARGED), ("battery_in", words.CHARGED))
    if entity.says(words.GRID) and not entity.says(words.PANELS):
        # What comes from the panels is a production in the words of some meters of the grid.
        return _either(
            entity,
            *(("grid_out", words.FED), ("grid_in", words.DRAWN)),
            *(("grid_out", words.PRODUCED), ("grid_in", words.CONSUMED)),
        )
    if entity.says(words.PRODUCED):
        return None if entity.says(words.PART_OF_FLOW) else "solar"
    return _either(entity, ("grid_out", words.FED), ("grid_in", words.DRAWN))


def _either(entity: Entity, *kinds: tuple[Kind, re.Pattern[str]]) -> Kind | None:
    return next((kind for kind, pattern in kinds if entity.says(pattern)), None)


def _registers(entities: list[Entity]) -> list[list[str]]:
    """Return the meters of one kind, the best first; registers of one tariff are together."""
    meters: dict[tuple[object, ...], list[str]] = {}
    for entity in sorted(entities, key=_merit, reverse=True):
        meters.setdefault(_stem(entity), []).append(entity.entity_id)
    return [sorted(ids)[:MOST_SOURCES] for ids in meters.values()]


def _merit(entity: Entity) -> tuple[int, int, str]:
    """Return what ranks meters of one kind: totals of the grid or a home's system come first."""
    score = 4 * entity.says(words.LIFETIME) - 6 * entity.says(words.PER_TIME)
    score += 2 * entity.says(words.GRID) + 3 * entity.says(words.HOME_BATTERY)
    score += 2 * (entity.number is not None) + 2 * bool(entity.device)
    return score, -len(entity.words), entity.entity_id


def _stem(entity: Entity) -> tuple[str, str | None, str]:
    return entity.platform, entity.device, _DIGITS.sub(r"\1", entity.entity_id)


def choose_meter(
    snapshot: Snapshot, meters: Meters, choices: Iterable[list[str]], last_day: Mapping[str, float]
) -> list[Alternative]:
    """Return lists of statistics as choices, with the energy of the last day."""
    return [_choice(snapshot, meters, ids, last_day) for ids in choices]


def _choice(
    snapshot: Snapshot, meters: Meters, ids: list[str], last_day: Mapping[str, float]
) -> Alternative:
    entities = [snapshot.entities[id] for id in ids if id in snapshot.entities]
    days = [last_day[id] for id in ids if id in last_day]
    ages = [age for entity in entities if (age := entity.age(snapshot.now)) is not None]
    names = {entity.entity_id: entity.name for entity in entities}
    is_named = meters.of_dashboard.issuperset(ids)
    guess = "its name and unit look like it; your Energy dashboard does not use it"
    return Alternative(
        label=", ".join(names.get(id, id) for id in ids),
        value=number_text(sum(days)) if days else "",
        unit="kWh in 24 h" if days else None,
        age_s=max(ages, default=None),
        why=sentence(
            "your Energy dashboard uses it" if is_named else guess,
            None if days else "the recorder has no energy for the last 24 hours",
        ),
        choice=ids,
    )
