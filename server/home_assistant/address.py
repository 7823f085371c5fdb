"""Address and token of a Home Assistant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
        Where `url` is none, or has no token.
    """
    raise NotImplementedError
