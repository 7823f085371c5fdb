"""Series of plain numbers, straight from the text of a request."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel

_OPEN, _CLOSE, _COMMA, _COLON = ord("["), ord("]"), ord(","), ord(":")
_BEGIN, _END, _QUOTE, _ESCAPE = ord("{"), ord("}"), ord('"'), ord("\\")
_MINUS, _POINT, _ZERO, _NINE = ord("-"), ord("."), ord("0"), ord("9")
_SPACE, _TAB, _NEWLINE, _RETURN = ord(" "), ord("\t"), ord("\n"), ord("\r")

# Up to these the quotient of digits and power of ten is one of exact floats, hence the float
# nearest to the number: what any other reading gives.
_MOST_EXACT = 2**53
_MOST_DIGITS = 18
_POWERS = 10.0 ** np.arange(_MOST_DIGITS + 1)

_MOST_LISTS = 16

# Places are without sign where a kernel reads every byte: compiled code need not ask then whether
# they count from the end.
_NEXT = np.uint64(1)


def series_apart(body: bytes, names: Collection[str]) -> tuple[bytes, dict[str, Vector]]:
    """Take the series of plain numbers out of a body.

    Parameters
    ----------
    body : bytes
        JSON or not.
    names : collection of str
        Fields that may hold a series.

    Returns
    -------
    bytes
        The body with null in their place, which is JSON where the body is.
    dict of float64 arrays
        Numbers of each, at least one.
    """
    text = np.frombuffer(body + b"\0", dtype=np.int8)
    places = np.empty((_MOST_LISTS, 5), dtype=np.int64)
    values = np.empty(len(body) // 2)  # each has a digit, and a mark behind it
    found = find_lists(text, places, values)
    series: dict[str, Vector] = {}
    taken: list[bytes] = []
    rest, done, first = b"", 0, 0
    for key, key_end, begin, end, count in places[:found].tolist():
        name = body[key:key_end].decode("ascii", "replace")
        if name in names:
            series[name] = values[first : first + count]
            taken.append(body[key - 1 : key_end + 1])
            rest += body[done:begin] + b"null"
            done = end
        first += count
    rest += body[done:]
    for quoted in taken:
        if rest.count(quoted) > 1:
            return body, {}  # of a field given twice, the last counts
    return rest, series


@kernel("UniTuple(i8, 2)(Array(i1, 1, 'C', readonly=True), i8, f8[::1], i8)")
def read_plain_numbers(
    text: NDArray[np.int8], at: int, values: Vector, first: int
) -> tuple[int, int]:
    """Read a list of plain numbers: few digits each, no exponents, nothing else.

    Parameters
    ----------
    text : int8 array, shape (m + 1,)
        JSON or not, and a zero, at which every loop ends.
    at : int
        Where the list begins.
    values : float64 array
        Modified in place from `first` on: the numbers.
    first : int
        How many are there already.

    Returns
    -------
    tuple of int
        How many numbers there are, zero where it is anything else; where the list ends.
    """
    count, place = first, np.uint64(at)
    mark = text[place]
    if mark != _OPEN:
        return 0, at
    while mark != _CLOSE:
        place += _NEXT
        mark = text[place]
        while mark <= _SPACE and (mark in (_SPACE, _RETURN) or _TAB <= mark <= _NEWLINE):
            place += _NEXT
            mark = text[place]
        is_negative = mark == _MINUS
        if is_negative:
            place += _NEXT
            mark = text[place]
        begin, leading, mantissa, decimals = place, mark, 0, 0
        while _ZERO <= mark <= _NINE:
            mantissa = 10 * mantissa + (int(mark) - _ZERO)
            place += _NEXT
            mark = text[place]
        digits = int(np.int64(place - begin))
        if digits == 0 or (leading == _ZERO and digits > 1):
            return 0, at
        if mark == _POINT:
            place += _NEXT
            mark = text[place]
            begin = place
            while _ZERO <= mark <= _NINE:
                mantissa = 10 * mantissa + (int(mark) - _ZERO)
                place += _NEXT
                mark = text[place]
            decimals = int(np.int64(place - begin))
            if decimals == 0:
                return 0, at
            digits += decimals
        if digits > _MOST_DIGITS or mantissa > _MOST_EXACT:
            return 0, at
        while mark <= _SPACE and (mark in (_SPACE, _RETURN) or _TAB <= mark <= _NEWLINE):
            place += _NEXT
            mark = text[place]
        if mark not in (_COMMA, _CLOSE):
            return 0, at
        values[count] = (-mantissa if is_negative else mantissa) / _POWERS[decimals]
        count += 1
    return count - first, int(np.int64(place + _NEXT))


@kernel("i8(Array(i1, 1, 'C', readonly=True), i8[:, ::1], f8[::1])")
def find_lists(text: NDArray[np.int8], places: Places, values: Vector) -> int:
    """Find the lists of plain numbers among the fields of an object, and read them.

    Parameters
    ----------
    text : int8 array, shape (m + 1,)
        JSON or not, and a zero.
    places : int64 array, shape (n, 5)
        Modified in place: of each list where its key and itself begin and end, the ends being
        behind them, and how many numbers it holds.  More than n are left alone.
    values : float64 array, shape (m // 2,)
        Modified in place: the numbers, list after list.

    Returns
    -------
    int
        How many lists there are; none where a field of the object has an escape in its text.
    """
    last = text.size - 1
    at, depth, found, used, key, key_end = 0, 0, 0, 0, 0, 0
    while at < last and found < places.shape[0]:
        mark = text[at]
        at += 1
        if mark == _QUOTE:
            begin = at
            while at < last and text[at] != _QUOTE:
                if text[at] == _ESCAPE:
                    if depth == 1:
                        return 0
                    at += 1
                at += 1
            key, key_end = begin, at
            at += 1
        elif mark in (_OPEN, _BEGIN):
            depth += 1
        elif mark in (_CLOSE, _END):
            depth -= 1
        elif mark == _COLON and depth == 1:
            while text[at] == _SPACE or _TAB <= text[at] <= _NEWLINE or text[at] == _RETURN:
                at += 1
            count, end = read_plain_numbers(text, at, values, used)
            if count > 0:
                places[found, 0], places[found, 1] = key, key_end
                places[found, 2], places[found, 3], places[found, 4] = at, end, count
                found += 1
                used += count
                at = end
    return found
