"""The pipeline: back ends in turn, and what any optimal plan must obey."""

import gc
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given

from benchmarks import problems
from optimiser import CostFunction, SolverError, plan, planner
from optimiser.solvers import available_backends, highs, scipy_linprog
from tests.builders import a_battery, a_site
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


def refuses(lp, *, time_limit, start=None):
    raise SolverError("not today")


@pytest.mark.parametrize("solver", [highs, scipy_linprog], ids=lambda solver: solver.name)
def test_every_back_end_serves_the_same_cost(solver):
    best = plan(SITE, CostFunction.PROFIT, backends=[solver])

    assert (best.status, best.certificate.solver) == ("optimal", solver.name)
    assert best.money.total_cost == pytest.approx(plan(SITE, CostFunction.PROFIT).money.total_cost)


def test_with_no_back_end_left_the_rules_serve_and_say_why():
    best = plan(TWO_BATTERIES, backends=[SimpleNamespace(name="broken", solve=refuses)])

    assert best.status == "heuristic (broken: not today)"
    assert best.certificate.solver == "rules"
    assert best.certificate.lower_bound is None
    assert best.certificate.optimum_gap is None


def test_with_no_back_end_at_all_the_rules_serve():
    best = plan(TWO_BATTERIES, backends=[])

    assert best.status == "heuristic (no solver was tried)"


def test_without_highs_the_backup_finds_the_same_cost(monkeypatch):
    expected = plan(SITE, CostFunction.PROFIT)
    monkeypatch.delitem(sys.modules, "optimiser.solvers.highs")
    monkeypatch.setitem(sys.modules, "highspy", None)

    best = plan(SITE, CostFunction.PROFIT)

    assert [backend.name for backend in available_backends()] == ["scipy_linprog"]
    assert best.certificate.solver == "scipy_linprog"
    assert best.money.total_cost == pytest.approx(expected.money.total_cost)


def test_a_certificate_closes_the_gap():
    certificate = plan(SITE, CostFunction.PROFIT).certificate

    assert certificate.primal_residual <= FEASIBILITY
    assert certificate.dual_residual <= FEASIBILITY
    assert abs(certificate.optimum_gap) <= GAP


@given(homes(), cost_functions, rules)
def test_no_site_is_infeasible(site, cost_function, drawn):
    best = plan(site, cost_function, rules=drawn)

    assert not best.status.startswith("heuristic")
    assert (best.certificate.primal_residual or 0.0) <= FEASIBILITY


@given(fair_sites, cost_functions)
def test_on_well_behaved_prices_a_plan_reaches_its_bound(site, cost_function):
    certificate = plan(site, cost_function).certificate

    assert certificate.optimum_gap <= agreement(certificate.optimum) + GAP


@given(fair_sites, cost_functions)
def test_a_plan_within_reach_misses_no_limit_and_no_permission(site, cost_function):
    best = plan(site, cost_function)

    assert best.shortfalls == ()
    if not any(battery.may_export for battery in site.batteries):
        assert (best.flows.battery_to_grid <= FEASIBILITY).all()
    if not any(battery.may_charge_from_grid for battery in site.batteries):
        assert (best.flows.grid_to_battery <= FEASIBILITY).all()


def test_the_time_of_a_plan_is_that_of_its_three_phases(monkeypatch):
    time = 0.0

    def taking(seconds, work):
        def worked(*arguments, **options):
            nonlocal time
            time += seconds
            return work(*arguments, **options)

        return worked

    for seconds, name in ((1, "formulate"), (100, "choose"), (1000, "audit")):
        work = getattr(planner, name)
        monkeypatch.setattr(planner, name, taking(seconds, work))
    monkeypatch.setattr(planner, "now", lambda: time)
    slow = SimpleNamespace(name="slow", solve=taking(10, highs.solve))

    timing = plan(SITE, backends=[slow]).timing

    assert (timing.build, timing.solve, timing.check) == (1, 10, 1100)


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
