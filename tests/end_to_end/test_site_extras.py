"""What a site may say beside prices and forecasts: limits, inverters, charges, allowances."""

import math

import pytest
from hypothesis import HealthCheck, given, settings

from tests.end_to_end import plan_of, post, small_request, warned
from tests.end_to_end.contract import charging_of, ev_request, fleet_of, fleet_request, short
from tests.end_to_end.requests import ev_requests, multi_battery_requests, optimize_requests

EXAMPLES = 60
FULL = {"current_soc": 1.0}
DEAR_EXPORT = {"prices_export": [0.3] * 8, "solar_forecast": [3000.0] * 8, "battery": FULL}


# Limits of the meter


def metered(reply, name):
    return reply["schedule"][f"grid_{name}_w"]


async def test_import_keeps_within_the_limit_of_each_interval(client):
    limits = [2000, None, 3000, 1000, None, None, None, None]
    plain = await plan_of(client, small_request())

    reply = await plan_of(client, small_request(grid={"max_import_w": limits}))

    told = metered(reply, "import")
    assert max(metered(plain, "import")) > 3000
    assert all(power <= most + 0.01 for power, most in zip(told, limits, strict=True) if most)
    assert told[1] > 3000


async def test_export_keeps_within_the_limit_of_each_interval(client):
    limits = [0, 500, None, 0, 0, 500, None, 7000]

    reply = await plan_of(
        client, small_request(**DEAR_EXPORT, cost_function="profit", grid={"max_export_w": limits})
    )

    told = metered(reply, "export")
    assert told[0] == told[3] == told[4] == 0
    assert told[1] == told[5] == 500
    assert max(told[2], told[6]) == pytest.approx(7200)


async def test_a_site_that_may_not_export_curtails(client):
    sent = small_request(**DEAR_EXPORT, grid={"max_export_w": 0})

    reply = await plan_of(client, sent)

    assert sum(metered(reply, "export")) == 0
    assert reply["summary"]["total_solar_curtailed_kwh"] > 1


@pytest.mark.parametrize("asked", [{}, {"curtailment": False}, {"curtailment": None}])
async def test_solar_is_not_curtailed_unless_asked_for(client, asked):
    paid_for = {"prices_export": [-0.1] * 8, "solar_forecast": [9000] * 8}

    forced = (await plan_of(client, small_request(**paid_for, grid=asked)))["summary"]
    free = await plan_of(client, small_request(**paid_for, grid={"curtailment": True}))

    assert forced["total_solar_curtailed_kwh"] == 0
    assert forced["total_export_kwh"] > 1
    assert free["summary"]["total_solar_curtailed_kwh"] > 1
    assert free["summary"]["total_export_kwh"] == 0


async def test_a_limit_of_exports_cuts_no_more_than_lies_beyond_it(client):
    sent = small_request(
        prices_export=[-0.1] * 8, solar_forecast=[9000] * 8, grid={"max_export_w": 500}
    )

    reply = await plan_of(client, sent)

    assert reply["warnings"] == []
    schedule = reply["schedule"]
    cut = [power > 0.01 for power in schedule["solar_curtailed_w"]]
    assert any(cut)
    for exported, is_cut in zip(schedule["grid_export_w"], cut, strict=True):
        assert exported == pytest.approx(500) if is_cut else exported <= 500.01


# A flat tariff


@pytest.mark.parametrize("soc", [0.9, 0.5, 0.36, 0.3])
async def test_a_flat_tariff_does_not_keep_a_battery_from_serving_the_load(client, soc):
    sent = small_request(
        48,
        battery={"current_soc": soc, "capacity_wh": 10_000},
        prices_import=[0.3] * 48,
        solar_forecast=[0.0] * 48,
        load_forecast=[500.0] * 48,
    )

    reply = await plan_of(client, sent)

    assert reply["schedule"]["soc_trajectory"][-1] == pytest.approx(0.2, abs=1e-6)


# Export of the battery


@pytest.mark.parametrize(
    ("most", "exported"), [(0, 0), (800, 800), ("800", 800), (None, 4860), (50_000, 4860)]
)
async def test_a_battery_feeds_the_grid_by_no_more_than_it_may(client, most, exported):
    prices = {"prices_export": [0.05] * 4 + [0.9] * 4, "cost_function": "profit"}
    meant = None if most is None else int(most)

    reply = await plan_of(
        client,
        small_request(battery={**FULL, "max_export_w": most}, **prices),
        small_request(battery={**FULL, "max_export_w": meant}, **prices),
    )

    assert max(reply["schedule"]["battery_export_w"]) == pytest.approx(exported, abs=0.01)
    assert reply["warnings"] == []


async def test_a_limit_of_the_batterys_export_leaves_the_load_alone(client):
    sent = small_request(
        battery={**FULL, "max_export_w": 0}, load_forecast=[3000.0] * 8, solar_forecast=[0.0] * 8
    )

    reply = await plan_of(client, sent)

    assert max(reply["schedule"]["battery_consume_w"]) == pytest.approx(3000)


# A hybrid inverter


def with_hybrid(place, hybrid, **changes):
    """A site of much sun with an inverter told in one of its places."""
    request = small_request(solar_forecast=[6000.0] * 8, **changes)
    *parents, name = place.split(".")
    for parent in parents:
        request[parent] = {**request.get(parent, {}), name: hybrid}
    return request if parents else {**request, name: hybrid}


PLACES = ["hybrid", "grid.hybrid", "battery.hybrid"]


@pytest.mark.parametrize("place", PLACES)
async def test_an_inverter_may_be_told_in_three_places(client, place):
    reply = await plan_of(client, with_hybrid(place, {"ac_limit_w": 2000}))

    schedule = reply["schedule"]
    passed = zip(schedule["solar_to_load_w"], schedule["grid_export_w"], strict=True)
    assert max(sum(pair) for pair in passed) == pytest.approx(2000, abs=0.01)
    assert max(schedule["solar_to_battery_w"]) > 2000
    assert reply["warnings"] == []


async def test_panels_that_are_not_behind_the_inverter_are_not_bounded_by_it(client):
    apart = {"ac_limit_w": 2000, "dc_coupled_solar": False}

    reply = await plan_of(client, with_hybrid("hybrid", apart))

    assert max(metered(reply, "export")) > 3000
    assert max(reply["schedule"]["charge_w"]) <= 2000.01


async def test_an_inverter_may_take_less_than_it_gives(client):
    hybrid = {"ac_limit_w": 4000, "ac_charge_limit_w": 1500}

    reply = await plan_of(client, small_request(hybrid=hybrid))

    assert max(reply["schedule"]["grid_to_battery_w"]) == pytest.approx(1500, abs=0.01)
    assert reply["warnings"] == []


async def test_of_several_inverters_that_of_the_site_counts(client):
    sent = with_hybrid("battery.hybrid", {"ac_limit_w": 500})

    reply = await plan_of(client, {**sent, "hybrid": {"ac_limit_w": 2000}})

    assert max(metered(reply, "export")) > 1000


@pytest.mark.parametrize("hybrid", [None, "missing"])
async def test_without_an_inverter_nothing_is_bounded(client, hybrid):
    sent = small_request(solar_forecast=[6000.0] * 8)

    reply = await plan_of(client, sent if hybrid == "missing" else {**sent, "hybrid": None})

    assert max(metered(reply, "export")) > 3000


# Demand charges


PEAKY = {
    "prices_import": [0.3] * 8,
    "solar_forecast": [0.0] * 8,
    "load_forecast": [500.0, 6000.0, 500.0, 500.0, 4000.0, 500.0, 500.0, 500.0],
    # Too small for all of the load: where it serves is a matter of the peaks.
    "battery": {"capacity_wh": 4000, "current_soc": 0.9, "can_charge_from_grid": False},
}


def peaky(*charges, **changes):
    return small_request(**{**PEAKY, "demand_charges": list(charges), **changes})


def peaks(reply):
    return [peak["peak_kw"] for peak in reply["summary"]["demand_peaks"]]


async def test_a_demand_charge_shaves_the_peak(client):
    idle = await plan_of(client, peaky({"price_per_kw": 0}))

    reply = await plan_of(client, peaky({"price_per_kw": 10}))

    (peak,) = reply["summary"]["demand_peaks"]
    assert peak["peak_kw"] < 3.5
    assert peak["cost"] == reply["summary"]["demand_cost"]
    assert peak["cost"] == pytest.approx(10 * peak["peak_kw"], abs=1e-4)
    assert peaks(idle)[0] > peak["peak_kw"]
    assert idle["summary"]["demand_cost"] == 0


async def test_without_demand_charges_none_are_told(client):
    reply = await plan_of(client, small_request(demand_charges=None, allowances=[]))

    assert reply["summary"]["demand_cost"] == reply["summary"]["allowance_credit"] == 0
    assert reply["summary"]["demand_peaks"] == []


@pytest.mark.parametrize(
    ("window", "peak"),
    [
        ({"start": "14:00", "end": "15:00"}, 4.0),
        ({"start": "12:00", "end": "13:00"}, 6.0),
        ({"start": "13:00", "end": "14:00"}, 0.5),
        ({"start": "22:00", "end": "13:00"}, 6.0),
        ({"start": "12:30"}, 6.0),
        ({"end": "12:30"}, 0.5),
        ({"end": "24:00"}, 6.0),
        ({"start": "1:00", "end": "12:30"}, 0.5),
        ({"start": "17:00", "end": "20:00"}, 0.0),
    ],
    ids=str,
)
async def test_a_demand_charge_counts_within_its_window(client, window, peak):
    sent = peaky({"price_per_kw": 10, **window}, battery={"capacity_wh": 0})

    reply = await plan_of(client, sent)

    assert peaks(reply) == [peak]
    assert reply["warnings"] == []


WEDNESDAYS = [
    ([2], [2]),
    (2, [2]),
    ("2", [2]),
    ("wed", [2]),
    ("Wednesday", [2]),
    (" WEDNESDAY ", [2]),
    (["mon", "wed", 6], [0, 2, 6]),
    (["weekdays"], [0, 1, 2, 3, 4]),
    ("weekday", [0, 1, 2, 3, 4]),
    ([2.0], [2]),
    (None, [0, 1, 2, 3, 4, 5, 6]),
]
OTHER_DAYS = [
    ([0, 1, 3, 4, 5, 6], [0, 1, 3, 4, 5, 6]),
    ("weekends", [5, 6]),
    (["Weekend", "thu"], [3, 5, 6]),
    ("sunday", [6]),
    (0, [0]),
]


JANUARIES = [
    ([1, 12], [1, 12]),
    (1, [1]),
    ("jan", [1]),
    (["January", "feb"], [1, 2]),
    (None, list(range(1, 13))),
]
OTHER_MONTHS = [([2, 3], [2, 3]), ("december", [12])]


@pytest.mark.parametrize(
    ("field", "sent", "meant", "counts"),
    [("weekdays", *days, True) for days in WEDNESDAYS]
    + [("weekdays", *days, False) for days in OTHER_DAYS]
    + [("months", *months, True) for months in JANUARIES]
    + [("months", *months, False) for months in OTHER_MONTHS],
    ids=short,
)
async def test_weekdays_and_months_may_be_numbers_or_names(client, field, sent, meant, counts):
    reply = await plan_of(
        client,
        peaky({"price_per_kw": 10, field: sent}),
        peaky({"price_per_kw": 10, field: meant}),
    )

    assert (peaks(reply)[0] > 0) is counts
    assert reply["warnings"] == []


@pytest.mark.parametrize("days", ["mon-fri", "mon,tue,wed", "Mon to Fri", ["mon-fri"]], ids=str)
async def test_a_span_of_weekdays_is_read_whole_or_not_at_all(client, days):
    status, reply = await post(client, peaky({"price_per_kw": 10, "weekdays": days}))

    assert status == 200
    assert warned(reply) == [("rule_ignored", "demand_charges[0]")] or peaks(reply)[0] > 0


async def test_a_peak_that_has_been_reached_costs_no_more(client):
    sent = peaky({"price_per_kw": 10, "peak_so_far_kw": 5.5}, battery={"capacity_wh": 0})

    reply = await plan_of(client, sent)

    assert reply["summary"]["demand_peaks"] == [
        {"peak_kw": 6.0, "peak_so_far_kw": 5.5, "cost": pytest.approx(5)}
    ]


async def test_under_the_peak_so_far_nothing_is_shaved(client):
    reply = await plan_of(client, peaky({"price_per_kw": 10, "peak_so_far_kw": 7}))

    assert reply["summary"]["demand_peaks"] == [{"peak_kw": 7, "peak_so_far_kw": 7, "cost": 0}]


@pytest.mark.parametrize(
    ("minutes", "peak"), [(None, 6.0), (15, 6.0), ("30", 6.0), (60, 3.25), (120, 1.875)]
)
async def test_a_peak_is_the_mean_of_a_block_of_the_clock(client, minutes, peak):
    meant = None if minutes is None else int(minutes)
    alone = {"battery": {"capacity_wh": 0}}

    reply = await plan_of(
        client,
        peaky({"price_per_kw": 10, "average_minutes": minutes}, **alone),
        peaky({"price_per_kw": 10, "average_minutes": meant}, **alone),
    )

    assert peaks(reply) == [peak]


async def test_several_demand_charges_are_told_one_by_one(client):
    morning = {"price_per_kw": 2, "start": "12:00", "end": "14:00"}
    sent = peaky(morning, {"price_per_kw": "10", "start": "14:00"}, battery={"capacity_wh": 0})
    meant = peaky(morning, {"price_per_kw": 10, "start": "14:00"}, battery={"capacity_wh": 0})

    reply = await plan_of(client, sent, meant)

    assert peaks(reply) == [6.0, 4.0]
    assert reply["summary"]["demand_cost"] == pytest.approx(2 * 6 + 10 * 4)


WINDOW_FAULTS = [
    ({"start": "bad"}, "start must be a time like 17:30, got 'bad'"),
    ({"end": "25:00"}, "end must be a time like 17:30, got '25:00'"),
    ({"weekdays": []}, "weekdays must not be empty"),
    ({"weekdays": [7]}, "weekdays must hold names or numbers 0 to 6, got 7"),
    ({"weekdays": "someday"}, "weekdays must hold names or numbers 0 to 6, got 'someday'"),
    ({"weekdays": [None]}, "weekdays must hold names or numbers 0 to 6, got null"),
    ({"weekdays": [0.5]}, "weekdays must hold names or numbers 0 to 6, got 0.5"),
    ({"weekdays": -1}, "weekdays must hold names or numbers 0 to 6, got -1"),
    ({"weekdays": [True]}, "weekdays must hold names or numbers 0 to 6, got true"),
    ({"months": [0]}, "months must hold names or numbers 1 to 12, got 0"),
    ({"months": 13}, "months must hold names or numbers 1 to 12, got 13"),
    ({"months": "smarch"}, "months must hold names or numbers 1 to 12, got 'smarch'"),
    ({"months": []}, "months must not be empty"),
]
PRICE = "price_per_kw must be a number from 0 to 10000, got "
BLOCK = "average_minutes must be a number from 1 to 1440, got "


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        *WINDOW_FAULTS,
        ({"price_per_kw": None}, f"{PRICE}null"),
        ({"price_per_kw": "x"}, f"{PRICE}'x'"),
        ({"price_per_kw": -1}, f"{PRICE}-1"),
        ({"price_per_kw": 1e5}, f"{PRICE}100000"),
        ({"price_per_kw": math.nan}, f"{PRICE}nan"),
        ({"peak_so_far_kw": -1}, "peak_so_far_kw must be a number from 0 to 1e+06, got -1"),
        ({"peak_so_far_kw": "x"}, "peak_so_far_kw must be a number from 0 to 1e+06, got 'x'"),
        ({"average_minutes": 0}, f"{BLOCK}0"),
        ({"average_minutes": 1e-7, "start": "12:10"}, f"{BLOCK}1e-07"),
        ({"average_minutes": -5}, f"{BLOCK}-5"),
        ({"average_minutes": "x"}, f"{BLOCK}'x'"),
        ({"average_minutes": 2000}, f"{BLOCK}2000"),
    ],
    ids=short,
)
async def test_a_demand_charge_that_cannot_be_read_is_ignored_with_a_warning(client, broken, rule):
    good = {"price_per_kw": 3}
    sent = peaky(good, {"price_per_kw": 10, **broken})

    reply = await plan_of(client, sent, peaky(good))

    assert warned(reply) == [("rule_ignored", "demand_charges[1]")]
    assert reply["warnings"][0]["message"] == f"ignored: {rule}"
    assert len(peaks(reply)) == 1


async def test_twenty_demand_charges_are_planned(client):
    charges = [{"price_per_kw": 1, "start": f"{hour:02}:00"} for hour in range(20)]

    reply = await plan_of(client, peaky(*charges))

    assert len(peaks(reply)) == 20
    assert reply["warnings"] == []


@pytest.mark.parametrize("field", ["demand_charges", "allowances"])
async def test_an_unknown_field_of_a_rule_is_named_with_its_place(client, field):
    rule = {"price_per_kw": 1} if field == "demand_charges" else FREE

    reply = await plan_of(client, small_request(**{field: [rule, {**rule, "foo": 1}]}))

    assert warned(reply) == [("unknown_field", f"{field}[1].foo")]


# Allowances


FREE = {"direction": "import", "daily_quota_kwh": 3, "bonus_price": 0.0}
BONUS = {"direction": "export", "daily_quota_kwh": 2, "bonus_price": 0.6}
NO_BATTERY = {"battery": {"capacity_wh": 0}, "prices_import": [0.3] * 8}
SUNNY = {**NO_BATTERY, "solar_forecast": [2800.0] * 8}


def allowed(*rules, **changes):
    return small_request(**{**NO_BATTERY, "solar_forecast": [0.0] * 8, **changes}, allowances=rules)


def credit(reply):
    return reply["summary"]["allowance_credit"]


async def test_energy_within_an_import_allowance_has_its_own_price(client):
    reply = await plan_of(client, allowed(FREE))

    assert credit(reply) == pytest.approx(3 * 0.3)
    assert reply["summary"]["total_cost"] == pytest.approx(0.2 * 0.3, abs=1e-5)


async def test_energy_within_an_export_allowance_has_its_own_price(client):
    reply = await plan_of(client, allowed(BONUS, **SUNNY))

    assert credit(reply) == pytest.approx(2 * 0.55)


async def test_a_battery_is_filled_with_free_energy(client):
    prices = {"prices_import": [0.3] * 8, "battery": {"current_soc": 0.2}}
    free = {**FREE, "daily_quota_kwh": 8, "start": "12:00", "end": "14:00"}

    reply = await plan_of(client, allowed(free, **prices))

    assert sum(metered(reply, "import")[:4]) / 2000 == pytest.approx(8, abs=0.01)
    assert credit(reply) == pytest.approx(8 * 0.3, abs=0.01)


@pytest.mark.parametrize(
    ("rule", "credited"),
    [
        ({"daily_quota_kwh": 1}, 0.3),
        ({"daily_quota_kwh": "2"}, 0.6),
        ({"daily_quota_kwh": 0}, 0),
        ({"daily_quota_kwh": 100}, 3.2 * 0.3),
        ({"bonus_price": 0.1}, 0.6),
        ({"bonus_price": 0.5}, 0),
        ({"bonus_price": -0.1}, 1.2),
        ({"used_today_kwh": 2}, 0.3),
        ({"used_today_kwh": "2.5"}, 0.15),
        ({"used_today_kwh": 50}, 0),
        ({"start": "12:00", "end": "13:00"}, 0.24),
        ({"start": "13:00"}, 2.4 * 0.3),
        ({"start": "20:00"}, 0),
        ({"weekdays": [2]}, 0.9),
        ({"weekdays": [5, 6]}, 0),
        ({"months": [1]}, 0.9),
        ({"months": [7]}, 0),
    ],
    ids=str,
)
async def test_each_field_of_an_allowance_counts(client, rule, credited):
    numbers = ("daily_quota_kwh", "used_today_kwh")
    clean = {name: float(value) if name in numbers else value for name, value in rule.items()}

    reply = await plan_of(client, allowed({**FREE, **rule}), allowed({**FREE, **clean}))

    assert credit(reply) == pytest.approx(credited, abs=1e-5)
    assert reply["warnings"] == []


@pytest.mark.parametrize("direction", ["Import", " IMPORT "])
async def test_a_direction_is_known_in_any_case(client, direction):
    reply = await plan_of(client, allowed({**FREE, "direction": direction}), allowed(FREE))

    assert reply["warnings"] == []


QUOTA = "daily_quota_kwh must be a number from 0 to 1e+06, got "


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        *WINDOW_FAULTS,
        ({"direction": None}, "direction must be import or export, got null"),
        ({"direction": "both"}, "direction must be import or export, got 'both'"),
        ({"daily_quota_kwh": None}, f"{QUOTA}null"),
        ({"daily_quota_kwh": -1}, f"{QUOTA}-1"),
        ({"daily_quota_kwh": "x"}, f"{QUOTA}'x'"),
        ({"bonus_price": None}, "bonus_price must be a number, got null"),
        ({"bonus_price": "x"}, "bonus_price must be a number, got 'x'"),
        ({"bonus_price": math.inf}, "bonus_price must be a number, got inf"),
        ({"used_today_kwh": -1}, "used_today_kwh must be a number from 0 to 1e+06, got -1"),
        ({"used_today_kwh": "x"}, "used_today_kwh must be a number from 0 to 1e+06, got 'x'"),
    ],
    ids=short,
)
async def test_an_allowance_that_cannot_be_read_is_ignored_with_a_warning(client, broken, rule):
    good = {**FREE, "daily_quota_kwh": 1}

    reply = await plan_of(client, allowed({**FREE, **broken}, good), allowed(good))

    assert warned(reply) == [("rule_ignored", "allowances[0]")]
    assert reply["warnings"][0]["message"] == f"ignored: {rule}"
    assert credit(reply) == pytest.approx(0.3)


# The other endpoints


RULES = {
    "demand_charges": [{"price_per_kw": 5, "peak_so_far_kw": 2}, {"price_per_kw": "x"}],
    "allowances": [FREE],
    "hybrid": {"ac_limit_w": 3000},
}
READ = {**RULES, "demand_charges": RULES["demand_charges"][:1]}


async def test_vehicles_are_planned_under_the_same_rules(client):
    reply = await charging_of(client, ev_request(**RULES), ev_request(**READ))

    assert len(reply["bill"]["demand_peaks"]) == 1
    assert reply["bill"]["allowance_credit"] > 0
    assert max(reply["meter"]["grid_import_w"]) < 4000
    assert warned(reply) == [("rule_ignored", "demand_charges[1]")]


async def test_several_batteries_are_planned_under_the_same_rules(client):
    reply = await fleet_of(client, fleet_request(**RULES), fleet_request(**READ))

    assert len(reply["summary"]["demand_peaks"]) == 1
    assert reply["summary"]["allowance_credit"] > 0
    assert max(reply["aggregated"]["total_charge_w"]) <= 3000.01
    assert warned(reply) == [("rule_ignored", "demand_charges[1]")]


@pytest.mark.parametrize("i", [0, 1])
async def test_the_inverter_may_be_told_with_any_of_several_batteries(client, i):
    batteries = [{"id": "a"}, {"id": "b"}]
    batteries[i]["hybrid"] = {"ac_limit_w": 2000}

    reply = await fleet_of(client, fleet_request(*batteries))

    assert max(reply["aggregated"]["total_charge_w"]) == pytest.approx(2000, abs=0.01)


@pytest.mark.parametrize("limit", [0, 0.5, 1.5, 2, 5, 50])
async def test_several_batteries_are_planned_behind_the_smallest_of_inverters(client, limit):
    sent = fleet_request(
        n=16, solar_forecast=[3000.0] * 6 + [0.0] * 10, hybrid={"ac_limit_w": limit}
    )
    # No inverter passes so few watts: kW are meant.
    meant = {**sent, "hybrid": {"ac_limit_w": 1000 * limit}}

    reply = await fleet_of(client, sent, meant)

    assert not reply["status"].startswith("heuristic")


# Whole sites at random


over_http = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@over_http
@given(request=optimize_requests())
async def test_any_site_of_a_battery_gets_a_sound_plan(client, request):
    reply = await plan_of(client, request)

    assert {code for code, _ in warned(reply)} <= {"unmet"}


@over_http
@given(request=multi_battery_requests())
async def test_any_site_of_batteries_gets_a_sound_plan(client, request):
    reply = await fleet_of(client, request)

    assert {code for code, _ in warned(reply)} <= {"unmet"}


@over_http
@given(request=ev_requests())
async def test_any_site_of_vehicles_gets_a_sound_plan(client, request):
    reply = await charging_of(client, request)

    told = {code for code, _ in warned(reply)}
    assert told <= {"unmet", "past", "beyond_horizon", "after_departure"}
