"""A plan with vehicles to the reply of ``/ev/optimize``."""

import numpy as np

from matrix_builders import Vector
from optimiser import Plan
from optimiser.unmet import shortfall
from server.codec.complaints import note_unmet
from server.codec.repairs import Repairs
from server.codec.replies import home_reply, named_batteries, rounded_soc
from server.codec.requests import Problem
from server.codec.summary import certificate_of, dollars, summary_of, watts
from server.wire import EvOut, EvReply, EvScheduleOut, EvSummaryOut, MeterOut


def ev_reply(plan: Plan, problem: Problem, repairs: Repairs) -> EvReply:
    """Write the reply of ``/ev/optimize``.

    Parameters
    ----------
    plan : Plan
        Of vehicles, perhaps beside a home battery.
    problem : Problem
        What was asked.
    repairs : Repairs
        What was mended; what the plan had to miss is added.

    Returns
    -------
    EvReply
        Finite numbers only.
    """
    note_unmet(plan, problem.paths, repairs)
    vehicles = [_vehicle(plan, problem, v) for v in range(len(plan.site.vehicles))]
    reply = EvReply(
        success=True,
        status=plan.status,
        ev_schedules=vehicles,
        shortfall_kwh=round(sum(vehicle.shortfall_kwh for vehicle in vehicles), 6),
        meter=_meter(plan),
        bill=summary_of(plan),
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        certificate=certificate_of(plan),
        warnings=repairs.as_list(),
    )
    if len(vehicles) == 1:
        reply.vehicle_id = vehicles[0].vehicle_id
        reply.schedule = vehicles[0].schedule
        reply.summary = vehicles[0].summary
    if plan.site.batteries:
        reply.home = home_reply(plan, problem, repairs)
    if plan.site.batteries and problem.paths[0] != "home_battery":
        reply.batteries = named_batteries(plan, problem)
    return reply


def _vehicle(plan: Plan, problem: Problem, v: int) -> EvOut:
    hours, k = plan.site.horizon.hours, len(plan.site.batteries) + v
    soc = rounded_soc(plan.soc[k])
    return EvOut(
        success=True,
        status=plan.status,
        vehicle_id=problem.keys[k],
        name=problem.names[k],
        schedule=EvScheduleOut(
            timestamps=list(plan.site.horizon.stamps[:-1]),
            charge_power_w=watts(plan.dispatch.charge[k], hours).tolist(),
            discharge_power_w=watts(plan.dispatch.discharge[k], hours).tolist(),
            soc=soc,
        ),
        summary=_summary(plan, v, soc[-1]),
        shortfall_kwh=round(shortfall(plan.site, plan.dispatch, v), 6),
    )


def _summary(plan: Plan, v: int, final_soc: float) -> EvSummaryOut:
    flows, tariff, k = plan.flows, plan.site.tariff, len(plan.site.batteries) + v
    charged, given = plan.dispatch.charge[k], plan.dispatch.discharge[k]
    from_others = flows.battery_to_vehicle[v] + flows.vehicle_to_vehicle[v]
    exported = given * _exported_share(plan)
    cost = float(flows.grid_to_vehicle[v] @ tariff.import_price - exported @ tariff.export_price)
    total = float(charged.sum())
    return EvSummaryOut(
        total_energy_kwh=round(total, 6),
        solar_energy_kwh=round(float(flows.solar_to_vehicle[v].sum()), 6),
        grid_energy_kwh=round(float(flows.grid_to_vehicle[v].sum()), 6),
        battery_energy_kwh=round(float(from_others.sum()), 6),
        discharged_kwh=round(float(given.sum()), 6),
        exported_kwh=round(float(exported.sum()), 6),
        total_cost=dollars(cost),
        average_price=dollars(cost / total) if total > 0 else 0.0,
        final_soc=final_soc,
    )


def _exported_share(plan: Plan) -> Vector:
    """Share of what vehicles give that goes into the grid; shape (T,). [-]"""
    given = plan.dispatch.discharge[len(plan.site.batteries) :].sum(axis=0)
    share: Vector = np.divide(
        plan.flows.vehicle_to_grid, given, out=np.zeros(given.size), where=given > 0
    )
    return np.minimum(share, 1.0)


def _meter(plan: Plan) -> MeterOut:
    hours, dispatch, n = plan.site.horizon.hours, plan.dispatch, len(plan.site.batteries)
    return MeterOut(
        timestamps=list(plan.site.horizon.stamps[:-1]),
        grid_import_w=watts(dispatch.grid_import, hours).tolist(),
        grid_export_w=watts(dispatch.grid_export, hours).tolist(),
        solar_curtailed_w=watts(dispatch.curtailed, hours).tolist(),
        total_charge_power_w=watts(dispatch.charge[n:].sum(axis=0), hours).tolist(),
        total_discharge_power_w=watts(dispatch.discharge[n:].sum(axis=0), hours).tolist(),
    )
