"""Flexible loads and stores of heat over HTTP: read, planned, told, and refused."""

from datetime import datetime

import pytest

from tests.end_to_end import post, refusal_of, small_request, warned
from tests.end_to_end.contract import ev_request, fleet_request
from tests.reference import violations

DISHWASHER = {"id": "dishwasher", "power_w": 1000, "energy_kwh": 1.25}
WATER = {
    "id": "water", "capacity_kwh": 6, "level": 0.5, "least": 0.3, "power_w": 2000,
    "efficiency": 0.95, "loss_w": 50, "draw_w": [0, 0, 0, 0, 2000, 2000, 0, 0],
}  # fmt: skip
MIDNIGHT = "2026-06-01T00:00:00+02:00"


def a_day(**changes):
    """A request of 24 hours from midnight, cheap from noon to four."""
    return small_request(
        n=24,
        prices_import=[0.3] * 12 + [0.1] * 4 + [0.3] * 8,
        interval_minutes=60,
        start_time=MIDNIGHT,
        timezone="Europe/Berlin",
        **changes,
    )


async def reply_of(client, sent, path="/optimize"):
    status, reply = await post(client, sent, path=path)
    assert status == 200, reply
    return reply


def with_their_load(sent, reply):
    """The request with what loads and heat take as a part of the load."""
    load = list(sent["load_forecast"])
    for one in [*reply.get("loads", []), *reply.get("heat", [])]:
        load = [a + b for a, b in zip(load, one["power_w"], strict=True)]
    rest = {name: value for name, value in sent.items() if name not in {"loads", "heat"}}
    return {**rest, "load_forecast": load}


async def test_flows_and_bill_hold_what_flexible_loads_and_heat_take(client):
    sent = small_request(loads=[DISHWASHER], heat=[WATER])
    reply = await reply_of(client, sent)

    broken = violations(with_their_load(sent, reply), reply)
    broken = [one for one in broken if "savings" not in one and "baseline" not in one]
    assert broken == []
    (load,), (water,) = reply["loads"], reply["heat"]
    assert load["energy_kwh"] == pytest.approx(1.25)
    assert sum(load["power_w"]) * 0.5 == pytest.approx(1250, abs=0.1)
    assert load["power_w"][4:] == [0] * 4  # dear then
    assert len(water["level"]) == 9
    assert min(water["level"]) >= 0.3 - 1e-6
    assert reply["status"] == "optimal"
    assert reply["warnings"] == []


async def test_the_level_of_heat_follows_from_its_power_and_draw(client):
    sent = small_request(heat=[WATER])
    (water,) = (await reply_of(client, sent))["heat"]

    level = 0.5
    for power, draw, told in zip(
        water["power_w"], WATER["draw_w"], water["level"][1:], strict=True
    ):
        level += 0.5 * (0.95 * power - draw - 50) / 6000
        assert told == pytest.approx(level, abs=1e-5)


async def test_a_clock_time_is_the_next_one_and_the_window_is_kept(client):
    load = {**DISHWASHER, "earliest": "20:00", "latest": "23:00"}
    (told,) = (await reply_of(client, a_day(loads=[load])))["loads"]

    assert told["start"] == "2026-06-01T20:00:00+02:00"
    assert told["end"] == "2026-06-01T21:15:00+02:00"
    assert told["runs"] == [{"start": told["start"], "end": told["end"], "energy_kwh": 1.25}]


async def test_a_load_of_several_days_runs_once_on_each(client):
    load = {**DISHWASHER, "days": "mon,tue", "earliest": "06:00", "latest": "18:00"}
    sent = a_day(loads=[load])
    sent |= {name: sent[name] * 2 for name in ("prices_import", "prices_export")}
    sent |= {name: sent[name] * 2 for name in ("load_forecast", "solar_forecast")}
    loads = (await reply_of(client, sent))["loads"]

    assert [one["id"] for one in loads] == ["dishwasher@2026-06-01", "dishwasher@2026-06-02"]
    assert [datetime.fromisoformat(one["start"]).hour for one in loads] == [12, 12]


async def test_a_dryer_waits_for_the_washer(client):
    washer = {"id": "washer", "power_w": 2000, "hours": 2}
    dryer = {"id": "dryer", "name": "Dryer", "power_w": 1000, "hours": 1, "after": "washer"}
    told = {
        one["id"]: one for one in (await reply_of(client, a_day(loads=[dryer, washer])))["loads"]
    }

    assert told["washer"]["end"] <= told["dryer"]["start"]
    assert told["dryer"]["name"] == "Dryer"


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/ev/optimize", ev_request(loads=[DISHWASHER], heat=[{**WATER, "draw_w": 300}])),
     ("/multi-battery/optimize", fleet_request(loads=[DISHWASHER], heat=[WATER]))],
)  # fmt: skip
async def test_every_endpoint_takes_them(client, path, sent):
    reply = await reply_of(client, sent, path)

    assert reply["loads"][0]["energy_kwh"] == pytest.approx(1.25)
    assert reply["heat"][0]["short_kwh"] == 0
    assert reply["certificate"]["optimum_gap"] <= 2e-3


async def test_a_run_that_does_not_fit_and_heat_that_is_too_little_are_said(client):
    late = {**DISHWASHER, "earliest": "23:00", "latest": "2026-06-02T00:00:00+02:00"}
    cold = {**WATER, "level": 0.0, "power_w": 300, "draw_w": 0}
    reply = await reply_of(client, a_day(loads=[late], heat=[cold]))

    assert warned(reply) == [("unmet", "loads[0]"), ("unmet", "heat[0].least")]
    (load,) = reply["loads"]
    assert (load["start"], load["runs"], load["missing_kwh"]) == (None, [], 1.25)


async def test_a_run_that_is_due_after_the_plan_may_wait(client):
    later = {**DISHWASHER, "earliest": "23:00", "latest": "2026-06-02T06:00:00+02:00"}
    reply = await reply_of(client, a_day(loads=[later]))

    assert ("beyond_horizon", "loads[0]") in warned(reply)


READINGS = [
    ({"power_w": 1.0}, {}, [("unit", "loads[0].power_w")]),
    ({"energy_kwh": 1250}, {}, [("unit", "loads[0].energy_kwh")]),
    ({"energy_kwh": "1250 Wh"}, {}, [("unit", "loads[0].energy_kwh")]),
    ({"hours": 9}, {}, [("unknown_value", "loads[0].hours")]),
    ({"power_w": "1 kW"}, {}, [("unit", "loads[0].power_w")]),
    ({"power_w": [1000, 1000]}, {}, []),
    ({"latest": "8:00 pm"}, {}, [("time_format", "loads[0].latest")]),
    ({"days": ["Monday"]}, {"id": "dishwasher@2026-06-01"}, []),
]


@pytest.mark.parametrize(("change", "told", "warnings"), READINGS)
async def test_a_reading_that_is_not_the_plain_one_is_said(client, change, told, warnings):
    reply = await reply_of(client, a_day(loads=[{**DISHWASHER, **change}]))

    assert warned(reply) == warnings
    (load,) = reply["loads"]
    assert load["energy_kwh"] == pytest.approx(1.25)
    assert load["id"] == told.get("id", "dishwasher")


REFUSALS = [
    ({"loads": [{"power_w": 100}]}, "loads[0].energy_kwh"),
    ({"loads": [{"energy_kwh": 1}]}, "loads[0].power_w"),
    ({"loads": [{**DISHWASHER, "power_w": -3}]}, "loads[0].power_w"),
    ({"loads": [{**DISHWASHER, "power_w": 0}]}, "loads[0].power_w"),
    ({"loads": [{**DISHWASHER, "power_w": [300, 200]}]}, "loads[0].power_w"),
    ({"loads": [{**DISHWASHER, "power_w": [1, 2, 3]}]}, "loads[0].power_w"),
    ({"loads": [{**DISHWASHER, "power_w": {}}]}, "loads[0].power_w"),
    ({"loads": [{**DISHWASHER, "energy_kwh": -1}]}, "loads[0].energy_kwh"),
    ({"loads": [{**DISHWASHER, "energy_kwh": 1e9}]}, "loads[0].energy_kwh"),
    ({"loads": [{**DISHWASHER, "max_starts": 0}]}, "loads[0].max_starts"),
    ({"loads": [{**DISHWASHER, "min_run_minutes": -5}]}, "loads[0].min_run_minutes"),
    ({"loads": [{**DISHWASHER, "after": "washer"}]}, "loads[0].after"),
    ({"loads": [{**DISHWASHER, "after": "dishwasher"}]}, "loads[0].after"),
    ({"loads": [DISHWASHER, DISHWASHER]}, "loads[1].id"),
    ({"loads": [DISHWASHER], "heat": [{**WATER, "id": "dishwasher"}]}, "heat[0].id"),
    ({"loads": [{**DISHWASHER, "days": "someday"}]}, "loads[0].days"),
    ({"loads": [{**DISHWASHER, "days": [1], "earliest": MIDNIGHT}]}, "loads[0].earliest"),
    ({"loads": [{**DISHWASHER, "earliest": "soon"}]}, "loads[0].earliest"),
    (
        {"loads": [{**DISHWASHER, "earliest": "2026-06-01T10:00", "latest": "2026-06-01T09:00"}]},
        "loads[0].latest",
    ),
    ({"loads": [{**DISHWASHER, "id": str(i)} for i in range(21)]}, "loads"),
    ({"loads": "dishwasher"}, "loads"),
    ({"heat": [{"capacity_kwh": 5}]}, "heat[0].power_w"),
    ({"heat": [{**WATER, "capacity_kwh": 0}]}, "heat[0].capacity_kwh"),
    ({"heat": [{**WATER, "least": 0.9, "most": 0.5}]}, "heat[0].least"),
    ({"heat": [{**WATER, "draw_w": -5}]}, "heat[0].draw_w"),
    ({"heat": [{**WATER, "id": str(i)} for i in range(6)]}, "heat"),
]


@pytest.mark.parametrize(("change", "field"), REFUSALS)
async def test_what_has_no_sane_reading_is_refused_by_field_and_rule(client, change, field):
    error = await refusal_of(client, a_day(**change))

    name, _, rule = error.partition(": ")
    assert name == field
    assert rule.startswith(("must", "is"))


async def test_loads_that_wait_in_a_circle_are_refused(client):
    first = {**DISHWASHER, "id": "a", "after": "b"}
    second = {**DISHWASHER, "id": "b", "after": "a"}

    assert "circle" in await refusal_of(client, a_day(loads=[first, second]))
