"""Made-up days: reproducible, shaped as the client posts them, and true to their names."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.days import (
    EXAMPLE_SEED,
    MIDSUMMER,
    SCENARIOS,
    SITES,
    SOLAR_PEAK,
    TARIFFS,
    Request,
    Vector,
    synthetic_request,
    write_examples,
)

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ARRAYS = ("prices_import", "prices_export", "solar_forecast", "load_forecast")
PROVIDER_KEYS = {
    "export_boost_enabled",
    "export_price_offset",
    "export_min_price",
    "export_boost_start",
    "export_boost_end",
    "chip_mode_enabled",
    "chip_mode_start",
    "chip_mode_end",
    "chip_mode_threshold",
}

seeds = st.integers(0, 2**32)
every_scenario = pytest.mark.parametrize("name", SCENARIOS)
every_example = pytest.mark.parametrize("name", SCENARIOS | SITES)


def arrays(request: Request) -> tuple[Vector, ...]:
    """Give the four arrays of a request, in the order of `ARRAYS`."""
    return tuple(np.array(request[key], np.float64) for key in ARRAYS)


def local_hours(request: Request) -> Vector:
    """Give the clock time at which each interval begins."""
    start = datetime.fromisoformat(request["start_time"])
    minutes = np.arange(len(request["prices_import"])) * request["interval_minutes"]
    hours: Vector = np.mod(start.hour + start.minute / 60 + minutes / 60, 24)
    return hours


@every_scenario
def test_a_seed_makes_one_day(name):
    assert SCENARIOS[name](3) == SCENARIOS[name](3)


@every_scenario
def test_another_seed_makes_another_day(name):
    assert SCENARIOS[name](3)["load_forecast"] != SCENARIOS[name](4)["load_forecast"]


def test_the_committed_examples_are_what_the_generator_writes(tmp_path):
    write_examples(tmp_path)

    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in EXAMPLES.glob("*.json")}
    assert committed == written


@every_example
def test_an_example_file_holds_its_scenario_one_line_per_array(name, tmp_path):
    write_examples(tmp_path)
    text = (tmp_path / f"{name}.json").read_text(encoding="utf-8")

    example = json.loads(text)
    assert example == (SCENARIOS | SITES)[name](EXAMPLE_SEED)
    assert text.endswith("}\n")
    longest = len(example["prices_import"])
    assert sum(line.count(",") >= longest for line in text.splitlines()) == len(ARRAYS)


@every_scenario
def test_a_scenario_is_shaped_as_the_client_posts(name):
    request = SCENARIOS[name](1)

    assert request["interval_minutes"] == 5
    assert [len(request[key]) for key in ARRAYS] == [576] * 4
    assert set(request["battery"]) == {
        "current_soc",
        "capacity_wh",
        "max_charge_w",
        "max_discharge_w",
        "efficiency",
        "backup_reserve",
    }
    assert set(request["provider_config"]) == PROVIDER_KEYS
    assert not request["provider_config"]["export_boost_enabled"]
    assert not request["provider_config"]["chip_mode_enabled"]


@every_scenario
def test_a_start_carries_its_offset_and_zone(name):
    request = SCENARIOS[name](1)

    start = datetime.fromisoformat(request["start_time"])
    assert start.utcoffset() == MIDSUMMER.utcoffset()
    assert request["timezone"] == "Australia/Sydney"


def test_no_start_sends_no_time_as_the_client_does():
    request = synthetic_request(1, 48, start=None)

    assert "start_time" not in request
    assert "timezone" not in request


def test_the_examples_use_every_cost_function():
    used = {name: scenario(1)["cost_function"] for name, scenario in SCENARIOS.items()}

    assert used == {
        "dynamic_day": "cost",
        "time_of_use": "self_consumption",
        "negative_midday": "cost",
        "export_above_import": "profit",
        "below_reserve": "cost",
        "flat_tariff": "self_consumption",
    }


@settings(max_examples=30, deadline=None)
@given(seed=seeds, kind=st.sampled_from(sorted(TARIFFS)))
def test_units_and_rounding_are_those_of_the_wire(seed, kind):
    import_price, export_price, solar, load = arrays(synthetic_request(seed, kind=kind))

    assert all(np.isfinite(values).all() for values in (import_price, export_price, solar, load))
    assert np.abs([import_price, export_price]).max() < 2  # $/kWh, neither cents nor $/MWh
    assert 0 <= solar.min() <= solar.max() <= SOLAR_PEAK
    assert 20 < load.min() < 2000 < load.max() < 15_000  # W, and more than 50: not mistaken for kW
    for values, digits in ((import_price, 5), (export_price, 5), (solar, 1), (load, 1)):
        np.testing.assert_array_equal(values, np.round(values, digits))


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_the_sun_keeps_its_hours_and_the_home_its_evenings(seed):
    request = synthetic_request(seed, n_intervals=2016)
    *_, solar, load = arrays(request)
    hours = local_hours(request)

    assert solar[(hours < 5) | (hours >= 21)].max() == 0
    assert solar[(hours >= 11) & (hours < 15)].min() > 0
    assert load[(hours >= 18) & (hours < 21)].mean() > 1.5 * load[hours < 5].mean()


@pytest.mark.parametrize(
    ("n_intervals", "interval_minutes"),
    [(1, 5), (48, 60), (96, 30), (288, 5), (576, 5), (864, 5), (2880, 1)],
)
@pytest.mark.parametrize("kind", TARIFFS)
def test_any_length_can_be_made(n_intervals, interval_minutes, kind):
    request = synthetic_request(7, n_intervals, interval_minutes, kind)

    assert {len(request[key]) for key in ARRAYS} == {n_intervals}
    assert request["interval_minutes"] == interval_minutes
    assert all(np.isfinite(values).all() for values in arrays(request))


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_dynamic_prices_are_low_under_the_sun_and_high_at_dinner(seed):
    request = synthetic_request(seed, n_intervals=2016)
    import_price, export_price, *_ = arrays(request)
    hours = local_hours(request)

    night, midday, evening = (
        import_price[(hours >= begin) & (hours < end)].mean()
        for begin, end in ((0, 5), (11, 14), (17, 20))
    )
    assert 0 < midday < night < evening
    assert (export_price < import_price).all()
    assert (np.diff(import_price) != 0).mean() > 0.9


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_negative_midday_pays_for_taking_energy_at_midday_only(seed):
    request = SCENARIOS["negative_midday"](seed)
    import_price, export_price, *_ = arrays(request)
    hours = local_hours(request)

    assert import_price[(hours >= 11) & (hours < 14)].max() < 0
    assert import_price[(hours < 10) | (hours >= 15)].min() > 0
    assert (export_price < import_price).all()


def test_export_above_import_holds_in_its_evening_window_only():
    request = SCENARIOS["export_above_import"](1)
    import_price, export_price, *_ = arrays(request)
    hours = local_hours(request)

    in_window = (hours >= 17) & (hours < 20)
    np.testing.assert_array_equal(export_price > import_price, in_window)
    assert set(export_price[in_window]) == {0.45}


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_below_reserve_is_one_hair_below_at_dawn(seed):
    request = SCENARIOS["below_reserve"](seed)
    *_, solar, _ = arrays(request)

    assert 0 < request["battery"]["backup_reserve"] - request["battery"]["current_soc"] < 0.01
    assert solar[0] == 0
    assert solar[24] > 0  # two hours on, the sun is up


def test_time_of_use_changes_by_the_clock_alone():
    request = SCENARIOS["time_of_use"](1)
    import_price, export_price, *_ = arrays(request)
    hours = local_hours(request)

    changes = [
        int(hour) for hour, (a, b) in zip(hours[1:], pairwise(import_price), strict=True) if a != b
    ]
    assert changes == [7, 15, 21, 22, 7, 15, 21, 22]
    assert len(set(import_price)) == 3
    assert len(set(export_price)) == 1


def test_a_flat_tariff_is_flat_and_export_earns_less():
    import_price, export_price, *_ = arrays(SCENARIOS["flat_tariff"](1))

    assert len(set(import_price)) == len(set(export_price)) == 1
    assert export_price[0] < import_price[0]
