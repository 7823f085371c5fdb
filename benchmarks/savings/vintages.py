"""Price forecasts as they were published: every pre-dispatch run of January 2021.

Prices are those of 2021; load and sun are those of four years later, moved by whole weeks so that
weekdays meet (1 January 2021 takes 3 January 2025), for no home of that summer is at hand.
"""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.days import SYDNEY, Vector
from benchmarks.real_days import NEM_OFFSET, data_folder, retail_prices
from benchmarks.savings.forecasts import WEEK, Model
from benchmarks.savings.record import DAY, HORIZON, Record
from benchmarks.savings.sources import real_record

_FOLDER = "aemo_predispatch_nsw1_2021-01"
_LATER = np.timedelta64(209 * 7, "D")
_HALF_HOUR = np.timedelta64(30, "m")


@dataclass(frozen=True, slots=True, eq=False)
class Vintages:
    """Runs as published.

    Attributes
    ----------
    labels : datetime64[m] array, shape (R,)
        End of the first half hour of each run, UTC; a run is out 28.5 minutes before its label.
    wholesale : float64 array, shape (R, 79)
        Price of the half hours from there on, NaN beyond the run's end. [$/kWh]
    """

    labels: NDArray[np.datetime64]
    wholesale: Vector

    def at(self, start: np.datetime64) -> Vector:
        """Forecast of the half hours from `start` on, NaN where none was out; (HORIZON,).

        The run labelled `start` is the newest that was out by then; its first price is past.
        """
        row = int(np.searchsorted(self.labels, start, side="right")) - 1
        found = np.full(HORIZON, np.nan)
        if row >= 0:
            ahead = int((start - self.labels[row]) // _HALF_HOUR) + 1
            rest = self.wholesale[row, ahead:]
            found[: rest.size] = rest[:HORIZON]
        return found


def january_2021() -> Record:
    """Realised prices of January 2021 with load and sun of the January four years later."""
    stamps, columns = _read(data_folder() / _FOLDER / "dispatch_rrp_5min_actual.csv")
    wholesale = columns[:, 0].reshape(-1, 6).mean(axis=1) / 1000.0
    starts = stamps.reshape(-1, 6)[:, -1] - NEM_OFFSET - _HALF_HOUR
    house = real_record()
    first = int(np.searchsorted(house.starts, starts[0] + _LATER))
    import_price, export_price = _retail(wholesale, starts)
    return Record(
        title="NSW1 January 2021, load and sun of January 2025",
        starts=starts,
        import_price=import_price,
        export_price=export_price,
        load=house.load[first : first + starts.size],
        solar=house.solar[first : first + starts.size],
        zone=SYDNEY,
    )


def vintage_model() -> Model:
    """Published price forecasts, then the day before each half hour; load and sun as in `WEEK`."""
    labels, columns = _read(data_folder() / _FOLDER / "predispatch_rrp_NSW1.csv")
    vintages = Vintages(labels - NEM_OFFSET, columns / 1000.0)

    def prices(record: Record, at: int) -> tuple[Vector, Vector]:
        start = record.starts[at]
        horizon = start + np.arange(HORIZON) * _HALF_HOUR
        published = _retail(vintages.at(start), horizon)
        past = (record.import_price[at - DAY : at], record.export_price[at - DAY : at])
        import_price, export_price = map(with_tail, past, published)
        return import_price, export_price

    return replace(WEEK, name="published pre-dispatch, mean week of load and sun", prices=prices)


def with_tail(past: Vector, published: Vector) -> Vector:
    """What was published; beyond it, what was said of the same clock time a day earlier.

    Parameters
    ----------
    past : float64 array, shape (DAY,)
        What came in the day until now.
    published : float64 array, shape (HORIZON,)
        NaN where nothing was said.

    Returns
    -------
    float64 array, shape (HORIZON,)
        Without gaps.
    """
    line = np.concatenate([past, published])
    for at in (DAY + np.flatnonzero(np.isnan(published))).tolist():
        line[at] = line[at - DAY]
    return line[DAY:]


def _retail(wholesale: Vector, starts: NDArray[np.datetime64]) -> tuple[Vector, Vector]:
    """Both prices by the fitted tariff; January has one offset, UTC+11."""
    local = starts + np.timedelta64(11, "h")
    return retail_prices(wholesale, local.astype("datetime64[h]").astype(np.int64) % 24)


def _read(path: Path) -> tuple[NDArray[np.datetime64], Vector]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    stamps = np.array([row[0] for row in rows], "datetime64[m]")
    return stamps, np.array([[float(value or "nan") for value in row[1:]] for row in rows])
