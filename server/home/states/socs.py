"""State of charge of batteries, and how long an old one counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from server.home.readings import SocReading

FRESH = timedelta(minutes=15)
"""An older reading is carried by the plan before."""

CARRIED = timedelta(minutes=30)
"""So long; then nothing is commanded."""

# A sensor that reports changes only is alive while its device is, and while there was nothing to
# report: one step of most sensors is a per cent, and two are no rounding.
_STILL = 0.02

_JUMP = 0.2  # a battery that counts anew moves by some per cent at once


@dataclass(frozen=True, slots=True)
class ExpectedSocs:
    """Expectation of the plan before.

    Attributes
    ----------
    instants : sequence of datetime
        Its beginning and ends of its intervals, ascending.
    socs : sequence of sequences of float
        Of each battery, at each instant; 0 to 1.  The last may lack its instant.
    """

    instants: Sequence[datetime]
    socs: Sequence[Sequence[float]]

    def move(self, battery: int, since: datetime, until: datetime) -> float:
        """Return by how much the state of charge of a battery was to change; 0 where unknown."""
        if battery >= len(self.socs):
            return 0.0
        soc = np.asarray(self.socs[battery], dtype=np.float64)[: len(self.instants)]
        at = [instant.timestamp() for instant in self.instants[: soc.size]]
        if not at or not np.isfinite(soc).all():
            return 0.0
        before, after = np.interp([since.timestamp(), until.timestamp()], at, soc)
        return float(after - before)


@dataclass(frozen=True, slots=True)
class GoodSoc:
    """Last good reading of a battery, kept from one plan to the next.

    Attributes
    ----------
    value : float
        0 to 1.
    at : datetime
        Of its last report.
    move : float
        Change that plans expected since.
    good_until : datetime
        Older than this, it is carried.
    """

    value: float
    at: datetime
    move: float
    good_until: datetime

    @property
    def expectation(self) -> float:
        """State of charge to expect now."""
        return min(1.0, max(0.0, self.value + self.move))


def remember(
    last: GoodSoc | None, value: float | None, at: datetime | None, move: float, now: datetime
) -> GoodSoc | None:
    """Return the last good reading after one more look.

    Parameters
    ----------
    last : GoodSoc or None
        That of the look before.
    value : float or None
        Seen now; None where the entity is gone, unknown or no number.
    at : datetime or None
        Of its last report.
    move : float
        Change that the plan before expected since the look before.
    now : datetime
        A report cannot be later.
    """
    if last and last.at > now:  # the clock was set back
        last = None
    if value is None or at is None:
        return replace(last, move=last.move + move) if last else None
    at = min(at, now)
    if last and last.value == value and last.at >= at:
        return replace(last, move=last.move + move)
    return GoodSoc(value, at, 0.0, at + FRESH)


def is_doubtful(last: GoodSoc | None, value: float | None, now: datetime, per_hour: float) -> bool:
    """Return whether a reading is beyond all that the battery can do since the last one.

    Feeds flicker to 0 or 100 % for a moment; what stays for a quarter of an hour is believed.

    Parameters
    ----------
    last : GoodSoc or None
        Reading before.
    value : float or None
        The new one.
    now : datetime
        Of the new one.
    per_hour : float
        Highest change in an hour. [1/h]
    """
    if last is None or value is None or now - last.at > FRESH:
        return False
    return abs(value - last.value) > _JUMP + per_hour * ((now - last.at) / timedelta(hours=1))


def confirm(good: GoodSoc, device_at: datetime | None, now: datetime) -> GoodSoc:
    """Return a reading that its device confirms: another entity of it has reported lately."""
    is_alive = device_at is not None and now - device_at <= FRESH
    if is_alive and abs(good.move) <= _STILL:
        return replace(good, good_until=max(good.good_until, now))
    return good


def reading_of(good: GoodSoc, now: datetime) -> SocReading:
    """Return the reading to plan with."""
    if now <= good.good_until:
        return SocReading(value=good.value, at=good.at)
    is_commandable = now <= good.good_until + CARRIED
    return SocReading(
        value=good.expectation, at=good.at, is_carried=True, is_commandable=is_commandable
    )
