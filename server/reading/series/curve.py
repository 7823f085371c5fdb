"""Powers by state of charge as they arrive, made into a concave curve."""

import numpy as np

from matrix_builders import Vector
from optimiser import ProblemError
from server.wire.repairs import FieldReader, Number, number_from_json
from server.wire.storages import CURVE_SOC
from server.wire.wording import format_value

_MOST_PAIRS = 20  # each segment is a row in every interval
_MOST_RAISED = 0.2  # of the highest power; charging at constant voltage is within it
_ROUNDING = 1e-6  # of the highest power


def curve_from_wire(name: str, pairs: list[list[Number]], reader: FieldReader) -> Vector:
    """Return the highest power by state of charge, up to one; shape (n, 2). [-; kW]

    Parameters
    ----------
    name : str
        Field of the reader's object that holds the pairs.
    pairs : list of list
        State of charge and power, as decoded: one pair at least.
    reader : FieldReader
        Takes note of what is mended.

    Returns
    -------
    float64 array, shape (n, 2)
        Concave, with a power that does not rise.

    Raises
    ------
    ProblemError
        Where it is not nearly that.
    """
    field = f"{reader.path}.{name}"
    numbers = _numbers_of_pairs(field, pairs)
    if (np.diff(numbers[:, 0]) < 0.0).any():
        reader.note("unsorted", name, "sorted by state of charge")
        numbers = numbers[numbers[:, 0].argsort(kind="stable")]
    most_soc, most_power = map(float, numbers.max(axis=0))
    if most_soc > 0.0:
        numbers[:, 0] *= reader.number(name, CURVE_SOC, most_soc) / most_soc
    if most_power > 0.0:
        numbers[:, 1] *= reader.number(name, value=most_power) / most_power / 1000.0
    soc, power = numbers.T
    if (np.diff(soc) <= 0.0).any():
        raise ProblemError(field, "must hold each state of charge once")
    if (np.diff(power) > 0.0).any():
        at = float(soc[1:][np.diff(power) > 0.0][0])
        rule = "must not rise with the state of charge"
        raise ProblemError(field, f"{rule}, got more power at {at:g} than before")
    # Level before the first pair and after the last one.
    first = [[0.0, float(power[0])]] if soc[0] > 0.0 else []
    last = [[1.0, float(power[-1])]] if soc[-1] < 1.0 else []
    return _raise_to_concave(name, np.array([*first, *numbers.tolist(), *last]), reader)


def _numbers_of_pairs(field: str, pairs: list[list[Number]]) -> Vector:
    """Return the numbers of pairs; shape (n, 2)."""
    if len(pairs) > _MOST_PAIRS:
        raise ProblemError(field, f"must hold at most {_MOST_PAIRS} pairs, got {len(pairs)}")
    for i, pair in enumerate(pairs):
        if len(pair) != 2:  # noqa: PLR2004 - state of charge and power
            raise ProblemError(f"{field}[{i}]", f"must hold two numbers, got {len(pair)}")
        for j, entry in enumerate(pair):
            if not 0.0 <= number_from_json(entry) < np.inf:
                rule = f"must be a number, and not negative, got {format_value(entry)}"
                raise ProblemError(f"{field}[{i}][{j}]", rule)
    return np.array([[*map(number_from_json, pair)] for pair in pairs])


def _raise_to_concave(name: str, curve: Vector, reader: FieldReader) -> Vector:
    """Return the least concave curve above another one, where it is not far above."""
    kept: list[list[float]] = []
    for soc, power in curve.tolist():
        while len(kept) > 1:
            (begin, at_begin), (middle, at_middle) = kept[-2:]
            share = (middle - begin) / (soc - begin)
            if at_middle > at_begin + share * (power - at_begin):
                break
            kept.pop()
        kept.append([soc, power])
    concave = np.array(kept)
    raised = np.interp(curve[:, 0], *concave.T) - curve[:, 1]
    t, highest = int(raised.argmax()), float(curve[0, 1])
    if raised[t] > _MOST_RAISED * highest:
        got = f"got {1000.0 * curve[t, 1]:g} W at {curve[t, 0]:g}, far below its neighbours"
        raise ProblemError(f"{reader.path}.{name}", f"must fall ever faster, {got}")
    if raised[t] > _ROUNDING * highest:
        message = f"must fall ever faster; raised by up to {1000.0 * raised[t]:.0f} W"
        reader.note("clamped", name, message)
    return concave
