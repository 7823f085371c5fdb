"""A plan to a reply."""

from optimiser import Plan
from server.reading.site import Problem
from server.wire.repairs import Repairs
from server.wire.replies import (
    AggregatedOut,
    BatteryMetricsOut,
    BatteryScheduleOut,
    MultiBatteryReply,
    NamedBatteryOut,
    OptimizeReply,
    ScheduleOut,
)
from server.writing.actions import next_actions
from server.writing.schedules import (
    home_schedule,
    stamps_from_horizon,
    storage_schedules,
    vehicles_in_home_schedule,
)
from server.writing.summary import certificate_from_plan, round_soc, summary_from_plan


def reply_from_plan(plan: Plan, problem: Problem, repairs: Repairs) -> OptimizeReply:
    """Build the reply of ``/optimize``."""
    return home_reply(plan, problem, repairs, stamps_from_horizon(plan.site.horizon))


def home_reply(plan: Plan, problem: Problem, repairs: Repairs, stamps: list[str]) -> OptimizeReply:
    """Build the reply about the home batteries as one, vehicles or none beside them."""
    own = slice(len(plan.site.batteries))
    home = home_schedule(plan, stamps, problem.client_safe_charge)
    vehicles = vehicles_in_home_schedule(plan) if plan.site.vehicles else {}
    return OptimizeReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        currency=problem.currency,
        schedule=ScheduleOut(
            charge_w=home.charge, discharge_w=home.discharge, **home.series, **vehicles
        ),
        summary=summary_from_plan(plan),
        next_actions=next_actions(plan, own, stamps, problem.currency, home.actions),
        certificate=certificate_from_plan(plan),
        warnings=repairs.warnings,
    )


def multi_battery_reply(plan: Plan, problem: Problem, repairs: Repairs) -> MultiBatteryReply:
    """Build the reply of ``/multi-battery/optimize``; see `reply_from_plan`."""
    stamps = stamps_from_horizon(plan.site.horizon)
    own = slice(len(plan.site.batteries))
    home = home_schedule(plan, stamps, problem.client_safe_charge)
    return MultiBatteryReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        currency=problem.currency,
        batteries=batteries_by_key(plan, problem, stamps),
        aggregated=AggregatedOut(
            total_charge_w=home.charge, total_discharge_w=home.discharge, **home.series
        ),
        summary=summary_from_plan(plan),
        next_actions=next_actions(plan, own, stamps, problem.currency, home.actions),
        certificate=certificate_from_plan(plan),
        warnings=repairs.warnings,
    )


def batteries_by_key(plan: Plan, problem: Problem, stamps: list[str]) -> dict[str, NamedBatteryOut]:
    """Build the part about every battery, by its key."""
    schedules = storage_schedules(plan, slice(len(plan.site.batteries)))
    return {
        problem.keys[k]: NamedBatteryOut(
            name=problem.names[k],
            schedule=BatteryScheduleOut(charge_w=charge, discharge_w=discharge, soc=soc),
            metrics=_metrics(plan, k),
            next_actions=next_actions(plan, slice(k, k + 1), stamps, problem.currency),
        )
        for k, (charge, discharge, soc) in enumerate(schedules)
    }


def _metrics(plan: Plan, k: int) -> BatteryMetricsOut:
    battery, dispatch = plan.site.batteries[k], plan.dispatch
    charged, discharged = float(dispatch.charge[k].sum()), float(dispatch.discharge[k].sum())
    taken = discharged / battery.discharge_efficiency
    return BatteryMetricsOut(
        charge_kwh=round(charged, 6),
        discharge_kwh=round(discharged, 6),
        cycles=round(taken / battery.capacity, 6) if battery.capacity > 0 else 0.0,
        final_soc=float(round_soc(plan.soc[k])[-1]),
    )
