"""PowerSync's own view: sizes, limits and present prices."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from server.home_assistant.errors import LinkDown, LinkError, Refused
from server.home_assistant.link import Link
from server.home_assistant.registry import ConfigEntry
from server.home_assistant.transport.messages import decode
from server.wire.repairs import number_from_json

DOMAIN = "power_sync"
_PATH = "power_sync/optimization"
_KILO = 1e-3
_STEP = timedelta(minutes=5)


class PowerSyncFacts(msgspec.Struct, kw_only=True):
    """Facts of the view, None where it has none; prices are the present ones [money/kWh]."""

    capacity_kwh: float | None = None
    charge_kw: float | None = None
    discharge_kw: float | None = None
    max_import_kw: float | None = None
    max_export_kw: float | None = None
    reserve: float | None = None
    import_price: float | None = None
    export_price: float | None = None
    prices_end: datetime | None = None
    has_solar: bool = False


class _View(msgspec.Struct):
    """The parts that are read, whatever types they have."""

    config: Any = None
    schedule: Any = None
    forecast_series: Any = None


async def read_powersync(
    link: Link, entries: Sequence[ConfigEntry], now: datetime, notes: list[str]
) -> PowerSyncFacts | None:
    """Return what the view tells, or None where there is no view."""
    try:
        answer = await link.get(_PATH)
    except LinkDown:
        raise
    except Refused as error:
        if any(entry.domain == DOMAIN for entry in entries):
            notes.append(f"PowerSync is installed but its view gave no answer: {error}")
        return None
    except LinkError as error:
        notes.append(f"PowerSync's view gave no answer: {error}")
        return None
    try:
        return facts_from(decode(answer, _View), now)
    except LinkError:
        notes.append("PowerSync's view is not readable.")
        return None


def facts_from(view: _View, now: datetime) -> PowerSyncFacts:
    """Return the facts in a decoded view; what is no positive number is absent."""
    config = view.config if isinstance(view.config, Mapping) else {}
    schedule = view.schedule if isinstance(view.schedule, Mapping) else {}
    stamps = _stamps(schedule.get("timestamps"))
    reserve = _number(config.get("backup_reserve"))
    forecast = view.forecast_series if isinstance(view.forecast_series, Mapping) else {}
    return PowerSyncFacts(
        capacity_kwh=_kilo(config.get("battery_capacity_wh")),
        charge_kw=_kilo(config.get("max_charge_w")),
        discharge_kw=_kilo(config.get("max_discharge_w")),
        max_import_kw=_kilo(config.get("max_grid_import_w")),
        max_export_kw=_kilo(config.get("max_grid_export_w")),
        reserve=None if reserve is None else _share(reserve),
        import_price=_at(stamps, schedule.get("import_price"), now),
        export_price=_at(stamps, schedule.get("export_price"), now),
        prices_end=stamps[-1] + _STEP if stamps else None,
        has_solar=bool(forecast.get("raw_forecast_values_kw")),
    )


def _number(value: object) -> float | None:
    number = number_from_json(value)
    return number if math.isfinite(number) else None


def _kilo(value: object) -> float | None:
    number = _number(value)
    return number * _KILO if number is not None and number > 0 else None


def _share(number: float) -> float | None:
    share = number if number <= 1 else number / 100
    return share if 0 <= share <= 1 else None


def _stamps(values: object) -> list[datetime]:
    """Return the stamps, or none where one is unreadable: positions would be wrong."""
    try:
        stamps = msgspec.convert(values, list[datetime])
    except msgspec.ValidationError:
        return []
    return [stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC) for stamp in stamps]


def _at(stamps: Sequence[datetime], values: object, now: datetime) -> float | None:
    """Return the value of the row that `now` is in."""
    if not isinstance(values, list):
        return None
    running = [at for at, stamp in enumerate(stamps) if stamp <= now < stamp + _STEP]
    return _number(values[running[-1]]) if running and running[-1] < len(values) else None
