"""Whatever a solver does, the next one answers and nothing false is served."""

import threading
from dataclasses import replace
from types import SimpleNamespace

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
from optimiser.model.linear_program import LpSolution
from optimiser.solvers import highs, scipy_linprog
from tests.builders import a_house

BEST = plan(a_house()).certificate.optimum
END_OF_TESTS = threading.Event()


@pytest.fixture(scope="module", autouse=True)
def whatever_hangs_ends():
    yield
    END_OF_TESTS.set()


def raises(lp, *, time_limit, start=None):
    raise RuntimeError("the library is broken")


def refuses(lp, *, time_limit, start=None):
    raise SolverError("not today")


def finds_no_schedule(lp, *, time_limit, start=None):
    raise InfeasibleError("never")


def hangs(lp, *, time_limit, start=None):
    END_OF_TESTS.wait()


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
    return LpSolution(start.x, np.zeros(lp.row_lower.size), "lazy")


BROKEN = [
    raises,
    refuses,
    finds_no_schedule,
    hangs,
    returns_nothing,
    returns_not_a_number,
    returns_duals_that_are_no_numbers,
    returns_too_few_columns,
    breaks_a_limit,
    is_feasible_but_far_from_the_best,
]


@pytest.mark.parametrize("solve", BROKEN, ids=lambda solve: solve.__name__)
def test_a_broken_solver_is_caught_and_the_next_answers(solve):
    broken = SimpleNamespace(name="broken", solve=solve)

    found = plan(a_house(), time_limit=0.5, backends=[broken, scipy_linprog])

    assert found.certificate.solver == "scipy_linprog"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-7)
    assert found.refusals[0].startswith("broken: ")


def test_a_solver_that_stumbles_over_its_start_begins_again_without():
    def stumbles(lp, *, time_limit, start=None):
        if start is not None:
            raise SolverError("stopped with status 'Unknown'")
        return highs.solve(lp, time_limit=time_limit)

    found = plan(a_house(), backends=[SimpleNamespace(name="highs", solve=stumbles)])

    assert found.certificate.solver == "highs"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-9)
    assert found.refusals == ()


def test_with_every_solver_broken_the_value_function_answers_exactly():
    broken = SimpleNamespace(name="broken", solve=raises)

    found = plan(a_house(), backends=[broken, broken])

    assert found.certificate.solver == "value_function"
    assert found.status == "optimal"
    assert found.certificate.optimum == pytest.approx(BEST, abs=1e-9)


def test_with_the_value_function_broken_too_the_rules_answer_and_say_why(monkeypatch):
    monkeypatch.setattr("optimiser.value_function.storage_plan.applies_to", lambda programme: False)
    broken = SimpleNamespace(name="broken", solve=raises)

    found = plan(a_house(end_value=0.2), backends=[broken])

    assert found.certificate.solver == "rules"
    assert found.status == "heuristic (broken: RuntimeError: the library is broken)"
    assert found.certificate.lower_bound is None


def endless(n=2000):
    """Export prices above import prices all day in steps of a minute: too many kinks to dispatch_from_trajectory."""
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
    found = plan(endless(), CostFunction.COST, time_limit=3.0)

    assert found.refusals == ("value_function: the value function has too many breakpoints",)
    assert found.status in {"optimal", "feasible"}
    assert found.certificate.gap >= 0
