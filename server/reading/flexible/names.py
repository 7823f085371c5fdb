"""Names of flexible consumption, all different."""

from optimiser import ProblemError
from server.wire.flexible import HeatIn, LoadIn
from server.wire.wording import quote, require_unicode


def key_of(wire: LoadIn | HeatIn, path: str, keys: dict[str, str]) -> str:
    """Return the name of one of them, its place where it has none, and note that it is taken."""
    key = "" if wire.id is None else str(wire.id).strip()
    require_unicode(f"{path}.id", key)
    require_unicode(f"{path}.name", wire.name or "")
    key = key or path
    if key in keys:
        raise ProblemError(f"{path}.id", f"must differ from that of {keys[key]}, got {quote(key)}")
    keys[key] = path
    return key
