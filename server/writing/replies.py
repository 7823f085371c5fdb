"""A plan to a reply."""

from optimiser import Plan
from server.reading.site import Problem
from server.wire.repairs import Repairs
from server.wire.structs import (
    AggregatedOut,
    BatteryMetricsOut,
    BatteryScheduleOut,
    MultiBatteryReply,
    NamedBatteryOut,
    OptimizeReply,
    ScheduleOut,
)
from server.writing.schedules import (
    HomeWriter,
    of_each,
    shown_soc,
    vehicles_in_home_schedule,
)
from server.writing.shortfalls import note_unmet
from server.writing.summary import certificate_of, summary_of


def reply_from_plan(
    plan: Plan, problem: Problem, repairs: Repairs, writer: HomeWriter
) -> OptimizeReply:
    """Write the reply of ``/optimize``.

    Parameters
    ----------
    plan : Plan
        Of one battery.
    problem : Problem
        What was asked.
    repairs : Repairs
        What was mended; what the plan had to miss is added.
    writer : HomeWriter
        Of its schedule.

    Returns
    -------
    OptimizeReply
        Finite numbers only.
    """
    note_unmet(plan, problem.paths, repairs)
    return home_reply(plan, repairs, writer)


def home_reply(plan: Plan, repairs: Repairs, writer: HomeWriter) -> OptimizeReply:
    """Reply about the home batteries as one, vehicles or none beside them."""
    home = writer.schedule(plan)
    vehicles = vehicles_in_home_schedule(plan) if plan.site.vehicles else {}
    return OptimizeReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        schedule=ScheduleOut(
            charge_w=home.charge, discharge_w=home.discharge, **home.series, **vehicles
        ),
        summary=summary_of(plan),
        next_actions=home.next_actions,
        certificate=certificate_of(plan),
        warnings=repairs.as_list(),
    )


def multi_battery_reply(
    plan: Plan, problem: Problem, repairs: Repairs, writer: HomeWriter
) -> MultiBatteryReply:
    """Write the reply of ``/multi-battery/optimize``; see `reply_from_plan`."""
    note_unmet(plan, problem.paths, repairs)
    home = writer.schedule(plan)
    return MultiBatteryReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        batteries=named_batteries(plan, problem),
        aggregated=AggregatedOut(
            total_charge_w=home.charge, total_discharge_w=home.discharge, **home.series
        ),
        summary=summary_of(plan),
        next_actions=home.next_actions,
        certificate=certificate_of(plan),
        warnings=repairs.as_list(),
    )


def named_batteries(plan: Plan, problem: Problem) -> dict[str, NamedBatteryOut]:
    """Every battery by its key."""
    told = of_each(plan, slice(len(plan.site.batteries)))
    schedules = [BatteryScheduleOut(charge_w=c, discharge_w=d, soc=soc) for c, d, soc in told]
    return {
        problem.keys[k]: NamedBatteryOut(
            name=problem.names[k], schedule=schedule, metrics=_metrics(plan, k)
        )
        for k, schedule in enumerate(schedules)
    }


def _metrics(plan: Plan, k: int) -> BatteryMetricsOut:
    battery, dispatch = plan.site.batteries[k], plan.dispatch
    charged, discharged = float(dispatch.charge[k].sum()), float(dispatch.discharge[k].sum())
    taken = discharged / battery.discharge_efficiency
    return BatteryMetricsOut(
        charge_kwh=round(charged, 6),
        discharge_kwh=round(discharged, 6),
        cycles=round(taken / battery.capacity, 6) if battery.capacity > 0 else 0.0,
        final_soc=float(shown_soc(plan.soc[k])[-1]),
    )
