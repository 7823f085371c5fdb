"""What is kept of plans: of each interval what the last plan before it expected, and the claims."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from server.books.plans import forecasts, last_plan, slots_of, write_plan
from tests.books.conftest import tables
from tests.books.homes import BEGIN, expected, number_of, plan, start_of


def rows(connection, is_day_ahead=0):
    """Energy from the grid that is expected, by number of the interval."""
    found = connection.execute(
        "SELECT start, grid_in FROM expected WHERE is_day_ahead = ? ORDER BY start", (is_day_ahead,)
    )
    begin = BEGIN.timestamp()
    return {int(start - begin) // 300: energy for start, energy in found}


def says(value, first, last, **others):
    """A plan that expects `value` of each interval from `first` until before `last`."""
    entries = [expected(n, grid_in=value) for n in range(first, last)]
    return plan(first, expected=entries, **others)


def test_of_each_interval_the_last_plan_before_it_is_known(connection):
    write_plan(connection, says(1.0, 0, 10))
    write_plan(connection, says(2.0, 1, 11))
    write_plan(connection, says(3.0, 4, 14))
    write_plan(connection, says(4.0, 20, 30))

    assert rows(connection) == {0: 1.0, 1: 2.0, 2: 2.0, 3: 2.0} | dict.fromkeys(range(4, 14), 3.0)


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 12)), min_size=1, max_size=12))
def test_it_is_so_whenever_plans_are_made(gaps):
    """Within a minute of its beginning a plan still counts for an interval."""
    connection, made, plans = tables(), BEGIN, []
    for seconds, count in gaps:
        first = number_of(made)
        if (made - start_of(first)).total_seconds() > 60:
            first += 1
        plans.append((made, first, count))
        entries = [expected(n, grid_in=len(plans)) for n in range(first, first + count)]
        write_plan(connection, plan(first, made=made, expected=entries))
        made += timedelta(seconds=seconds)

    late = timedelta(seconds=60)
    wanted = {}
    for number in range(number_of(plans[-1][0]) + 2):
        start = start_of(number)
        before = [i for i, (when, _, _) in enumerate(plans) if when <= start + late]
        superseded = before and before[-1] + 1 < len(plans)
        if superseded:
            _, first, count = plans[before[-1]]
            if first <= number < first + count:
                wanted[number] = before[-1] + 1
    assert rows(connection) == wanted


def test_a_day_is_claimed_by_the_plan_before_it_and_then_no_more(connection):
    zone = ZoneInfo("Australia/Adelaide")  # midnight is at half past
    midnight = number_of(BEGIN.replace(hour=13, minute=30))

    def made(number):
        return start_of(number).astimezone(zone)

    write_plan(connection, says(1.0, midnight - 2, midnight + 5, made=made(midnight - 2)))
    write_plan(connection, says(2.0, midnight - 1, midnight + 4, made=made(midnight - 1)))
    write_plan(connection, says(3.0, midnight, midnight + 6, made=made(midnight)))
    write_plan(connection, says(4.0, midnight + 1, midnight + 9, made=made(midnight + 1)))

    claimed = rows(connection, is_day_ahead=1)

    assert claimed[midnight - 1] == 1.0  # the first plan of the first day
    assert [claimed[midnight + n] for n in range(6)] == [2.0] * 4 + [3.0] * 2
    assert max(claimed) == midnight + 5


def test_longer_intervals_are_shared_out_and_the_running_one_needs_most_of_its_time():
    def starts(entries):
        return {int(start - BEGIN.timestamp()) // 300: slot for start, slot in entries.items()}

    half_hour = starts(slots_of([expected(0, seconds=1800.0, grid_in=0.6)]))
    assert sorted(half_hour) == [0, 1, 2, 3, 4, 5]
    assert all(abs(slot.grid_in - 0.1) < 1e-12 for slot in half_hour.values())

    late = BEGIN + timedelta(seconds=30)
    running = starts(slots_of([expected(0, start=late, seconds=270.0, grid_in=0.9)]))
    assert abs(running[0].grid_in - 1.0) < 1e-12

    too_late = BEGIN + timedelta(seconds=120)
    assert slots_of([expected(0, start=too_late, seconds=180.0)]) == {}


def test_the_last_plan_is_kept_whole(connection):
    entry = plan(0, 30)

    write_plan(connection, entry)

    assert last_plan(connection).slots == slots_of(entry.expected)


def test_the_first_forecast_of_each_hour_is_kept_by_the_hour(connection):
    for number in (3, 4, 12, 13):
        entries = [expected(n, load=0.1, solar=0.2 + number / 100) for n in range(number, 40)]
        write_plan(connection, plan(number, expected=entries))

    kept = forecasts(connection, int(BEGIN.timestamp()), int(start_of(24).timestamp()))

    assert [number_of(one.made) for one in kept] == [3, 12]
    assert [number_of(one.start) for one in kept] == [12, 12]
    assert [len(one.load) for one in kept] == [2, 2]
    assert abs(kept[0].load[0] - 1.2) < 1e-6
    assert abs(kept[1].solar[1] - 12 * 0.32) < 1e-6


def test_a_plan_that_expects_nothing_is_written(connection):
    write_plan(connection, plan(0, expected=[]))
    write_plan(connection, plan(1, expected=[]))

    assert rows(connection) == {}
