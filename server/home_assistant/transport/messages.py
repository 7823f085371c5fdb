"""Messages of Home Assistant: reading them without trust.

Whatever arrives may be huge, deep or of the wrong types; reading it costs bounded memory and
raises nothing but `LinkError`.
"""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from server.home_assistant.errors import Refused, TooLarge, Unreadable

log = logging.getLogger("server.home_assistant")

Kind = TypeVar("Kind")

MOST_BYTES = 2**23
"""Of one message or answer.  States or registry of 10,000 entities have about 7 MB, and three
copies of a hostile 8 MiB still fit beside the server."""

MOST_VALUES = 120_000
"""Of one answer.  Each may cost 200 bytes; the states of 8,000 entities have about as many."""

_LONGEST_TEXT = 300  # characters of an error that Home Assistant words


class Message(NamedTuple):
    """One message of MQTT."""

    topic: str
    payload: str
    retain: bool = False


class MessageIn(msgspec.Struct):
    """Event of a subscription to MQTT."""

    topic: str
    payload: str
    retain: bool = False


class Frame(msgspec.Struct):
    """One message of the WebSocket, its contents undecoded."""

    type: str = ""
    id: int | None = None
    success: bool = False
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")
    event: msgspec.Raw = msgspec.Raw(b"null")
    ha_version: str | None = None


class ErrorIn(msgspec.Struct):
    """Home Assistant's word and sentence for a refusal."""

    code: str = "unknown_error"
    message: str = ""


def decode(answer: bytes | msgspec.Raw, kind: type[Kind], most_values: int = MOST_VALUES) -> Kind:
    """Return `answer` as `kind`.

    Raises
    ------
    TooLarge
        Where it holds more than `most_values`, counted by commas.
    Unreadable
        Where it is no JSON or of another kind.
    """
    content = bytes(answer)
    if content.count(b",") > most_values:
        raise TooLarge(f"an answer of more than {most_values} values")
    return _read(content, kind)


def frame_from(text: str | msgspec.Raw) -> Frame:
    """Return one message, of any length: its contents are not decoded.

    Raises
    ------
    Unreadable
        Where it is no message.
    """
    return _read(text if isinstance(text, str) else bytes(text), Frame)


def _read(answer: bytes | str, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(answer, type=kind, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(f"an answer that cannot be read: {printable(str(error))}") from None


def decode_each(
    answer: bytes | msgspec.Raw, kind: type[Kind], what: str, most_values: int = MOST_VALUES
) -> list[Kind]:
    """Return the elements of the list `answer`; those of another kind are left out and logged."""
    elements = decode(answer, list[msgspec.Raw], most_values)
    readable = [read for element in elements if (read := decode_or_none(element, kind)) is not None]
    if left_out := len(elements) - len(readable):
        log.warning("Home Assistant: %d of %d %s cannot be read", left_out, len(elements), what)
    return readable


def convert(fields: Mapping[str, Any], kind: type[Kind]) -> Kind | None:
    """Return `fields` as the struct `kind`, those without a value absent; None where unfit."""
    present = {key: value for key, value in fields.items() if value not in (None, "")}
    try:
        return msgspec.convert(present, kind, strict=False)
    except (msgspec.ValidationError, ValueError):
        return None


def decode_or_none(answer: bytes | msgspec.Raw, kind: type[Kind]) -> Kind | None:
    """Return `answer` as `kind`, or None where it cannot be read."""
    try:
        return decode(answer, kind)
    except (TooLarge, Unreadable):
        return None


def refusal(error: msgspec.Raw, secret: str) -> Refused:
    """Return Home Assistant's error without `secret`, whoever put it there."""
    said = decode_or_none(error, ErrorIn) or ErrorIn()
    code, message = (
        printable(text.replace(secret, "…")) for text in (said.code, said.message or "no reason")
    )
    return Refused(code, message)


def printable(text: str) -> str:
    """Return `text` from outside, fit for one line of a log."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_TEXT])
    return line + ("…" if len(text) > _LONGEST_TEXT else "")
