"""An independent look at a plan: it trusts no solver and shares no code with one.

The batteries are simulated again from their power alone, the balances are added up from the
seven flows, and the bill is made from the flows.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import Vector
from optimiser.dispatch import DEAD_BAND, Dispatch
from optimiser.flows import EnergyFlows
from optimiser.money import Money
from optimiser.site import Battery, Site

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
    errors = [
        *(
            _battery_error(battery, site.horizon.hours, dispatch, k)
            for k, battery in enumerate(site.batteries)
        ),
        _flow_error(site, dispatch, flows),
        _worst(np.minimum(dispatch.grid_import, dispatch.grid_export)),
        _meter_error(site, dispatch),
        _worst(dispatch.curtailed - (site.forecast.solar if site.grid.curtailment else 0.0)),
    ]
    price = site.tariff
    bought = (flows.grid_to_load + flows.grid_to_battery) * price.import_price
    sold = (flows.solar_to_grid + flows.battery_to_grid) * price.export_price
    traded = float(np.abs(bought).sum() + np.abs(sold).sum())
    bill_error = abs(float((bought - sold).sum()) - money.total_cost) / max(1.0, traded)
    return Audit(energy_error=max(errors), bill_error=bill_error)


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
    forced_export = np.zeros(hours.size) if site.grid.curtailment else np.maximum(-net_load, 0.0)
    most_import = np.maximum(hours * site.grid.import_limit, net_load)
    most_export = np.maximum(hours * site.grid.export_limit, forced_export)
    beyond = np.maximum(dispatch.grid_import - most_import, dispatch.grid_export - most_export)
    return _worst(beyond - hours * DEAD_BAND)


def _flow_error(site: Site, dispatch: Dispatch, flows: EnergyFlows) -> float:
    solar, load = site.forecast.solar, site.forecast.load
    charge, discharge = dispatch.charge.sum(axis=0), dispatch.discharge.sum(axis=0)
    from_solar = flows.solar_to_load + flows.solar_to_battery + flows.solar_to_grid
    balances = (
        from_solar + dispatch.curtailed - solar,
        flows.battery_to_load + flows.battery_to_grid - discharge,
        flows.solar_to_load + flows.battery_to_load + flows.grid_to_load - load,
        flows.solar_to_battery + flows.grid_to_battery - charge,
        # The meter may differ by its noise, a microwatt-hour or so.
        flows.grid_to_load + flows.grid_to_battery - dispatch.grid_import,
        flows.solar_to_grid + flows.battery_to_grid - dispatch.grid_export,
    )
    negative = max(_worst(-getattr(flows, name)) for name in flows.__dataclass_fields__)
    return max(negative, *(_worst(np.abs(balance)) for balance in balances))


def _worst(excess: Vector) -> float:
    worst = float(np.max(excess, initial=0.0))
    return worst if worst >= 0 else np.inf  # NaN is as wrong as can be
