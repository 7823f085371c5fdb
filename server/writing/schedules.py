"""The schedules of a plan: kWh to W and rounding, once."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser import Plan, Site
from optimiser.model.dispatch import Dispatch
from optimiser.result.flows import EnergyFlows
from optimiser.result.plan import ACTIONS
from server.wire.structs import ActionOut
from server.writing.lists import Stamps, Words, numbers, stamps_of
from server.writing.rows import N_ROWS, POWER_DIGITS, SOC_DIGITS, home_course
from server.writing.summary import watts

_N_ACTIONS = 12
_NAMES = tuple(action.value for action in ACTIONS)
_WORDS = Words(_NAMES)
_OTHERS = (
    "battery_consume_w",
    "battery_export_w",
    "grid_import_w",
    "grid_export_w",
    "solar_to_load_w",
    "solar_to_battery_w",
    "solar_to_grid_w",
    "grid_to_load_w",
    "grid_to_battery_w",
    "solar_curtailed_w",
)
"""Names on the wire of all rows but charge and discharge."""


class HomeSchedule(NamedTuple):
    """What the home batteries do as one.

    Attributes
    ----------
    charge, discharge : list of float
        Power into and out of them. [W]
    series : dict
        What every schedule of a site holds, by its name on the wire.
    next_actions : list of ActionOut
        Runs of intervals with one action, the first of them in progress.
    """

    charge: list[float]
    discharge: list[float]
    series: dict[str, Any]
    next_actions: list[ActionOut]


class HomeWriter:
    """Writes the schedule of the home batteries as one, perhaps before the plan is proved.

    Parameters
    ----------
    site : Site
        The problem.
    client_safe_charge : bool
        Whether charging from solar alone is kept out of ``charge_w``.
    """

    def __init__(self, site: Site, client_safe_charge: bool) -> None:
        self._site = site
        self._client_safe_charge = client_safe_charge
        self._of: Dispatch | None = None
        self._written: HomeSchedule | None = None

    def draft(self, dispatch: Dispatch, flows: EnergyFlows) -> HomeSchedule:
        """Write what is likely to be done."""
        written = home_schedule(self._site, dispatch, flows, self._client_safe_charge)
        self._of, self._written = dispatch, written
        return written

    def schedule(self, plan: Plan) -> HomeSchedule:
        """Schedule of the plan, as it was drafted where it is that."""
        if self._written is not None and plan.dispatch is self._of:
            return self._written
        return self.draft(plan.dispatch, plan.flows)


def home_schedule(
    site: Site, dispatch: Dispatch, flows: EnergyFlows, client_safe_charge: bool
) -> HomeSchedule:
    """Write the schedule of the home batteries as one."""
    horizon, batteries = site.horizon, site.batteries
    n = horizon.n_intervals
    own = slice(len(batteries))
    rows, soc, actions = np.empty((N_ROWS, n)), np.empty((1, n + 1)), np.empty(n, np.int64)
    begins, means = np.empty(_N_ACTIONS + 1, np.int64), np.empty(_N_ACTIONS)
    n_runs = home_course(
        dispatch.charge[own],
        dispatch.discharge[own],
        flows.battery_to_load,
        flows.battery_to_vehicle,
        flows.battery_to_grid,
        dispatch.grid_import,
        dispatch.grid_export,
        flows.solar_to_load,
        flows.solar_to_vehicle,
        flows.solar_to_battery,
        flows.solar_to_grid,
        flows.grid_to_load,
        flows.grid_to_vehicle,
        flows.grid_to_battery,
        dispatch.curtailed,
        horizon.hours,
        dispatch.stored[own],
        np.array([battery.capacity for battery in batteries], np.float64),
        np.array([battery.initial_soc for battery in batteries], np.float64),
        client_safe_charge,
        rows,
        soc[0],
        actions,
        begins,
        means,
    )
    stamps = stamps_of(horizon)
    charge, discharge, *others = numbers(rows, POWER_DIGITS)
    return HomeSchedule(
        charge=charge,
        discharge=discharge,
        series={
            "timestamps": stamps.of_starts,
            "soc_trajectory": numbers(soc, SOC_DIGITS)[0],
            "action": _WORDS.listed(actions),
            **dict(zip(_OTHERS, others, strict=True)),
        },
        next_actions=_next_actions(begins[: n_runs + 1], means, actions, stamps, soc[0]),
    )


def vehicles_in_home_schedule(plan: Plan) -> dict[str, Any]:
    """What vehicles do, in the schedule of the home battery."""
    flows, n = plan.flows, len(plan.site.batteries)
    energies = {
        "vehicle_charge_w": plan.dispatch.charge[n:].sum(axis=0),
        "vehicle_discharge_w": plan.dispatch.discharge[n:].sum(axis=0),
        "vehicle_to_load_w": flows.vehicle_to_load + flows.vehicle_to_vehicle.sum(axis=0),
        "vehicle_to_battery_w": flows.vehicle_to_battery,
        "vehicle_to_grid_w": flows.vehicle_to_grid,
    }
    rows = np.array([*energies.values()])
    return dict(zip(energies, powers(rows, plan.site.horizon.hours), strict=True))


def of_each(plan: Plan, storages: slice) -> Iterator[tuple[list[float], list[float], list[float]]]:
    """Charge [W], discharge [W] and state of charge [-] of each of the storages."""
    dispatch, hours = plan.dispatch, plan.site.horizon.hours
    return zip(
        powers(dispatch.charge[storages], hours),
        powers(dispatch.discharge[storages], hours),
        levels(plan.soc[storages]),
        strict=True,
    )


def powers(energies: Vector, hours: Vector) -> list[list[float]]:
    """Power of each row of energies per interval. [W]"""
    return numbers(watts(energies, hours), POWER_DIGITS)


def levels(soc: Vector) -> list[list[float]]:
    """Each row of states of charge. [-]"""
    return numbers(soc, SOC_DIGITS)


def shown_soc(soc: Vector) -> Vector:
    """State of charge as replies show it."""
    return np.asarray(np.round(soc, SOC_DIGITS) + 0.0, dtype=np.float64)


def _next_actions(
    begins: Places, means: Vector, actions: Places, stamps: Stamps, soc: Vector
) -> list[ActionOut]:
    """The first runs of intervals with one action; an idle one with what discharge it has."""
    times = [stamps.at(t) for t in begins.tolist()]
    codes, ends = actions[begins[:-1]].tolist(), soc[begins[1:]].tolist()
    return [
        ActionOut(_NAMES[code], start, end, round(power, 1), level)
        for code, start, end, power, level in zip(
            codes, times, times[1:], means.tolist(), ends, strict=False
        )
    ]
