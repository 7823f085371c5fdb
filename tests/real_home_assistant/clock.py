"""The wall clock of Home Assistant and of the server beside it, which tests move."""

import os
import struct
import time
from datetime import UTC, datetime, timedelta

_SECOND = 10**9  # ns


class Clock:
    """A real clock, moved: what `wall_clock.c` shows to processes that load it.

    Parameters
    ----------
    path : Path
        Of the file that holds how far it is moved.
    start : datetime
        What it shows now.
    """

    def __init__(self, path, start):
        self.path = path
        self._moved = 0
        path.write_bytes(struct.pack("q", 0))
        self.move(start - self.now())

    def now(self):
        """Return what the processes see."""
        return datetime.fromtimestamp((time.time_ns() + self._moved) / _SECOND, UTC)

    def move(self, by: timedelta):
        """Move all clocks at once; a running process sees it at its next look."""
        self._moved += round(by.total_seconds() * _SECOND)
        file = os.open(self.path, os.O_WRONLY)
        try:
            os.pwrite(file, struct.pack("q", self._moved), 0)  # in place: the file is mapped
        finally:
            os.close(file)
