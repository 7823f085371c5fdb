"""Home batteries: their state of charge among all entities in per cent, and their sizes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server.finding import words
from server.finding.cars import is_car, is_personal
from server.finding.found import Alternative
from server.finding.snapshot.entities import Entity, words_of
from server.finding.snapshot.powersync import PowerSyncFacts
from server.finding.snapshot.reading import Snapshot
from server.finding.texts import is_in, number_text, sentence, state_text
from server.home_assistant.energy import BatterySource
from server.settings.ranges import CONNECTION, ENERGY, POWER

_ENOUGH = 16
"""Points of a home battery: a phone has 8, a reader of a meter 8 as well, `battery_soc` 18."""

_LONGEST_NAME = 60
_MOST_REASONS = 2  # the strongest; whoever confirms reads them all
_PER_CENT = 100.0
_RESERVE = 0.1
_EFFICIENCY = 0.95
_FASTEST = 3.0  # kW of one kWh: no home battery is faster


class Rating(NamedTuple):
    """Points of one entity as the state of charge of a home battery, and the reasons."""

    points: int
    entity: Entity
    reasons: list[str]


@dataclass(frozen=True)
class HomeBattery:
    """One home battery.

    Attributes
    ----------
    name : str
        For people.
    socs : list of Rating
        Candidates for its state of charge, the best first; empty where none is good enough.
    source : BatterySource or None
        Its meters.
    """

    name: str
    socs: list[Rating]
    source: BatterySource | None

    @property
    def entity(self) -> Entity | None:
        """Its state of charge."""
        return self.socs[0].entity if self.socs else None


def find_batteries(snapshot: Snapshot, sources: Sequence[BatterySource]) -> list[HomeBattery]:
    """Return one battery for each of these meters, or one where there are none.

    Several integrations may show the same battery, so that without the Energy dashboard no second
    one is assumed.
    """
    found: list[HomeBattery] = []
    taken: set[str] = set()
    places: Sequence[BatterySource | None] = sources or [None]
    for source in places:
        rated = [rating for rating in rate_socs(snapshot, source) if rating.points >= _ENOUGH]
        free = [rating for rating in rated if rating.entity.entity_id not in taken]
        taken |= {rating.entity.entity_id for rating in free[:1]}
        found.append(HomeBattery(_name(snapshot, free, len(found)), free, source))
    return found


def _name(snapshot: Snapshot, socs: Sequence[Rating], index: int) -> str:
    """Return the words that all entities of the device share, or a number."""
    if socs:
        names = [entity.name for entity in snapshot.siblings(socs[0].entity)]
        shared = _common_words(names)
        if socs[0].entity.device and len(names) > 1 and shared:
            return shared[:_LONGEST_NAME]
    return "Battery" if index == 0 else f"Battery {index + 1}"


def _common_words(names: Iterable[str]) -> str:
    split = [name.split() for name in names]
    shared = []
    for group in zip(*split, strict=False):
        if len(set(group)) > 1:
            break
        shared.append(group[0])
    return " ".join(shared)


def rate_socs(snapshot: Snapshot, source: BatterySource | None) -> list[Rating]:
    """Return all entities that may be a state of charge, the best first."""
    named = source.stat_soc if source else None
    shares = [
        entity
        for entity in snapshot.entities.values()
        if entity.entity_id == named or _is_percentage(entity)
    ]
    groups = {entity.group: entity for entity in shares}
    traits = {group: _traits(snapshot.siblings(entity)) for group, entity in groups.items()}
    meters = _meters(snapshot, source)
    ratings = [rate_soc(entity, traits[entity.group], meters, named) for entity in shares]
    return sorted(ratings, key=lambda rating: (-rating.points, rating.entity.entity_id))


class Traits(NamedTuple):
    """Marks of a device."""

    has_battery_power: bool
    has_battery_energy: bool
    is_inverter: bool
    is_personal: bool
    is_car: bool


def _traits(siblings: Sequence[Entity]) -> Traits:
    return Traits(
        any(entity.is_power and entity.says(words.STORE) for entity in siblings),
        any(entity.is_energy and entity.says(words.STORE) for entity in siblings),
        any(entity.is_power and entity.says(words.INVERTER) for entity in siblings),
        any(map(is_personal, siblings)),
        is_car(siblings),
    )


def _is_percentage(entity: Entity) -> bool:
    if entity.domain != "sensor" or entity.unit != "%":
        return False
    if entity.number is not None and not 0 <= entity.number <= _PER_CENT:
        return False
    return entity.device_class == "battery" or entity.says(words.SOC) or entity.says(words.STORE)


def rate_soc(entity: Entity, traits: Traits, meters: Sequence[Entity], named: str | None) -> Rating:
    """Return the points of one entity, which add up.

    Parameters
    ----------
    entity : Entity
        In per cent.
    traits : Traits
        Of its device.
    meters : sequence of Entity
        Of the battery, where they are known.
    named : str or None
        The entity that the Energy dashboard names.
    """
    marks = (
        (1000, named == entity.entity_id, "your Energy dashboard uses it"),
        (40, _is_near(entity, meters), "it is on the device of your battery's meters"),
        (20, _is_of_brand(entity), "its name or integration is that of a home battery"),
        (15, _is_kin(entity, meters), "it is of the same integration as your battery's meters"),
        (14, entity.says(words.SOC), "its name says state of charge"),
        (12, traits.has_battery_power, "its device measures the battery's power"),
        (12, traits.has_battery_energy, "its device counts the battery's energy"),
        (14, traits.is_inverter, "its device measures the grid or the panels"),
        (4, entity.device_class == "battery", ""),
        (4, entity.says(words.LEVEL), ""),
        (-60, traits.is_personal, ""),
        (-40, traits.is_car, ""),
        (-30, entity.says(words.LIMIT), ""),
        (-5, entity.says(words.ONE_OF_SEVERAL), ""),
        (-3, entity.number is None, ""),
    )
    points = sum(mark for mark, holds, _ in marks if holds)
    reasons = [reason for _, holds, reason in marks if holds and reason]
    return Rating(points, entity, reasons[:_MOST_REASONS])


def _is_of_brand(entity: Entity) -> bool:
    platform = words_of(entity.platform)
    return entity.says(words.HOME_BATTERY) or words.HOME_BATTERY.search(platform) is not None


def _meters(snapshot: Snapshot, source: BatterySource | None) -> list[Entity]:
    if source is None:
        return []
    ids = source.stat_energy_to, source.stat_energy_from, source.stat_rate or ""
    return [snapshot.entities[id] for id in ids if id in snapshot.entities]


def _is_near(entity: Entity, meters: Iterable[Entity]) -> bool:
    return entity.device is not None and any(meter.device == entity.device for meter in meters)


def _is_kin(entity: Entity, meters: Iterable[Entity]) -> bool:
    return bool(entity.platform) and any(meter.platform == entity.platform for meter in meters)


def choose_soc(battery: HomeBattery, snapshot: Snapshot) -> list[Alternative]:
    """Return the candidates for the state of charge."""
    return [
        Alternative(
            label=rating.entity.name,
            value=state_text(rating.entity),
            unit=rating.entity.unit if rating.entity.number is not None else None,
            age_s=rating.entity.age(snapshot.now),
            why=sentence(*(rating.reasons or ["it is the level of a battery"])),
            choice=rating.entity.entity_id,
        )
        for rating in battery.socs
    ]


def choose_capacity(
    battery: HomeBattery, snapshot: Snapshot, powersync: PowerSyncFacts | None
) -> list[Alternative]:
    """Return what may be its capacity: the owner's number, PowerSync's, or an entity's."""
    found = []
    owners = battery.source.capacity if battery.source else None
    if owners is not None and is_in(ENERGY, owners):
        found.append(_size(owners, "kWh", "your Energy dashboard has this number"))
    powersyncs = powersync.capacity_kwh if powersync else None
    if powersyncs is not None and is_in(ENERGY, powersyncs):
        found.append(_size(powersyncs, "kWh", "PowerSync is set to it"))
    for entity in snapshot.siblings(battery.entity) if battery.entity else ():
        size = entity.energy
        if size and is_in(ENERGY, size) and _is_capacity(entity):
            found.append(_size(size, "kWh", "the battery's device says so", entity.name))
    return found


def _is_capacity(entity: Entity) -> bool:
    is_size = entity.domain in {"sensor", "number"} and not entity.is_energy
    return is_size and entity.says(words.CAPACITY) and not entity.says(words.NOT_CAPACITY)


def choose_power(
    powersync_kw: float | None, history_kw: float | None, capacity_kwh: float | None
) -> list[Alternative]:
    """Return what may be its highest power in one direction.

    A history that empties the battery in minutes has a glitch.
    """
    found = []
    if powersync_kw and is_in(POWER, powersync_kw):
        found.append(_size(powersync_kw, "kW", "PowerSync is set to it"))
    if history_kw and (capacity_kwh is None or history_kw <= _FASTEST * capacity_kwh):
        why = "the highest power of the last weeks in the recorder, rounded up"
        found.append(_size(history_kw, "kW", why))
    return found


def choose_limit(powersync_kw: float | None) -> list[Alternative]:
    """Return what may be the limit of the connection in one direction."""
    if powersync_kw is None or not is_in(CONNECTION, powersync_kw):
        return []
    return [_size(powersync_kw, "kW", "PowerSync is set to it")]


def choose_reserve(
    battery: HomeBattery, snapshot: Snapshot, powersync: PowerSyncFacts | None
) -> list[Alternative]:
    """Return what may be its reserve; there always is one."""
    found = []
    if powersync and powersync.reserve is not None:
        found.append(_share(powersync.reserve, "PowerSync is set to it"))
    for entity in snapshot.siblings(battery.entity) if battery.entity else ():
        if _is_reserve(entity) and entity.number is not None:
            why = "the battery's device is set to it now"
            found.append(_share(entity.number / _PER_CENT, why, entity.name))
    return [*found, _share(_RESERVE, "assumed: kept for a power cut")]


def _is_reserve(entity: Entity) -> bool:
    is_share = entity.unit == "%" and entity.domain in {"number", "sensor"}
    in_range = entity.number is not None and 0 <= entity.number <= _PER_CENT
    return is_share and in_range and entity.says(words.RESERVE)


def choose_efficiency() -> list[Alternative]:
    """Return the assumption on losses."""
    return [_share(_EFFICIENCY, "assumed: what most batteries and inverters reach each way")]


def _size(size: float, unit: str, why: str, label: str = "") -> Alternative:
    rounded = round(size, 3)
    return Alternative(
        label=label, value=number_text(size), unit=unit, why=sentence(why), choice=rounded
    )


def _share(share: float, why: str, label: str = "") -> Alternative:
    return Alternative(
        label=label,
        value=number_text(share * _PER_CENT),
        unit="%",
        why=sentence(why),
        choice=round(share, 4),
    )
