"""Connections, bounded in number and in time."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import islice
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

MOST = 768
"""Connections at once, of 5 KiB each; systems give a process 1,024 descriptors at least."""

BACKLOG = 64
"""Connections taken in one turn of the event loop: a new one has twelve turns until it may have to
make room, and three are enough to read a request."""

TIMEOUT = 20.0
"""Longest wait for a head of a request, and for a reader of a reply; clients keep an idle
connection for 15. [s]"""


class Connections:
    """Factory of connections that closes the oldest without a plan where there are many.

    A caller that opens thousands loses them first: the client asks as soon as it is connected.
    `planning` holds the protocols that wait for a plan.
    """

    def __init__(self, server: web.Server, planning: set[Any], most: int = MOST) -> None:
        self._server = server
        self._planning = planning
        self._most = most

    def __call__(self) -> asyncio.BaseProtocol:
        """Protocol of the next connection."""
        opened = [
            (protocol, transport)
            for protocol in self._server.connections
            if (transport := protocol.transport) is not None and not transport.is_closing()
        ]
        idle = (transport for protocol, transport in opened if protocol not in self._planning)
        for transport in islice(idle, max(0, len(opened) - self._most + 1)):
            transport.abort()  # a peer that reads nothing would never let it close
        return self._server()


@asynccontextmanager
async def listening(
    runner: web.AppRunner, planning: set[Any], host: str, port: int
) -> AsyncIterator[None]:
    """Serve the application of a runner for as long as the context lasts, or raise `OSError`."""
    try:
        await runner.setup()
        assert runner.server is not None
        factory, loop = Connections(runner.server, planning), asyncio.get_running_loop()
        with closing(await loop.create_server(factory, host, port, backlog=BACKLOG)) as listener:
            for bound in listener.sockets:
                if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; inherited by what is accepted
                    limit = int(TIMEOUT * 1000)
                    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)
            yield
    finally:
        await runner.cleanup()


def without_traceback(record: logging.LogRecord) -> bool:
    """Reduce a record of aiohttp's log about a message that is no HTTP to one line."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        sender = "".join(str(part) for part in record.args or ())
        record.msg, record.args = f"no HTTP from {sender}: {type(error).__name__}", None
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
    return True
