"""The next actions of storages, each with its reason."""

from collections.abc import Sequence

from msgspec import UnsetType

from optimiser import Plan
from optimiser.reasons import next_steps
from optimiser.result.plan import Action
from server.wire.replies import ActionOut

SOC_DIGITS = 7
"""Digits of a state of charge after the point; they keep the dynamics true to 1e-5."""


def next_actions(
    plan: Plan,
    storages: slice,
    stamps: list[str],
    currency: str | UnsetType,
    actions: Sequence[Action] | None = None,
) -> list[ActionOut]:
    """Build the first runs of intervals with one action, of all batteries, of one, or of a vehicle.

    The `stamps` are the T + 1 instants of the horizon, and the `actions` those that a controller is
    told, where they differ from those of the plan.
    """
    steps = []
    for run, power, soc_end, reason in next_steps(plan, storages, actions, currency or "$"):
        start, end = stamps[run.first], stamps[run.after]
        watts, soc = round(1000.0 * power, 1) + 0.0, round(soc_end, SOC_DIGITS) + 0.0
        steps.append(ActionOut(run.action, start, end, watts, soc, reason.code, reason.sentence))
    return steps
