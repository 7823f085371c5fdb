"""The command to a home's batteries, to each of several, and to each car, from a reply."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from server.plans.planning import Reply
from server.settings.home import BatterySettings, ChargeNow, InverterSettings, Settings
from server.telling.choice import ActionName, Case, choice
from server.telling.intervals import (
    Interval,
    batteries_of,
    home_actions,
    intervals_from,
)
from server.telling.self_consumption import (
    Storage,
    house_powers,
    storages_from,
    through_inverter,
)
from server.wire.replies import ActionOut, EvOut, EvReply

CarActionName: TypeAlias = Literal["charge", "wait", "discharge", "away"]

LEAST_DIFFERENCE = 50.0
"""Power by which a plan must differ from plain self-consumption to be commanded: less is within the
error of any inverter's own meter. [W]"""

SHARE_OF_LIMIT = 0.02
"""The same as a share of the larger limit of the batteries. [-]"""

STEADY = 0.1
"""Change of a power that still counts as the same command, as a share of it. [-]"""

MOST_RUNS = 12
"""Commands ahead that are told: a day of most plans."""

LEAST_GAIN = 0.01
"""What a plan must save against plain self-consumption to be commanded; less is a matter of the
order in which equals come. [money]"""

_AT_RESERVE = 0.001  # of the state of charge; replies are rounded to 1e-6
_NEARLY_FULL = 0.99  # from where a battery takes what little it likes


@dataclass(frozen=True, slots=True)
class Command:
    """Order to batteries.

    Attributes
    ----------
    action : str
        *charge*: at `power_w`, from whatever source, and no more than that: at 0 W all surplus
        goes to the grid. *normal*: the battery follows the house. *export*: give `power_w`,
        whatever the house takes. *hold*: give nothing; surplus may be stored.
    power_w : float
        At the battery; 0 where the action has none. [W]
    until : datetime
        End of the run of equal commands in the plan.
    target_soc : float
        State of charge that the plan has then. [-]
    reason_code, reason : str
        For programs, and a sentence without a full stop for people.
    """

    action: ActionName
    power_w: float
    until: datetime
    target_soc: float
    reason_code: str = ""
    reason: str = ""

    def is_like(self, other: "Command", tolerance: float) -> bool:
        """Return whether another command is the same but for a little power."""
        gap = abs(self.power_w - other.power_w)
        return self.action == other.action and gap <= max(tolerance, STEADY * self.power_w)


@dataclass(frozen=True, slots=True)
class CarCommand:
    """Order to a car's charger: *charge* at `power_w`, *discharge*, *wait*, or it is *away*.

    See `Command` for the attributes.
    """

    action: CarActionName
    power_w: float
    until: datetime
    target_soc: float
    reason_code: str = ""
    reason: str = ""


class Commands(NamedTuple):
    """Commands of the running interval and of those that follow.

    Attributes
    ----------
    runs : list of Command
        To all batteries as one, each from the end of the one before; the running one first.
    of_each : list of list of Command
        The same to each battery, in the order of the settings.
    """

    runs: list[Command]
    of_each: list[list[Command]]

    @property
    def now(self) -> Command:
        """The running command to all batteries as one."""
        return self.runs[0]

    @property
    def then(self) -> Command | None:
        """The next one that differs, from the end of the running one on."""
        return self.runs[1] if len(self.runs) > 1 else None

    @property
    def batteries(self) -> list[Command]:
        """The running command to each battery."""
        return [runs[0] for runs in self.of_each]


def command_from(reply: Reply, settings: Settings, now: datetime) -> Command | None:
    """Return the command to all batteries as one; see `commands_from`."""
    commands = commands_from(reply, settings, now)
    return commands.now if commands else None


def commands_from(reply: Reply, settings: Settings, now: datetime) -> Commands | None:
    """Return the commands of the interval that is running.

    Parameters
    ----------
    reply : OptimizeReply, MultiBatteryReply or EvReply
        The plan.
    settings : Settings
        Of the home that it is of.
    now : datetime
        Time-zone aware.

    Returns
    -------
    Commands or None
        None where the plan has no home battery, or is not of `now`.
    """
    intervals = intervals_from(reply)
    ahead = [one for one in intervals if one.end > now]
    if not ahead or ahead[0].start > now or not settings.batteries:
        return None
    if len(ahead[0].powers) != len(settings.batteries):  # a plan of other settings
        return None
    home = _Home(
        settings.batteries,
        storages_from(settings),
        settings.inverter,
        _is_gainful(reply, settings, intervals[0].socs, now),
    )
    everything = [*range(len(settings.batteries))]
    runs = _runs(home, ahead, everything, home_actions(reply))
    each = [
        _runs(home, ahead, [k], battery.next_actions)
        for k, battery in enumerate(batteries_of(reply))
    ]
    return Commands(runs, each or [runs])


def active_charge(settings: Settings, now: datetime) -> ChargeNow | None:
    """Return the "charge now" that is in force; None where its time has passed."""
    wanted = settings.charge_now
    if wanted is None:
        return None
    try:
        until = datetime.fromisoformat(wanted.until)
    except ValueError:
        return None
    return wanted if until.tzinfo is not None and until > now else None


def car_runs(reply: Reply, now: datetime) -> list[list[CarCommand]]:
    """Return the commands to each car from `now` on, in the order of the request."""
    cars = reply.ev_schedules if isinstance(reply, EvReply) else []
    return [
        [
            _car_command(car, run, now)
            for run in car.next_actions[:MOST_RUNS]
            if datetime.fromisoformat(run.end) > now
        ]
        for car in cars
    ]


class _Home(NamedTuple):
    settings: Sequence[BatterySettings]
    storages: Sequence[Storage]
    inverter: InverterSettings | None
    is_gainful: bool

    def tolerance(self, which: Sequence[int]) -> float:
        """Return the difference that is not commanded. [W]"""
        limits = [max(self.storages[k].charge_w, self.storages[k].discharge_w) for k in which]
        return max(LEAST_DIFFERENCE, SHARE_OF_LIMIT * sum(limits))


def _is_gainful(reply: Reply, settings: Settings, socs: Sequence[float], now: datetime) -> bool:
    """Return whether a plan is any better than plain self-consumption, or has another aim."""
    bill = reply.bill if isinstance(reply, EvReply) else reply.summary
    is_below = any(
        battery.reserve > soc for battery, soc in zip(settings.batteries, socs, strict=True)
    )
    return (
        is_below
        or active_charge(settings, now) is not None
        or abs(bill.savings_vs_self_consumption) >= LEAST_GAIN
    )


def _runs(
    home: _Home, intervals: Sequence[Interval], which: Sequence[int], actions: Sequence[ActionOut]
) -> list[Command]:
    """Return the first runs of equal commands, the running one first."""
    runs: list[Command] = []
    tolerance = home.tolerance(which)
    for interval in intervals:
        command = _command(home, interval, which)
        if runs and runs[-1].is_like(command, tolerance):
            runs[-1] = replace(runs[-1], until=command.until, target_soc=command.target_soc)
        elif len(runs) < MOST_RUNS:
            runs.append(_with_reason(command, actions, interval.start))
        else:
            break
    return runs


def _command(home: _Home, interval: Interval, which: Sequence[int]) -> Command:
    """Return the command of one interval to some batteries, without its reason."""
    action, watts = choice(_case(home, interval, which))
    capacity = sum(home.storages[k].capacity_wh for k in which)
    stored = sum(interval.socs_end[k] * home.storages[k].capacity_wh for k in which)
    soc = round(stored / capacity, 6) if capacity > 0 else 0.0
    return Command(action, round(watts, 1), interval.end, soc)


def _case(home: _Home, interval: Interval, which: Sequence[int]) -> Case:
    socs = [(interval.socs_end[k], home.settings[k]) for k in which]
    return Case(
        power=sum(interval.powers[k] for k in which),
        plain=_plain(home, interval, which),
        tolerance=home.tolerance(which),
        is_at_reserve=all(soc <= battery.reserve + _AT_RESERVE for soc, battery in socs),
        is_nearly_full=all(soc >= _NEARLY_FULL for soc, _ in socs),
        may_export=any(battery.export for _, battery in socs),
        is_gainful=home.is_gainful,
    )


def _plain(home: _Home, interval: Interval, which: Sequence[int]) -> float:
    """Return the power into some batteries if they followed the house. [W]

    Those of several meet what the others leave.  But others may follow the house as well, and one
    that is to rest would share with them: it is told to rest where it would do anything beside the
    house alone or beside the others, and not to charge sooner than not to discharge.
    """
    rest = [k for k in range(len(interval.powers)) if k not in which]
    beside = _following(home, interval, which, sum(interval.powers[k] for k in rest))
    tolerance = home.tolerance(which)
    if not rest or abs(sum(interval.powers[k] for k in which)) > tolerance:
        return beside
    both = (beside, _following(home, interval, which, 0.0))
    return max(both) if max(both) > tolerance else min(both)


def _following(home: _Home, interval: Interval, which: Sequence[int], others: float) -> float:
    """Return the power into some batteries that follow the house beside others. [W]"""
    total = sum(
        house_powers(
            [home.storages[k] for k in which],
            [interval.socs[k] for k in which],
            interval.surplus - others,
            interval.hours,
        )
    )
    return through_inverter(total, interval.solar, home.inverter)


def _with_reason(command: Command, actions: Sequence[ActionOut], when: datetime) -> Command:
    """Return a command with the reason that the plan gives for an instant, if any.

    A reason is that of a longer run of the plan, which may charge on average while the house alone
    brings it about now; where its words are not those of the command, this is said.
    """
    for action in actions:
        end = datetime.fromisoformat(action.end)
        if datetime.fromisoformat(action.start) <= when < end:
            reason = action.reason
            if not _is_told_by(command, action):
                word = command.action.capitalize()
                reason = f"{word}, as a part of the plan until {end:%H:%M}: {reason}"
            return replace(command, reason_code=str(action.reason_code), reason=reason)
    return command


_TOLD_BY = {
    "charge": {"charge"},
    "normal": {"consume", "idle"},
    "export": {"export"},
    "hold": {"idle"},
}


def _is_told_by(command: Command, action: ActionOut) -> bool:
    """Return whether the words for an action of the plan are those for a command as well."""
    is_resting = command.action == "charge" and not command.power_w
    return action.action in _TOLD_BY["hold" if is_resting else command.action]


_CAR_ACTIONS: dict[str, CarActionName] = {
    "charge": "charge",
    "discharge": "discharge",
    "idle": "wait",
    "away": "away",
}


def _car_command(car: EvOut, run: ActionOut, now: datetime) -> CarCommand:
    """Return the command of a run, at the power of now or of its beginning."""
    action, start = _CAR_ACTIONS.get(run.action, "wait"), datetime.fromisoformat(run.start)
    starts = [datetime.fromisoformat(stamp) for stamp in car.schedule.timestamps]
    t = max((t for t, when in enumerate(starts) if when <= max(now, start)), default=0)
    watts = {"charge": car.schedule.command_w[t], "discharge": car.schedule.discharge_power_w[t]}
    return CarCommand(
        action,
        round(watts.get(action, 0.0), 1),
        datetime.fromisoformat(run.end),
        run.soc_end,
        str(run.reason_code),
        run.reason,
    )
