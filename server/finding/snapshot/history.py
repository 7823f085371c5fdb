"""Powers and energies that the recorder's statistics show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from server.home_assistant.energy import BatterySource
from server.home_assistant.link import Link
from server.home_assistant.statistics import Change, changes, means
from server.settings.ranges import POWER

_DAY = timedelta(days=1)
_RANK = 3  # a power counts where it was reached so often: one glitch is none
_LEAST_KW = 0.3  # less is standby
_COARSE_FROM_KW = 10.0
_KW = 1e-3  # a W


@dataclass(frozen=True, slots=True)
class _Span:
    """Rows to read; `run` of them are averaged, which flattens the steps of coarse counters."""

    period: Literal["5minute", "hour"]
    length: timedelta
    run: int


_SPANS = (
    _Span("hour", timedelta(days=28), 1),
    _Span("5minute", timedelta(days=10), 3),  # Home Assistant keeps them no longer
)


@dataclass(frozen=True, slots=True)
class Powers:
    """Highest powers of one battery [kW], None where its history does not tell."""

    charge_kw: float | None = None
    discharge_kw: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryMeters:
    """Statistics of one battery.

    Attributes
    ----------
    energy_in, energy_out : str or None
        What it charges and discharges.
    rate_in, rate_out : str or None
        Power of charging and of discharging; the same id where one statistic has a sign.
    sign : int
        Of a power that charges, where one statistic has both.
    """

    energy_in: str | None = None
    energy_out: str | None = None
    rate_in: str | None = None
    rate_out: str | None = None
    sign: int = -1


def meters_of(source: BatterySource) -> BatteryMeters:
    """Return the statistics that the Energy dashboard names for a battery."""
    energies = (source.stat_energy_to, source.stat_energy_from)
    config = source.power_config
    if config and config.stat_rate_inverted:
        return BatteryMeters(*energies, config.stat_rate_inverted, config.stat_rate_inverted, 1)
    if config and config.stat_rate_from and config.stat_rate_to:
        return BatteryMeters(*energies, config.stat_rate_to, config.stat_rate_from)
    rate = (config and config.stat_rate) or source.stat_rate
    return BatteryMeters(*energies, rate, rate)


async def read_powers(link: Link, meters: BatteryMeters, now: datetime) -> Powers:
    """Return the highest powers of the last weeks, from the powers' statistics or the energies'."""
    charge, discharge = 0.0, 0.0
    signs = (meters.sign, -meters.sign) if meters.rate_in == meters.rate_out else (1, 1)
    for span in _SPANS:
        rows_in = await _powers(link, span, (meters.rate_in, meters.energy_in), signs[0], now)
        rows_out = await _powers(link, span, (meters.rate_out, meters.energy_out), signs[1], now)
        charge = max(charge, _top(rows_in, span.run))
        discharge = max(discharge, _top(rows_out, span.run))
    return Powers(round_up(charge), round_up(discharge))


async def _powers(
    link: Link, span: _Span, ids: tuple[str | None, str | None], sign: int, now: datetime
) -> list[Change]:
    """Return rows of mean power [kW] of one direction, positive where it has that direction."""
    rate, energy = ids
    start = now - span.length
    rows = (await means(link, [rate], start, now, span.period)).get(rate, []) if rate else []
    if rows:
        return [row._replace(value=sign * row.value * _KW) for row in rows]
    found = await changes(link, [energy], start, now, span.period) if energy else {}
    return [row._replace(value=row.value / _hours(row)) for row in found.get(energy or "", [])]


async def read_last_day(link: Link, ids: set[str], now: datetime) -> dict[str, float]:
    """Return energy of the last 24 whole hours [kWh], by statistic; one without rows is absent."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = await changes(link, ids, hour - _DAY, hour, "hour") if ids else {}
    return {id: sum(row.value for row in rows[id]) for id in rows if rows[id]}


def round_up(power: float) -> float | None:
    """Return a power on the next step of a type plate [kW], or None where no home has it."""
    if not _LEAST_KW <= power <= POWER.high:
        return None
    per_kw = 10 if power < _COARSE_FROM_KW else 2
    return math.ceil(power * per_kw - 1e-6) / per_kw


def _hours(row: Change) -> float:
    return max((row.end - row.start) / timedelta(hours=1), 1e-9)


def _top(rows: Sequence[Change], run: int) -> float:
    """Return the third highest mean power of `run` rows in sequence.

    A row after a gap may hold the energy of the whole gap, and one among rows of zero that of
    half an hour where a counter moves so seldom: neither counts.
    """
    follows = [before.end == row.start for before, row in pairwise(rows)]
    tops = []
    for last in range(run, len(rows)):
        powers = [row.value for row in rows[last - run + 1 : last + 1]]
        if all(follows[last - run : last]) and min(powers) > 0:
            tops.append(sum(powers) / run)
    return sorted(tops)[-_RANK] if len(tops) >= _RANK else 0.0
