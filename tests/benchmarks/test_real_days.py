"""Real days: every reading in its own interval, clocks right on the days they change."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks import real_days

FOLDER = real_days.data_folder()
CLOCKS_BACK, CLOCKS_ON = date(2025, 4, 6), date(2025, 10, 5)
TOLERANCE = 5e-6  # half the last digit of a price on the wire

needs_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"needs the real data: {FOLDER} is absent (see POWERSYNC_DATA)"
)


@cache
def readings(path: str) -> dict[str, list[str]]:
    """Read a file of the data folder, by stamp, as the loader does not."""
    with (FOLDER / path).open(newline="", encoding="utf-8") as file:
        return {row[0]: row[1:] for row in csv.reader(file)}


def dispatch_price(nem_end: str) -> float:
    """Look up the wholesale price of the five minutes ending at `nem_end` [$/kWh]."""
    return float(readings("aemo_nsw1_5min/rrp_5min.csv")[nem_end][0]) / 1000


def row_at(utc: str) -> int:
    """Give the row of the grid whose interval begins at `utc`."""
    (row,) = np.flatnonzero(real_days.load_year().starts == np.datetime64(utc, "m"))
    return int(row)


def horizon_dates() -> Iterator[date]:
    """Give some days of every month and both changes of clocks."""
    yield from real_days.available_days()[::15]
    yield from (
        CLOCKS_BACK - timedelta(days=1),
        CLOCKS_BACK,
        CLOCKS_ON - timedelta(days=1),
        CLOCKS_ON,
    )


# The tariff and the refinement are pure: they need no data.


@pytest.mark.parametrize(
    ("hour", "import_adder", "export_adder"),
    [
        (0, 0.093, 0.003),
        (9, 0.093, 0.003),
        (10, 0.093, -0.012),
        (14, 0.093, -0.012),
        (15, 0.360, 0.003),
        (16, 0.360, 0.041),
        (20, 0.360, 0.041),
        (21, 0.093, 0.003),
        (23, 0.093, 0.003),
    ],
)
@pytest.mark.parametrize("wholesale", [-1.0, 0.0, 0.08, 20.3])
def test_the_tariff_adds_by_the_local_hour(wholesale, hour, import_adder, export_adder):
    buy, sell = real_days.retail_prices(np.array([wholesale]), np.array([hour]))

    assert buy[0] == pytest.approx(1.1 * wholesale + import_adder, abs=1e-12)
    assert sell[0] == pytest.approx(wholesale + export_adder, abs=1e-12)


@given(
    means=arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 6000)),
    parts=st.integers(1, 8),
)
def test_refining_keeps_every_mean_and_never_goes_negative(means, parts):
    fine = real_days.refine_means(means, parts)

    assert fine.min() >= 0
    np.testing.assert_allclose(fine.reshape(-1, parts).mean(axis=1), means, atol=1e-9)


def test_refining_a_ramp_gives_the_ramp():
    fine = real_days.refine_means(np.arange(3.0, 9.0), parts=4)

    np.testing.assert_allclose(np.diff(fine)[4:-4], 0.25)


def test_absent_data_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("POWERSYNC_DATA", str(tmp_path / "nowhere"))

    with pytest.raises(FileNotFoundError, match=r"nowhere.*POWERSYNC_DATA"):
        real_days.load_year()


@needs_data
@pytest.mark.parametrize("home", real_days.HOMES)
def test_the_grid_is_gapless_and_finite(home):
    year = real_days.load_year(home)

    assert set(np.diff(year.starts)) == {np.timedelta64(5, "m")}
    for values in (year.import_price, year.export_price, year.solar_w, year.load_w):
        assert values.shape == year.starts.shape
        assert np.isfinite(values).all()
        assert not values.flags.writeable
    assert year.solar_w.min() == 0
    assert year.solar_w.max() == pytest.approx(6000)
    assert 0 <= year.load_w.min() < 100 < year.load_w.mean() < 2000 < year.load_w.max() < 10_000


@needs_data
def test_a_year_is_read_once():
    assert real_days.load_year() is real_days.load_year("emhass")


@needs_data
@pytest.mark.parametrize(
    ("nem_end", "utc_start", "import_adder", "export_adder"),
    [
        ("2024-12-01 00:05", "2024-11-30T14:00", 0.093, 0.003),  # the first of all
        ("2025-11-01 00:00", "2025-10-31T13:55", 0.093, 0.003),  # the last
        ("2025-01-15 14:00", "2025-01-15T03:55", 0.093, -0.012),  # ends, not begins, at 15:00 local
        ("2025-01-15 14:05", "2025-01-15T04:00", 0.360, 0.003),  # summer: local time is NEM + 1 h
        ("2025-01-15 20:00", "2025-01-15T09:55", 0.360, 0.041),
        ("2025-01-15 20:05", "2025-01-15T10:00", 0.093, 0.003),
        ("2025-06-11 15:00", "2025-06-11T04:55", 0.093, -0.012),  # winter: local time is NEM
        ("2025-06-11 15:05", "2025-06-11T05:00", 0.360, 0.003),
    ],
)
def test_a_stamped_price_lands_where_its_interval_begins(
    nem_end, utc_start, import_adder, export_adder
):
    year, row = real_days.load_year(), row_at(utc_start)

    wholesale = dispatch_price(nem_end)
    assert year.import_price[row] == pytest.approx(1.1 * wholesale + import_adder)
    assert year.export_price[row] == pytest.approx(wholesale + export_adder)


@needs_data
def test_a_half_hour_of_sun_lands_where_it_shone():
    year = real_days.load_year()
    megawatts = readings("rooftop_nsw1/rooftop_pv_mw.csv")

    means = [
        year.solar_w[row_at(utc) : row_at(utc) + 6].mean()
        for utc in ("2025-01-15T01:30", "2025-01-15T07:00")
    ]

    watts_per_megawatt = means[0] / float(megawatts["2025-01-15 12:00"][0])
    assert means[1] == pytest.approx(watts_per_megawatt * float(megawatts["2025-01-15 17:30"][0]))
    assert 0.9 < watts_per_megawatt < 1.1  # 6 kW stand for some 5,600 MW


@needs_data
@pytest.mark.parametrize(
    ("utc_start", "home_utc"),
    [
        ("2025-01-15T07:00", "2024-07-17 16:00"),  # 18:00 in Sydney, 18:00 in France (summer)
        ("2025-06-11T08:00", "2024-12-11 17:00"),  # 18:00 in Sydney, 18:00 in France (winter)
        ("2025-06-11T08:25", "2024-12-11 17:00"),  # held over the half hour
        ("2025-09-16T22:00", "2024-03-20 07:00"),  # 8:00; the home's year has begun again
        ("2025-04-05T16:30", "2024-10-06 00:30"),  # 2:30, the second pass of Sydney's repeated hour
    ],
)
def test_a_load_keeps_its_clock_time_and_weekday(utc_start, home_utc):
    year = real_days.load_year()

    reading = float(readings("emhass_home/home_30min.csv")[home_utc][0])
    assert year.load_w[row_at(utc_start)] == reading


@needs_data
def test_a_gap_in_the_load_takes_the_week_before():
    home = readings("emhass_home/home_30min.csv")
    year = real_days.load_year()

    assert home["2024-08-22 12:00"][0] == ""  # Thursday, 14:00 in France
    assert year.load_w[row_at("2025-02-20T03:00")] == float(home["2024-08-15 12:00"][0])


@needs_data
def test_the_german_home_is_energy_per_quarter_hour():
    year = real_days.load_year("opsd")
    home = readings("opsd_home_de/building_6.csv")

    begins = int(datetime.fromisoformat("2017-12-13T17:00+00:00").timestamp())  # a Wednesday, 18:00
    assert year.load_w[row_at("2025-06-11T08:00")] == 4000 * float(home[str(begins)][0])


@needs_data
def test_available_days_are_those_with_a_whole_horizon():
    days = real_days.available_days()

    assert (days[0], days[-1]) == (date(2024, 12, 2), date(2025, 10, 30))
    assert set(np.diff(np.array(days, "datetime64[D]"))) == {np.timedelta64(1, "D")}
    assert real_days.available_days(hours=24)[-1] == date(2025, 10, 31)


@needs_data
def test_a_month_is_its_available_days():
    assert real_days.days_of_month(2025, 2) == [date(2025, 2, n) for n in range(1, 29)]
    assert real_days.days_of_month(2024, 12)[0] == date(2024, 12, 2)
    assert real_days.days_of_month(2024, 11) == []


@needs_data
@pytest.mark.parametrize("day", [date(2024, 12, 1), date(2025, 10, 31)])
def test_a_day_outside_the_data_is_refused(day):
    with pytest.raises(ValueError, match="day"):
        real_days.request_for(day)


@needs_data
@pytest.mark.parametrize("minutes", [0, -5, 7, 50])
def test_an_interval_off_the_grid_is_refused(minutes):
    with pytest.raises(ValueError, match="interval_minutes"):
        real_days.request_for(date(2025, 1, 15), hours=24, interval_minutes=minutes)


@needs_data
def test_requests_start_at_local_midnight_and_are_whole():
    for day in horizon_dates():
        request = real_days.request_for(day)

        start = datetime.fromisoformat(request["start_time"])
        assert (start.date(), start.hour, start.minute) == (day, 0, 0)
        assert start.utcoffset() == timedelta(hours=11 if _is_summer_time(day) else 10)
        for key in ("prices_import", "prices_export", "solar_forecast", "load_forecast"):
            assert len(request[key]) == 576
            assert np.isfinite(request[key]).all()


def _is_summer_time(midnight: date) -> bool:
    return midnight <= CLOCKS_BACK or midnight > CLOCKS_ON


@needs_data
@pytest.mark.parametrize(
    ("day", "elapsed_to_three_o_clock", "nem_end"),
    [
        (date(2025, 1, 15), 15, "2025-01-15 14:05"),
        (CLOCKS_BACK, 16, "2025-04-06 15:05"),  # 2:00 to 3:00 passes twice
        (CLOCKS_ON, 14, "2025-10-05 14:05"),  # and is skipped
    ],
)
def test_the_evening_price_begins_at_three_by_the_wall_clock(
    day, elapsed_to_three_o_clock, nem_end
):
    prices = real_days.request_for(day)["prices_import"]

    row = 12 * elapsed_to_three_o_clock
    before = f"{nem_end[:-2]}00"
    assert prices[row] == pytest.approx(1.1 * dispatch_price(nem_end) + 0.360, abs=TOLERANCE)
    assert prices[row - 1] == pytest.approx(1.1 * dispatch_price(before) + 0.093, abs=TOLERANCE)


@needs_data
@pytest.mark.parametrize(("day", "intervals"), [(CLOCKS_BACK, 300), (CLOCKS_ON, 276)])
def test_the_day_after_a_change_of_clocks_follows_without_a_seam(day, intervals):
    this = real_days.request_for(day)["prices_import"]
    following = real_days.request_for(day + timedelta(days=1))["prices_import"]

    assert this[intervals:] == following[: 576 - intervals]


@needs_data
def test_longer_intervals_are_block_means():
    fine = real_days.request_for(date(2025, 1, 15), hours=24)
    coarse = real_days.request_for(date(2025, 1, 15), hours=24, interval_minutes=30)

    for key, digits in (("prices_import", 5), ("solar_forecast", 1), ("load_forecast", 1)):
        means = np.reshape(fine[key], (48, 6)).mean(axis=1)
        np.testing.assert_allclose(coarse[key], means, atol=1.01 * 10.0**-digits)


@needs_data
def test_options_reach_the_request():
    request = real_days.request_for(
        date(2025, 1, 15), cost_function="profit", soc=0.31, battery={"capacity_wh": 10_000}
    )

    assert request["cost_function"] == "profit"
    assert request["battery"]["current_soc"] == 0.31
    assert request["battery"]["capacity_wh"] == 10_000
    assert request["battery"]["backup_reserve"] == 0.2
