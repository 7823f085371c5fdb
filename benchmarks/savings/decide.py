"""What our planner says to do now: the steps of `optimiser.plan` that decide, without the proof.

The value function is the planner's own referee: exact, so the linear programme cannot find a
cheaper plan, and the second stage chooses among equals from the same programme either way.  Left
out are the linear programme, the audit and the accounts, and the memory of the plan before, which
`optimiser.plan` keeps to where that costs less than a cent.  Tests compare both; and a strategy
that remembers takes the whole way, with the value function in place of the linear programme.
"""

import contextlib
from collections.abc import Callable

import numpy as np

from benchmarks.days import Vector
from benchmarks.savings.forecasts import Outlook
from benchmarks.savings.house import Command
from benchmarks.savings.record import HORIZON, HOURS, Record
from optimiser import (
    Battery,
    CostFunction,
    Forecast,
    Grid,
    Horizon,
    Plan,
    Site,
    SolverError,
    Tariff,
)
from optimiser.model.dispatch import DEAD_BAND, Dispatch, Trajectory, simulate
from optimiser.planner import plan
from optimiser.problem.provider import ProviderRules
from optimiser.second_stage.preference import DEFAULT_BUDGET, Candidate, prefer
from optimiser.value_function.storage_plan import solve
from optimiser.value_function.terminal_value import build_problem

NO_CURTAILMENT = Grid(curtailment=False)

_HOURS = np.full(HORIZON, HOURS)
_METERED = 1e-6  # kWh; less through the meter is none


def site_of(record: Record, at: int, outlook: Outlook, battery: Battery) -> Site:
    """The problem at the beginning of half hour `at`."""
    return Site(
        horizon=Horizon(start=record.local(at), hours=_HOURS),
        tariff=Tariff(import_price=outlook.import_price, export_price=outlook.export_price),
        forecast=Forecast(load=outlook.load, solar=outlook.solar),
        batteries=(battery,),
        grid=NO_CURTAILMENT,
    )


def dispatch_of(
    site: Site, cost_function: CostFunction, rules: ProviderRules = ProviderRules()
) -> Dispatch:
    """What `optimiser.plan` would do with one battery.

    Parameters
    ----------
    site : Site
        One battery, no couplings.
    cost_function : CostFunction
        What to minimise.
    rules : ProviderRules
        Price modifications.

    Returns
    -------
    Dispatch
        As served.
    """
    problem = build_problem(site, cost_function, rules)
    try:
        dispatch, cost, _ = simulate(problem, Trajectory(solve(problem).levels))
    except SolverError:  # too many kinks for the value function: the whole chain, then
        return plan(site, cost_function, rules=rules).dispatch
    best = Candidate(dispatch, cost)
    with contextlib.suppress(SolverError):
        dispatch = prefer(site, problem, best, DEFAULT_BUDGET, None).dispatch
    return simulate(problem, dispatch.trajectory, DEAD_BAND).dispatch


def decider(
    cost_function: CostFunction, rules: ProviderRules, *, remembers: bool
) -> Callable[[Site], Dispatch]:
    """Way to decide one plan after another, with or without the plan before at hand."""
    if not remembers:
        return lambda site: dispatch_of(site, cost_function, rules)
    previous: Plan | None = None

    def decide(site: Site) -> Dispatch:
        nonlocal previous
        previous = plan(site, cost_function, rules=rules, previous=previous, backends=())
        return previous.dispatch

    return decide


def command_of(dispatch: Dispatch) -> Command:
    """What the first interval of a plan asks for."""
    net = float(dispatch.charge[0, 0] - dispatch.discharge[0, 0])
    imports, exports = (
        bool(energy[0] > _METERED) for energy in (dispatch.grid_import, dispatch.grid_export)
    )
    return Command(
        net=net,
        trades=imports if net > 0 else exports and net < 0,
        shares=exports if net > 0 else imports and net < 0,
    )


def best_levels(record: Record, first: int, battery: Battery) -> Vector:
    """Stored energy under perfect foresight from half hour `first` to the end; shape (N,). [kWh]

    What is left at the end is worth nothing, to this as to every strategy.
    """
    there = slice(first, record.size)
    site = Site(
        horizon=Horizon(start=record.local(first), hours=np.full(record.size - first, HOURS)),
        tariff=Tariff(
            import_price=record.import_price[there], export_price=record.export_price[there]
        ),
        forecast=Forecast(load=record.load[there], solar=record.solar[there]),
        batteries=(battery,),
        grid=NO_CURTAILMENT,
    )
    levels: Vector = solve(build_problem(site, CostFunction.PROFIT, ProviderRules())).levels[0]
    return levels
