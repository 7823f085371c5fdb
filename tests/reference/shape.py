"""Shape of a reply: what must hold before anything can be computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from tests.reference.reading import Wire


def named(name: str, sentences: Iterable[str]) -> Iterator[str]:
    """The same sentences about one of several."""
    for sentence in sentences:
        yield f"{name}: {sentence}"


def no_object(reply: Wire, *parts: str) -> Iterator[str]:
    """Parts of the reply that are no objects."""
    for part in parts:
        if not isinstance(reply.get(part), Mapping):
            yield f"{part}: must be an object, got {reply.get(part)!r}"


def no_list(schedule: Wire, name: str, length: int) -> Iterator[str]:
    """A list that is missing, or of another length."""
    values = schedule.get(name)
    if not isinstance(values, list):
        yield f"{name}: must be a list, got {values!r}"
    elif len(values) != length:
        yield f"{name}: must have {length} entries, got {len(values)}"


def no_numbers(schedule: Wire, name: str, length: int) -> Iterator[str]:
    """A list that is missing, of another length, or holds else than finite numbers."""
    wrong = list(no_list(schedule, name, length))
    yield from wrong
    for t, value in enumerate([] if wrong else schedule[name]):
        if not is_finite_number(value):
            yield f"interval {t}: {name} must be a finite number, got {value!r}"


def no_stamps(schedule: Wire, length: int) -> Iterator[str]:
    """Timestamps that are missing, or leave open when it is."""
    wrong = list(no_list(schedule, "timestamps", length))
    yield from wrong
    for t, stamp in enumerate([] if wrong else schedule["timestamps"]):
        if instant_of(stamp) is None:
            yield f"interval {t}: timestamp must be ISO 8601 with an offset, got {stamp!r}"


def instant_of(stamp: object) -> datetime | None:
    """Absolute time with the local clock, or None where the stamp leaves it open."""
    if not isinstance(stamp, str):
        return None
    try:
        instant = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return None if instant.utcoffset() is None else instant


def is_finite_number(value: object) -> bool:
    """Whether it is an int or a float, neither NaN nor infinite; booleans are not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def wrong_numbers(
    subject: str, told: Wire, due: Mapping[str, tuple[float, float]]
) -> Iterator[str]:
    """Numbers of an object that miss their due value by more than their tolerance."""
    for name, (value, tolerance) in due.items():
        got = told.get(name)
        if not is_finite_number(got):
            yield f"{subject}: {name} must be a finite number, got {got!r}"
        elif abs(got - value) > tolerance:
            yield f"{subject}: {name} must be {value:.6f}, got {got}"
