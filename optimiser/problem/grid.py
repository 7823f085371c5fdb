"""The connection to the grid, and the inverter that batteries and panels may share."""

import math
from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.checks import require_not_negative


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The connection to the grid.

    Attributes
    ----------
    import_limit, export_limit : float or float64 array, shape (T,)
        Highest power through the meter, always or in each interval; infinite where the site
        sets none. [kW]
    curtailment : bool
        Whether solar may be left unused at will; what a limit of exports or the inverter cuts is
        lost in any case.
    """

    import_limit: float | Vector = math.inf
    export_limit: float | Vector = math.inf
    curtailment: bool = False

    def __post_init__(self) -> None:
        for name in ("import_limit", "export_limit"):
            limit = np.array(getattr(self, name), dtype=np.float64)
            if not (limit >= 0).all():
                lowest = float(limit.min(initial=np.inf))
                raise ProblemError(name, f"must not be negative, got {lowest!r}")
            if limit.ndim > 0:
                limit.setflags(write=False)
                object.__setattr__(self, name, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverter:
    """A hybrid inverter: one way between the house and everything behind it.

    Attributes
    ----------
    ac_limit : float
        Highest power between it and the house, either way. [kW]
    dc_coupled_solar : bool
        Whether the panels are behind it, beside the batteries; what it cannot pass on is then
        stored or clipped.
    """

    ac_limit: float
    dc_coupled_solar: bool = True

    def __post_init__(self) -> None:
        require_not_negative(self, "ac_limit")
