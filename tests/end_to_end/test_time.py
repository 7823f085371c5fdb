"""Index 0 is now: stamps, offsets, changes of clocks, windows of local time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end import NOW, instants, plan_of, post, refusal_of, small_request, warned

SYDNEY, LONDON = ZoneInfo("Australia/Sydney"), ZoneInfo("Europe/London")
HOUR, HALF_HOUR = timedelta(hours=1), timedelta(minutes=30)

# Zone, instant of the change, hours from UTC before and after it.
CHANGES = {
    "Sydney, first Sunday of April": (SYDNEY, datetime(2026, 4, 4, 16, tzinfo=UTC), 11, 10),
    "Sydney, first Sunday of October": (SYDNEY, datetime(2026, 10, 3, 16, tzinfo=UTC), 10, 11),
    "London, last Sunday of March": (LONDON, datetime(2026, 3, 29, 1, tzinfo=UTC), 0, 1),
    "London, last Sunday of October": (LONDON, datetime(2026, 10, 25, 1, tzinfo=UTC), 1, 0),
}
# Hours from the change to the beginning of the request: before, astride, at, and after it.
BEGINNINGS = (-3.2, -0.3, 0.0, 0.4, 0.9, 1.2)


@pytest.mark.parametrize(
    ("now", "minutes", "first", "second"),
    [
        ("2026-01-14T01:02:33.456789+00:00", 5, "12:02:33", "12:05:00"),
        ("2026-01-14T01:04:59.999999+00:00", 5, "12:04:59", "12:05:00"),
        ("2026-01-14T01:05:00+00:00", 5, "12:05:00", "12:10:00"),
        ("2026-01-14T01:59:00+00:00", 30, "12:59:00", "13:00:00"),
        ("2026-01-14T01:31:00+00:00", 60, "12:31:00", "13:00:00"),
        ("2026-01-14T01:13:00+00:00", 7.5, "12:13:00", "12:15:00"),
        ("2026-01-14T01:04:58+00:00", 2.5, "12:04:58", "12:05:00"),
        ("2026-06-30T20:17:00+09:00", 15, "21:17:00", "21:30:00"),
        ("2026-01-14T01:02:33+00:00", 1.5, "12:02:33", "12:03:00"),
        ("2026-01-14T01:39:50+00:00", 20, "12:39:50", "12:40:00"),
        # These divide no hour, and are counted from the start.
        ("2026-01-14T01:59:00+00:00", 45, "12:59:00", "13:44:00"),
        ("2026-01-14T01:59:00+00:00", 90, "12:59:00", "14:29:00"),
        ("2026-01-14T01:59:00+00:00", 7, "12:59:00", "13:06:00"),
        ("2026-01-14T01:59:00+00:00", 1440, "12:59:00", "12:59:00"),
    ],
)
async def test_the_first_interval_is_what_is_left_of_it(serve, now, minutes, first, second):
    client = await serve(now=datetime.fromisoformat(now))
    request = small_request(interval_minutes=minutes)

    reply = await plan_of(client, request)
    named = await plan_of(client, {**request, "start_time": now})

    assert [stamp.strftime("%H:%M:%S") for stamp in instants(reply)[:2]] == [first, second]
    assert named["schedule"] == reply["schedule"]
    assert reply["warnings"] == []


SPIKE = {
    "prices_import": [2.0] + [0.3] * 47,
    "prices_export": [0.0] * 48,
    "load_forecast": [8000.0] + [500.0] * 47,
    "solar_forecast": [0.0] * 48,
    "battery": {
        "current_soc": 0.9,
        "capacity_wh": 13500,
        "max_charge_w": 5000,
        "max_discharge_w": 5000,
        "efficiency": 0.9,
        "backup_reserve": 0.1,
    },
}


@pytest.mark.parametrize("left", [30, 25, 20, 15, 10, 5, 1])
async def test_a_spike_is_met_with_full_power_to_its_end(client, left):
    """At one power, whatever is left of the half hour: as with lengths that say so."""
    start = (NOW + HALF_HOUR - timedelta(minutes=left)).isoformat()
    sent = {**SPIKE, "start_time": start, "interval_minutes": 30}
    told = {**sent, "interval_minutes": [left] + [30] * 47}

    reply, same = await plan_of(client, sent, told), await plan_of(client, told)

    assert reply["schedule"]["discharge_w"][0] == pytest.approx(5000, abs=1)
    assert reply["schedule"] == same["schedule"]
    assert reply["summary"] == same["summary"]


@pytest.mark.parametrize("before", ["0.001", "0.9", "1", "2", "59"])
@pytest.mark.parametrize("minutes", [5, 30, 60])
async def test_a_start_just_before_a_boundary_gives_a_sound_plan(client, minutes, before):
    start = NOW + HOUR - timedelta(seconds=float(before))

    reply = await plan_of(
        client, {**SPIKE, "start_time": start.isoformat(), "interval_minutes": minutes}
    )

    stamps = instants(reply)
    assert stamps[0] == start.replace(microsecond=0)
    assert stamps[1] == NOW + HOUR
    assert reply["solver"] == "highs"
    assert 0 <= reply["schedule"]["discharge_w"][0] <= 5000


@pytest.mark.parametrize(
    ("lengths", "first", "second"),
    [(60, "06:59:00", "07:00:00"), ([60] * 8, "06:59:00", "07:59:00")],
)
async def test_a_start_is_never_moved_back(client, lengths, first, second):
    request = small_request(interval_minutes=lengths, start_time="2026-01-14T06:59")

    reply = await plan_of(client, request)

    assert [stamp.strftime("%H:%M:%S") for stamp in instants(reply)[:2]] == [first, second]


@pytest.mark.parametrize(
    ("start", "wanted", "planned"),
    [("06:00", 2, 2), ("06:30", 2, 2), ("06:30", 2.5, 3), ("06:59", 1, 1), ("06:59", 7.1, 8)],
)
async def test_the_horizon_counts_from_the_start(client, start, wanted, planned):
    """An hour has one price; the first is what the start leaves of it."""
    sent = small_request(
        interval_minutes=60, start_time=f"2026-01-14T{start}", horizon_hours=wanted
    )

    stamps = instants(await _planned(client, sent))

    assert len(stamps) == planned


async def _planned(client, sent):
    status, reply = await post(client, sent)
    assert status == 200
    return reply


@pytest.mark.parametrize("hours", BEGINNINGS)
@pytest.mark.parametrize("change", CHANGES)
async def test_stamps_are_true_across_a_change_of_clocks(serve, change, hours):
    zone, at, before, after = CHANGES[change]
    now = at + hours * HOUR
    client = await serve(now=now, zone=zone)

    stamps = instants(await plan_of(client, small_request(24)))

    assert stamps[0] == now
    assert timedelta(0) < stamps[1] - now <= HALF_HOUR
    assert all(later - earlier == HALF_HOUR for earlier, later in pairwise(stamps[1:]))
    for stamp in stamps:
        assert stamp.utcoffset() == HOUR * (before if stamp < at else after)
    assert {(stamp.minute % 30, stamp.second) for stamp in stamps[1:]} == {(0, 0)}


@pytest.mark.parametrize("hours", BEGINNINGS)
@pytest.mark.parametrize("change", CHANGES)
async def test_next_actions_carry_the_offsets_of_their_stamps(serve, change, hours):
    zone, at, *_ = CHANGES[change]
    client = await serve(now=at + hours * HOUR, zone=zone)

    reply = await plan_of(client, small_request(24, battery={"current_soc": 0.2}))

    last = instants(reply)[-1] + HALF_HOUR
    ends = {datetime.fromisoformat(run["end"]) for run in reply["next_actions"]}
    assert all(end.utcoffset() == zone.utcoffset(end.astimezone(zone)) for end in ends)
    assert max(ends) <= last


def chipped(start, end, n=24):
    """A site that sells all of its sun, but for the time of chip mode."""
    return small_request(
        n,
        battery={"capacity_wh": 0},
        solar_forecast=[3000] * n,
        load_forecast=[0] * n,
        grid={"curtailment": True},
        provider_config={
            "chip_mode_enabled": True,
            "chip_mode_start": start,
            "chip_mode_end": end,
            "chip_mode_threshold": 30.0,
        },
    )


@pytest.mark.parametrize(
    ("change", "start", "end", "barred"),
    [
        ("Sydney, first Sunday of April", "02:00", "03:00", 4),  # the hour passes twice
        ("Sydney, first Sunday of April", "03:00", "04:00", 2),
        ("Sydney, first Sunday of April", "00:00", "06:00", 14),
        ("Sydney, first Sunday of October", "02:00", "03:00", 0),  # the hour is skipped
        ("Sydney, first Sunday of October", "01:30", "03:30", 2),
        ("London, last Sunday of March", "01:00", "02:00", 0),
        ("London, last Sunday of March", "00:30", "02:30", 2),
        ("London, last Sunday of October", "01:00", "02:00", 4),
        ("London, last Sunday of October", "22:00", "01:30", 8),
    ],
)
async def test_windows_are_of_local_time_on_the_day_of_a_change(serve, change, start, end, barred):
    zone, at, *_ = CHANGES[change]
    midnight = at.astimezone(zone).replace(hour=0, minute=0)
    client = await serve(now=midnight.astimezone(UTC) - 3 * HOUR, zone=zone)

    reply = await plan_of(client, chipped(start, end))

    exports = zip(instants(reply), reply["schedule"]["grid_export_w"], strict=True)
    quiet = [stamp.strftime("%H:%M") for stamp, export in exports if export == 0]
    in_window = [
        clock
        for clock in (stamp.strftime("%H:%M") for stamp in instants(reply))
        if (start <= clock < end if start < end else clock >= start or clock < end)
    ]
    assert quiet == in_window
    assert len(quiet) == barred


async def test_windows_are_of_the_site_and_not_of_the_machine(serve, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    client = await serve()

    reply = await plan_of(client, chipped("13:00", "14:00"))

    exports = zip(instants(reply), reply["schedule"]["grid_export_w"], strict=True)
    assert [stamp.hour for stamp, export in exports if export == 0] == [13, 13]


@pytest.mark.parametrize(
    ("start_time", "timezone", "first"),
    [
        ("2026-01-14T07:12:00", None, "2026-01-14T07:12:00+11:00"),
        ("2026-01-14T07:12", "Europe/London", "2026-01-14T07:12:00+00:00"),
        ("2026-07-14T07:12:00", "Europe/London", "2026-07-14T07:12:00+01:00"),
        ("2026-01-14T07:42:00+00:00", None, "2026-01-14T18:42:00+11:00"),
        ("2026-01-14T07:42:00Z", "Europe/London", "2026-01-14T07:42:00+00:00"),
        ("2026-01-14T07:42:00-05:00", "Australia/Adelaide", "2026-01-14T23:12:00+10:30"),
        (" 2026-01-14 ", None, "2026-01-14T00:00:00+11:00"),
        # 2:40 does not exist on this day; what is meant is 3:40.
        ("2026-10-04T02:40:00", None, "2026-10-04T03:40:00+11:00"),
        # 2:40 exists twice; the first is meant.
        ("2026-04-05T02:40:00", None, "2026-04-05T02:40:00+11:00"),
    ],
)
async def test_a_start_may_be_named_and_a_naive_one_is_local(client, start_time, timezone, first):
    sent = small_request(start_time=start_time, timezone=timezone)

    reply = await plan_of(client, sent)

    assert reply["schedule"]["timestamps"][0] == first
    assert reply["warnings"] == []


@pytest.mark.parametrize(
    ("zone", "now", "minutes", "first", "second"),
    [
        ("Australia/Adelaide", "2026-01-14T01:10:00+00:00", 60, "11:40:00+1030", "12:00:00+1030"),
        ("Australia/Adelaide", "2026-07-14T01:40:00+00:00", 60, "11:10:00+0930", "12:00:00+0930"),
        ("Asia/Kathmandu", "2026-07-14T01:10:00+00:00", 60, "06:55:00+0545", "07:00:00+0545"),
        ("Asia/Kathmandu", "2026-07-14T01:10:00+00:00", 20, "06:55:00+0545", "07:00:00+0545"),
        ("Asia/Kathmandu", "2026-07-14T01:13:00+00:00", 30, "06:58:00+0545", "07:00:00+0545"),
        ("Asia/Kolkata", "2026-07-14T01:10:00+00:00", 60, "06:40:00+0530", "07:00:00+0530"),
        # Clocks are put back by half an hour at 2:00, and then it is 1:30.
        ("Australia/Lord_Howe", "2026-04-04T14:40:00+00:00", 60, "01:40:00+1100", "01:30:00+1030"),
        ("Australia/Lord_Howe", "2026-04-04T15:10:00+00:00", 60, "01:40:00+1030", "02:00:00+1030"),
    ],
)
async def test_boundaries_lie_on_the_local_clock(serve, zone, now, minutes, first, second):
    client = await serve(now=datetime.fromisoformat(now), zone=ZoneInfo(zone))

    stamps = instants(await plan_of(client, small_request(interval_minutes=minutes)))

    assert [stamp.strftime("%H:%M:%S%z") for stamp in stamps[:2]] == [first, second]
    assert all(b - a == timedelta(minutes=minutes) for a, b in pairwise(stamps[1:]))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Australia/sydney", "2026-01-14T12:00:00+11:00"),
        ("AUSTRALIA/SYDNEY", "2026-01-14T12:00:00+11:00"),
        (" Europe/Berlin\n", "2026-01-14T02:00:00+01:00"),
        ("america/new york", "2026-01-13T20:00:00-05:00"),
        ("America/New York", "2026-01-13T20:00:00-05:00"),
        ("utc", "2026-01-14T01:00:00+00:00"),
        ("+10:00", "2026-01-14T11:00:00+10:00"),
        ("+1000", "2026-01-14T11:00:00+10:00"),
        ("-3:30", "2026-01-13T21:30:00-03:30"),
        ("UTC+10", "2026-01-14T11:00:00+10:00"),
        ("utc+5:45", "2026-01-14T06:45:00+05:45"),
        ("UTC-08:00", "2026-01-13T17:00:00-08:00"),
        ("GMT +1", "2026-01-14T02:00:00+01:00"),
    ],
)
async def test_a_zone_in_other_letters_or_an_offset_is_understood(client, name, first):
    reply = await plan_of(client, small_request(timezone=name))

    assert warned(reply) == [("unknown_zone", "timezone")]
    assert "read as" in reply["warnings"][0]["message"]
    assert reply["schedule"]["timestamps"][0] == first


@pytest.mark.parametrize(
    "name",
    ["Mars/Base", "", "../../etc/passwd", "x" * 9999, "Europe", "\0", "+25:00", "UTC+10:75", "+"],
)
async def test_an_unknown_zone_is_that_of_the_site_with_a_warning(client, name):
    reply = await plan_of(client, small_request(timezone=name))

    assert warned(reply) == [("unknown_zone", "timezone")]
    assert len(reply["warnings"][0]["message"]) < 120
    assert reply["schedule"]["timestamps"][0] == "2026-01-14T12:00:00+11:00"


@pytest.mark.parametrize(
    ("start_time", "rule"),
    [
        ("noon", "start_time: must be ISO 8601, got 'noon'"),
        ("", "start_time: must be ISO 8601, got ''"),
        ("x" * 10_000, "start_time: must be ISO 8601, got 'xxx"),
        ("2026-13-01T00:00:00", "start_time: must be ISO 8601, got '2026-13-01T00:00:00'"),
        ("0001-01-01T00:00:00", "start_time: must lie between 1970 and 2200, got year 1"),
        ("9999-12-31T23:59:59", "start_time: must lie between 1970 and 2200, got year 9999"),
        (1768350000, "start_time: must be text, got 1.76835e+09"),
    ],
)
async def test_a_start_without_a_sane_reading_is_refused(client, start_time, rule):
    error = await refusal_of(client, small_request(start_time=start_time))

    assert error.startswith(rule)
    assert len(error) < 150


async def test_intervals_may_differ_and_then_begin_now(serve):
    now = NOW + timedelta(minutes=2, seconds=33)
    client = await serve(now=now)
    lengths = [27.45, 30, 30, 60, 60, 120, 180, 240]

    stamps = instants(await plan_of(client, small_request(interval_minutes=lengths)))

    assert stamps[0] == now
    assert stamps[1].strftime("%H:%M:%S") == "12:30:00"


@pytest.mark.parametrize("change", CHANGES)
async def test_unequal_intervals_cross_a_change_of_clocks(serve, change):
    zone, at, before, after = CHANGES[change]
    client = await serve(now=at - 2 * HOUR, zone=zone)

    stamps = instants(await plan_of(client, small_request(interval_minutes=[60, 30, 45, 5] * 2)))

    offsets = {stamp: HOUR * (before if stamp < at else after) for stamp in stamps}
    assert {stamp: stamp.utcoffset() for stamp in stamps} == offsets


async def test_without_any_zone_stamps_still_carry_an_offset(serve):
    client = await serve(zone=None)

    stamps = instants(await plan_of(client, small_request()))

    assert stamps[0] == NOW


async def test_a_load_that_is_assumed_follows_the_local_clock(serve):
    client = await serve(now=datetime(2026, 1, 14, 13, 1, tzinfo=UTC))  # midnight in Sydney
    night = [350, 350, 300, 300, 280, 280, 270, 270]

    reply = await plan_of(
        client, small_request(load_forecast=None), small_request(load_forecast=night)
    )

    assert warned(reply) == [("default", "load_forecast")]
