"""Series of other lengths, and series that say when their values hold: read as meant, or said."""

import math
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.end_to_end import SYDNEY, plan_of, post, refusal_of, warned

NOON = datetime(2026, 1, 14, 12, tzinfo=SYDNEY)
PRICES = [0.1, 0.4, 0.2, 0.3, 0.5, 0.15]
BATTERY = {
    "current_soc": 0.5,
    "capacity_wh": 10_000,
    "max_charge_w": 3000,
    "max_discharge_w": 3000,
    "efficiency": 0.9,
    "backup_reserve": 0.2,
}


def at(hours, *, naive=False):
    stamp = NOON + timedelta(hours=hours)
    return (stamp.replace(tzinfo=None) if naive else stamp).isoformat()


def request(n=6, **changes):
    """Hours from noon."""
    return {
        "prices_import": [PRICES[t % 6] for t in range(n)],
        "prices_export": [0.05] * n,
        "solar_forecast": [0.0] * n,
        "load_forecast": [500.0] * n,
        "interval_minutes": 60,
        "start_time": NOON.isoformat(),
        "cost_function": "cost",
        "battery": BATTERY,
        **changes,
    }


async def same_plan(client, sent, meant, warnings=()):
    """The plan of what was sent is that of plain lists, and the warnings say what was assumed."""
    plain, reply = await plan_of(client, meant), await plan_of(client, sent, meant)

    assert warned(plain) == []
    assert warned(reply) == list(warnings)
    assert reply["schedule"] == plain["schedule"]
    assert reply["summary"] == plain["summary"]
    return reply


def forms(values, step=1.0, start=0.0):
    """The same series in every form, with the warning that each deserves."""
    starts = [start + step * k for k in range(len(values))]
    pairs = list(zip(starts, values, strict=True))
    rows = [{"start": at(s), "value": v} for s, v in pairs]
    return {
        "even": ({"start": at(start), "interval_minutes": 60 * step, "values": values}, None),
        "even, naive": (
            {"start": at(start, naive=True), "interval_minutes": str(60 * step), "values": values},
            "local_time",
        ),
        "rows": (rows, None),
        "ends": ([{**r, "end": at(s + step)} for r, s in zip(rows, starts, strict=True)], None),
        "stamps": ({at(s): v for s, v in pairs}, None),
        "naive": ({at(s, naive=True): v for s, v in pairs}, "local_time"),
        "a blank": ([{"start": at(s).replace("T", " "), "value": v} for s, v in pairs], None),
        "backwards": (rows[::-1], "unsorted"),
        "twice": ([*rows, rows[-1]], "overlap"),
        "evcc": ([{"start": r["start"], "price": r["value"]} for r in rows], "renamed"),
        "Tibber": ([{"startsAt": r["start"], "total": r["value"]} for r in rows], "renamed"),
        "Amber": (
            [{"start_time": r["start"][:-7] + "01+11:00", "per_kwh": r["value"]} for r in rows],
            "renamed",
        ),
        "text": ([{**r, "value": str(r["value"])} for r in rows], None),
    }


FORMS = list(forms([0.0]))


@pytest.mark.parametrize("minutes", [0, 20, 59])
@pytest.mark.parametrize("form", FORMS)
async def test_prices_may_say_when_they_hold(client, form, minutes):
    """Their steps are the intervals, from the running one on."""
    values = [9.0, *PRICES]  # the first is over
    prices, code = forms(values, start=-1.0)[form]
    meant = request(start_time=at(minutes / 60))
    sent = {**meant, "prices_import": prices}
    del sent["interval_minutes"]

    await same_plan(client, sent, meant, [(code, "prices_import")] if code else [])


@pytest.mark.parametrize("field", ["prices_export", "solar_forecast", "load_forecast"])
@pytest.mark.parametrize("form", FORMS)
async def test_every_series_may_say_when_it_holds(client, form, field):
    values = [0.3, 0.1, 0.2] if field == "prices_export" else [100.0, 2000.0, 700.0]
    series, code = forms(values, step=2.0)[form]
    meant = request(**{field: [value for value in values for _ in range(2)]})

    await same_plan(client, {**meant, field: series}, meant, [(code, field)] if code else [])


@pytest.mark.parametrize("form", ["even", "rows", "stamps"])
async def test_limits_may_say_when_they_hold(client, form):
    limits, _ = forms([2500.0, 600.0, 3000.0], step=2.0)[form]
    meant = request(grid={"max_import_w": [2500.0] * 2 + [600.0] * 2 + [3000.0] * 2})
    sent = {**meant, "grid": {"max_import_w": limits}}

    await same_plan(client, sent, meant)


async def test_a_limit_that_is_null_for_a_while_is_none(client):
    rows = [{"start": at(0), "value": 600}, {"start": at(2), "value": None, "end": at(6)}]
    meant = request(grid={"max_import_w": [600, 600, None, None, None, None]})

    await same_plan(client, {**meant, "grid": {"max_import_w": rows}}, meant)


async def test_forms_mix_freely(client):
    meant = request(
        solar_forecast=[300.0, 300.0, 900.0, 900.0, 0.0, 0.0],
        load_forecast=[600.0, 200.0, 400.0, 800.0, 700.0, 500.0],
    )
    sent = {
        **meant,
        "prices_import": forms(PRICES)["rows"][0],
        "prices_export": 0.05,
        "solar_forecast": forms([300.0, 900.0, 0.0], step=2.0)["stamps"][0],
        "load_forecast": {
            "interval_minutes": 30,
            "values": [500, 700, 100, 300, 300, 500, 700, 900, 600, 800, 500, 500],
        },
    }

    await same_plan(client, sent, meant)


async def test_a_power_is_the_mean_of_its_period(client):
    """Half an hour of 1200 W and half an hour of none; of what is left, 10 of 40 minutes."""
    load = forms([1200.0, 0.0] * 6, step=0.5)["even"][0]
    whole = request(load_forecast=[600.0] * 6)
    left = request(start_time=at(1 / 3), load_forecast=[300.0] + [600.0] * 5)

    await same_plan(client, {**whole, "load_forecast": load}, whole)
    await same_plan(client, {**left, "load_forecast": load}, left)


async def test_kilowatts_of_solcast_are_said(client):
    rows = [{"period_start": at(k), "pv_estimate": k / 10} for k in range(6)]
    meant = request(solar_forecast=[100.0 * k for k in range(6)])
    codes = [("renamed", "solar_forecast"), ("unit", "solar_forecast")]

    await same_plan(client, {**meant, "solar_forecast": rows}, meant, codes)


async def test_quarters_of_price_in_coarser_intervals_are_averaged_with_a_warning(client):
    """Not planned finer than the intervals; of the running hour, what is left counts."""
    quarters = [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.7, 0.7]
    prices = {"start": at(0), "interval_minutes": 15, "values": quarters}
    base = request(2, prices_import=[0.25, 0.6])
    warning = [("resampled", "prices_import")]

    await same_plan(client, {**base, "prices_import": prices}, base, warning)
    later = {**base, "start_time": at(0.5), "prices_import": [0.35, 0.6]}
    await same_plan(client, {**later, "prices_import": prices}, later, warning)


async def test_hours_of_price_may_be_planned_in_quarters(client):
    prices = {"start": at(0), "interval_minutes": 60, "values": [0.1, 0.4]}
    meant = request(8, interval_minutes=15, prices_import=[0.1] * 4 + [0.4] * 4)

    await same_plan(client, {**meant, "prices_import": prices}, meant)


async def test_the_last_interval_ends_with_the_prices(client):
    prices = {"start": at(0), "interval_minutes": 30, "values": [0.1, 0.1, 0.4]}
    meant = request(2, interval_minutes=[60, 30], prices_import=[0.1, 0.4])

    await same_plan(client, {**meant, "interval_minutes": 60, "prices_import": prices}, meant)


async def test_unequal_steps_are_unequal_intervals(client):
    rows = [{"start": at(h), "value": p} for h, p in ((-2, 0.1), (1, 0.4), (1.5, 0.2), (4, 0.3))]
    sent = request(4, prices_import=rows)
    del sent["interval_minutes"]
    # The last lasts as long as the shortest.
    meant = request(4, prices_import=[0.1, 0.4, 0.2, 0.3], interval_minutes=[60, 30, 150, 30])

    await same_plan(client, sent, meant)


async def test_a_gap_is_between_its_neighbours(client):
    rows = [{"start": at(h), "end": at(h + 1), "value": 500.0 + 100 * h} for h in (0, 1, 3, 4, 5)]
    meant = request(load_forecast=[500.0, 600.0, 700.0, 800.0, 900.0, 1000.0])
    codes = [("gap", "load_forecast"), ("interpolated", "load_forecast")]

    await same_plan(client, {**meant, "load_forecast": rows}, meant, codes)


async def test_of_rows_that_overlap_the_later_counts(client):
    rows = [
        {"start": at(0), "end": at(6), "value": 500.0},
        {"start": at(2), "end": at(6), "value": 900.0},
    ]
    meant = request(load_forecast=[500.0] * 2 + [900.0] * 4)

    await same_plan(client, {**meant, "load_forecast": rows}, meant, [("overlap", "load_forecast")])


async def test_the_load_of_yesterday_is_that_of_today(client):
    yesterday = {
        "start": at(-36),
        "interval_minutes": 60,
        "values": [100.0 * ((12 - 12 + k) % 24) for k in range(24)],
    }
    meant = request(load_forecast=[100.0 * hour for hour in range(12, 18)])
    warning = [("extended", "load_forecast")]

    await same_plan(client, {**meant, "load_forecast": yesterday}, meant, warning)


async def test_what_begins_late_has_the_day_after_before_it(client):
    values = [200.0 + 10 * k for k in range(24)]
    late = {"start": at(2), "interval_minutes": 60, "values": values}
    meant = request(26, load_forecast=[*values[22:], *values])
    warning = [("extended", "load_forecast")]

    await same_plan(client, {**meant, "load_forecast": late}, meant, warning)


async def test_an_hour_that_passes_twice_comes_twice(client):
    """Clocks are put back at 3:00: of stamps without an offset, 2:00 and 2:30 come again."""
    clock = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    rows = [{"start": f"2026-04-05T{c}", "value": p} for c, p in zip(clock, PRICES, strict=True)]
    meant = request(interval_minutes=30, start_time="2026-04-05T01:30+11:00")
    sent = {**meant, "prices_import": rows}
    del sent["interval_minutes"]

    await same_plan(client, sent, meant, [("local_time", "prices_import")])


@pytest.mark.parametrize("first", ["2026-04-04T20:00+11:00", "2026-10-03T20:00+10:00"])
async def test_a_series_keeps_absolute_time_where_clocks_change(client, first):
    meant = request(12, start_time=first, load_forecast=[100.0 * k for k in range(12)])
    load = {"start": first, "interval_minutes": 30, "values": [100 * (k // 2) for k in range(24)]}

    await same_plan(client, {**meant, "load_forecast": load}, meant)


# Lists


@pytest.mark.parametrize(("n", "size"), [(12, 24), (6, 12), (24, 48), (24, 25), (48, 96), (12, 36)])
async def test_a_longer_list_is_cut_and_never_compressed(client, n, size):
    loads = [300.0 + 50 * k for k in range(size)]
    meant = request(n, load_forecast=loads[:n])

    sent = {**meant, "load_forecast": loads}
    await same_plan(client, sent, meant, [("truncated", "load_forecast")])


async def test_hours_beside_quarters_are_read_as_quarters_and_the_remedy_is_named(client):
    hourly = [0.0] * 6 + [500.0 * min(k, 11 - k) for k in range(12)] + [0.0] * 6
    base = {
        **request(96, interval_minutes=15, start_time="2026-01-14T00:00+11:00"),
        "load_forecast": [500.0] * 96,
    }
    plain = {**base, "solar_forecast": hourly}
    typed = {**base, "solar_forecast": {"interval_minutes": 60, "values": hourly}}

    reply = await same_plan(
        client, plain, {**base, "solar_forecast": hourly * 4}, [("extended", "solar_forecast")]
    )
    await same_plan(
        client, typed, {**base, "solar_forecast": [w for w in hourly for _ in range(4)]}
    )

    assert "no day before" in reply["warnings"][0]["message"]
    assert '"interval_minutes"' in reply["warnings"][0]["message"]


@pytest.mark.parametrize(
    ("lengths", "left"),
    [
        ([60] * 24, 60),
        ([30] * 8 + [240] * 5, 30),
        ([10] + [30] * 47, 10),
        ([5] * 12 + [60] * 23, 5),
        ([1] + [60] * 24, 1),
    ],
)
async def test_samples_of_five_minutes_go_with_any_intervals(client, lengths, left):
    """A day of them, from now on: of the first interval, as many as are left of it."""
    rising = [10.0 * k for k in range(288)]
    ends = [math.fsum(lengths[: t + 1]) for t in range(len(lengths))]
    passed = -left % 5  # of the running sample
    minutes = [rising[min(int((m + passed) // 5), 287)] for m in range(int(ends[-1]))]
    means = [
        math.fsum(minutes[int(end - length) : int(end)]) / length
        for length, end in zip(lengths, ends, strict=True)
    ]
    start = NOON + timedelta(minutes=60 - left)
    meant = request(
        len(lengths),
        interval_minutes=lengths,
        start_time=start.isoformat(),
        load_forecast=means,
    )
    if ends[-1] + passed > 1440:  # a minute more than the samples
        meant["load_forecast"][-1] = math.fsum(minutes[int(ends[-2]) : 1440 - passed]) / (
            1440 - passed - ends[-2]
        )

    reply = await plan_of(client, {**meant, "load_forecast": rising}, meant)

    assert warned(reply) == [("resampled", "load_forecast")]


async def test_the_samples_of_the_client_begin_now(client):
    """Of the half hour, ten minutes are left: two samples, and six for each of the others."""
    samples = [float(100 * (k + 1)) for k in range(576)]
    means = [150.0] + [100.0 * (6 * t - 0.5) for t in range(1, 96)]
    meant = request(96, interval_minutes=30, start_time=at(1 / 3), load_forecast=means)

    reply = await plan_of(client, {**meant, "load_forecast": samples}, meant)

    assert warned(reply) == [("resampled", "load_forecast")]


# Missing ends


@pytest.mark.parametrize("known", [3, 5, 8, 12, 23])
@pytest.mark.parametrize("missing", [None, math.nan, "unavailable"])
async def test_a_plan_ends_with_the_last_price_where_no_day_can_be_repeated(client, known, missing):
    prices = [0.3] * (known - 1) + [15.0] + [missing] * (24 - known)
    meant = request(known, prices_import=prices[:known])
    sent = request(24, prices_import=prices)

    await same_plan(client, sent, meant, [("truncated", "prices_import")])


@pytest.mark.parametrize("known", [24, 30, 36, 47])
async def test_missing_prices_are_those_of_the_day_before(client, known):
    prices = [0.2 + 0.01 * (t % 7) for t in range(known - 1)] + [15.0]
    meant = request(48, prices_import=prices + [prices[t - 24] for t in range(known, 48)])
    sent = {**meant, "prices_import": prices + [None] * (48 - known)}

    await same_plan(client, sent, meant, [("extended", "prices_import")])


@pytest.mark.parametrize("spike", [15.0, -8.0])
@pytest.mark.parametrize("missing", [1, 2, 4])
@pytest.mark.parametrize("is_late", [True, False])
async def test_no_spike_of_the_export_price_is_prolonged(client, spike, missing, is_late):
    known = [0.05] * (5 - missing) + [0.06, 0.05, 0.05, spike]
    prices, meant = [*known, *[None] * missing], [*known, *[0.05] * missing]
    if not is_late:
        prices, meant = prices[::-1], meant[::-1]
    plain = request(len(prices), prices_export=meant)

    sent = {**plain, "prices_export": prices}
    await same_plan(client, sent, plain, [("extended", "prices_export")])


@pytest.mark.parametrize("missing", [1, 2, 3])
async def test_first_prices_that_are_missing_are_no_spike(client, missing):
    known = [15.0, 0.3, 0.3, 0.4, 0.3, 0.3]
    meant = request(6 + missing, prices_import=[0.3] * missing + known)
    sent = {**meant, "prices_import": [None] * missing + known}

    await same_plan(client, sent, meant, [("extended", "prices_import")])


@pytest.mark.parametrize(
    ("field", "series", "error"),
    [
        ("prices_import", [{"value": 1}], "prices_import[0].start: must be given, got nothing"),
        ("load_forecast", [{"start": at(0)}], "load_forecast[0].value: must be given, got noth"),
        ("load_forecast", [{"start": at(0), "kw": 1}], "load_forecast[0].value: must be given"),
        ("load_forecast", [{"start": at(0), "value": 1}], "load_forecast[0].end: must be given"),
        ("load_forecast", {at(0): 1}, "load_forecast[0].end: must be given where there is one"),
        ("prices_export", [{"start": "noon", "value": 1}], "prices_export[0].start: must be ISO"),
        ("prices_export", [{"start": 1768, "value": 1}], "prices_export[0].start: must be ISO"),
        ("prices_export", {"0001-01-01": 1}, "prices_export[0].start: must lie between 1970 and"),
        (
            "solar_forecast",
            [{"start": at(1), "end": at(0), "value": 1}],
            "solar_forecast[0].end: must be later than its start, got '2026-01-14T12:00",
        ),
        (
            "solar_forecast",
            {at(0): 1, at(0.002): 2},
            "solar_forecast: must hold each value for at least 0.5 minutes, got 7",
        ),
        ("solar_forecast", {"values": [1]}, "solar_forecast.interval_minutes: must lie in [0.5, "),
        (
            "solar_forecast",
            {"interval_minutes": 0, "values": [1]},
            "solar_forecast.interval_minutes: must lie in [0.5, 1440] minutes, got 0",
        ),
        (
            "solar_forecast",
            {"interval_minutes": 30, "values": {}},
            "solar_forecast.values: must be a list of numbers, got an object",
        ),
        (
            "solar_forecast",
            {"interval_minutes": 30, "values": ["x"]},
            "solar_forecast: must hold numbers between ±1e+06",
        ),
        (
            "prices_import",
            {"start": at(-30), "interval_minutes": 60, "values": [1] * 24},
            "prices_import: must reach beyond the start of the plan, ended 6 h before it",
        ),
        (
            "prices_import",
            {"start": "2199-01-01", "interval_minutes": 60, "values": [1] * 24},
            "prices_import: must hold at most 4320 intervals, got ",
        ),
        (
            "prices_import",
            [{"start": at(k / 60), "value": 1} for k in range(8641)],
            "prices_import: must hold at most 8640 values, got 8641",
        ),
    ],
)
@pytest.mark.parametrize("is_said", [True, False])
async def test_a_series_without_a_sane_reading_is_refused(client, field, series, error, is_said):
    sent = request(**{field: series})
    if not is_said:
        del sent["interval_minutes"]

    got = await refusal_of(client, sent)

    assert got.startswith(error)
    assert len(got) < 200


@pytest.mark.parametrize("minutes", [15, 30, 60])
async def test_a_day_that_has_begun_is_a_day(client, minutes):
    """What its last energy is worth does not jump with the minute of the start."""
    n = 1440 // minutes
    prices = [0.4] * (n // 2) + [0.1] * (n // 2)
    optima = []
    for late in range(0, minutes, 5):
        sent = request(n, prices_import=prices, interval_minutes=minutes, start_time=at(late / 60))
        optima.append((await plan_of(client, sent))["certificate"]["optimum"])

    # Five minutes of 0.5 kW at 0.4 $/kWh are 0.017 $; the median price as end value moves 1.6 $.
    assert all(abs(later - sooner) < 0.03 for sooner, later in pairwise(optima))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.sampled_from([15, 30, 60]),
    late=st.integers(1, 59),
    prices=st.lists(st.integers(0, 60).map(lambda cents: cents / 100), min_size=4, max_size=8),
    load=st.sampled_from([0.0, 400.0, 2000.0]),
    soc=st.sampled_from([0.2, 0.5, 1.0]),
)
async def test_a_later_start_costs_no_more_than_the_minutes_lost(
    client, minutes, late, prices, load, soc
):
    """Less by what could pass through the meter meanwhile, at the highest price, at most."""
    n, late = len(prices), late % minutes
    sent = request(
        n,
        prices_import=prices,
        prices_export=[0.0] * n,
        load_forecast=[load] * n,
        interval_minutes=minutes,
        cost_function="profit",
        battery={**BATTERY, "current_soc": soc},
    )

    costs = []
    for start in (0, late):
        status, reply = await post(client, {**sent, "start_time": at(start / 60)})
        assert status == 200
        costs.append(reply["summary"]["total_cost"])

    power = (load + BATTERY["max_charge_w"]) / 1000
    lost = late / 60 * power * max(prices)
    assert abs(costs[0] - costs[1]) <= lost + 0.011  # the budget of preferences, and rounding
