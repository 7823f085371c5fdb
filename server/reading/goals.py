"""States of charge that storages are to have at instants, and manual overrides."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from optimiser import Goal, Pin, PinnedAction, ProblemError
from optimiser.problem.battery import is_pinned_from
from server.reading.clock import instant_from_wire
from server.reading.series.steps import Timeline
from server.wire.repairs import FieldReader, Repairs
from server.wire.storages import GoalIn, PinIn
from server.wire.wording import format_value

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
    return Goal(at=read_instant(path, "at", wire.at, timeline.start, repairs), soc=soc)


def read_instant(
    path: str, name: str, value: object, after: datetime, repairs: Repairs
) -> datetime:
    """Return an instant, a clock time the next one after another; a ValueError where it is none."""
    try:
        return instant_from_wire(f"{path}.{name}", value, after, repairs)
    except ProblemError as error:
        raise ValueError(f"{name} {error.rule}") from None


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


def pins_from_wire(
    field: str, wires: Sequence[PinIn], timeline: Timeline, repairs: Repairs
) -> list[Pin]:
    """Read the overrides of a battery that can be read and planned."""
    if len(wires) > MOST_GOALS:
        raise ProblemError(field, f"must hold at most {MOST_GOALS}, got {len(wires)}")
    pins: list[Pin] = []
    for i, wire in enumerate(wires):
        path = f"{field}[{i}]"
        with repairs.skip_on_error(path):
            pin = _pin(path, wire, timeline, repairs)
            if pin.end <= timeline.start:
                repairs.note("past", f"{path}.to", "is past; nothing is set by it")
            elif is_pinned_from([*pins, pin], timeline.start):
                pins.append(pin)
            else:
                rule = "a charge or discharge must begin now, or where another one ends"
                raise ValueError(f"{rule}, got {format_value(wire.begin)}")
    return pins


def _pin(path: str, wire: PinIn, timeline: Timeline, repairs: Repairs) -> Pin:
    reader, action = FieldReader(wire, path, repairs), (wire.action or "").strip().lower()
    if action not in {*PinnedAction}:
        got = format_value(wire.action)
        raise ValueError(f"action must be charge, discharge or idle, got {got}")
    begin, power = timeline.start, reader.number("power_w") / 1000.0
    if wire.begin is not None:
        begin = read_instant(path, "from", wire.begin, begin, repairs)
    end = read_instant(path, "to", wire.end, begin, repairs)
    if end.timestamp() <= begin.timestamp():
        raise ValueError(f"to must be later than from, got {format_value(wire.end)}")
    return Pin(begin=begin, end=end, action=PinnedAction(action), power=power)
