"""Everything that Home Assistant and the page are told after a plan, or where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from server.home.flexible import heat_powers, runs_of
from server.home.readings import Inputs, LoadRun
from server.plans.planning import Reply
from server.settings.home import Mode, Settings
from server.telling.command import CarCommand, Command, Commands, car_runs, commands_from
from server.telling.intervals import intervals_from
from server.telling.outlook import (
    DayMoney,
    Point,
    means,
    money_by_day,
    price_points,
    soc_points,
)

PAUSED, WATCHING, STALE = "paused", "watch_mode", "stale_data"
"""Reason codes of what is not commanded, beside those of plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The plan in force, as it is told.

    Attributes
    ----------
    at : datetime
        When it was made.
    mode : str
        Of the settings.
    commands : Commands or None
        Of the plan; None where none is of this instant.
    order : Command or None
        What is to be done: that of the plan, or *normal* where nothing may be commanded.  None
        without home batteries.
    is_ordering : bool
        Whether the commands are to be carried out; else all is left as it is.
    cars : list of list of CarCommand
        Of the plan, in the order of the settings, each from the end of the one before.
    loads : list of LoadRun or None
        Run of each flexible load, in the order of the settings: the running one, or the next.
    heat_w : list of float or None
        Power of each store of heat now. [W]
    today, tomorrow : DayMoney or None
        From now on; None where the plan or the prices do not reach.
    soc : float or None
        Of all batteries now. [-]
    import_price, export_price : float or None
        Now. [money/kWh]
    soc_forecast, import_forecast, export_forecast : list of Point
        In per cent, and per kWh.
    is_proved : bool or None
        Whether no plan can be better; None where there is none.
    problems : list of str
        Sentences for the owner.
    """

    at: datetime
    mode: Mode
    commands: Commands | None = None
    order: Command | None = None
    is_ordering: bool = False
    cars: Sequence[Sequence[CarCommand]] = ()
    loads: Sequence[LoadRun | None] = ()
    heat_w: Sequence[float | None] = ()
    today: DayMoney | None = None
    tomorrow: DayMoney | None = None
    soc: float | None = None
    import_price: float | None = None
    export_price: float | None = None
    soc_forecast: list[Point] = field(default_factory=list)
    import_forecast: list[Point] = field(default_factory=list)
    export_forecast: list[Point] = field(default_factory=list)
    is_proved: bool | None = None
    problems: Sequence[str] = ()

    @property
    def then(self) -> Command | None:
        """The command after the running one; none while paused, which has no end."""
        return self.commands.then if self.commands and self.mode != "paused" else None


def report_from(
    reply: Reply, inputs: Inputs, settings: Settings, now: datetime, problems: Sequence[str] = ()
) -> Report:
    """Return the report of a plan.

    Parameters
    ----------
    reply : OptimizeReply, MultiBatteryReply or EvReply
        The plan.
    inputs : Inputs
        That it was made from.
    settings : Settings
        Of the home.
    now : datetime
        Time-zone aware; may be later than the plan.
    problems : sequence of str
        Sentences for the owner.
    """
    commands = commands_from(reply, settings, now)
    imports, exports = inputs.import_prices.all_rows(), inputs.export_prices.all_rows()
    ahead = [one for one in intervals_from(reply) if one.end > now]
    money = money_by_day(ahead, imports, exports, settings, inputs.zone)
    today = now.astimezone(inputs.zone).date()
    end = ahead[-1].end if ahead else now
    weights = [battery.capacity_kwh for battery in settings.batteries]
    moment = [(now, now + timedelta(seconds=1))]
    return Report(
        at=inputs.at,
        mode=settings.mode,
        commands=commands,
        order=order_from(commands, settings, now, is_commandable=inputs.is_commandable),
        is_ordering=settings.mode == "automatic" and inputs.is_commandable,
        cars=car_runs(reply, now),
        loads=runs_of(reply, inputs, settings),
        heat_w=heat_powers(reply, settings),
        today=money.get(today),
        tomorrow=money.get(today + timedelta(days=1)),
        soc=_mean([reading.value for reading in inputs.socs], weights),
        import_price=means(imports, moment)[0],
        export_price=means(exports, moment)[0],
        soc_forecast=soc_points(ahead, weights, now, inputs.zone),
        import_forecast=price_points(imports, now, end, inputs.zone),
        export_forecast=price_points(exports, now, end, inputs.zone),
        is_proved=reply.status == "optimal",
        problems=problems,
    )


def report_without_plan(settings: Settings, now: datetime, problems: Sequence[str]) -> Report:
    """Return the report where no plan can be made."""
    order = order_from(None, settings, now, is_commandable=False)
    return Report(at=now, mode=settings.mode, order=order, problems=problems)


def order_from(
    commands: Commands | None, settings: Settings, now: datetime, *, is_commandable: bool
) -> Command | None:
    """Return what is to be done: the command of the plan, or *normal* where it may not be given."""
    if not settings.batteries:
        return None
    if settings.mode == "paused":
        return _normal(commands, now, PAUSED, "Paused: the battery follows the house")
    if commands is None or not is_commandable:
        text = "Nothing is commanded without a plan from fresh readings"
        return _normal(commands, now, STALE, text)
    if settings.mode == "watch":
        word = commands.now.action.capitalize()
        return _normal(commands, now, WATCHING, f"Watching: the plan would say {word}")
    return commands.now


def _normal(commands: Commands | None, now: datetime, code: str, reason: str) -> Command:
    if commands is None:
        return Command("normal", 0.0, now + timedelta(minutes=5), 0.0, code, reason)
    return replace(commands.now, action="normal", power_w=0.0, reason_code=code, reason=reason)


def _mean(values: Sequence[float], weights: Sequence[float]) -> float | None:
    if len(values) != len(weights) or not sum(weights):
        return None
    pairs = zip(values, weights, strict=True)
    return sum(value * weight for value, weight in pairs) / sum(weights)
