from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home.states.socs import (
    CARRIED,
    FRESH,
    ExpectedSocs,
    GoodSoc,
    confirm,
    is_doubtful,
    reading_of,
    remember,
)
from tests.home.meters import utc

NOW = utc(2026, 6, 1, 12)
MINUTE = timedelta(minutes=1)


def good(value=0.5, age=0, move=0.0):
    at = NOW - age * MINUTE
    return GoodSoc(value, at, move, at + FRESH)


def look(good, minutes, value=0.5, at=NOW, move=0.0):
    return remember(good, value, at, move, NOW + minutes * MINUTE)


def test_a_reading_of_the_last_quarter_hour_is_taken_as_it_is():
    reading = reading_of(good(age=15, move=0.1), NOW)

    assert (reading.value, reading.is_carried, reading.is_commandable) == (0.5, False, True)


def test_an_older_one_is_carried_by_the_plan_before():
    reading = reading_of(good(age=16, move=0.1), NOW)

    assert reading.value == pytest.approx(0.6)
    assert reading.is_carried
    assert reading.is_commandable


def test_after_half_an_hour_of_that_nothing_is_commanded():
    assert reading_of(good(age=45), NOW).is_commandable
    assert not reading_of(good(age=46), NOW).is_commandable


@given(st.floats(0, 1), st.floats(-2, 2), st.integers(0, 600))
def test_what_is_carried_is_a_share(value, move, age):
    assert 0.0 <= reading_of(good(value, age, move), NOW).value <= 1.0


def test_the_first_reading_is_remembered():
    assert remember(None, 0.4, NOW, 0.0, NOW) == GoodSoc(0.4, NOW, 0.0, NOW + FRESH)
    assert remember(None, None, None, 0.0, NOW) is None


def test_moves_add_up_until_the_sensor_reports():
    first = remember(None, 0.5, NOW, 0.0, NOW)

    later = look(look(first, 5, move=0.02), 10, move=0.03)
    reported = look(later, 15, at=NOW + 15 * MINUTE, move=0.03)

    assert later.move == pytest.approx(0.05)
    assert later.at == NOW
    assert reported.move == 0.0
    assert reported.at == NOW + 15 * MINUTE


def test_an_unavailable_sensor_is_as_good_as_an_old_one():
    first = remember(None, 0.5, NOW, 0.0, NOW)

    lost = remember(first, None, None, 0.01, NOW + 5 * MINUTE)

    assert (lost.value, lost.at, lost.move) == (0.5, NOW, 0.01)
    assert not reading_of(lost, NOW + 5 * MINUTE).is_carried
    assert reading_of(lost, NOW + 20 * MINUTE).is_carried


def test_a_report_of_the_future_is_of_now():
    assert remember(None, 0.5, NOW + 90 * MINUTE, 0.0, NOW).at == NOW


def test_a_clock_set_back_leaves_no_reading_of_the_future():
    future = good(age=-60 * 24)

    assert remember(future, None, None, 0.0, NOW) is None
    assert remember(future, 0.5, NOW, 0.0, NOW).at == NOW


def test_a_silent_sensor_of_a_living_device_is_fresh_while_nothing_should_move():
    old = good(age=300, move=0.02)

    alive = confirm(old, NOW - 2 * MINUTE, NOW)

    assert not reading_of(alive, NOW).is_carried
    assert reading_of(confirm(old, None, NOW), NOW).is_carried
    assert reading_of(confirm(old, NOW - 16 * MINUTE, NOW), NOW).is_carried


def test_once_it_should_have_moved_it_is_carried_for_half_an_hour():
    alive = confirm(good(age=300), NOW, NOW)

    moved = confirm(look(alive, 5, at=alive.at, move=0.03), NOW + 5 * MINUTE, NOW + 5 * MINUTE)

    at_five = reading_of(moved, NOW + 5 * MINUTE)
    assert at_five.is_carried
    assert at_five.is_commandable
    assert at_five.value == pytest.approx(0.53)
    assert not reading_of(moved, NOW + CARRIED + MINUTE).is_commandable


def test_an_expectation_is_read_between_its_instants():
    expected = ExpectedSocs([NOW, NOW + 10 * MINUTE], [[0.5, 0.7], [0.2, 0.1]])

    assert expected.move(0, NOW, NOW + 5 * MINUTE) == pytest.approx(0.1)
    assert expected.move(1, NOW + 5 * MINUTE, NOW + 99 * MINUTE) == pytest.approx(-0.05)
    assert expected.move(2, NOW, NOW + 5 * MINUTE) == 0.0
    starts_only = ExpectedSocs([NOW, NOW + 10 * MINUTE], [[0.5, 0.7, 0.9]])
    assert starts_only.move(0, NOW, NOW + 5 * MINUTE) == pytest.approx(0.1)
    assert ExpectedSocs([], []).move(0, NOW, NOW) == 0.0
    assert ExpectedSocs([NOW], [[float("nan")]]).move(0, NOW, NOW) == 0.0


@pytest.mark.parametrize(
    ("value", "age", "doubtful"),
    [(0.0, 5, True), (1.0, 5, True), (0.55, 5, False), (0.65, 5, False), (0.0, 16, False)],
)
def test_a_flicker_is_doubted_for_a_quarter_of_an_hour(value, age, doubtful):
    assert is_doubtful(good(age=age), value, NOW, per_hour=0.4) is doubtful


def test_the_first_reading_and_none_are_not_doubted():
    assert not is_doubtful(None, 0.0, NOW, 0.4)
    assert not is_doubtful(good(), None, NOW, 0.4)


looks = st.tuples(
    st.integers(1, 30),  # minutes since the look before
    st.booleans(),  # the sensor reports
    st.booleans(),  # another entity of its device does
    st.floats(-0.05, 0.05),  # the move expected
)


@given(st.lists(looks, min_size=1, max_size=20))
def test_nothing_is_commanded_longer_than_half_an_hour_after_the_last_sign_of_life(looks):
    now = reported = alive = NOW
    known = remember(None, 0.5, NOW, 0.0, NOW)

    for minutes, reports, device_reports, move in looks:
        now += minutes * MINUTE
        reported = now if reports else reported
        known = remember(known, 0.5, reported, move, now)
        known = confirm(known, now if device_reports else None, now)
        alive = now if device_reports and abs(known.move) <= 0.02 else alive
        reading = reading_of(known, now)

        assert reading.is_commandable is (now <= max(reported + FRESH, alive) + CARRIED)
        assert reading.is_carried is (now > max(reported + FRESH, alive))
        assert 0.0 <= reading.value <= 1.0
