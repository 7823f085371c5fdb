"""Plans against the oracle and the account, which state everything a second time.

Whatever follows from optimality needs no test of its own: that more room, time or freedom never
costs more, nor planning everything at once, nor an interval in two halves.  Nor does what the
account looks at: no battery charges another, nothing moves while it is away.
"""

import pytest
from hypothesis import given, settings

from optimiser import plan
from tests.account import account_of, violations
from tests.builders import in_pieces
from tests.oracle import least_cost
from tests.strategies import cost_functions, homes, sites

MANY = settings(max_examples=5 * settings().max_examples)
SAME = 1e-8  # $


def tolerance(cost):
    """What a solver makes of penalties at 1e-6 kWh each. [$]"""
    return 1e-4 + 1e-5 * abs(cost)


@MANY
@given(sites() | homes(most_intervals=6), cost_functions)
def test_a_plan_is_the_optimum_can_be_carried_out_and_costs_its_bill(site, cost_function):
    pieces = in_pieces(site)
    known = least_cost(pieces, cost_function)

    found = plan(site, cost_function)

    proof = found.certificate
    assert known.is_proved
    assert found.status == "optimal"
    assert abs(proof.optimum - known.cost) <= tolerance(known.cost)
    assert proof.lower_bound <= known.cost + tolerance(known.cost)
    known = account_of(pieces, found.dispatch_in_pieces)
    assert found.money.total_cost == pytest.approx(known.bill, abs=SAME)
    assert found.money.bill.demand_cost == pytest.approx(known.demand, abs=SAME)
    assert found.money.bill.allowance_credit == pytest.approx(known.credit, abs=SAME)
    assert found.money.wear_cost == pytest.approx(known.wear, abs=SAME)
    consumes_itself = cost_function == "self_consumption"
    assert violations(pieces, found.dispatch_in_pieces, consumes_itself=consumes_itself) == []
