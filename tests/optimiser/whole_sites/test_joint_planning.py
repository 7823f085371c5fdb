"""Batteries and vehicles planned together cost no more than planned one after the other."""

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from optimiser import CostFunction, Priority, plan
from tests.account import account_of, misses, over_limits, violations
from tests.builders import a_programme
from tests.optimiser.whole_sites.joint import planned_in_turn
from tests.strategies import sites

TOLERANCE = 1e-6  # $

pytestmark = pytest.mark.usefixtures("without_dead_band")


def cost_of(site, cost_function, dispatch):
    """Bill, wear, and misses at the prices of the joint plan, less the worth of what is left."""
    known = a_programme(site, cost_function)
    left = 0.0
    if cost_function is CostFunction.COST:
        for k, battery in enumerate(site.batteries):
            left += battery.end_value * float(dispatch.stored[k, -1])
    return (
        account_of(site, dispatch).cost
        + float(known.storages.level_price @ misses(site, dispatch))
        + known.site.penalty * over_limits(site, dispatch)
        - left
    )


# What no vehicle keeps at the end is worth nothing: those that give leave for good, or the planner
# would give them a worth of its own.
homes_with_vehicles = st.sampled_from((0.0, 0.2)).flatmap(
    lambda worth: sites(
        n_batteries=(1, 2),
        n_vehicles=(1, 2),
        most_intervals=8,
        battery={"end_value": worth},
        vehicle={"must_reach_target": True, "priority": Priority.EV_FIRST},
    )
)


@given(homes_with_vehicles, st.sampled_from((CostFunction.PROFIT, CostFunction.COST)))
def test_planning_together_costs_no_more_than_in_turn(site, cost_function):
    if cost_function is CostFunction.COST:
        assume(not any(keeps_its_worth(site, v) for v in site.vehicles))
    # Where a storage may not charge from the grid, solar is not left unused to be paid for imports:
    # a bound of the meter that the turn of another storage does not know.
    is_barred = not all(storage.may_charge_from_grid for storage in site.storages)
    assume(not is_barred or bool((site.tariff.import_price >= 0).all()))
    in_turn = planned_in_turn(site, cost_function)
    assume(not violations(site, in_turn))

    together = plan(site, cost_function)

    ceiling = cost_of(site, cost_function, in_turn) + TOLERANCE
    cost = cost_of(site, cost_function, together.dispatch)
    event(f"strictly cheaper: {cost < ceiling - 1e-3}")
    assert cost <= ceiling


def keeps_its_worth(site, vehicle):
    """Whether what a vehicle holds at the end may still serve the house."""
    stays = vehicle.departure is None or vehicle.departure >= site.horizon.instants[-1]
    return stays and vehicle.discharge_limit > 0
