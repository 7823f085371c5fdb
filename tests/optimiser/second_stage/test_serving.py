"""What is served is made once, and beside the solver where that is likely to confirm it."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from optimiser import SolverError, plan
from optimiser.second_stage import preference
from optimiser.solvers import highs
from tests.builders import a_house


class Looked:
    """How often the calmer plan was looked for."""

    def __init__(self):
        self.times = 0
        self.once = threading.Event()


@pytest.fixture
def looked(monkeypatch):
    noted, preferred = Looked(), preference.preferred

    def counted(*args):
        noted.times += 1
        noted.once.set()
        return preferred(*args)

    monkeypatch.setattr(preference, "preferred", counted)
    return noted


def other(solve):
    return SimpleNamespace(name="other", solve=solve)


def test_the_calmer_plan_is_looked_for_while_the_solver_works(looked):
    def waits(lp, *, time_limit, start=None):
        assert looked.once.wait(60.0)
        return highs.solve(lp, time_limit=time_limit, start=start)

    found = plan(a_house(), backends=[other(waits)])

    assert found.refusals == ()
    assert looked.times == 1


def test_what_was_made_beside_a_solver_that_refuses_serves_the_next_way(looked):
    def refuses(lp, *, time_limit, start=None):
        raise SolverError("not today")

    found = plan(a_house(), backends=[other(refuses)])

    assert found.certificate.solver == "value_function"
    assert looked.times == 1
    assert found.dispatch.stored.tolist() == plan(a_house()).dispatch.stored.tolist()


def test_without_a_budget_the_cheapest_plan_is_served(looked):
    found = plan(a_house(), preference_budget=0.0)

    assert looked.times == 0
    assert np.isclose(found.certificate.preference_cost, 0.0, atol=1e-6)


def test_a_draft_is_told_while_the_solver_works(looked):
    told = []

    def waits(lp, *, time_limit, start=None):
        assert looked.once.wait(60.0)
        return highs.solve(lp, time_limit=time_limit, start=start)

    found = plan(a_house(), backends=[other(waits)], draft=lambda *what: told.append(what))

    ((dispatch, flows),) = told
    assert dispatch is found.dispatch
    assert flows is found.flows


def test_without_a_solver_to_wait_for_there_is_no_draft():
    told = []

    plan(a_house(), backends=[], draft=lambda *what: told.append(what))

    assert told == []
