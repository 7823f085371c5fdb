"""Commands from the replies to the examples."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.settings.home import ChargeNow
from server.telling.command import SHARE_OF_LIMIT, car_runs, command_from, commands_from
from server.telling.intervals import intervals_from
from tests.telling import ONE_BATTERY, plan, plan_of, settings_of

POWERS_WITHOUT_BATTERY = st.lists(st.floats(0.0, 8000.0), min_size=6, max_size=6)
PRICES = st.lists(st.floats(-0.2, 0.6), min_size=6, max_size=6)


def plain_power(interval, battery):
    """By hand: what the house leaves goes in, what it lacks comes out."""
    wh = 1000.0 * battery.capacity_kwh
    (soc,) = interval.socs
    if interval.surplus > 0.0:
        room = (1.0 - soc) * wh / battery.efficiency / interval.hours
        return min(interval.surplus, 1000.0 * battery.charge_kw, room)
    stock = soc * wh * battery.efficiency / interval.hours
    return -min(-interval.surplus, 1000.0 * battery.discharge_kw, stock)


def starts_of(reply):
    """Beginnings of intervals: of each seventh."""
    return [one.start for one in intervals_from(reply)[::7]]


@pytest.mark.parametrize("name", ONE_BATTERY)
def test_a_command_is_given_only_where_the_house_alone_would_do_otherwise(name):
    reply, _, home = plan_of(name)
    (battery,) = home.batteries
    tolerance = SHARE_OF_LIMIT * 1000.0 * max(battery.charge_kw, battery.discharge_kw)

    for interval in intervals_from(reply)[::7]:
        command = command_from(reply, home, interval.start)
        (power,), plain = interval.powers, plain_power(interval, battery)
        if abs(power - plain) <= tolerance - 1.0:
            assert command.action == "normal"
        if command.action == "charge":
            assert command.power_w == pytest.approx(max(power, 0.0), abs=tolerance)
        if command.action == "export":
            assert command.power_w == pytest.approx(-power, abs=0.1)
        if command.action == "hold":
            assert plain < -tolerance
            assert power > 0.5 * plain


@settings(max_examples=25)
@given(PRICES, PRICES, POWERS_WITHOUT_BATTERY, POWERS_WITHOUT_BATTERY, st.floats(0.1, 1.0))
def test_normal_is_what_plain_self_consumption_does(bought, sold, solar, load, soc):
    request = {
        "prices_import": bought,
        "prices_export": sold,
        "solar_forecast": solar,
        "load_forecast": load,
        "interval_minutes": 30,
        "start_time": "2026-01-14T12:00:00+11:00",
        "battery": {
            "current_soc": soc,
            "capacity_wh": 10000,
            "max_charge_w": 5000,
            "max_discharge_w": 4000,
            "efficiency": 0.95,
            "backup_reserve": 0.1,
        },
    }
    reply, start = plan(request)
    home = settings_of(request)

    command = command_from(reply, home, start)

    first = intervals_from(reply)[0]
    gap = abs(first.powers[0] - plain_power(first, home.batteries[0]))
    is_last = first.socs_end[0] <= 0.102
    is_full = first.socs_end[0] >= 0.99
    is_gainful = abs(reply.summary.savings_vs_self_consumption) >= 0.01
    if command.action == "normal" and is_gainful and not (is_last or is_full):
        assert gap <= 101.0
    if gap <= 99.0:
        assert command.action == "normal"


@pytest.mark.parametrize("name", ONE_BATTERY)
def test_a_command_lasts_until_the_next_one_that_differs(name):
    reply, start, home = plan_of(name)

    commands = commands_from(reply, home, start)

    assert commands.now.until > start
    inside = command_from(reply, home, commands.now.until - timedelta(seconds=1))
    assert inside.action == commands.now.action
    assert inside.until == commands.now.until
    if commands.then:
        after = command_from(reply, home, commands.now.until)
        assert (after.action, after.power_w) == (commands.then.action, commands.then.power_w)
        ends = [one.end for one in intervals_from(reply)]
        assert commands.then.until in ends
        assert not commands.now.is_like(commands.then, 0.0)


@pytest.mark.parametrize("name", ["dynamic_day", "several_batteries"])
def test_the_commands_ahead_are_those_that_will_be_given(name):
    reply, start, home = plan_of(name)

    commands = commands_from(reply, home, start)

    for runs in (commands.runs, *commands.of_each):
        assert 1 < len(runs) <= 12
    for before, run in pairwise(commands.runs):
        later = command_from(reply, home, before.until)
        assert (later.action, later.power_w, later.until) == (run.action, run.power_w, run.until)


def test_nothing_is_commanded_all_day_where_nothing_is_gained():
    reply, _, home = plan_of("flat_tariff")

    actions = {command_from(reply, home, at).action for at in starts_of(reply)}

    assert reply.summary.savings_vs_self_consumption < 0.01
    assert actions == {"normal"}


def test_but_a_charge_that_the_owner_wants_is_commanded_until_its_time():
    reply, start, home = plan_of("flat_tariff")

    def actions(until):
        wanted = replace(home, charge_now=ChargeNow(soc=1.0, until=until))
        return {command_from(reply, wanted, at).action for at in starts_of(reply)}

    assert actions("2026-01-16T12:00:00+11:00") > {"normal"}
    assert actions(start.isoformat()) == {"normal"}


def test_the_reserve_is_held_and_not_left_to_the_inverter():
    reply, _, home = plan_of("export_above_import")

    held = [
        (command_from(reply, home, one.start).action, one)
        for one in intervals_from(reply)
        if one.socs[0] <= 0.2001 and one.socs_end[0] <= 0.2001 and one.surplus < -150.0
    ]

    assert held
    assert {action for action, _ in held} == {"hold"}


def test_the_reason_is_that_of_the_plan():
    reply, start, home = plan_of("dynamic_day")

    command = command_from(reply, home, start)

    assert command.reason == reply.next_actions[0].reason
    assert command.reason_code == reply.next_actions[0].reason_code


@pytest.mark.parametrize("name", ONE_BATTERY)
def test_a_reason_in_other_words_is_said_to_be_of_a_longer_part_of_the_plan(name):
    """No battery that follows the house is said to charge, none at rest to power the home."""
    reply, start, home = plan_of(name)
    others = {
        "charge": ("Holding", "Powering", "Selling"),
        "normal": ("Charging", "Selling"),
        "export": ("Charging", "Holding", "Powering"),
        "hold": ("Charging", "Powering", "Selling"),
    }

    for command in commands_from(reply, home, start).runs:
        if command.power_w or command.action != "charge":
            assert not command.reason.startswith(others[command.action]), command
        assert command.reason.endswith(tuple(action.reason for action in reply.next_actions))


def test_no_command_before_or_after_the_plan_or_for_another_home():
    reply, start, home = plan_of("dynamic_day")
    end = intervals_from(reply)[-1].end
    double = replace(home, batteries=home.batteries * 2)

    assert command_from(reply, home, start - timedelta(seconds=1)) is None
    assert command_from(reply, home, end) is None
    assert command_from(reply, double, start) is None
    assert command_from(reply, replace(home, batteries=[]), start) is None


def test_several_batteries_have_a_command_each_and_one_at_rest_is_told():
    reply, _, home = plan_of("several_batteries")

    for interval in intervals_from(reply):
        commands = commands_from(reply, home, interval.start)
        assert len(commands.batteries) == 2
        for k, command in enumerate(commands.batteries):
            tolerance = max(50.0, 20.0 * home.batteries[k].charge_kw)
            if abs(interval.powers[k]) <= tolerance < -interval.surplus:
                is_empty = interval.socs[k] <= 0.01
                assert command.action == ("normal" if is_empty else "hold")
            if interval.powers[k] > tolerance and interval.grid_import > sum(interval.powers):
                assert command.action == "charge"


def test_cars_charge_at_the_power_of_their_chargers():
    reply, start, _ = plan_of("two_vehicles")

    hatchback, van = (runs[0] for runs in car_runs(reply, start))

    assert (hatchback.action, hatchback.power_w) == ("charge", 7400.0)
    assert hatchback.reason == reply.ev_schedules[0].next_actions[0].reason
    assert van.action == "away"
    for k, car in enumerate(reply.ev_schedules):
        for run in car.next_actions:
            command = car_runs(reply, datetime.fromisoformat(run.start))[k][0]
            assert command.action == {"idle": "wait"}.get(run.action, run.action)
            assert command.until == datetime.fromisoformat(run.end)


def test_a_car_alone_has_a_command_and_the_home_none():
    request = {
        "prices_import": [0.1, 0.3, 0.3, 0.1],
        "prices_export": [0.05] * 4,
        "solar_forecast": [0.0] * 4,
        "load_forecast": [500.0] * 4,
        "interval_minutes": 60,
        "start_time": "2026-01-14T12:00:00+11:00",
        "ev": {"vehicle_id": "car_1", "current_soc": 0.5, "target_soc": 0.6, "max_charge_kw": 7.0},
    }
    reply, start = plan(request | {"evs": [request.pop("ev")]})
    home = settings_of(request)

    ((command, *_),) = car_runs(reply, start)

    assert command.action == "charge"
    assert command_from(reply, home, start) is None
    assert [one.powers for one in intervals_from(reply)] == [()] * 4
    assert intervals_from(reply)[1].surplus == pytest.approx(-500.0, abs=1.0)
