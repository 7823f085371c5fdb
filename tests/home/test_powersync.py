import json
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home.powersync import read_view, view_from
from server.home_assistant.link import Late, LinkDown, Refused
from tests.home.meters import utc

UTC_ZONE = ZoneInfo("UTC")
START = utc(2026, 6, 1, 12)
STAMPS = [(START + i * timedelta(minutes=5)).isoformat() for i in range(4)]


def answer(**changes):
    view = {
        "success": True,
        "schedule": {
            "timestamps": STAMPS,
            "import_price": [0.3, 0.31, -0.02],
            "export_price": [0.05, 0.05, 0.05],
            "soc": [0.5, 0.5, 0.5, 0.5],
        },
        "forecast_series": {
            "timestamps": STAMPS,
            "interval_minutes": 5,
            "raw_forecast_values_kw": [1.5, 1.5, None, 1.2],
            "load_forecast_values_kw": [0.4, 0.4, 0.4, 0.4],
        },
        "config": {"battery_capacity_wh": 13500, "max_charge_w": 5000},
        "battery_soc_percent": 62.5,
        "currency": "AUD",
        "last_optimization": STAMPS[0],
    }
    return json.dumps(view | changes).encode()


def test_its_view_is_nearly_a_request():
    view = view_from(answer())

    assert view.soc == 0.625
    assert view.config.battery_capacity_wh == 13500
    assert view.instant(UTC_ZONE) == START
    assert [row.value for row in view.prices("import", UTC_ZONE)] == [0.3, 0.31, -0.02]
    assert view.prices("import", UTC_ZONE)[-1].end == START + timedelta(minutes=15)
    assert [row.value for row in view.powers("load", UTC_ZONE)] == [400.0] * 4


def test_a_value_that_is_none_leaves_its_time_without_one():
    solar = view_from(answer()).powers("solar", UTC_ZONE)

    assert [row.value for row in solar] == [1500.0, 1500.0, 1200.0]
    assert solar[1].end == START + timedelta(minutes=10)


def test_stamps_without_an_offset_are_local():
    series = {"timestamps": ["2026-06-01T12:00:00"], "load_forecast_values_kw": [1.0]}

    rows = view_from(answer(forecast_series=series)).powers("load", ZoneInfo("Australia/Sydney"))

    assert rows[0].start == utc(2026, 6, 1, 2)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"success": true}', b"\xff", b"<"])
def test_other_answers_are_no_view(body):
    assert view_from(body) is None


def test_parts_of_other_types_are_left_out():
    view = view_from(answer(forecast_series=[1], battery_soc_percent="full", config={"a": "b"}))

    assert view.soc is None
    assert view.powers("solar", UTC_ZONE) == []
    assert view.prices("export", UTC_ZONE)


def test_a_list_that_is_none_costs_the_others_nothing():
    schedule = {"timestamps": STAMPS, "import_price": [0.3] * 4, "export_price": 0.05}

    view = view_from(answer(schedule=schedule))

    assert len(view.prices("import", UTC_ZONE)) == 4
    assert view.prices("export", UTC_ZONE) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(json_values, json_values, json_values)
def test_no_answer_is_an_error(schedule, series, soc):
    body = answer(
        schedule={"timestamps": STAMPS, "import_price": schedule},
        forecast_series={"timestamps": series, "raw_forecast_values_kw": series},
        battery_soc_percent=soc,
        config=soc,
    )

    view = view_from(body)

    if view is not None:
        assert view.soc is None or 0.0 <= view.soc <= 1.0
        for row in view.prices("import", UTC_ZONE) + view.powers("solar", UTC_ZONE):
            assert row.end > row.start


def link_that(result):
    async def get(path):
        assert path == "power_sync/optimization"
        if isinstance(result, Exception):
            raise result
        return result

    return SimpleNamespace(get=get)


async def test_without_powersync_there_is_no_view():
    assert await read_view(link_that(Refused("404", "not found"))) is None
    assert await read_view(link_that(Late("no answer"))) is None
    assert (await read_view(link_that(answer()))).soc == 0.625


async def test_without_home_assistant_nobody_knows():
    with pytest.raises(LinkDown):
        await read_view(link_that(LinkDown("gone")))
