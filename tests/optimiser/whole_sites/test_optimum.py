"""Whole sites against a mixed-integer programme that states everything a second time."""

from hypothesis import given

from optimiser import plan
from tests.account import violations
from tests.oracle import least_cost
from tests.strategies import cost_functions, sites


def tolerance(cost):
    """What two solvers make of penalties at 1e-6 kWh each. [$]"""
    return 1e-4 + 1e-5 * abs(cost)


@given(sites(), cost_functions)
def test_an_optimal_plan_costs_what_the_full_programme_says(site, cost_function):
    known = least_cost(site, cost_function)

    found = plan(site, cost_function)

    cost = found.certificate.optimum
    assert known.is_proved
    assert found.status == "optimal"
    assert abs(cost - known.cost) <= tolerance(known.cost)


@given(sites(), cost_functions)
def test_no_plan_undercuts_the_lower_bound(site, cost_function):
    known = least_cost(site, cost_function)

    found = plan(site, cost_function)

    bound = found.certificate.lower_bound
    assert bound <= known.cost + tolerance(known.cost)


@given(sites(), cost_functions)
def test_a_plan_can_be_carried_out(site, cost_function):
    found = plan(site, cost_function)

    consumes_itself = cost_function == "self_consumption"
    assert violations(site, found.dispatch, consumes_itself=consumes_itself) == []
