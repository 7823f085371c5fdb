"""PowerSync's own view of its plan, where that integration is installed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from math import isfinite
from typing import Any, Literal, TypeAlias

import msgspec

from server.home_assistant.link import Link, LinkDown, LinkError
from server.home_assistant.transport.messages import decode_or_none
from server.sources.rows import Row, Rows
from server.wire.repairs import number_from_json

_PATH = "power_sync/optimization"
_INTERVAL = timedelta(minutes=5)
_WATTS = 1000.0  # per kW
_PER_CENT = 100.0
_MOST = 10_000  # rows; a week of minutes

Numbers: TypeAlias = list[Any] | None


class ScheduleIn(msgspec.Struct, kw_only=True):
    """Its plan by stamps: prices in money/kWh, powers in W, `soc` a share.

    Lists may be shorter than the stamps, as prices are where none is published.
    """

    timestamps: list[Any] = []
    import_price: Numbers = None
    export_price: Numbers = None
    charge_w: Numbers = None
    discharge_w: Numbers = None
    soc: Numbers = None
    grid_import_w: Numbers = None
    grid_export_w: Numbers = None


class ForecastIn(msgspec.Struct, kw_only=True):
    """Its forecasts by stamps. [kW]"""

    timestamps: list[Any] = []
    raw_forecast_values_kw: Numbers = None
    load_forecast_values_kw: Numbers = None


class ConfigIn(msgspec.Struct, kw_only=True):
    """Its battery and connection; numbers of any kind, as it has them."""

    battery_capacity_wh: Any = None
    max_charge_w: Any = None
    max_discharge_w: Any = None
    max_grid_import_w: Any = None
    max_grid_export_w: Any = None
    allow_grid_charge: Any = None
    backup_reserve: Any = None


class PowerSyncView(msgspec.Struct, kw_only=True):
    """Its answer, as far as a plan needs it; whatever is missing or of another type is None."""

    schedule: ScheduleIn | None = None
    forecast_series: ForecastIn | None = None
    config: ConfigIn | None = None
    battery_soc_percent: Any = None
    currency: Any = None
    last_optimization: Any = None

    @property
    def soc(self) -> float | None:
        """State of charge now, 0 to 1."""
        share = number_from_json(self.battery_soc_percent) / _PER_CENT
        return share if 0.0 <= share <= 1.0 else None

    def instant(self, zone: tzinfo) -> datetime | None:
        """Return when its plan was made."""
        return _instant(self.last_optimization, zone)

    def prices(self, way: Literal["import", "export"], zone: tzinfo) -> Rows:
        """Return its prices of one direction. [money/kWh]"""
        plan = self.schedule or ScheduleIn()
        values = plan.import_price if way == "import" else plan.export_price
        return _rows(plan.timestamps, values, zone)

    def plan_rows(
        self, what: Literal["grid_import_w", "grid_export_w", "soc"], zone: tzinfo
    ) -> Rows:
        """Return powers at the meter [W], or the state of charge [-], by its plan."""
        plan = self.schedule or ScheduleIn()
        return _rows(plan.timestamps, getattr(plan, what), zone)

    def powers(self, what: Literal["solar", "load"], zone: tzinfo) -> Rows:
        """Return its forecast of solar or load. [W]"""
        series = self.forecast_series or ForecastIn()
        kilowatts = (
            series.raw_forecast_values_kw if what == "solar" else series.load_forecast_values_kw
        )
        rows = _rows(series.timestamps, kilowatts, zone)
        return [row._replace(value=max(0.0, _WATTS * row.value)) for row in rows]


async def read_view(link: Link) -> PowerSyncView | None:
    """Return PowerSync's view, or None where it is not installed, or has no plan.

    Raises
    ------
    LinkDown
        Where Home Assistant is not there.
    """
    try:
        answer = await link.get(_PATH)
    except LinkDown:
        raise
    except LinkError:
        return None
    return view_from(answer)


def view_from(answer: bytes) -> PowerSyncView | None:
    """Return the view in an answer, each part of which may be missing; None where it is none."""
    parts = decode_or_none(answer, dict[str, Any])
    if parts is None:
        return None
    kinds: dict[str, type[msgspec.Struct]] = {
        "schedule": ScheduleIn,
        "forecast_series": ForecastIn,
        "config": ConfigIn,
    }
    known = {name: _part(parts.get(name), kind) for name, kind in kinds.items()}
    plain = ("battery_soc_percent", "currency", "last_optimization")
    view = PowerSyncView(**known, **{name: parts.get(name) for name in plain})
    return None if view.schedule is None and view.config is None else view


def _part(value: object, kind: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - of `kind`, or None
    """Return a part of the answer; fields of another type than expected are left out."""
    if not isinstance(value, dict):
        return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        lists = {name: item for name, item in value.items() if isinstance(item, list)}
        return msgspec.convert(lists, kind)


def _rows(stamps: Sequence[object], values: Numbers, zone: tzinfo) -> Rows:
    """Return the values that have a stamp, each until the next one; the last as the one before."""
    rows: Rows = []
    for stamp, value in zip(stamps[:_MOST], values or [], strict=False):
        start, number = _instant(stamp, zone), number_from_json(value)
        if start is not None and isfinite(number) and (not rows or start > rows[-1].start):
            rows.append(Row(start, None, number))
    steps = [b.start - a.start for a, b in pairwise(rows)]
    usual = min(steps, default=_INTERVAL)
    ends = [
        *(min(b.start, a.start + max(usual, _INTERVAL)) for a, b in pairwise(rows)),
        *(row.start + usual for row in rows[-1:]),
    ]
    return [row._replace(end=end) for row, end in zip(rows, ends, strict=True)]


def _instant(stamp: object, zone: tzinfo) -> datetime | None:
    """Return a stamp of ISO 8601, local where it has no offset."""
    try:
        when = datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None
    if when is None:
        return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None
