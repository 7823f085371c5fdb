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
"""Longest time for one body; a client of the home needs milliseconds. [s]"""


@dataclass(slots=True, eq=False)
class _Reading:
    """One body on its way."""

    deadline: asyncio.Timeout
    content: bytearray = field(default_factory=bytearray)
    gave_way: bool = False


class Bodies:
    """Bodies that are being read; where they take too much memory, the largest gives way.

    So a few that are never sent to their end cannot keep the small ones out.
    """

    def __init__(self) -> None:
        self._readings: set[_Reading] = set()

    async def read(self, request: web.Request) -> bytes:
        """Return the body of a request, decompressed.

        Raises
        ------
        HTTPRequestEntityTooLarge, HTTPRequestTimeout
            Where it is too large, packed or not, or too slow.
        ProblemError
            Where it is not packed as its head says.
        Overloaded
            Where this body is the largest, and all together are too much.
        """
        length = request.content_length or 0
        if length > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, length)
        reading = _Reading(asyncio.timeout(READ_WITHIN))
        self._readings.add(reading)
        try:
            async with reading.deadline:
                await self._fill(reading, request)
            return _unpack(reading.content, request.headers.get("Content-Encoding", "identity"))
        except TimeoutError:
            if reading.gave_way:
                raise Overloaded from None
            raise web.HTTPRequestTimeout from None
        finally:
            self._readings.discard(reading)
            reading.content.clear()  # frames of an exception may outlive this one

    async def _fill(self, reading: _Reading, request: web.Request) -> None:
        async for chunk in request.content.iter_any():
            reading.content += chunk
            if len(reading.content) > MAX_BODY:
                raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(reading.content))
            self._make_room()

    def _make_room(self) -> None:
        staying = [reading for reading in self._readings if not reading.gave_way]
        sizes = [len(reading.content) for reading in staying]
        if sum(sizes) > MOST_HELD:
            largest = staying[sizes.index(max(sizes))]
            largest.gave_way = True
            largest.deadline.reschedule(asyncio.get_running_loop().time())


# Window bits of zlib; deflate comes with its header, as it should, and without.
_WINDOWS = {"gzip": (31,), "deflate": (15, -15)}


def _unpack(body: bytearray, encoding: str) -> bytes:
    """Return the content of gzip or deflate, no more than may be read.

    aiohttp's own reading goes on unpacking what has been refused, on the event loop: a gibibyte out
    of a mebibyte takes it seconds.
    """
    name = encoding.strip().lower()
    if name in {"identity", ""}:
        return bytes(body)
    for window in _WINDOWS.get(name, ()):
        unpacking = zlib.decompressobj(window)
        try:
            content = unpacking.decompress(body, MAX_BODY + 1)
        except zlib.error:
            continue
        if len(content) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(content))
        if unpacking.eof:
            return content
    raise ProblemError(
        "body", f"must be encoded as Content-Encoding says, {format_value(encoding)}"
    )
