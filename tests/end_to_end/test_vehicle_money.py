"""What vehicles cost beside a baseline of equal service, what starves them, and what is free."""

import pytest

from tests.end_to_end import warned
from tests.end_to_end.contract import charging_of
from tests.end_to_end.test_ev_contract import energy, message, powers
from tests.end_to_end.test_vehicle_stays import CAR, DAYS_AHEAD, WANTED, planned, stay

TINY = 1e-3  # kWh and $; replies are rounded
PREFERENCES = 0.0101  # $


def no_target(**vehicle):
    return {"target_soc": 0, **vehicle}


# Savings


@pytest.mark.parametrize(
    ("vehicle", "site", "charged"),
    [
        ({}, {}, WANTED),
        # 98 to 100 % of 62.5 kWh: 1.36 kWh are less than an hour of the least power.
        (
            {
                "battery_capacity_kwh": 62.5,
                "current_soc": 0.98,
                "target_soc": 1.0,
                "min_charge_kw": 4.14,
            },
            {},
            0.02 * 62.5 / 0.92,
        ),
        ({"min_charge_kw": 11}, {}, WANTED),  # on or off
        ({"arrival_time": "2026-01-14T13:00"}, {}, WANTED),
        ({"arrival_time": "2026-01-14T15:00"}, {}, 11),  # an hour is too short
        ({}, {"grid": {"max_import_w": 5000}, "load_forecast": [1000.0] * 4}, 16),
        # In an hour the least power fits into a part of it, in five minutes it does not.
        ({"min_charge_kw": 4.2}, {"grid": {"max_import_w": 4000}}, 16),
        ({"min_charge_kw": 4.2}, {"grid": {"max_import_w": 4000}, "interval_minutes": 5}, 0),
        ({"solar_only": True}, {"solar_forecast": [3000.0] * 4}, 12),
        ({"solar_only": True, "min_charge_kw": 4.14}, {"solar_forecast": [3000.0] * 4}, 0),
        ({"departure_time": DAYS_AHEAD}, {}, 0),
        ({"target_soc": 0.4}, {}, 0),
        ({"max_soc": 0.7}, {}, 12 / 0.92),
    ],
    ids=str,
)
async def test_on_a_flat_tariff_nothing_is_saved(client, vehicle, site, charged):
    sent = stay(vehicle, prices_export=[0.3] * 4) | site

    reply = await charging_of(client, sent)

    assert energy(reply) == pytest.approx(charged, abs=TINY)
    assert reply["bill"]["savings"] == pytest.approx(0, abs=TINY)


async def test_two_vehicles_below_one_import_limit_save_nothing_by_taking_turns(client):
    two = [{**CAR, "vehicle_id": name, "target_soc": 0.6} for name in "ab"]
    sent = stay({}, evs=two, grid={"max_import_w": 8000})
    del sent["ev"]

    reply = await charging_of(client, sent)

    assert energy(reply, 0) + energy(reply, 1) == pytest.approx(2 * 6 / 0.92, abs=TINY)
    assert reply["bill"]["savings"] == pytest.approx(0, abs=TINY)


@pytest.mark.parametrize(
    ("vehicle", "prices", "site", "baseline"),
    [
        # All at once, from the first hour on.
        ({}, (0.4, 0.3, 0.1, 0.1), {}, 11 * 0.4 + (WANTED - 11) * 0.3),
        ({"min_charge_kw": 11}, (0.4, 0.3, 0.1, 0.1), {}, 11 * 0.4 + (WANTED - 11) * 0.3),
        # Within the import limit.
        ({}, (0.4, 0.3, 0.2, 0.1), {"grid": {"max_import_w": 7000}}, 7 * 0.7 + (WANTED - 14) * 0.2),
        # What is not worth its price to the plan is not bought by the baseline either: 8.25 is 1.05
        # of the mean over the efficiency, so an hour at 0.1 is all.
        ({"must_reach_target": False}, (9.0, 9.0, 9.0, 0.1), {}, 11 * 9.0),
        ({"departure_time": DAYS_AHEAD}, (5.0, 5.0, 0.5), {}, 11 * 5.0),
        # What the plan sells of a target to come has to be bought again, at the mean price: 11 kWh
        # out of 11.957 stored, which are 12.996 kWh.
        (
            {"departure_time": DAYS_AHEAD, "max_discharge_kw": 11, "current_soc": 0.7},
            (0.3, 0.3, 0.3, 0.3),
            {"prices_export": [0.05, 0.05, 0.9, 0.05]},
            -11 / 0.92 / 0.92 * 0.3,
        ),
        # Beyond the target nothing is owed.
        (
            {"departure_time": "16:00", "max_discharge_kw": 11, "current_soc": 0.9},
            (0.3, 0.3, 0.3, 0.3),
            {"prices_export": [0.0, 0.0, 0.2, 0.0]},
            0.0,
        ),
        (no_target(), (0.3, 0.3, -0.1, 0.3), {}, 0.0),
    ],
    ids=str,
)
async def test_the_baseline_gives_the_same_service_uncontrolled(
    client, vehicle, prices, site, baseline
):
    reply = await charging_of(client, stay(vehicle, prices) | site)

    bill = reply["bill"]
    assert bill["baseline_cost"] == pytest.approx(baseline, abs=TINY)
    assert bill["savings"] == pytest.approx(baseline - bill["total_cost"], abs=TINY)


async def test_what_only_a_battery_makes_possible_counts_at_the_mean_price(client):
    """A limit of 2 kW gives 8 kWh in four hours; the battery adds to it."""
    battery = {
        "capacity_wh": 10_000,
        "max_charge_w": 5000,
        "max_discharge_w": 5000,
        "efficiency": 1.0,
        "current_soc": 0.6,
        "backup_reserve": 0.1,
    }
    grid = {"max_import_w": 2000}

    reply = await charging_of(client, stay({}, home_battery=battery, grid=grid))

    assert energy(reply) == pytest.approx(8 + 5, abs=TINY)
    assert reply["bill"]["baseline_cost"] == pytest.approx(13 * 0.3, abs=TINY)


# Targets and spikes


def guarded(threshold):
    rule = {"spike_protection_enabled": True, "spike_protection_threshold": threshold}
    return {"provider_config": rule}


@pytest.mark.parametrize(
    ("prices", "bought"),
    [
        ((2.0, 2.0, 2.0), (WANTED, 0, 0)),
        ((0.3, 2.0, 2.0), (11, WANTED - 11, 0)),
        ((3.0, 2.0, 0.3), (0, WANTED - 11, 11)),
        ((2.0, 0.3, 0.3), (0, 11, WANTED - 11)),  # no spike is needed
        ((1.0, 1.0, 0.999), (WANTED - 11, 0, 11)),
    ],
)
async def test_no_spike_starves_a_target_that_must_be_reached(client, prices, bought):
    reply = await charging_of(client, stay({}, prices, **guarded(100)))

    cost = sum(e * price for e, price in zip(bought, prices, strict=True))
    assert energy(reply) == pytest.approx(WANTED, abs=TINY)
    assert reply["bill"]["total_cost"] == pytest.approx(cost, abs=PREFERENCES)
    assert reply["warnings"] == []


SPIKE = "spike protection keeps it from the grid; must_reach_target would not"


@pytest.mark.parametrize(
    ("vehicle", "prices", "site", "cause"),
    [
        ({"must_reach_target": False}, (2.0, 2.0, 2.0), guarded(100), SPIKE),
        ({"must_reach_target": False}, (0.3, 2.0, 2.0), guarded(100), SPIKE),
        (
            {"must_reach_target": False},
            (0.3, 2.0, 2.0),
            guarded(100) | {"grid": {"max_import_w": 3000}},
            SPIKE,
        ),
        ({"must_reach_target": False}, (0.1, 9.0, 9.0), {}, "more was not worth its price"),
        ({"max_soc": 0.7}, (0.3,) * 3, {}, "max_soc of 70 % is below it"),
        ({"max_soc": 0.7}, (2.0,) * 3, guarded(100), "max_soc of 70 % is below it"),
        ({"max_soc": 0.5}, (0.3,) * 3, {}, "max_soc of 50 % is below it"),
        ({"solar_only": True}, (0.3,) * 3, {}, "grid charging would do"),
        ({"solar_only": True}, (2.0,) * 3, guarded(100), "grid charging would do"),
        ({"max_price": 0.2}, (0.3,) * 3, {}, "grid charging would do"),
        (
            {"charge_from": "any_solar"},
            (0.3,) * 3,
            {"solar_forecast": [2000.0] * 3},
            "all solar is too little; grid charging would do",
        ),
        ({"max_price": 0.2}, (0.1, 0.3, 0.3), {}, "max_price or allow_grid_charging keeps it"),
        ({"max_price": 0.2}, (0.1, 0.3, 0.3), guarded(100), "max_price or allow_grid_charging"),
        ({"max_charge_kw": 3}, (0.3,) * 3, {}, "needs 6.5 kW, charger has 3.0"),
        (
            {"phases": 1},
            (0.3,) * 3,
            {"grid": {"max_import_a_per_phase": 20}},
            "its phases have 4.60 kW each, which is too little beside the rest",
        ),
        ({"max_charge_kw": [3, 3, 3]}, (0.3,) * 3, {}, "needs 6.5 kW, charger has 3.0"),
        ({"max_charge_kw": 3}, (2.0,) * 3, guarded(100), "needs 6.5 kW, charger has 3.0"),
        (
            {},
            (2.0,) * 3,
            guarded(100) | {"grid": {"max_import_w": 3000}},
            "needs an import limit of 6.52 kW",
        ),
    ],
    ids=str,
)
async def test_what_starves_a_vehicle_is_named(client, vehicle, prices, site, cause):
    reply = await charging_of(client, stay(vehicle, prices) | site)

    assert warned(reply) == [("unmet", "ev.target_soc")]
    assert cause in message(reply)
    is_chosen = vehicle.get("must_reach_target") is False
    assert ("cannot be met" in message(reply)) is not is_chosen


async def test_a_target_that_is_not_due_waits_for_the_end_of_a_spike(client):
    reply = await charging_of(
        client, stay({"departure_time": DAYS_AHEAD}, (2.0, 9.0, 9.0), **guarded(100))
    )

    assert sum(powers(reply)) == 0
    assert warned(reply) == [("beyond_horizon", "ev.departure_time")]


# Free energy


SUN = [0.0, 4000.0, 4000.0, 0.0]


@pytest.mark.parametrize(
    ("vehicle", "prices", "site", "charged"),
    [
        # Solar that earns nothing, or costs.
        (no_target(), (0.3,) * 4, {"solar_forecast": SUN, "prices_export": [0.0] * 4}, SUN),
        ({"target_soc": 0.5}, (0.3,) * 4, {"solar_forecast": SUN, "prices_export": [0.0] * 4}, SUN),
        (
            {"target_soc": 0.2},
            (0.3,) * 4,
            {"solar_forecast": SUN, "prices_export": [-0.05] * 4},
            SUN,
        ),
        (
            no_target(),
            (0.3,) * 4,
            {"solar_forecast": SUN, "prices_export": [0, 0, 0.01, 0]},
            [0, 4000, 0, 0],
        ),
        # Solar beyond what may be fed in.
        (
            no_target(),
            (0.3,) * 4,
            {"solar_forecast": SUN, "grid": {"max_export_w": 1000, "curtailment": True}},
            [0, 3000, 3000, 0],
        ),
        # Solar that sells, and power that costs, be it ever so little.
        (no_target(), (0.3,) * 4, {"solar_forecast": SUN, "prices_export": [0.001] * 4}, [0] * 4),
        (no_target(), (0.001,) * 4, {}, [0] * 4),
        (no_target(), (0.001, 0.3, 0.0001, 0.0), {"prices_export": [0.0] * 4}, [0, 0, 0, 11000]),
        # Power for nothing, and power that pays.
        (no_target(), (0.3, 0.0, 0.0, 0.3), {"prices_export": [0.0] * 4}, [0, 11000, 11000, 0]),
        (no_target(), (0.3, -0.1, 0.2, 0.3), {"prices_export": [0.0] * 4}, [0, 11000, 0, 0]),
        (no_target(max_soc=0.6), (0.3, -0.1, 0.0, 0.3), {}, [0, 6000 / 0.92, 0, 0]),
        # Surplus under the least power.
        (
            no_target(min_charge_kw=4.14),
            (0.3,) * 4,
            {"solar_forecast": SUN, "prices_export": [0.0] * 4},
            [0] * 4,
        ),
        # A wish is worth as much.
        (
            {"must_reach_target": False, "current_soc": 0.6},
            (0.0,) * 4,
            {"solar_forecast": SUN, "prices_export": [0.0] * 4},
            None,
        ),
        (
            {"must_reach_target": False, "current_soc": 0.6},
            (-0.1, 0.0, 0.0, 0.0),
            {"prices_export": [0.0] * 4},
            None,
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("cost_function", ["cost", "profit", "self_consumption"])
async def test_a_vehicle_that_wants_nothing_takes_what_is_free(
    client, vehicle, prices, site, charged, cost_function
):
    reply = await charging_of(client, stay(vehicle, prices, cost_function=cost_function) | site)

    if charged is None:
        assert energy(reply) >= 0.2 * 60 / 0.92 - TINY
    else:
        assert powers(reply) == pytest.approx(charged, abs=0.1)
    assert reply["bill"]["total_cost"] <= TINY
    assert reply["shortfall_kwh"] == 0
    assert reply["warnings"] == []


async def test_a_home_battery_comes_before_a_vehicle_that_wants_nothing(client):
    battery = {
        "capacity_wh": 10_000,
        "max_charge_w": 5000,
        "max_discharge_w": 5000,
        "efficiency": 1.0,
        "current_soc": 0.5,
        "backup_reserve": 0.1,
    }
    free = {"solar_forecast": SUN, "prices_export": [0.0] * 4}

    reply = await charging_of(client, stay(no_target(), home_battery=battery, **free))

    assert energy(reply) == pytest.approx(8 - 5, abs=TINY)
    assert reply["home"]["schedule"]["soc_trajectory"][-1] == pytest.approx(1.0, abs=TINY)


# Prices


@pytest.mark.parametrize(
    ("sun", "prices", "grid_price", "cost"),
    [
        ([4000.0, 4000.0, 0, 0], (0.3,) * 4, 0.3, (WANTED - 8) * 0.3 / WANTED),
        ([0.0] * 4, (0.3,) * 4, 0.3, 0.3),
        ([0.0] * 4, (0.4, 0.4, 0.4, 0.1), (1.1 + (WANTED - 11) * 0.4) / WANTED, None),
        ([11_000.0, 11_000.0, 0, 0], (0.3,) * 4, 0.0, 0.0),
        ([0.0, 0.0, 0.0, 9000.0], (0.3, 0.3, 0.2, 0.2), 0.2, (WANTED - 9) * 0.2 / WANTED),
    ],
)
async def test_an_average_price_is_of_energy_from_the_grid(client, sun, prices, grid_price, cost):
    exports = {"solar_forecast": sun, "prices_export": [0.0] * 4}

    summary = (await charging_of(client, stay({}, prices, **exports)))["summary"]

    assert summary["average_price"] == pytest.approx(grid_price, abs=TINY)
    assert summary["average_cost"] == pytest.approx(grid_price if cost is None else cost, abs=TINY)


async def test_null_is_no_target_and_said_to_be_none(client):
    reply = await charging_of(client, stay({"target_soc": None}), stay(no_target()))

    assert sum(powers(reply)) == 0
    assert warned(reply) == [("no_target", "ev.target_soc")]


def test_a_target_is_80_per_cent_where_none_is_given():
    sent = stay({})
    del sent["ev"]["target_soc"]

    reply = planned(sent)

    assert reply.summary is not None
    assert reply.summary.final_soc == pytest.approx(0.8)
    assert reply.warnings == []


async def test_what_a_minimum_lacks_is_told_where_it_is_not_full(client):
    short = {"min_energy_kwh": [1, 3, 3], "target_soc": None, "min_charge_kw": 1}
    reply = await charging_of(client, stay(short, (0.3,) * 3) | {"grid": {"max_import_w": 2500}})

    (told,) = (each["message"] for each in reply["warnings"] if each["code"] == "unmet")
    assert told.startswith("what is wanted at least cannot be charged, first at ")
    assert told.endswith(" short in all")
