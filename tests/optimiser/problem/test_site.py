"""The problem types: what they refuse, by name, and what they keep."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimiser import (
    Battery,
    Forecast,
    Goal,
    Grid,
    Horizon,
    Pin,
    ProblemError,
    Site,
    Tariff,
    Vehicle,
)
from optimiser.problem.battery import BY_INTERVAL
from optimiser.problem.vehicle import VEHICLE_BY_INTERVAL
from tests.builders import NEW_YEAR, a_battery, a_site

VALID = {
    Horizon: {"start": NEW_YEAR, "hours": [1.0, 0.5]},
    Tariff: {"import_price": [0.3, 0.2], "export_price": [0.1, -0.1]},
    Forecast: {"load": [1.0, 0.0], "solar": [0.0, 2.0]},
    Grid: {"import_limit": 5.0, "export_limit": 0.0},
    Goal: {"at": NEW_YEAR, "soc": 0.5},
    Pin: {"begin": NEW_YEAR, "end": NEW_YEAR + timedelta(hours=1), "action": "charge", "power": 1},
    Battery: {"capacity": 10.0, "charge_limit": 5.0, "discharge_limit": 5.0, "initial_soc": 0.5},
}

NOT_NEGATIVE = (-0.1, nan, inf, -inf)
FRACTION = (-0.01, 1.01, nan, inf)
EFFICIENCY = (0.0, -0.5, 1.01, nan)
ARRAY = ([0.1, nan], [0.1, inf], [[0.1, 0.2]], ["a", "b"], [None, 0.1], [0.1, [0.2]])

CURVE = (
    None,
    "0.8, 5",
    [0.8, 5.0],
    [[0.8, 5.0, 1.0], [1.0, 2.0, 1.0]],
    [["0.8", "5"], ["1", "2"]],
    [[0.8, nan], [1.0, 2.0]],
    [[0.8, inf], [1.0, 2.0]],
    [[0.8, 5.0], [1.0, -1.0]],
    [[-0.1, 5.0], [1.0, 2.0]],
    [[0.8, 5.0], [0.9, 2.0]],  # what is above 0.9
    [[0.8, 5.0], [1.2, 2.0]],
    [[0.8, 5.0], [0.8, 3.0], [1.0, 2.0]],
    [[1.0, 2.0], [0.8, 5.0]],
    [[0.8, 5.0], [1.0, 6.0]],
    [[0.7, 5.0], [0.8, 3.0], [1.0, 2.0]],  # falls more slowly
)
REFUSED = [
    (Horizon, "start", datetime(2026, 1, 1)),
    *((Horizon, "hours", value) for value in ([], [1.0, 0.0], [1.0, -0.5], *ARRAY)),
    *((Tariff, name, value) for name in ("import_price", "export_price") for value in ARRAY),
    (Tariff, "export_price", [0.1]),
    *((Forecast, name, value) for name in ("load", "solar") for value in ([0.1, -0.1], *ARRAY)),
    (Forecast, "solar", [0.1, 0.2, 0.3]),
    *((Grid, name, value) for name in ("import_limit", "export_limit") for value in (-0.1, nan)),
    *(
        (Battery, name, value)
        for name in ("capacity", "charge_limit", "discharge_limit", "cycle_cost")
        for value in NOT_NEGATIVE
    ),
    *(
        (Battery, name, value)
        for name in ("charge_efficiency", "discharge_efficiency")
        for value in EFFICIENCY
    ),
    *(
        (Battery, name, value)
        for name in ("initial_soc", "reserve", "max_soc", "target_end_soc")
        for value in FRACTION
    ),
    *((Battery, "end_value", value) for value in (nan, inf)),
    *((Battery, name, [0.5, -0.1]) for name in ("charge_limit", "discharge_limit", "reserve")),
    *((Battery, name, [0.5, value]) for name in ("reserve", "max_soc") for value in FRACTION),
    (Battery, "charge_limit", []),
    *((Battery, "soc_at", value) for value in (0.5, [0.5], "14:00", None)),
    (Goal, "at", datetime(2026, 1, 1)),
    *((Battery, "charge_curve", value) for value in CURVE),
    *((Battery, "pinned", value) for value in (0.5, ["idle"], None)),
    (Pin, "begin", datetime(2026, 1, 1)),
    (Pin, "end", NEW_YEAR),
    *((Pin, "action", value) for value in ("sell", None, 3)),
    *((Pin, "power", value) for value in NOT_NEGATIVE),
    *((Goal, "soc", value) for value in FRACTION),
]


@pytest.mark.parametrize(("kind", "field", "value"), REFUSED)
def test_a_broken_rule_is_refused_and_its_field_named(kind, field, value):
    with pytest.raises(ProblemError) as refusal:
        kind(**{**VALID[kind], field: value})

    assert refusal.value.field == field
    assert str(refusal.value).startswith(f"{field}: must ")


@pytest.mark.parametrize("kind", VALID)
def test_what_breaks_no_rule_is_kept(kind):
    problem = kind(**VALID[kind])

    for name, value in VALID[kind].items():
        np.testing.assert_array_equal(getattr(problem, name), value)


@pytest.mark.parametrize(
    "fields",
    [{"reserve": [0.1, 0.9], "max_soc": 0.8}, {"reserve": [0.1, 0.2], "max_soc": [1.0] * 3}],
)
def test_a_reserve_that_its_ceiling_contradicts_is_refused(fields):
    with pytest.raises(ProblemError) as refusal:
        a_battery(**fields)

    assert refusal.value.field == "reserve"


@pytest.mark.parametrize(
    "curve", [np.array([[0.8, 5], [1.0, 2]]), [[0.8, 5], [1, 2]], ((0.8, 5.0), (1.0, 2.0))]
)
def test_a_charge_curve_may_be_a_list_or_an_array(curve):
    assert a_battery(charge_curve=curve).charge_curve == ((0.8, 5.0), (1.0, 2.0))


def test_a_charge_curve_may_be_straight_or_level():
    straight = [[0.7, 5.0], [0.8, 4.0], [0.9, 3.0], [1.0, 2.0]]

    assert len(a_battery(charge_curve=straight).charge_curve) == 4
    assert a_battery(charge_curve=[[1.0, 3.0]]).charge_curve == ((1.0, 3.0),)


def test_a_charge_that_is_pinned_for_later_is_refused():
    pin = Pin(
        begin=NEW_YEAR + timedelta(hours=1), end=NEW_YEAR + timedelta(hours=2), action="charge"
    )

    with pytest.raises(ProblemError) as refusal:
        a_site(a_battery(pinned=[pin]), import_price=[0.3, 0.2], export_price=0.1, load=1.0)

    assert refusal.value.field == "batteries[0].pinned"


@pytest.mark.parametrize("name", BY_INTERVAL)
def test_a_value_for_each_interval_is_needed_or_one(name):
    battery = a_battery(**{name: [getattr(a_battery(), name)] * 3})

    with pytest.raises(ProblemError) as refusal:
        a_site(battery, import_price=[0.3, 0.2], export_price=0.1, load=1.0)

    assert str(refusal.value) == f"batteries[0].{name}: must hold one value or 2, got 3"


@pytest.mark.parametrize("name", VEHICLE_BY_INTERVAL)
def test_a_series_of_a_vehicle_must_cover_the_horizon(name):
    values = {"capacity": 60.0, "charge_limit": 7.4, "initial_soc": 0.5}
    car = Vehicle(**{**values, name: [True] * 3 if name.startswith("may") else [0.5] * 3})

    with pytest.raises(ProblemError) as refusal:
        a_site(import_price=[0.1, 0.2], export_price=0.0, load=1.0, vehicles=[car])

    assert str(refusal.value) == f"vehicles[0].{name}: must hold one value or 2, got 3"


def test_a_reserve_above_the_highest_state_of_charge_is_refused():
    with pytest.raises(ProblemError) as refusal:
        a_battery(reserve=0.9, max_soc=0.8)

    assert refusal.value.field == "reserve"


@pytest.mark.parametrize("field", ["tariff", "forecast"])
def test_a_part_that_does_not_cover_the_horizon_is_refused(field):
    parts = {
        "horizon": Horizon(start=NEW_YEAR, hours=[1.0, 1.0]),
        "tariff": Tariff(import_price=[0.1, 0.1], export_price=[0.0, 0.0]),
        "forecast": Forecast(load=[0.1, 0.1], solar=[0.0, 0.0]),
        "batteries": (),
    }
    short = {
        "tariff": Tariff(import_price=[0.1], export_price=[0.0]),
        "forecast": Forecast(load=[0.1], solar=[0.0]),
    }

    with pytest.raises(ProblemError) as refusal:
        Site(**{**parts, field: short[field]})

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Horizon, "hours"),
        (Tariff, "import_price"),
        (Tariff, "export_price"),
        (Forecast, "load"),
        (Forecast, "solar"),
    ],
)
def test_arrays_are_copied_and_cannot_be_written(kind, field):
    given = np.array([0.5, 0.25])

    kept = getattr(kind(**{**VALID[kind], field: given}), field)
    given[0] = 99.0

    assert kept.tolist() == [0.5, 0.25]
    assert kept.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1.0


@pytest.mark.parametrize("kind", VALID)
def test_a_problem_cannot_be_changed(kind):
    problem = kind(**VALID[kind])

    with pytest.raises(FrozenInstanceError):
        setattr(problem, next(iter(VALID[kind])), None)


def test_batteries_may_be_any_iterable():
    site = a_site(import_price=[0.1], export_price=[0.1], load=[1.0])

    with_list = Site(
        horizon=site.horizon,
        tariff=site.tariff,
        forecast=site.forecast,
        batteries=[a_battery(), a_battery()],
    )

    assert with_list.batteries == (a_battery(), a_battery())


def test_the_net_load_is_load_less_solar():
    site = a_site(import_price=[0.1] * 2, export_price=[0.1] * 2, load=[1.0, 2.0], solar=[3.0, 0])

    assert site.net_load.tolist() == [-2.0, 2.0]


def test_the_round_trip_multiplies_both_ways():
    battery = a_battery(charge_efficiency=0.9, discharge_efficiency=0.8)

    assert battery.round_trip_efficiency == pytest.approx(0.72)


def test_unequal_intervals_begin_where_the_one_before_ends():
    horizon = Horizon(start=NEW_YEAR, hours=[0.1, 1 / 3, 2.0])

    minutes = [(start - NEW_YEAR) / timedelta(minutes=1) for start in horizon.starts]

    assert minutes == pytest.approx([0.0, 6.0, 26.0])
    assert horizon.elapsed.tolist() == pytest.approx([0.1, 0.1 + 1 / 3, 2.1 + 1 / 3])


def test_steps_are_of_absolute_time_when_the_clocks_go_back():
    before = datetime(2026, 4, 5, 1, 0, tzinfo=ZoneInfo("Australia/Sydney"))

    starts = Horizon(start=before, hours=[1.0] * 4).starts

    assert [start.hour for start in starts] == [1, 2, 2, 3]
    utc = [start.astimezone(UTC) for start in starts]
    assert {later - sooner for sooner, later in pairwise(utc)} == {timedelta(hours=1)}


@pytest.mark.parametrize(("hours", "index"), [(0.5, 0), (1.0, 0), (2.9, 1), (3.0, 2), (99.0, 2)])
def test_an_index_is_of_the_last_interval_that_ends_in_time(hours, index):
    horizon = Horizon(start=NEW_YEAR, hours=[1.0, 1.0, 1.0])

    assert horizon.index_at(hours) == index


class Unhashable(ZoneInfo):
    """A zone as some libraries have them."""

    __hash__ = None


@pytest.mark.parametrize(("day", "changes"), [(5, True), (20, False)])
@pytest.mark.parametrize("kind", [ZoneInfo, Unhashable])
def test_a_horizon_tells_whether_its_clocks_change(kind, day, changes):
    start = datetime(2026, 4, day, tzinfo=kind("Australia/Sydney"))

    assert Horizon(start=start, hours=[12.0, 12.0]).changes_clocks() is changes
