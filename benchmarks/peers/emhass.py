"""EMHASS' optimiser on a home with a battery and nothing else.

Its requirements exclude ours (numpy below 2.3, CVXPY below 1.8), so it runs in an environment of
its own: ``python -m benchmarks.peers.emhass`` reads a case as JSON, solves it once afresh and
then again with the problem it keeps, and prints costs and times.
"""

import argparse
import json
import logging
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.case import Case

LABEL = "EMHASS"
PACKAGES = ("emhass",)

_GAP = 1e-7  # its default, 1 %, would not be the same problem
_TIME_LIMIT = 60  # s; its default is 45


def confs(case: Case) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Its three configurations: of the sensors, of the optimisation, of the plant."""
    import pandas as pd  # noqa: PLC0415 - comes with EMHASS

    watts = 1000.0 / case.hours
    sensors = {
        "optimization_time_step": pd.to_timedelta(round(60 * case.hours), "min"),
        "time_zone": "UTC",
        "sensor_power_photovoltaics": "solar",
        "sensor_power_load_no_var_loads": "load",
    }
    optimisation = {
        "set_use_battery": True,
        "set_use_pv": True,
        "number_of_deferrable_loads": 0,
        "set_total_pv_sell": False,
        "set_nocharge_from_grid": False,
        "set_nodischarge_to_grid": False,
        "set_battery_dynamic": False,
        "weight_battery_discharge": 0.0,
        "weight_battery_charge": 0.0,
        "lp_solver_mip_rel_gap": _GAP,
        "lp_solver_timeout": _TIME_LIMIT,
        "num_threads": 1,
        "delta_forecast_daily": case.n_intervals * case.hours / 24.0,
    } | {name: [] for name in _PER_LOAD}
    plant = {
        "maximum_power_from_grid": float(case.import_limit.max()) * watts,
        "maximum_power_to_grid": float(case.export_limit.max()) * watts,
        "inverter_is_hybrid": False,
        "compute_curtailment": True,
        # Its limit on charging holds outside the battery, as ours; on discharging inside.
        "battery_charge_power_max": case.charge_limit * watts,
        "battery_discharge_power_max": case.discharge_limit * watts / case.discharge_efficiency,
        "battery_charge_efficiency": case.charge_efficiency,
        "battery_discharge_efficiency": case.discharge_efficiency,
        "battery_nominal_energy_capacity": 1000.0 * case.capacity,
        "battery_minimum_state_of_charge": case.floor / case.capacity,
        "battery_maximum_state_of_charge": case.ceiling / case.capacity,
        "battery_target_state_of_charge": case.floor / case.capacity,
    }
    return sensors, optimisation, plant


_PER_LOAD = (
    "nominal_power_of_deferrable_loads",
    "minimum_power_of_deferrable_loads",
    "operating_hours_of_each_deferrable_load",
    "start_timesteps_of_each_deferrable_load",
    "end_timesteps_of_each_deferrable_load",
    "treat_deferrable_load_as_semi_cont",
    "set_deferrable_load_single_constant",
    "set_deferrable_startup_penalty",
    "set_deferrable_max_startups",
    "def_minimum_on_time",
    "def_minimum_off_time",
)


def twice(case: Case) -> tuple[list[float], list[float]]:
    """Costs [$] and times [s] of a fresh optimisation and of a second one with its problem."""
    import pandas as pd  # noqa: PLC0415 - comes with EMHASS
    from emhass.optimization import Optimization  # noqa: PLC0415 - absent from our environment

    watts = 1000.0 / case.hours
    step = pd.to_timedelta(round(60 * case.hours), "min")
    index = pd.date_range("2026-01-14", periods=case.n_intervals, freq=step, tz="UTC")
    solar, load = case.solar * watts, case.load * watts
    prices = {"import_price": case.import_price, "export_price": case.export_price}
    frame = pd.DataFrame({"solar": solar, "load": load, **prices}, index=index)
    names = ("import_price", "export_price", "profit")
    costs, times = [], []
    began = time.perf_counter()
    home = Optimization(
        *confs(case),
        *names,
        {"data_path": Path()},
        logging.getLogger("emhass"),
        num_timesteps=case.n_intervals,
    )
    for _ in range(2):
        found = home.perform_optimization(
            frame,
            solar,
            load,
            case.import_price,
            case.export_price,
            soc_init=case.initial / case.capacity,
            soc_final=case.floor / case.capacity,
        )
        times.append(time.perf_counter() - began)
        costs.append(_bill(case, found))
        began = time.perf_counter()
    return costs, times


def _bill(case: Case, found: Any) -> float:  # noqa: ANN401 - a frame of pandas
    """What its plan costs. [$]"""
    per_interval = case.hours / 1000.0
    bought = np.asarray(found["P_grid_pos"]) * per_interval
    sold = -np.asarray(found["P_grid_neg"]) * per_interval
    return float(case.import_price @ bought - case.export_price @ sold)


def main() -> None:
    """Solve the case on standard input."""
    prog = "python -m benchmarks.peers.emhass"
    argparse.ArgumentParser(prog=prog, description=__doc__).parse_args()
    logging.disable(logging.WARNING)
    costs, times = twice(Case.from_json(sys.stdin.read()))
    versions = {name: version(name) for name in ("emhass", "cvxpy", "numpy", "highspy")}
    print(json.dumps({"costs": costs, "seconds": times, "versions": versions}))


if __name__ == "__main__":
    main()
