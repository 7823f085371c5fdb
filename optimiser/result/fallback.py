"""The rule-based plan, for the day when nothing else works."""

import numpy as np

from matrix_builders import Vector
from optimiser.model.arrays import Programme
from optimiser.model.storages import BATTERIES


def rule_levels(programme: Programme) -> Vector:
    """Stored energy when each battery keeps surplus solar and serves the load, in order.

    Vehicles charge before that, at full power, until they have what they want.  No forecast is
    used, no energy is bought for later and none is sold, so the levels respect every permission.

    Parameters
    ----------
    programme : Programme
        The problem.

    Returns
    -------
    float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    """
    storages = programme.storages
    levels = np.empty(storages.charge_limit.shape)
    present = np.array(storages.initial)
    batteries = np.flatnonzero(storages.group == BATTERIES).tolist()
    vehicles = np.flatnonzero(storages.group != BATTERIES).tolist()
    # What is wanted at any time from now on.
    wanted = np.maximum.accumulate(storages.soft_floor[:, ::-1], axis=1)[:, ::-1]
    passes_out = passes_in = np.full(programme.hours.size, np.inf)
    if programme.couplings.inverter is not None:
        inverter = programme.couplings.inverter
        passes_out = np.maximum(inverter.limit - inverter.solar, 0.0)
        passes_in = inverter.limit + inverter.solar
    for t, net_load in enumerate(programme.site.net_load.tolist()):
        open_load, out, into = net_load, float(passes_out[t]), float(passes_in[t])
        for k in vehicles:
            missing = max(float(wanted[k, t] - present[k]), 0.0)
            moved = _taken_by_vehicle(programme, k, t, missing, open_load)
            present[k] += moved * storages.charge_efficiency[k]
            open_load += moved
        for k in batteries:
            if open_load < 0:
                room = (storages.stored_upper[k, t] - present[k]) / storages.charge_efficiency[k]
                moved = max(0.0, min(-open_load, storages.charge_limit[k, t], room, into))
                present[k] += moved * storages.charge_efficiency[k]
                open_load += moved
                into -= moved
            else:
                efficiency = storages.discharge_efficiency[k]
                spare = (present[k] - storages.stored_lower[k, t]) * efficiency
                moved = max(0.0, min(open_load, storages.discharge_limit[k, t], spare, out))
                present[k] -= moved / efficiency
                open_load -= moved
                out -= moved
        levels[:, t] = present
    return levels


def _taken_by_vehicle(programme: Programme, k: int, t: int, missing: float, drawn: float) -> float:
    """Energy that one vehicle takes beside what is `drawn`: all that it can, or nothing. [kWh]"""
    storages, site = programme.storages, programme.site
    power_left = max(site.import_limit[t] - max(drawn, 0.0), 0.0)
    moved = min(storages.charge_limit[k, t], missing / storages.charge_efficiency[k], power_left)
    least = storages.least_charge[k, t]
    return float(moved) if moved >= least else 0.0
