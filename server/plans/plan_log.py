"""The last plans, written up for the page: small, bounded, read-only."""

import logging
import threading
import zlib
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from mmap import mmap
from typing import Any

import msgspec
import numpy as np

from matrix_builders import Vector
from optimiser import CostFunction, Plan
from optimiser.reasons import reasons
from server.plans.planning import Answer
from server.writing.summary import dollars, watts

log = logging.getLogger("server.plans.plan_log")

MOST_BYTES = 3 * 2**18
"""Memory for the schedules kept; a plan of 576 intervals takes 32 kB of it. [bytes]"""

MOST_WAITING = 3
"""Plans that wait to be written up; one of 576 intervals holds 200 kB.

A stream of plans, one on the heels of the other, leaves no time for that: of those only the first
and the very last keep their schedules, the others their claims.
"""

MOST_SCHEDULES = 24
MOST_CLAIMS = 100
"""Plans whose schedules, and whose claims alone, are remembered."""

_SERIES = ("prices_import", "prices_export", "solar_w", "load_w", "stored_worth")

_FAST = 1  # of zlib: a tenth larger than its best, at a third of the time


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one plan said of itself."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One plan written up.

    Attributes
    ----------
    claim : Claim
        What it said of itself.
    why : tuple of str
        Sentences about its first interval.
    frame : dict
        The end of its horizon, its reserve, its capacity and its names.
    packed_reply : mmap
        Its reply, compressed.
    series : mmap
        Those of its request; compression would take long and halve them only.
    n_series : int
        How many series those are.
    """

    claim: Claim
    why: tuple[str, ...]
    frame: dict[str, Any]
    packed_reply: mmap
    series: mmap
    n_series: int

    @property
    def size(self) -> int:
        """Memory that it takes, nearly. [bytes]"""
        return len(self.packed_reply) + len(self.series)

    @property
    def reply(self) -> bytes:
        """JSON of the reply, as it was sent."""
        return zlib.decompress(self.packed_reply)

    @property
    def context(self) -> dict[str, Any]:
        """What the page shows and the reply does not hold, in the units of the wire."""
        rows = np.frombuffer(self.series).reshape(self.n_series, -1)
        return {
            **self.frame,
            "stored_worth": None,
            **{name: row.tolist() for name, row in zip(_SERIES, rows.round(6), strict=False)},
        }


class Journal:
    """The last plans; written up when somebody looks, or when there is time.

    Parameters
    ----------
    most_bytes : int
        Memory for schedules; the latest is kept in any case. [bytes]
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._numbers = count(1)
        self._most_bytes = most_bytes
        self._entries: deque[Entry] = deque()
        self._claims: deque[Claim] = deque(maxlen=MOST_CLAIMS)
        self._waiting: deque[tuple[Answer, Claim]] = deque()
        self._lock = threading.Lock()

    def record(self, answer: Answer, at: datetime) -> None:
        """Take note of a plan."""
        claim = claim_of(answer, at, next(self._numbers))
        with self._lock:
            self._claims.append(claim)
            if len(self._waiting) == MOST_WAITING:
                self._waiting.pop()
            self._waiting.append((answer, claim))

    def catch_up(self) -> None:
        """Write up all plans that wait for it, and forget the oldest where there are too many."""
        with self._lock:
            while self._waiting:
                try:
                    self._keep(write_up(*self._waiting.popleft()))
                except Exception:
                    log.exception("a plan could not be written up")

    def _keep(self, entry: Entry) -> None:
        self._entries.append(entry)
        size = sum(kept.size for kept in self._entries)
        while len(self._entries) > 1 and (
            size > self._most_bytes or len(self._entries) > MOST_SCHEDULES
        ):
            size -= self._entries.popleft().size

    @property
    def claims(self) -> list[Claim]:
        """Of the last plans, oldest first."""
        return list(self._claims)

    @property
    def numbers(self) -> list[int]:
        """Of the plans whose schedules are kept, oldest first."""
        self.catch_up()
        return [entry.claim.number for entry in list(self._entries)]

    def entry(self, number: int) -> Entry | None:
        """A plan by its number; None where it is unknown or forgotten."""
        self.catch_up()
        kept = (entry for entry in list(self._entries) if entry.claim.number == number)
        return next(kept, None)


def write_up(answer: Answer, claim: Claim) -> Entry:
    """Write up one plan.

    Parameters
    ----------
    answer : Answer
        As it was sent.
    claim : Claim
        What it says of itself.

    Returns
    -------
    Entry
        All that the page shows of it.
    """
    made = answer.made
    names = zip(made.problem.names, made.problem.keys, strict=False)
    called = [name or key for name, key in names]
    series = _series(made.plan)
    return Entry(
        claim=claim,
        why=reasons(made.plan, called),
        frame=_frame(made.plan, called),
        packed_reply=_set_aside(zlib.compress(answer.body, _FAST)),
        series=_set_aside(series.tobytes()),
        n_series=len(series),
    )


def claim_of(answer: Answer, at: datetime, number: int = 0) -> Claim:
    """What a plan says of itself.

    Parameters
    ----------
    answer : Answer
        As it was sent.
    at : datetime
        When it was made, time-zone aware.
    number : int
        Its place among all plans; zero is none of them.
    """
    plan, kind = answer.made.plan, answer.made.kind
    proof, money, horizon = plan.certificate, plan.money, plan.site.horizon
    return Claim(
        number=number,
        at=at.astimezone(horizon.start.tzinfo).isoformat(timespec="seconds"),
        kind=kind.value,
        status=plan.status,
        solver=proof.solver,
        gap=proof.gap,
        solve_ms=round(plan.timing.solve * 1000, 3),
        hours=round(float(horizon.elapsed[-1]), 6),
        total_cost=dollars(money.total_cost),
        baseline_cost=dollars(money.baseline_cost),
        savings=dollars(money.savings),
        warnings=int(answer.facts["warnings"]),
    )


def _set_aside(content: bytes) -> mmap:
    """Bytes in pages of their own.

    On the heap, small blocks that stay would lie between large ones that go, and keep the process
    from giving those back.
    """
    kept = mmap(-1, len(content))
    kept.write(content)
    return kept


def _series(plan: Plan) -> Vector:
    """What the request gave, in the units of the wire; rows as `_SERIES` names them."""
    site, hours = plan.site, plan.site.horizon.hours
    tariff, forecast = site.tariff, site.forecast
    rows = [
        tariff.import_price,
        tariff.export_price,
        watts(forecast.solar, hours),
        watts(forecast.load, hours),
    ]
    # It is no money where self-consumption comes first, and no battery's where there is none.
    has_worth = bool(site.batteries) and plan.cost_function is not CostFunction.SELF_CONSUMPTION
    if has_worth and plan.marginal_value is not None:
        rows.append(plan.marginal_value)
    return np.array(rows)


def _frame(plan: Plan, called: list[str]) -> dict[str, Any]:
    """What the page shows beside the reply and the series."""
    batteries = plan.site.batteries
    capacity = sum(battery.capacity for battery in batteries)
    reserve = sum(battery.reserve * battery.capacity for battery in batteries)
    return {
        "end": plan.site.horizon.end.isoformat(),
        "reserve": reserve / capacity if capacity > 0 else None,
        "capacity_kwh": capacity,
        "names": called,
    }
