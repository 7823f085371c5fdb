"""Messages of the WebSocket."""

from typing import NamedTuple


class Message(NamedTuple):
    """One message of MQTT."""

    topic: str
    payload: str
    retain: bool
