"""Provider rules that the prices include already: recognised, applied once, billed truly."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.end_to_end import NOW, SYDNEY, plan_of, small_request, warned
from tests.end_to_end.contract import charging_of, ev_request, fleet_of, fleet_request

MIDNIGHT = datetime(2026, 1, 14, tzinfo=SYDNEY)
EXAMPLES = Path("examples")
IN_PRICES = ("rule_in_prices", "prices_export")
UNCLEAR = ("default", "provider_config.prices_include_rules")


def boost(start="17:00", end="21:00", offset=20.0, minimum=0.0):
    return {
        "export_boost_enabled": True,
        "export_price_offset": offset,
        "export_min_price": minimum,
        "export_boost_start": start,
        "export_boost_end": end,
    }


def chip(start="22:00", end="06:00", threshold=30.0):
    return {
        "chip_mode_enabled": True,
        "chip_mode_start": start,
        "chip_mode_end": end,
        "chip_mode_threshold": threshold,
    }


def prices_of_client(prices, rules, start, minutes):
    """What PowerSync sends for true export prices: the boost, then the marker of chip mode."""
    sent = list(prices)
    for index in range(len(sent)):
        at = start + timedelta(minutes=index * minutes)  # of the wall clock, as the client adds
        if rules.get("export_boost_enabled") and in_window(at, rules, "export_boost"):
            raised = sent[index] + rules["export_price_offset"] / 100
            sent[index] = max(raised, rules["export_min_price"] / 100)
        if rules.get("chip_mode_enabled") and in_window(at, rules, "chip_mode"):
            sent[index] = sent[index] if is_free(sent[index], rules) else -1.0
    return sent


def is_free(price, rules):
    return price >= rules["chip_mode_threshold"] / 100


def in_window(at, rules, name):
    now, start, end = f"{at:%H:%M}", rules[f"{name}_start"], rules[f"{name}_end"]
    return start <= now < end if start <= end else now >= start or now < end


def request_of(prices, rules, minutes=60, **changes):
    n = len(prices)
    return small_request(
        n, prices_export=prices, interval_minutes=minutes, provider_config=rules, **changes
    )


def walk(n, step, seed):
    """Prices around 8 cents that move by about `step` from one interval to the next."""
    noise = np.random.default_rng(seed).normal(0, step, n)
    return np.round(0.08 + noise, 5).tolist()


STEPS = [0.05] * 9 + [0.09] * 6 + [0.05] * 9  # a feed-in tariff dearer from 9 to 15

BOOSTED = {
    "flat": ([0.05] * 24, boost(), 60, MIDNIGHT),
    "two days": ([0.05] * 48, boost(), 60, MIDNIGHT),
    "steps of its own": (STEPS, boost(offset=4), 60, MIDNIGHT),
    "across midnight": ([0.07] * 48, boost("22:00", "02:00"), 60, MIDNIGHT),
    "from inside the window": ([0.07] * 24, boost(), 60, MIDNIGHT.replace(hour=18)),
    "to inside the window": ([0.07] * 12, boost(), 60, MIDNIGHT.replace(hour=8)),
    "a lower price": ([0.3] * 24, boost("10:00", "14:00", -25), 60, MIDNIGHT),
    "below zero": ([-0.02] * 24, boost(offset=12), 60, MIDNIGHT),
    "minimum binding": ([0.05] * 24, boost(offset=5, minimum=30), 60, MIDNIGHT),
    "minimum alone": ([0.05] * 24, boost(offset=0, minimum=25), 60, MIDNIGHT),
    "market": (walk(96, 0.004, 1), boost(offset=9), 30, MIDNIGHT),
    "market of five minutes": (walk(288, 0.003, 2), boost("06:30", "09:10", 7), 5, MIDNIGHT),
    "quarter hours": ([0.11] * 96, boost("16:45", "19:15", 3.3), 15, MIDNIGHT),
    "fractions of a cent": ([0.06375] * 48, boost(offset=8.125), 30, MIDNIGHT),
    "several a day": (
        [0.05, 0.02] * 12,
        boost("03:00", "07:00", 40),
        60,
        MIDNIGHT.replace(hour=2),
    ),
    "clocks go forward": ([0.05] * 48, boost(), 60, datetime(2026, 10, 4, tzinfo=SYDNEY)),
    "clocks go back": ([0.05] * 48, boost(), 60, datetime(2026, 4, 5, tzinfo=SYDNEY)),
    "London": ([0.05] * 48, boost(), 60, datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/London"))),
}


@pytest.mark.parametrize("cost_function", ["cost", "profit"])
@pytest.mark.parametrize("case", BOOSTED)
async def test_a_boost_in_the_prices_is_applied_once(serve, case, cost_function):
    prices, rules, minutes, start = BOOSTED[case]
    client = await serve(now=start.astimezone(UTC), zone=start.tzinfo)
    sent = prices_of_client(prices, rules, start, minutes)
    assert sent != pytest.approx(prices)
    true = request_of(prices, rules, minutes, cost_function=cost_function)
    stated = {**true, "provider_config": {**rules, "prices_include_rules": False}}

    reply = await plan_of(client, {**true, "prices_export": sent}, true)

    meant = await plan_of(client, stated)
    assert IN_PRICES in warned(reply)
    assert meant["warnings"] == []
    for name in ("total_cost", "baseline_cost", "total_export_kwh"):
        assert reply["summary"][name] == pytest.approx(meant["summary"][name], abs=1e-4)
    assert reply["schedule"]["grid_export_w"] == pytest.approx(meant["schedule"]["grid_export_w"])


async def test_what_a_boost_that_is_applied_once_sells_and_earns(serve):
    """Ten kWh at noon, 10 cents for a kWh; the boost of 20 is not enough to part with two of them.

    The boost makes 0.30 in the window; the two kWh of the last two hours save 0.35 each.  So eight
    are sold, for 0.80.  Applied twice, at 0.50, all ten are sold.
    """
    client = await serve(now=MIDNIGHT.replace(hour=12).astimezone(UTC))
    rules = boost("15:00", "18:00")
    request = small_request(
        8,
        battery={"capacity_wh": 10_000, "current_soc": 1, "efficiency": 1, "backup_reserve": 0},
        prices_import=[0.35] * 8,
        prices_export=[0.1] * 3 + [0.3] * 3 + [0.1] * 2,
        solar_forecast=[0] * 8,
        load_forecast=[0] * 6 + [1000] * 2,
        interval_minutes=60,
        cost_function="profit",
    )

    reply = await plan_of(
        client, {**request, "provider_config": rules}, {**request, "prices_export": [0.1] * 8}
    )

    assert reply["summary"]["total_export_kwh"] == pytest.approx(8, abs=0.04)
    assert reply["summary"]["total_cost"] == pytest.approx(-0.8, abs=0.01)
    assert reply["summary"]["baseline_cost"] == pytest.approx(0.7)
    assert sum(reply["schedule"]["grid_export_w"][3:6]) == pytest.approx(8000, abs=40)


MARKED = {
    "night": ([0.08] * 24, chip(), 60, MIDNIGHT),
    "two nights": ([0.08] * 96, chip(), 30, MIDNIGHT.replace(hour=15)),
    "all day": ([0.08] * 24, chip("00:00", "23:59"), 60, MIDNIGHT),
    "spikes are free": ([0.08, 0.08, 0.5, 0.08, 0.3] * 10, chip(), 60, MIDNIGHT),
    "threshold of zero": ([-0.03, 0.01] * 24, chip("00:00", "23:59", 0), 30, MIDNIGHT),
    "market": (walk(288, 0.02, 3), chip("09:00", "15:00", 10), 5, MIDNIGHT),
    "one interval": ([0.08] * 24, chip("13:00", "14:00"), 60, MIDNIGHT),
    "clocks go back": ([0.08] * 48, chip(), 60, datetime(2026, 4, 4, 12, tzinfo=SYDNEY)),
}


@pytest.mark.parametrize("case", MARKED)
async def test_a_marker_of_chip_mode_is_no_money(serve, case):
    prices, rules, minutes, start = MARKED[case]
    client = await serve(now=start.astimezone(UTC), zone=start.tzinfo)
    sent = prices_of_client(prices, rules, start, minutes)
    true = [0.0 if price == -1.0 else price for price in sent]
    n = len(prices)
    request = request_of(sent, rules, minutes, solar_forecast=[4000] * n, load_forecast=[0] * n)
    request["battery"]["capacity_wh"] = 0

    reply = await plan_of(client, request, {**request, "prices_export": true})

    assert IN_PRICES in warned(reply)
    kwh = np.array(reply["schedule"]["grid_export_w"]) * minutes / 60_000
    assert reply["summary"]["total_cost"] == pytest.approx(-kwh @ true, abs=1e-4)
    assert reply["summary"]["baseline_cost"] == pytest.approx(
        -4 * minutes / 60 * sum(true), abs=1e-4
    )


async def test_a_forecast_that_is_too_short_repeats_the_marker(client):
    """The client fills a short forecast with its last price: from noon to 22:00 and on and on."""
    sent = [0.08] * 10 + [-1.0] * 14

    reply = await plan_of(
        client, request_of(sent, chip()), request_of([0.08] * 10 + [0.0] * 14, {})
    )

    assert warned(reply) == [IN_PRICES]


async def test_boost_and_chip_mode_are_both_recognised(serve):
    client = await serve(now=MIDNIGHT.astimezone(UTC))
    rules = {**boost("18:00", "23:00", 15), **chip("22:00", "06:00")}
    sent = prices_of_client([0.1] * 48, rules, MIDNIGHT, 60)
    true = [0.0 if price == -1 else 0.1 for price in sent]

    reply = await plan_of(client, request_of(sent, rules), request_of(true, rules))

    assert warned(reply) == [IN_PRICES, IN_PRICES]


TRUE = {
    "no boost in the prices": ([0.05] * 24, boost()),
    "another boost": ([0.05] * 17 + [0.15] * 4 + [0.05] * 3, boost(offset=20)),
    "another hour": ([0.05] * 16 + [0.25] * 4 + [0.05] * 4, boost()),
    "one hour more": ([0.05] * 16 + [0.25] * 5 + [0.05] * 3, boost()),
    "never back": ([0.05] * 17 + [0.25] * 7, boost()),
    "one day of two": ([0.05] * 17 + [0.25] * 4 + [0.05] * 27, boost()),
    "prices under the minimum": ([0.02] * 17 + [0.08] * 4 + [0.02] * 3, boost(offset=6, minimum=9)),
    "an evening peak": (
        [*walk(17, 0.03, 4), *(price + 0.2 for price in walk(4, 0.03, 5)), *walk(3, 0.03, 6)],
        boost(offset=12),
    ),
    "minus one outside as well": ([-1.0] * 8 + [0.08] * 14 + [-1.0] * 2, chip()),
    "not all of the night": ([-1.0] * 5 + [0.08] * 17 + [-1.0] * 2, chip()),
    "minus one and a bit": ([-1.01] * 6 + [0.08] * 16 + [-1.01] * 2, chip()),
    "no marker": ([0.08] * 24, chip()),
    "all at minus one, chip mode off": ([-1.0] * 24, boost("17:00", "21:00", 5)),
    "boost of nothing": ([0.05] * 24, boost(offset=0)),
}


@pytest.mark.parametrize("case", TRUE)
async def test_prices_that_do_not_show_a_rule_are_true(serve, case):
    prices, rules = TRUE[case]
    client = await serve(now=MIDNIGHT.astimezone(UTC))
    request = request_of(prices, rules)
    stated = {**request, "provider_config": {**rules, "prices_include_rules": False}}

    reply = await plan_of(client, request)

    assert reply["warnings"] == []
    assert reply["summary"] == (await plan_of(client, stated))["summary"]


async def test_a_window_without_an_end_does_not_tell(client):
    request = request_of([0.25] * 24, boost("00:00", "23:59"))

    reply = await plan_of(client, request)

    assert warned(reply) == [UNCLEAR]


@pytest.mark.parametrize("stated", [True, "true", 1, "YES"])
async def test_stated_rules_are_taken_out_without_being_seen(client, stated):
    rules = boost("00:00", "23:59", 20)
    sent = {**request_of([0.25] * 24, {**rules, "prices_include_rules": stated})}

    reply = await plan_of(client, sent, request_of([0.05] * 24, rules))

    assert reply["warnings"] == []


@pytest.mark.parametrize("stated", [False, "false", 0, "off"])
async def test_stated_prices_are_true_whatever_they_look_like(client, stated):
    seen = [0.05] * 5 + [0.25] * 4 + [0.05] * 6 + [-1.0] * 5 + [0.05] * 4
    rules = {**boost(), **chip("03:00", "08:00"), "prices_include_rules": stated}

    reply = await plan_of(client, request_of(seen, rules))

    assert reply["warnings"] == []


@pytest.mark.parametrize("stated", ["maybe", [], {}, 2])
async def test_a_statement_that_says_nothing_is_left_out(client, stated):
    seen = [0.05] * 5 + [0.25] * 4 + [0.05] * 15
    rules = {**boost(), "prices_include_rules": stated}

    reply = await plan_of(client, request_of(seen, rules), request_of([0.05] * 24, rules))

    assert warned(reply) == [("unknown_value", "provider_config.prices_include_rules"), IN_PRICES]


async def test_a_minimum_that_binds_hides_the_price_and_says_so(client):
    sent = [0.05] * 5 + [0.3] * 4 + [0.05] * 15
    rules = {**boost(offset=5, minimum=30), "prices_include_rules": True}

    reply = await plan_of(client, request_of(sent, rules), request_of([0.05] * 24, rules))

    assert warned(reply) == [("interpolated", "prices_export")]


@pytest.mark.parametrize("example", ["dynamic_day", "flat_tariff", "time_of_use"])
async def test_the_examples_are_recognised_with_a_boost_in_them(serve, example):
    request = json.loads((EXAMPLES / f"{example}.json").read_text())
    start = datetime.fromisoformat(request["start_time"]).astimezone(SYDNEY)
    rules = boost(offset=10)
    sent = prices_of_client(request["prices_export"], rules, start, 5)
    client = await serve()

    reply = await plan_of(
        client,
        {**request, "prices_export": sent, "provider_config": rules},
        {**request, "provider_config": rules},
    )

    assert warned(reply) == [IN_PRICES]


async def test_rules_are_taken_out_for_vehicles_and_fleets_too(client):
    """The requests begin at noon."""
    rules, sent = boost("15:00", "17:00"), [0.05] * 6 + [0.25] * 4 + [0.05] * 6
    changes = {"prices_export": sent, "provider_config": rules}

    car = await charging_of(client, ev_request(**changes), ev_request(provider_config=rules))
    fleet = await fleet_of(
        client, fleet_request(n=16, **changes), fleet_request(n=16, provider_config=rules)
    )

    assert IN_PRICES in warned(car)
    assert IN_PRICES in warned(fleet)
    assert NOW.astimezone(SYDNEY).hour == 12
