"""Series of pandas: aligned by their index to the horizon, or refused."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimiser import Battery, Forecast, Grid, Horizon, ProblemError, Site, Tariff, Vehicle, plan

pandas = pytest.importorskip("pandas")

BERLIN = ZoneInfo("Europe/Berlin")
INDEX = pandas.date_range("2026-10-25", periods=25, freq="h", tz=BERLIN)  # clocks go back
HORIZON = Horizon(start=INDEX[0], hours=[1.0] * 25)


def a_series(index=INDEX):
    return pandas.Series(np.linspace(0.1, 0.5, len(index)), index=index)


def a_site(**changes):
    parts = {
        "horizon": HORIZON,
        "tariff": Tariff(import_price=a_series(), export_price=[0.05] * 25),
        "forecast": Forecast(load=a_series(), solar=a_series() * 0),
    }
    return Site(**{**parts, **changes})


def test_a_series_with_the_starts_of_the_horizon_is_planned_like_a_list():
    batteries = [Battery(capacity=10, charge_limit=5, discharge_limit=5, initial_soc=0.5)]
    prices = a_series().tolist()

    of_series = plan(a_site(batteries=batteries, grid=Grid(import_limit=10 * a_series())))
    of_lists = plan(
        a_site(
            batteries=batteries,
            tariff=Tariff(import_price=prices, export_price=[0.05] * 25),
            forecast=Forecast(load=prices, solar=[0.0] * 25),
            grid=Grid(import_limit=[10 * price for price in prices]),
        )
    )

    assert of_series.money.total_cost == of_lists.money.total_cost
    np.testing.assert_array_equal(of_series.soc, of_lists.soc)


def test_the_same_instants_in_another_zone_are_the_same():
    a_site(tariff=Tariff(import_price=a_series().tz_convert("UTC"), export_price=[0.05] * 25))


def test_a_start_of_pandas_is_a_datetime():
    assert type(HORIZON.start).__module__ == "datetime"
    assert HORIZON.starts == tuple(INDEX.to_pydatetime())
    vehicle = Vehicle(capacity=60, charge_limit=7, initial_soc=0.5, departure=INDEX[7])
    assert type(vehicle.departure).__module__ == "datetime"


SHIFTED = a_series(INDEX + pandas.Timedelta("5min"))


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("tariff", lambda wrong: Tariff(import_price=wrong, export_price=[0.05] * 25)),
        ("tariff", lambda wrong: Tariff(import_price=[0.3] * 25, export_price=wrong)),
        ("forecast", lambda wrong: Forecast(load=[0.3] * 25, solar=wrong)),
        ("forecast", lambda wrong: Forecast.from_power(wrong, [0.3] * 25, HORIZON)),
        ("grid", lambda wrong: Grid(export_limit=wrong)),
    ],
)
def test_another_index_is_refused_with_its_first_instant_that_is_wrong(field, part):
    with pytest.raises(ProblemError, match=rf"^{field}: must have the starts .* at 0, got .*00:05"):
        a_site(**{field: part(SHIFTED)})


def test_lengths_of_intervals_may_be_a_series_too():
    hours = pandas.Series([1.0] * 25, index=INDEX)

    assert Horizon(start=INDEX[0], hours=hours).n_intervals == 25
    with pytest.raises(ProblemError, match=r"^hours: must have the starts"):
        Horizon(start=INDEX[1], hours=hours)


@pytest.mark.parametrize(
    "index",
    [
        INDEX.tz_localize(None),
        INDEX.tz_localize(None).to_period("h"),
        pandas.Index([f"hour {t}" for t in range(25)]),
        pandas.Index(range(1, 26)),
        pandas.DatetimeIndex([*INDEX[:-1], pandas.NaT]),
    ],
)
def test_an_index_that_is_no_aware_time_is_refused(index):
    with pytest.raises(ProblemError, match=r"^import_price: must have an index of time-zone aware"):
        Tariff(import_price=a_series(index), export_price=[0.05] * 25)


def test_positions_as_an_index_say_nothing():
    prices = a_series().reset_index(drop=True)

    assert Tariff(import_price=prices, export_price=prices).starts is None


def test_two_series_of_one_part_must_agree():
    with pytest.raises(ProblemError, match=r"^export_price: must have the index"):
        Tariff(import_price=a_series(), export_price=SHIFTED)


@pytest.mark.parametrize("index", [INDEX[:-1], INDEX.union([INDEX[-1] + pandas.Timedelta("1h")])])
def test_a_series_that_is_shorter_or_longer_than_the_horizon_is_refused(index):
    with pytest.raises(ProblemError, match=r"^tariff: must cover the 25 intervals"):
        a_site(tariff=Tariff(import_price=a_series(index), export_price=[0.05] * len(index)))


def test_a_table_is_no_series():
    with pytest.raises(ProblemError, match=r"^import_price: must be one-dimensional"):
        Tariff(import_price=a_series().to_frame(), export_price=[0.05] * 25)


def test_a_single_price_is_refused_by_what_is_wanted():
    with pytest.raises(ProblemError, match=r"^export_price: .* a list or series, got the single"):
        Tariff(import_price=a_series(), export_price=0.08)
