"""The audit passes sound plans, and catches every way of spoiling one."""

from dataclasses import replace

import numpy as np
import pytest

from optimiser import Vehicle, plan
from optimiser.result.audit import audit
from tests.builders import a_house

CAR = Vehicle(capacity=60.0, charge_limit=7.4, initial_soc=0.5, target_soc=0.7, discharge_limit=5.0)
SITE = replace(a_house(), vehicles=(CAR,))
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


@pytest.mark.parametrize("change", [0.01, np.nan])
def test_a_wrong_bill_fails(change):
    bill = FOUND.money.bill
    wrong = replace(FOUND.money, bill=replace(bill, import_cost=bill.import_cost + change))

    assert not look(money=wrong).passed
