"""Money by local day, and forecasts of price and state of charge in few rows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple, TypedDict

from server.settings.home import Settings
from server.sources.rows import Rows
from server.telling.intervals import Interval
from server.telling.self_consumption import house_powers, storages_with_reserve, through_inverter

MOST_POINTS = 200
"""Of one forecast: at 60 bytes each they stay under the 16,384 bytes of attributes that Home
Assistant records, other attributes included."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_STEPS = (30, 60, 120, 180, 360, 720, 1440)  # min


class DayMoney(NamedTuple):
    """Costs of a local day from now on, demand charges and allowances apart.

    Attributes
    ----------
    cost : float
        Import less export by the plan. [money]
    plain_cost : float
        The same by plain self-consumption with the reserve, the cars charging as planned. [money]
    import_kwh, export_kwh : float
        By the plan. [kWh]
    """

    cost: float
    plain_cost: float
    import_kwh: float
    export_kwh: float

    @property
    def savings(self) -> float:
        """Savings of the plan. [money]"""
        return self.plain_cost - self.cost


_NOTHING = DayMoney(0.0, 0.0, 0.0, 0.0)


class Point(TypedDict):
    """One value of a forecast, as dashboards read it."""

    time: str
    value: float


def money_by_day(
    intervals: Sequence[Interval], imports: Rows, exports: Rows, settings: Settings, zone: tzinfo
) -> dict[date, DayMoney]:
    """Return the money of each local day that the intervals begin in.

    A day is left out where some interval has no price, or the intervals end before it does.
    """
    if intervals and len(intervals[0].powers) != len(settings.batteries):
        return {}  # a plan of other settings
    spans = [(one.start, one.end) for one in intervals]
    prices, rewards = means(imports, spans), means(exports, spans)
    nets = plain_imports(intervals, settings, rewards)
    days: dict[date, DayMoney] = {}
    gaps = {one.end.astimezone(zone).date() for one in intervals[-1:]}
    for interval, net, price, reward in zip(intervals, nets, prices, rewards, strict=True):
        day = interval.start.astimezone(zone).date()
        if price is None or reward is None:
            gaps.add(day)
            continue
        days[day] = _add(days.get(day, _NOTHING), interval, net, price, reward)
    return {day: money for day, money in days.items() if day not in gaps}


def _add(
    money: DayMoney, interval: Interval, plain_w: float, price: float, reward: float
) -> DayMoney:
    kilo = interval.hours / 1000.0
    bought, sold, plain = (
        kilo * power for power in (interval.grid_import, interval.grid_export, plain_w)
    )
    return DayMoney(
        money.cost + price * bought - reward * sold,
        money.plain_cost + plain * (price if plain > 0.0 else reward),
        money.import_kwh + bought,
        money.export_kwh + sold,
    )


def plain_imports(
    intervals: Sequence[Interval], settings: Settings, rewards: Sequence[float | None]
) -> list[float]:
    """Return the power from the grid by plain self-consumption; negative is into it. [W]"""
    if not intervals:
        return []
    socs = [*intervals[0].socs]
    storages = storages_with_reserve(settings, socs)
    limit = settings.meter.max_export_kw
    most = float("inf") if limit is None else 1000.0 * limit
    nets = []
    for interval, reward in zip(intervals, rewards, strict=True):
        powers = house_powers(storages, socs, interval.surplus, interval.hours)
        total = sum(powers)
        share = through_inverter(total, interval.solar, settings.inverter) / total if total else 0.0
        socs = [
            soc + interval.hours * storage.gain(share * power)
            for storage, soc, power in zip(storages, socs, powers, strict=True)
        ]
        is_shut = settings.solar.may_curtail and reward is not None and reward < 0.0
        nets.append(max(share * total - interval.surplus, 0.0 if is_shut else -most))
    return nets


def means(rows: Rows, spans: Iterable[tuple[datetime, datetime]]) -> list[float | None]:
    """Return the mean of rows over each span, of the part that they cover; None where none is.

    The spans are in the order of time.
    """
    pieces = [
        (row.start, row.end or (following.start if following else _NEVER), row.value)
        for row, following in pairwise([*rows, None])
        if row is not None
    ]
    found: list[float | None] = []
    first = 0
    for start, end in spans:
        while first < len(pieces) and pieces[first][1] <= start:
            first += 1
        seconds = total = 0.0
        for begins, ends, value in pieces[first:]:
            if begins >= end:
                break
            overlap = (min(end, ends) - max(begins, start)).total_seconds()
            seconds, total = seconds + overlap, total + overlap * value
        found.append(total / seconds if seconds > 0.0 else None)
    return found


def price_points(rows: Rows, now: datetime, end: datetime, zone: tzinfo) -> list[Point]:
    """Return the mean price of each half hour from the running one on, or of longer steps."""
    edges = _edges(now, end, zone)
    prices = means(rows, pairwise(edges))
    return [
        {"time": _local(edge, zone), "value": round(price, 5)}
        for edge, price in zip(edges, prices, strict=False)
        if price is not None
    ]


def soc_points(
    intervals: Sequence[Interval], weights: Sequence[float], now: datetime, zone: tzinfo
) -> list[Point]:
    """Return the state of charge in per cent at each coming half hour, or at longer steps.

    The weights are the capacities of the batteries.
    """
    if not intervals or not sum(weights):
        return []
    edges = iter(_edges(now, intervals[-1].end, zone)[1:])
    points: list[Point] = []
    edge = next(edges, None)
    for interval in intervals:
        while edge is not None and edge <= interval.end:
            share = (edge - interval.start) / (interval.end - interval.start)
            before, after = (_mean(socs, weights) for socs in (interval.socs, interval.socs_end))
            soc = before + min(max(share, 0.0), 1.0) * (after - before)
            points.append({"time": _local(edge, zone), "value": round(100.0 * soc, 1)})
            edge = next(edges, None)
    return points


def _edges(now: datetime, end: datetime, zone: tzinfo) -> list[datetime]:
    """Return instants from the running step to the end, so many that an entity can hold them.

    They are in UTC: differences of instants in one zone are those of its clocks.
    """
    minutes = (end - now).total_seconds() / 60.0
    step = next((step for step in _STEPS if minutes / step < MOST_POINTS - 1), _STEPS[-1])
    local = now.astimezone(zone)
    past = (60 * local.hour + local.minute) % step if step <= _STEPS[1] else local.minute % 60
    first = now.astimezone(UTC) - timedelta(
        minutes=past, seconds=local.second, microseconds=local.microsecond
    )
    count = min(int((end - first).total_seconds() // (60.0 * step)) + 1, MOST_POINTS)
    return [first + timedelta(minutes=t * step) for t in range(count + 1)]


def _local(when: datetime, zone: tzinfo) -> str:
    return when.astimezone(zone).isoformat()


def _mean(socs: Sequence[float], weights: Sequence[float]) -> float:
    return sum(soc * weight for soc, weight in zip(socs, weights, strict=True)) / sum(weights)
