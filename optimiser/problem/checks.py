"""Rules that problem types share."""

import math
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from numbers import Real
from typing import TypeAlias, TypeGuard, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from optimiser.errors import ProblemError

Member = TypeVar("Member", bound=StrEnum)
Kind = TypeVar("Kind")

Series: TypeAlias = float | Sequence[float] | Vector
"""A number, or one for each interval; kept as a tuple."""

Flags: TypeAlias = bool | Sequence[bool] | NDArray[np.bool_]
"""True or False, always or in each interval; kept as a tuple."""

_TRUTHS = (bool, np.bool_)
_LONGEST = 80  # characters of a value in an error
_STRAIGHT = 1e-6  # of the highest power; rounding of slopes


def excerpt(value: object) -> str:
    """Return a value as an error quotes it."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def require_member(field: str, value: object, choices: type[Member]) -> Member:
    """Return the member of an enumeration that a value is, or is the text of."""
    try:
        return choices(cast(str, value))
    except ValueError:
        texts = ", ".join([f"'{choice}'" for choice in choices])
        raise ProblemError(field, f"must be one of {texts}, got {excerpt(value)}") from None


def require_kinds(**fields: tuple[object, type]) -> None:
    """Require instances of classes: a value and its class for each field."""
    for field, (value, kind) in fields.items():
        if not isinstance(value, kind):
            rule = f"must be of the class {kind.__name__}, got {excerpt(value)}"
            raise ProblemError(field, rule)


def require_sequence(
    field: str, values: object, kind: type[Kind] | tuple[type[Kind], ...]
) -> tuple[Kind, ...]:
    """Return what a list, a tuple or another iterable holds: instances of a class, or of some."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    entries = tuple(values) if isinstance(values, Iterable) else (None,)
    for entry in entries:
        if not isinstance(entry, kinds):
            names = " or ".join([one.__name__ for one in kinds])
            rule = f"must be a sequence of {names}, got {excerpt(values)}"
            raise ProblemError(field, rule)
    return entries


def require_flags(owner: object, *fields: str) -> None:
    """Require fields that are True or False, or a tuple of these."""
    for field in fields:
        values = getattr(owner, field)
        for value in values if isinstance(values, tuple) else (values,):
            if not isinstance(value, _TRUTHS):
                raise ProblemError(field, f"must be True or False, got {excerpt(value)}")


def _is_aware(when: object) -> TypeGuard[datetime]:
    """Return whether something is an instant; pandas has a datetime that is none, NaT."""
    return isinstance(when, datetime) and when.tzinfo is not None and when.utcoffset() is not None


def require_instant(field: str, when: object) -> datetime:
    """Return a time-zone aware datetime as a plain one, which a pandas.Timestamp is not."""
    if not _is_aware(when):
        raise ProblemError(field, f"must be a time-zone aware datetime, got {excerpt(when)}")
    if type(when) is datetime:
        return when
    return datetime.combine(when.date(), when.timetz()).replace(fold=when.fold)


def _require_within(owner: object, *fields: str, least: float, most: float, rule: str) -> None:
    """Require fields that are numbers within a range, or tuples of such."""
    for field in fields:
        values = getattr(owner, field)
        for value in values if isinstance(values, tuple) else (values,):
            if not isinstance(value, Real) or isinstance(value, _TRUTHS):
                raise ProblemError(field, f"must be a number, got {excerpt(value)}")
            if not least <= float(value) <= most:
                raise ProblemError(field, f"{rule}, got {value!r}")


require_fractions = partial(_require_within, least=0.0, most=1.0, rule="must lie in [0, 1]")
"""Require fields in [0, 1]."""

require_efficiencies = partial(
    _require_within, least=math.ulp(0.0), most=1.0, rule="must lie in (0, 1]"
)
"""Require fields in (0, 1]."""

require_not_negative = partial(
    _require_within,
    least=0.0,
    most=sys.float_info.max,
    rule="must be finite and not negative",
)
"""Require fields that are finite and at least zero."""

require_limits = partial(_require_within, least=0.0, most=math.inf, rule="must not be negative")
"""Require fields that are at least zero, and infinite where nothing is limited."""


def require_finite(**fields: float) -> None:
    """Require finite numbers."""
    for field, value in fields.items():
        if not isinstance(value, Real) or isinstance(value, _TRUTHS):
            raise ProblemError(field, f"must be a number, got {excerpt(value)}")
        if not math.isfinite(value):
            raise ProblemError(field, f"must be finite, got {value!r}")


def as_numbers(field: str, values: object) -> Vector:
    """Return a float64 copy of numbers; text, dates and masks, which numpy converts, are none."""
    try:
        raw, numbers = np.asarray(values), np.array(values, dtype=np.float64)
        is_text = raw.dtype.kind == "O" and bool({str, bytes} & {*map(type, raw.flat)})
        # Only masked arrays have a mask; to ask numpy.ma would load it, which takes 1.2 MiB.
        is_masked = isinstance(values, np.ndarray) and np.any(getattr(values, "mask", False))
        if raw.dtype.kind in "biufO" and not is_text and not is_masked:
            return numbers
    except (TypeError, ValueError, OverflowError):
        pass
    raise ProblemError(field, f"must hold numbers only, got {excerpt(values)}") from None


def freeze_curve(owner: object, field: str) -> None:
    """Make a tuple of pairs of a field: power that falls with the state of charge, ever faster."""
    values = getattr(owner, field)
    numbers = as_numbers(field, values)
    if not numbers.size and numbers.ndim == 1:
        set_fields(owner, **{field: ()})
        return
    if numbers.ndim != 2 or numbers.shape[1] != 2:  # noqa: PLR2004 - state of charge and power
        raise ProblemError(field, f"must hold pairs of numbers, got {excerpt(values)}")
    soc, power = numbers.T
    if not np.isfinite(numbers).all() or (power < 0.0).any():
        raise ProblemError(field, f"must hold finite powers from 0 on, got {excerpt(values)}")
    if soc[0] < 0.0 or soc[-1] != 1.0 or (np.diff(soc) <= 0.0).any():
        rule = "must hold states of charge in [0, 1] that rise from pair to pair and end at 1"
        raise ProblemError(field, f"{rule}, got {excerpt(values)}")
    falls = np.append(0.0, -np.diff(power) / np.diff(soc))  # level before the first pair
    if (np.diff(falls) < -_STRAIGHT * power.max()).any():
        rule = "must be concave: no power may rise, and none fall more slowly than before"
        raise ProblemError(field, f"{rule}, got {excerpt(values)}")
    set_fields(owner, **{field: tuple([(at, most) for at, most in numbers.tolist()])})


def freeze_series(owner: object, *fields: str) -> None:
    """Make tuples of those fields that hold a value for each interval."""
    for field in fields:
        values = getattr(owner, field)
        if isinstance(values, float | int | str | np.generic | None):
            continue
        numbers, raw = as_numbers(field, values), np.asarray(values)
        if numbers.ndim != 1 or not numbers.size:
            rule = "must be a number, or hold one for each interval"
            raise ProblemError(field, f"{rule}, got {excerpt(values)}")
        entries = raw if raw.dtype.kind == "b" else numbers
        set_fields(owner, **{field: tuple(entries.tolist())})


def freeze_vector(
    field: str,
    values: object,
    size: int | None = None,
    *,
    least: float = -math.inf,
    rule: str = "",
) -> Vector:
    """Return a read-only float64 copy of one-dimensional, finite `values`.

    Parameters
    ----------
    field : str
        Name used in the error.
    values : array_like, shape (size,)
        Numbers.
    size : int, optional
        Required length.
    least : float
        Lowest entry that is not refused.
    rule : str
        Puts that into words.

    Returns
    -------
    float64 array, shape (size,)
        Contiguous and not writeable.

    Raises
    ------
    ProblemError
        Where an entry is not a finite number or too low, or the length is wrong.
    """
    is_plain = type(values) is np.ndarray and values.dtype == np.float64
    vector = np.array(values) if is_plain else as_numbers(field, values)
    if vector.ndim != 1:
        got = repr(vector.shape) if vector.ndim else f"the single number {vector}"
        raise ProblemError(field, f"must be one-dimensional, a list or series, got {got}")
    if size is not None and vector.size != size:
        raise ProblemError(field, f"must hold {size} values, got {vector.size}")
    if not np.isfinite(vector).all():
        raise ProblemError(field, "must be finite, got 'NaN or infinity'")
    if (vector < least).any():
        raise ProblemError(field, f"{rule}, got {float(vector.min())!r}")
    vector.setflags(write=False)
    return vector


def starts_of(**series: object) -> Vector | None:
    """Return the instants that the indices of series hold, which must be the same. [s since 1970]

    An index is what pandas calls so.  One of positions, from 0 on, says nothing.
    """
    found: Vector | None = None
    for field, values in series.items():
        if not (hasattr(values, "index") and hasattr(values, "to_numpy")):  # a list has the first
            continue
        labels = list(values.index)
        if labels == list(range(len(labels))):
            continue
        starts = np.array([_instant_of(field, label) for label in labels])
        if found is not None and not np.array_equal(found, starts):
            raise ProblemError(field, "must have the index of the series before it")
        found = starts
    return found


def _instant_of(field: str, label: object) -> float:
    """Return an entry of an index. [s since 1970]"""
    if not _is_aware(label):
        rule = f"must have an index of time-zone aware instants, got {excerpt(label)}"
        raise ProblemError(field, rule)
    return label.timestamp()


def set_fields(owner: object, **values: object) -> None:
    """Set fields of a frozen dataclass, for its constructor."""
    for field, value in values.items():
        object.__setattr__(owner, field, value)
