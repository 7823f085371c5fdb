"""Address and token of a Home Assistant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_SUPERVISOR = ("http://supervisor/core/api", "ws://supervisor/core/websocket")


@dataclass(frozen=True, slots=True)
class Address:
    """One Home Assistant.

    Attributes
    ----------
    http : str
        Root of the REST API, without a slash at its end: ``http://supervisor/core/api``.
    websocket : str
        URL of the WebSocket.
    token : str
        Supervisor's, or a long-lived one; secret.
    from_supervisor : bool
        Whether Supervisor stands between.
    """

    http: str
    websocket: str
    token: str = field(repr=False)
    from_supervisor: bool


def address_from(
    url: str | None, environment: Mapping[str, str], token_file: Path | None
) -> Address | None:
    """Return the address that options and environment give, or None where they give none.

    Parameters
    ----------
    url : str or None
        Of Home Assistant outside the add-on, as ``http://homeassistant.local:8123``.
    environment : Mapping
        May hold ``HOME_ASSISTANT_TOKEN`` or ``SUPERVISOR_TOKEN``.
    token_file : Path or None
        Holds the token of `url`.

    Raises
    ------
    ValueError
        Where `url` is none, or has no token; the text holds no secret.
    """
    if url is None:
        token = environment.get("SUPERVISOR_TOKEN", "").strip()
        return Address(*_SUPERVISOR, _require_word(token), from_supervisor=True) if token else None
    root = _root(url)
    token = _file_text(token_file) if token_file else environment.get("HOME_ASSISTANT_TOKEN", "")
    if not token.strip():
        raise ValueError(
            "Home Assistant: a token is needed, in a file or in HOME_ASSISTANT_TOKEN"
            " (in Home Assistant: your profile, Security, Long-lived access tokens)"
        )
    websocket = "ws" + root.removeprefix("http") + "/api/websocket"
    return Address(root + "/api", websocket, _require_word(token.strip()), from_supervisor=False)


def _root(url: str) -> str:
    """Return scheme, host, port and path of `url`, without a slash at the end."""
    parts = _parts(url.strip())
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Home Assistant: must be a URL as http://homeassistant.local:8123")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("Home Assistant: the URL must hold neither a user nor a query")
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - out of range raises
    except ValueError:
        return None
    return parts


def _file_text(path: Path) -> str:
    """Return the text of a small file."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(10_000)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise ValueError(f"Home Assistant: the token's file {path}: {reason}") from None


def _require_word(token: str) -> str:
    """Return `token` where a header can hold it."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ValueError("Home Assistant: the token must be one word of ASCII characters")
    return token
