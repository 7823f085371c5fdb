"""Where records come from: real days, a user's own file, or a made-up year."""

import csv
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.days import SYDNEY, Vector, synthetic_request
from benchmarks.real_days import load_year
from benchmarks.savings.record import DAY, Record

COLUMNS = ("timestamp", "import_price", "export_price", "load_w", "solar_w")
"""Of a user's file: beginning of the interval (ISO 8601), $/kWh twice, mean W twice."""

_STEP = 30  # min
_YEAR = 365  # days
_NEW_YEAR = datetime(2026, 1, 1, tzinfo=SYDNEY)


def real_record(home: str = "emhass") -> Record:
    """Eleven real months of New South Wales; see `benchmarks.real_days` for what is paired how."""
    year = load_year(home)
    parts = 6  # of five minutes

    def mean(values: Vector) -> Vector:
        averages: Vector = values.reshape(-1, parts).mean(axis=1)
        return averages

    return Record(
        title=f"NSW1 2024-12 to 2025-10, home {home!r} shifted by half a year, 6 kW of solar",
        starts=year.starts[::parts],
        import_price=mean(year.import_price),
        export_price=mean(year.export_price),
        load=mean(year.load_w) / 2000.0,
        solar=mean(year.solar_w) / 2000.0,
        zone=SYDNEY,
    )


def synthetic_record(kind: str = "dynamic", *, days: int = _YEAR, seed: int = 2026) -> Record:
    """Made-up days of the project's generator: a midsummer day, `days` times, with its own noise.

    There are no seasons in it: it shows that the machinery runs and how strategies compare, not
    what a year would save.
    """
    request = synthetic_request(seed, days * DAY, _STEP, kind, _NEW_YEAR)
    first = np.datetime64(_NEW_YEAR.astimezone(UTC).replace(tzinfo=None), "m")
    return Record(
        title=f"made-up {kind!r} days without seasons ({days}, seed {seed})",
        starts=first + np.arange(days * DAY) * np.timedelta64(_STEP, "m"),
        import_price=np.array(request["prices_import"]),
        export_price=np.array(request["prices_export"]),
        load=np.array(request["load_forecast"]) / 2000.0,
        solar=np.array(request["solar_forecast"]) / 2000.0,
        zone=SYDNEY,
    )


def csv_record(path: Path, zone: ZoneInfo) -> Record:
    """A user's own house.

    Parameters
    ----------
    path : Path
        A file with the header `COLUMNS`, in any order; others are ignored.  Intervals of one
        length that divides half an hour or is a multiple of it, without gaps.
    zone : ZoneInfo
        Of stamps without an offset, and of the months.

    Returns
    -------
    Record
        Averaged, or repeated, to half hours.

    Raises
    ------
    ValueError
        Where the file cannot be read as that; the message names line and rule.
    """
    stamps, columns = _read(path, zone)
    step = stamps[1] - stamps[0] if len(stamps) > 1 else timedelta(0)
    for line, (before, after) in enumerate(pairwise(stamps), start=3):
        if after - before != step or step <= timedelta(0):
            raise ValueError(f"{path} line {line}: every interval must follow the one before")
    minutes = step.total_seconds() / 60.0
    values = {name: _half_hours(path, column, minutes) for name, column in columns.items()}
    size = values["load_w"].size
    first = np.datetime64(stamps[0].astimezone(UTC).replace(tzinfo=None), "m")
    return Record(
        title=path.name,
        starts=first + np.arange(size) * np.timedelta64(_STEP, "m"),
        import_price=values["import_price"],
        export_price=values["export_price"],
        load=values["load_w"] / 2000.0,
        solar=values["solar_w"] / 2000.0,
        zone=zone,
    )


def _read(path: Path, zone: ZoneInfo) -> tuple[list[datetime], dict[str, Vector]]:
    stamps: list[datetime] = []
    numbers: list[list[float]] = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        missing = set(COLUMNS) - set(rows.fieldnames or ())
        if missing:
            raise ValueError(f"{path} line 1: must name the columns {', '.join(sorted(missing))}")
        for line, row in enumerate(rows, start=2):
            try:
                stamp = datetime.fromisoformat(row["timestamp"])
                numbers.append([float(row[name]) for name in COLUMNS[1:]])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path} line {line}: {error}") from None
            stamps.append((stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).astimezone(UTC))
    table = np.array(numbers).reshape(len(stamps), len(COLUMNS) - 1)
    return stamps, {name: table[:, i] for i, name in enumerate(COLUMNS[1:])}


def _half_hours(path: Path, values: Vector, minutes: float) -> Vector:
    if minutes > 0 and _STEP % minutes == 0:
        parts = round(_STEP / minutes)
        whole = values.size // parts * parts
        averages: Vector = values[:whole].reshape(-1, parts).mean(axis=1)
        return averages
    if minutes > 0 and minutes % _STEP == 0:
        return np.repeat(values, round(minutes / _STEP))
    raise ValueError(f"{path}: intervals must divide 30 min or be multiples, got {minutes:g} min")
