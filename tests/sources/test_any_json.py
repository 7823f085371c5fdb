"""Whatever a Home Assistant holds: no crash, bounded work, rows that are in order."""

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sources.rows import value_at
from server.sources.series import Series, add_powers, merge, series_from
from server.sources.tables import tables_in
from tests.sources.shapes import BERLIN, SYDNEY, rows, slots_of

NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

zones = st.sampled_from([BERLIN, SYDNEY, ZoneInfo("Pacific/Apia"), UTC])
units = st.sampled_from([None, "", "EUR/kWh", "ct/MWh", "kWh", "W", "%", "€/m³", "/" * 99, "öre"])

numbers = st.one_of(
    st.floats(),
    st.integers(-(10**400), 10**400),
    st.integers(-5, 60),
    st.sampled_from([1599516000, 1599516000000, 1e308, -1e308, 5e-324]),
    st.booleans(),
    st.none(),
    st.sampled_from(["0.25", "0,25", "inf", "unavailable", "1e999", "٣"]),
)
instants = st.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 30))
stamps = st.one_of(
    instants.map(lambda at: at.isoformat()),
    instants.map(lambda at: f"{at.isoformat()}+02:00"),
    instants.map(lambda at: at.strftime("%Y/%m/%d %H:%M:%S")),
    st.datetimes().map(lambda at: f"{at.isoformat()}-12:00"),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-08-22", ""]),
    numbers,
)
keys = st.sampled_from(
    [
        *("start", "end", "time", "hour", "date", "price", "value", "per_kwh", "price_ct_per_kwh"),
        *("total", "rates", "raw_today", "today", "raw_tomorrow", "tomorrow", "forecast"),
        *("detailedForecast", "pv_estimate", "pv_estimate10", "power_w", "wh_period", "watts"),
        *("period", "period_end", "duration", "unit", "currency", "price_in_cents", "SE3", "Home"),
        *("price_00h", "price_02h_d", "unit_of_measurement", "timestamps"),
    ]
)
plausible = st.recursive(
    st.one_of(stamps, numbers),
    lambda inner: st.one_of(
        st.dictionaries(keys, inner, max_size=6),
        st.dictionaries(stamps.map(str), inner, max_size=6),
        st.lists(inner, max_size=6),
        st.lists(st.dictionaries(keys, st.one_of(stamps, numbers), max_size=5), max_size=8),
        st.lists(numbers, min_size=23, max_size=25),
    ),
    max_leaves=40,
)
anything = st.recursive(
    st.one_of(numbers, st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=30,
)


def require_order(found):
    for held in (found.rows, found.low, found.high):
        assert all(math.isfinite(row.value) for row in held)
        assert all(row.start < row.end for row in held)
        assert all(before.end <= after.start for before, after in pairwise(held))
        assert all(value_at(held, row.start) == row.value for row in held)


@given(st.one_of(plausible, anything), units, zones)
def test_nothing_crashes_and_rows_are_in_order(value, unit, zone):
    found = series_from(value, unit=unit, zone=zone, now=NOW)

    if found is not None:
        assert found.rows
        require_order(found)


@given(st.lists(plausible, max_size=4), zones)
def test_any_series_can_be_merged_and_added(values, zone):
    found = [series_from(value, unit="kWh", zone=zone, now=NOW) for value in values]
    series = [part for part in found if part is not None]

    for result in (merge(series), add_powers(series)):
        if isinstance(result, Series):
            require_order(result)


@given(
    st.sampled_from([BERLIN, SYDNEY]),
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.sampled_from([5, 15, 30, 60]),
    st.lists(st.one_of(st.floats(-1, 5), st.none()), min_size=24, max_size=24),
    st.sampled_from(["EUR/kWh", "ct/kWh", "EUR/MWh"]),
)
def test_every_instant_of_every_day_has_the_value_that_was_written(zone, day, step, values, unit):
    slots = slots_of(zone, day, 1, step, value=lambda k: values[k % 24])
    factor = {"EUR/kWh": 1.0, "ct/kWh": 0.01, "EUR/MWh": 0.001}[unit]

    found = series_from({"prices": rows(slots, "start", "price", "end")}, unit=unit, zone=zone)

    for slot in slots:
        value = None if found is None else value_at(found.rows, slot.start)
        assert value == (None if slot.value is None else pytest.approx(slot.value * factor))


@pytest.mark.parametrize("first", [True, False])
def test_work_is_bounded(first):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    row = {f"price_{k}": 1.0 for k in range(500)}
    stamps = [{"start": (start + k * timedelta(minutes=5)).isoformat()} for k in range(3000)]
    long = [{**stamp, **row} if first else {**row, **stamp} for stamp in stamps]
    value = {f"prices_{k}": long for k in range(300)}

    tables = [*tables_in(value, BERLIN, NOW)]

    assert len(tables) <= 2
    assert all(len(table.columns) <= 40 for table in tables)


def test_depth_is_bounded():
    deep = {"prices": [{"start": NOW.isoformat(), "price": 1.0}]}
    for _ in range(50_000):
        deep = {"a": deep}

    assert series_from(deep, unit="EUR/kWh", zone=BERLIN, now=NOW) is None


def test_huge_names_and_texts_do_no_harm():
    name = "a" * 2_000_000
    prices = [{"start": NOW.isoformat(), name: 1.0, "price": 2.0, "unit": name, "currency": name}]

    found = series_from({name: prices, "prices": prices}, unit=name, zone=BERLIN, now=NOW)

    assert found is not None
    assert len(found.shape) < 200
    assert found.rows[0].value == 2.0
