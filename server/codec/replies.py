"""A plan to a reply: kWh to W and rounding, once."""

from itertools import groupby

import numpy as np
from msgspec import structs

from matrix_builders import Vector
from optimiser import Plan
from optimiser.plan import Action, actions_of
from server.codec.complaints import note_unmet
from server.codec.repairs import Repairs
from server.codec.requests import Problem
from server.codec.summary import certificate_of, summary_of, watts
from server.wire import (
    ActionOut,
    AggregatedOut,
    BatteryMetricsOut,
    BatteryScheduleOut,
    FlowsOut,
    MultiBatteryReply,
    NamedBatteryOut,
    OptimizeReply,
    ScheduleOut,
)

_SOC_DIGITS = 7  # keeps the dynamics true to 1e-5
_N_ACTIONS = 12


def reply_from_plan(plan: Plan, problem: Problem, repairs: Repairs) -> OptimizeReply:
    """Write the reply of ``/optimize``.

    Parameters
    ----------
    plan : Plan
        Of one battery.
    problem : Problem
        What was asked.
    repairs : Repairs
        What was mended; what the plan had to miss is added.

    Returns
    -------
    OptimizeReply
        Finite numbers only.
    """
    note_unmet(plan, problem.paths, repairs)
    return home_reply(plan, problem, repairs)


def home_reply(plan: Plan, problem: Problem, repairs: Repairs) -> OptimizeReply:
    """Reply about the home batteries as one, vehicles or none beside them."""
    flows, charge, discharge = _flows(plan, problem.client_safe_charge)
    schedule = ScheduleOut(
        **structs.asdict(flows), charge_w=charge.tolist(), discharge_w=discharge.tolist()
    )
    if plan.site.vehicles:
        for name, values in _beside_vehicles(plan).items():
            setattr(schedule, name, values)
    return OptimizeReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        schedule=schedule,
        summary=summary_of(plan),
        next_actions=_next_actions(
            plan, schedule.action, schedule.soc_trajectory, (charge, discharge)
        ),
        certificate=certificate_of(plan),
        warnings=repairs.as_list(),
    )


def multi_battery_reply(plan: Plan, problem: Problem, repairs: Repairs) -> MultiBatteryReply:
    """Write the reply of ``/multi-battery/optimize``; see `reply_from_plan`."""
    note_unmet(plan, problem.paths, repairs)
    flows, charge, discharge = _flows(plan, problem.client_safe_charge)
    aggregated = AggregatedOut(
        **structs.asdict(flows),
        total_charge_w=charge.tolist(),
        total_discharge_w=discharge.tolist(),
    )
    return MultiBatteryReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        batteries=named_batteries(plan, problem),
        aggregated=aggregated,
        summary=summary_of(plan),
        next_actions=_next_actions(
            plan, aggregated.action, aggregated.soc_trajectory, (charge, discharge)
        ),
        certificate=certificate_of(plan),
        warnings=repairs.as_list(),
    )


def named_batteries(plan: Plan, problem: Problem) -> dict[str, NamedBatteryOut]:
    """Every battery by its key."""
    return {
        problem.keys[k]: _battery(plan, k, problem.names[k])
        for k in range(len(plan.site.batteries))
    }


def rounded_soc(soc: Vector) -> list[float]:
    """State of charge as replies show it."""
    rounded: list[float] = (np.round(soc, _SOC_DIGITS) + 0.0).tolist()
    return rounded


def _mean_soc(plan: Plan) -> Vector:
    """State of charge of the home batteries as one; shape (T + 1,). [-]"""
    capacity = np.array([battery.capacity for battery in plan.site.batteries])
    total = float(capacity.sum())
    weight = capacity / total if total > 0 else np.full(capacity.size, 1.0 / capacity.size)
    mean: Vector = weight @ plan.soc[: capacity.size]
    return mean


def _battery(plan: Plan, k: int, name: str | None) -> NamedBatteryOut:
    hours, battery, dispatch = plan.site.horizon.hours, plan.site.batteries[k], plan.dispatch
    soc = rounded_soc(plan.soc[k])
    charged, discharged = float(dispatch.charge[k].sum()), float(dispatch.discharge[k].sum())
    taken = discharged / battery.discharge_efficiency
    return NamedBatteryOut(
        name=name,
        schedule=BatteryScheduleOut(
            charge_w=watts(dispatch.charge[k], hours).tolist(),
            discharge_w=watts(dispatch.discharge[k], hours).tolist(),
            soc=soc,
        ),
        metrics=BatteryMetricsOut(
            charge_kwh=round(charged, 6),
            discharge_kwh=round(discharged, 6),
            cycles=round(taken / battery.capacity, 6) if battery.capacity > 0 else 0.0,
            final_soc=soc[-1],
        ),
    )


def _flows(plan: Plan, client_safe_charge: bool) -> tuple[FlowsOut, Vector, Vector]:
    """What every schedule of a site holds, and the power into and out of its batteries. [W]"""
    horizon, flows, dispatch = plan.site.horizon, plan.flows, plan.dispatch
    own = slice(len(plan.site.batteries))
    energies = {
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
    of_batteries = dispatch.charge[own].sum(axis=0), dispatch.discharge[own].sum(axis=0)
    powers = watts(np.array([*of_batteries, *energies.values()]), horizon.hours)
    shown = dict(zip(energies, powers[len(of_batteries) :], strict=True))
    charge, discharge = powers[: len(of_batteries)]
    if client_safe_charge:  # charging from solar alone is kept from a client that misreads it
        charge = np.where(shown["grid_to_battery_w"] < 1.0, 0.0, charge)
    commands = charge, discharge, shown["battery_consume_w"], shown["battery_export_w"]
    schedule = FlowsOut(
        timestamps=list(horizon.stamps[:-1]),
        soc_trajectory=rounded_soc(_mean_soc(plan)),
        action=list[str](actions_of(*(power / 1e3 for power in commands))),
        **{name: power.tolist() for name, power in shown.items()},
    )
    return schedule, charge, discharge


def _beside_vehicles(plan: Plan) -> dict[str, list[float]]:
    """What vehicles do, in the schedule of the home battery."""
    hours, flows, n = plan.site.horizon.hours, plan.flows, len(plan.site.batteries)
    to_load = flows.vehicle_to_load + flows.vehicle_to_vehicle.sum(axis=0)
    energies = {
        "vehicle_charge_w": plan.dispatch.charge[n:].sum(axis=0),
        "vehicle_discharge_w": plan.dispatch.discharge[n:].sum(axis=0),
        "vehicle_to_load_w": to_load,
        "vehicle_to_battery_w": flows.vehicle_to_battery,
        "vehicle_to_grid_w": flows.vehicle_to_grid,
    }
    return {name: watts(energy, hours).tolist() for name, energy in energies.items()}


def _next_actions(
    plan: Plan, actions: list[str], soc: list[float], powers: tuple[Vector, Vector]
) -> list[ActionOut]:
    """Runs of intervals with one action, the first of them in progress."""
    horizon = plan.site.horizon
    runs = []
    first = 0
    for action, members in groupby(actions):
        after = first + len(list(members))
        power = powers[0] if action == Action.CHARGE else powers[1]
        span = horizon.hours[first:after]
        runs.append(
            ActionOut(
                action=action,
                start=horizon.stamps[first],
                end=horizon.stamps[after],
                power_w=round(float(power[first:after] @ span / span.sum()), 1),
                soc_end=soc[after],
            )
        )
        if len(runs) == _N_ACTIONS:
            break
        first = after
    return runs
