"""Values as messages show them: short, and in the words of JSON."""

from optimiser import ProblemError

_LONGEST = 60


def format_value(value: object) -> str:
    """Return a value of a request for a message: one short line of ASCII.

    Lists and objects are named by their kind only; NaN and infinities have a name as well.
    """
    kinds = {type(None): "null", list: "a list", dict: "an object"}
    if type(value) in kinds:
        return kinds[type(value)]
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return str(value).lower()
    is_long = isinstance(value, int) and abs(value) >= 10**_LONGEST
    return "an endless number" if is_long else f"{value:g}"


def quote(text: str) -> str:
    """Return text in quotes, as ASCII, cut where it is long."""
    return ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def require_unicode(field: str, text: str) -> None:
    """Refuse text that no reply can hold: with half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ProblemError(field, "must be Unicode text, got half a surrogate pair") from None
