"""State of the home as the page shows it."""

from datetime import datetime
from itertools import zip_longest
from typing import Any

import msgspec

from server.controller.turn import Turn
from server.finding.found import Found
from server.home.readings import SourceHealth
from server.home_assistant.link import CoreConfig, LinkHealth
from server.settings.home import ChargeNow, Mode, Settings
from server.telling.acting import Acted
from server.telling.command import CarCommand, Command
from server.telling.controls import active_charge
from server.telling.report import Report


class CommandOut(msgspec.Struct, kw_only=True):
    """A command, and why; `power_w` is 0 where the command has none."""

    action: str
    power_w: float
    since: datetime
    until: datetime
    target_soc: float
    reason_code: str
    reason: str


class StorageOut(msgspec.Struct, kw_only=True):
    """One battery or car: its state of charge, and what it is to do."""

    kind: str
    name: str
    soc: float | None
    command: CommandOut | None


class LoadOut(msgspec.Struct, kw_only=True):
    """One flexible load: the run that is on, or the next one; no times where none is planned."""

    name: str
    start: datetime | None = None
    end: datetime | None = None
    is_on: bool = False


class DayOut(msgspec.Struct, kw_only=True):
    """Money of today, from now on, or of tomorrow, by the plan."""

    day: str
    cost: float
    savings: float


class ActingOut(msgspec.Struct, kw_only=True):
    """The action that commands the battery, and how the last call went."""

    action: str | None
    last_call: datetime | None = None
    last_command: str | None = None
    error: str | None = None


class BesideOut(msgspec.Struct, kw_only=True):
    """PowerSync's plan beside ours, both at our prices [money]; the time compared, in hours."""

    cost: float
    our_cost: float
    hours: float
    why: str


class HomeStatus(msgspec.Struct, kw_only=True):
    """All that the home screen shows.

    `planned` is what the plan would do where that is not what is told, as in watch mode;
    `problems` are sentences, most urgent first; `told` is mqtt, states, or nothing.  `planned_at`
    is the time of the last look, which has led to a plan where `is_proved` says anything.
    """

    has_home: bool = True
    is_set_up: bool = False
    link: LinkHealth
    timezone: str | None = None
    currency: str | None = None
    mode: Mode | None = None
    reserve: float | None = None
    charge_now: ChargeNow | None = None
    command: CommandOut | None = None
    planned: CommandOut | None = None
    following: CommandOut | None = None
    storages: list[StorageOut] = []
    loads: list[LoadOut] = []
    days: list[DayOut] = []
    problems: list[str] = []
    sources: list[SourceHealth] = []
    planned_at: datetime | None = None
    is_proved: bool | None = None
    told: str | None = None
    acting: ActingOut | None = None
    powersync: BesideOut | None = None


class Setup(msgspec.Struct, kw_only=True):
    """All that the set-up shows; `problem` says what became of a broken file."""

    settings: Any
    found: Found | None
    problem: str | None


def write_plan(status: HomeStatus, report: Report, settings: Settings, turn: Turn | None) -> None:
    """Write what a report tells into the status."""
    status.planned_at, status.is_proved = report.at, report.is_proved
    status.command, status.planned, status.following = _commands(report)
    status.storages = _storages(report, settings, turn)
    status.loads = _loads(report, settings)
    status.days = _days(report)


def write_settings(
    status: HomeStatus, settings: Settings, config: CoreConfig | None, now: datetime
) -> None:
    """Write what the settings say into the status."""
    status.is_set_up, status.mode = True, settings.mode
    status.currency = settings.currency or (config.currency if config else None)
    status.reserve = max((battery.reserve for battery in settings.batteries), default=None)
    status.charge_now = active_charge(settings, now)


def acting_out(settings: Settings, last: Acted | None) -> ActingOut:
    """Return what is called, and how the last call went."""
    acting = ActingOut(action=settings.acting.action)
    if last is not None:
        acting.last_call, acting.last_command, acting.error = last.at, last.action, last.error
    return acting


def _commands(report: Report) -> list[CommandOut | None]:
    """Return what is told now, what the plan would do instead, and what follows."""
    commands, order = report.commands, report.order
    if commands is None:
        return [_command(order, report.at), None, None]
    planned = commands.now if order and order.action != commands.now.action else None
    given = [(order, report.at), (planned, report.at), (report.then, commands.now.until)]
    return [_command(command, since) for command, since in given]


def _storages(report: Report, settings: Settings, turn: Turn | None) -> list[StorageOut]:
    """Return each battery and each car."""
    orders = report.commands.batteries if report.commands and report.is_ordering else []
    socs = [reading.value for reading in turn.inputs.socs] if turn else []
    car_socs = [reading.soc for reading in turn.inputs.cars] if turn else []
    batteries = zip_longest([one.name for one in settings.batteries], socs, orders)
    cars = zip_longest(
        [one.name for one in settings.cars],
        car_socs,
        [runs[0] if runs else None for runs in report.cars],
    )
    return [
        StorageOut(kind=kind, name=name, soc=soc, command=_command(order, report.at))
        for kind, storages in (("battery", batteries), ("car", cars))
        for name, soc, order in storages
        if name is not None
    ]


def _loads(report: Report, settings: Settings) -> list[LoadOut]:
    """Return each flexible load; the settings may be newer than the report."""
    return [
        LoadOut(name=load.name, start=run.start, end=run.end, is_on=run.is_on(report.at))
        if run
        else LoadOut(name=load.name)
        for load, run in zip_longest(settings.loads, report.loads)
        if load is not None
    ]


def _days(report: Report) -> list[DayOut]:
    """Return the money of today and tomorrow, as far as the plan knows it."""
    days = {"today": report.today, "tomorrow": report.tomorrow}
    return [
        DayOut(day=name, cost=money.cost, savings=money.savings)
        for name, money in days.items()
        if money is not None
    ]


def _command(command: Command | CarCommand | None, since: datetime) -> CommandOut | None:
    if command is None:
        return None
    return CommandOut(
        action=command.action,
        power_w=command.power_w,
        since=since,
        until=command.until,
        target_soc=command.target_soc,
        reason_code=command.reason_code,
        reason=command.reason,
    )
