"""Arrays as JSON text: kernels that write bytes where Python would make an object per interval.

The build of the wheel imports this module, and has little else to import.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel

Text = NDArray[np.uint8]

WIDEST = 22
"""Most bytes of a number and its comma."""

_COMMA, _MINUS, _POINT, _ZERO, _OPENS, _CLOSES = b",-.0[]"
# Unsigned ones divide faster.
_NONE, _TEN, _HUNDRED, _DIGIT = np.uint64(0), np.uint64(10), np.uint64(100), np.uint64(_ZERO)

_INTEGERS = 2.0**52  # from here on, a float64 has no room for halves

_OF_A_MINUTE = 100_000.0  # parts that are counted; anything finer is rounding
_MINUTE, _HOUR, _DAY = np.uint64(_OF_A_MINUTE), np.uint64(60), np.uint64(24 * 60)


@kernel("void(f8[:, ::1], i8, u1[::1], i8[::1])")
def write_numbers(values: Vector, digits: int, text: Text, begins: Places) -> None:
    """Write each row as a JSON list of decimals, rounded and without zeros at their ends.

    All is written from the last byte to the first: divisions yield digits in that order.

    Parameters
    ----------
    values : float64 array, shape (R, N)
        Finite; below 9e18 in units of the last digit.
    digits : int
        Digits after the point, at most.
    text : uint8 array, shape (at least R * (22 N + 2),)
        Modified in place, from its end.
    begins : int64 array, shape (R + 1,)
        Where each row begins, and the end of the last; modified in place.
    """
    scale = 10.0**digits
    at = text.size
    begins[values.shape[0]] = at
    for r in range(values.shape[0] - 1, -1, -1):
        at -= 1
        text[at] = _CLOSES
        for t in range(values.shape[1] - 1, -1, -1):
            size = abs(values[r, t]) * scale
            if size < _INTEGERS:
                size = (size + _INTEGERS) - _INTEGERS  # the nearest integer, as `rint` has it
            if size == 0.0:
                at -= 4
                text[at], text[at + 1], text[at + 2], text[at + 3] = _COMMA, _ZERO, _POINT, _ZERO
                continue
            rest = np.uint64(np.int64(size))
            tenth = rest // _TEN
            left = digits
            while left > 1 and rest == tenth * _TEN:
                rest = tenth
                tenth = rest // _TEN
                left -= 1
            while left > 1:  # divisions wait for one another: as few as can be
                pair = rest // _HUNDRED
                last = rest - pair * _HUNDRED
                tenth = last // _TEN
                at -= 2
                text[at], text[at + 1] = _DIGIT + tenth, _DIGIT + (last - tenth * _TEN)
                rest = pair
                left -= 2
            tenth = rest // _TEN
            if left == 1:
                at -= 1
                text[at] = _DIGIT + (rest - tenth * _TEN)
                rest = tenth
                tenth = rest // _TEN
            at -= 1
            text[at] = _POINT
            at -= 1
            text[at] = _DIGIT + (rest - tenth * _TEN)
            while tenth > _NONE:
                rest = tenth
                tenth = rest // _TEN
                at -= 1
                text[at] = _DIGIT + (rest - tenth * _TEN)
            if values[r, t] < 0.0:
                at -= 1
                text[at] = _MINUS
            at -= 1
            text[at] = _COMMA
        text[at] = _OPENS  # over the comma before the first
        begins[r] = at


@kernel("i8(i8[::1], u1[:, ::1], i8[::1], u1[::1])")
def write_words(codes: Places, words: Text, lengths: Places, text: Text) -> int:
    """Write codes as a JSON list of words.

    Parameters
    ----------
    codes : int64 array, shape (N,)
        Rows of `words`; at least one.
    words : uint8 array, shape (W, L)
        JSON strings, each with a comma at its end.
    lengths : int64 array, shape (W,)
        Bytes of each of them.
    text : uint8 array, shape (at least N L + 1,)
        Modified in place.

    Returns
    -------
    int
        Bytes written.
    """
    text[0] = _OPENS
    at = 1
    for t in range(codes.size):
        for i in range(lengths[codes[t]]):
            text[at + i] = words[codes[t], i]
        at += lengths[codes[t]]
    text[at - 1] = _CLOSES  # over the last comma
    return at


@kernel("b1(f8[::1], i8, u1[:, ::1], u1[::1], u1[::1])")
def write_stamps(elapsed: Vector, began: int, dates: Text, stamp: Text, text: Text) -> bool:
    """Write the start and later instants as a JSON list, and one more after its end.

    Parameters
    ----------
    elapsed : float64 array, shape (T,)
        Time from the start to each of the others. [h]
    began : int
        Minute of its day that the start lies in.
    dates : uint8 array, shape (D, 10)
        The days of all instants, from that of the start on.
    stamp : uint8 array, shape (S,)
        JSON string of the start and a comma, ``"2026-01-14T00:00:00+11:00",``; the others have
        its seconds and its offset.  Modified in place: has the day of the last.
    text : uint8 array, shape (S (T + 1) + 1,)
        Modified in place: the list of the first T, then the last with its comma.

    Returns
    -------
    bool
        Whether all instants are whole minutes after the start, as they must be.
    """
    text[0] = _OPENS
    width = stamp.size
    written = _NONE
    for t in range(elapsed.size + 1):
        hours = elapsed[t - 1] if t > 0 else 0.0
        parts = np.uint64(np.int64(hours * 60.0 * _OF_A_MINUTE + 0.5))
        minutes = parts // _MINUTE
        if parts != minutes * _MINUTE:
            return False
        minutes += np.uint64(began)
        day = minutes // _DAY
        minutes -= day * _DAY
        hour = minutes // _HOUR
        minutes -= hour * _HOUR
        if day != written:
            written = day
            for i in range(dates.shape[1]):
                stamp[1 + i] = dates[written, i]
        at = 1 + width * t
        for i in range(width):
            text[at + i] = stamp[i]
        text[at + 12] = _DIGIT + hour // _TEN
        text[at + 13] = _DIGIT + hour % _TEN
        text[at + 15] = _DIGIT + minutes // _TEN
        text[at + 16] = _DIGIT + minutes % _TEN
    text[width * elapsed.size] = _CLOSES  # over the comma of the last but one
    return True
