"""Index 0 is now: stamps, offsets, changes of clocks, windows of local time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end import NOW, instants, plan_of, refusal_of, small_request, warned

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
    ("now", "minutes", "first"),
    [
        ("2026-01-14T01:02:33.456789+00:00", 5, "2026-01-14T12:00:00+11:00"),
        ("2026-01-14T01:04:59.999999+00:00", 5, "2026-01-14T12:00:00+11:00"),
        ("2026-01-14T01:05:00+00:00", 5, "2026-01-14T12:05:00+11:00"),
        ("2026-01-14T01:59:00+00:00", 30, "2026-01-14T12:30:00+11:00"),
        ("2026-01-14T01:59:00+00:00", 60, "2026-01-14T12:00:00+11:00"),
        ("2026-01-14T01:59:00+00:00", 1440, "2026-01-14T00:00:00+11:00"),
        ("2026-06-30T20:17:00+09:00", 15, "2026-06-30T21:15:00+10:00"),
        ("2026-01-14T01:02:33+00:00", 1.5, "2026-01-14T12:01:30+11:00"),
    ],
)
async def test_index_zero_is_the_interval_that_has_begun(serve, now, minutes, first):
    client = await serve(now=datetime.fromisoformat(now))

    reply = await plan_of(client, small_request(interval_minutes=minutes))

    assert reply["schedule"]["timestamps"][0] == first


@pytest.mark.parametrize("hours", BEGINNINGS)
@pytest.mark.parametrize("change", CHANGES)
async def test_stamps_are_true_across_a_change_of_clocks(serve, change, hours):
    zone, at, before, after = CHANGES[change]
    now = at + hours * HOUR
    client = await serve(now=now, zone=zone)

    stamps = instants(await plan_of(client, small_request(24)))

    assert stamps[0] <= now < stamps[0] + HALF_HOUR
    assert all(later - earlier == HALF_HOUR for earlier, later in pairwise(stamps))
    for stamp in stamps:
        assert stamp.utcoffset() == HOUR * (before if stamp < at else after)
        assert (stamp.minute % 30, stamp.second) == (0, 0)


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
        ("2026-01-14T07:12:00", None, "2026-01-14T07:00:00+11:00"),
        ("2026-01-14T07:12", "Europe/London", "2026-01-14T07:00:00+00:00"),
        ("2026-07-14T07:12:00", "Europe/London", "2026-07-14T07:00:00+01:00"),
        ("2026-01-14T07:42:00+00:00", None, "2026-01-14T18:30:00+11:00"),
        ("2026-01-14T07:42:00Z", "Europe/London", "2026-01-14T07:30:00+00:00"),
        ("2026-01-14T07:42:00-05:00", "Australia/Adelaide", "2026-01-14T23:00:00+10:30"),
        (" 2026-01-14 ", None, "2026-01-14T00:00:00+11:00"),
        # 2:40 does not exist on this day; what is meant is 3:40.
        ("2026-10-04T02:40:00", None, "2026-10-04T03:30:00+11:00"),
        # 2:40 exists twice; the first is meant.
        ("2026-04-05T02:40:00", None, "2026-04-05T02:30:00+11:00"),
    ],
)
async def test_a_start_may_be_named_and_a_naive_one_is_local(client, start_time, timezone, first):
    sent = small_request(start_time=start_time, timezone=timezone)

    reply = await plan_of(client, sent)

    assert reply["schedule"]["timestamps"][0] == first
    assert reply["warnings"] == []


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-01-14T01:10:00+00:00", "2026-01-14T11:00:00+10:30"),
        ("2026-07-14T01:40:00+00:00", "2026-07-14T11:00:00+09:30"),
    ],
)
async def test_half_an_hour_of_offset_keeps_the_hour_of_the_wall(serve, now, first):
    client = await serve(now=datetime.fromisoformat(now), zone=ZoneInfo("Australia/Adelaide"))

    reply = await plan_of(client, small_request(interval_minutes=60))

    assert reply["schedule"]["timestamps"][0] == first


@pytest.mark.parametrize("name", ["Mars/Base", "", "../../etc/passwd", "x" * 9999, "Europe", "\0"])
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


async def test_intervals_may_differ_and_then_begin_now(client):
    lengths = [27.45, 30, 30, 60, 60, 120, 180, 240]

    stamps = instants(await plan_of(client, small_request(interval_minutes=lengths)))

    assert stamps[0] == NOW
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

    assert stamps[0] <= NOW < stamps[0] + HALF_HOUR


async def test_a_load_that_is_assumed_follows_the_local_clock(serve):
    client = await serve(now=datetime(2026, 1, 14, 13, 1, tzinfo=UTC))  # midnight in Sydney
    night = [350, 350, 300, 300, 280, 280, 270, 270]

    reply = await plan_of(
        client, small_request(load_forecast=None), small_request(load_forecast=night)
    )

    assert warned(reply) == [("default", "load_forecast")]
