"""Run the server until a signal stops it."""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from server.home_assistant.address import Address
from server.http import keys
from server.http.app import create_app, utc_now
from server.http.connections import TIMEOUT, listening, without_traceback
from server.options import Options
from server.page import LOOPBACK, create_page, serving_page
from server.plans.compilation import compilation_logged
from server.plans.example import example_body
from server.plans.planning import answer
from server.reading.clock import Clock
from server.version import VERSION

if TYPE_CHECKING:
    from server.controller.controller import Controller

_GREETING = """PowerSync Optimiser: {url}
The page:            {page}
Try it:  curl -s {url}/optimize -H 'Content-Type: application/json' -d @examples/dynamic_day.json"""

log = logging.getLogger("server")

_SHUTDOWN = 1.0  # s for requests in progress; Supervisor kills after 10
_A_DAY = 288  # intervals; shorter horizons do not take all kernels of a usual plan
_TURN = 0.001  # s; the longest wait of the event loop for Python code of a plan


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
    """Plan one day, so that the first real one need not load or compile anything."""
    began = time.perf_counter()
    answer(example_body(_A_DAY), options, utc_now)
    gc.collect()
    gc.freeze()  # everything loaded so far stays: later collections skip it
    log.info("warm in %.0f ms", (time.perf_counter() - began) * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses of the API and of the page, and those of visitors that may see the page."""

    host: str
    port: int
    page_host: str = "127.0.0.1"
    page_port: int
    visitors: frozenset[str] = LOOPBACK


@dataclass(frozen=True, slots=True)
class HomeAddress:
    """The Home Assistant of the home to plan for, and the folder of its settings and books."""

    address: Address
    folder: Path


def serve(
    options: Options,
    addresses: Addresses,
    *,
    home: HomeAddress | None = None,
    greet: bool = False,
    clock: Clock = utc_now,
) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit status.

    Parameters
    ----------
    options : Options
        Defaults for requests.
    addresses : Addresses
        Where to listen.
    home : HomeAddress, optional
        The home to plan for; None only answers requests.
    greet : bool
        Whether to print the addresses, and an example call, once the server listens.
    clock : Callable
        Gives the time, time-zone aware.
    """
    sys.setswitchinterval(_TURN)
    app = create_app(options, clock=clock)
    try:
        with compilation_logged():
            warm_up(options)
            asyncio.run(_serve(app, addresses, home, greet))
    except OSError as error:
        number = error.errno or 0  # negative where the name of the host means nothing
        reason = os.strerror(number) if number > 0 else error.strerror
        log.error("cannot listen on %s:%d: %s", addresses.host, addresses.port, reason)
        return 1
    log.info("stopped")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)  # a solve in progress must not hold up the end of the process


async def _serve(
    app: web.Application, addresses: Addresses, home: HomeAddress | None, greet: bool
) -> None:
    """Serve an application and its page until a signal ends it."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    host, port = addresses.host, addresses.port
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=TIMEOUT,
        handler_cancellation=True,  # a client that has gone needs no plan
        auto_decompress=False,  # `Bodies` unpacks them
        read_bufsize=2**14,  # twice as much is held of a body that nobody reads yet
        shutdown_timeout=_SHUTDOWN,
    )
    state = app[keys.STATE]
    controller = _controller_of(home, state) if home else None
    page = create_page(app, addresses.visitors, controller)
    async with (
        listening(runner, state.planning, host, port),
        serving_page(page, addresses.page_host, addresses.page_port) as page_url,
        controller.planning() if controller else nullcontext(),
    ):
        log.info("PowerSync Optimiser %s listens on %s:%d", VERSION, host, port)
        if greet:
            url = f"http://127.0.0.1:{port}"
            print(_GREETING.format(url=url, page=page_url or "none"), flush=True)
        await stopped.wait()


def _controller_of(home: HomeAddress, state: keys.State) -> "Controller":
    """Return the controller of a home; a server without one does without its 10 MiB."""
    from server.controller.controller import Controller  # noqa: PLC0415
    from server.home_assistant.link import Link  # noqa: PLC0415

    return Controller(Link(home.address), home.folder, state)
