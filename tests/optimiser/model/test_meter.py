"""Solar that may be left unused: where that could pay, and nowhere else."""

import math
from dataclasses import replace

import pytest

from matrix_builders.layout import CURTAIL
from optimiser import CostFunction, Grid, Inverter, plan
from optimiser.model.formulation import formulate
from tests.builders import a_battery, a_problem, a_site
from tests.tables import meter_of

SUNNY = {"load": [1.0, 1.0], "solar": [0.0, 6.0], "import_price": [0.3, 0.3]}


def curtail_limit(*, export_price=(0.1, 0.1), **choices):
    site = a_site(a_battery(), **{**SUNNY, "export_price": list(export_price), **choices})
    problem = a_problem(site)
    limit = meter_of(problem).curtail_limit
    has_columns = formulate(problem).layout.column_lengths[CURTAIL] > 0
    assert has_columns == bool(limit.any())
    return limit.tolist()


def test_solar_that_can_be_sold_is_never_left_unused():
    assert curtail_limit() == [0.0, 0.0]


@pytest.mark.parametrize(
    "choices",
    [
        {"export_price": (0.1, -0.01)},
        {"import_price": [0.3, -0.01]},
        {"export_limit": 3.0},
    ],
    ids=["paid to export", "paid to import", "limited"],
)
def test_it_may_be_where_that_could_pay_if_asked_for(choices):
    choices = dict(choices)
    limit = choices.pop("export_limit", math.inf)
    may, may_not = (Grid(export_limit=limit, curtailment=may) for may in (True, False))

    assert curtail_limit(**choices, grid=may)[1] == 6.0
    assert curtail_limit(**choices, grid=may_not)[1] == max(0.0, 6.0 - 1.0 - limit)


def test_panels_behind_an_inverter_that_loses_nothing_have_no_columns():
    site = a_site(a_battery(), **SUNNY, export_price=[0.1, 0.1], grid=Grid(curtailment=False))
    site = replace(site, inverter=Inverter(ac_limit=9.0, dc_coupled_solar=True))

    best = plan(site, CostFunction.PROFIT)

    formulation = formulate(a_problem(site))
    assert formulation.layout.column_lengths[CURTAIL] == 0
    assert best.status == "optimal"
    assert best.dispatch.curtailed.tolist() == [0.0, 0.0]
