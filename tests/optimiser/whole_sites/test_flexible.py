"""Flexible loads and stores of heat: plans of seeded sites against every binary."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimiser import (
    CostFunction,
    HeatStore,
    Load,
    Pin,
    ProblemError,
    ProviderRules,
    Schedule,
    SolverError,
    Vehicle,
    plan,
)
from optimiser.exact.steps import proof_gap
from optimiser.flexible.placing import profiles
from optimiser.flexible.schedule import Scheduler
from optimiser.planner import Choices, _plan_beside
from optimiser.result.schedule import heat_levels, schedule_error
from optimiser.solvers import Deadline, now
from tests.builders import NEW_YEAR, a_battery, a_house, a_site, a_small_site, in_pieces
from tests.oracle.flexible import least_cost_with_flexible

SITES = range(60)
KINDS = CostFunction.COST, CostFunction.PROFIT
PROVED = 1e-3  # $; gap within which a plan is called optimal
HOUR = timedelta(hours=1)


def instant(site, share):
    return site.horizon.start + share * (site.horizon.end - site.horizon.start)


def some_loads(site, rng):
    """One to three loads: blocks of one power or of several, or in parts, one after another."""
    loads = []
    for number in range(int(rng.integers(1, 4))):
        power = float(rng.uniform(0.5, 3.0))
        is_block = bool(rng.uniform() < 0.6)
        begin, end = np.sort(rng.uniform(0.0, 1.3, 2))
        load = Load(
            id=f"load {number}",
            power=power,
            energy=power * float(rng.uniform(0.3, 2.5)),
            least_power=power * float(rng.choice([0.3, 1.0])),
            earliest=rng.choice([None, instant(site, begin)]),
            latest=rng.choice([None, instant(site, end)]),
            is_block=is_block,
            least_run=0.0 if is_block else float(rng.choice([0.0, 1.0])),
            most_starts=None if is_block else rng.choice([None, 1, 2]),
            after=f"load {number - 1}" if number and rng.uniform() < 0.4 else None,
        )
        loads.append(load)
    return loads


def some_heat(site, rng):
    """Hot water or a heat pump, perhaps too cold or too warm at first."""
    n = site.horizon.n_intervals
    return [
        HeatStore(
            id="heat",
            capacity=float(rng.uniform(3.0, 15.0)),
            level=float(rng.uniform(0.0, 1.0)),
            power=float(rng.uniform(1.0, 4.0)),
            efficiency=rng.choice([0.95, 3.0]) * rng.uniform(0.8, 1.0, n),
            least=float(rng.uniform(0.1, 0.5)),
            most=float(rng.uniform(0.6, 1.0)),
            loss=0.05,
            draw=rng.uniform(0.0, 2.0, n) * (rng.uniform(0, 1, n) < 0.4),
            end_value=rng.choice([None, 0.1]),
        )
    ]


def a_flexible_site(seed):
    """A small site whose storages may all trade, with flexible consumption."""
    site, rng = in_pieces(a_small_site(seed)), np.random.default_rng(seed)
    free = {"may_charge_from_grid": True, "may_export": True}
    site = replace(
        site,
        batteries=[replace(one, **free, export_limit=math.inf) for one in site.batteries],
        vehicles=[replace(one, **free) for one in site.vehicles],
    )
    kinds = seed % 3
    flexible = [
        *(some_loads(site, rng) if kinds != 1 else []),
        *(some_heat(site, rng) if kinds != 0 else []),
    ]
    return replace(site, flexible=flexible)


@pytest.mark.parametrize("seed", SITES)
def test_a_plan_with_flexible_consumption_costs_what_the_oracle_says(seed):
    site, cost_function = a_flexible_site(seed), KINDS[seed % 2]

    known = least_cost_with_flexible(site, cost_function, gap=1e-6)
    found = plan(site, cost_function)

    proof = found.certificate
    slack = 1e-4 + 1e-5 * abs(known.cost)
    assert known.is_proved
    assert proof.lower_bound - slack <= known.cost <= proof.optimum + slack
    gap = 1.5 if found.status == "optimal" else 5.0  # of loads, and storages
    assert proof.optimum - known.cost <= proof.optimum_gap + slack
    assert proof.optimum_gap <= gap * proof_gap(site)


@pytest.mark.parametrize("seed", range(40))
def test_a_block_runs_where_the_best_of_all_plans_with_it_has_it(seed):
    """Storages may be kept from the grid; then what they may do depends on the load."""
    site, rng = in_pieces(a_small_site(seed)), np.random.default_rng(seed)
    power = float(rng.uniform(0.5, 3.0))
    load = Load(id="block", power=power, energy=power * float(rng.uniform(0.3, 2.0)))
    site = replace(site, flexible=[load])
    cost_function = tuple(CostFunction)[seed % 3]

    found = plan(site, cost_function)

    _, energies = profiles(load, site.horizon, np.ones(site.horizon.n_intervals, dtype=bool))
    choices, deadline = Choices(0.01, None, None), Deadline(now() + 60.0)
    costs = [
        _plan_beside(
            site,
            Schedule(energy[None], 0.0, -math.inf),
            cost_function,
            ProviderRules(),
            choices,
            deadline,
        ).certificate.optimum
        for energy in energies
    ]
    proof = found.certificate
    slack = 1e-4 + 1e-5 * abs(min(costs))
    assert proof.lower_bound <= min(costs) + slack
    if found.status == "optimal":
        assert proof.optimum <= min(costs) + PROVED + slack
    else:  # what a load changes about permissions is not all in the bound
        assert proof.optimum - min(costs) <= proof.optimum_gap + slack
        assert proof.optimum_gap <= max(0.3, 0.01 * abs(proof.optimum))


def cost_of(site, **changes):
    """Planning cost of a site whose first flexible load is changed."""
    first, *rest = site.flexible
    return plan(replace(site, flexible=[replace(first, **changes), *rest])).certificate.optimum


LOOSER = {
    "a wider window": ({"latest": NEW_YEAR + 6 * HOUR}, {"latest": NEW_YEAR + 9 * HOUR}),
    "an earlier begin": ({"earliest": NEW_YEAR + 6 * HOUR}, {"earliest": NEW_YEAR + 3 * HOUR}),
    "a shorter least run": ({"is_block": False, "least_run": 2.0}, {"is_block": False}),
    "more starts": (
        {"is_block": False, "most_starts": 1},
        {"is_block": False, "most_starts": 3},
    ),
    "no block": ({"is_block": True}, {"is_block": False}),
    "a lower least power": ({"is_block": False}, {"is_block": False, "least_power": 0.3}),
}


@pytest.mark.parametrize("name", LOOSER)
@pytest.mark.parametrize("seed", range(8))
def test_a_looser_limit_never_costs_more(name, seed):
    load = Load(id="pump", power=1.5, energy=4.0)
    site = replace(a_house(seed), flexible=[load])

    tight, loose = (cost_of(site, **changes) for changes in LOOSER[name])

    assert loose <= tight + PROVED


@pytest.mark.parametrize("seed", range(8))
def test_a_wider_comfort_band_never_costs_more(seed):
    store = HeatStore(
        id="water", capacity=8.0, level=0.5, power=2.0, least=0.3, most=0.7, draw=0.4, loss=0.05
    )
    site = replace(a_house(seed), flexible=[store])

    assert cost_of(site, least=0.2, most=0.9) <= cost_of(site) + PROVED
    assert cost_of(site, power=3.0) <= cost_of(site) + PROVED


def a_plain_site(*flexible, price=(0.3, 0.2, 0.1, 0.2, 0.3, 0.4)):
    site = a_site(import_price=price, export_price=0.0, load=0.5)
    return replace(site, flexible=flexible)


def test_a_block_runs_where_power_is_cheapest_and_is_billed():
    found = plan(a_plain_site(Load(id="dishwasher", power=1.0, energy=1.5)))

    (run,) = found.schedule.runs(found.site, 0)
    assert run.begin == NEW_YEAR + 2 * HOUR  # 0.1 and half an hour of 0.2
    assert run.end == NEW_YEAR + 3.5 * HOUR
    assert found.money.total_cost == pytest.approx(0.5 * 1.5 + 0.1 + 0.5 * 0.2)
    assert found.money.baseline_cost == pytest.approx(0.5 * 1.5 + 0.3 + 0.5 * 0.2)
    assert found.status == "optimal"


def test_a_plan_tells_its_runs():
    fits, too_long = (Load(id=f"{hours} h", power=1.0, energy=hours) for hours in (1.5, 7.0))
    found = plan(a_plain_site(fits, too_long))

    lines = str(found).splitlines()
    assert lines[lines.index("1.5 h") + 1].split() == [
        "Thu",
        "02:00",
        "Thu",
        "03:30",
        "1.50",
        "kWh",
    ]
    assert lines[lines.index("7.0 h") + 1] == "Does not run"
    assert found.flexible_energy.sum() == pytest.approx(1.5)


def test_one_load_waits_for_the_end_of_another():
    dryer = Load(id="dryer", power=2.0, energy=2.0, after="washer")
    washer = Load(id="washer", power=1.0, energy=2.0)
    found = plan(a_plain_site(dryer, washer))

    (first,), (second,) = (found.schedule.runs(found.site, f) for f in (1, 0))
    assert first.end <= second.begin
    assert found.certificate.optimum == pytest.approx(0.75 + 0.1 + 0.2 + 2 * 0.2)


def test_a_run_that_does_not_fit_is_missed_and_one_that_is_due_later_may_wait():
    end = NEW_YEAR + 6 * HOUR
    too_long = Load(id="kiln", power=1.0, energy=3.0, earliest=end - 2 * HOUR, latest=end)
    later = Load(id="pool", power=1.0, energy=2.0, latest=end + HOUR, earliest=NEW_YEAR + 4 * HOUR)
    found = plan(a_plain_site(too_long, later))

    assert found.schedule.missing(found.site).tolist() == [3.0, 2.0]
    assert not found.schedule.energy.any()


def test_heat_is_made_while_power_is_cheap_and_never_above_the_most():
    store = HeatStore(
        id="water", capacity=5.0, level=0.5, power=2.0, efficiency=0.9, least=0.4, most=0.8,
        draw=[0.0, 0.0, 0.0, 0.5, 1.0, 1.0], end_value=0.0,
    )  # fmt: skip
    found = plan(a_plain_site(store))

    heat = heat_levels(store, found.site.horizon, found.schedule.energy[0])
    assert found.schedule.energy[0, 2] == pytest.approx(1.5 / 0.9)  # to the most
    assert heat.min() >= 2.0 - 1e-6
    assert heat.max() <= 4.0 + 1e-6
    assert heat[-1] == pytest.approx(2.0)


def test_a_heat_pump_runs_where_it_is_best():
    store = HeatStore(
        id="house", capacity=10.0, level=0.5, power=1.0, efficiency=[2.0, 4.0, 2.0, 2.0, 2.0, 2.0],
        least=0.4, draw=0.5, end_value=0.0,
    )  # fmt: skip
    found = plan(a_plain_site(store, price=(0.3,) * 6))

    assert found.schedule.energy[0].tolist() == pytest.approx([0.0, 0.5, 0, 0, 0, 0])


def test_the_energy_of_a_battery_serves_flexible_loads():
    load = Load(id="oven", power=2.0, energy=2.0, latest=NEW_YEAR + 2 * HOUR)
    site = a_plain_site(load)
    battery = a_battery(initial_soc=0.9, may_export=False)
    found = plan(replace(site, batteries=(battery,)), CostFunction.PROFIT)

    assert found.dispatch.grid_import.sum() == pytest.approx(0.0, abs=1e-6)
    assert found.flows.battery_to_load.sum() == pytest.approx(5.0)


FAULTS = [
    (Load, {"power": 0.0}, "power"),
    (Load, {"energy": -1.0}, "energy"),
    (Load, {"energy": math.nan}, "energy"),
    (Load, {"least_power": 2.0}, "least_power"),
    (Load, {"latest": NEW_YEAR, "earliest": NEW_YEAR + HOUR}, "latest"),
    (Load, {"earliest": "08:00"}, "earliest"),
    (Load, {"most_starts": 0}, "most_starts"),
    (Load, {"is_block": 1}, "is_block"),
    (Load, {"least_run": -1.0}, "least_run"),
    (Load, {"least_power": 0.0}, "least_power"),
    (HeatStore, {"capacity": 0.0}, "capacity"),
    (HeatStore, {"least": 0.9, "most": 0.5}, "least"),
    (HeatStore, {"efficiency": 0.0}, "efficiency"),
    (HeatStore, {"draw": [-1.0, 0.0]}, "draw"),
    (HeatStore, {"level": 1.5}, "level"),
    (HeatStore, {"end_value": math.inf}, "end_value"),
]


@pytest.mark.parametrize(("kind", "changes", "field"), FAULTS)
def test_a_bad_argument_is_refused_by_its_name(kind, changes, field):
    usual = (
        {"power": 1.0, "energy": 1.0}
        if kind is Load
        else {"capacity": 5.0, "level": 0.5, "power": 1.0}
    )
    with pytest.raises(ProblemError) as fault:
        kind(id="one", **{**usual, **changes})
    assert fault.value.field == field


@pytest.mark.parametrize(
    ("flexible", "field"),
    [
        ([Load(id="a", power=1, energy=1, after="b")], "flexible[0].after"),
        ([Load(id="a", power=1, energy=1, after="a")], "flexible[0].after"),
        (
            [
                Load(id="a", power=1, energy=1, after="b"),
                Load(id="b", power=1, energy=1, after="a"),
            ],
            "flexible[0].after",
        ),
        ([Load(id="a", power=1, energy=1)] * 2, "flexible[1].id"),
        (["dishwasher"], "flexible"),
        (
            [HeatStore(id="w", capacity=5, level=0.5, power=1, draw=[0.1, 0.1])],
            "flexible[0].draw",
        ),
        ([Load(id="a", power=2000, energy=1)], "flexible[0].power"),
    ],
)
def test_flexible_consumption_that_contradicts_itself_is_refused(flexible, field):
    with pytest.raises(ProblemError) as fault:
        plan(a_plain_site(*flexible))
    assert fault.value.field == field


def test_a_site_in_another_money_gets_the_same_plan():
    load = Load(id="pump", power=1.0, energy=2.0)
    store = HeatStore(id="w", capacity=5.0, level=0.5, power=1.0, draw=0.2, end_value=0.1)
    site = replace(a_house(3), flexible=[load, store])
    tariff = site.tariff
    prices = {name: 100 * getattr(tariff, name) for name in ("import_price", "export_price")}
    other = replace(
        site,
        tariff=replace(tariff, **prices),
        flexible=[load, replace(store, end_value=10.0)],
        batteries=[replace(one, cycle_cost=100 * one.cycle_cost) for one in site.batteries],
    )

    one, hundred = plan(site), plan(other)

    assert np.allclose(one.schedule.energy, hundred.schedule.energy)
    assert hundred.certificate.optimum == pytest.approx(100 * one.certificate.optimum)


def test_without_a_choice_loads_run_at_once_and_are_moved_one_by_one(monkeypatch):
    monkeypatch.setattr(Scheduler, "choose", _fail)
    site = a_plain_site(Load(id="oven", power=1.0, energy=1.0))
    found = plan(site)

    assert Scheduler(site, found.cost_function, ProviderRules()).at_once().energy[0, 0] == 1.0
    assert found.schedule.energy[0].tolist() == [0, 0, 1.0, 0, 0, 0]
    assert found.certificate.lower_bound is None
    assert found.status == "feasible"


def _fail(*_):
    raise SolverError("nothing works")


def test_a_pinned_battery_leaves_the_bound_one():
    """What it gives depends on the load, and so do its levels."""
    pin = Pin(begin=NEW_YEAR, end=NEW_YEAR + 2 * HOUR, action="discharge", power=3.0)
    battery = a_battery(pinned=[pin], may_export=False)
    site = a_site(battery, import_price=0.3, export_price=0.05, load=0.5, solar=[3, 3, 0, 0, 0, 0])
    found = plan(replace(site, flexible=[Load(id="oven", power=4.0, energy=4.0)]))

    assert found.certificate.lower_bound <= found.certificate.optimum + 1e-6


def test_a_limit_of_what_a_battery_sells_leaves_the_bound_one():
    battery = a_battery(export_limit=1.0, initial_soc=0.9)
    site = a_site(battery, import_price=0.3, export_price=0.25, load=0.5, solar=[2, 2, 0, 0, 0, 0])
    site = replace(site, flexible=[Load(id="oven", power=4.0, energy=4.0)])
    found, fixed = plan(site), Schedule(np.array([[4.0, 0, 0, 0, 0, 0]]), 0.0, -math.inf)

    choices, deadline = Choices(0.01, None, None), Deadline(now() + 60.0)
    rules, cost_function = ProviderRules(), CostFunction.COST
    at_once = _plan_beside(site, fixed, cost_function, rules, choices, deadline)
    assert found.certificate.lower_bound <= at_once.certificate.optimum + 1e-6


def test_heat_with_a_draw_of_each_interval_lies_beside_what_cuts_intervals():
    store = HeatStore(id="w", capacity=5.0, level=0.5, power=1.0, draw=[0.1] * 6)
    car = Vehicle(
        capacity=20, charge_limit=3, initial_soc=0.5, target_soc=0.6,
        departure=NEW_YEAR + 2.5 * HOUR,
    )  # fmt: skip
    found = plan(replace(a_plain_site(store), vehicles=(car,)))

    assert found.pieces.site.horizon.n_intervals == 7
    assert found.status == "optimal"


@pytest.mark.parametrize("energy", [0.04, 1.03, 2.0, 2.5])
@pytest.mark.parametrize("least_run", [0.0, 3.0])
def test_without_any_solver_runs_keep_their_rules(energy, least_run, monkeypatch):
    monkeypatch.setattr(Scheduler, "choose", _fail)
    load = Load(id="pump", power=1.0, energy=energy, is_block=False, least_run=least_run)
    found = plan(a_plain_site(load))

    assert schedule_error(found.site, found.schedule) <= 1e-6
    taken = found.schedule.energy.sum()
    assert taken == pytest.approx(0.0 if energy < 0.05 or least_run > energy + 1 else energy)
