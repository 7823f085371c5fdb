"""The plan before is handed on to the same home on the same endpoint only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Grid,
    Horizon,
    Inverter,
    Site,
    Tariff,
    Vehicle,
    plan,
)
from server.plans.history import MOST_HOMES, History, is_near
from server.reading.clock import machine_zone

N = 96
HOME, CARS = "optimize", "ev"
BATTERY = Battery(capacity=10, charge_limit=5, discharge_limit=5, initial_soc=0.5, reserve=0.1)
VEHICLE = Vehicle(capacity=40, charge_limit=7, initial_soc=0.5, target_soc=0.6)


def site(**changes):
    rng = np.random.default_rng(3)
    price = rng.uniform(0.1, 0.5, N)
    whole = Site(
        horizon=Horizon(start=datetime(2026, 3, 1, tzinfo=UTC), hours=np.full(N, 0.5)),
        tariff=Tariff(import_price=price, export_price=price - 0.05),
        forecast=Forecast(load=np.full(N, 0.4), solar=np.zeros(N)),
        batteries=(BATTERY,),
    )
    return replace(whole, **changes)


def unplanned(made, **changes):
    """A plan of a site that none was made for, in the shape of one that was."""
    return replace(made, site=replace(made.site, **changes))


@pytest.fixture(scope="module")
def made():
    """The plan of a home with one battery."""
    return plan(site())


@pytest.fixture
def history(made):
    kept = History()
    kept.record(HOME, made)
    return kept


@pytest.fixture(scope="module")
def garage():
    """The plan of a home with two batteries and two vehicles."""
    return plan(
        site(
            batteries=(BATTERY, replace(BATTERY, capacity=5)),
            vehicles=(VEHICLE, replace(VEHICLE, capacity=60, departure=later(hours=10).start)),
        )
    )


def later(**changes):
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(**changes)
    return Horizon(start=start, hours=np.full(N, 0.5))


def hour_later(made, **changes):
    """The site of a plan an hour later, where all went as planned."""
    before, tariff = made.site, made.site.tariff
    soc = made.soc[:, 2].tolist()
    present = [replace(s, initial_soc=e) for s, e in zip(before.storages, soc, strict=True)]
    n = len(before.batteries)
    return replace(
        before,
        **{
            "horizon": later(hours=1),
            "tariff": Tariff(
                import_price=np.roll(tariff.import_price, -2),
                export_price=np.roll(tariff.export_price, -2),
            ),
            "batteries": tuple(present[:n]),
            "vehicles": tuple(present[n:]),
            **changes,
        },
    )


def guide(made, present):
    """The plan before that a home gets which had one made."""
    kept = History()
    kept.record(CARS, made)
    return kept.before(CARS, present, CostFunction.COST)


def test_the_same_home_gets_its_plan_back(history, made):
    assert history.before(HOME, site(), CostFunction.COST) is made


def test_a_plan_that_has_ended_is_no_guide():
    history, short = History(), Horizon(start=later(hours=0).start, hours=np.full(N, 0.01))
    history.record(HOME, plan(site(horizon=short)))

    assert history.before(HOME, site(horizon=later(hours=1)), CostFunction.COST) is None


def test_an_empty_history_gives_nothing():
    assert History().before(HOME, site(), CostFunction.COST) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"horizon": later(hours=3)},
        {"horizon": later(hours=-1)},
        {"batteries": (replace(BATTERY, capacity=11),)},
        {"batteries": (replace(BATTERY, initial_soc=0.6),)},
        {"batteries": ()},
        {"grid": Grid(export_limit=np.full(N, 5.0))},
        {"grid": Grid(export_limit=5.0)},
        {"inverter": Inverter(ac_limit=5)},
        {"vehicles": (VEHICLE,)},
        {"tariff": Tariff(import_price=np.full(N, 0.9), export_price=np.zeros(N))},
    ],
    ids=str,
)
def test_another_home_gets_nothing(history, changed):
    assert history.before(HOME, site(**changed), CostFunction.COST) is None


def test_a_plan_of_slightly_other_prices_still_counts(history):
    tariff = site().tariff
    moved = Tariff(import_price=1.01 * tariff.import_price, export_price=tariff.export_price)

    assert history.before(HOME, site(tariff=moved), CostFunction.COST) is not None


def test_another_cost_function_gets_nothing(history):
    assert history.before(HOME, site(), CostFunction.PROFIT) is None


def test_two_homes_in_turn_keep_their_own_plans(history, made):
    neighbour = unplanned(made, batteries=(replace(BATTERY, capacity=11),))
    history.record(HOME, neighbour)

    assert history.before(HOME, site(), CostFunction.COST) is made
    assert history.before(HOME, neighbour.site, CostFunction.COST) is neighbour


def test_two_cost_functions_of_a_home_keep_their_own_plans(history, made):
    profit = replace(made, cost_function=CostFunction.PROFIT)
    history.record(HOME, profit)

    assert history.before(HOME, site(), CostFunction.COST) is made
    assert history.before(HOME, site(), CostFunction.PROFIT) is profit


def test_a_home_keeps_its_plans_of_two_endpoints(history, made):
    other = unplanned(made)

    assert history.before(CARS, site(), CostFunction.COST) is None
    history.record(CARS, other)
    assert history.before(CARS, site(), CostFunction.COST) is other
    assert history.before(HOME, site(), CostFunction.COST) is made


def test_what_changes_from_request_to_request_makes_no_other_home(history, made):
    """Or the home would take the place of others with every plan."""
    for i in range(2 * MOST_HOMES):
        vehicle = replace(VEHICLE, target_soc=0.5 + i / 100, departure=later(hours=i + 1).start)
        battery = replace(BATTERY, initial_soc=0.5 + i / 100)
        grid = Grid(import_limit=np.full(N, 1.0 + i))
        changed = {"batteries": (battery,), "vehicles": (vehicle,), "grid": grid}
        history.record(CARS, unplanned(made, **changed))

    assert history.before(HOME, site(), CostFunction.COST) is made


def test_the_home_that_has_asked_for_nothing_for_longest_is_forgotten(made):
    homes = [
        unplanned(made, batteries=(replace(BATTERY, cycle_cost=0.01 * i),))
        for i in range(MOST_HOMES + 1)
    ]
    history = History()
    for home in [*homes[:-1], homes[0], homes[-1]]:  # the first asks again before the last comes
        history.record(HOME, home)

    found = [history.before(HOME, home.site, CostFunction.COST) for home in homes]

    assert found == [homes[0], None, *homes[2:]]


def test_storages_that_were_charged_as_planned_are_the_same(history, made, garage):
    assert history.before(HOME, hour_later(made), CostFunction.COST) is made
    assert guide(garage, hour_later(garage)) is garage


@pytest.mark.parametrize("k", range(4))
def test_every_storage_must_be_as_full_as_expected(garage, k):
    present = hour_later(garage)
    storages = [*present.storages]
    soc = storages[k].initial_soc
    storages[k] = replace(storages[k], initial_soc=soc + 0.04 if soc < 0.5 else soc - 0.04)

    assert guide(garage, replace(present, batteries=storages[:2], vehicles=storages[2:])) is None


@pytest.mark.parametrize(
    ("which", "changes", "expected"),
    [
        (0, {"target_soc": 0.9}, False),
        (0, {"target_soc": None}, False),
        (0, {"departure": later(hours=30).start}, False),
        (0, {"departure": later(hours=48, minutes=30).start}, True),  # the plan ended before that
        (0, {"arrival": later(hours=3).start}, False),
        (0, {"arrival": later(minutes=30).start}, True),  # it is here by now
        (1, {"departure": later(hours=9).start}, False),
        (1, {"departure": None}, False),
        (0, {"charge_limit": 11.0}, False),
        (0, {"least_soc": 0.1}, False),
    ],
    ids=str,
)
def test_a_vehicle_must_want_the_same_and_stay_as_long(garage, which, changes, expected):
    present = hour_later(garage)
    vehicles = [*present.vehicles]
    vehicles[which] = replace(vehicles[which], **changes)

    assert (guide(garage, replace(present, vehicles=vehicles)) is garage) is expected


def test_a_vehicle_that_was_to_come_is_the_same_once_it_is_here():
    coming = plan(site(vehicles=(replace(VEHICLE, arrival=later(minutes=30).start),)))
    present = hour_later(coming)

    assert guide(coming, replace(present, vehicles=(replace(present.vehicles[0], arrival=None),)))


def test_a_vehicle_that_was_to_go_and_stayed_makes_the_plan_no_guide():
    going = plan(site(vehicles=(replace(VEHICLE, departure=later(minutes=30).start),)))
    present = hour_later(going)

    assert (
        guide(going, replace(present, vehicles=(replace(present.vehicles[0], departure=None),)))
        is None
    )


def test_limits_by_interval_are_compared_where_both_plans_know_them(made):
    limits = np.linspace(3.0, 9.0, N)
    limited = unplanned(made, grid=Grid(import_limit=limits, export_limit=limits))
    ahead = np.roll(limits, -2)
    revised = np.where(np.arange(N) == 4, 1.0, ahead)

    assert guide(limited, hour_later(limited, grid=Grid(import_limit=ahead, export_limit=ahead)))
    for grid in (
        Grid(import_limit=limits, export_limit=limits),
        Grid(import_limit=revised, export_limit=ahead),
        Grid(import_limit=ahead, export_limit=revised),
    ):
        assert guide(limited, hour_later(limited, grid=grid)) is None


@pytest.mark.parametrize(
    ("expected", "prices", "near"),
    [
        ([0.2, 0.4], [0.2, 0.4], True),
        ([0.2, 0.4], [0.23, 0.42], True),  # moved by 0.05, of 0.02 + 0.06 allowed
        ([0.2, 0.4], [0.29, 0.4], False),
        ([-0.2, -0.4], [-0.23, -0.42], True),
        ([0.0, 0.0], [0.009, -0.009], True),
        ([0.0, 0.0], [0.03, 0.0], False),
        ([0.2, 9.0], [0.2], True),
        ([0.2], [0.2, 9.0], True),
    ],
)
def test_prices_are_near_within_a_penny_and_a_tenth(expected, prices, near):
    assert is_near(np.array(expected), np.array(prices)) is near


def test_a_vehicle_may_leave_by_the_clock_of_the_machine():
    """A zone that was read from a file can be neither copied nor pickled."""
    zone = machine_zone()
    if zone is None:
        pytest.skip("needs a machine with a time zone")
    leaves = later(hours=8).start.astimezone(zone)
    leaving = plan(site(vehicles=(replace(VEHICLE, departure=leaves),)))

    assert guide(leaving, hour_later(leaving)) is leaving
