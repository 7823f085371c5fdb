"""The value function of one storage is the physical optimum, and nothing less."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimiser.model.dispatch import Trajectory, planning_cost, simulate
from optimiser.value_function.storage_plan import solve
from tests import strategies
from tests.builders import a_problem
from tests.oracle import least_cost_of_arrays, relaxed_cost
from tests.oracle.sweep import GROUPS, by_value_function, examine, failures
from tests.problems import is_convex, problems, rounding, seeded_problem, tail
from tests.tables import storages_of, with_rows

VALUE_FUNCTION_GROUPS = [group for group in GROUPS if group.answer is by_value_function]
ROOT = Path(__file__).resolve().parents[3]

mixed_integer_programme_INTEGER = 1e-6
"""Against HiGHS' branch and bound: its own tolerances on prices of up to 500 $/kWh. [-]"""

EXACT = 1e-9
"""Against what is exact but for the order of its sums. [-]"""

STEP = 1e-6
"""Of finite differences. [kWh]"""

MANY = settings(max_examples=4 * settings().max_examples)
SOME = settings(max_examples=2 * settings().max_examples)

PLAIN_PYTHON = """
import json
from matrix_builders import MODE
from optimiser.value_function.storage_plan import solve
from tests.problems import seeded_problem

plans = [solve(seeded_problem(seed, 1 + seed % 16)) for seed in range({count})]
print(json.dumps([MODE, [[plan.bound, *plan.levels[0].tolist()] for plan in plans]]))
"""

planned = st.builds(
    a_problem,
    strategies.homes(n_batteries=(1, 1)),
    strategies.cost_functions,
    strategies.rules,
)


def near(cost, tolerance=EXACT):
    return pytest.approx(cost, rel=tolerance, abs=tolerance)


@MANY
@given(problems(16))
def test_it_is_the_optimum_of_the_mixed_integer_programme(problem):
    optimum = least_cost_of_arrays(problem)

    bound = solve(problem).bound

    assert optimum.is_proved
    assert bound == near(optimum.cost, mixed_integer_programme_INTEGER)


@given(planned)
def test_it_is_that_optimum_for_a_site_as_it_is_planned(problem):
    optimum = least_cost_of_arrays(problem)

    bound = solve(problem).bound

    assert bound == near(optimum.cost, mixed_integer_programme_INTEGER)


@SOME
@given(problems(16, convex=True))
def test_where_nothing_is_gained_by_waste_it_is_the_linear_optimum(problem):
    optimum = relaxed_cost(problem)

    bound = solve(problem).bound

    assert is_convex(problem)
    assert bound == near(optimum)


@given(problems(16))
def test_following_it_costs_what_it_promises(problem):
    plan = solve(problem)

    cost = planning_cost(problem, simulate(problem, Trajectory(plan.levels)).dispatch)

    assert cost == pytest.approx(plan.bound, rel=EXACT, abs=EXACT + rounding(problem))


@given(problems(16))
def test_its_levels_are_within_reach(problem):
    storages = storages_of(problem)

    levels = solve(problem).levels

    moves = np.diff(levels, prepend=storages.initial[:, None])
    assert (levels >= storages.stored_lower).all()
    assert (levels <= storages.stored_upper).all()
    assert (moves <= storages.charge_limit * storages.charge_efficiency + EXACT).all()
    assert (-moves <= storages.discharge_limit / storages.discharge_efficiency + EXACT).all()


@given(problems(16, least_intervals=2), st.data())
def test_a_marginal_value_is_a_difference_quotient(problem, drawn):
    t = drawn.draw(st.integers(0, problem.hours.size - 2))
    storages = storages_of(problem)
    floor, ceiling = storages.soft_floor[0, t], storages.soft_ceiling[0, t]
    plan = solve(problem)
    level = plan.levels[0, t]
    steps = level + STEP * np.array([-1, 0, 1])
    assume(storages.stored_lower[0, t] <= steps[0])
    assume(steps[2] <= storages.stored_upper[0, t])

    costs = np.array([solve(tail(problem, t + 1, at)).bound for at in steps])

    costs += problem.penalty * (np.maximum(floor - steps, 0.0) + np.maximum(steps - ceiling, 0.0))
    below, above = -np.diff(costs) / STEP
    blur = 1e-4 * (1.0 + problem.penalty)  # costs of some thousand dollars, to their last digits
    assert plan.marginal_value[t] >= min(below, above) - blur
    assert plan.marginal_value[t] <= max(below, above) + blur


@given(problems(12))
def test_where_all_plans_cost_the_same_the_storage_rests(problem):
    no_prices = {"import_price": 0.0, "export_price": 0.0}
    meter = with_rows(problem.meter, **no_prices, import_limit=100.0, export_limit=100.0)
    limits = with_rows(problem.storages.limits, soft_floor=0.0, soft_ceiling=np.inf)
    traits = with_rows(problem.storages.traits, wear=0.0)
    storages = problem.storages._replace(
        limits=limits, traits=traits, end_values=np.zeros((2, 1, 0))
    )

    plan = solve(replace(problem, meter=meter, storages=storages))

    assert (plan.levels == traits[0]).all()


@given(problems(12), st.integers(0, 3))
def test_a_storage_without_room_rests_at_the_cost_of_the_house(problem, n_segments):
    level = storages_of(problem).initial[0]
    limits = with_rows(problem.storages.limits, stored_lower=level, stored_upper=level)
    end_values = np.zeros((2, 1, n_segments))
    storages = problem.storages._replace(limits=limits, end_values=end_values)
    problem = replace(problem, storages=storages)

    plan = solve(problem)

    assert (plan.levels == level).all()
    cost = planning_cost(problem, simulate(problem, Trajectory(plan.levels)).dispatch)
    assert cost == pytest.approx(plan.bound, rel=EXACT, abs=EXACT + rounding(problem))


@pytest.mark.parametrize("group", VALUE_FUNCTION_GROUPS, ids=lambda group: group.name)
def test_the_first_sites_of_the_sweep_pass(group):
    seeds = range(max(1, min(20, 480 // group.most_intervals)))

    found = [examine(group.name, seed, time_limit=60.0) for seed in seeds]

    assert failures(group, found) == []


def test_plain_python_makes_the_same_plan():
    count = 40
    plans = [solve(seeded_problem(seed, 1 + seed % 16)) for seed in range(count)]

    finished = subprocess.run(
        [sys.executable, "-c", PLAIN_PYTHON.format(count=count)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
    )

    mode, found = json.loads(finished.stdout)
    assert mode == "python"
    for plan, numbers in zip(plans, found, strict=True):
        assert numbers == near([plan.bound, *plan.levels[0].tolist()])
