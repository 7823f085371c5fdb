"""Every field of ``POST /multi-battery/optimize``: what it does, and what a wrong value becomes."""

from datetime import datetime
from itertools import pairwise

import pytest

from tests.end_to_end import post, warned
from tests.end_to_end.contract import (
    BATTERY,
    FLEET,
    fleet_of,
    fleet_request,
    short,
)

TINY = 1e-3  # kWh; replies are rounded
DEAR = {"prices_import": [0.4] * 8, "load_forecast": [3000.0] * 8}
"""Nothing to gain but to serve the load."""

SELLING = {"prices_export": [0.05] * 4 + [0.9] * 4}
SHARED_KEYS = {"success", "status", "solver", "cost_function", "summary", "warnings"}


def schedule(reply, battery_id):
    return reply["batteries"][battery_id]["schedule"]


def metrics(reply, battery_id):
    return reply["batteries"][battery_id]["metrics"]


def charged(reply, battery_id):
    return metrics(reply, battery_id)["charge_kwh"]


def discharged(reply, battery_id):
    return metrics(reply, battery_id)["discharge_kwh"]


# The reply


async def test_a_reply_tells_of_each_battery_and_of_all(client):
    reply = await fleet_of(client, fleet_request())

    assert SHARED_KEYS | {"batteries", "aggregated", "certificate", "next_actions"} == set(reply)
    assert (reply["success"], reply["status"], reply["cost_function"]) == (True, "optimal", "cost")
    assert reply["warnings"] == []
    assert list(reply["batteries"]) == ["a", "b"]
    for battery in reply["batteries"].values():
        assert set(battery) == {"name", "schedule", "metrics", "next_actions"}
        assert {name: len(values) for name, values in battery["schedule"].items()} == {
            "charge_w": 8,
            "discharge_w": 8,
            "soc": 9,
        }
        assert set(battery["metrics"]) == {"charge_kwh", "discharge_kwh", "cycles", "final_soc"}


async def test_the_aggregate_holds_totals_flows_and_stamps(client):
    aggregated = (await fleet_of(client, fleet_request()))["aggregated"]

    assert {name: len(values) for name, values in aggregated.items()} == {
        **dict.fromkeys(("total_charge_w", "total_discharge_w"), 8),
        **dict.fromkeys(("grid_import_w", "grid_export_w"), 8),
        **dict.fromkeys(("battery_consume_w", "battery_export_w"), 8),
        **dict.fromkeys(("solar_to_load_w", "solar_to_battery_w", "solar_to_grid_w"), 8),
        **dict.fromkeys(("grid_to_load_w", "grid_to_battery_w", "solar_curtailed_w"), 8),
        **dict.fromkeys(("timestamps", "action"), 8),
        "soc_trajectory": 9,
    }
    stamps = [datetime.fromisoformat(stamp) for stamp in aggregated["timestamps"]]
    assert stamps[0].isoformat() == "2026-01-14T12:00:00+11:00"
    assert all((later - stamp).seconds == 1800 for stamp, later in pairwise(stamps))
    assert set(aggregated["action"]) <= {"charge", "consume", "export", "idle"}


async def test_the_summary_is_that_of_one_battery(client):
    reply = await fleet_of(client, fleet_request(**DEAR))

    summary = reply["summary"]
    assert summary["total_discharge_kwh"] == pytest.approx(2 * 2.7, abs=TINY)
    assert summary["baseline_cost"] == pytest.approx(12 * 0.4)
    assert summary["savings"] == pytest.approx(5.4 * 0.4, abs=TINY)
    assert summary["total_battery_consume_kwh"] == pytest.approx(5.4, abs=TINY)


async def test_a_cycle_is_the_capacity_taken_out_once(client):
    sent = fleet_request({"id": "a", "current_soc": 1.0, "backup_reserve": 0}, **DEAR)

    reply = await fleet_of(client, sent)

    assert metrics(reply, "a") == {
        "charge_kwh": 0,
        "discharge_kwh": pytest.approx(9, abs=TINY),
        "cycles": pytest.approx(1, abs=TINY),
        "final_soc": pytest.approx(0, abs=1e-6),
    }


# Sharing


async def test_identical_batteries_do_the_same(client):
    reply = await fleet_of(client, fleet_request({"id": "a"}, {"id": "b"}, {"id": "c"}, **DEAR))

    assert schedule(reply, "a") == schedule(reply, "b") == schedule(reply, "c")
    assert discharged(reply, "a") == pytest.approx(2.7, abs=TINY)


@pytest.mark.parametrize("factor", [2, 3])
async def test_batteries_alike_share_by_capacity(client, factor):
    large = {"capacity_wh": 10_000 * factor, "max_charge_w": 15_000, "max_discharge_w": 15_000}
    sent = fleet_request({"id": "a"}, {"id": "b", **large}, prices_import=[0.4] * 8)

    reply = await fleet_of(client, sent)

    assert discharged(reply, "a") > 0.5
    assert discharged(reply, "b") == pytest.approx(factor * discharged(reply, "a"), abs=TINY)
    assert schedule(reply, "a")["soc"] == pytest.approx(schedule(reply, "b")["soc"], abs=1e-5)


async def test_the_fuller_of_two_goes_first_until_they_are_level(client):
    sent = fleet_request({"id": "a", "current_soc": 0.9}, {"id": "b"}, prices_import=[0.4] * 8)

    reply = await fleet_of(client, sent)

    assert discharged(reply, "a") == pytest.approx(3.2, abs=TINY)
    assert discharged(reply, "b") == 0


@pytest.mark.parametrize(
    ("first", "second"), [({"priority": 0}, {"priority": 1}), ({}, {"priority": "2"})]
)
async def test_the_lower_priority_discharges_first(client, first, second):
    sent = fleet_request(
        {"id": "b", **second}, {"id": "a", **first}, **{**DEAR, "load_forecast": [1200.0] * 8}
    )

    reply = await fleet_of(client, sent)

    used = [t for t, power in enumerate(schedule(reply, "a")["discharge_w"]) if power > 0]
    waited = [t for t, power in enumerate(schedule(reply, "b")["discharge_w"]) if power > 0]
    assert discharged(reply, "a") == pytest.approx(2.7, abs=TINY)
    assert max(used) <= min(waited)
    assert schedule(reply, "a")["discharge_w"][0] == 1200


async def test_no_battery_charges_out_of_another(client):
    sent = fleet_request({"id": "a", "current_soc": 1.0}, {"id": "b", "current_soc": 0.0})

    reply = await fleet_of(client, sent)

    pairs = zip(
        reply["aggregated"]["total_charge_w"], reply["aggregated"]["total_discharge_w"], strict=True
    )
    assert all(min(pair) == 0 for pair in pairs)


# Fields of a battery


@pytest.mark.parametrize(
    ("battery", "key"),
    [
        ({"id": "garage"}, "garage"),
        ({"battery_id": "garage"}, "garage"),
        ({"id": 7}, "7"),
        ({"battery_id": 0}, "0"),
        ({"id": 0}, "0"),
        ({"id": " x "}, "x"),
        ({"id": "a", "battery_id": "b"}, "a"),
        ({"id": None, "battery_id": "b"}, "b"),
        ({"id": "größe/1 [x].y"}, "größe/1 [x].y"),
    ],
    ids=short,
)
async def test_a_battery_is_known_by_its_id(client, battery, key):
    reply = await fleet_of(client, fleet_request(battery), fleet_request({"id": key}))

    assert list(reply["batteries"]) == [key]
    assert reply["warnings"] == []


@pytest.mark.parametrize("name", ["Powerwall", "", None])
async def test_a_name_is_passed_on(client, name):
    reply = await fleet_of(client, fleet_request({"id": "a", "name": name}))

    assert reply["batteries"]["a"]["name"] == name


@pytest.mark.parametrize("kind", ["tesla", "", "x" * 1000, None], ids=short)
async def test_the_type_of_a_system_changes_nothing(client, kind):
    plain = await fleet_of(client, fleet_request({"id": "a"}))

    reply = await fleet_of(client, fleet_request({"id": "a", "system_type": kind}))

    assert reply["batteries"] == plain["batteries"]
    assert reply["warnings"] == []


@pytest.mark.parametrize("capacity", [0, 5000, 20_000])
async def test_the_capacity_bounds_what_a_battery_gives(client, capacity):
    reply = await fleet_of(client, fleet_request({"id": "a", "capacity_wh": capacity}, **DEAR))

    due = 0.3 * capacity / 1000 * 0.9
    assert discharged(reply, "a") == pytest.approx(due, abs=TINY)


async def test_batteries_without_any_capacity_rest(client):
    sent = fleet_request({"id": "a", "capacity_wh": 0}, {"id": "b", "capacity_wh": 0})

    reply = await fleet_of(client, sent)

    assert reply["summary"]["savings"] == 0
    assert metrics(reply, "b")["cycles"] == 0


@pytest.mark.parametrize("most", [0, 400, 3300])
async def test_each_power_has_its_own_limit(client, most):
    charging = await fleet_of(client, fleet_request({"id": "a", "max_charge_w": most}, {"id": "b"}))
    giving = await fleet_of(
        client, fleet_request({"id": "a", "max_discharge_w": most}, {"id": "b"}, **SELLING)
    )

    assert max(schedule(charging, "a")["charge_w"]) == most
    assert max(schedule(charging, "b")["charge_w"]) > most
    assert max(schedule(giving, "a")["discharge_w"]) == most
    assert max(schedule(giving, "b")["discharge_w"]) == 5000


@pytest.mark.parametrize(
    ("efficiency", "out"),
    [
        ({"efficiency": 0.8}, 0.8),
        ({"discharge_efficiency": 0.7}, 0.7),
        ({"round_trip_efficiency": 0.64}, 0.8),
        ({"charge_efficiency": 0.7}, 0.9),
        ({"efficiency": 0.8, "discharge_efficiency": 0.95}, 0.95),
        ({"round_trip_efficiency": 0.64, "discharge_efficiency": 0.95}, 0.95),
    ],
    ids=short,
)
async def test_what_is_discharged_loses_by_the_most_specific_efficiency(client, efficiency, out):
    reply = await fleet_of(client, fleet_request({"id": "a", **efficiency}, **DEAR))

    assert discharged(reply, "a") == pytest.approx(3 * out, abs=TINY)


@pytest.mark.parametrize(
    ("efficiency", "into"),
    [
        ({"efficiency": 0.8}, 0.8),
        ({"charge_efficiency": 0.75}, 0.75),
        ({"round_trip_efficiency": 0.64}, 0.8),
        ({"discharge_efficiency": 0.7}, 0.9),
    ],
    ids=short,
)
async def test_what_is_charged_loses_by_the_most_specific_efficiency(client, efficiency, into):
    solar = {"solar_forecast": [1800.0] * 8, "prices_export": [0.0] * 8}
    sent = fleet_request({"id": "a", "can_charge_from_grid": False, **efficiency}, **solar)

    reply = await fleet_of(client, sent)

    assert schedule(reply, "a")["soc"][-1] == pytest.approx(0.5 + 4 * into / 10, abs=1e-5)


@pytest.mark.parametrize("soc", [0.2, 0.6, 1.0])
async def test_each_battery_starts_from_its_own_soc(client, soc):
    reply = await fleet_of(
        client, fleet_request({"id": "a", "current_soc": soc}, {"id": "b", "current_soc": 0.4})
    )

    assert schedule(reply, "a")["soc"][0] == soc
    assert schedule(reply, "b")["soc"][0] == 0.4
    assert reply["aggregated"]["soc_trajectory"][0] == pytest.approx((soc + 0.4) / 2)


@pytest.mark.parametrize(
    ("band", "least"),
    [
        ({"backup_reserve": 0.35}, 0.35),
        ({"min_soc": 0.4}, 0.4),
        ({"min_soc": 0.1}, 0.2),
        ({"min_soc": 0.3, "backup_reserve": 0.45}, 0.45),
        ({"backup_reserve": None}, 0.0),
    ],
    ids=short,
)
async def test_the_higher_of_reserve_and_least_soc_is_kept(client, band, least):
    reply = await fleet_of(client, fleet_request({"id": "a", **band}, **SELLING))

    assert min(schedule(reply, "a")["soc"]) == pytest.approx(least, abs=1e-6)


async def test_the_most_soc_is_not_passed(client):
    reply = await fleet_of(client, fleet_request({"id": "a", "max_soc": 0.7}, {"id": "b"}))

    assert max(schedule(reply, "a")["soc"]) == pytest.approx(0.7, abs=1e-6)
    assert max(schedule(reply, "b")["soc"]) == pytest.approx(1.0, abs=1e-6)


async def test_the_battery_that_wears_less_does_the_work(client):
    reply = await fleet_of(client, fleet_request({"id": "a", "cycle_cost": 0.5}, {"id": "b"}))

    assert charged(reply, "a") == discharged(reply, "a") == 0
    assert charged(reply, "b") > 1


async def test_a_target_at_the_end_is_met_by_the_battery_that_has_it(client):
    sent = fleet_request({"id": "a", "target_end_soc": 0.9}, {"id": "b"}, **DEAR)

    reply = await fleet_of(client, sent)

    assert metrics(reply, "a")["final_soc"] == pytest.approx(0.9, abs=1e-6)
    assert metrics(reply, "b")["final_soc"] == pytest.approx(0.2, abs=1e-6)


async def test_what_is_left_has_the_worth_that_the_battery_says(client):
    sent = fleet_request({"id": "a", "end_value": 5}, {"id": "b", "end_value": 0}, **DEAR)

    reply = await fleet_of(client, sent)

    assert discharged(reply, "a") == 0
    assert discharged(reply, "b") == pytest.approx(2.7, abs=TINY)


async def test_only_the_battery_that_may_is_charged_from_the_grid(client):
    sent = fleet_request({"id": "a", "can_charge_from_grid": False}, {"id": "b"})

    reply = await fleet_of(client, sent)

    assert charged(reply, "a") == 0
    assert charged(reply, "b") > 1


async def test_only_the_battery_that_may_is_exported(client):
    sent = fleet_request({"id": "a", "can_export_to_grid": False}, {"id": "b"}, **SELLING)

    reply = await fleet_of(client, sent)

    assert max(schedule(reply, "a")["discharge_w"]) <= 800.01
    assert max(schedule(reply, "b")["discharge_w"]) == 5000


@pytest.mark.parametrize("most", [0, 700, 3000])
async def test_each_battery_feeds_the_grid_by_no_more_than_it_may(client, most):
    sent = fleet_request(
        {"id": "a", "max_export_w": most}, {"id": "b", "can_export_to_grid": False}, **SELLING
    )

    reply = await fleet_of(client, sent)

    assert max(reply["aggregated"]["battery_export_w"]) == pytest.approx(most, abs=0.01)


@pytest.mark.parametrize("cost_function", ["cost", "profit", "self_consumption"])
async def test_every_cost_function_is_served(client, cost_function):
    reply = await fleet_of(client, fleet_request(cost_function=cost_function, **SELLING))

    exported = reply["summary"]["total_battery_export_kwh"]
    assert reply["cost_function"] == cost_function
    assert (exported == 0) is (cost_function == "self_consumption")


async def test_batteries_share_the_meter(client):
    sent = fleet_request(grid={"max_import_w": [3000] * 4 + [None] * 4})

    reply = await fleet_of(client, sent)

    assert max(reply["aggregated"]["grid_import_w"][:4]) <= 3000.01
    assert reply["warnings"] == []


async def test_solar_only_charging_may_be_hidden_from_a_client_that_misreads_it(client):
    solar = {"solar_forecast": [5000.0] * 4 + [0.0] * 4, "prices_export": [0.0] * 8}
    sent = fleet_request({"id": "a", "can_charge_from_grid": False}, **solar)

    status, reply = await post(
        client, {**sent, "options": {"client_safe_charge": True}}, path=FLEET
    )

    assert status == 200
    assert sum(reply["aggregated"]["total_charge_w"]) == 0
    assert reply["aggregated"]["solar_to_battery_w"] == schedule(reply, "a")["charge_w"]
    assert charged(reply, "a") > 1


async def test_defaults_of_a_battery_are_told_with_its_place(client):
    sent = {**fleet_request(), "batteries": [{**BATTERY, "id": "a"}, {"id": "b"}]}
    meant = fleet_request(
        {"id": "a"}, {"id": "b", "capacity_wh": 13_500, "current_soc": 0.5, "backup_reserve": 0}
    )

    reply = await fleet_of(client, sent, meant)

    assert set(warned(reply)) == {
        ("default", "batteries[1].capacity_wh"),
        ("default", "batteries[1].max_charge_w"),
        ("default", "batteries[1].max_discharge_w"),
        ("default", "batteries[1].efficiency"),
        ("default", "batteries[1].current_soc"),
    }


async def test_a_reserve_that_cannot_be_regained_is_reported_of_its_battery(client):
    low = {"id": "b", "current_soc": 0.1, "backup_reserve": 0.9, "can_charge_from_grid": False}

    reply = await fleet_of(client, fleet_request({"id": "a"}, low))

    assert warned(reply) == [("unmet", "batteries[1].backup_reserve")]
    assert "8.00 kWh short" in reply["warnings"][0]["message"]


async def test_ten_batteries_are_planned(client):
    names = [f"b{i}" for i in range(10)]

    reply = await fleet_of(client, fleet_request(*({"id": name} for name in names), **DEAR))

    assert list(reply["batteries"]) == names
    assert len({discharged(reply, name) for name in names}) == 1


# Wrong values


async def test_unknown_fields_are_named_with_their_place(client):
    sent = fleet_request({"id": "a", "soc": 1}, {"id": "b"}, battery=BATTERY)
    meant = fleet_request()

    reply = await fleet_of(client, sent, meant)

    assert sorted(warned(reply)) == [
        ("unknown_field", "batteries[0].soc"),
        ("unknown_field", "battery"),
    ]
