"""Reasons to trust a plan, or not: what was proved of it, and what its inputs leave open."""

import math
import re
from enum import StrEnum

import msgspec

from optimiser import CostFunction, Plan, ProviderRules
from server.reading.site import Problem
from server.wire.replies import WarningOut

_SMALLEST_SHOWN = 1e-4  # times the price scale; less is nothing in four digits


_UNIT = re.compile(r"_k?wh?$")
"""End of the name of a field that is no word for people."""


class Doubt(StrEnum):
    """Kind of a reason not to trust a plan, the most pressing first."""

    MISSED = "missed"
    ASSUMED = "assumed"
    GUESSED = "guessed"


DOUBTS = {
    "unmet": Doubt.MISSED,
    "default": Doubt.ASSUMED,
    "extended": Doubt.ASSUMED,
    "interpolated": Doubt.ASSUMED,
    "gap": Doubt.ASSUMED,
    "clamped": Doubt.ASSUMED,
    "capped": Doubt.ASSUMED,
    "no_time": Doubt.ASSUMED,
    "unknown_value": Doubt.ASSUMED,
    "unknown_zone": Doubt.ASSUMED,
    "rule_ignored": Doubt.ASSUMED,
    "fallback": Doubt.ASSUMED,
    "implausible": Doubt.GUESSED,
    "past": Doubt.GUESSED,
    "unit": Doubt.GUESSED,
}
"""Doubt that a warning raises, by its code."""

PLAIN = frozenset(
    {
        "after_departure", "beyond_horizon", "local_time", "no_target", "overlap", "percent",
        "pieces", "renamed", "resampled", "rule_in_prices", "time_format", "truncated",
        "unknown_field", "unsorted",
    }
)  # fmt: skip
"""Codes of warnings that raise none: there is one sane reading, or a fact is told."""

_LESS = {
    CostFunction.COST: "has a lower bill{counting}",
    CostFunction.PROFIT: "has a lower bill within its hours{counting}",
    CostFunction.SELF_CONSUMPTION: "buys less energy above a price of zero; of those that buy "
    "as little, none has a lower bill{counting}",
}
"""What no other plan does, by what was minimised."""


class Reason(msgspec.Struct, frozen=True):
    """One reason for doubt: its kind, what it is about, and the message of the warning."""

    kind: Doubt
    about: str
    message: str


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of a plan in a sentence, and the doubts that its warnings raise."""

    is_proved: bool
    proof: str
    doubts: list[Reason]


def trust_of(plan: Plan, problem: Problem, warnings: list[WarningOut]) -> Trust:
    """Return what was proved of a plan, and what stands against it."""
    known = [
        Reason(DOUBTS[one.code], _about(one.field, problem), one.message)
        for one in warnings
        if one.code in DOUBTS
    ]
    return Trust(
        is_proved=plan.status == "optimal" and plan.certificate.optimum_gap is not None,
        proof=_proof(plan, problem),
        doubts=sorted(known, key=lambda reason: [*Doubt].index(reason.kind)),
    )


def _about(field: str, problem: Problem) -> str:
    """Return a field of a request in words, and a storage by the name that people use."""
    for path, name, key in zip(problem.paths, problem.names, problem.keys, strict=False):
        if field == path or field.startswith(f"{path}."):
            known = name or (key if key != path else _words(path))
            rest = field[len(path) + 1 :]
            return f"{known}, {_words(rest)}" if rest else known
    return _words(field)


def _words(field: str) -> str:
    words = _UNIT.sub("", field).replace("soc", "state of charge")
    return words.replace("_", " ").replace(".", ", ")


def _proof(plan: Plan, problem: Problem) -> str:
    """Say what was minimised, and to what gap."""
    proof, scale = plan.certificate, plan.site.price_scale
    gap = proof.optimum_gap
    if gap is None:
        return f"By rule of thumb, nothing is proved: {plan.status}"
    if plan.status != "optimal":
        return f"Not proved best: the planning cost could be {amount(gap, problem)} lower at most"
    sentence = _LESS[plan.cost_function].format(counting=_counting(plan, problem))
    smallest = _SMALLEST_SHOWN * scale
    margin = amount(gap, problem) if gap >= smallest else f"less than {amount(smallest, problem)}"
    sentence = f"No other plan that meets these targets and limits as well {sentence}"
    sentence += f". The search leaves {margin} open"
    if proof.preference_cost >= smallest:
        given = amount(proof.preference_cost, problem)
        sentence += f"; {given} more was accepted for a steadier plan"
    return sentence


def _counting(plan: Plan, problem: Problem) -> str:
    """Return what the planning cost holds beside the bill."""
    site, rules = plan.site, problem.rules
    parts = []
    if any(storage.cycle_cost for storage in site.storages):
        parts.append("wear")
    if plan.cost_function is CostFunction.COST and site.storages:
        parts.append("the worth of what is left at the end")
    if any(vehicle.target_soc and not vehicle.must_reach_target for vehicle in site.vehicles):
        parts.append("the worth of targets that need not be reached")
    if rules != ProviderRules():
        parts.append("the rules of your provider")
    return f", counting {' and '.join(parts)}" if parts else ""


def amount(value: float, problem: Problem) -> str:
    """Return a small amount of money with its currency."""
    currency = problem.currency if isinstance(problem.currency, str) else "$"
    digits = 4 if value >= _SMALLEST_SHOWN else max(4, -math.floor(math.log10(value or 1.0)))
    text = f"{value:.{digits}f}"
    return f"{text} {currency}" if currency[:1].isalpha() else f"{currency}{text}"
