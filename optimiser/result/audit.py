"""An independent look at a plan: it trusts no solver and shares no code with one.

The batteries are simulated again from their power alone, the balances are added up from the
seven flows, and the bill is made from the flows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter

import numpy as np

from matrix_builders import Vector
from optimiser.model.dispatch import DEAD_BAND, Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.result.audit_kernels import look_at, storage_error
from optimiser.result.bill import Money
from optimiser.result.flows import EnergyFlows

ENERGY_TOLERANCE = 1e-6
"""Error of a plan that is served at most. [kWh]"""

BILL_TOLERANCE = 1e-6
"""Error of a bill that is served at most, per dollar that changes hands. [$]"""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an independent look found.

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
        """Whether both errors are rounding; NaN never passes."""
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
    drawn = np.empty(hours.size)
    error, due, traded = look_at(
        n,
        _passed_on(site),
        site.grid.curtailment,
        hours,
        site.forecast.load,
        site.forecast.solar,
        hours * site.grid.import_limit,
        hours * site.grid.export_limit,
        site.tariff.import_price,
        site.tariff.export_price,
        dispatch.charge,
        dispatch.discharge,
        dispatch.grid_import,
        dispatch.grid_export,
        dispatch.curtailed,
        drawn,
        *_flows_in_order(flows),
    )
    errors = [
        error,
        *(_battery_error(b, hours, dispatch, k) for k, b in enumerate(site.batteries)),
        *(_vehicle_error(v, site, dispatch, k) for k, v in enumerate(site.vehicles, n)),
        _inverter_error(site, dispatch),
    ]
    due += sum(_demand_costs(site, drawn))
    stated = money.total_cost + money.bill.allowance_credit
    bill_error = abs(due - stated) / max(1.0, traded)
    return Audit(energy_error=float(max(errors)), bill_error=float(bill_error))


# Rows as in `violations`.
_flows_in_order = attrgetter(
    *("solar_to_load", "solar_to_battery", "solar_to_grid"),
    *("battery_to_load", "battery_to_grid"),
    *("vehicle_to_load", "vehicle_to_battery", "vehicle_to_grid"),
    *("grid_to_load", "grid_to_battery"),
    *("solar_to_vehicle", "battery_to_vehicle", "vehicle_to_vehicle", "grid_to_vehicle"),
)


def _demand_costs(site: Site, drawn: Vector) -> Iterator[float]:
    """Yield the cost of every demand charge, interval by interval."""
    for charge in site.tariff.demand_charges:
        blocks: dict[tuple[date, int], tuple[float, float]] = {}
        metered = charge.window.covers(site.horizon).tolist()
        for t, start in enumerate(site.horizon.starts):
            if metered[t]:
                into_day = start.hour + start.minute / 60 + start.second / 3600
                key = start.date(), int(into_day / charge.average_hours + 1e-9)
                energy, hours = blocks.get(key, (0.0, 0.0))
                blocks[key] = energy + float(drawn[t]), hours + float(site.horizon.hours[t])
        peak = max([energy / hours for energy, hours in blocks.values()], default=0.0)
        yield charge.price * max(peak - charge.peak_so_far, 0.0)


def _passed_on(site: Site) -> float:
    """Solar power that the inverter passes on at most. [kW]"""
    if site.inverter is None or not site.inverter.dc_coupled_solar:
        return np.inf
    return site.inverter.ac_limit


def _inverter_error(site: Site, dispatch: Dispatch) -> float:
    """Energy beyond the inverter's limit, either way; a watt of the dead band is none."""
    if site.inverter is None:
        return 0.0
    own = slice(len(site.batteries))
    through = (dispatch.discharge - dispatch.charge)[own].sum(axis=0)
    if site.inverter.dc_coupled_solar:
        through = through + site.forecast.solar - dispatch.curtailed
    limit = site.inverter.ac_limit + DEAD_BAND
    return _worst(np.abs(through) - site.horizon.hours * limit)


def _vehicle_error(vehicle: Vehicle, site: Site, dispatch: Dispatch, k: int) -> float:
    return storage_error(
        vehicle.initial_soc * vehicle.capacity,
        min(vehicle.least_soc, vehicle.initial_soc) * vehicle.capacity,
        max(vehicle.most_soc, vehicle.initial_soc) * vehicle.capacity,
        vehicle.charge_efficiency,
        vehicle.discharge_efficiency,
        vehicle.least_charge,
        vehicle.charge_limit,
        vehicle.discharge_limit,
        np.where(_is_here(vehicle, site), site.horizon.hours, 0.0),
        dispatch.charge[k],
        dispatch.discharge[k],
        dispatch.stored[k],
    )


def _is_here(vehicle: Vehicle, site: Site) -> Mask:
    """Intervals between arrival and departure, instant by instant."""
    slack = timedelta(milliseconds=1)
    return np.array(
        [
            (vehicle.arrival is None or vehicle.arrival <= start + slack)
            and (vehicle.departure is None or end <= vehicle.departure + slack)
            for start, end in pairwise(site.horizon.instants)
        ]
    )


def _battery_error(battery: Battery, hours: Vector, dispatch: Dispatch, k: int) -> float:
    return storage_error(
        battery.initial_soc * battery.capacity,
        min(battery.reserve, battery.initial_soc) * battery.capacity,
        max(battery.max_soc, battery.initial_soc) * battery.capacity,
        battery.charge_efficiency,
        battery.discharge_efficiency,
        0.0,
        battery.charge_limit,
        battery.discharge_limit,
        hours,
        dispatch.charge[k],
        dispatch.discharge[k],
        dispatch.stored[k],
    )


def _worst(excess: Vector) -> float:
    worst = float(excess.max(initial=0.0))
    return worst if worst >= 0 else np.inf  # NaN is as wrong as can be
