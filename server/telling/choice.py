"""The action that brings a planned power about: none where the house alone has it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ActionName: TypeAlias = Literal["charge", "normal", "export", "hold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Some batteries in one interval, as planned and as the house alone would drive them.

    Attributes
    ----------
    power, plain : float
        Into them by the plan, and by plain self-consumption; negative is out. [W]
    tolerance : float
        Difference that is not commanded. [W]
    is_at_reserve : bool
        At the end they have no more than their reserve, which the inverter may not know.
    is_nearly_full : bool
        At the end little goes into them any more.
    may_export : bool
        They may give more than the house takes.
    is_gainful : bool
        The plan is any better than plain self-consumption.
    """

    power: float
    plain: float
    tolerance: float
    is_at_reserve: bool = False
    is_nearly_full: bool = False
    may_export: bool = True
    is_gainful: bool = True


def choice(case: Case) -> tuple[ActionName, float]:
    """Return the action of a case, and its power; 0 where it has none. [W]"""
    if abs(case.power - case.plain) <= case.tolerance:
        return "normal", 0.0
    is_resting = abs(case.power) <= case.tolerance
    if is_resting and case.plain < 0.0 and case.is_at_reserve:
        return "hold", 0.0
    if not case.is_gainful:
        return "normal", 0.0
    if is_resting:
        return _rest(case)
    return ("charge", case.power) if case.power > 0.0 else _discharge(case)


def _rest(case: Case) -> tuple[ActionName, float]:
    """Return the action of batteries that the house alone would not leave at rest."""
    if case.plain < 0.0:
        return "hold", 0.0
    return ("normal" if case.is_nearly_full else "charge"), 0.0


def _discharge(case: Case) -> tuple[ActionName, float]:
    """Return the action for a discharge that is not that of the house.

    Batteries that reach their reserve part-way, or may not export, are not told to give a power
    that the house may not take: they go the way of the larger part.
    """
    is_less = case.plain < case.power
    if is_less and (case.is_at_reserve or not case.may_export):
        return ("normal" if 2.0 * case.power <= case.plain else "hold"), 0.0
    return "export", -case.power
