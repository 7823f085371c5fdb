"""The last plans, written up for the page: small, bounded, read-only."""

import threading
import zlib
from collections import deque
from datetime import datetime
from itertools import count
from typing import Any

import msgspec

from optimiser import CostFunction, Plan
from optimiser.reasons import reasons
from server.codec.summary import dollars, watts
from server.planning import Answer

MOST_BYTES = 2**20
"""Memory for the schedules kept; a plan of 576 intervals takes 16 kB of it. [bytes]"""

MOST_SCHEDULES = 48
MOST_CLAIMS = 100
"""Plans whose schedules, and whose claims alone, are remembered."""

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


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One plan written up.

    Attributes
    ----------
    claim : Claim
        What it said of itself.
    why : tuple of str
        Sentences about its first interval.
    reply, context : bytes
        JSON of its reply, and of what the reply does not hold, compressed.
    """

    claim: Claim
    why: tuple[str, ...]
    reply: bytes
    context: bytes

    @property
    def size(self) -> int:
        """Memory that it takes, nearly. [bytes]"""
        return len(self.reply) + len(self.context)


class Journal:
    """The last plans; written beside the event loop, read in it.

    Parameters
    ----------
    most_bytes : int
        Memory for schedules; the latest is kept in any case. [bytes]
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._most_bytes = most_bytes
        self._entries: deque[Entry] = deque()
        self._claims: deque[Claim] = deque(maxlen=MOST_CLAIMS)

    def record(self, answer: Answer, at: datetime) -> None:
        """Write up a plan and forget the oldest where there are too many."""
        with self._lock:
            entry = write_up(answer, at, next(self._numbers))
            self._claims.append(entry.claim)
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
        return [entry.claim.number for entry in list(self._entries)]

    def entry(self, number: int) -> Entry | None:
        """A plan by its number; None where it is unknown or forgotten."""
        kept = (entry for entry in list(self._entries) if entry.claim.number == number)
        return next(kept, None)


def write_up(answer: Answer, at: datetime, number: int = 0) -> Entry:
    """Write up one plan.

    Parameters
    ----------
    answer : Answer
        As it was sent.
    at : datetime
        When it was made, time-zone aware.
    number : int
        Its place among all plans; zero is none of them.

    Returns
    -------
    Entry
        All that the page shows of it.
    """
    made = answer.made
    names = zip(made.problem.names, made.problem.keys, strict=False)
    called = [name or key for name, key in names]
    return Entry(
        claim=_claim(answer, at, number),
        why=reasons(made.plan, called),
        reply=zlib.compress(answer.body, _FAST),
        context=zlib.compress(msgspec.json.encode(_context(made.plan, called)), _FAST),
    )


def _claim(answer: Answer, at: datetime, number: int) -> Claim:
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


def _context(plan: Plan, called: list[str]) -> dict[str, Any]:
    """What the page shows and the reply does not hold; the units are those of the wire."""
    site, hours = plan.site, plan.site.horizon.hours
    capacity = sum(battery.capacity for battery in site.batteries)
    reserve = sum(battery.reserve * battery.capacity for battery in site.batteries)
    # It is no money where self-consumption comes first, and no battery's where there is none.
    has_worth = bool(site.batteries) and plan.cost_function is not CostFunction.SELF_CONSUMPTION
    worth = plan.marginal_value if has_worth else None
    return {
        "end": site.horizon.instants[-1].isoformat(),
        "prices_import": site.tariff.import_price.round(6).tolist(),
        "prices_export": site.tariff.export_price.round(6).tolist(),
        "solar_w": watts(site.forecast.solar, hours).tolist(),
        "load_w": watts(site.forecast.load, hours).tolist(),
        "stored_worth": None if worth is None else worth.round(6).tolist(),
        "reserve": reserve / capacity if capacity > 0 else None,
        "capacity_kwh": capacity,
        "names": called,
    }
