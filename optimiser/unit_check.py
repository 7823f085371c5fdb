"""Numbers that no home has, and the unit that was meant, which the refusal names."""

import numpy as np

from matrix_builders import Vector
from optimiser.errors import ProblemError
from optimiser.problem.battery import Battery, highest_power
from optimiser.problem.flexible.load import Load
from optimiser.problem.horizon import Horizon
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle

MOST_POWER = 1_000.0
"""The largest connection of a home is 100 kW.  Watts in place of kW are 1,000 times as many: a
charger of 1.4 kW is then beyond this. [kW]"""

MOST_MEAN = 100.0
"""Load or solar power over a whole plan.  Homes draw 200 W and more: as kW that is beyond. [kW]"""

MOST_CAPACITY = 2_000.0
"""Home batteries hold up to 200 kWh and lorries 1,000.  Wh in place of kWh are beyond this from a
battery of 2 kWh on. [kWh]"""

LONGEST_INTERVAL = 4.0
"""The coarsest blocks that are traded last four hours.  Minutes in place of hours are beyond this:
the shortest steps of a tariff are five of them. [h]"""

MOST_EXPORT_RATIO = 30.0
"""Lowest export price as a multiple of the highest import price.  Feed-in tariffs have paid three
times the price of a kWh; cents beside dollars are 100 times too much.  No price alone is too high:
28 is one of a kWh in yen, and 1,500 in rupiah."""

FEWEST_PRICES = 12
"""Export prices that are compared; fewer may be a spike."""


def check_units(site: Site) -> None:
    """Require numbers that a home can have.

    Raises
    ------
    ProblemError
        Where they are so large that another unit must be meant.
    """
    _check_hours(site.horizon)
    for name in ("load", "solar"):
        _check_energy(f"forecast.{name}", getattr(site.forecast, name), site.horizon.hours)
    for k, battery in enumerate(site.batteries):
        _check_storage(f"batteries[{k}]", battery)
    for v, vehicle in enumerate(site.vehicles):
        _check_storage(f"vehicles[{v}]", vehicle)
    for f, one in enumerate(site.flexible):
        _check(f"flexible[{f}].power", float(np.max(one.power)), MOST_POWER, "kW")
        size = "energy" if isinstance(one, Load) else "capacity"
        _check(f"flexible[{f}].{size}", getattr(one, size), MOST_CAPACITY, "kWh")
    for name in ("import_limit", "export_limit", "import_threshold"):
        limits = np.atleast_1d(getattr(site.grid, name))
        finite = limits[np.isfinite(limits)]
        _check(f"grid.{name}", float(finite.max(initial=0.0)), MOST_POWER, "kW")
    if np.isfinite(site.grid.phase_limit):
        _check("grid.phase_limit", site.grid.phase_limit, MOST_POWER, "kW")
    if site.inverter is not None:
        _check("inverter.ac_limit", site.inverter.ac_limit, MOST_POWER, "kW")
        if np.isfinite(site.inverter.ac_charge_limit):
            _check("inverter.ac_charge_limit", site.inverter.ac_charge_limit, MOST_POWER, "kW")
    _check_prices(site)


def _check(field: str, value: float, most: float, unit: str) -> None:
    if value > most:
        rule = f"must be in {unit}, and no home has more than {most:g}, got {value:g}"
        raise ProblemError(field, rule)


def _check_hours(horizon: Horizon) -> None:
    longest = float(horizon.hours.max())
    if longest > LONGEST_INTERVAL:
        rule = f"must be in hours, and none longer than {LONGEST_INTERVAL:g}, got {longest:g}"
        raise ProblemError("horizon.hours", rule)


def _check_energy(field: str, energy: Vector, hours: Vector) -> None:
    """Check energies by the powers that they are. [kWh per interval]"""
    mean, peak = float(energy.sum() / hours.sum()), float((energy / hours).max())
    if mean > MOST_MEAN or peak > MOST_POWER:
        rule = (
            f"must be in kWh per interval (Forecast.from_power takes kW), and no home has a mean of"
            f" more than {MOST_MEAN:g} kW or a peak of more than {MOST_POWER:g} kW;"
            f" got {mean:g} and {peak:g} kW"
        )
        raise ProblemError(field, rule)


def _check_storage(field: str, storage: Battery | Vehicle) -> None:
    _check(f"{field}.capacity", storage.capacity, MOST_CAPACITY, "kWh")
    for name in ("charge_limit", "discharge_limit"):
        _check(f"{field}.{name}", float(np.max(getattr(storage, name))), MOST_POWER, "kW")
    if isinstance(storage, Battery) and storage.charge_curve:
        _check(f"{field}.charge_curve", highest_power(storage), MOST_POWER, "kW")


def _check_prices(site: Site) -> None:
    """Check that both prices of energy are in the same money."""
    dearest = float(site.tariff.import_price.max())
    sold = site.tariff.export_price[site.tariff.export_price != 0.0]
    if sold.size < FEWEST_PRICES or dearest <= 0.0:  # a spike, or an hour of free power
        return
    least = float(sold.min())
    if least > MOST_EXPORT_RATIO * dearest:
        rule = "must be in the money per kWh that import_price is in"
        raise ProblemError("tariff.export_price", f"{rule}, got {least:g} beside {dearest:g}")
