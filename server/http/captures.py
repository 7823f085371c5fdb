"""The last requests that were slow or failed, so that they can be planned again.

Few and small, without names, and in memory only.
"""

import zlib
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import msgspec

SLOW = 2.0
"""Time from which an answer counts as slow. [s]"""

_MOST = 10
_LARGEST = 2**19  # bytes of a body that is kept
_PRIVATE = frozenset({"name"})
_IDS = frozenset({"id", "battery_id", "vehicle_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A request that was slow or failed: its number, endpoint, time, status, duration and error.

    The `error` of one that only was slow is empty.
    """

    number: int = 0
    at: str
    path: str
    status: int
    seconds: float
    error: str = ""


class Captures:
    """The last captures and their bodies."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Capture, bytes]] = deque(maxlen=_MOST)
        self._open: dict[str, Capture] = {}
        self._number = 0

    def keep(self, body: bytes, capture: Capture) -> None:
        """Keep a request, numbered, and drop the oldest where there are many."""
        self._number += 1
        packed = zlib.compress(without_names(body) if len(body) <= _LARGEST else b"")
        capture = replace(capture, number=self._number, seconds=round(capture.seconds, 3))
        self._kept.append((capture, packed))
        if capture.error:
            self._open[capture.path] = capture

    def close(self, path: str) -> None:
        """Note that an endpoint has answered again."""
        self._open.pop(path, None)

    @property
    def open(self) -> list[Capture]:
        """The last refusal of each endpoint that has answered no request since."""
        return list(self._open.values())

    @property
    def refusals(self) -> list[Capture]:
        """Those that failed, oldest first."""
        return [capture for capture, _ in self._kept if capture.error]

    @property
    def all(self) -> list[Capture]:
        """Captures, oldest first."""
        return [capture for capture, _ in self._kept]

    def body(self, number: int) -> bytes:
        """Return a request without names; nothing where it is unknown, too large or no JSON."""
        for capture, packed in self._kept:
            if capture.number == number:
                return zlib.decompress(packed)
        return b""


def without_names(body: bytes) -> bytes:
    """Return a request without names of persons, cars or batteries; nothing for what is no JSON.

    Ids become ``1``, ``2``, …: equal ones stay equal, as plans need.
    """
    try:
        return msgspec.json.encode(_strip(msgspec.json.decode(body), {}))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return b""


def _strip(value: Any, ids: dict[str, str]) -> Any:  # noqa: ANN401 - raw JSON
    if isinstance(value, list):
        return [_strip(item, ids) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: ids.setdefault(str(item), str(len(ids) + 1))
        if key in _IDS and item is not None
        else _strip(item, ids)
        for key, item in value.items()
        if key not in _PRIVATE
    }
