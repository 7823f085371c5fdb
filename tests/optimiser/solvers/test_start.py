"""A start from the exact plan: the simplex method finds nothing left to do."""

import numpy as np
import pytest

from optimiser.model.dispatch import follow
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import AT_LOWER, AT_UPPER, BASIC, objective
from optimiser.solvers import highs
from optimiser.solvers.start import start_from
from optimiser.value_function import storage_plan as value_function
from tests.programmes import seeded_programme

N_SITES = 60


def optimum(formulation, start=None):
    """Cost that HiGHS finds, and its iterations."""
    solver = highs.loaded(formulation.lp, time_limit=60.0, start=start)
    highs.optimum(solver)
    return solver.getObjectiveValue(), solver.getInfo().simplex_iteration_count


def started(programme):
    """Its formulation, and the start from its exact plan."""
    formulation = formulate(programme)
    levels = value_function.solve(programme).levels
    return formulation, start_from(formulation, follow(programme, levels))


@pytest.mark.parametrize("n_intervals", [1, 12, 96])
def test_most_sites_need_no_iteration(n_intervals):
    """Some have a plan that is no vertex: where energy costs the same in several intervals."""
    work, done_at_once = 0, 0
    for seed in range(N_SITES):
        formulation, start = started(seeded_programme(seed, n_intervals, convex=True))
        cost, iterations = optimum(formulation, start)
        cold_cost, cold = optimum(formulation)
        assert cost == pytest.approx(cold_cost, abs=1e-7, rel=1e-9), f"seed {seed}"
        assert iterations <= max(2, cold), f"seed {seed}"
        work += iterations
        done_at_once += iterations == 0
    assert done_at_once >= 0.75 * N_SITES
    assert work <= 2 * N_SITES


@pytest.mark.parametrize("n_intervals", [12, 96])
def test_a_plan_that_is_no_optimum_of_the_relaxation_is_a_start_all_the_same(n_intervals):
    for seed in range(N_SITES):
        formulation, start = started(seeded_programme(seed, n_intervals))
        cost, _ = optimum(formulation, start)
        assert cost == pytest.approx(optimum(formulation)[0], abs=1e-7, rel=1e-9), f"seed {seed}"


@pytest.mark.parametrize("n_intervals", [1, 12])
def test_what_is_not_in_the_basis_begins_at_the_bound_that_it_is_nearer_to(n_intervals):
    for seed in range(N_SITES):
        formulation, start = started(seeded_programme(seed, n_intervals))
        lp = formulation.lp
        above, below = start.x - lp.col_lower, lp.col_upper - start.x
        nearest = np.where(below < above, AT_UPPER, AT_LOWER)
        rests = start.col_status != BASIC
        np.testing.assert_array_equal(start.col_status[rests], nearest[rests])
        np.testing.assert_array_equal(start.row_status[start.row_status != BASIC], AT_LOWER)
        assert start.n_basic == np.sum(~rests) + np.sum(start.row_status == BASIC)


@pytest.mark.parametrize("n_intervals", [1, 12, 96])
def test_a_plan_that_may_be_no_optimum_is_none(n_intervals):
    """What it costs more is real money: sifting is left out for it."""
    known = 0
    for seed in range(N_SITES):
        formulation, start = started(seeded_programme(seed, n_intervals))
        dearer = objective(formulation.lp, start.x) - optimum(formulation)[0]
        if not start.may_be_optimal:
            assert dearer > 1e-9, f"seed {seed}"
            known += 1
        elif dearer > 1e-3:
            known -= 1
    assert known > 0
