"""Shortfalls: limits and targets that a plan had to miss, and what would have kept them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from matrix_builders import Vector
from optimiser.model.dispatch import Dispatch
from optimiser.model.storages import (
    energy_wanted,
    goals_within,
    leaves_after,
    present_at_charger,
    soft_band,
    target_energy,
)
from optimiser.problem.grid import N_PHASES
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask


class SoftLimit(StrEnum):
    """Limits and targets that can be missed."""

    RESERVE = "reserve"
    MAX_SOC = "max_soc"
    TARGET_END_SOC = "target_end_soc"
    SOC_AT = "soc_at"
    VEHICLE_TARGET = "vehicle_target"
    VEHICLE_GOAL = "vehicle_goal"
    VEHICLE_WANTED_CHARGE = "vehicle_wanted_charge"
    IMPORT_LIMIT = "import_limit"


class Cause(StrEnum):
    """Cause of a shortfall, where there is one."""

    NEVER_HERE = "never_here"
    MAX_SOC = "max_soc"
    CHARGER = "charger"
    SOLAR_ONLY = "solar_only"
    WITHIN_SOLAR = "within_solar"
    PERMISSION = "permission"
    SPIKE = "spike"
    IMPORT_LIMIT = "import_limit"
    PHASE_LIMIT = "phase_limit"
    PRICE = "price"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A target or limit that the plan had to miss.

    Attributes
    ----------
    limit : SoftLimit
        What was missed.
    amount : float
        By how much at the worst, or in sum for the meter and for charge. [kWh]
    interval : int
        First interval at whose end, or in which, it is missed.
    storage : int, optional
        Battery or vehicle that it is about, counted among its own kind.
    cause : Cause
        What stands in the way.
    needs, has : float
        Power that would have kept it, and power that there is. [kW]
    """

    limit: SoftLimit
    amount: float
    interval: int
    storage: int | None = None
    cause: Cause = Cause.OTHER
    needs: float = 0.0
    has: float = 0.0


# What is smaller than this is rounding, not a miss. [kWh]
_NOTICEABLE = 1e-4


def find_shortfalls(site: Site, dispatch: Dispatch, may_charge: Mask) -> tuple[Shortfall, ...]:
    """Find whatever the dispatch misses; nothing where everything is kept.

    `may_charge`, shape (K, T), is false where storages must not be charged from the grid, vehicles
    last.
    """
    vehicles = _vehicles(site, dispatch, may_charge[len(may_charge) - len(site.vehicles) :])
    return (*_batteries(site, dispatch), *vehicles, *_meter(site, dispatch))


def _batteries(site: Site, dispatch: Dispatch) -> Iterator[Shortfall]:
    for k, battery in enumerate(site.batteries):
        stored, capacity = dispatch.stored[k], battery.capacity
        floor, ceiling = soft_band(battery, site.horizon) * capacity
        target = (battery.target_end_soc or 0.0) * capacity
        goals = [
            (SoftLimit.SOC_AT, goal.soc * capacity - stored[t : t + 1], t)
            for t, goal in goals_within(battery.soc_at, site.horizon)
        ]
        for limit, missing, start in (
            (SoftLimit.RESERVE, floor - stored, 0),
            (SoftLimit.MAX_SOC, stored - ceiling, 0),
            (SoftLimit.TARGET_END_SOC, target - stored[-1:], stored.size - 1),
            *goals,
        ):
            noticeable = missing > _NOTICEABLE
            if noticeable.any():
                yield Shortfall(
                    limit=limit,
                    amount=float(missing.max()),
                    interval=start + int(noticeable.argmax()),
                    storage=k,
                )


def vehicle_shortfall(site: Site, dispatch: Dispatch, v: int) -> float:
    """Energy that vehicle `v` lacks at its departure, where that is in the horizon. [kWh]"""
    vehicle, k = site.vehicles[v], len(site.batteries) + v
    if not vehicle.is_due(site.horizon):
        return 0.0
    reached = float(dispatch.stored[k, leaves_after(vehicle, site.horizon)])
    wanted = (vehicle.target_soc or 0.0) * vehicle.capacity
    return max(wanted - reached, 0.0)


def _vehicles(site: Site, dispatch: Dispatch, may_charge: Mask) -> Iterator[Shortfall]:
    for v, vehicle in enumerate(site.vehicles):
        for t, goal in goals_within(vehicle.goals, site.horizon):
            lacks = goal.soc * vehicle.capacity - float(dispatch.stored[len(site.batteries) + v, t])
            if lacks > _NOTICEABLE:
                yield Shortfall(limit=SoftLimit.VEHICLE_GOAL, amount=lacks, interval=t, storage=v)
        yield from _charge_shortfalls(site, dispatch, v)
        missing = vehicle_shortfall(site, dispatch, v)
        if missing <= _NOTICEABLE:
            continue
        cause, needs, has = Cause.MAX_SOC, 0.0, 0.0
        beyond_most = (vehicle.target_soc or 0.0) * vehicle.capacity - target_energy(vehicle)
        if missing > beyond_most + _NOTICEABLE:
            cause, needs, has = _in_the_way(site, dispatch, v, may_charge[v])
        yield Shortfall(
            limit=SoftLimit.VEHICLE_TARGET,
            amount=missing,
            interval=leaves_after(vehicle, site.horizon),
            storage=v,
            cause=cause,
            needs=needs,
            has=has,
        )


def _charge_shortfalls(site: Site, dispatch: Dispatch, v: int) -> Iterator[Shortfall]:
    """Find charge that a vehicle wanted and has not got, where it is not full."""
    vehicle, k = site.vehicles[v], len(site.batteries) + v
    if not np.any(vehicle.wanted_charge):
        return
    full = max(vehicle.most_soc, vehicle.initial_soc) * vehicle.capacity
    missing = energy_wanted(site)[k] - dispatch.charge[k]
    noticeable = (missing > _NOTICEABLE) & (dispatch.stored[k] < full - _NOTICEABLE)
    if noticeable.any():
        yield Shortfall(
            limit=SoftLimit.VEHICLE_WANTED_CHARGE,
            amount=float(missing[noticeable].sum()),
            interval=int(noticeable.argmax()),
            storage=v,
        )


def _in_the_way(
    site: Site, dispatch: Dispatch, v: int, may_charge: Mask
) -> tuple[Cause, float, float]:
    """Find why a target is missed, the power that it needs, and what there is. [kW]"""
    vehicle = site.vehicles[v]
    here = present_at_charger(vehicle, site.horizon)
    hours = site.horizon.hours[here]
    if hours.size == 0:
        return Cause.NEVER_HERE, 0.0, float(np.max(vehicle.charge_limit))
    most = site.horizon.spread(vehicle.charge_limit)[here] * hours
    own = site.horizon.spread(vehicle.may_charge_from_grid)[here] > 0
    stored = target_energy(vehicle) - vehicle.initial_soc * vehicle.capacity
    energy = stored / vehicle.charge_efficiency
    if energy > float(most.sum()) - _NOTICEABLE:
        return Cause.CHARGER, energy / float(hours.sum()), float(most.sum() / hours.sum())
    barred = Cause.PERMISSION if own.any() else Cause.SOLAR_ONLY
    if vehicle.within_solar:
        barred, most = Cause.WITHIN_SOLAR, np.minimum(most, site.forecast.solar[here])
    for cause, allowed in ((barred, own), (Cause.SPIKE, may_charge[here])):
        if energy > float(most[allowed].sum()) - _NOTICEABLE:
            return cause, energy / float(hours.sum()), 0.0
    limits = np.broadcast_to(site.grid.most_import, here.shape)[here]
    others = _draw_beside(site, dispatch, v)[here]
    least = vehicle.least_charge * np.minimum(hours, vehicle.least_time)
    if _energy_within(limits * hours - others, most, least) < energy - _NOTICEABLE:
        needed = _least_limit(others, hours, (most, least), energy)
        return Cause.IMPORT_LIMIT, needed, float(limits.min())
    each = site.grid.phase_limit
    room = len(vehicle.phases) * (each * hours - others / N_PHASES)
    if _energy_within(room, most, least) < energy - _NOTICEABLE:
        return Cause.PHASE_LIMIT, 0.0, each
    return (Cause.OTHER if vehicle.must_reach_target else Cause.PRICE), 0.0, 0.0


def _draw_beside(site: Site, dispatch: Dispatch, v: int) -> Vector:
    """Return what the site draws without this vehicle; negative to spare. [kWh]"""
    own = dispatch.charge[len(site.batteries) + v] - dispatch.discharge[len(site.batteries) + v]
    drawn: Vector = dispatch.grid_import - dispatch.grid_export - own
    return drawn


def _energy_within(room: Vector, most: Vector, least: Vector) -> float:
    """Energy that a vehicle could take within some room, in charges from the least to the most."""
    free = np.clip(room, 0.0, most)
    free[free < least] = 0.0
    return float(free.sum())


def _least_limit(
    others: Vector, hours: Vector, charges: tuple[Vector, Vector], energy: float
) -> float:
    """Lowest limit of the meter under which the vehicle could take its energy. [kW]

    Its charges are of the first energies at most, and of the second at least. [kWh]
    """
    low, high = 0.0, float((others / hours).max() + (charges[0] / hours).max())
    for _ in range(40):
        middle = (low + high) / 2.0
        enough = _energy_within(middle * hours - others, *charges) >= energy
        low, high = (low, middle) if enough else (middle, high)
    return high


def _meter(site: Site, dispatch: Dispatch) -> Iterator[Shortfall]:
    """Find imports beyond the limit; of exports, what lies beyond it is cut."""
    hours, limit = site.horizon.hours, site.grid.most_import
    beyond = dispatch.grid_import - hours * limit
    noticeable = beyond > _NOTICEABLE
    if noticeable.any():
        first = int(noticeable.argmax())
        yield Shortfall(
            limit=SoftLimit.IMPORT_LIMIT,
            amount=float(beyond[noticeable].sum()),
            interval=first,
            needs=float((dispatch.grid_import / hours)[noticeable].max()),
            has=float(np.broadcast_to(limit, hours.shape)[first]),
        )
