"""Actions that answer prices: their calls, and the prices in their answers."""

from datetime import date, datetime, timedelta

import pytest

from server.sources.actions import (
    PRICE_ACTIONS,
    calls_for,
    former_call,
    present_from,
    price_action,
    series_from_answers,
)
from server.sources.rows import value_at
from tests.sources.shapes import (
    BERLIN,
    SYDNEY,
    amber,
    easy_energy,
    nord_pool_core,
    slots_of,
    tibber_core,
)

NOW = datetime(2026, 10, 24, 23, 30, tzinfo=BERLIN)
HOURS = slots_of(BERLIN, date(2026, 10, 24), 2, 60)


def test_nord_pool_is_called_for_each_local_day():
    calls = calls_for("nordpool.get_prices_for_date", {"config_entry": "abc"}, NOW, BERLIN)

    assert calls == [
        {"config_entry": "abc", "date": "2026-10-24"},
        {"config_entry": "abc", "date": "2026-10-25"},
    ]


def test_tibber_is_called_from_midnight_until_the_end_of_tomorrow():
    (call,) = calls_for("tibber.get_prices", {}, NOW, BERLIN)

    assert call == {"start": "2026-10-24T00:00:00+02:00", "end": "2026-10-26T00:00:00+01:00"}


def test_amber_is_called_once_for_its_channel():
    action = price_action("amberelectric.get_forecasts")

    data = action.data("abc", "sells")

    assert data == {"config_entry_id": "abc", "channel_type": "feed_in"}
    assert calls_for(action.action, data, NOW, SYDNEY) == [data]


def test_what_an_action_requires_is_added():
    data = price_action("energyzero.get_energy_prices").data("abc", "buys")

    (call,) = calls_for("energyzero.get_energy_prices", data, NOW, BERLIN)

    assert call["incl_vat"] is True
    assert call["config_entry"] == "abc"


def test_an_unknown_action_is_called_once_as_it_is_set():
    assert calls_for("my.prices", {"a": "b"}, NOW, BERLIN) == [{"a": "b"}]


def test_an_action_says_which_directions_it_has():
    assert price_action("tibber.get_prices").data("abc", "sells") is None
    assert price_action("tibber.get_prices").data("abc", "buys") == {}
    assert price_action("unknown.action") is None


def test_names_of_actions_begin_with_their_domain_and_are_unique():
    names = [action.action for action in PRICE_ACTIONS]

    assert all(action.action.startswith(f"{action.domain}.") for action in PRICE_ACTIONS)
    assert len({*names}) == len(names)


@pytest.mark.parametrize(
    ("action", "make"),
    [
        ("amberelectric.get_forecasts", amber),
        ("nordpool.get_prices_for_date", nord_pool_core),
        ("tibber.get_prices", tibber_core),
        ("easyenergy.get_energy_usage_prices", easy_energy),
        ("my.prices", tibber_core),
    ],
)
def test_the_answers_of_two_days_are_one_series(action, make):
    days = [HOURS[:24], HOURS[24:]]

    series = series_from_answers(action, map(make, days), zone=BERLIN, now=NOW)

    for slot in HOURS:
        assert value_at(series.rows, slot.start) == pytest.approx(slot.value)
    assert series.rows[-1].end == HOURS[-1].end
    assert (series.unit is None) == (action == "my.prices")


def test_a_zone_may_be_named():
    answers = [{"SE3": [], "SE4": nord_pool_core(HOURS)["SE3"]}]

    series = series_from_answers(
        "nordpool.get_prices_for_date", answers, zone=BERLIN, now=NOW, series="SE4"
    )

    assert value_at(series.rows, NOW) == pytest.approx(HOURS[23].value)
    assert value_at(series.rows, NOW + timedelta(days=3)) is None


@pytest.mark.parametrize("answers", [[], [None], [{}], [{"SE3": []}], ["text", 7]])
def test_answers_without_prices_are_none(answers):
    assert series_from_answers("nordpool.get_prices_for_date", answers, zone=BERLIN) is None


def present(channel, price):
    return {
        "duration": 5,
        "date": "2026-01-22",
        "per_kwh": price,
        "nem_date": "2026-01-22T12:05:00+10:00",
        "spot_per_kwh": 9.0,
        "start_time": "2026-01-22T02:00:01+00:00",
        "end_time": "2026-01-22T02:05:00+00:00",
        "renewables": 41,
        "estimate": True,
        "spike_status": "none",
        "channel_type": channel,
        "state_class": "measurement",
        "unit_of_measurement": "$/kWh",
        "friendly_name": "Home - Price",
    }


@pytest.mark.parametrize(("direction", "price"), [("buys", 0.31), ("sells", -0.02)])
def test_the_present_interval_of_amber_is_in_its_entities(direction, price):
    data = price_action("amberelectric.get_forecasts").data("abc", direction)
    entities = [{"friendly_name": "x"}, present("general", 0.31), present("feedIn", -0.02)]

    series = present_from("amberelectric.get_forecasts", data, entities, zone=SYDNEY)

    start = datetime.fromisoformat("2026-01-22T02:00:00+00:00")
    assert value_at(series.rows, start) == price
    assert value_at(series.rows, start + timedelta(minutes=5)) is None


def test_other_answers_hold_the_present_interval_themselves():
    data = {"config_entry": "abc"}

    assert present_from("nordpool.get_prices_for_date", data, [], zone=BERLIN) is None
    assert present_from("my.prices", data, [present("general", 1)], zone=BERLIN) is None
    assert present_from("amberelectric.get_forecasts", data, [{}], zone=BERLIN) is None


def test_older_cores_have_another_name_for_ambers_config_entry():
    call = {"config_entry_id": "abc", "channel_type": "general"}

    assert former_call("amberelectric.get_forecasts", call) == {
        "site_id": "abc",
        "channel_type": "general",
    }
    assert former_call("nordpool.get_prices_for_date", {"config_entry": "abc"}) is None
