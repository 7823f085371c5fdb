"""Lists of replies: arrays as JSON text, for a schedule has ten thousand values.

What is made here stands for the list that it is the text of: msgspec copies it into a reply as it
is, and whoever wants the values decodes that.
"""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, cast

import msgspec
import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser import Horizon
from server.writing.text import WIDEST, Text, write_numbers, write_stamps, write_words

_MINUTES_OF_DAY = 24 * 60


def numbers(rows: Vector, digits: int) -> list[list[float]]:
    """Every row as a list of decimals.

    Parameters
    ----------
    rows : float64 array, shape (R, N)
        Finite.
    digits : int
        Digits after the point that values are rounded to.

    Returns
    -------
    list
        Length R.
    """
    count, size = rows.shape
    text = np.empty(count * (WIDEST * size + 2), np.uint8)
    begins = np.empty(count + 1, np.int64)
    write_numbers(rows, digits, text, begins)
    whole = text.data
    raw = [msgspec.Raw(whole[a:b]) for a, b in pairwise(begins.tolist())]
    return cast(list[list[float]], raw)


class Words:
    """Words of which a list may hold some; none of them needs an escape.

    Parameters
    ----------
    words : iterable of str
        In the order of their codes.
    """

    def __init__(self, words: Iterable[str]) -> None:
        quoted = [f'"{word}",' for word in words]
        self._lengths = np.array([len(word) for word in quoted], np.int64)
        self._widest = int(self._lengths.max())
        padded = "".join([word.ljust(self._widest) for word in quoted])
        self._words = np.array(bytearray(padded, "ascii")).reshape(len(quoted), -1)

    def listed(self, codes: Places) -> list[str]:
        """The word of each code, of which there are some."""
        text = np.empty(codes.size * self._widest + 1, np.uint8)
        length = write_words(codes, self._words, self._lengths, text)
        return cast(list[str], msgspec.Raw(text.data[:length]))


class Stamps(NamedTuple):
    """The T + 1 ends of intervals as ISO 8601, with their offsets.

    Attributes
    ----------
    of_starts : list of str
        The first T of them.
    at : Callable
        Any of them, by its place.
    """

    of_starts: list[str]
    at: Callable[[int], str]


def stamps_of(horizon: Horizon) -> Stamps:
    """Write the instants of a horizon."""
    regular = _regular_stamps(horizon)
    if regular:
        return regular
    stamps = [instant.isoformat() for instant in horizon.instants]
    return Stamps(stamps[:-1], stamps.__getitem__)


def _regular_stamps(horizon: Horizon) -> Stamps | None:
    """Stamps of whole minutes with the same seconds and offset; None where some are not."""
    start = horizon.start
    if start.microsecond or horizon.changes_clocks():
        return None
    stamp = np.frombuffer(bytearray(f'"{start.isoformat()}",', "ascii"), np.uint8)
    n, width = horizon.n_intervals, stamp.size
    began = 60 * start.hour + start.minute
    after = int(began + round(60.0 * float(horizon.elapsed[-1]), 5)) // _MINUTES_OF_DAY
    dates = _dates(start.toordinal(), after + 1)
    text = np.empty(width * (n + 1) + 1, np.uint8)
    if not write_stamps(horizon.elapsed, began, dates, stamp, text):
        return None
    whole = text.data

    def at(t: int) -> str:
        return str(whole[width * t + 2 : width * (t + 1) - 1], "ascii")

    return Stamps(cast(list[str], msgspec.Raw(whole[: width * n + 1])), at)


@lru_cache(maxsize=4)  # plans come minutes apart
def _dates(first: int, count: int) -> Text:
    """Days as ISO 8601, from that of an ordinal on; shape (count, 10)."""
    days = [date.fromordinal(first + later).isoformat() for later in range(count)]
    return np.frombuffer(bytearray("".join(days), "ascii"), np.uint8).reshape(count, -1)
