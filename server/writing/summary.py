"""Totals and proof of a plan, for its reply."""

import numpy as np

from matrix_builders import Vector
from optimiser import Plan
from server.wire.structs import CertificateOut, PeakOut, SummaryOut

POWER_DIGITS = 4
"""Digits of a power after the point.

A tenth of a milliwatt keeps the bill true to 1e-4 $ even at the market cap for 48 h.
"""

_MONEY_DIGITS = 6
_ENERGY_DIGITS = 6


def watts(energy: Vector, hours: Vector) -> Vector:
    """Power of energy per interval; rounded, never negative. [W]"""
    # Adding zero turns -0.0 into 0.0.
    power = np.maximum(energy / hours * 1000.0, 0.0)
    return np.asarray(np.round(power, POWER_DIGITS) + 0.0, dtype=np.float64)


def dollars(amount: float) -> float:
    """An amount of money as replies show it."""
    return round(amount, _MONEY_DIGITS) + 0.0


def summary_of(plan: Plan) -> SummaryOut:
    """Totals of the whole site."""
    money, totals = plan.money, plan.totals
    return SummaryOut(
        total_cost=dollars(money.total_cost),
        baseline_cost=dollars(money.baseline_cost),
        savings=dollars(money.savings),
        total_import_kwh=_kwh(totals.grid_import),
        total_export_kwh=_kwh(totals.grid_export),
        total_charge_kwh=_kwh(totals.charge),
        total_discharge_kwh=_kwh(totals.discharge),
        average_import_price=dollars(_ratio(money.bill.import_cost, totals.grid_import)),
        average_export_price=dollars(_ratio(money.bill.export_revenue, totals.grid_export)),
        total_battery_consume_kwh=_kwh(totals.battery_to_load) + _kwh(totals.battery_to_vehicle),
        total_battery_export_kwh=_kwh(totals.battery_to_grid),
        total_solar_consumed_kwh=_kwh(totals.solar_to_load + totals.solar_to_battery)
        + _kwh(totals.solar_to_vehicle),
        total_solar_exported_kwh=_kwh(totals.solar_to_grid),
        total_solar_curtailed_kwh=_kwh(totals.curtailed),
        wear_cost=dollars(money.wear_cost),
        end_value=dollars(money.end_value),
        demand_cost=dollars(money.bill.demand_cost),
        allowance_credit=dollars(money.bill.allowance_credit),
        demand_peaks=[
            PeakOut(
                peak_kw=round(peak.reached, 6),
                peak_so_far_kw=peak.so_far,
                cost=dollars(peak.cost),
            )
            for peak in money.bill.peaks
        ],
    )


def _kwh(energy: float) -> float:
    return round(energy, _ENERGY_DIGITS) + 0.0


def _ratio(amount: float, energy: float) -> float:
    return amount / energy if energy > 0 else 0.0


def certificate_of(plan: Plan) -> CertificateOut:
    """How far the plan is proved."""
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
