"""Forecasts use only the past, and say what they state."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.real_days import data_folder
from benchmarks.savings.forecasts import (
    BLIND,
    CORRECTED,
    PERFECT,
    RECENT,
    WEEK,
    YESTERDAY,
    mean_week,
    yesterday,
)
from benchmarks.savings.record import DAY, HORIZON, Record
from benchmarks.savings.sources import synthetic_record
from benchmarks.savings.vintages import Vintages, january_2021, vintage_model, with_tail

needs_data = pytest.mark.skipif(
    not data_folder().is_dir(), reason=f"needs the real data: {data_folder()} is absent"
)

RECORD = synthetic_record(days=12)
SERIES = ("import_price", "export_price", "load", "solar")


def with_another_future(record: Record, at: int, seed: int) -> Record:
    """Change every value from half hour `at` on."""
    rng = np.random.default_rng(seed)
    arrays = {name: np.array(getattr(record, name)) for name in SERIES}
    for values in arrays.values():
        values[at:] = rng.random(values.size - at)
    return replace(record, **arrays)


@settings(max_examples=30)
@given(st.integers(DAY, RECORD.size - 1), st.integers(0, 999), st.booleans())
def test_another_future_does_not_change_a_forecast(at, seed, metered):
    other = with_another_future(RECORD, at + 1 if metered else at, seed)

    for model in (RECENT, WEEK, CORRECTED, YESTERDAY, BLIND):
        chosen = model.metered() if metered else model
        before, after = chosen.outlook(RECORD, at), chosen.outlook(other, at)
        of_house = ("load", "solar")
        knows_prices = model in {RECENT, WEEK} or not (metered or model is BLIND)
        for name in of_house if knows_prices else SERIES:
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


@settings(max_examples=30)
@given(st.integers(DAY, RECORD.size - 1), st.integers(0, 999))
def test_prices_that_come_are_not_in_yesterdays(at, seed):
    other = with_another_future(RECORD, at + 1, seed)

    for model in (CORRECTED, YESTERDAY):
        before, after = model.outlook(RECORD, at), model.outlook(other, at)
        np.testing.assert_array_equal(before.import_price, after.import_price)
        np.testing.assert_array_equal(before.export_price, after.export_price)


def test_perfect_forecasts_are_the_record():
    at = 3 * DAY + 7

    outlook = PERFECT.outlook(RECORD, at)

    for name in SERIES:
        values = getattr(RECORD, name)
        np.testing.assert_array_equal(getattr(outlook, name), values[at : at + HORIZON])


def test_yesterday_and_the_mean_week_keep_the_clock():
    values = np.arange(10.0 * DAY)
    at = 8 * DAY + 5

    last, mean = yesterday(values, at), mean_week(values, at)

    assert last[:2].tolist() == [at - DAY, at - DAY + 1]
    assert last[DAY] == at - DAY
    assert mean[0] == pytest.approx(at - 4 * DAY)  # the middle of one to seven days ago


def test_the_tail_repeats_what_was_said_of_the_day_before():
    published = np.full(HORIZON, np.nan)
    published[:60] = np.arange(60.0)

    line = with_tail(np.full(DAY, -1.0), published)

    assert line[60:96].tolist() == list(np.arange(12.0, 48.0))
    assert with_tail(np.full(DAY, -1.0), np.full(HORIZON, np.nan)).tolist() == [-1.0] * HORIZON


def test_a_run_counts_once_it_was_out():
    labels = np.array(["2021-01-01T00:00", "2021-01-01T00:30"], "datetime64[m]")
    vintages = Vintages(labels, np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))

    early = vintages.at(np.datetime64("2020-12-31T23:30", "m"))
    first = vintages.at(np.datetime64("2021-01-01T00:00", "m"))
    late = vintages.at(np.datetime64("2021-01-01T01:00", "m"))

    assert np.isnan(early).all()
    assert first[:2].tolist() == [2.0, 3.0]  # the first price of the run is of the half hour before
    assert late[0] == 6.0


@needs_data
def test_published_forecasts_do_not_see_what_came():
    record, model = january_2021(), vintage_model()
    at = 9 * DAY + 11

    before = model.outlook(record, at)
    after = model.outlook(with_another_future(record, at + 1, 1), at)

    for name in SERIES:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert record.size == 31 * DAY
