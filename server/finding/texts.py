"""Numbers, times and reasons as proposals show them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.finding.found import MOST_ALTERNATIVES, Alternative, Proposal
from server.finding.snapshot.entities import Entity
from server.settings.ranges import Range

_LARGE = 1e4
_NO_STATE = {"unknown", "unavailable", ""}


def is_in(range_: Range, value: float) -> bool:
    """Return True where the settings accept a number."""
    return range_.low <= value <= range_.high


def number_text(value: float) -> str:
    """Return a number with what a person reads of it: four digits."""
    return f"{value:.4g}" if abs(value) < _LARGE else f"{value:.0f}"


def state_text(entity: Entity) -> str:
    """Return the present state of an entity."""
    if entity.state in _NO_STATE:
        return "no value now"
    return number_text(entity.number) if entity.number is not None else entity.state


def until_text(end: datetime, now: datetime) -> str:
    """Return the time in words until which something is published."""
    hours = round((end - now) / timedelta(hours=1))
    return f"for the next {hours} hours" if hours > 1 else "for about an hour"


def sentence(*reasons: str | None) -> str:
    """Return reasons as sentences, each once."""
    kept = list(dict.fromkeys(reason for reason in reasons if reason))
    return " ".join(f"{reason[0].upper()}{reason[1:]}." for reason in kept)


def propose(field: str, label: str, ranked: Sequence[Alternative]) -> Proposal | None:
    """Return the first as the proposal for a field and the next as its alternatives.

    `label` says in words which field it is; that of an alternative, which choice.
    """
    if not ranked:
        return None
    best, *others = ranked
    return Proposal(
        field=field,
        label=f"{label}: {best.label}" if best.label else label,
        value=best.value,
        unit=best.unit,
        age_s=best.age_s,
        why=best.why,
        choice=best.choice,
        alternatives=list(others[:MOST_ALTERNATIVES]),
    )
