"""Statistics of energy: of the grid, the panels, the battery and the house."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from server.finding import words
from server.finding.found import Alternative
from server.finding.snapshot.entities import Entity
from server.finding.snapshot.reading import Snapshot
from server.finding.texts import number_text, sentence
from server.home_assistant.energy import BatterySource, EnergyPrefs
from server.reading.battery import MOST_STORAGES
from server.settings.errors import SettingsError
from server.settings.ranges import require_statistic

MOST_SOURCES = 50  # of one kind, as the checks of the settings allow
_DIGITS = re.compile(r"(tari\w*|t|rate) ?\d")
"""Registers of one meter differ in the number of the tariff."""


@dataclass(frozen=True)
class Meters:
    """Statistics by place; each is a list, as the settings hold them.

    Attributes
    ----------
    grid_in, grid_out, solar, home : list of str
        Ids.
    batteries : list of BatterySource
        As the Energy dashboard has them, or one as entities look.
    guesses : frozenset of str
        Ids that are not of the Energy dashboard.
    """

    grid_in: list[str] = field(default_factory=list)
    grid_out: list[str] = field(default_factory=list)
    solar: list[str] = field(default_factory=list)
    home: list[str] = field(default_factory=list)
    batteries: list[BatterySource] = field(default_factory=list)
    guesses: frozenset[str] = frozenset()


def find_meters(snapshot: Snapshot) -> Meters:
    """Return the statistics of the Energy dashboard, and what else looks like those it lacks."""
    prefs = snapshot.dashboard
    grid_in = _usable(grid.stat_energy_from for grid in prefs.grids)
    grid_out = _usable(grid.stat_energy_to for grid in prefs.grids)
    solar = _usable(source.stat_energy_from for source in prefs.solars)
    batteries = [source for source in prefs.batteries if _is_usable(source)][:MOST_STORAGES]
    guesses = _by_kind(snapshot)
    if grid_in or grid_out:
        del guesses["grid_in"], guesses["grid_out"]
    if solar:
        del guesses["solar"]
    charge, discharge = guesses.get("battery_in"), guesses.get("battery_out")
    if not batteries and charge and discharge:
        batteries = [BatterySource(stat_energy_from=discharge[0], stat_energy_to=charge[0])]
    return Meters(
        grid_in=grid_in or guesses.get("grid_in", []),
        grid_out=grid_out or guesses.get("grid_out", []),
        solar=solar or guesses.get("solar", []),
        home=_usable(meter.stat_energy_to for meter in prefs.homes),
        batteries=batteries,
        guesses=frozenset(chain.from_iterable(guesses.values())) - _statistics_of(prefs),
    )


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


def _statistics_of(prefs: EnergyPrefs) -> set[str]:
    return {
        id
        for battery in prefs.batteries
        for id in (battery.stat_energy_from, battery.stat_energy_to)
    }


def _by_kind(snapshot: Snapshot) -> dict[str, list[str]]:
    kinds: dict[str, list[Entity]] = {
        kind: [] for kind in ("grid_in", "grid_out", "solar", "battery_in", "battery_out")
    }
    for entity in snapshot.entities.values():
        if entity.is_energy and (kind := kind_of(entity)):
            kinds[kind].append(entity)
    return {kind: _registers(found) for kind, found in kinds.items()}


def kind_of(entity: Entity) -> str | None:
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


def _either(entity: Entity, *kinds: tuple[str, re.Pattern[str]]) -> str | None:
    return next((kind for kind, pattern in kinds if entity.says(pattern)), None)


def _registers(entities: list[Entity]) -> list[str]:
    """Return the best meter of one kind, and its other registers where a tariff has several."""
    if not entities:
        return []
    best = max(entities, key=_merit)
    registers = [entity for entity in entities if _stem(entity) == _stem(best)]
    return sorted(entity.entity_id for entity in registers)


def _merit(entity: Entity) -> tuple[int, int, str]:
    """Return what ranks meters of one kind: totals of the grid or a home's system come first."""
    score = 4 * entity.says(words.LIFETIME) - 6 * entity.says(words.PER_TIME)
    score += 2 * entity.says(words.GRID) + 3 * entity.says(words.HOME_BATTERY)
    score += 2 * (entity.number is not None) + 2 * bool(entity.device)
    return score, -len(entity.words), entity.entity_id


def _stem(entity: Entity) -> tuple[str, str | None, str]:
    return entity.platform, entity.device, _DIGITS.sub(r"\1", entity.entity_id)


def meter_choice(
    snapshot: Snapshot, ids: list[str], last_day: Mapping[str, float], guesses: frozenset[str]
) -> list[Alternative]:
    """Return these statistics as one choice, with the energy of the last day; none where empty."""
    if not ids:
        return []
    names = [snapshot.entities[id].name if id in snapshot.entities else id for id in ids]
    days = [last_day[id] for id in ids if id in last_day]
    is_guess = any(id in guesses for id in ids)
    origin = (
        "its name, unit and device look like it; it is not in your Energy dashboard"
        if is_guess
        else "your Energy dashboard uses it"
    )
    silent = None if days else "the recorder has no energy for the last 24 hours"
    ages = [age for id in ids if (age := _age(snapshot, id)) is not None]
    return [
        Alternative(
            label=", ".join(names),
            value=number_text(sum(days)) if days else "",
            unit="kWh in 24 h" if days else None,
            age_s=max(ages, default=None),
            why=sentence(origin, silent),
            choice=ids,
        )
    ]


def _age(snapshot: Snapshot, id: str) -> float | None:
    entity = snapshot.entities.get(id)
    return entity.age(snapshot.now) if entity else None
