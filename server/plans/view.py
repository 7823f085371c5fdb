"""The view of a plan: all that the page shows of it."""

import zlib
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

from optimiser import Battery, CostFunction, Plan, Vehicle
from server.plans.history import identity
from server.plans.planning import Answer
from server.plans.trust import Trust, trust_of
from server.reading.site import Problem
from server.wire.replies import WarningOut
from server.writing.summary import dollars, watts

_DIGITS = 6  # of the series of a view


_HOMES = 2**32  # of a hash that JavaScript holds


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in a line of the page's list; plans of one `home` may be compared."""

    number: int
    at: str
    kind: str
    home: int
    currency: str
    status: str
    solver: str
    gap: float | None
    solve_ms: float
    hours: float
    total_cost: float
    baseline_cost: float
    savings: float
    savings_vs_self_consumption: float
    warnings: int


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page shows of one plan.

    `context` holds facts and series that the reply, kept as it was sent, does not hold, in the
    units of the wire.
    """

    example: bool
    summary: Summary
    trust: Trust
    context: dict[str, Any]
    reply: msgspec.Raw


class _Warnings(msgspec.Struct):
    """Warnings of any reply."""

    warnings: list[WarningOut]


def summarise(answer: Answer, at: datetime, number: int = 0) -> Summary:
    """Return the summary of a plan made at a time, by its number; that of the example is zero."""
    plan, kind = answer.solved.plan, answer.solved.kind
    proof, money, horizon = plan.certificate, plan.money, plan.site.horizon
    currency = answer.solved.problem.currency
    return Summary(
        number=number,
        at=at.astimezone(horizon.start.tzinfo).isoformat(timespec="seconds"),
        kind=kind.value,
        home=hash(identity(kind, plan.site, plan.cost_function)) % _HOMES,
        currency="$" if currency is UNSET else currency,
        status=plan.status,
        solver=proof.solver,
        gap=proof.optimum_gap,
        solve_ms=round(plan.timing.solve * 1000, 3),
        hours=round(float(horizon.elapsed[-1]), 6),
        total_cost=dollars(money.total_cost, plan),
        baseline_cost=dollars(money.baseline_cost, plan),
        savings=dollars(money.savings, plan),
        savings_vs_self_consumption=dollars(money.savings_vs_self_consumption, plan),
        warnings=int(answer.log_fields["warnings"]),
    )


def render(answer: Answer, summary: Summary) -> bytes:
    """Return the view of a plan as compressed JSON."""
    plan, problem = answer.solved.plan, answer.solved.problem
    warnings = msgspec.json.decode(answer.body, type=_Warnings).warnings
    view = View(
        example=summary.number == 0,
        summary=summary,
        trust=trust_of(plan, problem, warnings),
        context=_context(plan, problem),
        reply=msgspec.Raw(answer.body),
    )
    return zlib.compress(msgspec.json.encode(view), zlib.Z_BEST_SPEED)


def _context(plan: Plan, problem: Problem) -> dict[str, Any]:
    site, hours = plan.site, plan.site.horizon.hours
    series = {
        "prices_import": site.tariff.import_price,
        "prices_export": site.tariff.export_price,
        "solar_w": watts(site.forecast.solar, hours),
        "load_w": watts(site.forecast.load, hours),
    }
    # Under self-consumption it is no money, and without a battery there is none.
    is_money = bool(site.batteries) and plan.cost_function is not CostFunction.SELF_CONSUMPTION
    if is_money and plan.marginal_value is not None:
        series["stored_worth"] = plan.marginal_value
    return {
        "end": site.horizon.end.isoformat(),
        "storages": [_storage(storage, k, problem) for k, storage in enumerate(site.storages)],
        "stored_worth": None,
        **{name: np.round(values, _DIGITS).tolist() for name, values in series.items()},
    }


def _storage(storage: Battery | Vehicle, k: int, problem: Problem) -> dict[str, Any]:
    """Return what people know a battery or a vehicle by."""
    key = problem.keys[k] if k < len(problem.keys) else None
    name = problem.names[k] if k < len(problem.names) else None
    is_given = key not in problem.paths  # else nobody named it
    known: dict[str, Any] = {"key": key, "name": name or (key if is_given else None)}
    known["capacity_kwh"] = storage.capacity
    if isinstance(storage, Battery):
        return {**known, "kind": "battery", "reserve": float(np.ravel(storage.reserve)[0])}
    times = [when and when.isoformat() for when in (storage.arrival, storage.departure)]
    return {
        **known,
        "kind": "vehicle",
        "target_soc": storage.target_soc,
        "arrival": times[0],
        "departure": times[1],
    }
