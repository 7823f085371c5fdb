"""The meter: limits that say no more than the site can do, and what may be left unused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from matrix_builders.layout import CURTAIL
from optimiser import CostFunction, Grid, Inverter, ProviderRules, plan
from optimiser.formulation import formulate
from optimiser.linear_program import objective
from optimiser.meter import most_curtailed
from optimiser.planner import state
from optimiser.solvers import highs
from tests.optimiser import battery_of, site_of
from tests.strategies import cost_functions, rules, sites
from tests.tolerances import agreement

SUNNY = {"load": [1.0, 1.0], "solar": [0.0, 6.0], "import_price": [0.3, 0.3]}


def curtail_limit(*, export_price=(0.1, 0.1), **choices):
    site = site_of(battery_of(), **{**SUNNY, "export_price": list(export_price), **choices})
    programme = state(site, CostFunction.PROFIT, ProviderRules())
    has_columns = formulate(programme).layout.column_lengths[CURTAIL] > 0
    assert has_columns == bool(programme.site.curtail_limit.any())
    return programme.site.curtail_limit.tolist()


def test_solar_that_can_be_sold_is_never_left_unused():
    assert curtail_limit() == [0.0, 0.0]


@pytest.mark.parametrize(
    "choices",
    [
        {"export_price": (0.1, -0.01)},
        {"import_price": [0.3, -0.01]},
        {"grid": Grid(export_limit=3.0)},
    ],
    ids=["paid to export", "paid to import", "limited"],
)
def test_it_may_be_where_that_could_pay(choices):
    assert curtail_limit(**choices)[1] == 6.0


@given(sites(), cost_functions, rules)
def test_leaving_out_what_never_pays_changes_no_optimum(site, cost_function, provider):
    tight = state(site, cost_function, provider)
    all_solar = np.maximum(tight.site.curtail_limit, most_curtailed(site))
    loose = replace(tight, site=tight.site._replace(curtail_limit=all_solar))

    least, also_least = (optimum_of(programme) for programme in (tight, loose))

    assert least == pytest.approx(also_least, abs=agreement(least))


def optimum_of(programme):
    lp = formulate(programme).lp
    return objective(lp, highs.solve(lp, time_limit=10.0).x)


def test_panels_behind_an_inverter_that_loses_nothing_have_no_columns():
    site = site_of(battery_of(), **SUNNY, export_price=[0.1, 0.1], grid=Grid(curtailment=False))
    site = replace(site, inverter=Inverter(ac_limit=9.0, dc_coupled_solar=True))

    best = plan(site, CostFunction.PROFIT)

    formulation = formulate(state(site, CostFunction.PROFIT, ProviderRules()))
    assert formulation.layout.column_lengths[CURTAIL] == 0
    assert best.status == "optimal"
    assert best.dispatch.curtailed.tolist() == [0.0, 0.0]
