"""Controls that the owner moves: their payloads, checked, to changes of the settings."""

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from msgspec.structs import replace

from server.home_assistant.link import Message
from server.settings.home import ChargeNow, Settings
from server.telling.command import active_charge
from server.telling.entities import MODES
from server.telling.publish import COMMAND_TOPIC, STATUS_TOPIC

__all__ = [
    "Change",
    "ControlError",
    "Controls",
    "active_charge",
    "next_instant",
    "with_charge_now",
    "with_mode",
    "with_reserve",
]

DEFAULT_SOC = 80
"""Of "charge to", where the owner has set none. [%]"""

DEFAULT_TIME = "07:00"
"""Of "charge by": before the day of most people begins."""

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")
_LONGEST_SHOWN = 40


class ControlError(ValueError):
    """A value that a control does not take; the text is for the owner."""


class Change(NamedTuple):
    """Consequences of a message.

    Attributes
    ----------
    settings : Settings or None
        As they are to be from now on; None where they stay.
    is_replan : bool
        Whether to plan at once.
    is_restart : bool
        Whether Home Assistant began anew, so that everything is to be sent again.
    is_shown_anew : bool
        Whether the states of the controls are to be sent.
    note : str
        Something to say; empty where all is well.
    """

    settings: Settings | None = None
    is_replan: bool = False
    is_restart: bool = False
    is_shown_anew: bool = False
    note: str = ""


class Controls:
    """The controls, and what they hold before it takes effect.

    "Charge to" and "charge by" are values at rest until "charge now" is switched on.
    """

    def __init__(self) -> None:
        self.soc, self.time = DEFAULT_SOC, DEFAULT_TIME

    def values(self, settings: Settings, now: datetime, zone: tzinfo) -> dict[str, Any]:
        """Return the values of the controls by their keys."""
        active = active_charge(settings, now)
        until = datetime.fromisoformat(active.until).astimezone(zone) if active else None
        reserves = [battery.reserve for battery in settings.batteries]
        return {
            "mode": settings.mode,
            "reserve": round(100.0 * max(reserves)) if reserves else None,
            "charge_to": round(100.0 * active.soc) if active else self.soc,
            "charge_by": f"{until:%H:%M}" if until else self.time,
            "charge_now": "ON" if active else "OFF",
        }

    def change(self, message: Message, settings: Settings, now: datetime, zone: tzinfo) -> Change:
        """Return what a message asks for; an unknown or wrong one is noted."""
        if message.topic == STATUS_TOPIC:
            return Change(is_restart=message.payload == "online")
        key = message.topic.removeprefix(f"{COMMAND_TOPIC}/")
        shown = repr(message.payload[:_LONGEST_SHOWN])
        if message.retain:  # one that the broker kept would be obeyed again and again
            return Change(note=f"{key}: {shown} was kept by the broker, and is not obeyed")
        try:
            return self._change(key, message.payload.strip(), settings, now, zone)
        except ControlError as error:
            return Change(is_shown_anew=True, note=f"{key}: {error}, got {shown}")

    def _change(
        self, key: str, payload: str, settings: Settings, now: datetime, zone: tzinfo
    ) -> Change:
        match key:
            case "replan":
                return Change(is_replan=True)
            case "mode":
                return _to(with_mode(settings, payload))
            case "reserve":
                return _to(with_reserve(settings, _share(payload)))
            case "charge_to":
                self.soc = round(100.0 * _share(payload, least=0.01))
            case "charge_by":
                self.time = _clock(payload)
            case "charge_now":
                return self._switch(payload, settings, now, zone)
            case _:
                raise ControlError("there is no such control")
        if active_charge(settings, now):
            return self._switch("ON", settings, now, zone)
        return Change(is_shown_anew=True)

    def _switch(self, payload: str, settings: Settings, now: datetime, zone: tzinfo) -> Change:
        if payload not in {"ON", "OFF"}:
            raise ControlError("must be ON or OFF")
        if payload == "OFF":
            return _to(replace(settings, charge_now=None))
        until = next_instant(self.time, now, zone)
        return _to(with_charge_now(settings, self.soc / 100.0, until, now))


def with_mode(settings: Settings, mode: str) -> Settings:
    """Return the settings in another mode."""
    for known in MODES:
        if mode == known:
            return replace(settings, mode=known)
    raise ControlError(f"must be one of {', '.join(MODES)}")


def with_reserve(settings: Settings, reserve: float) -> Settings:
    """Return the settings with one reserve for all batteries. [-]"""
    if not 0.0 <= reserve <= 1.0:
        raise ControlError("must lie between 0 and 100 %")
    most = min((battery.max_soc for battery in settings.batteries), default=1.0)
    if reserve > most:
        raise ControlError(f"must be at most {100.0 * most:.0f} %, where charging ends")
    batteries = [replace(battery, reserve=reserve) for battery in settings.batteries]
    return replace(settings, batteries=batteries)


def with_charge_now(settings: Settings, soc: float, until: datetime, now: datetime) -> Settings:
    """Return the settings that charge to a state of charge by an instant."""
    if not 0.0 < soc <= 1.0:
        raise ControlError("must lie between 1 and 100 %")
    if not settings.batteries:
        raise ControlError("there is no battery to charge")
    if until <= now:
        raise ControlError("the time must lie ahead")
    return replace(settings, charge_now=ChargeNow(soc=soc, until=until.isoformat()))


def next_instant(clock: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the next instant of a local clock time, HH:MM."""
    hour, minute = (int(part) for part in clock.split(":"))
    local = now.astimezone(zone)
    when = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    if when.astimezone(UTC) <= now:
        when += timedelta(days=1)  # on the local clock: the same time of the next day
    return when.astimezone(UTC).astimezone(zone)  # an hour that the clocks skip has no other name


def _to(settings: Settings) -> Change:
    return Change(settings, is_replan=True, is_shown_anew=True)


def _share(payload: str, least: float = 0.0) -> float:
    try:
        share = float(payload) / 100.0
    except ValueError:
        raise ControlError("must be a number of per cent") from None
    if not (math.isfinite(share) and least <= share <= 1.0):
        raise ControlError(f"must lie between {100.0 * least:.0f} and 100 %")
    return share


def _clock(payload: str) -> str:
    match = _CLOCK.fullmatch(payload)
    if match is None:
        raise ControlError("must be a time, HH:MM")
    return f"{int(match[1]):02}:{match[2]}"
