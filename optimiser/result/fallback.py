"""The rule-based plan, where every solver failed."""

import numpy as np

from matrix_builders import Vector, tables
from optimiser.model.arrays import ProblemArrays
from optimiser.model.storages import BATTERIES


def rule_levels(problem: ProblemArrays) -> Vector:
    """Return stored energy when batteries keep surplus solar and serve the load, in order.

    Vehicles charge before that, at full power, until they have what they want.  No forecast is
    used, no energy is bought for later and none is sold, so the levels respect every permission.

    Parameters
    ----------
    problem : ProblemArrays
        The problem.

    Returns
    -------
    float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    """
    storages = problem.storages
    levels = np.empty(storages.limits.shape[1:])
    stored = storages.traits[tables.INITIAL].copy()
    batteries = np.flatnonzero(storages.group == BATTERIES).tolist()
    vehicles = np.flatnonzero(storages.group != BATTERIES).tolist()
    # The highest soft floor from now on.
    targets = np.maximum.accumulate(storages.limits[tables.SOFT_FLOOR, :, ::-1], axis=1)[:, ::-1]
    passes = _inverter_limits(problem)
    for t in range(problem.hours.size):
        net_load = float(problem.meter[tables.NET_LOAD, t])
        for k in vehicles:
            missing = max(float(targets[k, t] - stored[k]), 0.0)
            taken = _vehicle_charge(problem, k, t, missing, net_load)
            stored[k] += taken * storages.traits[tables.CHARGE_EFFICIENCY, k]
            net_load += taken
        out, into = passes[:, t].tolist()
        for k in batteries:
            if net_load < 0:
                taken = min(-net_load, into, _most_charge(problem, k, t, stored[k]))
                stored[k] += taken * storages.traits[tables.CHARGE_EFFICIENCY, k]
                net_load += taken
                into -= taken
            else:
                given = min(net_load, out, _most_discharge(problem, k, t, stored[k]))
                stored[k] -= given / storages.traits[tables.DISCHARGE_EFFICIENCY, k]
                net_load -= given
                out -= given
        levels[:, t] = stored
    return levels


def _inverter_limits(problem: ProblemArrays) -> Vector:
    """Return the most energy that batteries may give and take through it; shape (2, T). [kWh]"""
    inverter = problem.couplings.inverter
    if inverter is None:
        return np.full((2, problem.hours.size), np.inf)
    out = np.maximum(inverter.limit - inverter.solar, 0.0)
    return np.array([out, inverter.limit + inverter.solar])


def _most_charge(problem: ProblemArrays, k: int, t: int, stored: float) -> float:
    """Return the most energy that a battery can take. [kWh]"""
    limits, traits = problem.storages.limits[:, k, t], problem.storages.traits[:, k]
    room = (limits[tables.STORED_UPPER] - stored) / traits[tables.CHARGE_EFFICIENCY]
    return max(0.0, min(float(limits[tables.CHARGE_LIMIT]), float(room)))


def _most_discharge(problem: ProblemArrays, k: int, t: int, stored: float) -> float:
    """Return the most energy that a battery can give. [kWh]"""
    limits, traits = problem.storages.limits[:, k, t], problem.storages.traits[:, k]
    spare = (stored - limits[tables.STORED_LOWER]) * traits[tables.DISCHARGE_EFFICIENCY]
    return max(0.0, min(float(limits[tables.DISCHARGE_LIMIT]), float(spare)))


def _vehicle_charge(problem: ProblemArrays, k: int, t: int, missing: float, drawn: float) -> float:
    """Return the energy of one vehicle beside what is `drawn`: all that it can, or none. [kWh]

    It is bought where that is worth its price.
    """
    limits, traits = problem.storages.limits[:, k, t], problem.storages.traits[:, k]
    highest_price = traits[tables.LEVEL_PRICE] * traits[tables.CHARGE_EFFICIENCY]
    buys = highest_price >= problem.meter[tables.IMPORT_PRICE, t]
    power_left = max(problem.meter[tables.IMPORT_LIMIT, t] * buys - drawn, 0.0)
    taken = min(limits[tables.CHARGE_LIMIT], missing / traits[tables.CHARGE_EFFICIENCY], power_left)
    is_last = (
        traits[tables.ENDS_SHORT] > 0.0 and taken * traits[tables.CHARGE_EFFICIENCY] >= missing
    )
    return float(taken) if is_last or taken >= limits[tables.LEAST_CHARGE] else 0.0
