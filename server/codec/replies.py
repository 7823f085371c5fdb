"""A plan to a reply: kWh to W and rounding, once."""

from itertools import groupby

import numpy as np

from matrix_builders import Vector
from optimiser import Plan
from optimiser.plan import Action, Unmet, actions_of
from server.codec.repairs import Repairs
from server.codec.requests import Problem
from server.wire import (
    ActionOut,
    CertificateOut,
    OptimizeReply,
    ScheduleOut,
    SummaryOut,
)

# Digits after the point.  A tenth of a milliwatt keeps the bill true to 1e-4 $ even at the market
# cap for 48 h; 1e-7 of a state of charge keeps the dynamics true to 1e-5.
_POWER_DIGITS = 4
_SOC_DIGITS = 7
_MONEY_DIGITS = 6
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
    schedule = _schedule(plan, problem.client_safe_charge)
    for miss in plan.unmet:
        _note_unmet(miss, schedule.timestamps, repairs)
    return OptimizeReply(
        success=True,
        status=plan.status,
        solver=plan.certificate.solver,
        cost_function=plan.cost_function.value,
        schedule=schedule,
        summary=_summary(plan),
        next_actions=_next_actions(plan, schedule),
        certificate=_certificate(plan),
        warnings=repairs.as_list(),
    )


def _schedule(plan: Plan, client_safe_charge: bool) -> ScheduleOut:
    hours, flows, dispatch = plan.site.horizon.hours, plan.flows, plan.dispatch

    def watts(energy: Vector) -> Vector:
        # Adding zero turns -0.0 into 0.0.
        power = np.maximum(energy / hours * 1000.0, 0.0)
        return np.asarray(np.round(power, _POWER_DIGITS) + 0.0, dtype=np.float64)

    charge, discharge = watts(dispatch.charge.sum(axis=0)), watts(dispatch.discharge.sum(axis=0))
    consume, export = watts(flows.battery_to_load), watts(flows.battery_to_grid)
    grid_to_battery = watts(flows.grid_to_battery)
    if client_safe_charge:
        charge = np.where(grid_to_battery < 1.0, 0.0, charge)
    actions = actions_of(charge / 1e3, discharge / 1e3, consume / 1e3, export / 1e3)
    return ScheduleOut(
        timestamps=[start.isoformat() for start in plan.site.horizon.starts],
        charge_w=charge.tolist(),
        discharge_w=discharge.tolist(),
        grid_import_w=watts(dispatch.grid_import).tolist(),
        grid_export_w=watts(dispatch.grid_export).tolist(),
        soc_trajectory=(np.round(plan.soc[0], _SOC_DIGITS) + 0.0).tolist(),
        battery_consume_w=consume.tolist(),
        battery_export_w=export.tolist(),
        solar_to_load_w=watts(flows.solar_to_load).tolist(),
        solar_to_battery_w=watts(flows.solar_to_battery).tolist(),
        solar_to_grid_w=watts(flows.solar_to_grid).tolist(),
        grid_to_load_w=watts(flows.grid_to_load).tolist(),
        grid_to_battery_w=grid_to_battery.tolist(),
        solar_curtailed_w=watts(dispatch.curtailed).tolist(),
        action=[action.value for action in actions],
    )


def _summary(plan: Plan) -> SummaryOut:
    money, flows, dispatch = plan.money, plan.flows, plan.dispatch

    def total(energy: Vector) -> float:
        return round(float(energy.sum()), 6) + 0.0

    imported, exported = float(dispatch.grid_import.sum()), float(dispatch.grid_export.sum())
    return SummaryOut(
        total_cost=_dollars(money.total_cost),
        baseline_cost=_dollars(money.baseline_cost),
        savings=_dollars(money.savings),
        total_import_kwh=total(dispatch.grid_import),
        total_export_kwh=total(dispatch.grid_export),
        total_charge_kwh=total(dispatch.charge),
        total_discharge_kwh=total(dispatch.discharge),
        average_import_price=_dollars(_ratio(money.bill.import_cost, imported)),
        average_export_price=_dollars(_ratio(money.bill.export_revenue, exported)),
        total_battery_consume_kwh=total(flows.battery_to_load),
        total_battery_export_kwh=total(flows.battery_to_grid),
        total_solar_consumed_kwh=total(flows.solar_to_load + flows.solar_to_battery),
        total_solar_exported_kwh=total(flows.solar_to_grid),
        total_solar_curtailed_kwh=total(dispatch.curtailed),
        wear_cost=_dollars(money.wear_cost),
        end_value=_dollars(money.end_value),
    )


def _dollars(amount: float) -> float:
    return round(amount, _MONEY_DIGITS) + 0.0


def _ratio(amount: float, energy: float) -> float:
    return amount / energy if energy > 0 else 0.0


def _next_actions(plan: Plan, schedule: ScheduleOut) -> list[ActionOut]:
    """Runs of intervals with one action, the first of them in progress."""
    hours = plan.site.horizon.hours
    runs = []
    first = 0
    for action, members in groupby(schedule.action):
        after = first + len(list(members))
        power = schedule.charge_w if action == Action.CHARGE else schedule.discharge_w
        span = hours[first:after]
        runs.append(
            ActionOut(
                action=action,
                start=schedule.timestamps[first],
                end=plan.site.horizon.instants[after].isoformat(),
                power_w=round(float(np.array(power[first:after]) @ span / span.sum()), 1),
                soc_end=schedule.soc_trajectory[after],
            )
        )
        if len(runs) == _N_ACTIONS:
            break
        first = after
    return runs


def _certificate(plan: Plan) -> CertificateOut:
    proof, timing = plan.certificate, plan.timing
    return CertificateOut(
        solver=proof.solver,
        optimum=proof.optimum,
        lower_bound=proof.lower_bound,
        gap=proof.gap,
        preference_cost=proof.preference_cost,
        primal_residual=proof.primal_residual,
        dual_residual=proof.dual_residual,
        made_exact=proof.made_exact,
        energy_error=proof.energy_error,
        bill_error=proof.bill_error,
        build_ms=round(timing.build * 1000, 3),
        solve_ms=round(timing.solve * 1000, 3),
        check_ms=round(timing.check * 1000, 3),
    )


_UNMET = {
    "reserve": ("battery.backup_reserve", "the reserve cannot be regained by {when}: {kwh} short"),
    "max_soc": ("battery.max_soc", "max_soc cannot be kept at {when}: {kwh} too much"),
    "target_end_soc": ("battery.target_end_soc", "the target cannot be met: {kwh} short"),
    "import_limit": ("grid.max_import_w", "the load needs {kwh} beyond it, first at {when}"),
    "export_limit": ("grid.max_export_w", "surplus solar of {kwh} goes beyond it, first at {when}"),
}


def _note_unmet(miss: Unmet, timestamps: list[str], repairs: Repairs) -> None:
    field, sentence = _UNMET[miss.limit]
    when, kwh = timestamps[miss.interval], f"{miss.amount:.2f} kWh"
    repairs.note("unmet", field, sentence.format(when=when, kwh=kwh))
