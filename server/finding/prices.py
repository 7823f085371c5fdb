"""Prices of both directions: what publishes them, and which is this home's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from server.finding import words
from server.finding.found import Alternative
from server.finding.snapshot.answers import Answer, Direction
from server.finding.snapshot.chains import Chain, chains_of
from server.finding.snapshot.entities import Entity
from server.finding.snapshot.reading import Snapshot
from server.finding.texts import is_in, number_text, sentence, state_text, until_text
from server.home_assistant.energy import GridSource
from server.settings.home import (
    EntityPrice,
    EntityPrices,
    FixedPrice,
    PowerSyncPrices,
    Prices,
    PriceSettings,
)
from server.settings.ranges import price_range

DIRECTIONS: tuple[Direction, Direction] = ("import", "export")

_PER_ENERGY = ("/kwh", "/mwh", "/wh")
_SAME_ENTITY, _SAME_DEVICE, _SAME_INTEGRATION = 3, 2, 1
_HUNDREDTHS = {"ct", "cent", "cents", "c", "¢", "p", "öre", "øre", "ore"}
_CLOSE = 0.02  # of a price: as good as equal
_LONGEST = timedelta(hours=36)  # beyond it, what is published further decides nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One possible source of prices.

    Attributes
    ----------
    source : Prices
        As the settings hold it.
    label, shape : str
        Its name, and that of its shape.
    value : float or None
        The present price, in `unit`.
    end : datetime or None
        End of what it publishes; None where it has the present price only.
    direction : str or None
        Of its prices, where that shows.
    origin : Entity
        Its first entity, or as much as is known of the integration.
    entities : list of str
        Whose attributes or state it reads.
    """

    source: Prices
    label: str
    shape: str
    value: float | None
    unit: str | None
    end: datetime | None = None
    direction: Direction | None = None
    origin: Entity
    entities: list[str]

    @property
    def is_market(self) -> bool:
        """True where tax and fees come on top, as far as names tell."""
        return self.origin.platform in words.MARKETS and not self.origin.says(words.GROSS)

    def relation(self, entity: Entity | None) -> int:
        """Return how near it is to an entity, 0 where it is not."""
        if entity is None:
            return 0
        if entity.entity_id in self.entities:
            return _SAME_ENTITY
        ours, theirs = self.origin, entity
        is_near = any(
            mine is not None and mine == other
            for mine, other in (
                (ours.device, theirs.device),
                (ours.config_entry, theirs.config_entry),
            )
        )
        if is_near:
            return _SAME_DEVICE
        is_kin = bool(ours.platform) and ours.platform == theirs.platform
        return _SAME_INTEGRATION if is_kin else 0

    def is_close(self, entity: Entity | None) -> bool:
        """Return True where its present price is that of an entity."""
        if entity is None or entity.number is None or not self._is_comparable(entity):
            return False
        return self.distance(entity) <= _CLOSE * max(abs(entity.number), _CLOSE)

    def distance(self, entity: Entity | None) -> float:
        """Return how far its present price is from that of an entity; 0 where that is unknown."""
        if entity is None or entity.number is None or self.value is None:
            return 0.0
        return abs(entity.number - self.value) if self._is_comparable(entity) else 0.0

    def _is_comparable(self, entity: Entity) -> bool:
        return self.value is not None and _is_per_kwh(entity.unit) and _is_per_kwh(self.unit)


def rank_prices(snapshot: Snapshot, direction: Direction) -> list[Alternative]:
    """Return all sources of the prices of one direction, the best first.

    A number in the Energy dashboard is the owner's word. Otherwise, what publishes the future
    comes before what has the present price only, and the integration of the entity that the Energy
    dashboard names comes before others. Where nothing is for export, nothing is paid.
    """
    number, reference = dashboard_price(snapshot.dashboard.grids, direction)
    fixed = []
    if number is not None and is_price(number, snapshot.currency):
        fixed.append(_price_of_owner(number, snapshot.currency))
    entity = snapshot.entities.get(reference or "")
    candidates = sorted(
        (found for found in _candidates(snapshot) if _is_plausible(found, snapshot.currency)),
        key=lambda candidate: _merit(candidate, direction, entity, snapshot.now),
        reverse=True,
    )
    fitting = [found for found in candidates if _fits(found, direction, entity)]
    ranked = fixed + [_alternative(found, entity, snapshot) for found in fitting]
    if direction == "export":
        markets = [found for found in candidates if found.end and found.direction is None]
        others = [found for found in markets if found not in fitting]
        ranked += [_nothing(), *(_alternative(found, entity, snapshot) for found in others)]
    return ranked


def dashboard_price(
    grids: Iterable[GridSource], direction: Direction
) -> tuple[float | None, str | None]:
    """Return number and entity that the Energy dashboard names, of its first grid with either.

    Where it has no price, the statistic of costs is the entity: its integration knows the price.
    """
    for grid in grids:
        number, entity, costs = (
            (grid.number_energy_price, grid.entity_energy_price, grid.stat_cost)
            if direction == "import"
            else (
                grid.number_energy_price_export,
                grid.entity_energy_price_export,
                grid.stat_compensation,
            )
        )
        if number is not None or entity or costs:
            return number, entity or costs
    return None, None


def is_price(number: float, currency: str | None) -> bool:
    """Return True where the settings accept a number as a price of a kWh."""
    return is_in(price_range(currency or ""), number)


def _is_plausible(candidate: Candidate, currency: str | None) -> bool:
    """Return False for a series in another unit than its shape says."""
    is_series = candidate.end is not None and candidate.value is not None
    return not is_series or is_price(candidate.value or 0.0, currency)


def _fits(candidate: Candidate, direction: Direction, entity: Entity | None) -> bool:
    """Return True for a source that may be proposed for a direction.

    For export, one without a direction has to have the price that the Energy dashboard has now:
    beside it on its device may be the price of import.
    """
    relation = candidate.relation(entity)
    if relation == _SAME_ENTITY or candidate.direction == direction:
        return True
    if candidate.direction is not None:
        return False
    is_same = relation == _SAME_DEVICE and candidate.is_close(entity)
    return direction == "import" or is_same


def _merit(
    candidate: Candidate, direction: Direction, entity: Entity | None, now: datetime
) -> tuple[object, ...]:
    """Return what ranks a candidate, the most important first."""
    return (
        candidate.end is not None,
        candidate.relation(entity),
        candidate.value is not None,
        candidate.direction == direction,
        -candidate.distance(entity),
        not candidate.is_market,
        not isinstance(candidate.source, PowerSyncPrices),
        candidate.origin.says(words.GROSS),
        min(candidate.end - now, _LONGEST) if candidate.end else None,
    )


def _candidates(snapshot: Snapshot) -> Iterator[Candidate]:
    electric = [
        entity for entity in snapshot.entities.values() if not entity.says(words.NO_ELECTRICITY)
    ]
    unit = f"{snapshot.currency}/kWh" if snapshot.currency else "per kWh"
    for chain in chains_of(electric, "price", snapshot.now):
        yield _of_chain(chain, unit)
    yield from (_of_answer(answer, unit) for answer in snapshot.answers)
    yield from _of_powersync(snapshot, unit)
    yield from (_of_state(entity) for entity in electric if _is_price(entity))


def _of_chain(chain: Chain, unit: str) -> Candidate:
    return Candidate(
        source=EntityPrices(entities=chain.ids),
        label=chain.first.name,
        shape=chain.shape,
        value=chain.value,
        unit=unit,
        end=chain.end,
        direction=_direction(chain.first),
        origin=chain.first,
        entities=chain.ids,
    )


def _of_answer(answer: Answer, unit: str) -> Candidate:
    return Candidate(
        source=answer.source,
        label=answer.label,
        shape=answer.outlook.shape,
        value=answer.outlook.value,
        unit=unit,
        end=answer.outlook.end,
        direction=answer.direction,
        origin=Entity(
            "", answer.label, "", platform=answer.domain, config_entry=answer.config_entry
        ),
        entities=[],
    )


def _of_powersync(snapshot: Snapshot, unit: str) -> Iterator[Candidate]:
    facts = snapshot.powersync
    if facts is None or facts.prices_end is None or facts.prices_end <= snapshot.now:
        return
    ways: tuple[tuple[Direction, float | None], ...]
    ways = ("import", facts.import_price), ("export", facts.export_price)
    for direction, value in ways:
        yield Candidate(
            source=PowerSyncPrices(),
            label="PowerSync",
            shape="PowerSync's view",
            value=value,
            unit=unit,
            end=facts.prices_end,
            direction=direction,
            origin=Entity("", "PowerSync", "", platform="power_sync"),
            entities=[],
        )


def _is_price(entity: Entity) -> bool:
    is_priced = (entity.unit or "").lower().endswith(_PER_ENERGY) and entity.number is not None
    return is_priced and entity.outlook is None and not entity.says(words.NOT_PRESENT)


def _of_state(entity: Entity) -> Candidate:
    return Candidate(
        source=EntityPrice(entity=entity.entity_id),
        label=entity.name,
        shape="present price",
        value=entity.number,
        unit=entity.unit,
        direction=_direction(entity),
        origin=entity,
        entities=[entity.entity_id],
    )


def _direction(entity: Entity) -> Direction | None:
    if entity.says(words.EXPORT):
        return "export"
    return "import" if entity.says(words.IMPORT) else None


def _choice(source: Prices) -> object:
    """Return price settings as JSON, without what is at its default."""
    settings = msgspec.to_builtins(PriceSettings(source=source))
    return {"source": settings["source"]}


def _price_of_owner(price: float, currency: str | None) -> Alternative:
    return Alternative(
        label="Fixed price",
        value=number_text(price),
        unit=f"{currency}/kWh" if currency else "per kWh",
        why="Your Energy dashboard has this number.",
        choice=_choice(FixedPrice(price=price)),
    )


def _nothing() -> Alternative:
    return Alternative(
        label="Nothing is paid",
        value="0",
        why="Assumed: nothing found says what export earns.",
    )


def _alternative(candidate: Candidate, entity: Entity | None, snapshot: Snapshot) -> Alternative:
    value = candidate.value
    return Alternative(
        label=candidate.label,
        value="no price now" if value is None else number_text(value),
        unit=None if value is None else candidate.unit,
        age_s=candidate.origin.age(snapshot.now),
        why=_reasons(candidate, entity, snapshot.now),
        choice=_choice(candidate.source),
    )


def _reasons(candidate: Candidate, entity: Entity | None, now: datetime) -> str:
    nearness = {
        _SAME_ENTITY: "your Energy dashboard uses it",
        _SAME_DEVICE: "it belongs to the price or cost in your Energy dashboard",
        _SAME_INTEGRATION: "it is of the integration of the price or cost in your Energy dashboard",
    }
    if candidate.end is None:
        future = "only the present price is known: the plan takes it for all hours"
    else:
        future = f"publishes prices {until_text(candidate.end, now)} ({candidate.shape})"
    tax = "a market price: add surcharge, fee and tax" if candidate.is_market else None
    return sentence(
        nearness.get(candidate.relation(entity)), future, _difference(candidate, entity), tax
    )


def _difference(candidate: Candidate, entity: Entity | None) -> str | None:
    """Return what the price in the Energy dashboard says otherwise."""
    if entity is None or not candidate.distance(entity) or candidate.is_close(entity):
        return None
    return f"the price in your Energy dashboard is now {state_text(entity)} {entity.unit}"


def _is_per_kwh(unit: str | None) -> bool:
    currency, _, energy = (unit or "").lower().partition("/")
    return energy == "kwh" and currency not in _HUNDREDTHS
