"""Bytes to a request struct."""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import msgspec

from optimiser import ProblemError
from server.wire.repairs import Repairs
from server.wire.wording import format_value, quote

Request = TypeVar("Request", bound=msgspec.Struct)

_MOST_UNKNOWN = 20  # fields named one by one; a thousand warnings help nobody
_MOST_VALUES = 200_000  # four times those of the longest request; each may cost 100 bytes
_LONGEST_INTEGER = 20  # digits; what is longer is read as a float, in linear time

# msgspec's words for what it expects, in ours.
_EXPECTED = {
    "float": "a number",
    "int": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def decode(body: bytes, kind: type[Request], repairs: Repairs) -> Request:
    """Read a request.

    Parameters
    ----------
    body : bytes
        JSON; the bare literals of Python's json, ``NaN`` and ``Infinity``, are understood.
    kind : type
        Struct to read.
    repairs : Repairs
        Takes note of fields that the struct does not know.

    Returns
    -------
    Struct
        With every value that it can hold, sane or not.

    Raises
    ------
    ProblemError
        Where the body is no JSON object or a value has no possible reading; names its path.
    """
    fields = json_object(body)
    try:
        request = msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _problem_from_error(error, fields) from None
    except UnicodeEncodeError:
        raise ProblemError("body", "must be Unicode text, got half a surrogate pair") from None
    unknown = _unknown_fields(fields, kind)
    names = [*islice(unknown, _MOST_UNKNOWN)]
    for name in names:
        repairs.note("unknown_field", name, "not a field we know; ignored")
    if len(names) == _MOST_UNKNOWN and (rest := sum(1 for _ in unknown)):
        repairs.note("unknown_field", "body", f"{rest} more fields that we do not know; ignored")
    return request


def json_object(body: bytes) -> dict[str, Any]:
    """Read a body as a JSON object, as msgspec does or else as Python's json does."""
    # A short body need not be counted.
    if len(body) > _MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ProblemError("body", f"must hold at most {_MOST_VALUES} values, got more")
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        fields = _python_json(body)
    except RecursionError:
        raise ProblemError("body", "must not be nested so deeply") from None
    if not isinstance(fields, dict):
        raise ProblemError("body", f"must be a JSON object, got {format_value(fields)}")
    return fields


def _python_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read a body with Python's json, for NaN and Infinity or for the place of a mistake."""
    if not body.strip():
        raise ProblemError("body", "must be a JSON object, got nothing")
    try:
        return json.loads(body, parse_int=_integer)
    except RecursionError:
        raise ProblemError("body", "must not be nested so deeply") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ProblemError("body", f"must be JSON, got something else at {place}") from None
    except UnicodeDecodeError as error:
        raise ProblemError("body", f"must be UTF-8, got another byte at {error.start}") from None


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _problem_from_error(error: msgspec.ValidationError, fields: dict[str, Any]) -> ProblemError:
    """Translate ``Expected `float | null`, got `str` - at `$.battery.current_soc```."""
    message, _, path = str(error).partition(" - at `$.")
    path = path.rstrip("`")
    if missing := re.match(r"Object missing required field `(\w+)`", message):
        return ProblemError(f"{path}.{missing[1]}".lstrip("."), "must be given")
    if length := re.match(r"Expected `array` of length ([<>])= (\d+)", message):
        bound = "most" if length[1] == "<" else "least"
        return ProblemError(path, f"must hold at {bound} {length[2]} items")
    expected = re.match("Expected `([^`]*)`", message)
    if expected is None:
        is_choice = message.startswith("Invalid enum value")
        rule = "one of the values of its list" if is_choice else "a number within reason"
        return ProblemError(path or "body", f"must be {rule}")
    kinds = set(expected[1].split(" | ")) - {"null"}
    if "float" in kinds:
        kinds.discard("str")  # text is read as a number there
    if "bool" in kinds:
        kinds = {"bool"}  # a series of permissions is rare
    rule = " or ".join(sorted(_EXPECTED.get(kind, kind) for kind in kinds))
    value: Any = fields
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
        value = value[name] if name else value[int(index)]
    return ProblemError(path or "body", f"must be {rule}, got {format_value(value)}")


def _unknown_fields(
    fields: dict[str, Any], kind: type[msgspec.Struct], prefix: str = ""
) -> Iterator[str]:
    """Yield the names of fields that the structs do not have; there may be very many."""
    known = _structs_by_field(kind)
    for name, value in fields.items():
        if name not in known:
            yield prefix + quote(name)[1:-1]
            continue
        is_list = isinstance(value, list)
        for nested in known[name]:
            for i, inner in enumerate(value if is_list else [value]):
                if isinstance(inner, dict):
                    place = f"{prefix}{name}[{i}]." if is_list else f"{prefix}{name}."
                    yield from _unknown_fields(inner, nested, place)


@cache
def _structs_by_field(kind: type[msgspec.Struct]) -> dict[str, tuple[type[msgspec.Struct], ...]]:
    """Return the fields of a struct, and the structs that each may hold."""
    fields = msgspec.structs.fields(kind)
    return {field.encode_name: tuple(_structs_in(field.type)) for field in fields}


def _structs_in(annotation: Any) -> list[type[msgspec.Struct]]:  # noqa: ANN401 - a type form
    """Return the structs that an annotation names, in unions and lists too."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [kind for choice in getattr(annotation, "__args__", ()) for kind in _structs_in(choice)]
