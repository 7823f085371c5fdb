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

from optimiser.model.dispatch import dispatch_from_trajectory, planning_cost
from optimiser.value_function.storage_plan import solve
from tests import strategies
from tests.builders import a_problem
from tests.oracle import least_cost_of_arrays, relaxed_cost
from tests.oracle.sweep import GROUPS, by_value_function, examine, failures
from tests.programmes import (
    is_convex,
    programmes,
    rounding,
    seeded_programme,
    tail,
)

VALUE_FUNCTION_GROUPS = [group for group in GROUPS if group.answer is by_value_function]
ROOT = Path(__file__).resolve().parents[3]

MIXED_INTEGER = 1e-6
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
from tests.programmes import seeded_programme

plans = [solve(seeded_programme(seed, 1 + seed % 16)) for seed in range({count})]
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
@given(programmes(16))
def test_it_is_the_optimum_of_the_mixed_integer_programme(programme):
    optimum = least_cost_of_arrays(programme)

    bound = solve(programme).bound

    assert optimum.is_proved
    assert bound == near(optimum.cost, MIXED_INTEGER)


@given(planned)
def test_it_is_that_optimum_for_a_site_as_it_is_planned(programme):
    optimum = least_cost_of_arrays(programme)

    bound = solve(programme).bound

    assert bound == near(optimum.cost, MIXED_INTEGER)


@SOME
@given(programmes(16, convex=True))
def test_where_nothing_is_gained_by_waste_it_is_the_linear_optimum(programme):
    optimum = relaxed_cost(programme)

    bound = solve(programme).bound

    assert is_convex(programme)
    assert bound == near(optimum)


@given(programmes(16))
def test_following_it_costs_what_it_promises(programme):
    plan = solve(programme)

    cost = planning_cost(programme, dispatch_from_trajectory(programme, plan.levels))

    assert cost == pytest.approx(plan.bound, rel=EXACT, abs=EXACT + rounding(programme))


@given(programmes(16))
def test_its_levels_are_within_reach(programme):
    storages = programme.storages

    levels = solve(programme).levels

    moves = np.diff(levels, prepend=storages.initial[:, None])
    assert (levels >= storages.stored_lower).all()
    assert (levels <= storages.stored_upper).all()
    assert (moves <= storages.charge_limit * storages.charge_efficiency + EXACT).all()
    assert (-moves <= storages.discharge_limit / storages.discharge_efficiency + EXACT).all()


@given(programmes(16, least_intervals=2), st.data())
def test_a_marginal_value_is_a_difference_quotient(programme, drawn):
    t = drawn.draw(st.integers(0, programme.hours.size - 2))
    storages, penalty = programme.storages, programme.site.penalty
    floor, ceiling = storages.soft_floor[0, t], storages.soft_ceiling[0, t]
    plan = solve(programme)
    level = plan.levels[0, t]
    steps = level + STEP * np.array([-1, 0, 1])
    assume(storages.stored_lower[0, t] <= steps[0])
    assume(steps[2] <= storages.stored_upper[0, t])

    costs = np.array([solve(tail(programme, t + 1, at)).bound for at in steps])

    costs += penalty * (np.maximum(floor - steps, 0.0) + np.maximum(steps - ceiling, 0.0))
    below, above = -np.diff(costs) / STEP
    blur = 1e-4 * (1.0 + penalty)  # costs of some thousand dollars, to their last digits
    assert plan.marginal_value[t] >= min(below, above) - blur
    assert plan.marginal_value[t] <= max(below, above) + blur


def without_soft_levels(programme):
    storages = programme.storages
    return replace(
        programme,
        storages=storages._replace(
            soft_floor=storages.stored_lower, soft_ceiling=storages.stored_upper
        ),
    )


@given(programmes(12))
def test_where_all_plans_cost_the_same_the_storage_rests(programme):
    n = programme.hours.size
    site = programme.site._replace(
        import_price=np.zeros(n),
        export_price=np.zeros(n),
        import_limit=np.full(n, 100.0),
        export_limit=np.full(n, 100.0),
    )
    storages = without_soft_levels(programme).storages
    idle = storages._replace(
        wear=np.zeros(1), end_width=np.zeros((1, 0)), end_price=np.zeros((1, 0))
    )

    plan = solve(replace(programme, site=site, storages=idle))

    assert (plan.levels == storages.initial[0]).all()


@pytest.mark.parametrize("group", VALUE_FUNCTION_GROUPS, ids=lambda group: group.name)
def test_the_first_sites_of_the_sweep_pass(group):
    seeds = range(max(1, min(20, 480 // group.most_intervals)))

    found = [examine(group.name, seed, time_limit=60.0) for seed in seeds]

    assert failures(group, found) == []


def test_plain_python_makes_the_same_plan():
    count = 40
    plans = [solve(seeded_programme(seed, 1 + seed % 16)) for seed in range(count)]

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
