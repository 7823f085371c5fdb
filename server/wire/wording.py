"""Values as messages show them: short, and in the words of JSON."""

from optimiser import ProblemError

_LONGEST = 60


def shown(value: object) -> str:
    """A value of a request for a message; lists and objects by their kind only.

    Parameters
    ----------
    value : object
        Any JSON value, NaN and infinities included.

    Returns
    -------
    str
        One short line of ASCII.
    """
    kinds = {type(None): "null", list: "a list", dict: "an object"}
    if type(value) in kinds:
        return kinds[type(value)]
    if isinstance(value, str):
        return clipped(value)
    if isinstance(value, bool):
        return str(value).lower()
    is_long = isinstance(value, int) and abs(value) >= 10**_LONGEST
    return "an endless number" if is_long else f"{value:g}"


def unicode_text(field: str, text: str) -> str:
    """The text, as every reply can hold it.

    Raises
    ------
    ProblemError
        Where it holds half a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ProblemError(field, "must be Unicode text, got half a surrogate pair") from None
    return text


def clipped(text: str) -> str:
    """Text in quotes, as ASCII, cut where it is long."""
    return ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
