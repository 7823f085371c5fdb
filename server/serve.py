"""Run the server until it is told to stop."""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import dataclass

from aiohttp import web

from server.http import keys
from server.http.app import create_app, utc_now
from server.http.connections import PATIENCE, listen, without_traceback
from server.options import Options
from server.page import LOOPBACK, page_site
from server.plans.example import example_body
from server.plans.planning import answer
from server.version import VERSION

log = logging.getLogger("server")

# Supervisor kills after 10 s; a plan in progress is not worth waiting for.
_SHUTDOWN = 1.0

_TURN = 0.001  # s; the event loop need not wait longer for a plan to let it run


def configure_logging(level: str) -> None:
    """Log to standard output, one line per event."""
    logging.basicConfig(
        force=True,
        level=level.upper(),
        stream=sys.stdout,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(without_traceback)


def warm_up(options: Options) -> None:
    """Make one small plan, so that the first real one finds everything loaded."""
    began = time.perf_counter()
    answer(example_body(), options, utc_now)
    gc.collect()
    gc.freeze()  # what is here now stays, and need not be looked through again
    log.info("warm in %.0f ms", (time.perf_counter() - began) * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the server listens.

    Attributes
    ----------
    host, port : str, int
        Of the API.
    page_host, page_port : str, int
        Of the page.
    visitors : frozenset of str
        Addresses that may see the page.
    """

    host: str
    port: int
    page_host: str = "127.0.0.1"
    page_port: int
    visitors: frozenset[str] = LOOPBACK


def serve(options: Options, addresses: Addresses) -> int:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    options : Options
        Defaults for requests.
    addresses : Addresses
        Where to listen.

    Returns
    -------
    int
        Exit status.
    """
    host, port = addresses.host, addresses.port
    sys.setswitchinterval(_TURN)
    app = create_app(options)
    app.cleanup_ctx.append(page_site(addresses.visitors, addresses.page_host, addresses.page_port))
    warm_up(options)
    try:
        asyncio.run(_serve(app, host, port))
    except OSError as error:
        number = error.errno or 0  # negative where the name of the host means nothing
        reason = os.strerror(number) if number > 0 else error.strerror
        log.error("cannot listen on %s:%d: %s", host, port, reason)
        return 1
    log.info("stopped")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)  # a solve in progress must not hold up the end of the process


async def _serve(app: web.Application, host: str, port: int) -> None:
    """Serve an application until a signal ends it."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,  # a client that has gone needs no plan
        auto_decompress=False,  # bodies are unpacked once they are read
        keepalive_timeout=PATIENCE,
        read_bufsize=2**14,  # twice as much is held of a body that nobody reads yet
        shutdown_timeout=_SHUTDOWN,
    )
    await runner.setup()
    try:
        with closing(await listen(runner, app[keys.PLANNING], host, port)):
            log.info("PowerSync Optimiser %s listens on %s:%d", VERSION, host, port)
            await told.wait()
    finally:
        await runner.cleanup()
