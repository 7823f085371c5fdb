"""The command line: ``powersync-optimiser serve`` and ``powersync-optimiser plan``."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from optimiser import OptimiserError
from optimiser.table import as_text
from server.options import ADDON_OPTIONS, LOG_LEVELS, load
from server.version import VERSION
from server.wire.replies import WarningOut

DEFAULT_PORT = 5000
DEFAULT_UI_PORT = 8099
ADDON_DATA = Path("/data/powersync")
USER_DATA = Path("~/.local/share/powersync-optimiser")
_LAST_PORT = 65_535

log = logging.getLogger("server")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="powersync-optimiser", description="Home-battery schedules of least cost."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    add_serve_arguments(commands.add_parser("serve", help="answer requests over HTTP"))
    planner = commands.add_parser("plan", help="plan one request and print it")
    planner.add_argument("request", help="a file with the body of POST /optimize, or - for stdin")
    planner.add_argument("--json", action="store_true", help="print the full reply")
    planner.add_argument("--options", type=Path, help="options file of the add-on")
    parsed = parser.parse_args(arguments)
    return run_serve(parsed) if parsed.command == "serve" else _plan(parsed)


def add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the server to a parser."""
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="port of the API")
    parser.add_argument("--ui-port", type=_port, default=DEFAULT_UI_PORT, help="port of the page")
    parser.add_argument("--options", type=Path, help="options file (default /data/options.json)")
    parser.add_argument(
        "--addon",
        action="store_true",
        help="run as Supervisor's add-on: with /data/options.json, the page for ingress only",
    )
    parser.add_argument("--user", help="continue as this user once the options are read")
    parser.add_argument(
        "--home-assistant",
        metavar="URL",
        help="plan for the home of this Home Assistant, as http://homeassistant.local:8123; "
        "its long-lived token is in HOME_ASSISTANT_TOKEN or in --token-file",
    )
    parser.add_argument("--token-file", type=Path, help="file with the token of Home Assistant")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help=f"folder of the settings and the books (default {ADDON_DATA} in the add-on, "
        f"{USER_DATA} elsewhere)",
    )
    parser.add_argument("--log-level", choices=LOG_LEVELS, help="wins over every other source")
    parser.add_argument("--greet", action="store_true", help="print addresses and an example call")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"must lie in [1, {_LAST_PORT}], got {text!r}")
    return int(text)


def run_serve(parsed: argparse.Namespace) -> int:
    """Serve with parsed flags, and return the exit status."""
    from server.home_assistant.address import address_from  # noqa: PLC0415
    from server.page import LOOPBACK, SUPERVISOR  # noqa: PLC0415 - `plan` needs no web
    from server.privileges import CannotDrop, become  # noqa: PLC0415
    from server.serve import Addresses, HomeAddress, configure_logging, serve  # noqa: PLC0415

    configure_logging(parsed.log_level or "info")
    options = load(os.environ, parsed.options or (ADDON_OPTIONS if parsed.addon else None))
    if parsed.log_level:
        options = replace(options, log_level=parsed.log_level)
    configure_logging(options.log_level)
    try:
        address = address_from(parsed.home_assistant, os.environ, parsed.token_file)
    except ValueError as error:
        log.error("--home-assistant: %s", error)
        return 1
    folder = (parsed.data or (ADDON_DATA if parsed.addon else USER_DATA)).expanduser()
    try:
        if address:
            _prepare(folder, parsed.user)
        if parsed.user:
            become(parsed.user)
    except CannotDrop as error:
        log.error("--user: %s", error)
        return 1
    addresses = Addresses(
        host=parsed.host,
        port=parsed.port,
        page_host="0.0.0.0" if parsed.addon else "127.0.0.1",
        page_port=parsed.ui_port,
        visitors=SUPERVISOR if parsed.addon else LOOPBACK,
    )
    home = HomeAddress(address, folder) if address else None
    if parsed.addon and home is None:
        log.warning("no SUPERVISOR_TOKEN: requests are answered, and no home is planned for")
    return serve(options, addresses, home=home, greet=parsed.greet)


def _prepare(folder: Path, user: str | None) -> None:
    """Prepare the folder of a home; one that cannot be had costs what it would keep, no more."""
    from server.privileges import prepare_folder  # noqa: PLC0415

    try:
        prepare_folder(folder, user)
    except OSError as error:
        log.error("--data: %s: %s; settings and books cannot be kept", folder, error.strerror)


def _plan(parsed: argparse.Namespace) -> int:
    from server.http.app import utc_now  # noqa: PLC0415
    from server.plans.compilation import compilation_logged  # noqa: PLC0415
    from server.plans.planning import answer_any  # noqa: PLC0415

    logging.basicConfig(level="INFO", stream=sys.stderr, format="powersync-optimiser: %(message)s")
    is_file = parsed.request != "-"
    try:
        body = Path(parsed.request).read_bytes() if is_file else _standard_input()
        with compilation_logged():
            answer = answer_any(body, load(os.environ, parsed.options), utc_now)
    except OSError as error:
        print(
            f"powersync-optimiser: {error.filename or parsed.request}: {error.strerror}",
            file=sys.stderr,
        )
        return 2
    except OptimiserError as error:
        print(f"powersync-optimiser: {error}", file=sys.stderr)
        return 2
    if parsed.json:
        return _write(answer.body.decode())
    for warning in msgspec.json.decode(answer.body, type=_Warnings).warnings:
        print(f"warning: {warning.field}: {warning.message}", file=sys.stderr)
    problem = answer.solved.problem
    keys = [None if key in problem.paths else key for key in problem.keys]  # nobody named it
    names = [name or key for name, key in zip(problem.names, keys, strict=True)]
    return _write(as_text(answer.solved.plan, names, problem.currency or "$"))


def _standard_input() -> bytes:
    """Return what is typed or piped in; Python has no stream where it is closed."""
    return sys.stdin.buffer.read() if sys.stdin else b""


class _Warnings(msgspec.Struct):
    """The part of every reply that the table does not hold."""

    warnings: list[WarningOut]


def _write(text: str) -> int:
    """Write to standard output, and return the exit status."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries again
        if isinstance(error, BrokenPipeError):  # the reader has closed its end
            return 0
        print(f"powersync-optimiser: cannot write: {error.strerror}", file=sys.stderr)
        return 1
    return 0
