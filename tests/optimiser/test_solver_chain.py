"""Whatever a solver does, the next one answers, and nothing false is served."""

from dataclasses import replace
from types import SimpleNamespace

import highspy
import numpy as np
import pytest

from optimiser import (
    CostFunction,
    Forecast,
    Grid,
    Horizon,
    InfeasibleError,
    SolverError,
    Tariff,
    plan,
)
from optimiser.exact.steps import physical_optimum
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import LpSolution
from optimiser.solvers import highs, scipy_linprog
from tests.builders import a_house, a_problem

BEST = plan(a_house()).certificate.optimum


def backend(solve):
    """A back end that solves with this function."""
    return SimpleNamespace(name="broken", solve=solve)


def refuses(lp, *, time_limit, start=None):
    raise SolverError("not today")


def finds_no_schedule(lp, *, time_limit, start=None):
    raise InfeasibleError("never")


def returns_nothing(lp, *, time_limit, start=None):
    return None


def returns_not_a_number(lp, *, time_limit, start=None):
    return LpSolution(np.full(lp.cost.size, np.nan), np.zeros(lp.row_lower.size), "nan")


def returns_duals_that_are_no_numbers(lp, *, time_limit, start=None):
    found = highs.solve(lp, time_limit=time_limit)
    return LpSolution(found.x, np.full_like(found.row_dual, np.nan), "nan")


def returns_too_few_columns(lp, *, time_limit, start=None):
    return LpSolution(np.zeros(3), np.zeros(lp.row_lower.size), "short")


def breaks_a_limit(lp, *, time_limit, start=None):
    found = highs.solve(lp, time_limit=time_limit)
    return LpSolution(2 * found.x, found.row_dual, "liar")


def is_feasible_but_far_from_the_best(lp, *, time_limit, start=None):
    return LpSolution(
        np.zeros(0) if start is None else start.x, np.zeros(lp.row_lower.size), "lazy"
    )


BROKEN = [
    refuses,
    finds_no_schedule,
    returns_nothing,
    returns_not_a_number,
    returns_duals_that_are_no_numbers,
    returns_too_few_columns,
    breaks_a_limit,
    is_feasible_but_far_from_the_best,
]


@pytest.mark.parametrize("solve", BROKEN, ids=lambda solve: solve.__name__)
def test_a_broken_solver_is_caught_and_the_next_answers(solve):
    found = plan(a_house(), backends=[backend(solve), scipy_linprog])

    assert found.certificate.solver == "scipy_linprog"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-7)
    assert found.refusals[0].startswith("broken: ")


def test_a_library_that_raises_is_passed_over(monkeypatch):
    def breaks(solver):
        raise RuntimeError("the library is broken")

    monkeypatch.setattr(highspy.Highs, "run", breaks)

    found = plan(a_house(), backends=[highs, scipy_linprog])

    assert found.certificate.solver == "scipy_linprog"
    assert found.refusals == ("highs: RuntimeError: the library is broken",)


def test_an_error_of_our_own_code_surfaces(monkeypatch):
    def wrong(*_):
        raise TypeError("a bug of ours")

    monkeypatch.setattr("optimiser.solver_chain.physical_optimum", wrong)

    with pytest.raises(TypeError, match="a bug of ours"):
        plan(a_house())


def test_a_plan_that_costs_less_than_its_bound_is_refused(monkeypatch):
    def too_good(*arguments):
        best = physical_optimum(*arguments)
        return replace(best, cost=best.lower_bound - 1.0)

    monkeypatch.setattr("optimiser.solver_chain.physical_optimum", too_good)

    found = plan(a_house(), backends=[highs])

    assert found.certificate.solver == "value_function"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-7)
    assert found.refusals == ("highs: the plan costs 1.0e+00 $ less than its bound",)


def test_a_solver_that_stumbles_over_its_start_begins_again_without():
    def stumbles(lp, *, time_limit, start=None):
        if start is not None:
            raise SolverError("stopped with status 'Unknown'")
        return highs.solve(lp, time_limit=time_limit)

    found = plan(a_house(), backends=[SimpleNamespace(name="highs", solve=stumbles)])

    assert found.certificate.solver == "highs"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-9)
    assert found.refusals == ()


@pytest.mark.parametrize("cost_function", CostFunction)
def test_at_convex_prices_highs_takes_the_whole_programme_from_the_plan_at_hand(cost_function):
    asked = []

    def solve(lp, *, time_limit, start=None):
        asked.append((lp.cost.size, start is None or start.x.size))
        return highs.solve(lp, time_limit=time_limit, start=start)

    found = plan(a_house(), cost_function, backends=[SimpleNamespace(name="highs", solve=solve)])

    n_cols = formulate(a_problem(a_house(), cost_function)).layout.n_cols
    assert (found.certificate.solver, found.certificate.made_exact) == ("highs", 0)
    assert asked == [(n_cols, n_cols)]


@pytest.mark.parametrize("cost_function", [CostFunction.COST, CostFunction.PROFIT])
def test_at_prices_that_are_not_convex_the_value_function_answers_at_once(cost_function):
    def solve(lp, *, time_limit, start=None):
        raise AssertionError("nobody should ask")

    price = a_house().tariff.import_price
    site = replace(a_house(), tariff=Tariff(import_price=price, export_price=price + 0.1))

    found = plan(site, cost_function, backends=[backend(solve)])

    assert (found.status, found.certificate.solver) == ("optimal", "value_function")
    assert found.certificate.optimum_gap <= 1e-6


def test_with_every_solver_broken_the_value_function_answers_exactly():
    found = plan(a_house(), backends=[backend(refuses), backend(refuses)])

    assert found.certificate.solver == "value_function"
    assert found.status == "optimal"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-9)


def endless(n=2000):
    """Export prices above import prices all day in steps of a minute: too many breakpoints."""
    rng = np.random.default_rng(3)
    price = rng.uniform(-0.5, 1.0, n)
    site = a_house()
    return replace(
        site,
        horizon=Horizon(start=site.horizon.start, hours=np.full(n, 1 / 60)),
        tariff=Tariff(import_price=price, export_price=rng.permutation(price) + 5.0),
        forecast=Forecast(load=rng.uniform(0, 0.05, n), solar=rng.uniform(0, 0.08, n)),
        grid=Grid(import_limit=10.0, export_limit=1.5),
        batteries=(replace(site.batteries[0], may_charge_from_grid=False),),
    )


def test_a_value_function_that_grows_beyond_all_use_is_given_up():
    found = plan(endless(), CostFunction.COST, time_limit=10.0)  # four busy processes beside it

    assert found.refusals[0] == "value_function: the value function has too many breakpoints"
    assert found.status in {"optimal", "feasible"}
    assert found.certificate.optimum >= found.certificate.lower_bound - 1e-6
