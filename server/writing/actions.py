"""The next actions of storages, each with its reason."""

from collections.abc import Sequence

import numpy as np
from msgspec import UnsetType

from optimiser import Plan
from optimiser.reasons import next_steps
from optimiser.result.plan import Action
from server.wire.replies import ActionOut
from server.writing.summary import round_soc


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
    steps = next_steps(plan, storages, actions, currency or "$")
    levels = round_soc(np.array([step.soc_end for step in steps])).tolist()
    told = []
    for (run, power, _, reason), soc_end in zip(steps, levels, strict=True):
        start, end, watts = stamps[run.first], stamps[run.after], round(1000.0 * power, 1) + 0.0
        told.append(ActionOut(run.action, start, end, watts, soc_end, reason.code, reason.sentence))
    return told
