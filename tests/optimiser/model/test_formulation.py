"""Columns of a physical dispatch: a point of the programme, at its planning cost."""

import pytest
from hypothesis import given

from matrix_builders import tables
from optimiser.model.dispatch import Trajectory, planning_cost, simulate
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import objective, primal_residual
from optimiser.model.self_consumption import self_consumption
from tests.builders import a_problem
from tests.strategies import cost_functions, problems, sites
from tests.tolerances import FEASIBILITY, agreement


def idle_levels(problem):
    return problem.storages.traits[tables.INITIAL][:, None].repeat(problem.hours.size, axis=1)


def usual_levels(problem):
    return self_consumption(problem).levels


@pytest.mark.parametrize("levels_of", [idle_levels, usual_levels], ids=["idle", "rule"])
@given(problems() | sites().flatmap(lambda site: cost_functions.map(lambda c: a_problem(site, c))))
def test_a_dispatch_is_a_point_of_the_programme_at_its_planning_cost(levels_of, problem):
    formulation = formulate(problem)
    most_export = -problem.meter[tables.EXPORT_LIMIT]  # kept where intervals are coupled
    dispatch = simulate(problem, Trajectory(levels_of(problem), most_export)).dispatch

    x = formulation.point(dispatch)

    assert primal_residual(formulation.lp, x) <= FEASIBILITY
    cost = planning_cost(problem, dispatch)
    assert abs(objective(formulation.lp, x) - cost) <= agreement(cost)
