"""The runs of flexible loads that have begun, also before a restart."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from server.home.readings import LoadRun
from server.settings.home import Settings
from server.telling.publish import LIFETIME

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Told(msgspec.Struct, kw_only=True):
    """Runs told last, as kept in a file: by name, the last one begun, and that to come."""

    at: _Instant = datetime.min.replace(tzinfo=UTC)
    begun: dict[str, LoadRun] = {}
    coming: dict[str, LoadRun] = {}


class LoadRuns:
    """Memory of the runs of loads: what has begun is not planned again on its day.

    A run has begun where Home Assistant was told to switch it on, or would have been a moment
    later: its start passed while the plan before was in force.  What was to start while nobody
    told anything has not begun.

    Parameters
    ----------
    folder : Path
        Where the file is.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "loads.json"
        self._told = self._read()
        self.problem: str | None = None

    def last_begun(self, settings: Settings, now: datetime) -> list[LoadRun | None]:
        """Return the last run of each load that has begun by now."""
        told = self._told
        if told.at <= now <= told.at + LIFETIME:
            passed = [name for name, run in told.coming.items() if run.start <= now]
            for name in passed:
                told.begun[name] = replace(told.coming.pop(name), is_begun=True)
            if passed:
                self._keep(told)
        return [told.begun.get(load.name) for load in settings.loads]

    def tell(
        self, settings: Settings, runs: Sequence[LoadRun | None], at: datetime
    ) -> list[LoadRun | None]:
        """Keep the runs of a plan, and return them: those that it switches on have begun.

        Nothing begins where nobody is told, or in another mode than *automatic*.
        """
        told = _Told(at=at)
        if settings.mode == "automatic" and settings.may_publish:
            runs = [run and replace(run, is_begun=run.is_begun or run.start <= at) for run in runs]
            told.coming = _by_name(
                settings, [run if run and not run.is_begun else None for run in runs]
            )
        begun = [run if run and run.is_begun else None for run in runs]
        names = {load.name for load in settings.loads}
        kept = {name: run for name, run in self._told.begun.items() if name in names}
        told.begun = kept | _by_name(settings, begun)
        self._keep(told)
        return list(runs)

    def _read(self) -> _Told:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Told)
        except (OSError, msgspec.DecodeError):  # none, or a broken one: nothing has begun
            return _Told()

    def _keep(self, told: _Told) -> None:
        """Write the file, where there is a load; a folder that cannot be written is said."""
        is_needed = bool(told.begun or told.coming or self._told.coming)
        self._told = told
        if not is_needed:
            return
        draft = self._file.with_suffix(".new")
        try:
            draft.write_bytes(msgspec.json.encode(told))
            draft.replace(self._file)
        except OSError as error:
            self.problem = f"The runs of loads cannot be kept: {error.strerror}"
            with contextlib.suppress(OSError):
                draft.unlink()
        else:
            self.problem = None


def _by_name(settings: Settings, runs: Sequence[LoadRun | None]) -> dict[str, LoadRun]:
    pairs = zip(settings.loads, runs, strict=True)
    return {load.name: run for load, run in pairs if run is not None}
