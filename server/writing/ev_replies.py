"""A plan with vehicles to the reply of ``/ev/optimize``."""

import numpy as np

from matrix_builders import Vector
from optimiser import Plan
from optimiser.result.plan import hours_on
from optimiser.result.shortfalls import vehicle_shortfall
from server.reading.site import Problem
from server.wire.repairs import Repairs
from server.wire.replies import EvOut, EvReply, EvScheduleOut, EvSummaryOut, MeterOut
from server.writing.actions import next_actions
from server.writing.replies import batteries_by_key, home_reply
from server.writing.schedules import stamps_from_horizon, storage_schedules
from server.writing.summary import (
    certificate_from_plan,
    dollars,
    round_soc,
    summary_from_plan,
    watts,
)


def ev_reply(plan: Plan, problem: Problem, repairs: Repairs) -> EvReply:
    """Build the reply of ``/ev/optimize``; see `reply_from_plan`."""
    stamps = stamps_from_horizon(plan.site.horizon)
    vehicles = _vehicles(plan, problem, stamps)
    reply = EvReply(
        success=True,
        status=plan.status,
        ev_schedules=vehicles,
        shortfall_kwh=round(sum([vehicle.shortfall_kwh for vehicle in vehicles]), 6),
        meter=_meter(plan, stamps[:-1]),
        bill=summary_from_plan(plan),
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        currency=problem.currency,
        certificate=certificate_from_plan(plan),
        warnings=repairs.warnings,
    )
    if len(vehicles) == 1:
        reply.vehicle_id = vehicles[0].vehicle_id
        reply.schedule = vehicles[0].schedule
        reply.summary = vehicles[0].summary
        reply.next_actions = vehicles[0].next_actions
    if plan.site.batteries:
        reply.home = home_reply(plan, problem, repairs, stamps)
    if plan.site.batteries and problem.paths[0] != "home_battery":
        reply.batteries = batteries_by_key(plan, problem, stamps)
    return reply


def _vehicles(plan: Plan, problem: Problem, stamps: list[str]) -> list[EvOut]:
    n = len(plan.site.batteries)
    schedules = storage_schedules(plan, slice(n, None))
    return [
        EvOut(
            success=True,
            status=plan.status,
            vehicle_id=problem.keys[n + v],
            name=problem.names[n + v],
            schedule=EvScheduleOut(
                timestamps=stamps[:-1],
                charge_power_w=charge,
                **_commands(plan, v),
                discharge_power_w=discharge,
                soc=soc,
            ),
            summary=_summary(plan, v),
            next_actions=next_actions(plan, slice(n + v, n + v + 1), stamps, problem.currency),
            shortfall_kwh=round(vehicle_shortfall(plan.pieces.site, plan.dispatch_in_pieces, v), 6),
        )
        for v, (charge, discharge, soc) in enumerate(schedules)
    ]


def _commands(plan: Plan, v: int) -> dict[str, list[float]]:
    """Return the power of a charger while it is on [W], and for how long that is [min]."""
    time_on = hours_on(plan, v)
    energy = plan.dispatch.charge[len(plan.site.batteries) + v]
    return {
        "command_w": watts(energy, np.where(time_on > 0.0, time_on, 1.0)).tolist(),
        "minutes_on": np.round(60.0 * time_on, 2).tolist(),
    }


def _summary(plan: Plan, v: int) -> EvSummaryOut:
    flows, tariff, k = plan.flows, plan.site.tariff, len(plan.site.batteries) + v
    charge, discharge = plan.dispatch.charge[k], plan.dispatch.discharge[k]
    from_others = flows.battery_to_vehicle[v] + flows.vehicle_to_vehicle[v]
    exported = discharge * _export_share(plan)
    bought, total = float(flows.grid_to_vehicle[v].sum()), float(charge.sum())
    price = float(flows.grid_to_vehicle[v] @ tariff.import_price)
    cost = price - float(exported @ tariff.export_price)
    return EvSummaryOut(
        total_energy_kwh=round(total, 6),
        solar_energy_kwh=round(float(flows.solar_to_vehicle[v].sum()), 6),
        grid_energy_kwh=round(bought, 6),
        battery_energy_kwh=round(float(from_others.sum()), 6),
        discharged_kwh=round(float(discharge.sum()), 6),
        exported_kwh=round(float(exported.sum()), 6),
        total_cost=dollars(cost, plan),
        average_price=dollars(price / bought, plan) if round(bought, 6) > 0 else 0.0,
        average_cost=dollars(cost / total, plan) if total > 0 else 0.0,
        final_soc=float(round_soc(plan.soc[k])[-1]),
    )


def _export_share(plan: Plan) -> Vector:
    """Share of the vehicles' discharge that goes into the grid; shape (T,). [-]"""
    discharge = plan.dispatch.discharge[len(plan.site.batteries) :].sum(axis=0)
    none = np.zeros(discharge.size)
    share: Vector = np.divide(plan.flows.vehicle_to_grid, discharge, out=none, where=discharge > 0)
    return np.minimum(share, 1.0)


def _meter(plan: Plan, starts: list[str]) -> MeterOut:
    dispatch, n = plan.dispatch, len(plan.site.batteries)
    energies = {
        "grid_import_w": dispatch.grid_import,
        "grid_export_w": dispatch.grid_export,
        "solar_curtailed_w": dispatch.curtailed,
        "total_charge_power_w": dispatch.charge[n:].sum(axis=0),
        "total_discharge_power_w": dispatch.discharge[n:].sum(axis=0),
    }
    powers = watts(np.array([*energies.values()]), plan.site.horizon.hours).tolist()
    return MeterOut(timestamps=starts, **dict(zip(energies, powers, strict=True)))
