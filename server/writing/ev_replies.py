"""A plan with vehicles to the reply of ``/ev/optimize``."""

import numpy as np

from matrix_builders import Vector
from optimiser import Plan
from optimiser.result.shortfalls import vehicle_shortfall
from server.reading.site import Problem
from server.wire.repairs import Repairs
from server.wire.structs import EvOut, EvReply, EvScheduleOut, EvSummaryOut, MeterOut
from server.writing.lists import Stamps, stamps_of
from server.writing.replies import home_reply, named_batteries
from server.writing.schedules import HomeWriter, of_each, powers, shown_soc
from server.writing.shortfalls import note_unmet
from server.writing.summary import certificate_of, dollars, summary_of


def ev_reply(plan: Plan, problem: Problem, repairs: Repairs, writer: HomeWriter) -> EvReply:
    """Write the reply of ``/ev/optimize``.

    Parameters
    ----------
    plan : Plan
        Of vehicles, perhaps beside a home battery.
    problem : Problem
        What was asked.
    repairs : Repairs
        What was mended; what the plan had to miss is added.
    writer : HomeWriter
        Of the home battery's schedule.

    Returns
    -------
    EvReply
        Finite numbers only.
    """
    note_unmet(plan, problem.paths, repairs)
    stamps = stamps_of(plan.site.horizon)
    schedules = [
        EvScheduleOut(
            timestamps=stamps.of_starts, charge_power_w=charge, discharge_power_w=discharge, soc=soc
        )
        for charge, discharge, soc in of_each(plan, slice(len(plan.site.batteries), None))
    ]
    vehicles = [_vehicle(plan, problem, v, schedule) for v, schedule in enumerate(schedules)]
    reply = EvReply(
        success=True,
        status=plan.status,
        ev_schedules=vehicles,
        shortfall_kwh=round(sum(vehicle.shortfall_kwh for vehicle in vehicles), 6),
        meter=_meter(plan, stamps),
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
        reply.home = home_reply(plan, repairs, writer)
    if plan.site.batteries and problem.paths[0] != "home_battery":
        reply.batteries = named_batteries(plan, problem)
    return reply


def _vehicle(plan: Plan, problem: Problem, v: int, schedule: EvScheduleOut) -> EvOut:
    k = len(plan.site.batteries) + v
    return EvOut(
        success=True,
        status=plan.status,
        vehicle_id=problem.keys[k],
        name=problem.names[k],
        schedule=schedule,
        summary=_summary(plan, v),
        shortfall_kwh=round(vehicle_shortfall(plan.site, plan.dispatch, v), 6),
    )


def _summary(plan: Plan, v: int) -> EvSummaryOut:
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
        final_soc=float(shown_soc(plan.soc[k])[-1]),
    )


def _exported_share(plan: Plan) -> Vector:
    """Share of what vehicles give that goes into the grid; shape (T,). [-]"""
    given = plan.dispatch.discharge[len(plan.site.batteries) :].sum(axis=0)
    share: Vector = np.divide(
        plan.flows.vehicle_to_grid, given, out=np.zeros(given.size), where=given > 0
    )
    return np.minimum(share, 1.0)


def _meter(plan: Plan, stamps: Stamps) -> MeterOut:
    dispatch, n = plan.dispatch, len(plan.site.batteries)
    energies = {
        "grid_import_w": dispatch.grid_import,
        "grid_export_w": dispatch.grid_export,
        "solar_curtailed_w": dispatch.curtailed,
        "total_charge_power_w": dispatch.charge[n:].sum(axis=0),
        "total_discharge_power_w": dispatch.discharge[n:].sum(axis=0),
    }
    rows = powers(np.array([*energies.values()]), plan.site.horizon.hours)
    return MeterOut(timestamps=stamps.of_starts, **dict(zip(energies, rows, strict=True)))
