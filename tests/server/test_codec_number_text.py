"""Series out of the text of a body: what is read at once is what Python reads."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_builders.compiled import KERNELS
from server.reading.number_text import find_lists, series_apart
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.structs import OptimizeRequest

written = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.integers(0, 10**20),
    st.one_of(st.just(""), st.integers(0, 10**20).map(".{}".format)),
)
blank = st.text(" \t\r\n", max_size=2)
nearly = st.text('0123456789.,-+eE[]{}" \t\nNaninfult', max_size=12)


def python_reads(text):
    """What Python's json makes of a list of numbers; None where it is none."""
    try:
        entries = json.loads(text)
    except ValueError:
        return None
    if not isinstance(entries, list) or not entries or {*map(type, entries)} - {int, float}:
        return None
    return [float(entry) for entry in entries]


def plain_numbers(text):
    """Numbers of a field with this text; None where it is left to Python."""
    body = f'{{"a": 1, "series": {text}, "b": [2]}}'.encode()
    rest, series = series_apart(body, {"series"})
    return series.get("series") if fields_of(rest) else None


def list_of(entries):
    """Text of a list, with blanks anywhere."""
    return "[" + ",".join(before + entry + after for before, entry, after in entries) + "]"


@given(st.lists(st.integers(-(10**9), 10**9).map(lambda v: v / 1000), min_size=1, max_size=12))
def test_prices_and_powers_are_read_at_once(values):
    text = json.dumps(values)

    assert plain_numbers(text).tolist() == values


@given(st.lists(st.tuples(blank, written, blank), min_size=1, max_size=6).map(list_of))
def test_a_list_of_numbers_is_read_exactly_or_left_to_python(text):
    read = plain_numbers(text)

    assert read is None or read.tolist() == python_reads(text)


@given(nearly.map("[{}]".format) | nearly)
def test_whatever_is_read_at_once_python_reads_the_same(text):
    read = plain_numbers(text)

    assert read is None or read.tolist() == python_reads(text)


@pytest.mark.parametrize(
    "text",
    [
        *("[", "]", "[]", "[ ]", "1", "null", '"[1]"', "{}", "[[1]]", "[1,[2]]", "[1]]", "[[1]"),
        *("[1,]", "[,1]", "[1,,2]", "[1 2]", "[-]", "[--1]", "[+1]", "[.5]", "[1.]", "[1.,2]"),
        *("[01]", "[-00.5]", "[1.2.3]", "[1e3]", "[1E-3]", "[NaN]", "[true]", "[null]", '["1"]'),
        *("[9007199254740993]", "[0.30000000000000004]", "[0.0000000000000000001]"),
    ],
)
def test_anything_but_a_list_of_plain_numbers_is_left_to_python(text):
    assert plain_numbers(text) is None


bodies = st.lists(nearly | st.sampled_from(['"a":[1,2]', '"b": [-0.5]', '"c":{"d":[1]}', "\\"]))


@given(bodies.map(",".join).map("{{{}}}".format))
def test_the_compiled_kernel_finds_what_its_python_finds(body):
    text = np.frombuffer(bytearray(body.encode() + b"\0"), dtype=np.int8)
    _, plain = KERNELS["find_lists"]
    got, wanted = (
        (text, np.zeros((3, 5), dtype=np.int64), np.zeros(text.size // 2)) for _ in range(2)
    )

    assert find_lists(*got) == plain(*wanted)

    for ours, theirs in zip(got, wanted, strict=True):
        assert ours.tolist() == theirs.tolist()


@given(bodies.map(",".join).map("{{{}}}".format))
def test_a_body_without_its_series_is_as_good_as_with_them(body):
    rest, series = series_apart(body.encode(), {"a", "b"})

    whole = fields_of(body)
    assert fields_of(rest) == (whole and {**whole, **dict.fromkeys(series)})
    for name, values in series.items():
        assert whole is None or values.tolist() == whole[name]


def fields_of(body):
    """The fields of an object; None where the body is something else."""
    try:
        return json.loads(body)
    except ValueError:
        return None


entries = st.sampled_from(
    ["1", "-2.5", "0.1", "1e3", "null", "NaN", '"3"', "1e999", "[1]", "1" * 30]
)
values = st.lists(entries, max_size=4).map(lambda given: f"[{', '.join(given)}]") | entries
names = st.sampled_from(["prices_import", "load_forecast", "another", "cost_function"])


@given(st.lists(st.tuples(names, values), max_size=6), st.sampled_from(["", "ü", "\\ud800"]))
def test_a_body_means_what_it_means_to_python_read_as_a_whole(fields, said):
    members = [f'"{name}": {value}' for name, value in fields] + [f'"what": "{said}"']
    body = "{" + ", ".join(members) + "}"
    whole = dict(json.loads(body), what=None)
    try:
        expected = msgspec.convert(whole, OptimizeRequest, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return

    request = decode(body.encode(), OptimizeRequest, Repairs())

    for name in ("prices_import", "load_forecast", "cost_function"):
        got, wanted = getattr(request, name), getattr(expected, name)
        got = got.tolist() if isinstance(got, np.ndarray) else got
        assert repr(got) == repr(wanted) or numbers_of(got) == numbers_of(wanted)


def numbers_of(entries):
    """A list of numbers as floats, so that 1 and 1.0 are one."""
    return [repr(float(entry)) if isinstance(entry, int | float) else entry for entry in entries]


def test_a_field_given_twice_holds_the_last():
    body = b'{"prices_import": [1, 2], "prices_import": ["3"], "load_forecast": [4.5]}'

    request = decode(body, OptimizeRequest, Repairs())

    assert request.prices_import == ["3"]
    assert request.load_forecast == [4.5]
