"""The audit passes sound plans, and catches every way of spoiling one."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimiser import Allowance, DemandCharge, Direction, Grid, Inverter, Vehicle, plan
from optimiser.result.audit import audit
from tests.builders import a_house, a_site

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


(HOME,) = SITE.batteries
NEXT_DAY = SITE.horizon.start + timedelta(days=1)
STRICTER = {
    "import limit": {"grid": Grid(import_limit=0.5)},
    "export limit": {"grid": Grid(export_limit=0.1)},
    "inverter": {"inverter": Inverter(ac_limit=0.3)},
    "into the inverter": {"inverter": Inverter(ac_limit=50.0, ac_charge_limit=0.1)},
    "charge curve": {"batteries": (replace(HOME, charge_curve=[(0.6, 5.0), (1.0, 0.1)]),)},
    "charge limit": {"batteries": (replace(HOME, charge_limit=0.5),)},
    "discharge limit": {"batteries": (replace(HOME, discharge_limit=0.2),)},
    "reserve": {"batteries": (replace(HOME, reserve=0.3),)},
    "grid charging": {"batteries": (replace(HOME, may_charge_from_grid=False),)},
    "battery exports": {"batteries": (replace(HOME, may_export=False),)},
    "battery export limit": {"batteries": (replace(HOME, export_limit=0.1),)},
    "solar only": {"vehicles": (replace(CAR, may_charge_from_grid=False),)},
    "vehicle exports": {"vehicles": (replace(CAR, may_export=False),)},
    "highest level": {"batteries": (replace(HOME, max_soc=0.5),)},
    "efficiency": {"batteries": (replace(HOME, charge_efficiency=0.9),)},
    "charger": {"vehicles": (replace(CAR, charge_limit=3.0),)},
    "least charge": {"vehicles": (replace(CAR, least_charge=7.4),)},
    "arrival": {"vehicles": (replace(CAR, arrival=NEXT_DAY),)},
    "departure": {"vehicles": (replace(CAR, departure=SITE.horizon.start),)},
}


@pytest.mark.parametrize("changes", STRICTER.values(), ids=STRICTER)
def test_a_plan_fails_at_a_site_that_allows_less(changes):
    stricter = replace(SITE, **changes)

    assert not audit(stricter, FOUND.dispatch, FOUND.flows, FOUND.money).passed


def test_curtailment_fails_where_nothing_may_be_left_unused():
    prices = {"import_price": [0.3], "export_price": [-0.1]}
    found = plan(a_site(**prices, load=[1.0], solar=[3.0], grid=Grid(curtailment=True)))
    strict = replace(found.site, grid=Grid(curtailment=False))

    assert found.dispatch.curtailed.sum() == 2.0
    assert audit(found.site, found.dispatch, found.flows, found.money).passed
    assert not audit(strict, found.dispatch, found.flows, found.money).passed


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
