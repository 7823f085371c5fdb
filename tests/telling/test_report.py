"""The report of a plan, its entities' values and attributes, and their size."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.home.readings import LoadRun, SocReading
from server.sources.rows import Row
from server.telling.entities import (
    BATTERY_ACTIONS,
    CAR_ACTIONS,
    attributes_from,
    entities_of,
    values_from,
)
from server.telling.intervals import intervals_from
from server.telling.outlook import means, money_by_day, price_points
from server.telling.report import report_from, report_without_plan
from tests.settings.homes import a_heat_store, a_load
from tests.telling import SYDNEY, inputs_of, plan_of, request_of

RECORDED = 16384  # bytes of attributes
NAMES = ("dynamic_day", "several_batteries", "two_vehicles")


def report_of(name, *, later=timedelta(), socs=None, **changes):
    reply, start, home = plan_of(name)
    socs = socs or [0.5] * len(home.batteries)
    inputs = inputs_of(request_of(name), start, socs)
    return report_from(reply, inputs, replace(home, **changes), start + later)


def stale(name):
    reply, start, home = plan_of(name)
    inputs = inputs_of(request_of(name), start)
    inputs.socs[0] = SocReading(value=0.5, is_commandable=False)
    return report_from(reply, inputs, home, start, ["The state of charge is old."])


@pytest.mark.parametrize("name", NAMES)
def test_every_entity_has_a_value_that_home_assistant_takes(name):
    report = report_of(name)
    _, start, home = plan_of(name)

    values = values_from(report)

    for entity in entities_of(home, "AUD"):
        if entity.is_control:
            continue
        value, kind = values[entity.key], entity.config.get("device_class")
        if kind == "enum":
            assert value is None or value in entity.config["options"]
        elif kind == "timestamp":
            assert value is None or datetime.fromisoformat(value).tzinfo
        elif entity.platform == "binary_sensor":
            assert value in {None, "ON", "OFF"}
        elif "unit_of_measurement" in entity.config:
            assert value is None or isinstance(value, int | float)
        else:
            assert value is None or len(value) <= 255
    assert values["action"] == report.commands.now.action
    assert values["planned_at"] == start.isoformat()
    assert values["proved"] == "ON"


@pytest.mark.parametrize("name", NAMES)
def test_attributes_stay_under_what_is_recorded(name):
    report = report_of(name)

    for attributes in attributes_from(report).values():
        assert len(msgspec.json.encode(attributes)) < RECORDED - 1000


@given(st.integers(1, 24 * 14), st.sampled_from(["Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]))
def test_a_forecast_of_any_length_stays_under_it(hours, zone):
    start = datetime(2026, 4, 4, 11, 7, 31, tzinfo=UTC)
    rows = [Row(start, None, 0.123456), Row(start + timedelta(hours=1), None, -0.123456)]

    points = price_points(rows, start, start + timedelta(hours=hours), ZoneInfo(zone))

    assert len(msgspec.json.encode(points)) < RECORDED - 1000
    stamps = [datetime.fromisoformat(point["time"]) for point in points]
    gaps = {later - earlier for earlier, later in pairwise(stamps)}
    assert len(gaps) <= 1
    assert stamps[0] <= start < stamps[0] + max(gaps, default=timedelta(hours=24))
    assert stamps[-1] + max(gaps, default=timedelta()) <= start + timedelta(hours=hours + 24)


def test_forecasts_are_stamped_rows_of_half_hours_in_local_time():
    report = report_of("dynamic_day")

    assert report.import_forecast[0] == {
        "time": "2026-01-14T00:00:00+11:00",
        "value": pytest.approx(sum(request_of("dynamic_day")["prices_import"][:6]) / 6, abs=1e-5),
    }
    assert report.soc_forecast[0]["time"] == "2026-01-14T00:30:00+11:00"
    reply, _, _ = plan_of("dynamic_day")
    assert report.soc_forecast[0]["value"] == round(100 * reply.schedule.soc_trajectory[6], 1)
    assert len(report.soc_forecast) == 96


def test_the_cost_of_the_days_adds_up_to_the_bill_of_the_plan():
    reply, start, home = plan_of("dynamic_day")
    inputs = inputs_of(request_of("dynamic_day"), start)

    money = money_by_day(
        intervals_from(reply),
        inputs.import_prices.all_rows(),
        inputs.export_prices.all_rows(),
        home,
        SYDNEY,
    )

    assert [*money] == [date(2026, 1, 14), date(2026, 1, 15)]
    assert sum(one.cost for one in money.values()) == pytest.approx(
        reply.summary.total_cost, abs=1e-3
    )
    assert sum(one.plain_cost for one in money.values()) == pytest.approx(
        reply.summary.self_consumption_cost, abs=0.02
    )


def test_a_day_that_the_plan_or_the_prices_do_not_reach_has_no_cost():
    reply, start, home = plan_of("demand_charge")  # from noon, for 48 hours
    inputs = inputs_of(request_of("demand_charge"), start)
    rows = inputs.import_prices.all_rows()

    money = money_by_day(intervals_from(reply), rows, rows, home, SYDNEY)
    without = money_by_day(intervals_from(reply), rows[:4], rows, home, SYDNEY)

    assert [*money] == [date(2026, 1, 14), date(2026, 1, 15)]
    assert without == {}


@pytest.mark.parametrize(
    ("changes", "code"), [({"mode": "paused"}, "paused"), ({"mode": "watch"}, "watch_mode")]
)
def test_a_home_that_is_paused_or_watched_is_told_normal(changes, code):
    report = report_of("two_vehicles", **changes)

    values, attributes = values_from(report), attributes_from(report)

    assert report.commands.now.action == "charge"
    assert (values["action"], values["power"], values["reason_code"]) == ("normal", 0.0, code)
    assert values["target_soc"] is None
    assert (values["until"], values["next_action"]) != (None, None) or code == "paused"
    assert (report.then is None) == (code == "paused")
    assert values["car_1"] is None
    assert attributes["action"]["planned_action"] == "charge"


def test_old_readings_command_nothing():
    values = values_from(stale("two_vehicles"))

    assert (values["action"], values["reason_code"]) == ("normal", "stale_data")
    assert values["car_1"] is None
    assert values["problem"] == "ON"


def test_without_a_plan_the_battery_is_told_normal_and_the_rest_is_unknown():
    _, start, home = plan_of("dynamic_day")

    report = report_without_plan(home, start, ["No price."])

    values = values_from(report)
    assert values["action"] == "normal"
    assert values["problem"] == "ON"
    assert attributes_from(report)["problem"] == {"problems": ["No price."]}
    assert {values[key] for key in ("soc", "cost_today", "import_price", "planned_at")} == {None}


def test_an_old_plan_is_not_carried_on():
    report = report_of("dynamic_day", later=timedelta(hours=49))

    assert report.commands is None
    assert report.order.action == "normal"


def test_each_of_several_batteries_has_its_plan():
    report = report_of("several_batteries")

    attributes = attributes_from(report)

    assert values_from(report)["battery_1"] == report.commands.batteries[0].action
    assert attributes["battery_2"]["power_w"] == report.commands.batteries[1].power_w


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("dynamic_day", "next_action"),
        ("several_batteries", "battery_2"),
        ("two_vehicles", "car_1"),
    ],
)
def test_the_plan_is_told_in_rows_from_now_on(name, key):
    _, start, _ = plan_of(name)

    rows = attributes_from(report_of(name))[key]["plan"]

    assert rows[0]["time"] == start.isoformat()
    assert len(rows) > 1
    for before, row in pairwise(rows):
        assert datetime.fromisoformat(before["time"]) < datetime.fromisoformat(row["time"])
        assert row["action"] in {*BATTERY_ACTIONS, *CAR_ACTIONS}
        assert 0.0 <= row["soc"] <= 100.0


def test_keys_and_their_order_do_not_depend_on_names():
    _, _, home = plan_of("two_vehicles")
    renamed = replace(home, cars=[replace(car, name="Zoë's") for car in home.cars])

    keys = [entity.key for entity in entities_of(home, "AUD")]

    assert keys == [entity.key for entity in entities_of(renamed, "EUR")]
    assert len(keys) == len(set(keys))
    assert "action" not in [entity.key for entity in entities_of(replace(home, batteries=[]), "A")]


def with_flexible(report, home):
    """A report and its home with two loads and two stores of heat."""
    at = report.at
    run = LoadRun(day="2026-01-14", start=at, end=at + timedelta(minutes=45), is_begun=True)
    loads = [a_load(), a_load(name="Dryer")]
    home = replace(home, loads=loads, heat=[a_heat_store(), a_heat_store(name="Buffer")])
    return dataclasses.replace(report, loads=[run, None], heat_w=[1200.0, None]), home


def test_loads_and_heat_have_entities_of_their_own():
    report, home = with_flexible(report_of("dynamic_day"), plan_of("dynamic_day")[2])
    entities = {entity.key: entity for entity in entities_of(home, "AUD")}
    values = values_from(report)

    assert datetime.fromisoformat(values["load_1_start"]) == report.at
    assert datetime.fromisoformat(values["load_1_end"]) == report.at + timedelta(minutes=45)
    assert (values["load_1_on"], values["load_2_on"]) == ("ON", "OFF")
    assert values["load_2_start"] is values["load_2_end"] is values["heat_2_power"] is None
    assert values["heat_1_power"] == 1200.0
    assert entities["load_2_on"].name == "Dryer on"
    for key in ("load_1_start", "load_1_end"):
        assert entities[key].config == {"device_class": "timestamp"}


@pytest.mark.parametrize(
    ("minutes", "mode", "told"), [(44, "paused", "ON"), (45, "automatic", "OFF")]
)
def test_a_run_is_on_until_its_end_in_every_mode(minutes, mode, told):
    report, _ = with_flexible(report_of("dynamic_day"), plan_of("dynamic_day")[2])
    later = dataclasses.replace(report, at=report.at + timedelta(minutes=minutes), mode=mode)

    assert values_from(later)["load_1_on"] == told
    assert (values_from(later)["heat_1_power"] is None) == (mode == "paused")


@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=8),
    st.lists(st.floats(-1, 1), min_size=8, max_size=8),
    st.integers(-60, 200),
    st.integers(1, 120),
)
def test_a_mean_is_weighted_by_time(lengths, values, first, length):
    origin = datetime(2026, 1, 1, tzinfo=UTC)
    rows, at = [], origin
    for minutes, value in zip(lengths, values, strict=False):
        rows.append(Row(at, at + timedelta(minutes=minutes), value))
        at += timedelta(minutes=minutes)
    start = origin + timedelta(minutes=first)

    (mean,) = means(rows, [(start, start + timedelta(minutes=length))])

    covered = [
        row.value
        for row in rows
        for minute in range(int((row.end - row.start).total_seconds() // 60))
        if start <= row.start + timedelta(minutes=minute) < start + timedelta(minutes=length)
    ]
    if covered:
        assert mean == pytest.approx(sum(covered) / len(covered), abs=1e-9)
    else:
        assert mean is None
