"""Bad input beyond `test_readings`: mended in the open, or refused by name.

`sent` is what arrives, `meant` its intended reading: the plan is judged by the latter.
"""

import asyncio
import math

import pytest

from benchmarks.days import synthetic_request
from optimiser import CostFunction
from tests.end_to_end import (
    COST_FUNCTIONS,
    plan_of,
    post,
    small_request,
    warned,
    without,
)

HUGE = 10**400


def with_entry(name, index, value, **battery):
    """A small request, one entry of one series replaced."""
    series = list(small_request()[name])
    series[index] = value
    return small_request(battery=battery, **{name: series})


JUNK = [None, math.nan, math.inf, -math.inf, "x", "", "nan", True, False, [], [1], {}, {"a": [1]}]


@pytest.mark.parametrize("junk", [*JUNK, 1e300, -1e300, HUGE, "1e999"], ids=lambda v: repr(v)[:12])
@pytest.mark.parametrize(
    ("field", "index", "between"),
    [
        ("prices_import", 4, (0.1 + 0.4) / 2),
        ("prices_export", 6, 0.05),
        ("solar_forecast", 1, 0.0),
        ("solar_forecast", 4, 1000.0),
        ("load_forecast", 3, 800.0),
    ],
)
async def test_a_bad_entry_is_interpolated_with_a_warning(client, field, index, between, junk):
    meant = with_entry(field, index, between)
    sent = with_entry(field, index, junk)

    if (field, index) == ("prices_import", 4):
        sent["prices_import"][5] = meant["prices_import"][5] = 0.4
    reply = await plan_of(client, sent, meant)

    assert warned(reply) == [("interpolated", field)]
    assert f"first at index {index}" in reply["warnings"][0]["message"]


@pytest.mark.parametrize("junk", [None, math.nan, "x", 1e300], ids=repr)
@pytest.mark.parametrize(
    ("field", "index", "assumed"),
    [
        ("prices_export", 7, 0.05),
        ("prices_export", 0, 0.05),
        ("prices_import", 0, 0.1),  # beside it 0.1, the median 0.4
        ("solar_forecast", 0, 0.0),  # beside it 0, the median 2000
        ("solar_forecast", 7, 0.0),  # as at the beginning
        ("load_forecast", 7, 800.0),
    ],
)
async def test_a_bad_entry_at_an_end_is_missing(client, field, index, assumed, junk):
    sent, meant = with_entry(field, index, junk), with_entry(field, index, assumed)

    reply = await plan_of(client, sent, meant)

    assert warned(reply) == [("extended", field)]


async def test_numbers_as_text_are_numbers(client):
    request = small_request()
    sent = {
        **request,
        "prices_import": [str(price) for price in request["prices_import"]],
        "load_forecast": [f" {power} " for power in request["load_forecast"]],
        "battery": {name: str(value) for name, value in request["battery"].items()},
        "interval_minutes": "30",
    }

    reply = await plan_of(client, sent, request)

    assert reply["warnings"] == []


# Series of unequal length


def two_days(**changes):
    """Two days of hours, no two alike."""
    hours = range(48)
    request = small_request(
        48,
        prices_import=[0.2 + 0.1 * math.sin(t) for t in hours],
        prices_export=[0.05 + 0.01 * (t % 7) for t in hours],
        solar_forecast=[max(0.0, 100.0 * t - 40 * (t % 24)) for t in hours],
        load_forecast=[500.0 + 10 * t for t in hours],
        interval_minutes=60,
    )
    return {**request, **changes}


@pytest.mark.parametrize("field", ["prices_export", "solar_forecast", "load_forecast"])
@pytest.mark.parametrize("known", [24, 30, 47])
async def test_a_short_series_repeats_the_clock_time_of_the_day_before(client, field, known):
    values = two_days()[field]
    sent = two_days(**{field: values[:known]})
    meant = values[:known] + [values[t - 24] for t in range(known, 48)]

    reply = await plan_of(client, sent, two_days(**{field: meant}))

    assert warned(reply) == [("extended", field)]


async def test_less_than_a_day_repeats_itself(client):
    values = two_days()["load_forecast"]
    sent = two_days(load_forecast=values[:10])
    meant = [values[t % 10] for t in range(24)] * 2

    reply = await plan_of(client, sent, two_days(load_forecast=meant[:24] + meant[:24]))

    assert warned(reply) == [("extended", "load_forecast")]


async def test_a_long_series_is_cut(client):
    values = two_days()["solar_forecast"]
    sent = two_days(solar_forecast=values + [9e5] * 12)

    reply = await plan_of(client, sent, two_days())

    assert warned(reply) == [("truncated", "solar_forecast")]


async def test_a_shorter_horizon_cuts_every_series_alike(client):
    sent = two_days(horizon_hours=24)
    meant = {name: value[:24] if isinstance(value, list) else value for name, value in sent.items()}

    reply = await plan_of(client, sent, meant)

    assert reply["warnings"] == []


@pytest.mark.parametrize(("wanted", "planned"), [(0.2, 1), (1, 1), (1.9, 1), (2, 2), (100, 48)])
async def test_a_horizon_holds_whole_intervals_and_at_least_one(client, wanted, planned):
    sent = two_days(horizon_hours=wanted)
    meant = {
        name: value[:planned] if isinstance(value, list) else value for name, value in sent.items()
    }

    reply = await plan_of(client, sent, meant)

    assert reply["warnings"] == []


# The battery


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
async def test_a_site_of_megawatts_stays_within_its_meter(client, cost_function):
    battery = {"capacity_wh": 4.05e7, "max_charge_w": 1.5e7, "max_discharge_w": 1.5e7}
    sent = small_request(battery=battery, cost_function=cost_function)
    capped = {"capacity_wh": 4.05e7, "max_charge_w": 1e5, "max_discharge_w": 1e5}
    meter = {"max_import_w": 1e5, "max_export_w": 1e5}
    meant = small_request(battery=capped, grid=meter, cost_function=cost_function)

    reply = await plan_of(client, sent, meant)

    assert warned(reply) == [
        ("implausible", "battery.capacity_wh"),
        ("capped", "battery.max_charge_w"),
        ("capped", "battery.max_discharge_w"),
    ]


@pytest.mark.parametrize("battery", [None, "missing"])
async def test_a_missing_battery_is_assumed_with_one_warning(client, battery):
    sent = small_request()
    sent = without(sent, "battery") if battery == "missing" else {**sent, "battery": None}

    reply = await plan_of(client, sent, small_request(battery={"backup_reserve": 0.0}))

    assert warned(reply) == [("default", "battery")]


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
@pytest.mark.parametrize(
    "battery",
    [
        {"capacity_wh": 0},
        {"max_charge_w": 0, "max_discharge_w": 0},
        {"current_soc": 1.0, "backup_reserve": 1.0},
        {"current_soc": 0.5, "backup_reserve": 1.0},
        {"current_soc": 0.0, "backup_reserve": 1.0},
        {"current_soc": 0.2, "backup_reserve": 0.2, "max_soc": 0.2},
        {"current_soc": 1.0, "max_soc": 0.2},
    ],
    ids=str,
)
async def test_a_battery_without_room_to_move_is_planned_for_days(client, battery, cost_function):
    sent = two_days(cost_function=cost_function)
    sent["battery"] = {**sent["battery"], **battery}

    reply = await plan_of(client, sent)

    assert reply["status"] == "optimal"
    assert {code for code, _ in warned(reply)} <= {"unmet"}


@pytest.mark.parametrize("soc", [0.1993, 0.05, 0.0])
@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
async def test_a_battery_under_its_reserve_is_planned_and_not_drained(client, soc, cost_function):
    sent = small_request(battery={"current_soc": soc}, cost_function=cost_function)

    reply = await plan_of(client, sent)

    assert reply["status"] == "optimal"
    assert min(reply["schedule"]["soc_trajectory"]) >= soc - 1e-6


async def test_a_reserve_that_cannot_be_regained_is_reported(client):
    battery = {"current_soc": 0.1, "backup_reserve": 0.9, "can_charge_from_grid": False}
    sent = small_request(battery=battery, solar_forecast=[0] * 8)

    reply = await plan_of(client, sent)

    assert warned(reply) == [("unmet", "battery.backup_reserve")]
    assert "10.80 kWh short" in reply["warnings"][0]["message"]


@pytest.mark.parametrize(("sent", "meant"), [(0, False), (1, True), ("false", False), ("1", True)])
async def test_a_permission_may_be_a_number_or_text(client, sent, meant):
    request = small_request(battery={"can_charge_from_grid": sent})

    reply = await plan_of(client, request, small_request(battery={"can_charge_from_grid": meant}))

    assert reply["warnings"] == []
    assert (max(reply["schedule"]["grid_to_battery_w"]) > 0) is meant


# Intervals, cost function, provider rules, grid, options


async def test_a_missing_interval_is_that_of_the_options(serve):
    client = await serve(optimization_interval=15)

    reply = await plan_of(
        client, without(small_request(), "interval_minutes"), small_request(interval_minutes=15)
    )

    assert warned(reply) == [("default", "interval_minutes")]


@pytest.mark.parametrize("sent", ["COST", " cost ", "Cost"])
async def test_a_cost_function_is_known_in_any_case(client, sent):
    reply = await plan_of(client, small_request(cost_function=sent), small_request())

    assert reply["cost_function"] == "cost"
    assert reply["warnings"] == []


@pytest.mark.parametrize("sent", ["cheapest", "", "x" * 5000, "\ud800"], ids=lambda s: ascii(s)[:9])
async def test_an_unknown_cost_function_is_the_default_with_a_warning(serve, sent):
    client = await serve(default_cost_function=CostFunction.PROFIT)

    reply = await plan_of(
        client, small_request(cost_function=sent), small_request(cost_function="profit")
    )

    assert reply["cost_function"] == "profit"
    assert warned(reply) == [("unknown_value", "cost_function")]
    assert len(reply["warnings"][0]["message"]) < 200


async def test_a_missing_cost_function_is_the_default(client):
    reply = await plan_of(client, without(small_request(), "cost_function"), small_request())

    assert reply["cost_function"] == "cost"
    assert reply["warnings"] == []


BOOST = {
    "export_boost_enabled": True,
    "export_price_offset": 40.0,
    "export_min_price": 0.0,
    "export_boost_start": "12:00",
    "export_boost_end": "14:00",
}
CHIP = {
    "chip_mode_enabled": True,
    "chip_mode_start": "00:00",
    "chip_mode_end": "00:00",
    "chip_mode_threshold": 30.0,
}
FIRM = {"current_soc": 1.0}
EAGER = {
    "battery": FIRM,
    "prices_export": [0.25] * 8,
    "cost_function": "profit",
    "grid": {"curtailment": True},
}


async def test_the_rules_under_test_do_change_the_plan(client):
    sells = (await plan_of(client, small_request(**EAGER)))["summary"]["total_export_kwh"]

    chipped = await plan_of(client, small_request(**EAGER, provider_config=CHIP))
    boosted = await plan_of(client, small_request(**EAGER, provider_config=BOOST))

    assert sells > 5
    assert chipped["summary"]["total_export_kwh"] == 0
    assert sum(boosted["schedule"]["grid_export_w"][:4]) > 10_000


@pytest.mark.parametrize(
    "broken",
    [
        {"chip_mode_start": "bad"},
        {"chip_mode_end": None},
        {"chip_mode_start": 7},
        {"chip_mode_start": "25:00"},
        {"chip_mode_end": ["22:00"]},
        {"chip_mode_threshold": None},
        {"chip_mode_threshold": "x"},
        {"chip_mode_threshold": math.nan},
        {"chip_mode_threshold": HUGE},
        {"chip_mode_threshold": True},
        {"chip_mode_enabled": "maybe"},
        {"chip_mode_enabled": [1]},
    ],
    ids=lambda broken: repr(broken)[:40],
)
async def test_a_rule_that_cannot_be_read_is_left_out_with_a_warning(client, broken):
    plain = await plan_of(client, small_request(**EAGER))

    reply = await plan_of(client, small_request(**EAGER, provider_config={**CHIP, **broken}))

    assert warned(reply) == [("rule_ignored", "provider_config")]
    assert reply["warnings"][0]["message"].startswith("chip mode ignored: ")
    assert reply["summary"] == plain["summary"]


@pytest.mark.parametrize(
    "broken", [{"export_price_offset": None}, {"export_boost_start": "bad"}], ids=repr
)
async def test_a_broken_rule_leaves_the_others_in_force(client, broken):
    rules = {**CHIP, **BOOST, **broken}

    reply = await plan_of(client, small_request(**EAGER, provider_config=rules))

    assert warned(reply) == [("rule_ignored", "provider_config")]
    assert reply["summary"]["total_export_kwh"] == 0


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
async def test_chip_mode_all_day_reports_the_true_bill(client, cost_function):
    sent = small_request(
        battery=FIRM, solar_forecast=[4000] * 8, cost_function=cost_function, provider_config=CHIP
    )

    surplus = await plan_of(client, sent)
    curtailed = await plan_of(client, {**sent, "grid": {"curtailment": True}})

    assert curtailed["warnings"] == surplus["warnings"] == []
    assert curtailed["summary"]["total_export_kwh"] == curtailed["summary"]["total_cost"] == 0
    assert surplus["summary"]["total_solar_curtailed_kwh"] == 0
    assert surplus["summary"]["total_battery_export_kwh"] == 0
    earned = surplus["summary"]["total_export_kwh"] * surplus["summary"]["average_export_price"]
    assert surplus["summary"]["total_cost"] == pytest.approx(-earned)


async def test_chip_mode_stores_before_it_exports(client):
    sent = small_request(
        battery={"current_soc": 0.5},
        solar_forecast=[4000] * 8,
        prices_export=[0.25] * 8,
        cost_function="profit",
        provider_config=CHIP,
    )

    reply = await plan_of(client, sent)

    assert reply["summary"]["total_solar_curtailed_kwh"] == 0
    assert max(reply["schedule"]["soc_trajectory"]) == 1.0
    assert reply["schedule"]["grid_export_w"][0] == 0


async def test_a_load_beyond_the_import_limit_is_served_and_reported(client):
    sent = small_request(battery={"capacity_wh": 0}, grid={"max_import_w": 500})

    reply = await plan_of(client, sent)

    assert warned(reply) == [("unmet", "grid.max_import_w")]


async def test_misspelt_fields_are_named(client):
    sent = {**small_request(battery={"SoC": 1}), "prices": [1], "horizon": 24}

    reply = await plan_of(client, sent, small_request())

    assert set(warned(reply)) == {
        ("unknown_field", "battery.SoC"),
        ("unknown_field", "prices"),
        ("unknown_field", "horizon"),
    }


async def test_a_thousand_unknown_fields_do_not_swell_the_reply(client):
    sent = {**small_request(), **{f"field {i}" + "x" * 500: i for i in range(1000)}}

    reply = await plan_of(client, sent, small_request())

    assert len(reply["warnings"]) == 21
    assert reply["warnings"][-1]["message"].startswith("980 more fields")
    assert all(len(warning["field"]) < 100 for warning in reply["warnings"])


# Prices that break a linear programme


HARD_PRICES = {
    "import under export": {"prices_import": [0.1] * 8, "prices_export": [0.3] * 8},
    "all negative": {"prices_import": [-0.1] * 8, "prices_export": [-0.2] * 8},
    "negative, import under export": {"prices_import": [-0.3] * 8, "prices_export": [-0.1] * 8},
    "all zero": {"prices_import": [0] * 8, "prices_export": [0] * 8},
    "a spike": {"prices_import": [0.1, 20, 20] + [0.1] * 5, "prices_export": [0, 20, 20] + [0] * 5},
    "equal": {"prices_import": [0.25] * 8, "prices_export": [0.25] * 8},
    "the extremes": {"prices_import": [-1000, 1000] * 4, "prices_export": [1000, -1000] * 4},
}


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
@pytest.mark.parametrize("curtailment", [True, False])
@pytest.mark.parametrize("prices", HARD_PRICES.values(), ids=HARD_PRICES)
async def test_hard_prices_give_possible_plans(client, prices, cost_function, curtailment):
    sent = small_request(**prices, cost_function=cost_function, grid={"curtailment": curtailment})

    reply = await plan_of(client, sent)

    assert reply["warnings"] == []
    assert not reply["status"].startswith("heuristic")


# Size


@pytest.mark.parametrize(("seed", "n_intervals", "minutes"), [(3, 2000, 5), (4, 2880, 1)])
async def test_thousands_of_intervals_are_planned(client, seed, n_intervals, minutes):
    sent = synthetic_request(seed, n_intervals, minutes)

    reply = await plan_of(client, sent)

    assert reply["status"] == "optimal"


async def test_four_requests_at_once_are_all_planned(client):
    sent = synthetic_request(5, 288)

    replies = await asyncio.gather(*(post(client, sent) for _ in range(4)))

    assert [status for status, _ in replies] == [200] * 4
    assert len({reply["summary"]["total_cost"] for _, reply in replies}) == 1
