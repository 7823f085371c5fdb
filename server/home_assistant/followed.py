"""States that Home Assistant sends of the entities that somebody follows."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

import msgspec

from server.home_assistant.errors import LinkError, TooLarge, Unreadable
from server.home_assistant.states import EntityState
from server.home_assistant.transport.messages import decode, log

_MOST_ATTRIBUTES = 2**18  # bytes as JSON; the longest known, a week of Solcast, have 40,000


class CompressedState(msgspec.Struct):
    """State as `subscribe_entities` sends it; absent values are those before.

    Attributes
    ----------
    s : str or None
        State.
    a : dict or None
        Attributes.
    lc, lu : float or None
        Seconds since 1970 of the last change and update; the latter absent where equal.
    """

    s: str | None = None
    a: dict[str, Any] | None = None
    lc: float | None = None
    lu: float | None = None


class RemovalIn(msgspec.Struct):
    """Names of attributes that an entity has no more."""

    a: list[str] = []


class DifferenceIn(msgspec.Struct, rename={"added": "+", "removed": "-"}):
    """Change of one entity."""

    added: CompressedState = msgspec.field(default_factory=CompressedState)
    removed: RemovalIn = msgspec.field(default_factory=RemovalIn)


class EntitiesEvent(msgspec.Struct):
    """Entities added, changed and removed."""

    a: dict[str, msgspec.Raw] = {}
    c: dict[str, msgspec.Raw] = {}
    r: list[str] = []


class Followed:
    """The entities of one subscription.

    Parameters
    ----------
    ids : iterable of str
        Those followed; others are ignored.
    states : dict
        Modified in place; from the first event on it holds what Home Assistant has of `ids`.
    """

    def __init__(self, ids: Iterable[str], states: dict[str, EntityState]) -> None:
        self._ids = frozenset(ids)
        self._states = states
        self._is_first = True

    def apply(self, event: msgspec.Raw) -> bool:
        """Take an event of the subscription in, and return whether a state changed.

        An entity whose change cannot be read is dropped: a wrong state is worse than none.

        Raises
        ------
        LinkError
            Where nothing of the event can be read.
        """
        event_in = decode(event, EntitiesEvent)
        if self._is_first:
            self._states.clear()
            self._is_first = False
        touched = self._replace(event_in.a, self._ids, _state_from)
        touched |= self._replace(event_in.c, self._states.keys(), self._state_after)
        gone = self._states.keys() & event_in.r
        for key in gone:
            del self._states[key]
        return touched or bool(gone)

    def _replace(
        self,
        raws: Mapping[str, msgspec.Raw],
        ids: AbstractSet[str],
        new_state: Callable[[str, msgspec.Raw], EntityState],
    ) -> bool:
        """Replace the states of those of `ids` that have news."""
        mine = ids & raws.keys()
        for key in mine:
            try:
                self._states[key] = _require_bounded(new_state(key, raws[key]))
            except LinkError as error:
                log.warning("Home Assistant: %s is dropped: %s", key, error)
                self._states.pop(key, None)
        return bool(mine)

    def _state_after(self, key: str, raw: msgspec.Raw) -> EntityState:
        """Return the state after a difference."""
        before, difference = self._states[key], decode(raw, DifferenceIn)
        new = difference.added
        attributes = before.attributes | (new.a or {})
        for name in difference.removed.a:
            attributes.pop(name, None)
        changed = before.last_changed if new.lc is None else _instant(new.lc)
        stamp = new.lc if new.lu is None else new.lu
        updated = before.last_updated if stamp is None else _instant(stamp)
        return EntityState(
            key, before.state if new.s is None else new.s, attributes, changed, updated
        )


def _state_from(key: str, raw: msgspec.Raw) -> EntityState:
    """Return a state sent whole."""
    new = decode(raw, CompressedState)
    stamp = new.lu if new.lc is None else new.lc
    if new.s is None or stamp is None:
        raise Unreadable("a state without value or stamp")
    updated = stamp if new.lu is None else new.lu
    return EntityState(key, new.s, new.a or {}, _instant(stamp), _instant(updated))


def _instant(stamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"a stamp beyond all calendars, {stamp}") from None


def _require_bounded(state: EntityState) -> EntityState:
    """Return `state`; attributes could grow without end by many small changes."""
    size = len(msgspec.json.encode(state.attributes))
    if size > _MOST_ATTRIBUTES:
        raise TooLarge(f"attributes of {size} bytes")
    return state
