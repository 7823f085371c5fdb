"""The HiGHS back end: an object serves many programmes, and none of them knows of the others."""

import numpy as np
import pytest
from optimiser.solvers.start import start_from

from optimiser.errors import InfeasibleError, SolverError
from optimiser.model.dispatch import dispatch_from_trajectory
from optimiser.model.formulation import formulate
from optimiser.solvers import highs
from optimiser.value_function import storage_plan as value_function
from tests.problems import seeded_problem


@pytest.fixture(autouse=True)
def none_at_rest(monkeypatch):
    monkeypatch.setattr(highs, "_at_rest", [])


def problem(seed, n_intervals):
    """A programme, and a start or none."""
    programme = seeded_problem(seed, n_intervals, convex=True)
    formulation = formulate(programme)
    if seed % 3 == 0:
        return formulation.lp, None
    dispatch = dispatch_from_trajectory(programme, value_function.solve(programme).levels)
    return formulation.lp, start_from(formulation, dispatch)


def test_an_answer_does_not_depend_on_what_was_solved_before():
    problems = [problem(seed, 1 + 7 * seed) for seed in range(12)]
    afresh = []
    for lp, start in problems:
        highs._at_rest.clear()
        afresh.append(highs.solve(lp, time_limit=60.0, start=start))
    kept = highs._at_rest[0]
    for (lp, start), expected in list(zip(problems, afresh, strict=True))[::-1]:
        found = highs.solve(lp, time_limit=60.0, start=start)
        assert highs._at_rest == [kept]
        np.testing.assert_array_equal(found.x, expected.x)
        np.testing.assert_array_equal(found.row_dual, expected.row_dual)


def test_the_time_limit_is_that_of_one_solve(monkeypatch):
    lp, start = problem(1, 48)
    highs.solve(lp, time_limit=60.0, start=start)
    kept = highs._at_rest[0]
    monkeypatch.setattr(highs.Silent, "getRunTime", lambda _: 100.0)
    highs.solve(lp, time_limit=60.0, start=start)
    assert kept.getOptionValue("time_limit")[1] == 160.0


def test_one_that_failed_is_asked_no_more():
    lp, start = problem(1, 48)
    highs.solve(lp, time_limit=60.0, start=start)
    assert len(highs._at_rest) == 1
    with pytest.raises(InfeasibleError):
        highs.solve(
            lp._replace(row_upper=lp.row_upper - 1e6, row_lower=lp.row_lower - 1e6), time_limit=60.0
        )
    assert highs._at_rest == []


def test_one_that_hangs_is_asked_no_more():
    lp, start = problem(1, 48)
    highs.solve(lp, time_limit=60.0, start=start)

    def given_up(_):
        raise SolverError("no answer")

    with pytest.raises(SolverError, match="no answer"):
        highs.solve(lp, time_limit=60.0, start=start, guard=given_up)
    assert highs._at_rest == []


def test_a_large_programme_holds_no_memory_until_the_next(monkeypatch):
    lp, start = problem(1, 48)
    monkeypatch.setattr(highs, "_MOST_COLUMNS_AT_REST", lp.cost.size - 1)
    highs.solve(lp, time_limit=60.0, start=start)
    assert highs._at_rest == []
