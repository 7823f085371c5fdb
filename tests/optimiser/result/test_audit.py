"""The audit passes sound plans, and catches every way of spoiling one."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import Allowance, DemandCharge, Direction, Vehicle, plan
from optimiser.result.audit import audit
from tests.builders import a_house

CAR = Vehicle(capacity=60.0, charge_limit=7.4, initial_soc=0.5, target_soc=0.7, discharge_limit=5.0)
TARIFF = replace(
    a_house().tariff,
    demand_charges=(DemandCharge(price=0.5),),
    allowances=(Allowance(direction=Direction.IMPORT, price=0.05, daily_energy=10.0),),
)
SITE = replace(a_house(), vehicles=(CAR,), tariff=TARIFF)
FOUND = plan(SITE)


def look(dispatch=FOUND.dispatch, flows=FOUND.flows, money=FOUND.money):
    return audit(SITE, dispatch, flows, money)


def test_a_sound_plan_passes():
    assert look().passed


@pytest.mark.parametrize(
    "name", ["charge", "discharge", "stored", "grid_import", "grid_export", "curtailed"]
)
@pytest.mark.parametrize("change", [0.01, np.nan])
def test_a_spoilt_dispatch_fails(name, change):
    spoilt = getattr(FOUND.dispatch, name).copy()
    spoilt[..., 40] += change

    assert not look(dispatch=replace(FOUND.dispatch, **{name: spoilt})).passed


@pytest.mark.parametrize("name", FOUND.flows.__dataclass_fields__)
@pytest.mark.parametrize("change", [0.01, -0.01, np.nan])
def test_spoilt_flows_fail(name, change):
    spoilt = getattr(FOUND.flows, name).copy()
    spoilt[..., 40] += change

    assert not look(flows=replace(FOUND.flows, **{name: spoilt})).passed


@pytest.mark.parametrize("line", ["import_cost", "export_revenue", "allowance_credit"])
@pytest.mark.parametrize("change", [0.01, 100.0, np.nan])
def test_a_wrong_line_of_the_bill_fails(line, change):
    bill = FOUND.money.bill
    wrong = replace(bill, **{line: getattr(bill, line) + change})

    assert not look(money=replace(FOUND.money, bill=wrong)).passed


@pytest.mark.parametrize("change", [0.01, np.nan])
def test_a_wrong_demand_charge_fails(change):
    (peak,) = FOUND.money.bill.peaks
    wrong = replace(FOUND.money.bill, peaks=(replace(peak, cost=peak.cost + change),))

    assert not look(money=replace(FOUND.money, bill=wrong)).passed
