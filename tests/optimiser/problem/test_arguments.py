"""Arguments of another kind: strings of an enumeration are read, everything else is refused."""

import re
from datetime import UTC, datetime, time

import numpy as np
import pytest

from optimiser import (
    Allowance,
    Battery,
    ChipMode,
    CostFunction,
    DemandCharge,
    Direction,
    ExportBoost,
    Forecast,
    Grid,
    Horizon,
    ImportTier,
    Inverter,
    Priority,
    ProblemError,
    ProviderRules,
    Site,
    Tariff,
    Vehicle,
    Window,
    plan,
)
from tests.builders import NEW_YEAR, a_battery, a_site

SITE = a_site(a_battery(), import_price=[0.1, 0.4], export_price=0.05, load=1.0)
SITE_FIELDS = {"horizon": SITE.horizon, "tariff": SITE.tariff, "forecast": SITE.forecast}
VALID = {
    Horizon: {"start": NEW_YEAR, "hours": [1.0, 1.0]},
    Battery: {"capacity": 10.0, "charge_limit": 5.0, "discharge_limit": 5.0, "initial_soc": 0.5},
    Vehicle: {"capacity": 60.0, "charge_limit": 7.4, "initial_soc": 0.5},
    Allowance: {"direction": "import", "price": 0.0, "daily_energy": 5.0},
    DemandCharge: {"price": 10.0},
    ImportTier: {"extra_price": 0.1, "above": 5.0},
    Tariff: {"import_price": [0.1], "export_price": [0.1]},
    Forecast: {"load": [0.1], "solar": [0.1]},
    Site: SITE_FIELDS,
    Grid: {},
    Inverter: {"ac_limit": 5.0},
    Window: {},
    ExportBoost: {"window": Window(), "offset": 0.1},
    ChipMode: {"window": Window(), "threshold": 0.1},
    ProviderRules: {},
}
NO_NUMBER = ("5", None, [5], True)
NO_NUMBERS = (
    ["0.1"],
    [b"0.1"],
    np.array(["0.1"], dtype=object),
    np.array(["2026-01-01"], dtype="datetime64[s]"),
    [10**400],
    np.ma.masked_array([0.1], mask=[True]),
)
NO_FLAG = ("yes", 1, None)
NO_INSTANT = ("2026-01-01T00:00+01:00", "07:00", datetime(2026, 1, 1), 1767225600, time(7))
REFUSED = [
    *((Horizon, "start", value) for value in (*NO_INSTANT, None)),
    *((Horizon, "hours", value) for value in (1.0, "1", None)),
    *(
        (Battery, name, value)
        for name in ("capacity", "initial_soc", "cycle_cost", "export_limit")
        for value in NO_NUMBER
    ),
    *(
        (Battery, name, value)
        for name in ("charge_limit", "discharge_limit", "reserve", "max_soc")
        for value in ("0.5", None, True, [True], ["0.5"], [[0.5]], {}, [None])
    ),
    *(
        (Battery, name, v)
        for name in ("may_charge_from_grid", "may_export")
        for v in ([1, 0], [[True]])
    ),
    *(
        (Vehicle, name, value)
        for name in ("charge_limit", "wanted_charge")
        for value in ("0.5", None, True, [True], [[7.4]], [None], [-1.0], {}, np.inf)
    ),
    *((kind, "within_solar", value) for kind in (Battery, Vehicle) for value in (*NO_FLAG, [True])),
    *((Vehicle, "may_charge_from_grid", value) for value in ([1, 0], [[True]], "yes", 1)),
    *((kind, "least_charge", v) for kind in (Battery, Vehicle) for v in (8.0, [1.4], -1.0, "x")),
    *((Vehicle, "plugged", value) for value in (0.5, [0.5], None)),
    *((Vehicle, "goals", value) for value in (0.5, [0.5], None)),
    *((kind, "end_value", value) for kind in (Battery, Vehicle) for value in ("5", [5], np.nan)),
    *((Battery, "priority", value) for value in ("first", None)),
    *((Battery, name, v) for name in ("may_export", "may_charge_from_grid") for v in NO_FLAG),
    *((Vehicle, name, v) for name in ("capacity", "least_time") for v in NO_NUMBER),
    *((Vehicle, name, v) for name in ("must_reach_target", "may_export") for v in NO_FLAG),
    *((Vehicle, name, value) for name in ("arrival", "departure") for value in NO_INSTANT),
    *((Vehicle, "priority", value) for value in ("first", None, Direction.IMPORT, 1)),
    *(
        (ImportTier, name, value)
        for name in ("extra_price", "above", "used", "billing_day")
        for value in (*NO_NUMBER, -0.1, np.nan, np.inf)
    ),
    *((ImportTier, "billing_day", value) for value in (0, 32)),
    *((ImportTier, "is_daily", value) for value in NO_FLAG),
    *((Tariff, "tiers", value) for value in (0.1, [0.1], None)),
    *((Tariff, "carbon_intensity", value) for value in (*NO_NUMBERS, [-0.1], [0.1, 0.1], 0.1)),
    *((ProviderRules, "carbon_price", value) for value in (*NO_NUMBER, -0.1, np.inf)),
    *((DemandCharge, "n_peaks", value) for value in ("5", None, [5], True, 1.5, 0, 32)),
    *((DemandCharge, "peaks_so_far", value) for value in (*NO_NUMBERS, [-0.1], 0.1, None)),
    *((DemandCharge, "block_so_far", value) for value in ("5", [5], True, -0.1, np.nan)),
    *((Grid, "excess_import_price", value) for value in (-0.1, np.inf, [[0.1]], "0.1", None)),
    *((Grid, "import_threshold", value) for value in (-1.0, np.nan, [[1.0]], "1", None)),
    *((Allowance, "direction", value) for value in ("both", None)),
    *((kind, "price", value) for kind in (Allowance, DemandCharge) for value in NO_NUMBER),
    *((DemandCharge, name, "x") for name in ("window", "average_hours", "billing_day")),
    *((kind, "window", "15:00") for kind in (Allowance, ExportBoost, ChipMode)),
    *((Tariff, "demand_charges", value) for value in (DemandCharge(price=1.0), None, ["x"])),
    *((Tariff, "allowances", value) for value in (None, 1, "free")),
    *((Tariff, "import_price", value) for value in ("0.1", 0.1, None, {0: 0.1})),
    *((Forecast, "load", value) for value in NO_NUMBERS),
    *((Grid, "export_limit", value) for value in NO_NUMBERS),
    (Grid, "import_limit", "5"),
    *((Site, name, value) for name in SITE_FIELDS for value in (None, [0.1, 0.2], "x")),
    *((Site, "batteries", value) for value in (a_battery(), None, "x", ["x"], 3)),
    *((Site, "vehicles", value) for value in ([a_battery()], 1)),
    (Site, "grid", None),
    (Site, "grid", 5.0),
    (Site, "inverter", 5.0),
    *((Grid, "phase_limit", value) for value in (*NO_NUMBER, -1.0, np.nan)),
    *((Vehicle, "phases", value) for value in (1, "1", [], [0], [4], None, [[1]], [1.5])),
    *((Grid, "curtailment", value) for value in NO_FLAG),
    *((Grid, "import_limit", value) for value in ("x", [[1.0]], object())),
    (Inverter, "dc_coupled_solar", "no"),
    *((Inverter, "ac_charge_limit", value) for value in (*NO_NUMBER, -1.0, np.nan)),
    *((Window, name, value) for name in ("start", "end") for value in ("15:00", 15, None)),
    *((Window, "weekdays", value) for value in ("mon-fri", [7], 1, [[0]])),
    (Window, "months", [0]),
    (ProviderRules, "chip_mode", True),
]


@pytest.mark.parametrize(("kind", "field", "value"), REFUSED)
def test_another_kind_is_refused_and_its_field_named(kind, field, value):
    with pytest.raises(ProblemError) as refusal:
        kind(**{**VALID[kind], field: value})

    assert refusal.value.field == field
    assert re.match(f"{field}: must .*", str(refusal.value))


@pytest.mark.parametrize("kind", VALID)
def test_what_they_are_drawn_from_is_accepted(kind):
    kind(**VALID[kind])


@pytest.mark.parametrize("choice", CostFunction)
def test_a_cost_function_may_be_text(choice):
    best = plan(SITE, choice.value)

    assert best.cost_function is choice


@pytest.mark.parametrize(
    "value", [None, "Cost", "self consumption", "", 1, ["cost"], Direction.IMPORT, {"cost"}]
)
def test_everything_else_is_refused_with_the_choices(value):
    with pytest.raises(ProblemError) as refusal:
        plan(SITE, value)

    assert refusal.value.field == "cost_function"
    for choice in CostFunction:
        assert f"'{choice.value}'" in str(refusal.value)


def test_other_enumerations_may_be_text_as_well():
    vehicle = Vehicle(**VALID[Vehicle], priority="battery_first")

    assert vehicle.priority is Priority.BATTERY_FIRST
    assert Allowance(**VALID[Allowance]).direction is Direction.IMPORT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rules", None),
        ("rules", "cost"),
        ("previous", SITE),
        ("preference_budget", None),
        ("preference_budget", "0.01"),
        ("time_limit", None),
        ("time_limit", float("nan")),
    ],
)
def test_other_arguments_of_a_plan_are_refused_by_name(field, value):
    with pytest.raises(ProblemError, match=f"^{field}: must "):
        plan(SITE, **{field: value})


@pytest.mark.parametrize("value", [None, "x", SITE.tariff])
def test_a_plan_is_of_a_site(value):
    with pytest.raises(ProblemError, match=r"^site: must "):
        plan(value)


def test_numbers_and_truths_of_numpy_are_as_good():
    battery = a_battery(capacity=np.float32(10), initial_soc=np.int64(1), may_export=np.True_)

    assert plan(a_site(battery, import_price=[0.1, 0.4], export_price=0.05, load=1.0)).actions


def test_days_of_a_window_may_be_a_list():
    assert Window(weekdays=[0, 1]) == Window(weekdays=frozenset({0, 1}))
    assert Window(weekdays=[*range(7)]).covers(Horizon(start=NEW_YEAR, hours=[1.0])).all()


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(ProblemError) as refusal:
        Horizon(start=NEW_YEAR.astimezone(UTC), hours="1" * 1000)

    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("horizon", [None, [1.0], SITE])
def test_powers_need_a_horizon(horizon):
    with pytest.raises(ProblemError, match=r"^horizon: must be of the class Horizon"):
        Forecast.from_power([0.1], [0.1], horizon)
