"""Rules that problem types share."""

import math
import sys
from functools import partial

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError


def _require_within(owner: object, *fields: str, least: float, most: float, rule: str) -> None:
    """Require fields within a range."""
    for field in fields:
        value = getattr(owner, field)
        if not least <= value <= most:
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


def require_finite(field: str, value: float) -> None:
    """Require a finite number."""
    if not math.isfinite(value):
        raise ProblemError(field, f"must be finite, got {value!r}")


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
    try:
        vector = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProblemError(field, "must hold numbers only") from None
    if vector.ndim != 1:
        raise ProblemError(field, f"must be one-dimensional, got {vector.shape!r}")
    if size is not None and vector.size != size:
        raise ProblemError(field, f"must hold {size} values, got {vector.size}")
    if not np.isfinite(vector).all():
        raise ProblemError(field, "must be finite, got 'NaN or infinity'")
    if (vector < least).any():
        raise ProblemError(field, f"{rule}, got {float(vector.min())!r}")
    vector.setflags(write=False)
    return vector
