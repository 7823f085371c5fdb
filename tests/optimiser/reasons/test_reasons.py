"""Why a plan does what it does: whole sentences, and their agreement with its marginal value."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from optimiser import (
    CostFunction,
    Forecast,
    Horizon,
    ProviderRules,
    ReasonCode,
    Tariff,
    next_steps,
    plan,
)
from optimiser.reasons import reasons
from optimiser.reasons.outlook import outlook_of
from optimiser.reasons.wording import Wording
from tests.builders import a_house
from tests.optimiser.reasons.sites import (
    BATTERY_CASES,
    CURTAILS,
    START,
    VEHICLE_CASES,
    charging,
    hour,
    hourly,
)


def short(case):
    return f"{case.code}: {case.sentence[:30]}"


@pytest.mark.parametrize("case", [*BATTERY_CASES, *VEHICLE_CASES], ids=short)
def test_each_code_has_its_sentence(case):
    found = plan(case.site, case.goal, rules=case.rules or ProviderRules())

    step = next_steps(found, slice(len(case.site.storages)), case.actions)[case.step]

    assert (step.reason.sentence, step.reason.code) == (case.sentence, case.code)


def test_every_code_has_a_case():
    assert {case.code for case in (*BATTERY_CASES, *VEHICLE_CASES)} == set(ReasonCode)


def test_amounts_are_in_the_currency_of_the_caller():
    found = plan(hourly([-0.12, 0.30], load=0.5))

    (step, *_) = next_steps(found, slice(1), currency="AUD")

    assert step.reason.sentence.endswith("the grid pays 0.12 AUD/kWh now")


def test_steps_follow_each_other_with_their_means():
    found = plan(a_house(3))

    steps = next_steps(found, slice(1))

    runs = [step.run for step in steps]
    assert runs[0].first == 0
    assert [run.first for run in runs[1:]] == [run.after for run in runs[:-1]]
    for run, power, soc_end, _ in steps:
        assert {*found.actions[run.span]} == {run.action}
        energy = found.dispatch.charge if run.action == "charge" else found.dispatch.discharge
        hours = found.site.horizon.hours[run.span].sum()
        assert power == pytest.approx(energy[0, run.span].sum() / hours, abs=1e-9)
        assert soc_end == pytest.approx(found.soc[0, run.after], abs=1e-9)


def test_unused_solar_is_told_with_what_selling_it_would_cost():
    series = {"load": [0.0, 1.0], "solar": [2.0, 0.0], "initial_soc": 1.0}
    site = hourly([0.2, 0.3], [-0.03, 0.0], grid=CURTAILS, **series)

    first, second = reasons(plan(site, CostFunction.PROFIT))

    assert first == "Holding at 100 %: the home needs nothing from it now"
    assert second == "2.0 kW of solar is left unused: selling costs 0.03 $/kWh now"


@pytest.mark.parametrize("cost_function", [CostFunction.COST, CostFunction.PROFIT])
@pytest.mark.parametrize("seed", range(12))
def test_every_comparison_agrees_with_the_marginal_value_of_the_plan(seed, cost_function):
    """No discharge before the battery is empty gains less than what is stored, and so on."""
    soc = (0.1, 0.3, 0.6, 0.95)[seed % 4]
    site = a_house(seed, initial_soc=soc)
    hours = 4 * seed
    turned = replace(
        site,
        tariff=Tariff(
            import_price=np.roll(site.tariff.import_price, -hours),
            export_price=np.roll(site.tariff.export_price, -hours),
        ),
        forecast=Forecast(
            load=np.roll(site.forecast.load, -hours), solar=np.roll(site.forecast.solar, -hours)
        ),
    )
    found = plan(turned, cost_function, preference_budget=0.0)
    look, battery = outlook_of(found, slice(1)), turned.batteries[0]

    for step in next_steps(found, slice(1)):
        value = found.marginal_value[step.run.after - 1]
        used, refilled = look.next_use(step.run), look.next_refill(step.run)
        if used is not None:
            assert value <= battery.discharge_efficiency * look.value_of_more[used] + 1e-6
        if refilled is not None:
            assert look.cost_of_more[refilled] / battery.charge_efficiency <= value + 1e-6


def test_a_vehicle_that_charges_a_battery_is_said_to():
    home = hourly(0.3, load=[0.0, 1.0, 1.0])
    site = replace(home, vehicles=charging(home, discharge_limit=5.0, departure=hour(1)).vehicles)
    found = plan(site, CostFunction.PROFIT)

    (battery, *_), (vehicle, *_) = next_steps(found, slice(1)), next_steps(found, slice(1, 2))

    assert battery.reason == (
        ReasonCode.CHARGE,
        "Charging at 2.5 kW: it comes from another battery, and it powers the home from 01:00",
    )
    assert vehicle.reason == (
        ReasonCode.POWER_HOME,
        "Powering the home and other batteries with 2.5 kW: power costs 0.30 $/kWh now",
    )


def test_a_vehicle_that_charges_is_told_first_by_its_name():
    kona = charging(hourly([0.10, 0.30, 0.30]), target_soc=0.6)
    site = replace(kona, batteries=hourly([0.1]).batteries)

    first, second = reasons(plan(site, CostFunction.PROFIT), ["home", "Kona"])

    assert first.startswith("Kona is charging at 4.3 kW from the grid: power costs 0.10 $/kWh now")
    assert second.startswith("Charging at ")


def test_a_vehicle_that_waits_is_told_after_the_battery():
    kona = charging(hourly([0.10, 0.30, 0.30]), target_soc=0.5)
    site = replace(kona, batteries=hourly([0.1]).batteries)

    first, second = reasons(plan(site, CostFunction.PROFIT), ["home"])

    assert first.startswith("Charging at ")
    assert second == "The vehicle is holding at 50 %: the 50 % wanted is reached"


def test_a_site_without_storages_has_nothing_to_do():
    site = replace(hourly([0.1, 0.3]), batteries=())

    assert reasons(plan(site)) == ("Nothing to do: there is no battery",)


def test_times_are_told_as_people_say_them():
    now = datetime(2026, 3, 2, 22, tzinfo=START.tzinfo)
    wording = Wording(Horizon(start=now, hours=np.ones(40)), "$", 2)

    told = [wording.clock(now + timedelta(hours=h)) for h in (1, 4, 30, 200)]

    assert told == ["23:00", "02:00 tomorrow", "04:00 on Wednesday", "06:00 on 11 March"]


def test_prices_that_would_look_alike_get_a_digit_more():
    wording = Wording(Horizon(start=START, hours=np.ones(4)), "$", 2)

    assert wording.fill("{} {}", [(0.1, 0.1), (0.2, 0.3)]) == "0.10 $/kWh 0.20 to 0.30 $/kWh"
    assert wording.fill("{} {}", [(0.101, 0.101), (0.102, 0.3)]) == (
        "0.101 $/kWh 0.102 to 0.300 $/kWh"
    )
    assert wording.fill("{}", [(0.004, 0.3)]) == "0.004 to 0.300 $/kWh"


def test_the_document_has_every_code_once():
    text = (Path(__file__).parents[3] / "docs" / "replies.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(\w+)` \| ", text, re.M) == ["reason_code", *ReasonCode]
