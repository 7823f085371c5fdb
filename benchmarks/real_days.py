"""Real days: New South Wales prices and sun of 2024-12 to 2025-10, and the loads of real homes.

The files are read from ``POWERSYNC_DATA``, by default ``shared/data`` beside the repository, and
never copied.  Prices and sun belong together; the homes are European and are moved under them:

- to the other half of the year, by the whole weeks nearest to an odd number of half-years, so
  weekdays stay weekdays (26 weeks; 78 from the end of August 2025, when the French year has ended);
- clock on clock: 18:00 in Sydney takes what the home drew at 18:00 on its own wall clock, so meals
  stay at meal times whatever either country does to its clocks.  Sydney's repeated hour repeats the
  load, its skipped hour skips it.

A gap takes the same clock time of a week earlier, else a week later, else of two weeks.
"""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.days import BATTERY, SOLAR_PEAK, SYDNEY, Day, Request, Vector, client_request

Instants = NDArray[np.datetime64]

GRID_MINUTES = 5
GRID_STEP = np.timedelta64(GRID_MINUTES, "m")
NEM_OFFSET = np.timedelta64(10, "h")  # market time is UTC+10 all year
WEEK_DAYS = 7
YEAR_DAYS = 365.2425
GAP_WEEKS = (0, -1, 1, -2, 2)  # the weeks a reading may come from, counted from its own

# Amber-like retail from wholesale, fitted to captured forecasts; residual 0.003. [$/kWh]
GOODS_TAX = 1.1
NETWORK_PRICE = 0.093
EVENING_NETWORK_PRICE = 0.267  # on top of the former, 15 to 21 h


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the load of one home is, and how to read it.

    Attributes
    ----------
    path
        File inside the data folder; its first column stamps the beginning of each period, UTC.
    column
        Name of the load.
    zone
        The home's wall clock.
    minutes
        Length of a period. [min]
    watts
        Mean power that a reading of one stands for. [W]
    zero_is_gap
        Whether a reading of exactly zero is a logger starting up and not a load.
    """

    path: str
    column: str
    zone: ZoneInfo
    minutes: int
    watts: float
    zero_is_gap: bool


HOMES: Mapping[str, Home] = {
    # Its thirteen zeros stand beside gaps; the home is otherwise never under 40 W.
    "emhass": Home(
        path="emhass_home/home_30min.csv",
        column="load_no_var_loads_w",
        zone=ZoneInfo("Europe/Paris"),
        minutes=30,
        watts=1.0,
        zero_is_gap=True,
    ),
    # Energy of each quarter hour, not a counter; and what the home took from the grid rather than
    # what it used: 43 W at a bright noon, 473 W at a dull one, hardly anything all summer.  So a
    # home of small loads, and a third of its readings are true zeros.
    "opsd": Home(
        path="opsd_home_de/building_6.csv",
        column="load",
        zone=ZoneInfo("Europe/Berlin"),
        minutes=15,
        watts=4000.0,
        zero_is_gap=False,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RealYear:
    """Eleven months on one grid of five minutes; the arrays are read-only.

    Attributes
    ----------
    starts : datetime64[m] array, shape (T,)
        Beginning of each interval, UTC.
    import_price, export_price : float64 array, shape (T,)
        Retail prices by the fitted tariff. [$/kWh]
    solar_w, load_w : float64 array, shape (T,)
        Mean power over each interval. [W]
    """

    starts: Instants
    import_price: Vector
    export_price: Vector
    solar_w: Vector
    load_w: Vector


def data_folder() -> Path:
    """Where the real data is looked for; it need not exist."""
    beside_repository = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("POWERSYNC_DATA") or beside_repository)


def load_year(home: str = "emhass") -> RealYear:
    """Read all real days with the load of one of `HOMES`; once per home.

    Raises
    ------
    FileNotFoundError
        If the data is not there; the message names the folder.
    """
    return _load_year(HOMES[home], data_folder())


def request_for(
    day: date,
    *,
    home: str = "emhass",
    cost_function: str = "cost",
    hours: int = 48,
    interval_minutes: int = GRID_MINUTES,
    soc: float = 0.5,
    battery: Mapping[str, float] = BATTERY,
) -> Request:
    """Make the request of the local midnight that begins `day`.

    Parameters
    ----------
    day
        A date in Sydney.
    home
        One of `HOMES`.
    cost_function
        `cost`, `profit` or `self_consumption`.
    hours
        Length of the horizon, as time passes: over a change of clocks it ends an hour off. [h]
    interval_minutes
        A multiple of five that divides the horizon; longer intervals are block means. [min]
    soc
        State of charge at midnight. [-]
    battery
        The battery object of the wire; `soc` has the last word on its state of charge.

    Returns
    -------
    dict
        The request, stamped with its start and zone.

    Raises
    ------
    ValueError
        If the data does not cover the horizon, or the interval does not fit the grid.
    """
    year = load_year(home)
    if interval_minutes <= 0 or interval_minutes % GRID_MINUTES or hours * 60 % interval_minutes:
        raise ValueError(
            f"interval_minutes: must be a multiple of {GRID_MINUTES} that divides {hours} h, "
            f"got {interval_minutes}"
        )
    first, end = _span(year, day, hours)
    if first < 0 or end > year.starts.size:
        raise ValueError(f"day: {hours} h of data must follow its midnight, got {day}")

    def mean(values: Vector) -> Vector:
        blocks = values[first:end].reshape(-1, interval_minutes // GRID_MINUTES)
        averages: Vector = blocks.mean(axis=1)
        return averages

    horizon = Day(
        import_price=mean(year.import_price),
        export_price=mean(year.export_price),
        solar=mean(year.solar_w),
        load=mean(year.load_w),
        interval_minutes=interval_minutes,
        start=_local_midnight(day),
    )
    return client_request(
        horizon, cost_function=cost_function, battery={**battery, "current_soc": soc}
    )


def available_days(*, hours: int = 48) -> list[date]:
    """List the Sydney dates whose midnight is followed by `hours` of data."""
    year = load_year()
    ends = year.starts[[0, -1]].astype("datetime64[D]").tolist()
    count = (ends[1] - ends[0]).days + 3  # a UTC date and its neighbours: local dates run ahead
    dates = (ends[0] + timedelta(days=n) for n in range(count))
    spans = ((day, _span(year, day, hours)) for day in dates)
    return [day for day, (first, end) in spans if first >= 0 and end <= year.starts.size]


def days_of_month(year: int, month: int, *, hours: int = 48) -> list[date]:
    """List the available dates of one month."""
    return [day for day in available_days(hours=hours) if (day.year, day.month) == (year, month)]


def retail_prices(wholesale: Vector, local_hour: NDArray[np.int64]) -> tuple[Vector, Vector]:
    """Price energy in and out by the fitted tariff.

    Parameters
    ----------
    wholesale : float64 array, shape (T,)
        Dispatch price, before tax. [$/kWh]
    local_hour : int64 array, shape (T,)
        Hour of the wall clock in which each interval begins, 0 to 23. [h]

    Returns
    -------
    tuple of float64 arrays, shape (T,)
        Import price, export price. [$/kWh]

    Notes
    -----
    The evening adder is charged all year here.  The captures of October show none: real network
    tariffs charge it in season.
    """
    in_evening = (local_hour >= 15) & (local_hour < 21)
    import_price = GOODS_TAX * wholesale + NETWORK_PRICE + EVENING_NETWORK_PRICE * in_evening
    at_midday = (local_hour >= 10) & (local_hour < 15)
    at_dinner = (local_hour >= 16) & (local_hour < 21)
    export_price = wholesale + np.where(at_midday, -0.012, np.where(at_dinner, 0.041, 0.003))
    return import_price, export_price


def refine_means(means: Vector, parts: int) -> Vector:
    """Split every interval into `parts`, smoothly, keeping its mean.

    Parameters
    ----------
    means : float64 array, shape (n,)
        Not negative.
    parts
        Pieces of each interval. [-]

    Returns
    -------
    float64 array, shape (n * parts,)
        Not negative; each block of `parts` has the mean it came from.

    Notes
    -----
    The running total is interpolated by cubics.  Where two intervals meet, its slope is the average
    of both means, but at most three times the smaller, so that the total never falls.
    """
    left, right = np.r_[means[:1], means], np.r_[means, means[-1:]]
    slope = np.minimum((left + right) / 2, 3 * np.minimum(left, right))
    u = np.linspace(0, 1, parts + 1)
    of_mean, of_left, of_right = (
        parts * np.diff(basis) for basis in (u**2 * (3 - 2 * u), u * (1 - u) ** 2, u**2 * (u - 1))
    )
    pieces = (
        np.outer(means, of_mean) + np.outer(slope[:-1], of_left) + np.outer(slope[1:], of_right)
    )
    return np.maximum(pieces.ravel(), 0)  # rounding leaves some at -1e-13


@lru_cache(maxsize=4)
def _load_year(home: Home, folder: Path) -> RealYear:
    starts, wholesale = _wholesale(folder)
    local_starts = starts + _utc_offsets(starts, SYDNEY)
    local_hour = local_starts.astype("datetime64[h]").astype(np.int64) % 24
    import_price, export_price = retail_prices(wholesale, local_hour)
    year = RealYear(
        starts=starts,
        import_price=import_price,
        export_price=export_price,
        solar_w=_solar(folder, starts),
        load_w=_load(folder, home, local_starts),
    )
    for values in (year.starts, year.import_price, year.export_price, year.solar_w, year.load_w):
        values.setflags(write=False)
    return year


def _wholesale(folder: Path) -> tuple[Instants, Vector]:
    """Read the beginning of every five minutes, UTC, and its dispatch price [$/kWh]."""
    stamps, per_mwh = _read(folder / "aemo_nsw1_5min" / "rrp_5min.csv", "NSW1")
    starts = stamps - NEM_OFFSET - GRID_STEP  # a stamp ends its interval
    if np.any(np.diff(starts) != GRID_STEP) or np.isnan(per_mwh).any():
        raise ValueError("rrp_5min.csv: must hold a price for every five minutes")
    return starts, per_mwh / 1000


def _solar(folder: Path, starts: Instants) -> Vector:
    """Scale the region's rooftops to one whose best five minutes give `SOLAR_PEAK` [W]."""
    stamps, megawatts = _read(folder / "rooftop_nsw1" / "rooftop_pv_mw.csv", "NSW1")
    parts = 30 // GRID_MINUTES
    if not np.array_equal(stamps - NEM_OFFSET - parts * GRID_STEP, starts[::parts]):
        raise ValueError("rooftop_pv_mw.csv: must hold the half hours of the prices")
    known = ~np.isnan(megawatts)
    places = np.arange(megawatts.size)
    fine = refine_means(np.interp(places, places[known], megawatts[known]), parts)
    scaled: Vector = fine * (SOLAR_PEAK / fine.max())
    return scaled


def _load(folder: Path, home: Home, local_starts: Instants) -> Vector:
    """Look up what `home` drew at the same clock time of the other half-year [W]."""
    stamps, readings = _read(folder / home.path, home.column)
    if home.zero_is_gap:
        readings = np.where(readings == 0, np.nan, readings)
    load = np.full(local_starts.size, np.nan)
    for shift in _shifts(local_starts, stamps):
        missing = np.flatnonzero(np.isnan(load))
        wall_clock = local_starts[missing] - shift
        instants = wall_clock - _utc_offsets(wall_clock, home.zone, of_wall_clock=True)
        rows = (instants - stamps[0]) // np.timedelta64(home.minutes, "m")
        there = (rows >= 0) & (rows < readings.size)
        load[missing[there]] = readings[rows[there]]
    if np.isnan(load).any():
        raise ValueError(f"{home.path}: has gaps longer than the weeks around them can fill")
    return load * home.watts


def _shifts(local_starts: Instants, stamps: Instants) -> list[np.timedelta64]:
    """List the half-year shifts from the home's days to ours, best first."""
    latest = (local_starts[-1] - stamps[0]) / np.timedelta64(1, "D")
    least = (local_starts[0] - stamps[-1]) / np.timedelta64(1, "D")
    half_years = np.arange(int(least / YEAR_DAYS), int(latest / YEAR_DAYS) + 1) + 0.5
    weeks = np.rint(half_years * YEAR_DAYS / WEEK_DAYS).astype(int)
    return [np.timedelta64(int(w - gap) * WEEK_DAYS, "D") for gap in GAP_WEEKS for w in weeks]


def _read(path: Path, column: str) -> tuple[Instants, Vector]:
    """Read the stamps of the first column and the numbers of `column`, NaN where blank."""
    if not path.is_file():
        raise FileNotFoundError(
            f"real data: {path} is absent; point POWERSYNC_DATA at the folder that should hold it "
            f"(now {data_folder()})"
        )
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        place = next(rows).index(column)
        stamps, values = zip(*((row[0], row[place] or "nan") for row in rows), strict=True)
    return _instants(stamps), np.array(values, np.float64)


def _instants(stamps: Sequence[str]) -> Instants:
    if stamps[0].isdigit():  # seconds since 1970
        return np.array(stamps, np.int64).astype("datetime64[s]").astype("datetime64[m]")
    return np.array(stamps, "datetime64[m]")


def _utc_offsets(
    moments: Instants, zone: ZoneInfo, *, of_wall_clock: bool = False
) -> NDArray[np.timedelta64]:
    """Tell how far `zone`'s clock is ahead of UTC at each moment; it changes on whole hours of UTC.

    Moments are UTC, or `zone`'s own wall clock: a repeated hour is then its first pass, and a
    skipped one keeps the offset of before.
    """
    hours, place = np.unique(moments.astype("datetime64[h]"), return_inverse=True)
    given = zone if of_wall_clock else UTC
    aware = (hour.replace(tzinfo=given).astimezone(zone) for hour in hours.tolist())
    minutes = [_minutes(moment.utcoffset()) for moment in aware]
    offsets: NDArray[np.timedelta64] = np.array(minutes, "timedelta64[m]")[place]
    return offsets


def _minutes(offset: timedelta | None) -> int:
    return int((offset or timedelta()).total_seconds()) // 60


def _span(year: RealYear, day: date, hours: int) -> tuple[int, int]:
    """Place the horizon from `day`'s midnight on the grid; it may lie outside the data."""
    midnight = np.datetime64(_local_midnight(day).astimezone(UTC).replace(tzinfo=None), "m")
    first = int((midnight - year.starts[0]) // GRID_STEP)
    return first, first + hours * 60 // GRID_MINUTES


def _local_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SYDNEY)
