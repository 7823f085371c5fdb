"""Bodies of requests, read in bounded time and memory."""

import asyncio
import zlib
from dataclasses import dataclass, field

from aiohttp import web

from optimiser import ProblemError
from server.plans.worker import Overloaded
from server.wire.wording import format_value

MAX_BODY = 2 * 2**20
"""Largest body read: three times the largest request that can be planned. [bytes]"""

MOST_HELD = 12 * 2**20
"""Bodies that are being read, together; the whole server has 96 MiB. [bytes]"""

READ_WITHIN = 10.0
"""Longest time for one body; a client of the house needs milliseconds. [s]"""


@dataclass(slots=True, eq=False)
class _Reading:
    """One body on its way."""

    deadline: asyncio.Timeout
    held: bytearray = field(default_factory=bytearray)
    gave_way: bool = False


class Bodies:
    """All bodies that are being read: where they become too much, the largest gives way.

    So a few that are almost sent, and never will be, cannot keep the small ones out.
    """

    def __init__(self) -> None:
        self._readings: set[_Reading] = set()

    async def read(self, request: web.Request) -> bytes:
        """Body of a request, decompressed.

        Raises
        ------
        HTTPRequestEntityTooLarge, HTTPRequestTimeout
            Where it is too large, packed or not, or too slow.
        ProblemError
            Where it is not packed as it says.
        Overloaded
            Where too much is being read at once, most of it here.
        """
        if (request.content_length or 0) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
        reading = _Reading(asyncio.timeout(READ_WITHIN))
        self._readings.add(reading)
        try:
            async with reading.deadline:
                await self._fill(reading, request)
            return _unpacked(reading.held, request.headers.get("Content-Encoding", "identity"))
        except TimeoutError:
            if reading.gave_way:
                raise Overloaded from None
            raise web.HTTPRequestTimeout from None
        finally:
            self._readings.discard(reading)
            reading.held.clear()  # frames of an exception may outlive this one

    async def _fill(self, reading: _Reading, request: web.Request) -> None:
        async for chunk in request.content.iter_any():
            reading.held += chunk
            if len(reading.held) > MAX_BODY:
                raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(reading.held))
            self._make_room()

    def _make_room(self) -> None:
        staying = [reading for reading in self._readings if not reading.gave_way]
        if sum(len(reading.held) for reading in staying) > MOST_HELD:
            largest = max(staying, key=lambda reading: len(reading.held))
            largest.gave_way = True
            largest.deadline.reschedule(asyncio.get_running_loop().time())


# Window bits of zlib; deflate comes with its header, as it should, and without.
_WINDOWS = {"gzip": (31,), "deflate": (15, -15)}


def _unpacked(body: bytearray, encoding: str) -> bytes:
    """Bytes out of gzip or deflate, no more than may be read.

    aiohttp's own reading goes on unpacking what has been refused, on the event loop: a gibibyte out
    of a mebibyte takes it seconds.
    """
    name = encoding.strip().lower()
    if name in {"identity", ""}:
        return bytes(body)
    for window in _WINDOWS.get(name, ()):
        unpacking = zlib.decompressobj(window)
        try:
            found = unpacking.decompress(body, MAX_BODY + 1)
        except zlib.error:
            continue
        if len(found) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(found))
        if unpacking.eof:
            return found
    rule = f"must be encoded as Content-Encoding says, {format_value(encoding)}"
    raise ProblemError("body", rule)
