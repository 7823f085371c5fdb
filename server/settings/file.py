"""The file that keeps the settings."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from server.reading.clock import Clock
from server.settings.checks import check
from server.settings.errors import SettingsError
from server.settings.home import VERSION, Settings

NAME = "settings.json"

_LARGEST = 2**20  # bytes; those of the largest home with twenty rates are 20 kB


class _Versioned(msgspec.Struct):
    """The part that a file of any version holds."""

    version: int


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SettingsFile:
    """The settings of a home in a folder, written whole or not at all.

    Parameters
    ----------
    folder : Path
        Where the file is, beside those that could not be used.
    clock : Callable
        Returns the time, time-zone aware.

    Attributes
    ----------
    problem : str or None
        Why there are no settings though there was a file, as a sentence.
    """

    def __init__(self, folder: Path, clock: Clock = _utc_now) -> None:
        self._folder, self._path, self._clock = folder, folder / NAME, clock
        self.problem: str | None = None

    def load(self) -> Settings | None:
        """Return the settings; None where there are none, or none that can be used.

        A file that is broken, of a newer version or against the rules is renamed, never changed.
        """
        self.problem = None
        try:
            with self._path.open("rb") as file:
                content = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem = f"The settings cannot be read: {error.strerror}."
            return None
        try:
            return _settings_from(content)
        except SettingsError as error:
            self._set_aside(str(error))
            return None

    def save(self, settings: Settings) -> None:
        """Write the settings: a power cut leaves the old ones or the new ones.

        Raises
        ------
        OSError
            Where the folder cannot be written; the old ones then stay.
        """
        content = msgspec.json.format(msgspec.json.encode(settings), indent=2)
        new = self._path.with_suffix(".json.new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a path cannot set the mode
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        new.replace(self._path)
        self._sync_folder()
        self.problem = None

    def _set_aside(self, reason: str) -> None:
        """Rename the file, so that what the owner typed is not lost."""
        stamp = self._clock().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        kept = self._path.with_name(f"settings.broken-{stamp}.json")
        try:
            self._path.replace(kept)
        except OSError as error:
            where = f"it cannot be renamed: {error.strerror}"
        else:
            where = f"it is kept as {kept.name}"
        self.problem = f"The settings cannot be used ({reason}); {where}. Please set up again."

    def _sync_folder(self) -> None:
        """Make a renaming outlast a power cut."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _settings_from(content: bytes) -> Settings:
    if len(content) > _LARGEST:
        raise SettingsError(NAME, f"must hold at most {_LARGEST} bytes, got more")
    try:
        version = msgspec.json.decode(content, type=_Versioned).version
        if version != VERSION:
            rule = f"must be {VERSION}, which this version of the software reads, got {version}"
            raise SettingsError("version", rule)
        settings = msgspec.json.decode(content, type=Settings)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(NAME, str(error)) from None
    check(settings)
    return settings
