"""Costs of the same site without a plan: with its batteries idle, and by self-consumption."""

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, simulate
from optimiser.model.self_consumption import self_consumption
from optimiser.model.storages import leaves_after, mean_price, present_at_charger, target_energy
from optimiser.problem.grid import N_PHASES
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle
from optimiser.result.bill import Bill, Money, bill_of, wear_of


def money_of(site: Site, problem: ProblemArrays, dispatch: Dispatch, end_value: float) -> Money:
    """Return the bill of a dispatch and its terminal value [$] beside those of the baselines."""
    usual, _, usual_end_value = simulate(problem, self_consumption(problem))
    bill = bill_of(site, usual.grid_import, usual.grid_export)
    baseline, owed = baseline_of(site, dispatch)
    return Money(
        bill=bill_of(site, dispatch.grid_import, dispatch.grid_export),
        baseline_cost=baseline.total + owed,
        wear_cost=wear_of(site, dispatch),
        end_value=end_value,
        self_consumption_cost=bill.total + _unequal_service(site, problem, dispatch, usual),
        self_consumption_wear_cost=wear_of(site, usual),
        self_consumption_end_value=usual_end_value,
        baseline_carbon=baseline.carbon,
        self_consumption_carbon=bill.carbon,
    )


def _unequal_service(
    site: Site, problem: ProblemArrays, served: Dispatch, usual: Dispatch
) -> float:
    """Return the value of what vehicles get of their targets in one dispatch, not the other. [$]

    A kWh counts at the price of missing it, but at most at the mean price.
    """
    value = 0.0
    price = mean_price(site.tariff.import_price, site.horizon.hours) if site.vehicles else 0.0
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        wanted = float(problem.storages.limits[tables.SOFT_FLOOR, k].max())
        level_price = float(problem.storages.traits[tables.LEVEL_PRICE, k])
        if np.any(vehicle.wanted_charge):
            wanted, level_price = vehicle.most_soc * vehicle.capacity, np.inf
        t = leaves_after(vehicle, site.horizon)
        more = min(float(served.stored[k, t]), wanted) - min(float(usual.stored[k, t]), wanted)
        value += more * min(level_price, price / vehicle.charge_efficiency)
    return value


def baseline_of(site: Site, dispatch: Dispatch) -> tuple[Bill, float]:
    """Return the bill with nothing controlled, and what is owed for unequal service. [$]

    Batteries are idle, vehicles charged as they come.  What a limit of exports or the inverter cuts
    is lost; where solar may be curtailed, none is sold at a loss.  A vehicle gets what it has of
    its target in the dispatch; where it ends with less of it, or with more, the difference counts
    at the mean price.
    """
    drawn, owed = site.net_load + site.clipping, 0.0
    price = mean_price(site.tariff.import_price, site.horizon.hours) if site.vehicles else 0.0
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        wanted, initial = target_energy(vehicle), vehicle.initial_soc * vehicle.capacity
        wanted = max(wanted, min(vehicle.highest_soc, vehicle.most_soc) * vehicle.capacity)
        if vehicle.end_value is not None or np.any(vehicle.wanted_charge):  # all of it is of use
            wanted = max(vehicle.most_soc, vehicle.initial_soc) * vehicle.capacity
        given = float(dispatch.stored[k, leaves_after(vehicle, site.horizon)])
        needed = (min(given, wanted) - min(initial, wanted)) / vehicle.charge_efficiency
        charge = charge_at_once(vehicle, site, drawn, needed)
        drawn = drawn + charge
        owed += price * (needed - float(charge.sum()))
    sold = site.horizon.hours * site.grid.export_limit
    if site.grid.curtailment:
        sold = np.where(site.tariff.export_price < 0.0, 0.0, sold)
    surplus = np.minimum(np.maximum(-drawn, 0.0), sold)
    return bill_of(site, np.maximum(drawn, 0.0), surplus), owed


def charge_at_once(vehicle: Vehicle, site: Site, drawn: Vector, needed: float) -> Vector:
    """Return the charge of a vehicle as early as its charger can, until it has what it needs. [kWh]

    Beside what the site has drawn: off, or on at the least power for the shortest time at least,
    within the import limit or the surplus; the last charge may be shorter.
    """
    hours, here = site.horizon.hours, present_at_charger(vehicle, site.horizon)
    most = np.where(here, hours * np.asarray(vehicle.charge_limit), 0.0)
    spare = np.where(-drawn >= hours * vehicle.least_charge, -drawn, 0.0)
    room = len(vehicle.phases) * (hours * site.grid.phase_limit - drawn / N_PHASES)
    room = np.minimum(hours * site.grid.import_limit - drawn, room)
    free = np.where(vehicle.may_charge_from_grid, room, spare)
    most = np.clip(free, 0.0, most)
    most[most < vehicle.least_charge * np.minimum(hours, vehicle.least_time)] = 0.0
    before = np.cumsum(most) - most
    return np.clip(needed - before, 0.0, most)
