"""Numbers in another unit are refused with the unit that is wanted; those of homes are not."""

import numpy as np
import pytest

from optimiser import (
    Battery,
    Forecast,
    Grid,
    Horizon,
    Inverter,
    ProblemError,
    Site,
    Tariff,
    Vehicle,
    plan,
)
from tests.builders import NEW_YEAR

N = 24
HORIZON = Horizon(start=NEW_YEAR, hours=[1 / 12] * N)
BATTERY = {"capacity": 13.5, "charge_limit": 5.0, "discharge_limit": 5.0, "initial_soc": 0.5}
VEHICLE = {"capacity": 60.0, "charge_limit": 7.4, "initial_soc": 0.5}


def a_site(**changes):
    parts = {
        "horizon": HORIZON,
        "tariff": Tariff(import_price=[0.28] * N, export_price=[0.05] * N),
        "forecast": Forecast(load=[0.05] * N, solar=[0.0] * N),
    }
    return Site(**{**parts, **changes})


WRONG = {
    "load in W": ("forecast.load", "kWh", {"forecast": Forecast(load=[500] * N, solar=[0] * N)}),
    "solar in W": ("forecast.solar", "kWh", {"forecast": Forecast(load=[0] * N, solar=[5e3] * N)}),
    "capacity in Wh": ("batteries[0].capacity", "kWh", {"batteries": [{"capacity": 13500.0}]}),
    "charge curve in W": (
        "batteries[0].charge_curve",
        "kW",
        {"batteries": [{"charge_curve": [(0.8, 5e3), (1.0, 5e2)]}]},
    ),
    "charging in W": ("batteries[0].charge_limit", "kW", {"batteries": [{"charge_limit": 5e3}]}),
    "giving in W": (
        "batteries[0].discharge_limit",
        "kW",
        {"batteries": [{"discharge_limit": 3e3}]},
    ),
    "car in Wh": ("vehicles[0].capacity", "kWh", {"vehicles": [{"capacity": 60e3}]}),
    "charger in W": ("vehicles[0].charge_limit", "kW", {"vehicles": [{"charge_limit": 7400.0}]}),
    "meter in W": ("grid.import_limit", "kW", {"grid": Grid(import_limit=10_000)}),
    "meter in W, each": ("grid.export_limit", "kW", {"grid": Grid(export_limit=[5e3] * N)}),
    "charging of an inverter in W": (
        "inverter.ac_charge_limit",
        "kW",
        {"inverter": Inverter(ac_limit=5, ac_charge_limit=3000)},
    ),
    "inverter in W": ("inverter.ac_limit", "kW", {"inverter": Inverter(ac_limit=5000)}),
    "minutes": ("horizon.hours", "hours", {"horizon": Horizon(start=NEW_YEAR, hours=[5] * N)}),
    "cents": (
        "tariff.export_price",
        "money",
        {"tariff": Tariff(import_price=[0.28] * N, export_price=[9.0] * N)},
    ),
}


def built(changes):
    changes = dict(changes)
    for name, kind, usual in (("batteries", Battery, BATTERY), ("vehicles", Vehicle, VEHICLE)):
        changes[name] = [kind(**{**usual, **change}) for change in changes.get(name, [])]
    return a_site(**changes)


@pytest.mark.parametrize("case", WRONG)
def test_a_number_that_no_home_has_is_refused_with_its_unit(case):
    field, unit, changes = WRONG[case]

    with pytest.raises(ProblemError) as refusal:
        plan(built(changes))

    assert refusal.value.field == field
    assert unit in refusal.value.rule
    assert "got" in refusal.value.rule


def test_a_site_that_is_no_home_can_be_planned_all_the_same():
    site = built({"batteries": [{"capacity": 13500.0, "charge_limit": 5e3}]})

    assert plan(site, any_size=True).status == "optimal"


def test_energy_in_the_place_of_power_names_what_takes_power():
    with pytest.raises(ProblemError, match=r"Forecast\.from_power takes kW"):
        plan(a_site(forecast=Forecast(load=[5000] * N, solar=[0] * N)))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 100.0, 1500.0, 1e5])
def test_prices_of_any_money_are_planned(scale):
    tariff = Tariff(import_price=[0.28 * scale] * N, export_price=[0.3 * scale] * N)

    assert plan(a_site(tariff=tariff)).status == "optimal"


def test_a_spike_or_a_free_hour_is_no_sign_of_cents():
    spike = Tariff(import_price=[0.28] * N, export_price=[0.0] * (N - 1) + [17.0])
    free = Tariff(import_price=[0.0] * N, export_price=[0.1] * N)

    for tariff in (spike, free):
        assert plan(a_site(tariff=tariff)).status == "optimal"


def test_what_a_large_home_has_is_planned():
    site = a_site(
        forecast=Forecast.from_power([100.0] * N, [100.0] * N, HORIZON),
        batteries=[Battery(capacity=200, charge_limit=100, discharge_limit=100, initial_soc=0.5)],
        grid=Grid(import_limit=100.0),
    )

    assert plan(site).status == "optimal"


@pytest.mark.parametrize("watts", [250.0, 500.0])
def test_watts_of_a_quiet_home_are_refused(watts):
    with pytest.raises(ProblemError, match=r"^forecast\.load: must be in kWh .* got 2?5"):
        plan(a_site(forecast=Forecast.from_power([watts] * N, [0.0] * N, HORIZON)))


def test_power_over_an_interval_is_energy():
    hours = np.array([0.25, 0.5, 1.0])
    horizon = Horizon(start=NEW_YEAR, hours=hours)

    forecast = Forecast.from_power([4.0, 4.0, 4.0], [1.0, 2.0, 3.0], horizon)

    assert forecast.load.tolist() == [1.0, 2.0, 4.0]
    assert forecast.solar.tolist() == [0.25, 1.0, 3.0]


@pytest.mark.parametrize(
    ("load", "solar", "field"),
    [([1.0], [1.0], "load"), ([1.0] * N, [1.0], "solar"), ([-1.0] * N, [0.0] * N, "load")],
)
def test_powers_are_checked_like_energies(load, solar, field):
    with pytest.raises(ProblemError, match=f"^{field}: "):
        Forecast.from_power(load, solar, HORIZON)
