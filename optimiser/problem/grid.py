"""The connection to the grid, and the inverter that batteries and panels may share."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import (
    as_numbers,
    require_flags,
    require_limits,
    require_not_negative,
    set_fields,
    starts_of,
)

GRID_SERIES = ("import_limit", "export_limit", "import_threshold", "excess_import_price")
"""Fields of `Grid` that may differ by interval."""

N_PHASES = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The connection to the grid.

    Attributes
    ----------
    import_limit, export_limit : float or float64 array, shape (T,)
        Highest power through the meter, always or in each interval; infinite where the site
        sets none. [kW]
    phase_limit : float
        Highest import of each of three phases, over which load, solar and batteries are spread
        evenly; infinite where the site sets none. [kW]
    import_threshold : float or float64 array, shape (T,)
        Power above which imports cost more, always or in each interval. [kW]
    excess_import_price : float or float64 array, shape (T,)
        What a kWh above it costs on top of the import price; not negative. [$/kWh]
    curtailment : bool
        Whether solar may be left unused at will; what a limit of exports or the inverter cuts is
        lost in any case.
    starts : float64 array, shape (T,), or None
        Index of the limits, where they have one of time: a `Site` requires it to hold the starts
        of its horizon. [s since 1970]
    """

    import_limit: float | Vector = math.inf
    export_limit: float | Vector = math.inf
    phase_limit: float = math.inf
    import_threshold: float | Vector = math.inf
    excess_import_price: float | Vector = 0.0
    curtailment: bool = False
    starts: Vector | None = field(default=None, repr=False)

    def __init__(
        self,
        *,
        import_limit: ArrayLike = math.inf,
        export_limit: ArrayLike = math.inf,
        phase_limit: float = math.inf,
        import_threshold: ArrayLike = math.inf,
        excess_import_price: ArrayLike = 0.0,
        curtailment: bool = False,
        starts: Vector | None = None,
    ) -> None:
        series = {
            "import_limit": import_limit,
            "export_limit": export_limit,
            "import_threshold": import_threshold,
            "excess_import_price": excess_import_price,
        }
        index = starts_of(**series)
        set_fields(
            self,
            **{name: _limit(name, values) for name, values in series.items()},
            phase_limit=phase_limit,
            curtailment=curtailment,
            starts=starts if index is None else index,
        )
        require_limits(self, "phase_limit")
        if np.isinf(self.excess_import_price).any():
            raise ProblemError("excess_import_price", f"must be finite, got {math.inf!r}")
        require_flags(self, "curtailment")

    @property
    def most_import(self) -> float | Vector:
        """Highest power in through the meter, that of all phases together included. [kW]"""
        most: float | Vector = np.minimum(self.import_limit, N_PHASES * self.phase_limit)
        return most


def _limit(field: str, values: ArrayLike) -> float | Vector:
    """Return a limit or a price, which may be infinite, or a read-only array of them."""
    limit = as_numbers(field, values)
    if limit.ndim > 1:
        raise ProblemError(field, f"must be one-dimensional, got {limit.shape!r}")
    if not (limit >= 0).all():
        raise ProblemError(field, f"must not be negative, got {float(limit.min())!r}")
    if limit.ndim == 0:
        return float(limit)
    limit.setflags(write=False)
    return limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverter:
    """A hybrid inverter: one way between the house and everything behind it.

    Attributes
    ----------
    ac_limit : float
        Highest power between it and the house, either way. [kW]
    ac_charge_limit : float
        Highest power from the house into it, where that is less; infinite where it is not. [kW]
    dc_coupled_solar : bool
        Whether the panels are behind it, beside the batteries; what it cannot pass on is then
        stored or clipped.
    """

    ac_limit: float
    ac_charge_limit: float = math.inf
    dc_coupled_solar: bool = True

    def __post_init__(self) -> None:
        require_not_negative(self, "ac_limit")
        require_limits(self, "ac_charge_limit")
        require_flags(self, "dc_coupled_solar")
