"""Bytes to structs: what Python's json reads, and what is refused in which words."""

import json
import math

import pytest

from optimiser import ProblemError
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.requests import OptimizeRequest


def read(body):
    repairs = Repairs()
    request = decode(body, OptimizeRequest, repairs)
    return request, [(warning.code, warning.field) for warning in repairs.warnings]


def test_series_are_lists_of_what_was_sent():
    request, warnings = read(b'{"prices_import": [1, 2.5, "3", null, NaN, -Infinity, 1e999]}')

    assert repr(request.prices_import) == "[1, 2.5, '3', None, nan, -inf, inf]"
    assert warnings == []


def test_a_field_sent_twice_holds_the_last():
    request, _ = read(b'{"prices_import": [1, 2], "prices_import": ["3"]}')

    assert request.prices_import == ["3"]


def test_unknown_fields_are_named_with_their_places():
    sent = {
        "a": 1,
        "battery": {"b": 1},
        "demand_charges": [{}, {"c": 1}],
        "grid": {"hybrid": {"d": 1}},
    }

    _, warnings = read(json.dumps(sent).encode())

    named = ["a", "battery.b", "demand_charges[1].c", "grid.hybrid.d"]
    assert warnings == [("unknown_field", name) for name in named]


def test_of_many_unknown_fields_the_first_are_named():
    _, warnings = read(json.dumps(dict.fromkeys(map(str, range(100)))).encode())

    assert len(warnings) == 21
    assert warnings[-1] == ("unknown_field", "body")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "body: must be a JSON object, got nothing"),
        (b"[1]", "body: must be a JSON object, got a list"),
        (b'{"a": 1,\n }', "body: must be JSON, got something else at line 2, column 2"),
        (b'{"a": "\xff"}', "body: must be UTF-8, got another byte at 7"),
        (b"[" * 100_000, "body: must not be nested so deeply"),
        (b"[" + b"1," * 200_001 + b"1]", "body: must hold at most 200000 values, got more"),
        (b'{"battery": {"current_soc": [1]}}', "battery.current_soc: must be a number, got a list"),
        (b'{"timezone": 1}', "timezone: must be text, got 1"),
        (
            b'{"grid": {"max_import_w": true}}',
            "grid.max_import_w: must be a list or a number or an object, got true",
        ),
        (rb'{"horizon_hours": "\ud800"}', "body: must be Unicode text, got half a surrogate pair"),
    ],
)
def test_what_cannot_be_read_is_refused_by_field_and_rule(body, text):
    with pytest.raises(ProblemError) as refusal:
        read(body)

    assert str(refusal.value) == text


def test_endless_integers_take_no_endless_time():
    request, _ = read(b'{"horizon_hours": NaN, "prices_import": [' + b"1" * 100_000 + b"]}")

    assert request.prices_import == [math.inf]
