"""What happened at one house, half hour by half hour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.days import Vector

HOURS = 0.5
"""Length of every interval. [h]"""
DAY = 48
"""Intervals of a day."""
HORIZON = 2 * DAY
"""Intervals that every plan looks ahead."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """The data that a replay is judged by.

    Attributes
    ----------
    title : str
        What it is, for the report.
    starts : datetime64[m] array, shape (N,)
        Beginning of each half hour, UTC; none is missing.
    import_price, export_price : float64 array, shape (N,)
        Cost of energy in, reward for energy out. [$/kWh]
    load, solar : float64 array, shape (N,)
        Energy drawn by the home and offered by the panels. [kWh per interval]
    zone : ZoneInfo
        Clock of the house.
    """

    title: str
    starts: NDArray[np.datetime64]
    import_price: Vector
    export_price: Vector
    load: Vector
    solar: Vector
    zone: ZoneInfo

    def __post_init__(self) -> None:
        steps = np.diff(self.starts)
        if np.any(steps != np.timedelta64(30, "m")):
            raise ValueError(f"{self.title}: must hold every half hour")
        if self.size < 2 * DAY:
            raise ValueError(f"{self.title}: must hold two days or more, got {self.size / DAY:g}")
        for name in ("import_price", "export_price", "load", "solar"):
            values = getattr(self, name)
            if values.shape != self.starts.shape or not np.isfinite(values).all():
                raise ValueError(f"{self.title}: {name} must hold a number for every half hour")

    @property
    def size(self) -> int:
        """Number of half hours, N."""
        return int(self.starts.size)

    @property
    def net_load(self) -> Vector:
        """Load less solar; shape (N,). [kWh per interval]"""
        return self.load - self.solar

    def local(self, at: int) -> datetime:
        """Beginning of one half hour on the clock of the house."""
        start: datetime = self.starts[at].astype(datetime)
        return start.replace(tzinfo=UTC).astimezone(self.zone)

    def months(self) -> Sequence[str]:
        """Month of each half hour on the clock of the house, as ``2025-01``."""
        return [f"{self.local(at):%Y-%m}" for at in range(self.size)]

    def days(self, count: int) -> "Record":
        """The first days of it, one more than `count`: the first is history only."""
        last = min(self.size, (count + 1) * DAY)
        arrays = ("starts", "import_price", "export_price", "load", "solar")
        return replace(self, **{name: getattr(self, name)[:last] for name in arrays})
