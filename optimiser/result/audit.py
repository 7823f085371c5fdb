"""An independent look at a plan: it trusts no solver and shares no code with one.

The batteries are simulated again from their power alone, the balances are added up from the
fourteen flows, and the bill, demand charges and allowances included, is made from the flows.
"""

import math
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from operator import attrgetter

import numpy as np

from matrix_builders import Vector
from optimiser.model.dispatch import DEAD_BAND, Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.grid import N_PHASES
from optimiser.problem.site import Site
from optimiser.problem.tariff import Allowance, DemandCharge, Direction
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.result.bill import Money
from optimiser.result.flows import EnergyFlows

_SLACK = 1e-3  # s; rounding of instants
_REACHED = 1e-3  # kWh; a target that is missed by less is reached

ENERGY_TOLERANCE = 1e-6
"""Error of a plan that is served at most. [kWh]"""

BILL_TOLERANCE = 1e-6
"""Error of a bill that is served at most, as a share of the money traded. [-]"""


@dataclass(frozen=True, slots=True)
class Audit:
    """The errors of a plan.

    Attributes
    ----------
    energy_error : float
        Largest violation of a balance, a limit, the dynamics or exclusivity. [kWh]
    bill_error : float
        Difference between the bill stated and the bill of the flows, over the money traded, at
        least 1 $. [-]
    """

    energy_error: float
    bill_error: float

    @property
    def passed(self) -> bool:
        """Return whether both errors are rounding; NaN never passes."""
        return self.energy_error <= ENERGY_TOLERANCE and self.bill_error <= BILL_TOLERANCE


def audit(site: Site, dispatch: Dispatch, flows: EnergyFlows, money: Money) -> Audit:
    """Check a plan by physics and arithmetic; see the head of this module."""
    imported = flows.grid_to_load + flows.grid_to_battery + flows.grid_to_vehicle.sum(axis=0)
    errors = [
        np.abs(imported - dispatch.grid_import),  # the meter may differ by its noise
        *_flow_errors(site, dispatch, flows),
        *_meter_errors(site, dispatch),
        *_permission_errors(site, dispatch, flows),
    ]
    for k, battery in enumerate(site.batteries):
        band = float(np.min(battery.reserve)), float(np.max(battery.max_soc))
        errors.append(_storage_error(battery, band, site.horizon.hours, dispatch, k))
        if battery.charge_curve and battery.capacity > 0.0:
            soc, power = np.array(battery.charge_curve).T
            most = np.interp(dispatch.stored[k] / battery.capacity, soc, power)
            errors.append(dispatch.charge[k] - site.horizon.hours * most)
        least = site.horizon.hours * (battery.least_charge - DEAD_BAND) - dispatch.charge[k]
        errors.append(np.where(dispatch.charge[k] > 0.0, least, 0.0))
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        errors.append(_vehicle_error(vehicle, site, dispatch, k))
    largest = float(np.concatenate([*map(np.ravel, errors)]).max(initial=0.0))
    return Audit(
        energy_error=largest if largest >= 0.0 else np.inf,  # where one is NaN
        bill_error=_bill_error(site, imported, flows, money),
    )


def _flow_errors(site: Site, dispatch: Dispatch, flows: EnergyFlows) -> list[Vector]:
    """Return the errors of every balance, flows backwards, and energy from battery to battery."""
    n = len(site.batteries)
    charge, discharge = dispatch.charge[:n].sum(axis=0), dispatch.discharge[:n].sum(axis=0)
    to_vehicle = flows.solar_to_vehicle + flows.battery_to_vehicle
    to_vehicle = to_vehicle + flows.vehicle_to_vehicle + flows.grid_to_vehicle
    to_load = flows.solar_to_load + flows.battery_to_load
    to_load = to_load + flows.vehicle_to_load + flows.grid_to_load
    to_battery = flows.solar_to_battery + flows.vehicle_to_battery + flows.grid_to_battery
    to_grid = flows.solar_to_grid + flows.battery_to_grid + flows.vehicle_to_grid
    from_solar = flows.solar_to_load + flows.solar_to_battery + flows.solar_to_grid
    from_solar = from_solar + flows.solar_to_vehicle.sum(axis=0)
    from_battery = flows.battery_to_load + flows.battery_to_grid
    from_battery = from_battery + flows.battery_to_vehicle.sum(axis=0)
    from_vehicle = flows.vehicle_to_load + flows.vehicle_to_battery + flows.vehicle_to_grid
    from_vehicle = from_vehicle + flows.vehicle_to_vehicle.sum(axis=0)
    return [
        *map(np.negative, attrgetter(*EnergyFlows.__slots__)(flows)),
        np.minimum(charge, discharge),
        np.abs(to_vehicle - dispatch.charge[n:]),
        np.abs(to_load - site.forecast.load),
        np.abs(to_battery - charge),
        np.abs(to_grid - dispatch.grid_export),
        np.abs(from_solar + dispatch.curtailed - site.forecast.solar),
        np.abs(from_battery - discharge),
        np.abs(from_vehicle - dispatch.discharge[n:].sum(axis=0)),
    ]


def _meter_errors(site: Site, dispatch: Dispatch) -> list[Vector]:
    """Return energy beyond a limit that the house did not force, both ways at once, or lost.

    A watt of the dead band is no error.
    """
    hours, solar = site.horizon.hours, np.array(site.forecast.solar)
    net_load, slack = site.forecast.load - solar, hours * DEAD_BAND
    clipped, through = np.zeros(hours.size), np.zeros(hours.size)
    passed = taken = np.full(hours.size, np.inf)
    if site.inverter is not None:
        own, passed = slice(len(site.batteries)), hours * site.inverter.ac_limit
        taken = np.minimum(passed, hours * site.inverter.ac_charge_limit)
        through = (dispatch.discharge - dispatch.charge)[own].sum(axis=0)
        if site.inverter.dc_coupled_solar:
            through = through + solar - dispatch.curtailed
            clipped = np.maximum(solar - passed, 0.0)
    to_grid = hours * site.grid.export_limit
    beyond = solar - site.forecast.load + (dispatch.discharge - dispatch.charge).sum(axis=0)
    lost = solar if site.grid.curtailment else np.maximum(clipped, beyond - to_grid)
    most_import = np.maximum(hours * site.grid.most_import, net_load + clipped)
    of_phase = np.maximum(hours * site.grid.phase_limit, (net_load + clipped) / N_PHASES)
    return [
        *(_imports_of_phases(site, dispatch) - of_phase - slack),
        through - passed - slack,
        -through - taken - slack,
        dispatch.grid_import - most_import - slack,
        dispatch.grid_export - to_grid - slack,
        np.minimum(dispatch.grid_import, dispatch.grid_export),
        dispatch.curtailed - lost,
    ]


def _imports_of_phases(site: Site, dispatch: Dispatch) -> Vector:
    """Return what each phase imports, less what it exports; shape (3, T). [kWh per interval]"""
    own = (dispatch.charge - dispatch.discharge)[len(site.batteries) :]
    evenly = dispatch.grid_import - dispatch.grid_export - own.sum(axis=0)
    phases = np.repeat(evenly[None, :] / N_PHASES, N_PHASES, axis=0)
    for vehicle, taken in zip(site.vehicles, own, strict=True):
        for phase in vehicle.phases:
            phases[phase - 1] += taken / len(vehicle.phases)
    return phases


def _permission_errors(site: Site, dispatch: Dispatch, flows: EnergyFlows) -> list[Vector]:
    """Return energy between storages and grid beyond what their permissions let through.

    Flows are those of all batteries, and out of all vehicles.  Solar that the inverter keeps from
    the house still counts as surplus.
    """
    n, hours = len(site.batteries), site.horizon.hours
    slack = hours * DEAD_BAND
    bought, fed, fed_by_vehicles = np.zeros((3, hours.size))
    for k, battery in enumerate(site.batteries):
        most = np.minimum(dispatch.discharge[k], hours * battery.export_limit)
        bought += dispatch.charge[k] * np.asarray(battery.may_charge_from_grid)
        fed += most * np.asarray(battery.may_export)
    errors = [flows.grid_to_battery - bought - slack, flows.battery_to_grid - fed - slack]
    kept = np.maximum(site.clipping - dispatch.curtailed, 0.0)
    for v, vehicle in enumerate(site.vehicles):
        fed_by_vehicles += dispatch.discharge[n + v] * vehicle.may_export
        barred = np.logical_not(vehicle.may_charge_from_grid) & np.equal(vehicle.wanted_charge, 0.0)
        errors.append(np.where(barred, flows.grid_to_vehicle[v], 0.0) - kept - slack)
    return [
        *errors,
        flows.vehicle_to_grid - fed_by_vehicles - slack,
        _charge_within_solar(site, dispatch) - site.forecast.solar - slack,
    ]


def _charge_within_solar(site: Site, dispatch: Dispatch) -> Vector:
    """Return what storages that keep within solar take together, beside what they want at least."""
    charge = np.zeros(site.horizon.n_intervals)
    for k, battery in enumerate(site.batteries):
        charge += dispatch.charge[k] * battery.within_solar
    for k, vehicle in enumerate(site.vehicles, len(site.batteries)):
        counts = np.equal(vehicle.wanted_charge, 0.0) & vehicle.within_solar
        charge += dispatch.charge[k] * counts
    return charge


def _vehicle_error(vehicle: Vehicle, site: Site, dispatch: Dispatch, k: int) -> Vector:
    hours = np.where(_is_here(vehicle, site), site.horizon.hours, 0.0)
    band = vehicle.least_soc, vehicle.most_soc
    errors = _storage_error(vehicle, band, hours, dispatch, k)
    charge, level = dispatch.charge[k], dispatch.stored[k, -1]
    least = vehicle.least_charge * np.minimum(hours, vehicle.least_time)
    below = np.where(charge > 0.0, least - charge, 0.0)
    target = (vehicle.target_soc or 0.0) * vehicle.capacity
    if charge.any() and not dispatch.discharge[k].any() and level >= target - _REACHED:
        below[np.flatnonzero(charge)[-1]] = 0.0  # the last charge before the target is reached
    return np.concatenate([errors, below])


def _storage_error(
    storage: Battery | Vehicle,
    band: tuple[float, float],
    hours: Vector,
    dispatch: Dispatch,
    k: int,
) -> Vector:
    """Simulate one storage from its power alone, and list what it violates. [kWh]"""
    charge, discharge, stored = dispatch.charge[k], dispatch.discharge[k], dispatch.stored[k]
    gained = charge * storage.charge_efficiency - discharge / storage.discharge_efficiency
    level = storage.initial_soc * storage.capacity + np.cumsum(gained)
    lowest, highest = min(band[0], storage.initial_soc), max(band[1], storage.initial_soc)
    return np.concatenate(
        [
            np.abs(level - stored),
            lowest * storage.capacity - stored,
            stored - highest * storage.capacity,
            charge - hours * np.asarray(storage.charge_limit),
            discharge - hours * np.asarray(storage.discharge_limit),
            np.minimum(charge, discharge),
        ]
    )


def _is_here(vehicle: Vehicle, site: Site) -> Mask:
    """Return the intervals between arrival and departure, instant by instant."""
    # By POSIX time: stamps of one zone compare by the clock, which shows an hour of autumn twice.
    arrival = -math.inf if vehicle.arrival is None else vehicle.arrival.timestamp()
    departure = math.inf if vehicle.departure is None else vehicle.departure.timestamp()
    instants = [instant.timestamp() for instant in site.horizon.instants]
    stays = [(stay.begin.timestamp(), stay.end.timestamp()) for stay in vehicle.plugged]
    stays = [(max(begin, arrival), min(end, departure)) for begin, end in stays]
    return np.array(
        [
            any(
                begin <= start + _SLACK and end <= leaves + _SLACK
                for begin, leaves in stays or [(arrival, departure)]
            )
            for start, end in pairwise(instants)
        ]
    )


def _bill_error(site: Site, drawn: Vector, flows: EnergyFlows, money: Money) -> float:
    """Return how far the bill stated is from that of the flows, over the money traded."""
    sold = flows.solar_to_grid + flows.battery_to_grid + flows.vehicle_to_grid
    bought = drawn * site.tariff.import_price
    earned = sold * site.tariff.export_price
    due = float((bought - earned).sum())
    for charge in site.tariff.demand_charges:
        due += _demand_cost(site, charge, drawn)
    due += _excess_cost(site, drawn)
    if site.tariff.allowances:
        due -= _credit(site, Direction.IMPORT, drawn) + _credit(site, Direction.EXPORT, sold)
    traded = float((np.abs(bought) + np.abs(earned)).sum())
    return abs(due - money.bill.total) / max(1.0, traded)


def _demand_cost(site: Site, charge: DemandCharge, drawn: Vector) -> float:
    """Return the cost of a demand charge, added up interval by interval. [$]"""
    blocks: dict[tuple[int, date, int, int], tuple[float, float]] = {}
    metered, first = charge.window.covers(site.horizon).tolist(), site.horizon.start.date()
    running = charge.billing_period(first)
    so_far: dict[tuple[int, object], float] = {(running, first): charge.peak_so_far}
    so_far |= {(running, i): peak for i, peak in enumerate(charge.peaks_so_far)}
    for t, start in enumerate(site.horizon.starts):
        if metered[t]:
            first_of_all = (0.0, 0.0)
            if t == 0 and charge.block_so_far is not None:
                first_of_all = charge.block_so_far, charge.hours_metered(start)
            period = charge.billing_period(start.date())
            into_day = start.hour + start.minute / 60 + start.second / 3600
            repeated = start.fold if charge.average_hours <= 1.0 else 0
            key = period, start.date(), int(into_day / charge.average_hours + 1e-9), repeated
            energy, hours = blocks.get(key, first_of_all)
            blocks[key] = energy + float(drawn[t]), hours + float(site.horizon.hours[t])
    peaks = dict(so_far)
    for (period, day, *_), (energy, hours) in blocks.items():
        peaks[period, day] = max(peaks.get((period, day), 0.0), energy / hours)
    charged, paid = (_mean_peaks(each, charge.n_peaks) for each in (peaks, so_far))
    return charge.price * (charged - paid)


def _mean_peaks(peaks: dict[tuple[int, object], float], n: int) -> float:
    """Return the mean of the n highest peaks of each billing period, added up. [kW]"""
    of_period: dict[int, list[float]] = {}
    for (period, _), peak in peaks.items():
        of_period.setdefault(period, []).append(peak)
    return sum(sum(sorted(several)[-n:]) / n for several in of_period.values())


def _excess_cost(site: Site, drawn: Vector) -> float:
    """Return what imports above the threshold and of the tiers cost more, one by one. [$]"""
    powers = drawn / site.horizon.hours - site.grid.import_threshold
    above = site.horizon.hours * np.maximum(powers, 0.0) * site.grid.excess_import_price
    cost, first = float(above.sum()), site.horizon.start.date()
    for tier in site.tariff.tiers:
        bought = {tier.billing_period(first): tier.used}
        for start, energy in zip(site.horizon.starts, drawn.tolist(), strict=True):
            before = bought.get(tier.billing_period(start.date()), 0.0)
            beyond = max(before + energy - max(tier.above, before), 0.0)
            cost += tier.extra_price * beyond
            bought[tier.billing_period(start.date())] = before + energy
    return cost


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
