"""Reasons for what the storages of a plan do now, vehicles included."""

from collections.abc import Sequence

import numpy as np

from optimiser.problem.vehicle import Vehicle
from optimiser.reasons.of_battery import battery_reasons
from optimiser.reasons.outlook import Outlook, outlook_of
from optimiser.reasons.wording import clock, costs, kilowatts, money, percent
from optimiser.result.plan import Plan


def reasons(plan: Plan, names: Sequence[str | None] = ()) -> tuple[str, ...]:
    """Say what happens in the first interval, and why.

    Parameters
    ----------
    plan : Plan
        As served.
    names : sequence of str or None
        What people call the storages: batteries, then vehicles.

    Returns
    -------
    tuple of str
        Sentences, the most important first, without a full stop.
    """
    n = len(plan.site.batteries)
    called = [*names, *[None] * (n + len(plan.site.vehicles) - len(names))][n:]
    vehicles = [
        _vehicle(vehicle, outlook_of(plan, n + v), called[v] or "The vehicle")
        for v, vehicle in enumerate(plan.site.vehicles)
    ]
    moving = [bool(plan.dispatch.charge[n + v, 0] > 0) for v in range(len(vehicles))]
    vehicles = [vehicles[v] for v in np.argsort(np.logical_not(moving), kind="stable")]
    if not n:
        return tuple(vehicles) or ("Nothing to do: there is no battery",)
    batteries = battery_reasons(plan)
    return (*vehicles, *batteries) if any(moving) else (*batteries, *vehicles)


def _vehicle(vehicle: Vehicle, look: Outlook, name: str) -> str:
    if vehicle.is_away(look.horizon):
        return f"{name} is not at its charger"
    if look.charges[0]:
        power = kilowatts(max(float(look.charge[0]), vehicle.least_charge))
        return f"{name} charges at {power}: {_price(look, 0)}{_target(vehicle, look)}"
    if look.discharges[0]:
        verb = "sells" if look.exporting[0] else "gives"
        value = money(float(look.value_of_more()[0]))
        return f"{name} {verb} {kilowatts(float(look.discharge[0]))}: power is worth {value} now"
    at = look.first(look.charges)
    if at is None:
        if vehicle.target_soc is not None and vehicle.initial_soc < vehicle.target_soc - 1e-4:
            return f"{name} is not charged within this plan"
        return f"{name} has the {percent(vehicle.initial_soc)} it needs"
    when = clock(look.horizon.instant(at), look.horizon.start)
    return f"{name} waits until {when}: {_price(look, at)}{_target(vehicle, look)}"


def _price(look: Outlook, t: int) -> str:
    """Say what charging costs in interval `t`."""
    when = "then" if t else "now"
    if look.importing[t]:
        return f"power {costs(float(look.import_price[t]))} {when}"
    sold = float(look.export_price[t])
    if look.curtailing[t] or sold < look.cent:
        return f"it takes solar that would earn nothing {when}"
    return f"it takes solar worth {money(sold)} {when}"


def _target(vehicle: Vehicle, look: Outlook) -> str:
    """Say what it is charged for, where that is still to come."""
    if vehicle.target_soc is None or vehicle.initial_soc >= vehicle.target_soc:
        return ""
    target = percent(vehicle.target_soc)
    if vehicle.departure is None:
        return f"; {target} wanted"
    by = vehicle.departure.astimezone(look.horizon.start.tzinfo)
    return f"; {target} wanted by {clock(by, look.horizon.start)}"
