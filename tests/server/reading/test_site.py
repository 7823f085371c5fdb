"""Whole requests to sites and back."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.options import Options
from server.reading.site import problem_from_request
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.requests import OptimizeRequest
from tests.end_to_end import small_request
from tests.end_to_end.readings import clean_request_of

NOW = datetime(2026, 1, 14, tzinfo=UTC)


def understood(request):
    repairs = Repairs()
    wire = decode(json.dumps(request).encode(), OptimizeRequest, repairs)
    problem = problem_from_request(wire, Options(zone=UTC), NOW, repairs)
    return clean_request_of(problem), repairs.warnings


def series(low, high):
    return st.lists(st.floats(low, high), min_size=4, max_size=4)


@given(
    st.fixed_dictionaries(
        {
            "prices_import": series(-1, 20),
            "prices_export": series(-1, 20),
            "solar_forecast": series(0, 20_000),
            "load_forecast": series(50, 20_000),
            "interval_minutes": st.sampled_from([1, 5, 30, 45, 60]),
            "cost_function": st.sampled_from(["cost", "profit", "self_consumption"]),
        }
    )
)
def test_a_clean_request_is_understood_as_it_is(changes):
    request = small_request(4, **changes)

    reading, warnings = understood(request)

    assert warnings == []
    for name in ("prices_import", "prices_export", "solar_forecast", "load_forecast"):
        assert reading[name] == pytest.approx(request[name], rel=1e-12, abs=1e-12)
    assert reading["interval_minutes"] == pytest.approx([request["interval_minutes"]] * 4)
    assert reading["cost_function"] == request["cost_function"]


def test_the_reading_of_a_request_is_read_the_same():
    once, _ = understood(small_request(4, battery={"current_soc": 55, "efficiency": 90}))

    twice, warnings = understood(once)

    assert warnings == []
    assert {**twice, "battery": None} == {**once, "battery": None}
    assert twice["battery"] == pytest.approx(once["battery"])
