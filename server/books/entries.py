"""Entries of the books."""

import math
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

import msgspec

from server.settings.home import Mode

INTERVAL = 300
"""Length of an interval; all begin at multiples of it since 1970. [s]"""

Action = Literal["charge", "normal", "export", "hold"]


class BatteryReading(msgspec.Struct, kw_only=True):
    """Energy of one battery in an interval [kWh], and its mean state of charge, 0 to 1."""

    energy_in: float | None = None
    energy_out: float | None = None
    soc: float | None = None


class Reading(msgspec.Struct, kw_only=True):
    """Measured energies of one interval [kWh], and the prices in force [money/kWh].

    None is unknown, and leaves what is known already; a home without solar, car or export has
    zeros.  `batteries` has an entry for each, in the order of the settings; `load` is without
    the car; `is_published` is False for prices that were guessed.
    """

    start: datetime
    grid_in: float | None = None
    grid_out: float | None = None
    solar: float | None = None
    load: float | None = None
    car: float | None = None
    batteries: list[BatteryReading] = []
    import_price: float | None = None
    export_price: float | None = None
    is_published: bool | None = None


class Expected(msgspec.Struct, kw_only=True):
    """Expectation of a plan for one of its intervals.

    Energies are those of the whole interval [kWh], `soc` the share of the capacity of all
    batteries at its end; `load` is without the cars, `solar` without what is left unused.
    """

    start: datetime
    seconds: float
    grid_in: float
    grid_out: float
    load: float
    solar: float
    soc: float | None
    import_price: float
    export_price: float


class PlanEntry(msgspec.Struct, kw_only=True):
    """One plan: its first command, and all that it expects.

    `made` is in the zone of the home, whose days the claims of plans are kept by.
    """

    made: datetime
    action: Action
    power_w: float
    until: datetime
    target_soc: float | None
    reason_code: str
    expected: list[Expected]


class CommandEntry(msgspec.Struct, kw_only=True):
    """A command that was told; `is_acted` where it was also given to the battery."""

    at: datetime
    action: Action
    power_w: float
    until: datetime
    target_soc: float | None
    reason_code: str
    mode: Mode
    is_acted: bool


class VirtualEntry(msgspec.Struct, kw_only=True):
    """Virtual batteries of watch mode: what they did in an interval, and where it left them.

    `socs` are their states of charge at its end.  `gained` is the energy that they hold more than
    at its beginning, as it comes out of them.  Without energies the entry is where watching begins,
    or ended: there without `socs`.  [kWh]
    """

    start: datetime
    socs: list[float]
    soc: float | None = None
    grid_in: float | None = None
    grid_out: float | None = None
    battery_in: float | None = None
    battery_out: float | None = None
    gained: float | None = None

    @property
    def end(self) -> datetime:
        """End of the interval."""
        return self.start + timedelta(seconds=INTERVAL)


class ForecastEntry(msgspec.Struct, kw_only=True):
    """Forecast as made: mean powers of hours from `start` on. [kW]"""

    made: datetime
    start: datetime
    load: list[float]
    solar: list[float]


class PriceSpan(NamedTuple):
    """Prices that were in force from `start` to `end`. [money/kWh]"""

    start: datetime
    end: datetime
    import_price: float | None
    export_price: float | None
    is_published: bool


def seconds_of(when: datetime) -> int:
    """Return an instant in whole seconds since 1970; it must be aware."""
    if when.tzinfo is None:
        raise ValueError(f"instants of the books are time-zone aware, got {when}")
    return math.floor(when.timestamp())


def instant_of(seconds: float) -> datetime:
    """Return the instant of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def bounds_of(day: date, zone: tzinfo) -> tuple[int, int]:
    """Return the beginning and the end of a local day, which may have 23 or 25 hours. [s]"""
    ends = day, day + timedelta(days=1)
    first, last = (seconds_of(datetime.combine(one, time(), zone)) for one in ends)
    return first, last


def finite(value: float | None) -> float | None:
    """Return a number as it is, and None for what is none."""
    return value if value is not None and math.isfinite(value) else None
