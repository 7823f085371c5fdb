"""The home that is planned for by itself: its state, set-up, controls and books."""

import re
from datetime import date
from typing import TypeVar

import msgspec
from aiohttp import web

from optimiser import ProblemError
from server.books.database import BooksError
from server.controller.controller import Controller
from server.controller.orders import Order
from server.home_assistant.link import LinkError
from server.http.middleware import Handler, json_reply
from server.page.origin import TOKEN
from server.settings.checks import SettingsError
from server.settings.home import Settings
from server.wire.replies import ErrorReply

CONTROLLER = web.AppKey("controller", Controller)
"""Key of the controller."""

Struct = TypeVar("Struct", bound=msgspec.Struct)

_USER = "X-Remote-User-Id"  # of Supervisor, which takes none from a browser

_LACK = re.compile("Object missing required field `(.+)`")
_WRONG_KIND = re.compile("Expected `(.+)`, got `(.+)`")
_WORDS = {
    "array": "a list",
    "bool": "yes or no",
    "float": "a number",
    "int": "a whole number",
    "null": "nothing",
    "object": "a group of fields",
    "str": "text",
}
_KINDS = re.compile(rf"\b({'|'.join(_WORDS)})\b")

routes = web.RouteTableDef()


@web.middleware
async def tell_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 503 with the reason where Home Assistant or the folder of the home does not work."""
    try:
        return await handler(request)
    except (LinkError, BooksError, OSError) as error:
        if isinstance(error, ConnectionError):  # the visitor has gone
            raise
        return json_reply(ErrorReply(_sentence(error)), 503)


@web.middleware
async def check_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a change by a user of Home Assistant who is no administrator.

    Ingress shows the page to every user, and names the user; what is set up here is done with an
    administrator's right.
    """
    user = request.headers.get(_USER)
    if user is not None and request.method not in {"GET", "HEAD"}:
        allowed = await _controller(request).administrators()
        if allowed is not None and user not in allowed:
            error = "Only an administrator of Home Assistant may change this."
            return json_reply(ErrorReply(error), 403)
    return await handler(request)


def _sentence(error: Exception) -> str:
    """Return an error as a sentence that says whose it is."""
    text = str(error).rstrip(".")
    if isinstance(error, LinkError) and not text.startswith("Home Assistant"):
        return f"Home Assistant gave no answer: {text}."
    return f"{text[:1].upper()}{text[1:]}."


@routes.get("/home.json")
async def home(request: web.Request) -> web.Response:
    """State of the home: what is commanded, why, what comes next, and the health of all sources."""
    return json_reply(_controller(request).status())


@routes.get("/setup.json")
async def setup(request: web.Request) -> web.Response:
    """Settings, what was found for them, and the token for changes."""
    setup = _controller(request).setup()
    return json_reply({"token": TOKEN, **msgspec.structs.asdict(setup)})


@routes.post("/setup/find")
async def find(request: web.Request) -> web.Response:
    """Look for sources in Home Assistant."""
    return json_reply(await _controller(request).find())


@routes.post("/setup")
async def confirm(request: web.Request) -> web.Response:
    """Take confirmed settings, and plan with them."""
    controller = _controller(request)
    try:
        await controller.confirm(await _decode(request, Settings))
    except SettingsError as error:
        raise ProblemError(error.field, error.rule) from None
    return json_reply({"success": True})


@routes.post("/control")
async def control(request: web.Request) -> web.Response:
    """Change the mode, the reserve or a charge by a time, or plan anew."""
    controller = _controller(request)
    try:
        await controller.obey(await _decode(request, Order))
    except SettingsError as error:
        raise ProblemError(error.field, error.rule) from None
    return json_reply({"success": True})


@routes.get("/books/days.json")
async def days(request: web.Request) -> web.Response:
    """Bills of each day from `first` to `last`."""
    first, last = _day(request, "first"), _day(request, "last")
    return json_reply({"days": await _controller(request).days(first, last)})


@routes.get("/books.csv")
async def books(request: web.Request) -> web.StreamResponse:
    """The books for a spreadsheet."""
    first, last = _day(request, "first"), _day(request, "last")
    name = f"books-{first}-{last}.csv"
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
    )
    await response.prepare(request)
    async for chunk in _controller(request).csv(first, last):
        await response.write(chunk.encode())
    await response.write_eof()
    return response


@routes.post("/books/delete")
async def delete(request: web.Request) -> web.Response:
    """Delete the books."""
    await _controller(request).delete_books()
    return json_reply({"success": True})


def add_to(page: web.Application, controller: Controller) -> None:
    """Add the home to the page."""
    page[CONTROLLER] = controller
    page.middlewares.extend([tell_failures, check_user])
    page.add_routes(routes)


def _controller(request: web.Request) -> Controller:
    return request.app[CONTROLLER]


async def _decode(request: web.Request, kind: type[Struct]) -> Struct:
    """Return the body of a request as a struct; `ProblemError` names the field that is wrong."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.ValidationError as error:
        field, rule = _field_and_rule(str(error))
        raise ProblemError(field or "body", rule) from None
    except msgspec.DecodeError as error:
        raise ProblemError("body", f"is no {kind.__name__.lower()}: {error}") from None


def _field_and_rule(text: str) -> tuple[str, str]:
    """Return the path of a field and its rule in plain words, from msgspec's error."""
    rule, _, place = text.partition(" - at ")
    field = place.strip("`").removeprefix("key in ").strip("`").removeprefix("$").removeprefix(".")
    if lack := _LACK.fullmatch(rule):
        return f"{field}.{lack[1]}".removeprefix("."), "must be given"
    if kinds := _WRONG_KIND.fullmatch(rule):
        wanted, got = (_KINDS.sub(lambda kind: _WORDS[kind[0]], names) for names in kinds.groups())
        return field, f"must be {wanted.replace(' | ', ' or ')}, got {got}"
    return field, f"is not readable: {rule}"


def _day(request: web.Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query.get(name, ""))
    except ValueError:
        raise ProblemError(name, "must be a date as 2026-11-30") from None
