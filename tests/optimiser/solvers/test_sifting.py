"""A few columns are solved for all: their duals prove the whole, or they are not believed."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array

from benchmarks import problems
from optimiser import solvers
from optimiser.errors import SolverError
from optimiser.exact import chain
from optimiser.exact.steps import by_value_function
from optimiser.model.dispatch import follow
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import AT_LOWER, AT_UPPER, BASIC, LpSolution, objective
from optimiser.solvers import highs
from optimiser.solvers.sifting import sifted
from optimiser.solvers.start import start_from
from optimiser.value_function import storage_plan as value_function
from tests.programmes import seeded_programme

SEEDS = range(40)


def started(seed, n_intervals=48, *, convex=True):
    """A formulation, and the start from its exact plan."""
    programme = seeded_programme(seed, n_intervals, convex=convex)
    formulation = formulate(programme)
    dispatch = follow(programme, value_function.solve(programme).levels)
    return formulation, start_from(formulation, dispatch)


def dense(lp):
    """Its matrix."""
    arrays = (lp.matrix.data, lp.matrix.indices, lp.matrix.indptr)
    return csc_array(arrays, shape=(lp.row_lower.size, lp.cost.size)).toarray()


def without_basis(start):
    """The same with a basic column sent to a bound."""
    status = start.col_status.copy()
    status[np.flatnonzero(start.col_status == BASIC)[0]] = AT_LOWER
    return replace(start, col_status=status)


def with_another_basis(start):
    """The same with as many columns in the basis, most of them others."""
    return replace(start, col_status=np.roll(start.col_status, 7))


def parts():
    """Formulations, their starts and what those leave open; of some sites, which have it."""
    for seed in SEEDS:
        formulation, start = started(seed, 12, convex=seed % 2 == 0)
        part = sifted(formulation.lp, start)
        if part is None:
            assert start.n_basic != formulation.lp.row_lower.size or not start.may_be_optimal
        else:
            yield formulation.lp, start, part


def sums_of_rows(part):
    """Which rows of the whole each of the part is the sum of, and how many times."""
    share = part.price[1]
    sums = np.zeros((part.lp.row_lower.size, share.size))
    sums[part.row, np.arange(share.size)] = share
    return sums


def test_the_part_is_small():
    sizes = [part.lp.cost.size / lp.row_lower.size for lp, _, part in parts()]
    assert len(sizes) > len(SEEDS) // 3
    assert np.mean(sizes) < 0.2


def test_columns_left_are_of_the_basis_and_keep_their_bounds():
    for lp, start, part in parts():
        assert (start.col_status[part.columns] == BASIC).all()
        for name in ("col_lower", "col_upper"):
            np.testing.assert_array_equal(getattr(part.lp, name), getattr(lp, name)[part.columns])
        np.testing.assert_array_equal(part.start.x, start.x[part.columns])
        assert (part.start.col_status == BASIC).all()
        assert part.start.row_status.size == part.columns.size


def test_rows_left_are_sums_in_which_no_other_column_of_the_basis_is():
    for lp, start, part in parts():
        matrix, sums = sums_of_rows(part) @ dense(lp), sums_of_rows(part)
        left_out = np.setdiff1d(np.flatnonzero(start.col_status == BASIC), part.columns)
        np.testing.assert_allclose(matrix[:, left_out], 0.0, atol=1e-12)
        np.testing.assert_allclose(dense(part.lp), matrix[:, part.columns], atol=1e-12)
        taken = matrix @ np.where(start.col_status == BASIC, 0.0, start.x)
        for name in ("row_lower", "row_upper"):
            bound = getattr(lp, name)
            expected = [row[row != 0.0] @ bound[row != 0.0] for row in sums]
            np.testing.assert_allclose(getattr(part.lp, name), expected - taken, atol=1e-9)


def test_only_equations_are_summed():
    for lp, _, part in parts():
        is_equation = lp.row_lower == lp.row_upper
        for members in sums_of_rows(part) != 0.0:
            assert np.count_nonzero(members) == 1 or is_equation[members].all()


def test_columns_left_out_cost_what_their_rows_are_worth_whatever_is_found():
    rng = np.random.default_rng(7)
    for lp, start, part in parts():
        y = rng.normal(size=part.lp.row_lower.size)
        lifted = part.lifted(LpSolution(part.start.x, y, "drawn"))
        reduced = lp.cost - dense(lp).T @ lifted.row_dual
        left_out = np.setdiff1d(np.flatnonzero(start.col_status == BASIC), part.columns)
        np.testing.assert_allclose(reduced[left_out], 0.0, atol=1e-9)
        of_part = part.lp.cost - dense(part.lp).T @ y
        np.testing.assert_allclose(reduced[part.columns], of_part, atol=1e-9)
        assert (lifted.row_dual[start.row_status == BASIC] == 0.0).all()
        np.testing.assert_array_equal(lifted.x, start.x)


def test_the_basis_of_the_exact_plan_is_enough_wherever_there_is_one():
    enough = 0
    for seed in SEEDS:
        formulation, start = started(seed)
        part = sifted(formulation.lp, start)
        if part is None:
            continue
        found = solvers.solve_sifted(highs, formulation.lp, part, time_limit=10.0)
        whole = solvers.solve_verified(highs, formulation.lp, time_limit=10.0)
        cost = objective(formulation.lp, whole.x)
        assert objective(formulation.lp, found.x) == pytest.approx(cost, abs=1e-6), f"seed {seed}"
        assert found.proof.lower_bound == pytest.approx(cost, abs=1e-5), f"seed {seed}"
        enough += 1
    assert enough >= 0.75 * len(SEEDS)


def test_energy_that_costs_the_same_at_several_times_is_no_question():
    """The plan is no vertex then: more columns lie between their bounds than a basis has."""
    formulation = formulate(problems.programme("time_of_use", 96))
    programme = formulation.programme
    exact = by_value_function(programme, value_function.solve(programme))
    start = start_from(formulation, exact.dispatch)
    resting = start.col_status != BASIC
    lp = formulation.lp
    between = (start.x > lp.col_lower + 1e-6) & (start.x < lp.col_upper - 1e-6)
    assert (resting & between).any()

    found = solvers.solve_sifted(highs, lp, sifted(lp, start), time_limit=10.0)

    assert found.proof.lower_bound == pytest.approx(exact.cost, abs=1e-9)


def test_what_is_no_basis_is_not_sifted():
    formulation, start = started(0)
    assert sifted(formulation.lp, without_basis(start)) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_basis_is_never_believed(seed):
    """The optimum of the part is none of the whole; either nothing comes of it, or the optimum."""
    formulation, start = started(seed)
    part = sifted(formulation.lp, with_another_basis(start))
    if part is None:
        return
    cost = objective(formulation.lp, highs.solve(formulation.lp, time_limit=10.0).x)
    try:
        found = solvers.solve_sifted(highs, formulation.lp, part, time_limit=10.0)
    except SolverError:
        return
    assert objective(formulation.lp, found.x) == pytest.approx(cost, abs=1e-6)


@pytest.mark.parametrize("seed", [3, 11, 19])
def test_the_whole_programme_is_solved_where_the_basis_is_wrong(seed, monkeypatch):
    programme = seeded_programme(seed, 48, convex=True)
    formulation = formulate(programme)
    exact = by_value_function(programme, value_function.solve(programme))
    true_start = start_from(formulation, exact.dispatch)
    sizes = []

    class Watched:
        name = "highs"

        @staticmethod
        def solve(lp, *, time_limit, start=None):
            sizes.append(lp.cost.size)
            return highs.solve(lp, time_limit=time_limit, start=start)

    monkeypatch.setattr(chain, "start_from", lambda *_: with_another_basis(true_start))
    task = chain.Task(formulation, exact, wishes=lambda: formulation.lp.cost)
    (_, attempt), *_ = chain.attempts(task, [Watched], [], time_limit=10.0)
    answer = attempt()
    assert answer.exact.is_optimal
    assert sizes[0] < sizes[-1] == formulation.lp.cost.size


def test_a_solver_that_fails_is_asked_no_more_once_the_time_is_up(monkeypatch):
    programme = seeded_programme(0, 12, convex=True)
    formulation = formulate(programme)
    exact = by_value_function(programme, value_function.solve(programme))
    asked = []

    class Late:
        name = "late"

        @staticmethod
        def solve(lp, *, time_limit, start=None):
            asked.append(time_limit)
            clock[0] += 60.0
            raise SolverError("late")

    clock = [0.0]
    monkeypatch.setattr(chain, "perf_counter", lambda: clock[0])
    task = chain.Task(formulation, exact, wishes=lambda: formulation.lp.cost)
    (_, attempt), *_ = chain.attempts(task, [Late], [], time_limit=10.0)
    with pytest.raises(SolverError, match="late"):
        attempt()
    assert asked == [10.0]


def test_every_status_is_kept_for_what_goes_on_from_there():
    formulation, start = started(1)
    part = sifted(formulation.lp, start)
    found = solvers.solve_sifted(highs, formulation.lp, part, time_limit=10.0)
    assert found.basis is start
    assert set(np.unique(start.col_status)) <= {AT_LOWER, AT_UPPER, BASIC}
