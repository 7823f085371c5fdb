"""An independent look at a plan: it trusts no solver and shares no code with one.

The batteries are simulated again from their power alone, the balances are added up from the
fourteen flows, and the bill, demand charges and allowances included, is made from the flows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from matrix_builders import Vector
from optimiser.model.dispatch import DEAD_BAND, Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.site import Site
from optimiser.problem.tariff import Allowance, DemandCharge, Direction
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.result.bill import Money
from optimiser.result.flows import EnergyFlows

ENERGY_TOLERANCE = 1e-6
"""Error of a plan that is served at most. [kWh]"""

BILL_TOLERANCE = 1e-6
"""Error of a bill that is served at most, per dollar that changes hands. [$]"""


@dataclass(frozen=True, slots=True)
class Audit:
    """The errors of a plan.

    Attributes
    ----------
    energy_error : float
        Largest violation of a balance, a limit, the dynamics or exclusivity. [kWh]
    bill_error : float
        Difference between the bill stated and the bill of the flows. [$]
    """

    energy_error: float
    bill_error: float

    @property
    def passed(self) -> bool:
        """Return whether both errors are rounding; NaN never passes."""
        return self.energy_error <= ENERGY_TOLERANCE and self.bill_error <= BILL_TOLERANCE


def audit(site: Site, dispatch: Dispatch, flows: EnergyFlows, money: Money) -> Audit:
    """Check a plan by physics and arithmetic.

    Parameters
    ----------
    site : Site
        Limits, forecasts and true prices.
    dispatch : Dispatch
        Energy of every interval.
    flows : EnergyFlows
        Its accounting.
    money : Money
        Its bill.

    Returns
    -------
    Audit
        Errors found.
    """
    hours, n = site.horizon.hours, len(site.batteries)
    imported = flows.grid_to_load + flows.grid_to_battery + flows.grid_to_vehicle.sum(axis=0)
    errors = [
        np.abs(imported - dispatch.grid_import),  # the meter may differ by its noise
        *_flow_errors(site, dispatch, flows),
        *_meter_errors(site, dispatch),
        *(
            _storage_error(b, b.reserve, b.max_soc, hours, dispatch, k)
            for k, b in enumerate(site.batteries)
        ),
        *(_vehicle_error(v, site, dispatch, k) for k, v in enumerate(site.vehicles, n)),
    ]
    largest = float(np.concatenate([np.ravel(error) for error in errors]).max(initial=0.0))
    return Audit(
        energy_error=largest if largest >= 0.0 else np.inf,  # where one is NaN
        bill_error=_bill_error(site, imported, flows, money),
    )


def _flow_errors(site: Site, dispatch: Dispatch, flows: EnergyFlows) -> Iterator[Vector]:
    """Yield the errors of every balance, flows backwards, and energy from battery to battery."""
    n = len(site.batteries)
    for name in flows.__slots__:
        yield -getattr(flows, name)
    charge, discharge = dispatch.charge[:n].sum(axis=0), dispatch.discharge[:n].sum(axis=0)
    yield np.minimum(charge, discharge)
    taken = flows.solar_to_vehicle + flows.battery_to_vehicle
    taken = taken + flows.vehicle_to_vehicle + flows.grid_to_vehicle
    yield np.abs(taken - dispatch.charge[n:])

    to_load = flows.solar_to_load + flows.battery_to_load
    yield np.abs(to_load + flows.vehicle_to_load + flows.grid_to_load - site.forecast.load)
    to_battery = flows.solar_to_battery + flows.vehicle_to_battery + flows.grid_to_battery
    yield np.abs(to_battery - charge)
    to_grid = flows.solar_to_grid + flows.battery_to_grid + flows.vehicle_to_grid
    yield np.abs(to_grid - dispatch.grid_export)

    from_solar = flows.solar_to_load + flows.solar_to_battery + flows.solar_to_grid
    from_solar = from_solar + flows.solar_to_vehicle.sum(axis=0)
    yield np.abs(from_solar + dispatch.curtailed - site.forecast.solar)
    from_battery = flows.battery_to_load + flows.battery_to_grid
    yield np.abs(from_battery + flows.battery_to_vehicle.sum(axis=0) - discharge)
    from_vehicle = flows.vehicle_to_load + flows.vehicle_to_battery + flows.vehicle_to_grid
    from_vehicle = from_vehicle + flows.vehicle_to_vehicle.sum(axis=0)
    yield np.abs(from_vehicle - dispatch.discharge[n:].sum(axis=0))


def _meter_errors(site: Site, dispatch: Dispatch) -> Iterator[Vector]:
    """Yield energy beyond a limit that the house did not force, both ways at once, or lost.

    A watt of the dead band is no error.
    """
    hours, solar = site.horizon.hours, np.array(site.forecast.solar)
    net_load, slack = site.forecast.load - solar, hours * DEAD_BAND
    clipped = np.zeros(hours.size)
    if site.inverter is not None:
        own = slice(len(site.batteries))
        through = (dispatch.discharge - dispatch.charge)[own].sum(axis=0)
        if site.inverter.dc_coupled_solar:
            through = through + solar - dispatch.curtailed
            clipped = np.maximum(solar - hours * site.inverter.ac_limit, 0.0)
        yield np.abs(through) - hours * site.inverter.ac_limit - slack
    lost = solar if site.grid.curtailment else clipped
    most_import = np.maximum(hours * site.grid.import_limit, net_load + clipped)
    most_export = np.maximum(hours * site.grid.export_limit, -net_load - lost)
    yield dispatch.grid_import - most_import - slack
    yield dispatch.grid_export - most_export - slack
    yield np.minimum(dispatch.grid_import, dispatch.grid_export)
    yield dispatch.curtailed - lost


def _vehicle_error(vehicle: Vehicle, site: Site, dispatch: Dispatch, k: int) -> Vector:
    hours = np.where(_is_here(vehicle, site), site.horizon.hours, 0.0)
    errors = _storage_error(vehicle, vehicle.least_soc, vehicle.most_soc, hours, dispatch, k)
    charge = dispatch.charge[k]
    below = np.where(charge > 0.0, hours * vehicle.least_charge - charge, 0.0)
    return np.concatenate([errors, below])


def _storage_error(
    storage: Battery | Vehicle,
    lowest: float,
    highest: float,
    hours: Vector,
    dispatch: Dispatch,
    k: int,
) -> Vector:
    """Simulate one storage from its power alone, and list what it violates. [kWh]"""
    charge, discharge, stored = dispatch.charge[k], dispatch.discharge[k], dispatch.stored[k]
    gained = charge * storage.charge_efficiency - discharge / storage.discharge_efficiency
    level = storage.initial_soc * storage.capacity + np.cumsum(gained)
    lowest, highest = min(lowest, storage.initial_soc), max(highest, storage.initial_soc)
    return np.concatenate(
        [
            np.abs(level - stored),
            lowest * storage.capacity - stored,
            stored - highest * storage.capacity,
            charge - hours * storage.charge_limit,
            discharge - hours * storage.discharge_limit,
            np.minimum(charge, discharge),
        ]
    )


def _is_here(vehicle: Vehicle, site: Site) -> Mask:
    """Return the intervals between arrival and departure, instant by instant."""
    slack = timedelta(milliseconds=1)
    return np.array(
        [
            (vehicle.arrival is None or vehicle.arrival <= start + slack)
            and (vehicle.departure is None or end <= vehicle.departure + slack)
            for start, end in pairwise(site.horizon.instants)
        ]
    )


def _bill_error(site: Site, drawn: Vector, flows: EnergyFlows, money: Money) -> float:
    """Return how far the bill stated is from that of the flows, per dollar that changes hands."""
    sold = flows.solar_to_grid + flows.battery_to_grid + flows.vehicle_to_grid
    bought = drawn * site.tariff.import_price
    earned = sold * site.tariff.export_price
    due = float((bought - earned).sum())
    due += sum(_demand_cost(site, charge, drawn) for charge in site.tariff.demand_charges)
    if site.tariff.allowances:
        due -= _credit(site, Direction.IMPORT, drawn) + _credit(site, Direction.EXPORT, sold)
    traded = float((np.abs(bought) + np.abs(earned)).sum())
    return abs(due - money.total_cost) / max(1.0, traded)


def _demand_cost(site: Site, charge: DemandCharge, drawn: Vector) -> float:
    """Return the cost of a demand charge, added up interval by interval. [$]"""
    blocks: dict[tuple[date, int], tuple[float, float]] = {}
    metered = charge.window.covers(site.horizon).tolist()
    for t, start in enumerate(site.horizon.starts):
        if metered[t]:
            into_day = start.hour + start.minute / 60 + start.second / 3600
            key = start.date(), int(into_day / charge.average_hours + 1e-9)
            energy, hours = blocks.get(key, (0.0, 0.0))
            blocks[key] = energy + float(drawn[t]), hours + float(site.horizon.hours[t])
    peak = max([energy / hours for energy, hours in blocks.values()], default=0.0)
    return charge.price * max(peak - charge.peak_so_far, 0.0)


def _credit(site: Site, direction: Direction, energy: Vector) -> float:
    """Return the gain of the allowances of one direction, each kWh where it gains most. [$]

    Offers of (gain, allowance, interval) are taken in descending order of gain, as the tariff
    says; days are those of the local calendar.
    """
    starts, left, offers = site.horizon.starts, dict[tuple[int, date], float](), []
    for a, allowance in enumerate(site.tariff.allowances):
        covers = allowance.window.covers(site.horizon).tolist()
        for t, start in enumerate(starts):
            used = allowance.used_today if start.date() == starts[0].date() else 0.0
            left[a, start.date()] = max(allowance.daily_energy - used, 0.0)
            gain = _gain(site, allowance, t)
            if allowance.direction is direction and covers[t] and gain > 0.0:
                offers.append((-gain, a, t))
    open_energy, credit = energy.tolist(), 0.0
    for negative, a, t in sorted(offers):
        day = starts[t].date()
        taken = min(open_energy[t], left[a, day])
        open_energy[t] -= taken
        left[a, day] -= taken
        credit -= negative * taken
    return credit


def _gain(site: Site, allowance: Allowance, t: int) -> float:
    """Return the gain of a kWh within an allowance over the tariff. [$/kWh]"""
    if allowance.direction is Direction.IMPORT:
        return float(site.tariff.import_price[t]) - allowance.price
    return allowance.price - float(site.tariff.export_price[t])
