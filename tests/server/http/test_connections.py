"""Connections are bounded in number and time, and nonsense over them in the log."""

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path

from server import serve
from server.http import connections
from server.http.app import create_app
from tests.server.processes import free_port
from tests.stress.attacks import all_of, status_of
from tests.stress.honest import ask


def descriptors(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


async def test_connections_are_few_however_many_are_opened(server_process):
    before = descriptors(server_process)

    held = [await asyncio.open_connection("127.0.0.1", server_process.port) for _ in range(1200)]
    try:
        status = await asyncio.to_thread(ask, server_process.port, "GET", "/health", None)
        # Those of one turn are made before any of them is counted, and closed in a later one.
        most = connections.MOST + connections.BACKLOG + 10
        async with asyncio.timeout(5):
            while descriptors(server_process) - before > most:
                await asyncio.sleep(0.05)
    finally:
        for _, writer in held:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for _, w in held), return_exceptions=True)

    assert status == 200


async def test_a_head_that_does_not_come_ends_the_connection(monkeypatch):
    monkeypatch.setattr(serve, "TIMEOUT", 0.3)
    port = free_port()
    addresses = serve.Addresses(host="127.0.0.1", port=port, page_port=free_port())
    server = asyncio.ensure_future(serve._serve(create_app(), addresses, None, greet=False))
    await asyncio.sleep(0.2)

    outcome = await status_of(port, [b"GET /health HTTP/1.1\r\nX-Slow: "])

    server.cancel()
    with suppress(asyncio.CancelledError):
        await server
    assert outcome == "closed"


async def test_what_is_no_http_is_one_line_of_the_log(server_process):
    before = len(server_process.log)

    found = await all_of(server_process.port, [[b"GET / HTTP/9.9\r\n\r\n"]])

    line = server_process.log[before:].rstrip()
    assert found == {"400": 1}
    assert re.search(r" INFO aiohttp.server no HTTP from 127\.0\.0\.1: \w+$", line), line
    assert "\n" not in line


def test_other_errors_keep_their_traceback():
    try:
        raise ValueError("ours")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("aiohttp.server", logging.ERROR, "", 1, "failed", (), info)

    assert connections.without_traceback(record)

    assert record.exc_info == info
    assert record.levelno == logging.ERROR
