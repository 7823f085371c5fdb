"""An independent look at a plan: it trusts no solver and shares no code with one.

The batteries are simulated again from their power alone, the balances are added up from the
seven flows, and the bill is made from the flows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from matrix_builders import Vector
from optimiser.battery import Battery
from optimiser.dispatch import DEAD_BAND, Dispatch
from optimiser.flows import EnergyFlows
from optimiser.money import Money
from optimiser.site import Site
from optimiser.vehicle import Vehicle
from optimiser.window import Mask

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
    hours = site.horizon.hours
    batteries = slice(len(site.batteries))
    errors = [
        *(_battery_error(b, hours, dispatch, k) for k, b in enumerate(site.batteries)),
        *(
            _vehicle_error(v, site, dispatch, k)
            for k, v in enumerate(site.vehicles, len(site.batteries))
        ),
        _worst(
            np.minimum(
                dispatch.charge[batteries].sum(axis=0), dispatch.discharge[batteries].sum(axis=0)
            )
        ),
        _inverter_error(site, dispatch),
        _flow_error(site, dispatch, flows),
        _worst(np.minimum(dispatch.grid_import, dispatch.grid_export)),
        _meter_error(site, dispatch),
        _worst(dispatch.curtailed - _lost_at_most(site)),
    ]
    drawn = flows.grid_to_load + flows.grid_to_battery + flows.grid_to_vehicle.sum(axis=0)
    given = flows.solar_to_grid + flows.battery_to_grid + flows.vehicle_to_grid
    bought, sold = drawn * site.tariff.import_price, given * site.tariff.export_price
    traded = float(np.abs(bought).sum() + np.abs(sold).sum())
    due = float((bought - sold).sum()) + sum(_demand_costs(site, drawn))
    stated = money.total_cost + money.bill.allowance_credit
    return Audit(energy_error=max(errors), bill_error=abs(due - stated) / max(1.0, traded))


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


def _lost_at_most(site: Site) -> Vector:
    return site.forecast.solar if site.grid.curtailment else _clipped(site)


def _clipped(site: Site) -> Vector:
    """Solar beyond what the inverter passes on."""
    if site.inverter is None or not site.inverter.dc_coupled_solar:
        return np.zeros(site.horizon.n_intervals)
    return np.maximum(site.forecast.solar - site.horizon.hours * site.inverter.ac_limit, 0.0)


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
    charge, discharge, stored = dispatch.charge[k], dispatch.discharge[k], dispatch.stored[k]
    change = charge * vehicle.charge_efficiency - discharge / vehicle.discharge_efficiency
    simulated = vehicle.initial_soc * vehicle.capacity + np.cumsum(change)
    lowest = min(vehicle.least_soc, vehicle.initial_soc) * vehicle.capacity
    highest = max(vehicle.most_soc, vehicle.initial_soc) * vehicle.capacity
    hours = np.where(_is_here(vehicle, site), site.horizon.hours, 0.0)
    trickle = np.where(charge > 0, hours * vehicle.least_charge - charge, 0.0)
    return max(
        _worst(np.abs(simulated - stored)),
        _worst(lowest - stored),
        _worst(stored - highest),
        _worst(charge - hours * vehicle.charge_limit),
        _worst(trickle),
        _worst(discharge - hours * vehicle.discharge_limit),
        _worst(np.minimum(charge, discharge)),
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
    charge, discharge, stored = dispatch.charge[k], dispatch.discharge[k], dispatch.stored[k]
    change = charge * battery.charge_efficiency - discharge / battery.discharge_efficiency
    simulated = battery.initial_soc * battery.capacity + np.cumsum(change)
    lowest = min(battery.reserve, battery.initial_soc) * battery.capacity
    highest = max(battery.max_soc, battery.initial_soc) * battery.capacity
    return max(
        _worst(np.abs(simulated - stored)),
        _worst(lowest - stored),
        _worst(stored - highest),
        _worst(charge - hours * battery.charge_limit),
        _worst(discharge - hours * battery.discharge_limit),
        _worst(np.minimum(charge, discharge)),
    )


def _meter_error(site: Site, dispatch: Dispatch) -> float:
    """Energy beyond a limit that the house did not force; a watt of the dead band is none."""
    hours, net_load = site.horizon.hours, site.net_load
    lost = _lost_at_most(site)
    forced_export = np.maximum(-net_load - lost, 0.0)
    most_import = np.maximum(hours * site.grid.import_limit, net_load + _clipped(site))
    most_export = np.maximum(hours * site.grid.export_limit, forced_export)
    beyond = np.maximum(dispatch.grid_import - most_import, dispatch.grid_export - most_export)
    return _worst(beyond - hours * DEAD_BAND)


def _flow_error(site: Site, dispatch: Dispatch, flows: EnergyFlows) -> float:
    solar, load = site.forecast.solar, site.forecast.load
    n = len(site.batteries)
    charge, discharge = dispatch.charge[:n].sum(axis=0), dispatch.discharge[:n].sum(axis=0)
    given = dispatch.discharge[n:].sum(axis=0)
    from_battery = flows.battery_to_load + flows.battery_to_grid
    from_vehicle = flows.vehicle_to_load + flows.vehicle_to_battery + flows.vehicle_to_grid
    to_vehicle = (
        flows.solar_to_vehicle
        + flows.battery_to_vehicle
        + flows.vehicle_to_vehicle
        + flows.grid_to_vehicle
    )
    balances = (
        flows.solar_to_load
        + flows.solar_to_battery
        + flows.solar_to_grid
        + flows.solar_to_vehicle.sum(axis=0)
        + dispatch.curtailed
        - solar,
        from_battery + flows.battery_to_vehicle.sum(axis=0) - discharge,
        from_vehicle + flows.vehicle_to_vehicle.sum(axis=0) - given,
        flows.solar_to_load
        + flows.battery_to_load
        + flows.vehicle_to_load
        + flows.grid_to_load
        - load,
        flows.solar_to_battery + flows.vehicle_to_battery + flows.grid_to_battery - charge,
        (to_vehicle - dispatch.charge[n:]).ravel(),
        # The meter may differ by its noise, a microwatt-hour or so.
        flows.grid_to_load
        + flows.grid_to_battery
        + flows.grid_to_vehicle.sum(axis=0)
        - dispatch.grid_import,
        flows.solar_to_grid + flows.battery_to_grid + flows.vehicle_to_grid - dispatch.grid_export,
    )
    negative = max(_worst(-getattr(flows, name)) for name in flows.__dataclass_fields__)
    return max(negative, *(_worst(np.abs(balance)) for balance in balances))


def _worst(excess: Vector) -> float:
    worst = float(excess.max(initial=0.0))
    return worst if worst >= 0 else np.inf  # NaN is as wrong as can be
