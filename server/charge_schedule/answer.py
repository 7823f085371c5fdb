"""Bytes of a request to bytes of its reply, run off the event loop."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from matrix_builders import Vector
from optimiser.errors import SolverError
from optimiser.solvers import Deadline, now
from server.charge_schedule.account import (
    Schedule,
    benefit_of,
    carry_out,
    cost_of,
    export_loss,
    idle,
    import_excess,
    rule_violations,
)
from server.charge_schedule.messages import BatteryOut, LimitViolationsOut, ScheduleReply
from server.charge_schedule.problem import Problem
from server.charge_schedule.programme import Programme, programme_of
from server.charge_schedule.reading import problem_from_body
from server.charge_schedule.search import GAP, Search
from server.charge_schedule.ties import break_ties

SEARCH_TIME = 8.0
"""Most time for the schedule of least cost; clients wait 30 s, and rather 10. [s]"""

TIES_TIME = 1.5
"""Most time for the preferences of the strategy. [s]"""

_LOOSER = 1.2  # by which a schedule after its ties may be further from the bound, in gaps

log = logging.getLogger("server.charge_schedule")


@dataclass(frozen=True, slots=True)
class ScheduleAnswer:
    """A reply, encoded, and what to log of it."""

    body: bytes
    log_fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Solved:
    """A schedule that has passed its audit, and whether it is proved to be the cheapest."""

    schedule: Schedule
    is_optimal: bool


def answer_schedule(body: bytes) -> ScheduleAnswer:
    """Plan a request.

    Raises
    ------
    ProblemError
        Where it breaks a rule of the contract.
    """
    problem, began = problem_from_body(body), now()
    solved = solve(problem)
    reply = _reply(problem, solved)
    log_fields = {
        "intervals": problem.net.size,
        "solver": "highs_mip",
        "plan": reply.status.lower(),
        "solve_ms": round(1e3 * (now() - began), 1),
        "cost": round(-reply.objective_value, 4),
        "warnings": 0,
    }
    return ScheduleAnswer(msgspec.json.encode(reply), log_fields)


def solve(problem: Problem) -> Solved:
    """Return the cheapest schedule, as the strategy prefers it; at worst the idle one.

    A schedule is served once it breaks no rule of the account, and called optimal where the
    account's cost meets the bound.
    """
    programme = programme_of(problem)
    search = Search(programme, Deadline(now() + SEARCH_TIME))
    for x in _points(search, programme):
        charge, discharge = x[programme.columns.charge], x[programme.columns.discharge]
        schedule = carry_out(problem, charge, discharge)
        broken = rule_violations(problem, schedule)
        cost = cost_of(problem, schedule)
        rounding = 1e-3 * GAP * abs(cost)
        if not broken and cost <= search.cost + search.gap + rounding:
            return Solved(schedule, cost - search.bound <= _LOOSER * search.gap + rounding)
        log.error("a schedule fails its audit: %s, %g for %g", broken, cost, search.cost)
    return Solved(idle(problem), False)


def _points(search: Search, programme: Programme) -> Iterator[Vector]:
    """Yield schedules of the programme, the preferred one first."""
    try:
        search.run()
    except SolverError as error:
        log.warning("no schedule: %s", error)
    if search.x is None:
        return
    preferred = None
    try:
        preferred = break_ties(programme, search.x, Deadline(now() + TIES_TIME))
    except SolverError as error:
        log.warning("no preference: %s", error)
    if preferred is not None:
        yield preferred
    yield search.x


def _reply(problem: Problem, solved: Solved) -> ScheduleReply:
    """Write a schedule as the contract has it."""
    schedule, excess = solved.schedule, import_excess(problem, solved.schedule)
    lost = export_loss(problem, schedule)
    has_rate = problem.peak_price is not None
    kept = ~problem.storages.from_grid
    exporting = (schedule.exports > 0.0) | (schedule.charge[kept] > 0.0).any(axis=0)
    return ScheduleReply(
        status="Optimal" if solved.is_optimal else "Feasible",
        objective_value=benefit_of(problem, schedule) * problem.unit,
        limit_violations=LimitViolationsOut(bool(excess.any()), bool(lost.any())),
        batteries=[
            BatteryOut(_in_wh(charge), _in_wh(discharge), _in_wh(stored))
            for charge, discharge, stored in zip(
                schedule.charge, schedule.discharge, schedule.stored, strict=True
            )
        ],
        grid_import=_in_wh(schedule.imports if has_rate else schedule.imports - excess),
        grid_export=_in_wh(schedule.exports - lost),
        flow_direction=exporting.astype(int).tolist(),
        grid_import_overshoot=[] if problem.import_limit is None else _in_wh(excess),
        grid_export_overshoot=[] if problem.export_limit is None else _in_wh(lost),
    )


def _in_wh(energy: Vector) -> list[float]:
    """Return energies for a reply, never below zero: as fine as penalties of 1000 can see. [Wh]"""
    values: list[float] = np.round(1e3 * np.maximum(energy, 0.0), 6).tolist()
    return values
