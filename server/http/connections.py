"""Connections: few, and none that costs for longer than it is of use."""

import asyncio
import logging
import socket
from itertools import islice
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

MOST = 768
"""Connections at once, of 5 KiB each; systems give a process 1,024 descriptors at least."""

BACKLOG = 64
"""Connections taken in one turn of the event loop, and so how many turns a new one has until
it may have to make room: twelve, where three are enough to read a request."""

PATIENCE = 20.0
"""Longest wait for a head of a request, and for a reader of a reply; clients keep an idle
connection for 15. [s]"""


class Connections:
    """Makes room for a new connection at the expense of the oldest that waits for no plan.

    Whoever opens thousands loses them first: an honest client asks as soon as it is connected.

    Parameters
    ----------
    server : web.Server
        Makes the protocol of each connection.
    planning : set
        Protocols that wait for a plan.
    most : int
        Connections at once.
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


async def listen(
    runner: web.AppRunner, planning: set[Any], host: str, port: int
) -> asyncio.base_events.Server:
    """Take connections of an application that is set up.

    Raises
    ------
    OSError
        Where the address cannot be listened on.
    """
    assert runner.server is not None
    factory = Connections(runner.server, planning)
    listener = await asyncio.get_running_loop().create_server(factory, host, port, backlog=BACKLOG)
    for bound in listener.sockets:
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; inherited by what is accepted
            limit = int(PATIENCE * 1000)
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)
    return listener


def without_traceback(record: logging.LogRecord) -> bool:
    """Filter of aiohttp's log: what is no HTTP is the fault of the caller, and one line."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        sender = "".join(str(part) for part in record.args or ())
        record.msg, record.args = f"no HTTP from {sender}: {type(error).__name__}", None
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
    return True
