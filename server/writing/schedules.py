"""The schedules of a plan: kWh to W and rounding, once."""

from typing import Any, NamedTuple

import numpy as np

from matrix_builders import Vector
from optimiser import Horizon, Plan
from optimiser.result.plan import Action, actions_of, first_charge, mean_soc
from server.wire.repairs import Repairs
from server.writing.summary import round_soc, watts

_NOISE = 1.0  # W; less is no change of direction
_ALL_FROM_SOLAR = 1.0  # W from the grid; a charge with less of it has no need of the grid


class HomeSchedule(NamedTuple):
    """The schedule of the home batteries as one.

    Attributes
    ----------
    charge, discharge : list of float
        Power into and out of them. [W]
    series : dict
        Those of every schedule of a site, by their names on the wire.
    actions : tuple of Action
        What a controller is told in each interval.
    """

    charge: list[float]
    discharge: list[float]
    series: dict[str, Any]
    actions: tuple[Action, ...]


def home_schedule(plan: Plan, stamps: list[str], client_safe_charge: bool) -> HomeSchedule:
    """Build the schedule of the home batteries as one; vehicles are load to it.

    The `stamps` are the T + 1 instants of the horizon.  A charge that is safe for the client has no
    power where it comes from solar alone, which the client would take from the grid.
    """
    powers, own = _home_powers(plan), slice(len(plan.site.batteries))
    if client_safe_charge:
        powers["charge"][powers["grid_to_battery_w"] < _ALL_FROM_SOLAR] = 0.0
    soc: list[float] = round_soc(mean_soc(plan, own)).tolist()
    charge, discharge = powers.pop("charge"), powers.pop("discharge")
    to_load, to_grid = powers["battery_consume_w"], powers["battery_export_w"]
    begins = first_charge(plan, own, charge)
    actions = actions_of(begins / 1000.0, discharge / 1000.0, to_load / 1000.0, to_grid / 1000.0)
    return HomeSchedule(
        charge=charge.tolist(),
        discharge=discharge.tolist(),
        series={
            "timestamps": stamps[:-1],
            "soc_trajectory": soc,
            "action": [*actions],
            **dict(zip(powers, map(np.ndarray.tolist, powers.values()), strict=True)),
        },
        actions=actions,
    )


def note_changes(plan: Plan, repairs: Repairs) -> None:
    """Add a warning where the batteries, a vehicle or the meter go both ways in one interval."""
    own, dispatch = len(plan.site.batteries), plan.dispatch
    ways = [
        (dispatch.charge[:own].sum(axis=0), dispatch.discharge[:own].sum(axis=0)),
        (dispatch.grid_import, dispatch.grid_export),
        *zip(dispatch.charge[own:], dispatch.discharge[own:], strict=True),
    ]
    powers = watts(np.array(ways), plan.site.horizon.hours)
    both = np.flatnonzero((powers.min(axis=1) > _NOISE).any(axis=0))
    if both.size:
        first = f"the first begins {plan.site.horizon.instant(int(both[0])).isoformat()}"
        count = "1 interval" if both.size == 1 else f"{both.size} intervals"
        message = (
            f"power flows both ways in {count}, one after the other; {first}; powers are means"
        )
        repairs.note("pieces", "schedule", message)


def _home_powers(plan: Plan) -> dict[str, Vector]:
    """Power of all that the schedule of a home holds, by its name on the wire. [W]"""
    dispatch, flows, own = plan.dispatch, plan.flows, slice(len(plan.site.batteries))
    energies = {
        "charge": dispatch.charge[own].sum(axis=0),
        "discharge": dispatch.discharge[own].sum(axis=0),
        "battery_consume_w": flows.battery_to_load + flows.battery_to_vehicle.sum(axis=0),
        "battery_export_w": flows.battery_to_grid,
        "grid_import_w": dispatch.grid_import,
        "grid_export_w": dispatch.grid_export,
        "solar_to_load_w": flows.solar_to_load + flows.solar_to_vehicle.sum(axis=0),
        "solar_to_battery_w": flows.solar_to_battery,
        "solar_to_grid_w": flows.solar_to_grid,
        "grid_to_load_w": flows.grid_to_load + flows.grid_to_vehicle.sum(axis=0),
        "grid_to_battery_w": flows.grid_to_battery,
        "solar_curtailed_w": dispatch.curtailed,
    }
    powers = watts(np.array([*energies.values()]), plan.site.horizon.hours)
    return dict(zip(energies, powers, strict=True))


def vehicles_in_home_schedule(plan: Plan) -> dict[str, Any]:
    """Return the powers of vehicles in the schedule of the home battery. [W]"""
    flows, n = plan.flows, len(plan.site.batteries)
    energies = {
        "vehicle_charge_w": plan.dispatch.charge[n:].sum(axis=0),
        "vehicle_discharge_w": plan.dispatch.discharge[n:].sum(axis=0),
        "vehicle_to_load_w": flows.vehicle_to_load + flows.vehicle_to_vehicle.sum(axis=0),
        "vehicle_to_battery_w": flows.vehicle_to_battery,
        "vehicle_to_grid_w": flows.vehicle_to_grid,
    }
    powers = watts(np.array([*energies.values()]), plan.site.horizon.hours)
    return dict(zip(energies, powers.tolist(), strict=True))


def storage_schedules(plan: Plan, storages: slice) -> list[tuple[list[float], ...]]:
    """Return charge [W], discharge [W] and state of charge [-] of each of the storages."""
    dispatch, hours = plan.dispatch, plan.site.horizon.hours
    charge = watts(dispatch.charge[storages], hours).tolist()
    discharge = watts(dispatch.discharge[storages], hours).tolist()
    return [*zip(charge, discharge, round_soc(plan.soc[storages]).tolist(), strict=True)]


def stamps_from_horizon(horizon: Horizon) -> list[str]:
    """Return the T + 1 instants as ISO 8601, with their offsets."""
    seconds = np.round(np.append(0.0, horizon.elapsed) * 3600.0, 3)
    if horizon.start.microsecond or (seconds % 1.0).any() or horizon.changes_clocks():
        return [instant.isoformat() for instant in horizon.instants]
    # Under one offset numpy takes a tenth of the time that `instants` takes.
    start = np.datetime64(horizon.start.replace(tzinfo=None), "s")
    offset = horizon.start.isoformat().removeprefix(str(start))
    local = np.datetime_as_string(start + seconds.astype("timedelta64[s]"))
    stamps: list[str] = np.char.add(local, offset).tolist()
    return stamps
