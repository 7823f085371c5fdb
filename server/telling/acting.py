"""Carrying commands out: the action of the owner's choice, off unless there is one."""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from server.home_assistant.errors import Late, LinkError, Refused
from server.home_assistant.link import Link
from server.settings.home import ActingSettings, Settings
from server.telling.command import Command

DURATION = timedelta(minutes=20)
"""Longest duration of a command: a dead server means normal operation after that.  It is four
plans long, so that a plan or two may fail without the battery changing."""

SHORTEST = timedelta(minutes=15)
"""Shortest duration: more than two plans, so that a run that ends soon is not cut by a late one."""

RENEWAL = timedelta(minutes=11)
"""Rest of the duration from which a command is given again: two plans, and a little."""

STEADY = 0.05
"""Change of the power that is left until the command is given again, as a share of it. [-]"""

SMALL = 100.0
"""The same in W; and a charge of less is none, as 0 W stands for full power in PowerSync. [W]"""


class Acted(msgspec.Struct, kw_only=True):
    """Record of what was done for a plan, or would have been in watch mode.

    `call` and `data` are the action called, None where none was needed; `error` says why it
    failed.  `is_watched` marks a command that nobody was given.
    """

    at: datetime
    action: str
    power_w: float = 0.0
    until: datetime | None = None
    is_watched: bool = False
    call: str | None = None
    data: dict[str, Any] = {}
    error: str | None = None


class _Given(msgspec.Struct, kw_only=True):
    """The last command that was given, as kept in a file across restarts."""

    action: str
    power_w: float
    until: Annotated[datetime, msgspec.Meta(tz=True)]
    acting: str
    preset: Literal["script", "powersync"]


class Actor:
    """Gives commands, keeps them alive, and returns the battery to normal operation.

    What was commanded is noted before the call: a command whose answer is lost may be in force.

    Parameters
    ----------
    link : Link
        To Home Assistant.
    folder : Path
        Of the file that remembers the last command.
    retries : sequence of float
        Pauses before further tries of a call that failed. [s]
    """

    def __init__(self, link: Link, folder: Path, retries: Sequence[float] = (2.0, 5.0)) -> None:
        self._link, self._file, self._retries = link, folder / "acting.json", retries
        self._given = self._read()
        self._lock = asyncio.Lock()
        self.last: Acted | None = None
        """The last call and what became of it."""

    @property
    def is_commanding(self) -> bool:
        """Something else than normal operation was commanded last."""
        return self._given is not None

    def renew(self) -> None:
        """Give the command again with the next plan: Home Assistant began anew.

        The timers of its scripts ended with it, and nothing would bring normal operation back.
        """
        if self._given is not None:
            self._given = replace(self._given, until=datetime.min.replace(tzinfo=UTC))

    async def act(
        self, settings: Settings, command: Command | None, now: datetime, *, is_commandable: bool
    ) -> Acted | None:
        """Carry the command of a plan out, as far as mode and readings allow; raises nothing.

        Parameters
        ----------
        settings : Settings
            Of the home.
        command : Command or None
            Of the plan; None where there is none.
        now : datetime
            Time-zone aware.
        is_commandable : bool
            Whether the readings are fresh enough to command anything.

        Returns
        -------
        Acted or None
            For the books; None where nothing was asked for.
        """
        async with self._lock:
            if command is None or not is_commandable or not may_act(settings):
                acted = await self._end(now, self._retries)
                if acted is None and command and is_commandable and settings.mode == "watch":
                    return _watch_record(command, now)
                return acted
            if command.action == "normal":
                return await self._end(now, self._retries) or _record(command, now)
            if self._is_in_force(settings.acting, command, now):
                return _record(command, now)
            return await self._give(settings.acting, command, now)

    async def stop(self, now: datetime) -> Acted | None:
        """Return the battery to normal operation at the end of the server; raises nothing."""
        async with self._lock:
            return await self._end(now, (), timeout=5.0)  # the Supervisor waits 10 s

    def _is_in_force(self, acting: ActingSettings, command: Command, now: datetime) -> bool:
        """Return whether a command is the one given, with time left."""
        given = self._given
        if given is None or given.action != command.action:
            return False
        if not RENEWAL < given.until - now <= DURATION:  # more is a clock that was put back
            return False
        if (given.acting, given.preset) != (acting.action, acting.preset):
            return False
        change = abs(given.power_w - command.power_w)
        return change <= max(SMALL, STEADY * command.power_w) and not self._has_failed()

    def _has_failed(self) -> bool:
        return self.last is not None and self.last.error is not None

    async def _give(self, acting: ActingSettings, command: Command, now: datetime) -> Acted:
        if self._given and (self._given.acting, self._given.preset) != (
            acting.action,
            acting.preset,
        ):
            await self._end(now, ())  # what was commanded elsewhere is taken back there
        duration = min(max(command.until - now, SHORTEST), DURATION)
        minutes = math.ceil(duration.total_seconds() / 60.0)
        self._remember(
            _Given(
                action=command.action,
                power_w=command.power_w,
                until=(now + timedelta(minutes=minutes)).astimezone(UTC),
                acting=str(acting.action),
                preset=acting.preset,
            )
        )
        call, data = call_for(acting, command, minutes)
        acted = _record(command, now)
        acted.call, acted.data, acted.error = call, data, await self._try(call, data, self._retries)
        self.last = acted
        return acted

    async def _end(
        self, now: datetime, retries: Sequence[float], timeout: float = 30.0
    ) -> Acted | None:
        """Command normal operation once, where anything else was commanded."""
        given = self._given
        if given is None:
            return None
        acting = ActingSettings(action=given.acting, preset=given.preset)
        call, data = call_for(acting, Command("normal", 0.0, now, 0.0), 0)
        error = await self._try(call, data, retries, timeout)
        if error is None:
            self._remember(None)
        self.last = Acted(at=now, action="normal", call=call, data=data, error=error)
        return self.last

    async def _try(
        self, call: str, data: dict[str, Any], retries: Sequence[float], timeout: float = 30.0
    ) -> str | None:
        """Call an action until it succeeds, and return why it did not.

        A refusal would come again, and a late answer may still come: both wait for the next plan.
        """
        error = await self._call(call, data, timeout)
        for pause in retries:
            if error is None or isinstance(error, Refused | Late):
                break
            await asyncio.sleep(pause)
            error = await self._call(call, data, timeout)
        return None if error is None else f"{call} failed: {error}"

    async def _call(self, call: str, data: dict[str, Any], timeout: float) -> LinkError | None:
        try:
            if call == "script.turn_on":
                await self._require(data["entity_id"])
            await self._link.call(call, data, timeout=timeout)
        except LinkError as error:
            return error
        return None

    async def _require(self, script: str) -> None:
        """Refuse a script that is not there: to turn it on is no error in Home Assistant."""
        state = await self._link.state(script)
        if state is None or state.state == "unavailable":
            raise Refused("not_found", f"there is no {script}, or it has an error")

    def _read(self) -> _Given | None:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Given)
        except (OSError, msgspec.MsgspecError):
            return None

    def _remember(self, given: _Given | None) -> None:
        """Keep what was given; a folder that cannot be written costs the memory of a restart."""
        self._given = given
        with contextlib.suppress(OSError):
            if given is None:
                self._file.unlink(missing_ok=True)
                return
            draft = self._file.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(given))
            draft.replace(self._file)


def may_act(settings: Settings) -> bool:
    """Return whether the owner lets commands be given."""
    return settings.acting.action is not None and settings.mode == "automatic"


def call_for(acting: ActingSettings, command: Command, minutes: int) -> tuple[str, dict[str, Any]]:
    """Return the action that carries a command out, and its data.

    A script is turned on and not waited for: it may hold its own timer, for as long as the command
    lasts, and a new command begins it anew.
    """
    if acting.preset == "powersync":
        return _powersync(command, minutes)
    action = str(acting.action)
    data = {
        "action": command.action,
        "power_w": round(command.power_w),
        "until": command.until.isoformat(timespec="seconds"),
        "duration": minutes,
        "target_soc": round(100.0 * command.target_soc, 1),
    }
    if action.startswith("script."):
        return "script.turn_on", {"entity_id": action, "variables": data}
    return action, data


def _powersync(command: Command, minutes: int) -> tuple[str, dict[str, Any]]:
    """Return the call of PowerSync's own actions, which end by themselves."""
    power = round(command.power_w)
    match command.action:
        case "charge" if power >= SMALL:
            return "power_sync.force_charge", {"duration": minutes, "power_w": power}
        case "export" if power >= SMALL:
            return "power_sync.force_discharge", {"duration": minutes, "power_w": power}
        case "normal":
            return "power_sync.restore_normal", {}
        case _:
            return "power_sync.hold_battery_soc", {"duration": minutes}


def _record(command: Command, now: datetime) -> Acted:
    """Return the record of a command without a call."""
    return Acted(at=now, action=command.action, power_w=command.power_w, until=command.until)


def _watch_record(command: Command, now: datetime) -> Acted:
    acted = _record(command, now)
    acted.is_watched = True
    return acted
