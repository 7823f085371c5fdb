"""The planning library: a site in, the schedule of least cost out.

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
>>> next_steps(best, slice(1))[1].reason.sentence
'Powering the home with 1.0 kW: power costs 0.50 $/kWh then'
>>> round(best.money.total_cost, 4), round(best.money.baseline_cost, 4)
(0.2235, 0.6)
"""

from optimiser.errors import InfeasibleError, OptimiserError, ProblemError, SolverError
from optimiser.planner import plan
from optimiser.problem.battery import Battery, Goal, Pin, PinnedAction
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.grid import Grid, Inverter
from optimiser.problem.horizon import Horizon
from optimiser.problem.objective import CostFunction
from optimiser.problem.provider import ChipMode, ExportBoost, ProviderRules, SpikeProtection
from optimiser.problem.site import Forecast, Site
from optimiser.problem.tariff import Allowance, DemandCharge, Direction, ImportTier, Tariff
from optimiser.problem.vehicle import Priority, Stay, Vehicle
from optimiser.problem.windows import Window
from optimiser.reasons import Reason, ReasonCode, Step, next_steps
from optimiser.result.plan import Action, Certificate, Plan, VehicleAction
from optimiser.result.schedule import Run, Schedule

__all__ = [
    "Action",
    "Allowance",
    "Battery",
    "Certificate",
    "ChipMode",
    "CostFunction",
    "DemandCharge",
    "Direction",
    "ExportBoost",
    "Forecast",
    "Goal",
    "Grid",
    "HeatStore",
    "Horizon",
    "ImportTier",
    "InfeasibleError",
    "Inverter",
    "Load",
    "OptimiserError",
    "Pin",
    "PinnedAction",
    "Plan",
    "Priority",
    "ProblemError",
    "ProviderRules",
    "Reason",
    "ReasonCode",
    "Run",
    "Schedule",
    "Site",
    "SolverError",
    "SpikeProtection",
    "Stay",
    "Step",
    "Tariff",
    "Vehicle",
    "VehicleAction",
    "Window",
    "next_steps",
    "plan",
]
