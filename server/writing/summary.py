"""Totals and proof of a plan, for its reply."""

import math
from itertools import repeat

import numpy as np
from msgspec import UNSET

from matrix_builders import Vector
from optimiser import Plan
from optimiser.result.bill import Money
from server.wire.replies import CertificateOut, PeakOut, SummaryOut

POWER_DIGITS = 4
"""Digits of a power after the point.

A tenth of a milliwatt keeps the bill true to 1e-4 $ even at the market cap for 48 h.
"""

SOC_DIGITS = 7
"""Digits of a state of charge after the point; they keep the dynamics true to 1e-5."""

_DIGITS = 6
"""Digits of money [$] and energies [kWh] after the point."""


def watts(energy: Vector, hours: Vector) -> Vector:
    """Return the power of energies per interval; rounded, never negative. [W]"""
    # Adding zero turns -0.0 into 0.0.
    power = np.maximum(energy / hours * 1000.0, 0.0)
    return np.asarray(np.round(power, POWER_DIGITS) + 0.0, dtype=np.float64)


def round_soc(soc: Vector) -> Vector:
    """Round states of charge for a reply."""
    return np.asarray(np.round(soc, SOC_DIGITS) + 0.0, dtype=np.float64)


def dollars(amount: float, plan: Plan) -> float:
    """Round an amount of money for the reply about a plan."""
    return round(amount, _digits(plan)) + 0.0


def _digits(plan: Plan) -> int:
    """Return the digits of money: more where its price scale is below that of dollars."""
    return _DIGITS + max(0, -round(math.log10(plan.site.price_scale)))


def summary_from_plan(plan: Plan) -> SummaryOut:
    """Return the totals of the whole site."""
    money, bill, totals = plan.money, plan.money.bill, plan.totals
    amounts = {
        "total_cost": money.total_cost,
        "baseline_cost": money.baseline_cost,
        "savings": money.savings,
        "self_consumption_cost": money.self_consumption_cost,
        "self_consumption_wear_cost": money.self_consumption_wear_cost,
        "self_consumption_end_value": money.self_consumption_end_value,
        "savings_vs_self_consumption": money.savings_vs_self_consumption,
        "total_import_kwh": totals.grid_import,
        "total_export_kwh": totals.grid_export,
        "total_charge_kwh": totals.charge,
        "total_discharge_kwh": totals.discharge,
        "average_import_price": bill.import_cost / (totals.grid_import or math.inf),
        "average_export_price": bill.export_revenue / (totals.grid_export or math.inf),
        "total_battery_consume_kwh": round(totals.battery_to_load, _DIGITS)
        + round(totals.battery_to_vehicle, _DIGITS),
        "total_battery_export_kwh": totals.battery_to_grid,
        "total_solar_consumed_kwh": round(totals.solar_to_load + totals.solar_to_battery, _DIGITS)
        + round(totals.solar_to_vehicle, _DIGITS),
        "total_solar_exported_kwh": totals.solar_to_grid,
        "total_solar_curtailed_kwh": totals.curtailed,
        "wear_cost": money.wear_cost,
        "end_value": money.end_value,
        "demand_cost": bill.demand_cost,
        "allowance_credit": bill.allowance_credit,
    }
    rounded = np.add(
        [*map(round, amounts.values(), repeat(_digits(plan)))], 0.0
    ).tolist()  # no -0.0
    return SummaryOut(
        **dict(zip(amounts, rounded, strict=True)),
        excess_import_cost=dollars(bill.excess_cost, plan) if plan.site.has_import_steps else UNSET,
        demand_peaks=_peaks(plan) if bill.peaks else [],
        **({} if plan.site.tariff.carbon_intensity is None else _carbon(money)),
    )


def _carbon(money: Money) -> dict[str, float]:
    """Return the emissions of the plan and of both baselines. [g]"""
    emitted = {
        "carbon_g": money.bill.carbon,
        "baseline_carbon_g": money.baseline_carbon,
        "self_consumption_carbon_g": money.self_consumption_carbon,
    }
    return {name: round(1000.0 * carbon, 3) + 0.0 for name, carbon in emitted.items()}


def _peaks(plan: Plan) -> list[PeakOut]:
    return [
        PeakOut(round(peak.reached, _DIGITS), peak.so_far, dollars(peak.cost, plan))
        for peak in plan.money.bill.peaks
    ]


def certificate_from_plan(plan: Plan) -> CertificateOut:
    """Return the proof of a plan."""
    proof, timing = plan.certificate, plan.timing
    return CertificateOut(
        solver=proof.solver,
        optimum=proof.optimum,
        lower_bound=proof.lower_bound,
        optimum_gap=proof.optimum_gap,
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
