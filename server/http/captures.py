"""The last requests that were slow or failed, so that they can be planned again.

Kept in memory only, few and small, without names; shown where the page is shown.
"""

import zlib
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

SLOW = 2.0
"""From here on an answer counts as slow. [s]"""

_MOST = 10
_LARGEST = 2**19  # bytes of a body that is kept
_PRIVATE = frozenset({"name"})
_IDS = frozenset({"id", "vehicle_id"})


@dataclass(frozen=True, slots=True)
class Capture:
    """A request, and why it was kept.

    Attributes
    ----------
    number : int
        Counts up from 1.
    at : str
        When, as ISO 8601.
    path : str
        Endpoint.
    status : int
        Of the reply.
    seconds : float
        From request to reply. [s]
    packed : bytes
        Body, compressed; empty where it was no JSON or too large.
    """

    number: int
    at: str
    path: str
    status: int
    seconds: float
    packed: bytes

    @property
    def body(self) -> bytes:
        """The request, without names."""
        return zlib.decompress(self.packed) if self.packed else b""


def worth_keeping(status: int, seconds: float) -> bool:
    """Whether a request was slow or failed."""
    return status >= HTTPStatus.BAD_REQUEST or seconds >= SLOW


class Captures:
    """The last few of them."""

    def __init__(self) -> None:
        self._kept: deque[Capture] = deque(maxlen=_MOST)
        self._number = 0

    def keep(self, body: bytes, *, at: str, path: str, status: int, seconds: float) -> None:
        """Keep a request, for as long as not too many others follow."""
        self._number += 1
        packed = zlib.compress(without_names(body)) if len(body) <= _LARGEST else b""
        self._kept.append(Capture(self._number, at, path, status, round(seconds, 3), packed))

    @property
    def all(self) -> tuple[Capture, ...]:
        """Those kept, oldest first."""
        return tuple(self._kept)

    def numbered(self, number: int) -> Capture | None:
        """The one of a number, while it is kept."""
        return next((capture for capture in self._kept if capture.number == number), None)


def without_names(body: bytes) -> bytes:
    """The request without what names persons, cars or batteries; nothing where it is no JSON.

    Ids become ``1``, ``2``, …: the same one stays the same, as plans need.
    """
    try:
        request = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return b""
    ids: dict[str, str] = {}

    def stripped(value: Any) -> Any:  # noqa: ANN401 - raw JSON
        if isinstance(value, list):
            return [stripped(item) for item in value] if _holds_objects(value) else value
        if not isinstance(value, dict):
            return value
        return {
            key: ids.setdefault(str(item), str(len(ids) + 1)) if key in _IDS else stripped(item)
            for key, item in value.items()
            if key not in _PRIVATE
        }

    return msgspec.json.encode(stripped(request))


def _holds_objects(values: list[Any]) -> bool:
    return any(isinstance(value, (dict, list)) for value in values)
