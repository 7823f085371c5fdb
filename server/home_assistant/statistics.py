"""Long-term and five-minute statistics of Home Assistant's recorder."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from server.home_assistant.link import Link

Period: TypeAlias = Literal["5minute", "hour", "day"]


class Change(NamedTuple):
    """One row of statistics: energy [kWh], or a mean or maximum of power [W] or another unit."""

    start: datetime
    end: datetime
    value: float


async def changes(
    link: Link, ids: Iterable[str], start: datetime, end: datetime, period: Period
) -> dict[str, list[Change]]:
    """Return energy in each period [kWh], by statistic; one without rows is absent."""
    raise NotImplementedError


async def means(
    link: Link, ids: Iterable[str], start: datetime, end: datetime, period: Period
) -> dict[str, list[Change]]:
    """Return the mean in each period, by statistic; powers in W."""
    raise NotImplementedError


async def maxima(
    link: Link, ids: Iterable[str], start: datetime, end: datetime, period: Period
) -> dict[str, list[Change]]:
    """Return the maximum in each period, by statistic; powers in W."""
    raise NotImplementedError
