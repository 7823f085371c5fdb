"""Flexible loads and stores of heat of a home: what is asked for, and what a plan tells."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.home.flexible import heat_of, heat_powers, loads_of, runs_of
from server.home.readings import LoadRun
from server.plans.planning import reply_from
from tests.home.test_request import HOUR, NOW, SYDNEY, TIME_OF_USE, inputs_of, plan_of
from tests.settings.homes import a_heat_store, a_home, a_load

ZONE = ZoneInfo(SYDNEY)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
TODAY, TOMORROW = "2026-11-30", "2026-12-01"  # Monday and Tuesday; it is 12:03


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def windows(home, **changes):
    """Window of each load that is asked for, local; None is now."""
    return {
        wire.name: tuple(
            value and datetime.fromisoformat(value).astimezone(ZONE).strftime("%d %H:%M")
            for value in (wire.earliest, wire.latest)
        )
        for wire in loads_of(inputs_of(home, **changes), home)
    }


def begun(start, hours=0.75, day=TODAY):
    at = local(start)
    return LoadRun(day=day, start=at, end=at + hours * HOUR, is_begun=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (None, "01 00:00")),
        ({"earliest": "13:00", "latest": "17:00"}, ("30 13:00", "30 17:00")),
        ({"earliest": "09:00", "latest": "17:00"}, (None, "30 17:00")),
        ({"earliest": "09:00", "latest": "12:00"}, ("01 09:00", "01 12:00")),
        ({"earliest": "09:00", "latest": "12:40"}, ("01 09:00", "01 12:40")),  # 45 min do not fit
        ({"earliest": "22:00", "latest": "06:00"}, ("30 22:00", "01 06:00")),
        ({"earliest": "18:00", "latest": "16:00"}, (None, "30 16:00")),  # yesterday's is open
        ({"earliest": "12:58", "latest": "17:03"}, ("30 13:00", "30 17:00")),  # whole intervals
        ({"weekdays": [1]}, ("01 00:00", "02 00:00")),
        ({"weekdays": [6]}, ("06 00:00", "07 00:00")),
    ],
)
def test_the_next_window_that_a_run_fits_into_is_asked_for(changes, expected):
    assert windows(a_home(loads=[a_load(**changes)])) == {"Dishwasher": expected}


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_load_that_is_switched_off_is_left_out(is_wanted):
    home = a_home(loads=[a_load(), a_load(name="Dryer", after="Dishwasher")])
    inputs = inputs_of(home, wanted=[is_wanted, True])
    found = {wire.name: wire.after for wire in loads_of(inputs, home)}

    after = {"Dishwasher": None, "Dryer": "load_1"} if is_wanted else {"Dryer": None}
    assert found == after


def test_a_load_that_has_run_is_planned_for_the_next_day():
    home = a_home(loads=[a_load()])

    assert windows(home, runs=[begun("2026-11-30T10:00")])["Dishwasher"][0] == "01 00:00"
    before = begun("2026-11-29T10:00", day="2026-11-29")
    assert windows(home, runs=[before])["Dishwasher"][0] is None


def test_what_waits_for_a_load_that_has_run_today_need_not_wait():
    home = a_home(loads=[a_load(), a_load(name="Dryer", after="Dishwasher")])
    inputs = inputs_of(home, runs=[begun("2026-11-30T10:00"), None])

    assert [wire.after for wire in loads_of(inputs, home)] == [None, None]


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_load_that_runs_stays_where_it_is(is_wanted):
    """It is 12:03:20, and what a switch says matters for the next run only."""
    home = a_home(
        import_price=TIME_OF_USE, loads=[a_load(), a_load(name="Dryer", after="Dishwasher")]
    )
    run = begun("2026-11-30T11:40")
    inputs = inputs_of(home, runs=[run, None], wanted=[is_wanted, True])
    _, reply, answer = plan_of(home, inputs)
    dishwasher, dryer = reply["loads"]

    assert reply["warnings"] == []
    assert datetime.fromisoformat(dishwasher["start"]) == NOW.replace(microsecond=0)
    ends = datetime.fromisoformat(dishwasher["end"])
    assert abs(ends - run.end) <= SECOND
    assert dishwasher["missing_kwh"] == 0.0
    assert datetime.fromisoformat(dryer["start"]) >= run.end - SECOND
    assert runs_of(reply_from(answer), inputs, home)[0] is run


@hypothesis_settings(max_examples=40)
@given(left=st.floats(0.0, 7200.0), power=st.floats(0.05, 10.0), second=st.integers(0, 3599))
def test_any_rest_of_a_run_is_planned_until_its_end(left, power, second):
    now = NOW.replace(minute=0, second=0) + timedelta(seconds=second)
    end = (now + timedelta(seconds=left)).replace(microsecond=0) + SECOND
    run = LoadRun(day=TODAY, start=now - HOUR, end=end, is_begun=True)
    home = a_home(loads=[a_load(power_kw=power)], horizon_hours=24)
    _, reply, _ = plan_of(home, inputs_of(home, now, runs=[run]))
    (load,) = reply["loads"]

    assert load["missing_kwh"] <= 1e-6
    late = datetime.fromisoformat(load["end"]) - end
    assert -SECOND <= late <= 5 * MINUTE
    assert reply["warnings"] == []


def test_a_plan_tells_the_runs_of_the_loads_in_their_order():
    home = a_home(
        import_price=TIME_OF_USE,
        loads=[a_load(earliest="13:00", latest="22:00"), a_load(name="Dryer"), a_load(name="Pump")],
    )
    inputs = inputs_of(home, wanted=[True, False, True])
    runs = runs_of(reply_from(plan_of(home, inputs)[2]), inputs, home)

    assert runs[1] is None
    assert runs[0].start >= local("2026-11-30T13:00")
    assert [run.end - run.start for run in runs if run] == [45 * MINUTE] * 2
    assert [run.day for run in runs if run] == [TODAY] * 2
    assert not any(run.is_begun for run in runs if run)


def test_a_run_over_midnight_is_of_the_day_that_its_window_begins_on():
    home = a_home(import_price=TIME_OF_USE, loads=[a_load(earliest="22:00", latest="07:00")])
    inputs = inputs_of(home)
    (run,) = runs_of(reply_from(plan_of(home, inputs)[2]), inputs, home)

    assert run.start.astimezone(ZONE).strftime("%d %H") >= "01 00"  # the cheap hours
    assert run.day == TODAY


@pytest.mark.parametrize("day", ["2026-04-04", "2026-10-03"])
@pytest.mark.parametrize("window", [("22:00", "07:00"), ("02:15", "04:00"), (None, None)])
def test_days_of_other_lengths_are_planned_without_a_warning(day, window):
    now = datetime.fromisoformat(f"{day}T09:17:00+00:00")
    home = a_home(loads=[a_load(earliest=window[0], latest=window[1])])
    _, reply, _ = plan_of(home, inputs_of(home, now))

    assert reply["warnings"] == []
    assert reply["loads"][0]["missing_kwh"] == 0.0


def test_heat_has_the_units_of_the_wire_and_its_power_is_told():
    stores = [a_heat_store(), a_heat_store(name="Buffer", loss_kw=0.1, draw_kw=0.3, efficiency=3.0)]
    home = a_home(heat=stores)
    inputs = inputs_of(home, levels=[None, 0.05])
    (wire,) = heat_of(inputs, home)
    _, reply, answer = plan_of(home, inputs)
    powers = heat_powers(reply_from(answer), home)

    assert (wire.id, wire.name, wire.level) == ("heat_2", "Buffer", 0.05)
    assert (wire.power_w, wire.loss_w, wire.draw_w, wire.efficiency) == (2000.0, 100.0, 300.0, 3.0)
    assert powers == [None, pytest.approx(2000.0)]  # it is below its least
    assert [one["id"] for one in reply["heat"]] == ["heat_2"]


def test_nothing_is_asked_for_and_told_in_a_home_without():
    home = a_home()
    inputs = inputs_of(home)

    assert loads_of(inputs, home) == heat_of(inputs, home) == []
    assert runs_of(reply_from(plan_of(home, inputs)[2]), inputs, home) == []


def test_instants_are_in_utc_and_run_by_the_clock_of_the_home():
    home = a_home(loads=[a_load(earliest="13:00", latest="17:00")])
    (wire,) = loads_of(inputs_of(home), home)

    assert datetime.fromisoformat(wire.earliest) == datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
