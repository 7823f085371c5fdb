r"""Arrays of the programme that a plan solves, written by compiled kernels.

Intervals ``t = 0 .. T-1``, storages ``k = 0 .. K-1``, all energies in kWh per interval::

    min   sum_t import_t p_imp_t - export_t p_exp_t  +  wear_k (charge_kt + discharge_kt)
          - sum_ej end_energy_ej v_ej  +  penalty excess + level_price_k (shortfall + overfill)
          + sum_w peak_w p_peak_w - sum_b bonus_b p_bonus_b + penalty_t charge_shortfall

    balance    import_t + import_excess_t - export_t - export_excess_t - curtail_t
               + sum_k (discharge_kt - charge_kt)                            = load_t - solar_t
    dynamics   stored_kt - stored_k,t-1 - eta_c charge_kt + discharge_kt / eta_d   = 0
    floor      stored_kt + shortfall_kt                                     >= soft_floor_kt
    ceiling    stored_kt - overfill_kt                                      <= soft_ceiling_kt
    end level  sum_k stored_k,T-1 - sum_j end_energy_ej        = sum_k stored_lower_k,T-1
    wants      charge_kt + charge_shortfall_kt                              >= charge_wanted_kt
    coupling   whatever ties intervals or storages together: the highest mean import of a
               window stays under its peak, bonus energy under its allowance, shared surplus
               and shared inverters under what they have, charge under its taper

Every column is boxed, and standing still satisfies every row: the programme is never infeasible
and never unbounded.  Arrays in, arrays out; no project imports, no solver, no clock.
"""

from matrix_builders.arrays import (
    UNCOUPLED,
    CouplingArrays,
    CscArrays,
    LinearProgram,
    MeterArrays,
    StorageArrays,
    Vector,
)
from matrix_builders.compiled import MODE
from matrix_builders.layout import Layout, layout_for
from matrix_builders.linear_program import build

__all__ = [
    "MODE",
    "UNCOUPLED",
    "CouplingArrays",
    "CscArrays",
    "Layout",
    "LinearProgram",
    "MeterArrays",
    "StorageArrays",
    "Vector",
    "build",
    "layout_for",
]
