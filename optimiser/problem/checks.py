"""Rules that problem types share."""

import math
import sys

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.errors import ProblemError

_LEAST, _MOST = math.ulp(0.0), sys.float_info.max  # of what is positive, and finite


def require(holds: bool, field: str, rule: str, value: object) -> None:
    """Raise `ProblemError` naming `field` unless the rule holds.

    NaN fails every comparison, so a rule written as a comparison refuses it too.
    """
    if not holds:
        raise ProblemError(field, f"{rule}, got {value!r}")


def require_fractions(owner: object, *fields: str) -> None:
    """Require fields in [0, 1]."""
    _require_within(owner, fields, 0.0, 1.0, "must lie in [0, 1]")


def require_efficiencies(owner: object, *fields: str) -> None:
    """Require fields in (0, 1]."""
    _require_within(owner, fields, _LEAST, 1.0, "must lie in (0, 1]")


def require_not_negative(owner: object, *fields: str) -> None:
    """Require fields that are finite and at least zero."""
    _require_within(owner, fields, 0.0, _MOST, "must be finite and not negative")


def _require_within(
    owner: object, fields: tuple[str, ...], least: float, most: float, rule: str
) -> None:
    for field in fields:
        value = getattr(owner, field)
        if not least <= value <= most:
            raise ProblemError(field, f"{rule}, got {value!r}")


def require_finite(field: str, value: float) -> None:
    """Require a finite number."""
    if not math.isfinite(value):
        raise ProblemError(field, f"must be finite, got {value!r}")


def frozen_vector(
    field: str,
    values: object,
    size: int | None = None,
    *,
    least: float = -math.inf,
    rule: str = "",
) -> Vector:
    """A read-only float64 copy of one-dimensional, finite `values`.

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
    try:
        vector = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProblemError(field, "must hold numbers only") from None
    if vector.ndim != 1:
        raise ProblemError(field, f"must be one-dimensional, got {vector.shape!r}")
    if size is not None and vector.size != size:
        raise ProblemError(field, f"must hold {size} values, got {vector.size}")
    lowest, _ = extent(vector)
    if not lowest >= least:
        require(not math.isnan(lowest), field, "must be finite", "NaN or infinity")
        raise ProblemError(field, f"{rule}, got {float(lowest)!r}")
    vector.setflags(write=False)
    return vector


@kernel("UniTuple(f8, 2)(Array(f8, 1, 'C', readonly=True))")
def extent(values: Vector) -> tuple[float, float]:
    """Find the lowest and the highest of values.

    Parameters
    ----------
    values : float64 array, shape (n,)
        May be read-only.

    Returns
    -------
    tuple of float
        Both NaN where a value is not finite; inf and -inf where there are none.
    """
    lowest, highest = math.inf, -math.inf
    for value in values:
        if not math.isfinite(value):
            return math.nan, math.nan
        lowest, highest = min(lowest, value), max(highest, value)
    return lowest, highest
