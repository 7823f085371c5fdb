"""Bills against an accountant of our own."""

import pytest
from hypothesis import given

from optimiser import plan
from tests.account import account_of
from tests.strategies import cost_functions, sites

SAME = 1e-8  # $


@given(sites(), cost_functions)
def test_bill_and_wear_are_those_of_the_dispatch(site, cost_function):
    found = plan(site, cost_function)

    known = account_of(site, found.dispatch)
    money = found.money
    assert money.total_cost == pytest.approx(known.bill, abs=SAME)
    assert money.bill.demand_cost == pytest.approx(known.demand, abs=SAME)
    assert money.bill.allowance_credit == pytest.approx(known.credit, abs=SAME)
    assert money.wear_cost == pytest.approx(known.wear, abs=SAME)
