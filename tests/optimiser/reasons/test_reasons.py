"""Why a plan does what it does: its sentences agree with its marginal value."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optimiser import CostFunction, Forecast, Grid, Tariff, Vehicle, plan
from optimiser.reasons import battery_reasons, reasons
from optimiser.reasons.outlook import outlook_of
from optimiser.reasons.wording import clock, money
from tests.builders import a_battery, a_house, a_site

START = datetime(2026, 3, 2, 0, tzinfo=UTC)


def hourly(import_price, export_price=0.0, *, load=1.0, solar=0.0, **battery):
    home = a_battery(**{"initial_soc": 0.2, "reserve": 0.2, **battery})
    series = {"import_price": import_price, "export_price": export_price}
    return a_site(home, start=START, **series, load=load, solar=solar)


def why(site, cost_function=CostFunction.PROFIT):
    return battery_reasons(plan(site, cost_function))


def test_charging_names_the_price_now_and_the_price_that_it_replaces():
    (sentence,) = why(hourly([0.08, 0.30, 0.41], load=[0.5, 0.0, 2.0]))

    assert sentence == "Charging at 2.5 kW: power costs 0.08 now and replaces 0.41 at 02:00"


def test_charging_names_the_least_of_what_it_replaces():
    (sentence,) = why(hourly([0.08, 0.30, 0.41]))

    assert sentence.endswith("power costs 0.08 now and replaces 0.30 at 01:00")


def test_solar_is_charged_instead_of_sold():
    (sentence,) = why(hourly([0.38, 0.4], [0.05, 0.05], load=[0.0, 3.0], solar=[3.0, 0.0]))

    assert sentence == (
        "Charging at 3.0 kW: solar would earn 0.05 if sold now and replaces 0.40 at 01:00"
    )


def test_serving_the_house_names_what_refilling_costs():
    site = hourly([0.40, 0.05, 0.30], initial_soc=0.8, load=[3.0, 0.0, 6.0])

    (sentence,) = why(site)

    assert sentence == (
        "Serving the house with 3.0 kW: power costs 0.40 now, and refilling costs 0.05 at 01:00"
    )


def test_exporting_names_what_it_earns():
    (sentence,) = why(hourly([0.5, 0.1], [0.45, 0.02], load=0.0, initial_soc=0.9))

    assert sentence.startswith("Discharging at 5.0 kW into the grid: selling earns 0.45 now")


def test_holding_names_what_the_stored_energy_is_for():
    (sentence,) = why(hourly([0.40, 0.45], initial_soc=0.4, load=[1.0, 3.0]))

    assert (
        sentence == "Holding 40 %: power costs 0.40 now, and what is stored replaces 0.45 at 01:00"
    )


def test_a_battery_at_its_reserve_says_when_it_charges():
    (sentence,) = why(hourly([0.30, 0.05, 0.40]))

    assert sentence == (
        "Idle at the reserve of 20 %: power costs 0.30 now, and charging costs 0.05 at 01:00"
    )


def test_regaining_the_reserve_is_its_own_reason():
    (sentence,) = why(hourly([0.30, 0.31, 0.32], initial_soc=0.1, load=0.0))

    assert "to regain the reserve of 20 %: power costs 0.30 now" in sentence


def test_a_plan_that_never_moves_says_so():
    (sentence,) = why(hourly([0.3, 0.3, 0.3]))

    assert sentence == (
        "Idle for the next 3 h: moving energy through the battery would cost more than it saves"
    )


@pytest.mark.parametrize("battery", [{"capacity": 0.0}, {"charge_limit": 0, "discharge_limit": 0}])
def test_where_there_is_no_battery_none_is_explained(battery):
    (sentence,) = why(hourly([0.1, 0.5], **battery))

    assert sentence == "Idle: there is no battery to use."


def test_unused_solar_is_told_with_what_selling_it_would_cost():
    full = {"initial_soc": 1.0, "max_soc": 1.0}
    site = hourly([0.2, 0.3], [-0.03, 0.0], load=[0.0, 1.0], solar=[2.0, 0.0], **full)
    site = replace(site, grid=Grid(curtailment=True))

    first, second = why(site)

    assert first.startswith("Idle at 100 %")
    assert second == "2.0 kW of solar is left unused: selling it would cost 0.03"


def test_no_claim_is_made_that_the_true_prices_do_not_bear_out():
    """Self-consumption stores what selling would earn more: the sentence must not say it pays."""
    site = hourly([0.2, 0.2], [0.5, 0.0], load=[0.0, 2.0], solar=[3.0, 0.0])

    (sentence,) = why(site, CostFunction.SELF_CONSUMPTION)

    assert "replaces" not in sentence
    assert sentence.endswith("the house uses it from 01:00, so that less is bought")


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
    look, value = outlook_of(found, 0), found.marginal_value[0]
    battery = turned.batteries[0]

    used, refilled = look.next_use(), look.next_refill()

    if used is not None:
        assert value <= battery.discharge_efficiency * look.value_of_more()[used] + 1e-6
    if refilled is not None:
        assert look.cost_of_more()[refilled] / battery.charge_efficiency <= value + 1e-6
    prices = {money(p) for p in (*turned.tariff.import_price, *turned.tariff.export_price)}
    (sentence, *_) = battery_reasons(found)
    for quoted in re.findall(r"(?:costs|earns|earn|replaces|for|worth) (\d\.\d\d)\b", sentence):
        assert quoted in prices


def car(**fields):
    return Vehicle(**{"capacity": 40.0, "charge_limit": 7.0, "initial_soc": 0.5, **fields})


def test_a_vehicle_says_what_it_pays_and_by_when_it_is_wanted():
    site = hourly([0.10, 0.30, 0.30])
    site = replace(
        site,
        batteries=(),
        vehicles=(car(target_soc=0.6, departure=START + timedelta(hours=3)),),
    )

    (sentence,) = reasons(plan(site), ["Kona"])

    assert sentence == "Kona charges at 4.3 kW: power costs 0.10 now; 60 % wanted by 03:00"


@pytest.mark.parametrize(
    "stay", [{"departure": START}, {"arrival": START + timedelta(hours=3)}], ids=str
)
def test_a_vehicle_that_is_away_is_said_to_be(stay):
    site = replace(hourly([0.1, 0.3, 0.3]), batteries=(), vehicles=(car(target_soc=0.6, **stay),))

    assert reasons(plan(site), ["Kona"]) == ("Kona is not at its charger",)


def test_the_power_of_a_charger_is_that_while_it_is_on():
    kona = car(target_soc=0.51, least_charge=4.1)
    site = replace(hourly([0.1, 0.3, 0.3]), batteries=(), vehicles=(kona,))

    (sentence,) = reasons(plan(site), ["Kona"])

    assert sentence.startswith("Kona charges at 4.1 kW: ")


def test_a_vehicle_that_waits_says_until_when():
    site = replace(hourly([0.30, 0.10, 0.30]), batteries=(), vehicles=(car(target_soc=0.6),))

    (sentence,) = reasons(plan(site))

    assert sentence == "The vehicle waits until 01:00: power costs 0.10 then; 60 % wanted"


def test_a_vehicle_that_has_enough_says_so_after_the_battery():
    site = replace(hourly([0.08, 0.30, 0.41]), vehicles=(car(target_soc=0.5),))

    first, second = reasons(plan(site, CostFunction.PROFIT), ["home", "Kona"])

    assert first.startswith("Charging at")
    assert second == "Kona has the 50 % it needs"


def test_of_several_batteries_the_sum_is_told():
    site = hourly([0.08, 0.41], load=[0.0, 8.0])
    site = replace(site, batteries=(site.batteries[0], replace(site.batteries[0], capacity=6.0)))

    (sentence,) = why(site)

    assert sentence.startswith("Charging at ")
    assert sentence.endswith("power costs 0.08 now and replaces 0.41 at 01:00")


def test_times_are_told_as_people_say_them():
    now = datetime(2026, 3, 2, 22, tzinfo=UTC)

    told = [clock(now + timedelta(hours=h), now) for h in (1, 4, 30)]

    assert told == ["23:00", "02:00 tomorrow", "Wed 04:00"]
