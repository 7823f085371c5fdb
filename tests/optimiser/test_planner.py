"""The pipeline: back ends in turn, and what any optimal plan must obey."""

import gc
import math
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import problems
from optimiser import (
    CostFunction,
    Forecast,
    Horizon,
    InfeasibleError,
    SolverError,
    Tariff,
    plan,
)
from optimiser.model.dispatch import follow, planning_cost
from optimiser.model.linear_program import LpSolution
from optimiser.result.fallback import rule_levels
from optimiser.solvers import highs, installed, scipy_linprog
from tests.builders import a_battery, a_programme, a_site
from tests.strategies import cost_functions, homes, rules
from tests.tolerances import FEASIBILITY, GAP, agreement

SITE = a_site(
    a_battery(cycle_cost=0.01),
    import_price=[0.1, 0.5, 0.3],
    export_price=[0.05, 0.2, 0.1],
    load=[1.0, 3.0, 2.0],
    solar=[0.0, 0.0, 4.0],
)
TWO_BATTERIES = replace(SITE, batteries=(a_battery(), a_battery(capacity=3.0)))

pytestmark = pytest.mark.usefixtures("without_dead_band")

fair_sites = homes(well_behaved=True, attainable=True)


def spent(site):
    """Bill and wear of the plan for profit. [$]"""
    money = plan(site, CostFunction.PROFIT, preference_budget=0.0).money
    return money.total_cost + money.wear_cost


def backend(solve):
    """A back end of this name that solves with this function."""
    return SimpleNamespace(name=solve.__name__, solve=solve)


def raising(error):
    def broken(lp, **_):
        raise error

    return backend(broken)


def answering(value):
    """A back end that finds `value` for every column."""

    def oracle(lp, **_):
        return LpSolution(np.full(lp.cost.size, value), np.zeros(lp.row_lower.size), "oracle")

    return backend(oracle)


def short(lp, **_):
    return LpSolution(np.zeros(3), np.zeros(lp.row_lower.size), "short")


def careless(lp, **_):
    """Find a feasible point, and no reason why it should be the best one."""
    return highs.solve(lp._replace(cost=np.zeros(lp.cost.size)), time_limit=60.0)


@pytest.mark.parametrize("solver", [highs, scipy_linprog], ids=lambda solver: solver.name)
def test_every_back_end_serves_the_same_cost(solver):
    best = plan(SITE, CostFunction.PROFIT, backends=[solver])

    assert (best.status, best.certificate.solver) == ("optimal", solver.name)
    assert best.money.total_cost == pytest.approx(plan(SITE, CostFunction.PROFIT).money.total_cost)


@pytest.mark.parametrize("error", [SolverError("not today"), InfeasibleError("never")], ids=type)
def test_a_back_end_that_raises_hands_over_to_the_next(error):
    best = plan(SITE, backends=[raising(error), scipy_linprog])

    assert (best.status, best.certificate.solver) == ("optimal", "scipy_linprog")


@pytest.mark.parametrize(
    "garbage",
    [*(answering(value) for value in (math.nan, math.inf, -1.0, 1e6)), backend(short)],
    ids=("nan", "inf", "negative", "huge", "short"),
)
def test_garbage_is_refused_and_the_next_is_asked(garbage):
    best = plan(SITE, backends=[garbage, highs])

    assert (best.status, best.certificate.solver) == ("optimal", "highs")


def test_an_answer_that_its_duals_do_not_prove_is_refused():
    best = plan(SITE, backends=[backend(careless), scipy_linprog])

    assert (best.status, best.certificate.solver) == ("optimal", "scipy_linprog")


def test_with_no_back_end_left_the_rules_serve_and_say_why():
    best = plan(TWO_BATTERIES, backends=[raising(SolverError("not today"))])

    assert best.status == "heuristic (broken: not today)"
    assert best.certificate.solver == "rules"
    assert best.certificate.lower_bound is None
    assert best.certificate.gap is None


def test_with_no_back_end_at_all_the_rules_serve():
    best = plan(TWO_BATTERIES, backends=[])

    assert best.status == "heuristic (no solver is installed)"


def test_without_highs_the_backup_finds_the_same_cost(monkeypatch):
    expected = plan(SITE, CostFunction.PROFIT)
    monkeypatch.delitem(sys.modules, "optimiser.solvers.highs")
    monkeypatch.setitem(sys.modules, "highspy", None)

    best = plan(SITE, CostFunction.PROFIT)

    assert [backend.name for backend in installed()] == ["scipy_linprog"]
    assert best.certificate.solver == "scipy_linprog"
    assert best.money.total_cost == pytest.approx(expected.money.total_cost)


def test_a_certificate_closes_the_gap():
    certificate = plan(SITE, CostFunction.PROFIT).certificate

    assert certificate.primal_residual <= FEASIBILITY
    assert certificate.dual_residual <= FEASIBILITY
    assert abs(certificate.gap) <= GAP


@given(homes(), cost_functions, rules)
def test_no_site_is_infeasible(site, cost_function, drawn):
    best = plan(site, cost_function, rules=drawn)

    assert not best.status.startswith("heuristic")
    assert best.certificate.primal_residual <= FEASIBILITY


@given(homes(), cost_functions, rules)
def test_no_plan_undercuts_its_bound(site, cost_function, drawn):
    certificate = plan(site, cost_function, rules=drawn).certificate

    assert certificate.optimum >= certificate.lower_bound - agreement(certificate.optimum)


@given(fair_sites, cost_functions)
def test_on_well_behaved_prices_a_plan_reaches_its_bound(site, cost_function):
    certificate = plan(site, cost_function).certificate

    assert certificate.gap <= agreement(certificate.optimum) + GAP


@given(fair_sites, cost_functions)
def test_a_plan_within_reach_misses_no_limit_and_no_permission(site, cost_function):
    best = plan(site, cost_function)

    assert best.shortfalls == ()
    if not any(battery.may_export for battery in site.batteries):
        assert (best.flows.battery_to_grid <= FEASIBILITY).all()
    if not any(battery.may_charge_from_grid for battery in site.batteries):
        assert (best.flows.grid_to_battery <= FEASIBILITY).all()


@given(fair_sites, cost_functions)
def test_a_plan_is_never_worse_than_the_rules(site, cost_function):
    programme = a_programme(site, cost_function)
    ruled = planning_cost(programme, follow(programme, rule_levels(programme)))

    optimum = plan(site, cost_function).certificate.optimum

    assert optimum <= ruled + agreement(ruled)


@given(fair_sites, st.sampled_from((0.1, 3.0, 50.0)))
def test_scaling_every_price_scales_the_cost(site, factor):
    dearer = replace(
        site,
        tariff=Tariff(
            import_price=factor * site.tariff.import_price,
            export_price=factor * site.tariff.export_price,
        ),
        batteries=tuple(replace(b, cycle_cost=factor * b.cycle_cost) for b in site.batteries),
    )

    cost = spent(site)

    assert spent(dearer) == pytest.approx(factor * cost, rel=1e-7, abs=1e-6)


def enlarged(battery, extra):
    """The same battery with the same energy in it and `extra` kWh of room above."""
    capacity = battery.capacity + extra
    share = battery.capacity / capacity
    return replace(
        battery,
        capacity=capacity,
        initial_soc=battery.initial_soc * share,
        reserve=battery.reserve * share,
    )


LOOSENED = {
    "a bigger battery": lambda battery: enlarged(battery, 4.0),
    "faster charging": lambda battery: replace(battery, charge_limit=battery.charge_limit + 1),
    "faster discharging": lambda b: replace(b, discharge_limit=b.discharge_limit + 1),
    "better charging": lambda battery: replace(battery, charge_efficiency=1.0),
    "better discharging": lambda battery: replace(battery, discharge_efficiency=1.0),
    "less reserve": lambda battery: replace(battery, reserve=0.0),
    "more permissions": lambda b: replace(b, may_charge_from_grid=True, may_export=True),
}


@pytest.mark.parametrize("loosen", LOOSENED.values(), ids=LOOSENED.keys())
@given(site=homes(well_behaved=True, attainable=True, n_batteries=(1, 2)))
def test_a_better_battery_never_costs_more(loosen, site):
    better = replace(site, batteries=tuple(loosen(battery) for battery in site.batteries))

    cost = spent(site)

    assert spent(better) <= cost + agreement(cost)


@pytest.mark.parametrize("limit", ["import_limit", "export_limit"])
@given(site=fair_sites)
def test_a_looser_limit_of_the_meter_never_costs_more(limit, site):
    looser = replace(site, grid=replace(site.grid, **{limit: getattr(site.grid, limit) + 1.0}))

    cost = spent(site)

    assert spent(looser) <= cost + agreement(cost)


def halved(values, t, share):
    """The values with the one at `t` given twice, each time by its `share`."""
    return np.concatenate([values[:t], share * values[[t, t]], values[t + 1 :]])


# Of two batteries one may stop feeding the other in the first half, and begin in the second.
@given(homes(well_behaved=True, attainable=True, n_batteries=(0, 1)), st.data())
def test_splitting_an_interval_in_two_halves_changes_nothing(site, drawn):
    t = drawn.draw(st.integers(0, site.horizon.n_intervals - 1))
    split = replace(
        site,
        horizon=Horizon(start=site.horizon.start, hours=halved(site.horizon.hours, t, 0.5)),
        tariff=Tariff(
            import_price=halved(site.tariff.import_price, t, 1.0),
            export_price=halved(site.tariff.export_price, t, 1.0),
        ),
        forecast=Forecast(
            load=halved(site.forecast.load, t, 0.5), solar=halved(site.forecast.solar, t, 0.5)
        ),
    )

    cost = spent(site)

    assert spent(split) == pytest.approx(cost, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("kind", [problems.CONVEX, problems.HARD])
def test_what_a_plan_took_is_freed_at_once(kind):
    """Cycles would hold its arrays until Python looks for them, which it hardly ever does."""
    site = problems.site(kind, 96)
    plan(site)
    gc.collect()
    gc.disable()
    try:
        plan(site)
        assert gc.collect() == 0
    finally:
        gc.enable()
