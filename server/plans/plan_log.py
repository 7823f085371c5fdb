"""The last plans, rendered for the page: few, small and read-only."""

import logging
import zlib
from collections import deque
from datetime import datetime
from itertools import count
from typing import Any

import msgspec
import numpy as np

from optimiser import CostFunction, Plan
from optimiser.reasons import reasons
from server.plans.planning import Answer
from server.reading.clock import Clock
from server.writing.summary import dollars, watts

log = logging.getLogger("server.plans.plan_log")

MOST_BYTES = 3 * 2**18
"""Memory for all views; one of 576 intervals takes 16 kB of it. [bytes]"""

MOST_VIEWS = 24
MOST_SUMMARIES = 100
"""Plans whose views, and whose summaries alone, are kept."""

MOST_WAITING = 3
"""Plans that wait to be rendered; one of 576 intervals holds 200 kB.

Of a stream of plans without a pause, only the last ones get a view.
"""

_DIGITS = 6  # of the series of a view


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in a line of the page's list."""

    number: int
    at: str
    kind: str
    status: str
    solver: str
    gap: float | None
    solve_ms: float
    hours: float
    total_cost: float
    baseline_cost: float
    savings: float
    warnings: int


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page shows of one plan.

    `why` says in sentences why its first interval is as it is; `context` holds facts and series
    that the reply, kept as it was sent, does not hold, in the units of the wire.
    """

    example: bool
    summary: Summary
    why: tuple[str, ...]
    context: dict[str, Any]
    reply: msgspec.Raw


class PlanLog:
    """Summaries and views of the last plans; the latest view is kept however large it is."""

    def __init__(self, clock: Clock, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._numbers = count(1)
        self._summaries: deque[Summary] = deque(maxlen=MOST_SUMMARIES)
        self._waiting: deque[tuple[Answer, Summary]] = deque(maxlen=MOST_WAITING)
        self._views: dict[int, bytes] = {}

    def record(self, answer: Answer) -> None:
        """Note a plan, to be rendered when the worker is idle."""
        summary = summarise(answer, self._clock(), next(self._numbers))
        self._summaries.append(summary)
        self._waiting.append((answer, summary))

    def flush(self) -> None:
        """Render the plans that wait, and drop the oldest; for the idle worker."""
        while self._waiting:
            answer, summary = self._waiting.popleft()
            try:
                self._views[summary.number] = render(answer, summary)
            except Exception:
                log.exception("a plan could not be rendered")
            self._drop_oldest()

    @property
    def has_waiting(self) -> bool:
        """Return whether a plan waits to be rendered."""
        return bool(self._waiting)

    def _drop_oldest(self) -> None:
        size = sum(map(len, self._views.values()))
        while len(self._views) > 1 and (size > self._most_bytes or len(self._views) > MOST_VIEWS):
            size -= len(self._views.pop(next(iter(self._views))))

    @property
    def summaries(self) -> list[Summary]:
        """Summaries of the last plans, oldest first."""
        return list(self._summaries)

    @property
    def numbers(self) -> list[int]:
        """Numbers of the plans whose views are kept, oldest first."""
        return list(self._views)

    def view(self, number: int) -> bytes | None:
        """Return a compressed view by its number; None where it is unknown or dropped."""
        return self._views.get(number)


def summarise(answer: Answer, at: datetime, number: int = 0) -> Summary:
    """Return the summary of a plan made at a time, by its number; that of the example is zero."""
    plan, kind = answer.solved.plan, answer.solved.kind
    proof, money, horizon = plan.certificate, plan.money, plan.site.horizon
    return Summary(
        number=number,
        at=at.astimezone(horizon.start.tzinfo).isoformat(timespec="seconds"),
        kind=kind.value,
        status=plan.status,
        solver=proof.solver,
        gap=proof.optimum_gap,
        solve_ms=round(plan.timing.solve * 1000, 3),
        hours=round(float(horizon.elapsed[-1]), 6),
        total_cost=dollars(money.total_cost, plan),
        baseline_cost=dollars(money.baseline_cost, plan),
        savings=dollars(money.savings, plan),
        warnings=int(answer.log_fields["warnings"]),
    )


def render(answer: Answer, summary: Summary) -> bytes:
    """Return the view of a plan as compressed JSON."""
    plan, problem = answer.solved.plan, answer.solved.problem
    names = [name or key for name, key in zip(problem.names, problem.keys, strict=False)]
    view = View(
        example=summary.number == 0,
        summary=summary,
        why=reasons(plan, names, problem.currency or "$"),
        context=_context(plan, names),
        reply=msgspec.Raw(answer.body),
    )
    return zlib.compress(msgspec.json.encode(view), zlib.Z_BEST_SPEED)


def _context(plan: Plan, names: list[str]) -> dict[str, Any]:
    site, hours, batteries = plan.site, plan.site.horizon.hours, plan.site.batteries
    capacity = sum(battery.capacity for battery in batteries)
    reserve = sum(battery.reserve * battery.capacity for battery in batteries)
    series = {
        "prices_import": site.tariff.import_price,
        "prices_export": site.tariff.export_price,
        "solar_w": watts(site.forecast.solar, hours),
        "load_w": watts(site.forecast.load, hours),
    }
    # Under self-consumption it is no money, and without a battery there is none.
    is_money = bool(batteries) and plan.cost_function is not CostFunction.SELF_CONSUMPTION
    if is_money and plan.marginal_value is not None:
        series["stored_worth"] = plan.marginal_value
    return {
        "end": site.horizon.end.isoformat(),
        "reserve": reserve / capacity if capacity > 0 else None,
        "capacity_kwh": capacity,
        "names": names,
        "stored_worth": None,
        **{name: np.round(values, _DIGITS).tolist() for name, values in series.items()},
    }
