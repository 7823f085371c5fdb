"""When a vehicle is here, and what is planned of a target that is past, due or yet to come."""

import json
import re
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.options import Options
from server.plans.planning import optimise_any
from tests.end_to_end import NOW, SYDNEY, warned
from tests.end_to_end.contract import charging_of
from tests.end_to_end.test_ev_contract import energy, message, powers
from tests.end_to_end.test_ev_contract import given as discharged

TINY = 1e-3  # kWh and $; replies are rounded
PREFERENCES = 0.0101  # $; what a plan may cost more for being calm
CAR = {
    "vehicle_id": "car",
    "battery_capacity_kwh": 60,
    "current_soc": 0.5,
    "target_soc": 0.8,
    "max_charge_kw": 11,
    "min_charge_kw": 1.4,
    "charger_efficiency": 0.92,
}
WANTED = 0.3 * 60 / 0.92  # kWh
DAYS_AHEAD = "2026-01-18T23:00:00+11:00"


def stay(vehicle, prices=(0.3, 0.3, 0.3, 0.3), start="12:00", **changes):
    """Hours from a time of 14 January, of one vehicle and nothing else."""
    n = len(prices)
    return {
        "prices_import": list(prices),
        "prices_export": [0.05] * n,
        "solar_forecast": [0.0] * n,
        "load_forecast": [0.0] * n,
        "interval_minutes": [60] * n,
        "start_time": f"2026-01-14T{start}+11:00",
        "cost_function": "cost",
        "ev": {**CAR, **vehicle},
        **changes,
    }


def planned(request):
    """The reply to a request, without a server between."""
    return optimise_any(json.dumps(request).encode(), Options(zone=SYDNEY), lambda: NOW)


# Past


@pytest.mark.parametrize(
    "departure",
    [
        "2026-01-14T07:05:00+11:00",
        "2026-01-14T07:05",
        "2026-01-14T07:07:00+11:00",
        "2026-01-13T20:05:00Z",
        "2026-01-10T07:00:00+11:00",
        1768334700,
        "2026-01-14 7:05 AM",
    ],
)
@pytest.mark.parametrize("give", [0, 7])
async def test_a_vehicle_that_has_left_is_not_here_and_wants_nothing(client, departure, give):
    vehicle = {"departure_time": departure, "max_discharge_kw": give}
    meant = {**vehicle, "departure_time": "2026-01-14T07:05:00+11:00"}

    reply = await charging_of(
        client,
        stay(vehicle, (-0.1, 0.3, 5.0), "07:07", load_forecast=[1000.0] * 3),
        stay(meant, (-0.1, 0.3, 5.0), "07:07", load_forecast=[1000.0] * 3),
    )

    assert powers(reply) == discharged(reply) == [0.0] * 3
    assert reply["shortfall_kwh"] == 0
    assert reply["bill"]["total_cost"] == pytest.approx(-0.1 + 0.3 + 5.0)
    assert reply["bill"]["savings"] == pytest.approx(0)
    assert [told for told in warned(reply) if told[0] != "time_format"] == [
        ("past", "ev.departure_time")
    ]
    assert "it has left" in message(reply)


async def test_a_departure_clock_time_of_now_is_tomorrow(client):
    reply = await charging_of(
        client,
        stay({"departure_time": "12:00"}),
        stay({"departure_time": "2026-01-15T12:00:00+11:00"}),
    )

    assert warned(reply) == [("beyond_horizon", "ev.departure_time")]


# Equal


@pytest.mark.parametrize(
    ("start", "arrival"),
    [
        ("18:00", "18:00"),
        ("18:00", "18:00:00"),
        ("18:00:33", "18:00"),
        ("18:00:59", "18:00"),
        ("18:00", "2026-01-14T18:00:00+11:00"),
        ("18:00", "2026-01-14T07:00:00Z"),
        ("18:00", "6:00 PM"),
        ("18:00", 1768374000),
        ("18:00", "2026-01-14T17:59"),
    ],
)
async def test_a_vehicle_that_arrives_now_is_here(client, start, arrival):
    reply = await charging_of(
        client,
        stay({"arrival_time": arrival}, (0.1, 0.5, 0.5), start),
        stay({}, (0.1, 0.5, 0.5), start),
    )

    assert powers(reply)[0] == pytest.approx(11_000)
    assert reply["shortfall_kwh"] == 0
    assert {code for code, _ in warned(reply)} <= {"time_format"}


@pytest.mark.parametrize(("start", "arrival"), [("18:01", "18:00"), ("18:00:01", "18:00:00")])
async def test_an_arrival_that_was_before_is_of_tomorrow(client, start, arrival):
    reply = await charging_of(
        client,
        stay({"arrival_time": arrival}, start=start),
        stay({"arrival_time": "2026-01-15T18:00:00+11:00"}, start=start),
    )

    assert sum(powers(reply)) == 0
    assert warned(reply) == [("beyond_horizon", "ev.arrival_time")]
    assert reply["shortfall_kwh"] == 0


@pytest.mark.parametrize("departure", ["2026-01-14T16:00:00+11:00", "16:00", "2026-01-14T05:00Z"])
async def test_a_target_at_the_end_of_the_plan_is_due(client, departure):
    meant = {"departure_time": "2026-01-14T16:00:00+11:00"}

    reply = await charging_of(
        client, stay({"departure_time": departure}, (5.0,) * 4), stay(meant, (5.0,) * 4)
    )

    assert energy(reply) == pytest.approx(WANTED, abs=TINY)
    assert reply["warnings"] == []


@pytest.mark.parametrize(
    ("soc", "target", "export", "earned"),
    [
        (0.9, 0.8, 0.2, 6 * 0.2),  # 0.1 of 60 kWh
        (0.9, 0.8, 0.01, 6 * 0.01),
        (0.85, 0.8, 0.3, 3 * 0.3),
        (0.8, 0.8, 0.3, 0.0),
        (0.9, 0.0, 0.1, 11 * 0.1 + 3 * 11 * 0.05),  # all that it can, at 0.05 before
        (0.6, 0.5, 0.25, 6 * 0.25),
    ],
)
@pytest.mark.parametrize("cost_function", ["cost", "profit"])
async def test_what_a_vehicle_drives_away_with_at_the_end_is_worth_nothing(
    client, soc, target, export, earned, cost_function
):
    vehicle = {
        "current_soc": soc,
        "target_soc": target,
        "max_discharge_kw": 11,
        "charger_efficiency": 1.0,
        "departure_time": "2026-01-14T16:00:00+11:00",
    }
    exports = [0.05 if target == 0 else 0.0] * 3 + [export]

    reply = await charging_of(
        client, stay(vehicle, prices_export=exports, cost_function=cost_function)
    )

    assert reply["bill"]["total_cost"] == pytest.approx(-earned, abs=TINY)


async def test_what_a_vehicle_that_stays_beyond_the_end_has_above_its_target_keeps_its_worth(
    client,
):
    vehicle = {"current_soc": 0.9, "max_discharge_kw": 11, "departure_time": DAYS_AHEAD}

    reply = await charging_of(client, stay(vehicle, prices_export=[0.2] * 4))

    assert discharged(reply) == powers(reply) == [0.0] * 4


# Beyond


BEYOND = [
    # Prices, energy at each: 0.99 of their mean is the most that is paid.
    ((5.0, 5.0, 5.0), (0, 0, 0)),
    ((0.3, 0.3, 0.3, 0.3), (0, 0, 0, 0)),
    ((0.3, 0.1, 0.5, 0.3), (0, 11, 0, 0)),
    ((0.1, 0.2, 0.3, 0.4), (11, WANTED - 11, 0, 0)),
    ((0.25, 0.25, 0.25, 0.2501), (0, 0, 0, 0)),
    ((0.0, 0.2, 0.2), (11, 0, 0)),
    ((0.0, 0.0, 0.0), (WANTED, 0, 0)),  # free is not waited for
    ((-0.1, 0.3, 0.3), (11, 0, 0)),
    ((0.9, 0.98, 1.0, 0.98), (11, 0, 0, 0)),
]


@pytest.mark.parametrize(("prices", "bought"), BEYOND)
@pytest.mark.parametrize("cost_function", ["cost", "profit", "self_consumption"])
async def test_a_target_beyond_the_plan_is_worth_the_mean_price(
    client, prices, bought, cost_function
):
    if cost_function == "self_consumption" and min(prices) <= 0 < max(prices):
        bought = tuple(e if price <= 0 else 0 for e, price in zip(bought, prices, strict=True))

    reply = await charging_of(
        client, stay({"departure_time": DAYS_AHEAD}, prices, cost_function=cost_function)
    )

    cost = sum(e * price for e, price in zip(bought, prices, strict=True))
    assert energy(reply) == pytest.approx(sum(bought), abs=TINY)
    assert reply["bill"]["total_cost"] == pytest.approx(cost, abs=PREFERENCES)
    assert reply["shortfall_kwh"] == 0
    assert warned(reply) == [("beyond_horizon", "ev.departure_time")]
    assert "not planned yet" in message(reply)


async def test_surplus_is_kept_for_a_target_beyond_the_plan_where_it_sells_for_less(client):
    sun = {"solar_forecast": [4000.0, 4000.0, 0.0, 0.0], "prices_export": [0.05, 0.299, 0.0, 0.0]}

    reply = await charging_of(client, stay({"departure_time": DAYS_AHEAD}, **sun))

    assert powers(reply) == [4000.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("soc", [0.8, 0.9])
async def test_a_departure_beyond_the_plan_is_no_matter_where_nothing_is_wanted(client, soc):
    reply = await charging_of(client, stay({"departure_time": DAYS_AHEAD, "current_soc": soc}))

    assert sum(powers(reply)) == 0
    assert reply["warnings"] == []


@pytest.mark.parametrize(
    "arrival", ["2026-01-14T16:00:00+11:00", "2026-01-15T12:00", "11:00", "4 PM"]
)
async def test_a_vehicle_that_comes_after_the_plan_is_not_planned(client, arrival):
    reply = await charging_of(
        client,
        stay({"arrival_time": arrival}),
        stay({"arrival_time": "2026-01-14T16:00:00+11:00"}),
    )

    assert sum(powers(reply)) == 0
    assert warned(reply)[-1] == ("beyond_horizon", "ev.arrival_time")


@settings(max_examples=20)
@given(
    cents=st.lists(st.integers(0, 90), min_size=1, max_size=6),
    soc=st.integers(0, 80),
)
def test_the_plan_of_a_far_departure_is_that_of_the_cheapest_hours(cents, soc):
    prices = [c / 100 for c in cents]
    missing = (0.8 - soc / 100) * 60 / 0.92
    spread = [abs(price) for price in prices]
    limit = max(
        sum(p - 0.01 * abs(p) for p in prices) / len(prices),
        0.1 * sum(spread) / len(spread) or 0.01,
    )
    due = 0.0
    for price in sorted(prices):
        if price < limit:
            taken = min(11.0, missing)
            due, missing = due + taken * price, missing - taken

    reply = planned(
        stay({"departure_time": DAYS_AHEAD, "current_soc": soc / 100, "min_charge_kw": 0}, prices)
    )

    assert reply.bill.total_cost == pytest.approx(due, abs=PREFERENCES)


# Two visits


@pytest.mark.parametrize(
    ("arrival", "departure", "meant", "told"),
    [
        (
            "2026-01-14T15:00",
            "2026-01-14T14:00",
            (None, "2026-01-14T14:00:00+11:00"),
            "after_departure ev.arrival_time",
        ),
        (
            "2026-01-14T14:00",
            "2026-01-14T14:00",
            (None, "2026-01-14T14:00:00+11:00"),
            "after_departure ev.arrival_time",
        ),
        (
            "2026-01-16T14:00",
            "2026-01-14T13:00",
            (None, "2026-01-14T13:00:00+11:00"),
            "after_departure ev.arrival_time",
        ),
        ("14:00", "13:00", (None, "2026-01-14T13:00:00+11:00"), None),
        (
            "2026-01-14T14:00",
            "2026-01-14T07:00",
            ("2026-01-14T14:00:00+11:00", None),
            "past ev.departure_time",
        ),
        ("2026-01-14T08:00", "2026-01-14T07:00", (None, None), "past ev.departure_time"),
    ],
)
async def test_of_two_visits_one_is_planned(client, arrival, departure, meant, told):
    sent = {"arrival_time": arrival, "departure_time": departure}
    read = dict(zip(sent, meant, strict=True))

    reply = await charging_of(client, stay(sent), stay(read))
    plain = await charging_of(client, stay(read))

    assert reply["schedule"] == plain["schedule"]
    assert [" ".join(found) for found in warned(reply) if found[0] != "unmet"] == [told][
        : bool(told)
    ]


# Times


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("2:00 PM", "2026-01-14T14:00:00+11:00"),
        ("2 pm", "2026-01-14T14:00:00+11:00"),
        ("02:00pm", "2026-01-14T14:00:00+11:00"),
        (" 2:00 p.m. ", "2026-01-14T14:00:00+11:00"),
        ("2:30:00 PM", "2026-01-14T14:30:00+11:00"),
        ("7:30 AM", "2026-01-15T07:30:00+11:00"),
        ("12:30 AM", "2026-01-15T00:30:00+11:00"),
        ("12:30 PM", "2026-01-14T12:30:00+11:00"),
        ("2026-01-14 2:00 PM", "2026-01-14T14:00:00+11:00"),
        ("2026-01-14T02:00 PM", "2026-01-14T14:00:00+11:00"),
        ("2026-01-15 7:30", "2026-01-15T07:30:00+11:00"),
        (1768359600, "2026-01-14T14:00:00+11:00"),
        (1768359600.0, "2026-01-14T14:00:00+11:00"),
        ("1768359600", "2026-01-14T14:00:00+11:00"),
        ("1768359600.5", "2026-01-14T14:00:00.500000+11:00"),
        (1768359600000, "2026-01-14T14:00:00+11:00"),
        ("1768359600000", "2026-01-14T14:00:00+11:00"),
        (1712101200000, "2024-04-03T10:40:00+11:00"),  # also 12 October 1712, as ISO 8601
    ],
)
@pytest.mark.parametrize("field", ["arrival_time", "departure_time"])
async def test_other_ways_to_say_a_time_are_read_with_a_warning(client, field, sent, meant):
    reply = await charging_of(client, stay({field: sent}), stay({field: meant}))
    plain = await charging_of(client, stay({field: meant}))

    assert reply["schedule"] == plain["schedule"]
    assert warned(reply) == [("time_format", f"ev.{field}"), *warned(plain)]
    told = reply["warnings"][0]["message"]
    assert told.endswith(f"read as {meant}")


@pytest.mark.parametrize(
    "sent",
    [
        "unavailable",
        "unknown",
        "none",
        "None",
        "null",
        "",
        "   ",
        "noon",
        "tomorrow",
        "13:00 PM",
        "0 AM",
        "25:00",
        "7:61",
        "7",
        7,
        0,
        -1,
        1e300,
        float("nan"),
        True,
        ["07:00"],
        {},
        "0",
        "0001-01-01",
        "0001-01-01T00:00:00+00:00",
        "1970-01-01T00:00:00",
        "9999-12-31T23:59",
        "2026-13-01T07:00",
        "1/15/2026 7:30 AM",
        "now",
    ],
    ids=repr,
)
@pytest.mark.parametrize("field", ["arrival_time", "departure_time"])
async def test_what_is_no_time_is_none_with_a_warning(client, field, sent):
    reply = await charging_of(client, stay({field: sent}), stay({}))
    plain = await charging_of(client, stay({}))

    assert reply["schedule"] == plain["schedule"]
    assert warned(reply) == [("no_time", f"ev.{field}")]
    assert message(reply).endswith("read as none")


async def test_an_odd_time_of_one_vehicle_does_not_touch_the_others(client):
    two = [{**CAR, "vehicle_id": "a", "departure_time": "unavailable"}, {**CAR, "vehicle_id": "b"}]
    sent = stay({}, evs=two)
    del sent["ev"]

    reply = await charging_of(
        client, sent, {**sent, "evs": [{**two[0], "departure_time": None}, two[1]]}
    )

    assert warned(reply) == [("no_time", "evs[0].departure_time")]
    assert reply["shortfall_kwh"] == 0


ODD_TIMES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(946684800, 4102444800)
    | st.floats()
    | st.text(max_size=20)
    | st.from_regex(r"[ 0-2]?\d(:[0-6]\d)?(:[0-6]\d)? ?([AaPp]\.?[Mm]\.?)?", fullmatch=True)
    | st.datetimes().map(lambda when: when.isoformat())
    | st.lists(st.text(max_size=3), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
)
PLAIN = re.compile(r"\s*\d\d?:\d\d(:\d\d)?\s*", re.ASCII)


@given(arrival=ODD_TIMES, departure=ODD_TIMES)
def test_no_time_is_refused_and_none_but_a_plain_one_is_read_in_silence(arrival, departure):
    reply = planned(stay({"arrival_time": arrival, "departure_time": departure}))

    told = {
        warning.field for warning in reply.warnings if warning.code in {"no_time", "time_format"}
    }
    assert reply.success
    for field, value in (("arrival_time", arrival), ("departure_time", departure)):
        if value is None:
            assert f"ev.{field}" not in told
        elif f"ev.{field}" not in told:
            assert isinstance(value, str)
            is_clock_time = PLAIN.fullmatch(value) is not None
            assert is_clock_time or datetime.fromisoformat(value.strip()).year >= 2000
