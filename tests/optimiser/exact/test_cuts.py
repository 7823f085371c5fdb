"""Rows that every plan keeps, and a relaxation that charges below the minimum may break."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from optimiser import CostFunction, plan
from optimiser.exact.cuts import add_cuts
from optimiser.model.dispatch import DEAD_BAND
from optimiser.model.formulation import formulate
from optimiser.model.linear_program import lower_bound, multiply, primal_residual
from optimiser.solvers import FEASIBILITY_TOLERANCE, highs
from tests.builders import a_problem, a_site_with_chargers
from tests.oracle import least_cost
from tests.strategies import cost_functions, sites

LOOSE = {"least_charge": 0.4}
"""Every charger of the strategy can do more: 0.5 kW at least."""


def formulation_of(site, cost_function=CostFunction.PROFIT):
    return formulate(a_problem(site, cost_function))


def bound_of(formulation):
    solution = highs.solve(formulation.lp, time_limit=60.0)
    return lower_bound(formulation.lp, solution.row_dual)


@given(sites(n_vehicles=(1, 3), vehicle=LOOSE), cost_functions)
def test_a_plan_keeps_every_row(site, cost_function):
    formulation = formulation_of(site, cost_function)

    found = plan(site, cost_function)

    tight = add_cuts(formulation)
    slack = np.max(site.horizon.hours) * DEAD_BAND + FEASIBILITY_TOLERANCE
    assert primal_residual(tight.lp, formulation.point(found.dispatch)) <= 10 * slack


@given(sites(n_vehicles=(1, 3), vehicle=LOOSE), cost_functions)
def test_the_tightened_bound_never_exceeds_the_optimum(site, cost_function):
    known = least_cost(site, cost_function)

    bound = bound_of(add_cuts(formulation_of(site, cost_function)))

    assert bound <= known.cost + 1e-4 + 1e-5 * abs(known.cost)


@pytest.mark.parametrize("seed", [3, 5, 13, 15, 26])
def test_most_of_the_gap_closes(seed):
    site = a_site_with_chargers(seed)
    formulation = formulation_of(site)
    known = least_cost(site, gap=1e-6)

    loose, tight = bound_of(formulation), bound_of(add_cuts(formulation))

    assert loose <= tight
    assert known.cost - tight <= 0.2 * (known.cost - loose)


def test_rows_come_after_those_of_the_layout():
    formulation = formulation_of(a_site_with_chargers(3))
    lp = formulation.lp
    x = np.random.default_rng(0).uniform(size=lp.cost.size)

    tight = add_cuts(formulation).lp

    n_rows = lp.row_lower.size
    assert tight.row_lower.size > n_rows
    rows = multiply(tight.matrix, x, tight.row_lower.size)[:n_rows]
    np.testing.assert_array_equal(rows, multiply(lp.matrix, x, n_rows))


def test_without_a_least_charge_there_is_nothing_to_say():
    site = a_site_with_chargers(3)
    free = replace(site, vehicles=tuple(replace(v, least_charge=0.0) for v in site.vehicles))
    formulation = formulation_of(free)

    tight = add_cuts(formulation)

    assert tight.lp.row_lower.size == formulation.lp.row_lower.size
