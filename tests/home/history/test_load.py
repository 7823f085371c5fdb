import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home.history.load import (
    WEEKS,
    LoadMeters,
    balance_of,
    excess_of,
    is_clipped_much,
    load_meters,
    load_rows,
    mean_week,
    missing_meters,
    without_negatives,
)
from server.home.history.meters import FIVE_MINUTES, Span, hour_of_week, span_between
from server.settings.home import (
    BatterySettings,
    CarSettings,
    DashboardForecast,
    FixedPrice,
    MeterSettings,
    PriceSettings,
    Settings,
    SolarSettings,
)
from tests.home.meters import changes_of, utc

ZONES = ["UTC", "Australia/Sydney", "America/New_York", "Asia/Kolkata", "Europe/Berlin"]
MONDAY = utc(2026, 6, 1)
UTC_ZONE = ZoneInfo("UTC")


def history(now, zone, weekly):
    """Eight weeks of a home that is the same each week, and their span. [kWh]"""
    span = span_between(now - timedelta(weeks=WEEKS), now)
    return np.array([weekly[key] for key in span.hours_of_week(zone)]), span


def settings(**fields):
    return Settings(import_price=PriceSettings(source=FixedPrice(price=0.3)), **fields)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    hours=st.integers(0, 24 * 365),
    seed=st.integers(0, 9),
    missing_weeks=st.sets(st.integers(0, WEEKS - 1), max_size=WEEKS - 2),
    minutes=st.integers(0, 59),
)
def test_a_perfectly_weekly_home_is_forecast_exactly(zone, hours, seed, missing_weeks, minutes):
    now = utc(2026, 1, 1) + timedelta(hours=hours, minutes=minutes)
    weekly = np.random.default_rng(seed).uniform(0.1, 4.0, 168)
    load, span = history(now, zone, weekly)
    for week in missing_weeks:
        load[168 * week : 168 * (week + 1)] = math.nan

    week = mean_week(load, span, zone)
    rows = load_rows(week, 0.0, now, now + timedelta(hours=48), zone)

    expected = [1000 * weekly[hour_of_week(row.start.timestamp(), zone)] for row in rows]
    # An hour that clocks skip in a week that is known is missing there, and another one is not.
    known = np.bincount(span.hours_of_week(zone)[~np.isnan(load)], minlength=168)
    is_known = [known[hour_of_week(row.start.timestamp(), zone)] > 0 for row in rows]
    np.testing.assert_allclose(
        np.array([row.value for row in rows])[is_known], np.array(expected)[is_known]
    )
    assert rows[0].start <= now < rows[0].end
    assert rows[-1].end >= now + timedelta(hours=48)
    assert all(a.end == b.start for a, b in pairwise(rows))


def test_the_week_of_a_clock_change_has_the_usual_hours_by_the_clock():
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 24, 12, tzinfo=zone)  # clocks go back in the night
    weekly = np.arange(168) / 100.0
    load, span = history(now, zone, weekly)

    rows = load_rows(mean_week(load, span, zone), 0.0, now, now + timedelta(hours=24), zone)

    at_eight = [row for row in rows if row.start == datetime(2026, 10, 25, 8, tzinfo=zone)]
    assert at_eight[0].value == pytest.approx(1000 * weekly[6 * 24 + 8])


def test_an_hour_never_known_takes_other_days_of_its_kind_then_any_then_the_mean():
    load = np.full(168, math.nan)
    load[8] = 1.0  # Monday 8 h
    load[5 * 24 + 8] = 3.0  # Saturday 8 h
    load[2 * 24 + 20] = 5.0  # Wednesday 20 h

    week = mean_week(load, Span(int(MONDAY.timestamp()) // 3600, 168), UTC_ZONE)

    power = week.power.reshape(7, 24)
    assert power[3, 8] == 1000.0
    assert power[6, 8] == 3000.0
    assert power[6, 20] == 5000.0
    assert power[6, 3] == pytest.approx(3000.0)


def test_without_any_known_hour_there_is_no_mean_week():
    assert mean_week(np.full(24, math.nan), Span(0, 24), UTC_ZONE) is None


def flat_week(kw=1.0, highest=5.0):
    load = np.full(168, kw)
    load[0] = highest
    return mean_week(load, monday_span(168), UTC_ZONE)


def monday_span(count):
    return Span(int(MONDAY.timestamp()) // 3600, count)


def recent(now, kw, count=24):
    span = span_between(now - timedelta(minutes=5 * count), now, FIVE_MINUTES)
    return np.full(span.count, kw / 12.0), span


def test_last_readings_correct_the_next_hours_and_fade():
    now = utc(2026, 6, 3, 12)
    week = flat_week()

    excess = excess_of(*recent(now, 3.0), week, now, UTC_ZONE)
    rows = load_rows(week, excess, now, now + timedelta(hours=6), UTC_ZONE)

    values = [row.value for row in rows]
    assert excess == pytest.approx(2000.0)
    assert values == sorted(values, reverse=True)
    assert 2500 < values[0] < 3000
    assert values[-1] < 1040


def test_later_readings_weigh_more():
    now = utc(2026, 6, 3, 12)
    energy, span = recent(now, 1.0)
    energy[-6:] = 2.0 / 12.0

    excess = excess_of(energy, span, flat_week(), now, UTC_ZONE)

    assert 500.0 < excess < 1000.0


def test_few_readings_correct_nothing():
    now = utc(2026, 6, 3, 12)
    energy, span = recent(now, 9.0)
    energy[5:] = math.nan

    assert excess_of(energy, span, flat_week(), now, UTC_ZONE) == 0.0


@given(kw=st.floats(0.0, 100.0), usual=st.floats(0.0, 3.0))
def test_a_correction_stays_between_nothing_and_the_highest_hour(kw, usual):
    now = utc(2026, 6, 3, 12)
    week = flat_week(usual)

    excess = excess_of(*recent(now, kw), week, now, UTC_ZONE)

    rows = load_rows(week, excess, now, now + timedelta(hours=3), UTC_ZONE)
    assert all(0.0 <= row.value <= 5000.0 + 1e-6 for row in rows)


def test_the_house_has_a_meter_or_a_balance():
    battery = BatterySettings(
        soc="sensor.soc", capacity_kwh=10, charge_kw=5, discharge_kw=5,
        energy_in=["in"], energy_out=["out"],
    )  # fmt: skip
    car = CarSettings(capacity_kwh=60, charge_kw=11, energy="car")
    ways = load_meters(
        settings(
            home_energy=["house"],
            meter=MeterSettings(energy_in=["import"], energy_out=["export"]),
            solar=SolarSettings(energy=["sun"]),
            batteries=[battery],
            cars=[car],
        )
    )

    assert ways[0] == LoadMeters(["house"], [], [], ["car"])
    assert ways[1] == LoadMeters(["import", "out"], ["sun"], ["export", "in"], ["car"])
    assert ways[1].all == ["import", "out", "sun", "export", "in", "car"]
    assert load_meters(settings()) == []


def test_a_balance_that_lacks_a_meter_is_none():
    battery = BatterySettings(name="Big", soc="s", capacity_kwh=10, charge_kw=5, discharge_kw=5)
    home = settings(
        meter=MeterSettings(energy_in=["import"]),
        batteries=[battery],
        solar=SolarSettings(forecasts=[DashboardForecast()]),
    )

    assert load_meters(home) == []
    assert missing_meters(home) == ["solar", "Big"]
    assert missing_meters(settings()) == ["the grid"]


@given(st.lists(st.tuples(*[st.floats(0.0, 5.0) for _ in range(5)]), min_size=1, max_size=12))
def test_the_balance_returns_the_load_of_any_home(flows):
    """Whatever sun, battery and car do: the meter takes the rest."""
    load, sun, charge, discharge, car = np.array(flows).T
    net = load + car + charge - discharge - sun
    changes = {
        "import": changes_of(MONDAY, np.maximum(net, 0.0)),
        "export": changes_of(MONDAY, np.maximum(-net, 0.0)),
        "sun": changes_of(MONDAY, sun),
        "in": changes_of(MONDAY, charge),
        "out": changes_of(MONDAY, discharge),
        "car": changes_of(MONDAY, car),
    }
    meters = LoadMeters(["import", "out"], ["sun"], ["export", "in"], ["car"])

    found = balance_of(changes, meters, monday_span(len(flows)))

    np.testing.assert_allclose(found, load, atol=1e-9)


def test_sums_below_zero_are_clipped_and_counted():
    changes = {"import": changes_of(MONDAY, [1.0, 0.0]), "export": changes_of(MONDAY, [0.0, 0.5])}

    balance = balance_of(changes, LoadMeters(["import"], [], ["export"], []), monday_span(2))
    load, clipped = without_negatives(balance)

    assert load.tolist() == [1.0, 0.0]
    assert clipped == 0.5
    assert is_clipped_much(load, clipped)
    assert not is_clipped_much(load, 0.001)


def test_a_car_without_readings_takes_nothing():
    changes = {"house": changes_of(MONDAY, [1.0, 3.0]), "car": changes_of(MONDAY, [None, 2.0])}
    meters = LoadMeters(["house"], [], [], ["car", "gone"])

    load = balance_of(changes, meters, monday_span(2))

    assert load.tolist() == [1.0, 1.0]


def test_a_sleeping_inverter_leaves_the_nights_load_known():
    changes = {
        "import": changes_of(MONDAY, [1.0] * 4),
        "sun": changes_of(MONDAY, [1, None, None, 1]),
    }

    load = balance_of(changes, LoadMeters(["import"], ["sun"], [], []), monday_span(4))

    assert load.tolist() == [2.0, 1.0, 1.0, 2.0]


def test_rows_are_in_utc():
    now = datetime(2026, 6, 3, 12, 10, tzinfo=ZoneInfo("Asia/Kolkata"))
    row = load_rows(flat_week(), 0.0, now, now + timedelta(hours=1), ZoneInfo("Asia/Kolkata"))[0]

    assert row.start == datetime(2026, 6, 3, 6, 30, tzinfo=UTC)
