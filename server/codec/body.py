"""Bytes to a request struct."""

import json
from typing import Any, TypeVar

import msgspec

from optimiser import ProblemError
from server.codec.repairs import Repairs

Request = TypeVar("Request", bound=msgspec.Struct)


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
    fields = _json_object(body)
    try:
        request = msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise ProblemError(path.rstrip("`") or "body", message) from None
    _note_unknown(fields, kind, "", repairs)
    return request


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(body)
    except msgspec.DecodeError:
        fields = _python_json(body)
    except RecursionError:
        raise ProblemError("body", "must not be nested so deeply") from None
    if not isinstance(fields, dict):
        raise ProblemError("body", f"must be a JSON object, got {_json_name(fields)}")
    return fields


def _python_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Second reading, for the literals that JSON does not have and Python's json writes."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ProblemError("body", "must not be nested so deeply") from None
    except ValueError as error:
        raise ProblemError("body", f"must be JSON, got {error}") from None


def _json_name(value: object) -> str:
    names = {list: "a list", str: "a string", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")


def _note_unknown(
    fields: dict[str, Any], kind: type[msgspec.Struct], prefix: str, repairs: Repairs
) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, value in fields.items():
        if name not in known:
            repairs.note("unknown_field", f"{prefix}{name}"[:80], "not a field we know; ignored")
        elif isinstance(value, dict):
            for nested in _structs_in(known[name].type):
                _note_unknown(value, nested, f"{prefix}{name}.", repairs)


def _structs_in(annotation: Any) -> list[type[msgspec.Struct]]:  # noqa: ANN401 - a type form
    choices = getattr(annotation, "__args__", (annotation,))
    return [c for c in choices if isinstance(c, type) and issubclass(c, msgspec.Struct)]
