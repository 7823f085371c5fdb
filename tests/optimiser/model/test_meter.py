"""The meter: limits that say no more than the site can do, and what may be left unused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from matrix_builders import SiteArrays
from matrix_builders.layout import CURTAIL
from optimiser import CostFunction, Grid, Inverter, plan
from optimiser.model.formulation import formulate
from optimiser.model.meter import (
    clipped,
    dearest_prices,
    import_price_with_surcharge,
    most_curtailed,
    site_arrays,
)
from optimiser.model.storages import feed_in_limit, storage_arrays
from optimiser.problem.objective import terms
from optimiser.problem.provider import apply
from tests.builders import a_battery, a_problem, a_site
from tests.strategies import cost_functions, homes, rules, sites
from tests.tolerances import KERNEL

SUNNY = {"load": [1.0, 1.0], "solar": [0.0, 6.0], "import_price": [0.3, 0.3]}


def curtail_limit(*, export_price=(0.1, 0.1), **choices):
    site = a_site(a_battery(), **{**SUNNY, "export_price": list(export_price), **choices})
    programme = a_problem(site)
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


@given(homes() | sites(), cost_functions, rules)
def test_the_meter_is_the_plain_one(site, cost_function, provider):
    statement = terms(site, apply(provider, site.tariff, site.horizon), cost_function)
    storages = storage_arrays(site, statement, 7.0)
    hours, net_load, lost = site.horizon.hours, site.net_load, clipped(site)
    curtailed = most_curtailed(site)
    can_charge = storages.charge_limit > 0
    served_only = can_charge & ~statement.may_charge_from_grid
    solar_only = can_charge.any(axis=0) & (can_charge == served_only).all(axis=0)
    reach = np.maximum(net_load + curtailed + storages.charge_limit.sum(axis=0), 0.0)
    import_limit = np.minimum(hours * site.grid.import_limit, reach)
    alone = np.minimum(import_limit, np.maximum(net_load + lost, 0.0))
    import_limit = np.where(solar_only, alone, import_limit)
    reach = np.maximum(storages.discharge_limit.sum(axis=0) - net_load, 0.0)
    fed_in = np.minimum(feed_in_limit(site, statement), storages.discharge_limit).sum(axis=0)
    export_limit = np.minimum(hours * site.grid.export_limit, reach)
    export_limit = np.minimum(export_limit, np.maximum(-net_load, 0.0) + fed_in)
    export_limit = np.where(statement.may_export, export_limit, 0.0)
    import_price = import_price_with_surcharge(statement) + statement.price_margin
    export_price = statement.export_price - statement.price_margin
    if site.inverter is None and not site.tariff.allowances:
        pays = (export_limit < reach - 1e-9) | (import_price < 0) | (export_price < 0)
        curtailed = np.where(pays, curtailed, 0.0)

    got = site_arrays(site, statement, storages, 7.0)

    expected = SiteArrays(
        net_load=net_load,
        import_price=import_price,
        export_price=export_price,
        import_limit=import_limit,
        export_limit=export_limit,
        import_excess=np.maximum(net_load + lost - import_limit, 0.0),
        export_excess=np.maximum(-net_load - curtailed - export_limit, 0.0),
        curtail_limit=curtailed,
        penalty=7.0,
    )
    for name, values in expected._asdict().items():
        np.testing.assert_allclose(getattr(got, name), values, KERNEL, KERNEL, err_msg=name)
    dearest = abs(import_price_with_surcharge(statement)).max() + abs(statement.export_price).max()
    prices = np.array(statement.import_price), np.array(statement.export_price)
    assert dearest_prices(*prices, statement.import_surcharge) == dearest


def test_panels_behind_an_inverter_that_loses_nothing_have_no_columns():
    site = a_site(a_battery(), **SUNNY, export_price=[0.1, 0.1], grid=Grid(curtailment=False))
    site = replace(site, inverter=Inverter(ac_limit=9.0, dc_coupled_solar=True))

    best = plan(site, CostFunction.PROFIT)

    formulation = formulate(a_problem(site))
    assert formulation.layout.column_lengths[CURTAIL] == 0
    assert best.status == "optimal"
    assert best.dispatch.curtailed.tolist() == [0.0, 0.0]
