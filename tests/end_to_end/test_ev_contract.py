"""Every field of ``POST /ev/optimize``: what it does, and what becomes of a wrong value."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.end_to_end import SYDNEY, warned, without
from tests.end_to_end.contract import (
    BATTERY,
    EV,
    VEHICLE,
    WANTED,
    charging_of,
    ev_request,
    refused,
    short,
)

TINY = 1e-3  # kWh and $; replies are rounded
SUN = [0.0] * 4 + [4000.0] * 4 + [0.0] * 8
TRADE = {"prices_import": [0.8] * 8 + [0.1] * 8, "prices_export": [0.7] * 8 + [0.0] * 8}
"""A first half that pays for what a vehicle gives; what is left keeps its worth after it."""


def powers(reply, v=0):
    return reply["ev_schedules"][v]["schedule"]["charge_power_w"]


def given(reply, v=0):
    return reply["ev_schedules"][v]["schedule"]["discharge_power_w"]


def energy(reply, v=0):
    return reply["ev_schedules"][v]["summary"]["total_energy_kwh"]


def last_used(reply, v=0):
    """Index after the last interval of charging; 0 where there is none."""
    return max((t + 1 for t, power in enumerate(powers(reply, v)) if power > 0), default=0)


def message(reply):
    """What the last warning says."""
    return reply["warnings"][-1]["message"]


def today(clock):
    return f"2026-01-14T{clock}:00+11:00"


# The reply


async def test_a_single_vehicle_is_told_at_the_top_and_in_the_list(client):
    reply = await charging_of(client, ev_request())

    assert (reply["success"], reply["status"], reply["vehicle_id"]) == (True, "optimal", "leaf")
    assert reply["warnings"] == []
    assert reply["shortfall_kwh"] == 0
    assert "home" not in reply
    (vehicle,) = reply["ev_schedules"]
    assert set(vehicle) == {
        "success",
        "status",
        "vehicle_id",
        "name",
        "schedule",
        "summary",
        "next_actions",
        "shortfall_kwh",
    }
    assert (vehicle["success"], vehicle["status"]) == (True, "optimal")
    assert reply["schedule"] == vehicle["schedule"]
    assert reply["summary"] == vehicle["summary"]


async def test_a_schedule_has_a_power_and_a_stamp_per_interval_and_a_soc_more(client):
    schedule = (await charging_of(client, ev_request()))["schedule"]

    assert {name: len(values) for name, values in schedule.items()} == {
        "timestamps": 16,
        "charge_power_w": 16,
        "command_w": 16,
        "minutes_on": 16,
        "discharge_power_w": 16,
        "soc": 17,
    }
    stamps = [datetime.fromisoformat(stamp) for stamp in schedule["timestamps"]]
    assert stamps[0] == datetime(2026, 1, 14, 12, tzinfo=SYDNEY)
    assert all(stamp.utcoffset() == timedelta(hours=11) for stamp in stamps)
    assert all(later - stamp == timedelta(minutes=30) for stamp, later in pairwise(stamps))


async def test_a_summary_tells_energy_sources_cost_and_the_final_soc(client):
    reply = await charging_of(client, ev_request(solar_forecast=SUN))

    summary = reply["summary"]
    assert summary["total_energy_kwh"] == pytest.approx(WANTED, abs=TINY)
    assert summary["solar_energy_kwh"] == pytest.approx(4 * 0.5 * 3.5, abs=TINY)
    assert summary["grid_energy_kwh"] == pytest.approx(WANTED - 7, abs=TINY)
    assert summary["total_cost"] == pytest.approx(0.1 * (WANTED - 7), abs=TINY)
    assert summary["average_cost"] == pytest.approx(summary["total_cost"] / WANTED, abs=TINY)
    assert summary["final_soc"] == 0.8
    assert (summary["battery_energy_kwh"], summary["discharged_kwh"]) == (0, 0)
    assert summary["exported_kwh"] == 0


async def test_a_vehicle_that_takes_nothing_has_an_average_price_of_zero(client):
    reply = await charging_of(client, ev_request({"current_soc": 0.9}))

    assert energy(reply) == 0
    assert reply["summary"]["average_price"] == 0
    assert reply["summary"]["final_soc"] == 0.9


async def test_the_meter_and_the_bill_are_of_the_whole_site(client):
    reply = await charging_of(client, ev_request())

    meter, bill = reply["meter"], reply["bill"]
    assert meter["total_charge_power_w"] == powers(reply)
    assert meter["total_discharge_power_w"] == [0.0] * 16
    assert meter["grid_export_w"] == meter["solar_curtailed_w"] == [0.0] * 16
    assert bill["total_import_kwh"] == pytest.approx(WANTED + 8 * 0.5, abs=TINY)
    assert bill["total_cost"] == pytest.approx(0.1 * WANTED + 2 * 0.4 + 2 * 0.1, abs=TINY)


async def test_a_reply_says_who_solved_it_and_how_well(client):
    reply = await charging_of(client, ev_request())

    certificate = reply["certificate"]
    assert reply["solver"] == certificate["solver"] != ""
    assert reply["cost_function"] == "cost"
    assert certificate["optimum_gap"] == pytest.approx(0, abs=1e-6)
    assert max(certificate["energy_error"], certificate["bill_error"]) < 1e-6


# Fields of a vehicle


@pytest.mark.parametrize(("sent", "told"), [("tesla 3", "tesla 3"), (" x ", "x"), (7, "7")])
async def test_a_vehicle_is_known_by_its_id(client, sent, told):
    reply = await charging_of(
        client, ev_request({"vehicle_id": sent}), ev_request({"vehicle_id": told})
    )

    assert reply["vehicle_id"] == reply["ev_schedules"][0]["vehicle_id"] == told
    assert reply["warnings"] == []


@pytest.mark.parametrize("name", ["Leaf", "Ünals 🚗", "", None])
async def test_a_name_is_passed_on(client, name):
    reply = await charging_of(client, ev_request({"name": name}))

    assert reply["ev_schedules"][0]["name"] == name


@pytest.mark.parametrize("capacity", [0, 10, 24.5, 40, 100])
async def test_the_target_is_a_share_of_the_capacity(client, capacity):
    reply = await charging_of(client, ev_request({"battery_capacity_kwh": capacity}))

    assert energy(reply) == pytest.approx(0.3 * capacity / 0.92, abs=TINY)


@pytest.mark.parametrize("soc", [0.0, 0.35, 0.8, 1.0])
async def test_charging_starts_from_the_current_soc(client, soc):
    reply = await charging_of(client, ev_request({"current_soc": soc}))

    assert reply["schedule"]["soc"][0] == soc
    assert energy(reply) == pytest.approx(max(0.8 - soc, 0) * 40 / 0.92, abs=TINY)


@pytest.mark.parametrize("target", [0.0, 0.5, 0.65, 0.9, 1.0])
async def test_charging_ends_at_the_target(client, target):
    reply = await charging_of(client, ev_request({"target_soc": target}))

    assert reply["summary"]["final_soc"] == pytest.approx(max(target, 0.5), abs=1e-6)


@pytest.mark.parametrize("least", [0.0, 0.2, 0.45, 0.7])
async def test_a_vehicle_that_gives_keeps_its_least_soc(client, least):
    vehicle = {"max_discharge_kw": 5, "min_soc": least, "target_soc": 0.5}

    reply = await charging_of(client, ev_request(vehicle, **TRADE))

    assert min(reply["schedule"]["soc"]) == pytest.approx(min(least, 0.5), abs=1e-6)
    assert sum(given(reply)[:8]) / 2000 == pytest.approx(max(0.5 - least, 0) * 36.8, abs=TINY)


@pytest.mark.parametrize("most", [2.3, 3.7, 7.4, 11, 22])
async def test_a_charger_gives_what_it_has_where_time_is_short(client, most):
    sent = ev_request({"max_charge_kw": most, "departure_time": "12:30"})

    reply = await charging_of(client, sent)

    assert powers(reply)[0] == pytest.approx(1000 * most)


@pytest.mark.parametrize(("least", "charged"), [(0, 1000), (1, 1000), (1.4, 0), (4, 0)])
async def test_solar_alone_must_give_the_least_power(client, least, charged):
    sent = ev_request({"min_charge_kw": least, "solar_only": True}, solar_forecast=[1500.0] * 16)

    reply = await charging_of(client, sent)

    assert powers(reply) == [charged] * 16


@pytest.mark.parametrize("least", [1.4, 3.0, 6.9, 7.4])
async def test_a_least_power_does_not_keep_a_vehicle_from_its_target(client, least):
    reply = await charging_of(client, ev_request({"min_charge_kw": least}))

    assert reply["shortfall_kwh"] == 0
    schedule = reply["schedule"]
    for power, command, on in zip(
        powers(reply), schedule["command_w"], schedule["minutes_on"], strict=True
    ):
        assert command == 0 or command >= 1000 * least - 0.01
        assert command * on / 30 == pytest.approx(power, abs=3)


async def test_the_last_charge_may_be_short(client):
    sent = ev_request({"min_charge_kw": 4.14, "max_charge_kw": 11, "current_soc": 0.79})

    reply = await charging_of(client, sent)

    assert reply["shortfall_kwh"] == 0
    assert reply["warnings"] == []
    assert sum(power > 0 for power in powers(reply)) == 1


@pytest.mark.parametrize("efficiency", [0.5, 0.85, 1.0])
async def test_a_charger_loses_what_its_efficiency_says(client, efficiency):
    reply = await charging_of(client, ev_request({"charger_efficiency": efficiency}))

    assert energy(reply) == pytest.approx(12 / efficiency, abs=TINY)


@pytest.mark.parametrize("kind", ["ocpp", "tesla", "", "x" * 1000, None], ids=short)
async def test_the_type_of_a_charger_changes_nothing(client, kind):
    plain = await charging_of(client, ev_request())

    reply = await charging_of(client, ev_request({"charger_type": kind}))

    assert reply["schedule"] == plain["schedule"]
    assert reply["warnings"] == []


DEPARTURES = [
    # As sent, as meant, intervals before it.
    ("2026-01-14T14:00:00+11:00", "2026-01-14T14:00:00+11:00", 4),
    ("2026-01-14T14:00:00", "2026-01-14T14:00:00+11:00", 4),
    ("2026-01-14 14:00", "2026-01-14T14:00:00+11:00", 4),
    ("2026-01-14T03:00:00Z", "2026-01-14T14:00:00+11:00", 4),
    ("2026-01-14T03:00:00+00:00", "2026-01-14T14:00:00+11:00", 4),
    ("2026-01-13T20:00:00.000-07:00", "2026-01-14T14:00:00+11:00", 4),
    ("14:00", "2026-01-14T14:00:00+11:00", 4),
    (" 14:00:00 ", "2026-01-14T14:00:00+11:00", 4),
    ("2026-01-14T14:29:00", "2026-01-14T14:29:00+11:00", 5),
    ("2026-01-14T12:45:00", "2026-01-14T12:45:00+11:00", 2),
]


@pytest.mark.parametrize(("sent", "meant", "before"), DEPARTURES)
async def test_a_vehicle_is_charged_before_it_departs(client, sent, meant, before):
    dear_until_then = [0.4 - 0.001 * t for t in range(before)] + [0.1] * (16 - before)

    reply = await charging_of(
        client,
        ev_request({"departure_time": sent}, prices_import=dear_until_then),
        ev_request({"departure_time": meant}, prices_import=dear_until_then),
    )

    assert last_used(reply) == before
    assert {code for code, _ in warned(reply)} <= {"unmet"}


@pytest.mark.parametrize(
    ("sent", "meant", "before"),
    [
        ("07:00", "2026-01-15T07:00:00+11:00", 38),
        ("7:00", "2026-01-15T07:00:00+11:00", 38),
        ("7:00:00", "2026-01-15T07:00:00+11:00", 38),
        ("12:00", "2026-01-15T12:00:00+11:00", 48),
        ("24:00", "2026-01-15T00:00:00+11:00", 24),
    ],
)
async def test_a_clock_time_is_the_next_one(client, sent, meant, before):
    prices = [0.4] * before + [0.1] * (50 - before)

    reply = await charging_of(
        client,
        ev_request({"departure_time": sent}, n=50, prices_import=prices),
        ev_request({"departure_time": meant}, n=50, prices_import=prices),
    )

    assert reply["shortfall_kwh"] == 0
    assert 0 < last_used(reply) <= before
    assert reply["warnings"] == []


@pytest.mark.parametrize("departure", [None, "2026-01-14T20:00:00+11:00", "20:00"])
async def test_without_a_departure_in_sight_the_horizon_is_the_deadline(client, departure):
    plain = await charging_of(client, ev_request())

    reply = await charging_of(client, ev_request({"departure_time": departure}), ev_request())

    assert reply["schedule"] == plain["schedule"]
    assert reply["warnings"] == []


@pytest.mark.parametrize(
    ("arrival", "meant", "away"),
    [
        ("2026-01-14T15:00:00+11:00", "2026-01-14T15:00:00+11:00", 6),
        ("2026-01-14T15:00:00", "2026-01-14T15:00:00+11:00", 6),
        ("2026-01-14T04:00:00Z", "2026-01-14T15:00:00+11:00", 6),
        ("15:00", "2026-01-14T15:00:00+11:00", 6),
        ("14:40", "2026-01-14T14:40:00+11:00", 5),
        ("2026-01-14T08:00:00", "2026-01-14T08:00:00+11:00", 0),
        (None, None, 0),
    ],
)
async def test_a_vehicle_is_charged_after_it_arrives(client, arrival, meant, away):
    cheap_until_then = [0.1] * 8 + [0.4] * 8

    reply = await charging_of(
        client,
        ev_request({"arrival_time": arrival}, prices_import=cheap_until_then),
        ev_request({"arrival_time": meant}, prices_import=cheap_until_then),
    )

    assert powers(reply)[:away] == [0.0] * away
    assert sum(powers(reply)[away:8]) > 0
    assert reply["shortfall_kwh"] == 0
    assert reply["warnings"] == []


async def test_a_vehicle_that_came_last_night_is_here_until_the_morning(serve):
    client = await serve(now=datetime(2026, 1, 14, 23, 1, tzinfo=SYDNEY))
    meant = ev_request({"departure_time": "2026-01-15T06:00:00+11:00"})

    reply = await charging_of(
        client, ev_request({"arrival_time": "22:00", "departure_time": "06:00"}), meant
    )

    assert reply["shortfall_kwh"] == 0
    assert reply["warnings"] == []


@pytest.mark.parametrize(("must", "charged"), [(True, WANTED), (None, WANTED), (False, 0)])
async def test_a_target_that_need_not_be_reached_is_left_where_power_is_dear(client, must, charged):
    vehicle = {"must_reach_target": must, "departure_time": "14:00"}
    prices = [0.9] * 2 + [9.0] * 2 + [0.1] * 12
    meant = {**vehicle, "departure_time": "2026-01-14T14:00:00+11:00"}

    reply = await charging_of(
        client,
        ev_request(vehicle, prices_import=prices),
        ev_request(meant, prices_import=prices),
    )

    if must is False:
        assert sum(powers(reply)[2:]) == 0
        assert warned(reply) == [("unmet", "ev.target_soc")]
        assert "must_reach_target is false, and more was not worth its price" in message(reply)
    else:
        assert energy(reply) == pytest.approx(charged, abs=TINY)
        assert reply["warnings"] == []


@pytest.mark.parametrize(
    "vehicle",
    [
        {"allow_grid_charging": False},
        {"solar_only": True},
        {"priority": "solar_only"},
        {"priority": " Solar_Only "},
        {"allow_grid_charging": "false"},
        {"solar_only": 1},
    ],
    ids=str,
)
async def test_a_vehicle_of_surplus_solar_takes_nothing_else(client, vehicle):
    sent = ev_request(vehicle, solar_forecast=SUN, prices_import=[-0.1] * 16)
    meant = ev_request({"solar_only": True}, solar_forecast=SUN, prices_import=[-0.1] * 16)

    reply = await charging_of(client, sent, meant)

    assert powers(reply) == [0.0] * 4 + [3500.0] * 4 + [0.0] * 8
    assert reply["summary"]["solar_energy_kwh"] == energy(reply) == pytest.approx(7)
    assert reply["shortfall_kwh"] == pytest.approx(12 - 7 * 0.92, abs=TINY)
    assert warned(reply) == [("unmet", "ev.target_soc")]
    assert "surplus solar is too little; grid charging would do" in message(reply)


async def test_a_vehicle_of_surplus_solar_lets_no_plan_undercut_its_bound(client):
    sent = ev_request(
        {"must_reach_target": False, "allow_grid_charging": False},
        prices_import=[-0.1],
        prices_export=[0.0],
        solar_forecast=[60000.0],
        load_forecast=[20000.0],
        home_battery=BATTERY,
        grid={"curtailment": True},
    )

    reply = await charging_of(client, sent)

    proof = reply["home"]["certificate"]
    assert proof["optimum"] >= proof["lower_bound"] - TINY
    assert reply["bill"]["total_cost"] == pytest.approx(-0.25, abs=TINY)


CONTESTED = {
    "home_battery": {**BATTERY, "current_soc": 0, "backup_reserve": 0.9},
    "grid": {"max_import_w": 2000},
    "prices_import": [0.3] * 16,
}


@pytest.mark.parametrize(
    ("priority", "is_vehicle_served"),
    [("ev_first", True), (None, True), ("EV_FIRST", True), ("battery_first", False)],
)
async def test_who_goes_first_gets_what_is_too_little_for_both(client, priority, is_vehicle_served):
    reply = await charging_of(client, ev_request({"priority": priority}, **CONTESTED))

    reserve = reply["home"]["schedule"]["soc_trajectory"][-1]
    assert (reply["shortfall_kwh"] < 1) is is_vehicle_served
    assert (reserve > 0.8) is not is_vehicle_served


SUNNY_WHILE_CHEAP = {
    "prices_import": [0.1] * 4 + [0.9] * 12,
    "solar_forecast": [3500.0] * 4 + [0.0] * 12,
    "home_battery": BATTERY,
}


async def test_solar_is_dealt_out_by_priority(client):
    parked = {"departure_time": "2026-01-14T14:00:00+11:00"}
    solar = {}

    for priority in ("ev_first", "equal", "battery_first"):
        sent = ev_request({**parked, "priority": priority}, **SUNNY_WHILE_CHEAP)
        solar[priority] = (await charging_of(client, sent))["summary"]["solar_energy_kwh"]

    assert solar["ev_first"] > solar["equal"] + 1 > solar["battery_first"] + 2


async def test_of_two_vehicles_the_first_by_priority_gets_the_scarce_power(client):
    sent = ev_request(
        {"vehicle_id": "a", "priority": "battery_first", "min_charge_kw": 0},
        {"vehicle_id": "b", "priority": "ev_first", "min_charge_kw": 0},
        grid={"max_import_w": 2500},
    )

    reply = await charging_of(client, sent)

    last, first = (vehicle["shortfall_kwh"] for vehicle in reply["ev_schedules"])
    assert first == 0
    assert last > 5
    assert reply["shortfall_kwh"] == pytest.approx(last)


@pytest.mark.parametrize("priority", ["urgent", "", "x" * 1000, "ev first"], ids=short)
async def test_an_unknown_priority_is_ev_first_with_a_warning(client, priority):
    sent = ev_request({"priority": priority}, **CONTESTED)

    reply = await charging_of(client, sent, ev_request(**CONTESTED))

    assert reply["shortfall_kwh"] < 1
    assert ("unknown_value", "ev.priority") in warned(reply)
    assert all(len(warning["message"]) < 200 for warning in reply["warnings"])


@pytest.mark.parametrize("most", [0, None, 2, 5])
async def test_a_vehicle_gives_what_it_may(client, most):
    vehicle = {"max_discharge_kw": most, "target_soc": 0.5}

    reply = await charging_of(client, ev_request(vehicle, **TRADE))

    assert max(given(reply)) == pytest.approx(1000 * (most or 0))
    assert (reply["summary"]["exported_kwh"] > 0) is bool(most)
    assert (reply["summary"]["total_cost"] < 0) is bool(most)
    assert reply["shortfall_kwh"] == 0


async def test_a_vehicle_that_may_not_export_serves_the_house_alone(client):
    vehicle = {"max_discharge_kw": 5, "can_export_to_grid": False, "target_soc": 0.5}

    reply = await charging_of(client, ev_request(vehicle, **TRADE))

    assert given(reply)[:8] == [500.0] * 8
    assert reply["summary"]["exported_kwh"] == 0


async def test_what_a_vehicle_gives_loses_by_its_own_efficiency(client):
    vehicle = {"max_discharge_kw": 5, "discharge_efficiency": 0.6, "min_soc": 0.25}

    reply = await charging_of(client, ev_request(vehicle, **TRADE))

    assert sum(given(reply)[:8]) / 2000 == pytest.approx(10 * 0.6, abs=TINY)


async def test_wear_keeps_a_vehicle_from_trading(client):
    vehicle = {"max_discharge_kw": 5, "cycle_cost": 5.0, "target_soc": 0.5}

    reply = await charging_of(client, ev_request(vehicle, **TRADE))

    assert reply["summary"]["discharged_kwh"] == 0


async def test_a_vehicle_is_not_charged_beyond_its_most(client):
    reply = await charging_of(client, ev_request({"target_soc": 0.9, "max_soc": 0.7}))

    assert max(reply["schedule"]["soc"]) == pytest.approx(0.7)
    assert reply["shortfall_kwh"] == pytest.approx(0.2 * 40, abs=TINY)
    assert warned(reply) == [("unmet", "ev.target_soc")]


async def test_a_vehicle_of_which_nothing_is_known_is_assumed_in_the_open(client):
    meant = ev_request({"vehicle_id": "ev_1", "battery_capacity_kwh": 75}, n=32)

    reply = await charging_of(client, {**meant, "ev": {}}, meant)

    assert reply["vehicle_id"] == "ev_1"
    assert reply["summary"]["total_energy_kwh"] == pytest.approx(0.3 * 75 / 0.92, abs=TINY)
    assert warned(reply) == [("default", "ev.vehicle_id"), ("default", "ev.current_soc")]


# Fields of the site


async def test_the_cheapest_intervals_are_chosen(client):
    prices = [0.4] * 16
    prices[3] = prices[7] = prices[11] = prices[15] = 0.1

    reply = await charging_of(client, ev_request(prices_import=prices))

    assert [t for t, power in enumerate(powers(reply)) if power > 0] == [3, 7, 11, 15]


async def test_surplus_solar_comes_before_the_grid(client):
    reply = await charging_of(client, ev_request(solar_forecast=[5000.0] * 8 + [0.0] * 8))

    assert reply["summary"]["grid_energy_kwh"] == 0
    assert sum(powers(reply)[8:]) == 0


@pytest.mark.parametrize(("export", "solar"), [(0.05, WANTED), (0.3, 0)])
async def test_solar_that_sells_for_more_than_power_costs_later_is_sold(client, export, solar):
    sent = ev_request(
        solar_forecast=[5000.0] * 8 + [0.0] * 8, prices_export=[export] * 8 + [0.0] * 8
    )

    reply = await charging_of(client, sent)

    assert reply["summary"]["solar_energy_kwh"] == pytest.approx(solar, abs=TINY)


@pytest.mark.parametrize(
    ("field", "assumed"),
    [("solar_forecast", [0.0] * 16), ("load_forecast", [0.0] * 16), ("prices_export", [0.0] * 16)],
)
@pytest.mark.parametrize("absent", ["missing", None, []])
async def test_a_missing_series_is_nothing_with_a_warning(client, field, assumed, absent):
    sent = ev_request(solar_forecast=SUN, **({field: absent} if field != "solar_forecast" else {}))
    sent = {**sent, field: absent}
    if absent == "missing":
        sent = without(sent, field)

    reply = await charging_of(client, sent, {**sent, field: assumed})

    assert warned(reply) == [("default", field)]


async def test_the_house_comes_before_the_vehicle_at_the_meter(client):
    sent = ev_request(grid={"max_import_w": 6000}, load_forecast=[500.0] * 12 + [5000.0] * 4)

    reply = await charging_of(client, sent)

    assert max(powers(reply)[:12]) == pytest.approx(5500)
    assert max(powers(reply)[12:]) <= 1000.01
    assert max(reply["meter"]["grid_import_w"]) <= 6000.01


async def test_a_home_battery_is_planned_with_the_vehicle(client):
    sent = ev_request(
        home_battery={**BATTERY, "current_soc": 1.0}, grid={"max_import_w": 2000}, n=8
    )

    reply = await charging_of(client, sent)

    home = reply["home"]
    assert {"success", "status", "schedule", "summary", "next_actions", "warnings"} <= set(home)
    assert home["summary"] == reply["bill"]
    assert reply["summary"]["battery_energy_kwh"] > 1
    assert max(home["schedule"]["vehicle_charge_w"]) > 2000
    assert home["schedule"]["soc_trajectory"][0] == 1
    assert len(home["schedule"]["soc_trajectory"]) == 9


async def test_a_warning_about_the_home_battery_names_it(client):
    home = {**BATTERY, "current_soc": 55, "SoC": 1}

    reply = await charging_of(
        client,
        ev_request(home_battery=home),
        ev_request(home_battery={**BATTERY, "current_soc": 0.55}),
    )

    assert warned(reply) == [
        ("unknown_field", "home_battery.SoC"),
        ("percent", "home_battery.current_soc"),
    ]


async def test_an_inverter_may_be_told_with_the_home_battery(client):
    home = {**BATTERY, "hybrid": {"ac_limit_w": 1000}}

    reply = await charging_of(client, ev_request(home_battery=home))

    assert max(reply["home"]["schedule"]["charge_w"]) == pytest.approx(1000, abs=0.01)


async def test_a_home_battery_of_null_is_none(client):
    reply = await charging_of(client, ev_request(home_battery=None))

    assert "home" not in reply
    assert reply["warnings"] == []


async def test_limits_of_the_meter_may_change_from_interval_to_interval(client):
    limits = [None] * 8 + [2000, 9000] * 4

    reply = await charging_of(client, ev_request(grid={"max_import_w": limits}))

    assert max(powers(reply)[8::2]) <= 1500.01
    assert max(powers(reply)[9::2]) > 7000
    assert reply["shortfall_kwh"] == 0


async def test_chip_mode_keeps_a_vehicle_from_exporting(client):
    chip = {
        "chip_mode_enabled": True,
        "chip_mode_start": "12:00",
        "chip_mode_end": "14:00",
        "chip_mode_threshold": 300,
    }
    sent = ev_request({"max_discharge_kw": 5}, **TRADE, provider_config=chip)

    reply = await charging_of(client, sent)

    assert reply["meter"]["grid_export_w"][:4] == [0.0] * 4
    assert sum(reply["meter"]["grid_export_w"][4:]) > 0


async def test_a_start_shifts_stamps_and_clock_times(client):
    sent = ev_request({"departure_time": "07:00"}, start_time="2026-07-01T05:10:00")
    meant = ev_request({"departure_time": "2026-07-01T07:00:00+10:00"})

    reply = await charging_of(client, sent, meant)

    assert reply["schedule"]["timestamps"][0] == "2026-07-01T05:10:00+10:00"
    assert last_used(reply) == 4


async def test_a_naive_departure_is_of_the_zone_that_the_request_names(client):
    sent = ev_request(
        {"departure_time": "2026-01-14T03:00:00"},
        timezone="Europe/London",
        prices_import=[0.4] * 4 + [0.1] * 12,
    )
    meant = {**sent, "ev": {**VEHICLE, "departure_time": "2026-01-14T03:00:00+00:00"}}

    reply = await charging_of(client, sent, meant)

    assert reply["schedule"]["timestamps"][0] == "2026-01-14T01:00:00+00:00"
    assert last_used(reply) == 4


@pytest.mark.parametrize("minutes", [5, "15", 60, [30] * 8 + [60] * 8], ids=short)
async def test_intervals_may_have_any_length(client, minutes):
    meant = 15 if minutes == "15" else minutes

    reply = await charging_of(
        client,
        ev_request({"current_soc": 0.75}, interval_minutes=minutes),
        ev_request({"current_soc": 0.75}, interval_minutes=meant),
    )

    assert reply["shortfall_kwh"] == 0
    assert reply["warnings"] == []


@pytest.mark.parametrize("cost_function", ["cost", "profit", "self_consumption"])
async def test_every_cost_function_reaches_the_target(client, cost_function):
    sent = ev_request(solar_forecast=SUN, home_battery=BATTERY, cost_function=cost_function)

    reply = await charging_of(client, sent)

    assert reply["cost_function"] == cost_function
    assert reply["shortfall_kwh"] == 0
    assert reply["warnings"] == []


async def test_self_consumption_keeps_the_home_battery_from_the_grid(client):
    sent = ev_request(
        home_battery=BATTERY,
        cost_function="self_consumption",
        prices_export=[0.9] * 16,
        prices_import=[0.95] * 8 + [0.1] * 8,
    )

    reply = await charging_of(client, sent)

    assert sum(reply["home"]["schedule"]["battery_export_w"]) == 0
    assert sum(reply["home"]["schedule"]["grid_to_battery_w"]) == 0


# Several vehicles, and what cannot be done


async def test_several_vehicles_share_the_meter_and_keep_their_deadlines(client):
    sent = ev_request(
        {"vehicle_id": "a", "departure_time": "2026-01-14T18:00:00+11:00"},
        {"vehicle_id": "b"},
        grid={"max_import_w": 8000},
    )

    reply = await charging_of(client, sent)

    assert [vehicle["vehicle_id"] for vehicle in reply["ev_schedules"]] == ["a", "b"]
    assert reply["shortfall_kwh"] == 0
    assert last_used(reply, 0) <= 12
    assert max(reply["meter"]["grid_import_w"]) <= 8000.01
    assert not {"vehicle_id", "schedule", "summary"} & set(reply)


async def test_a_list_of_one_vehicle_is_told_as_that_vehicle(client):
    sent = {**without(ev_request(), "ev"), "evs": [VEHICLE]}
    plain = await charging_of(client, ev_request())

    reply = await charging_of(client, sent)

    assert reply["vehicle_id"] == "leaf"
    assert reply["schedule"] == plain["schedule"]


@pytest.mark.parametrize("evs", [None, []])
async def test_an_empty_list_beside_a_vehicle_does_not_hide_it(client, evs):
    reply = await charging_of(client, {**ev_request(), "evs": evs}, ev_request())

    assert reply["vehicle_id"] == "leaf"


async def test_a_list_of_vehicles_goes_before_a_single_one(client):
    sent = {**ev_request(), "evs": [{**VEHICLE, "vehicle_id": "b"}]}

    reply = await charging_of(client, sent)

    assert reply["vehicle_id"] == "b"
    assert warned(reply) == [("unknown_value", "ev")]


async def test_ten_vehicles_are_planned(client):
    names = [f"car {i}" for i in range(10)]
    sent = ev_request(*({"vehicle_id": name, "current_soc": 0.7} for name in names))

    reply = await charging_of(client, sent)

    assert [vehicle["vehicle_id"] for vehicle in reply["ev_schedules"]] == names
    assert reply["shortfall_kwh"] == 0


async def test_a_deadline_that_cannot_be_met_is_explained(client):
    reply = await charging_of(client, ev_request({"departure_time": "2026-01-14T13:00:00+11:00"}))

    assert reply["status"] == reply["ev_schedules"][0]["status"] == "optimal"
    assert powers(reply)[:2] == [7400.0] * 2
    assert reply["shortfall_kwh"] == pytest.approx(12 - 7.4 * 0.92, abs=TINY)
    assert reply["ev_schedules"][0]["shortfall_kwh"] == reply["shortfall_kwh"]
    assert warned(reply) == [("unmet", "ev.target_soc")]
    assert message(reply) == (
        "target 80 % by 13:00 cannot be met: 5.2 kWh short; needs 13.0 kW, charger has 7.4; "
        "would be met by 13:45"
    )


async def test_an_import_limit_that_keeps_a_target_is_named_with_the_power_it_needs(client):
    reply = await charging_of(client, ev_request(grid={"max_import_w": 2000}))

    assert warned(reply) == [("unmet", "ev.target_soc")]
    assert message(reply) == (
        "target 80 % by 20:00 cannot be met: 1.0 kWh short; needs an import limit of 2.13 kW "
        "beside the rest, the site has 2.00"
    )


async def test_what_one_of_two_could_have_is_not_said_to_be_impossible(client):
    sent = ev_request({"vehicle_id": "a"}, {"vehicle_id": "b"}, grid={"max_import_w": 2500})

    reply = await charging_of(client, sent)

    told = [warning["message"] for warning in reply["warnings"] if warning["code"] == "unmet"]
    assert len(told) == 2
    assert all(" is not met: " in sentence for sentence in told)


async def test_a_complaint_names_its_vehicle_of_several(client):
    sent = ev_request(
        {"vehicle_id": "a"},
        {"vehicle_id": "b", "departure_time": "2026-01-14T13:00:00+11:00"},
    )

    reply = await charging_of(client, sent)

    assert warned(reply) == [("unmet", "evs[1].target_soc")]
    assert [vehicle["shortfall_kwh"] > 0 for vehicle in reply["ev_schedules"]] == [False, True]


async def test_a_vehicle_that_is_never_here_is_not_charged_and_told_so(client):
    arrival, departure = today("16:10"), today("16:10").replace(":00+", ":00.000001+")

    reply = await charging_of(
        client, ev_request({"arrival_time": arrival, "departure_time": departure})
    )

    assert sum(powers(reply)) == 0
    assert warned(reply) == [("unmet", "ev.target_soc")]
    assert "it is never at its charger within the horizon" in message(reply)


@pytest.mark.parametrize("absent", ["missing", None, "", "  "])
async def test_a_vehicle_without_an_id_gets_one_of_its_own_with_a_warning(client, absent):
    nameless = {**VEHICLE, "vehicle_id": absent}
    if absent == "missing":
        nameless = without(nameless, "vehicle_id")
    sent = {**without(ev_request(), "ev"), "evs": [{**VEHICLE, "vehicle_id": "ev_2"}, nameless]}
    meant = ev_request({"vehicle_id": "ev_2"}, {"vehicle_id": "ev_3"})

    reply = await charging_of(client, sent, meant)

    assert [vehicle["vehicle_id"] for vehicle in reply["ev_schedules"]] == ["ev_2", "ev_3"]
    assert warned(reply) == [("default", "evs[1].vehicle_id")]


async def test_unknown_fields_are_named_with_their_place(client):
    sent = {**ev_request({"vehicle_id": "a", "foo": 1}, {"vehicle_id": "b", "bar": {}}), "ev_": 1}

    reply = await charging_of(client, sent, ev_request({"vehicle_id": "a"}, {"vehicle_id": "b"}))

    assert sorted(warned(reply)) == [
        ("unknown_field", "ev_"),
        ("unknown_field", "evs[0].foo"),
        ("unknown_field", "evs[1].bar"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"null"])
async def test_a_body_that_is_no_object_is_refused(client, body):
    error = await refused(client, EV, body)

    assert error.startswith("body: must be ")


async def test_a_refusal_names_the_place_of_a_vehicle_in_its_list(client):
    error = await refused(client, EV, ev_request({"vehicle_id": "b"}, {"current_soc": []}))

    assert error == "evs[1].current_soc: must be a number, got a list"
