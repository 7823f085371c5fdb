"""States of charge that are wanted at instants of the plan."""

from collections.abc import Sequence
from datetime import UTC, timedelta

from optimiser import Goal, ProblemError
from server.reading.clock import instant_from_wire
from server.reading.series.steps import Timeline
from server.wire.repairs import FieldReader, Repairs
from server.wire.storages import GoalIn

MOST_GOALS = 100
"""More of one storage are refused."""


def goals_from_wire(
    field: str, wires: Sequence[GoalIn], timeline: Timeline, repairs: Repairs
) -> list[Goal]:
    """Read the goals of a storage that can be read, and that lie within the plan."""
    if len(wires) > MOST_GOALS:
        raise ProblemError(field, f"must hold at most {MOST_GOALS}, got {len(wires)}")
    goals: list[Goal] = []
    for i, wire in enumerate(wires):
        path = f"{field}[{i}]"
        with repairs.skip_on_error(path):
            goal = _goal(path, wire, timeline, repairs)
            if _is_within(path, goal, timeline, repairs):
                goals.append(goal)
    return goals


def _goal(path: str, wire: GoalIn, timeline: Timeline, repairs: Repairs) -> Goal:
    soc = FieldReader(wire, path, repairs).number("soc")
    try:
        return Goal(at=instant_from_wire(f"{path}.at", wire.at, timeline.start, repairs), soc=soc)
    except ProblemError as error:
        raise ValueError(f"at {error.rule}") from None


def _is_within(path: str, goal: Goal, timeline: Timeline, repairs: Repairs) -> bool:
    """Return whether a goal lies within the plan, with a warning where it does not."""
    start = timeline.start.astimezone(UTC)
    end = start + timedelta(hours=float(timeline.hours[: timeline.n_planned].sum()))
    if goal.at <= start:
        repairs.note("past", f"{path}.at", "is past; nothing is planned for it")
    elif goal.at > end + timedelta(milliseconds=1):
        message = "is after the end of the plan; nothing is planned for it yet"
        repairs.note("beyond_horizon", f"{path}.at", message)
    else:
        return True
    return False
