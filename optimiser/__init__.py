"""The planning library: a site in, the provably best schedule out.

>>> from datetime import datetime, timezone
>>> from optimiser import Battery, CostFunction, Forecast, Horizon, Site, Tariff, plan
>>> site = Site(
...     horizon=Horizon(start=datetime(2026, 1, 1, tzinfo=timezone.utc), hours=[1.0, 1.0]),
...     tariff=Tariff(import_price=[0.10, 0.50], export_price=[0.05, 0.05]),
...     forecast=Forecast(load=[1.0, 1.0], solar=[0.0, 0.0]),
...     batteries=(Battery(capacity=10, charge_limit=5, discharge_limit=5, initial_soc=0.0,
...                        charge_efficiency=0.9, discharge_efficiency=0.9),),
... )
>>> best = plan(site, CostFunction.PROFIT)
>>> [action.value for action in best.actions]
['charge', 'consume']
>>> round(best.money.total_cost, 4), round(best.money.baseline_cost, 4)
(0.2235, 0.6)
"""

from optimiser.errors import InfeasibleError, OptimiserError, ProblemError, SolverError
from optimiser.objective import CostFunction
from optimiser.plan import Action, Certificate, Plan
from optimiser.planner import plan
from optimiser.provider import (
    ChipMode,
    ExportBoost,
    ProviderRules,
    SpikeProtection,
    Window,
)
from optimiser.site import Battery, Forecast, Grid, Horizon, Site, Tariff

__all__ = [
    "Action",
    "Battery",
    "Certificate",
    "ChipMode",
    "CostFunction",
    "ExportBoost",
    "Forecast",
    "Grid",
    "Horizon",
    "InfeasibleError",
    "OptimiserError",
    "Plan",
    "ProblemError",
    "ProviderRules",
    "Site",
    "SolverError",
    "SpikeProtection",
    "Tariff",
    "Window",
    "plan",
]
