"""Bodies of requests, read in bounded time and memory."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from server.worker import Overloaded

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
            Where it is too large, or too slow.
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
            return bytes(reading.held)
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
