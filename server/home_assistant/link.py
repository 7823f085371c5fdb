"""One Home Assistant: connection, commands, states and news."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from server.home_assistant.address import Address
from server.home_assistant.errors import (
    Late,
    LinkDown,
    LinkError,
    Refused,
    TooLarge,
    Unreadable,
)
from server.home_assistant.messages import Message
from server.home_assistant.states import EntityState

__all__ = [
    "CoreConfig",
    "Late",
    "Link",
    "LinkDown",
    "LinkError",
    "LinkHealth",
    "Message",
    "Refused",
    "TooLarge",
    "Unreadable",
]


class LinkHealth(msgspec.Struct):
    """Present condition of the link."""

    connected: bool = False
    since: datetime | None = None
    version: str | None = None
    last_error: str | None = None
    attempts: int = 0


class CoreConfig(msgspec.Struct):
    """Home Assistant's own settings."""

    time_zone: str = "UTC"
    currency: str = "EUR"
    latitude: float | None = None
    longitude: float | None = None
    version: str = ""
    language: str = "en"


class Link:
    """One Home Assistant."""

    is_connected: bool
    health: LinkHealth
    config: CoreConfig | None
    news: asyncio.Event
    followed: Mapping[str, EntityState]
    has_mqtt: bool | None
    messages: asyncio.Queue[Message]

    def __init__(
        self, address: Address, *, backoff: Sequence[float] = (1, 2, 5, 10, 30, 60)
    ) -> None: ...

    async def run(self) -> None:
        """Connect, and reconnect with backoff, until cancelled; raises nothing."""

    async def wait_connected(self) -> None:
        """Wait until the link is connected."""

    async def command(self, kind: str, *, timeout: float = 10.0, **fields: Any) -> msgspec.Raw:
        """Return the result of one command of the WebSocket, undecoded."""
        raise NotImplementedError

    async def get(self, path: str, *, timeout: float = 10.0, most_bytes: int = 2**22) -> bytes:
        """Return the answer to ``GET /api/<path>``."""
        raise NotImplementedError

    async def states(self) -> list[EntityState]:
        """Return the states of all entities; unreadable ones are skipped."""
        raise NotImplementedError

    async def state(self, entity_id: str) -> EntityState | None:
        """Return the state of one entity, or None where there is no such entity."""
        raise NotImplementedError

    async def follow(self, entities: Iterable[str]) -> None:
        """Keep the states of these entities in `followed`, and of no others."""

    async def listen(self, topics: Iterable[str]) -> None:
        """Put messages of these MQTT topics, and of no others, into `messages`."""

    async def call(
        self, action: str, data: Mapping[str, Any], *, answer: bool = False, timeout: float = 30.0
    ) -> msgspec.Raw | None:
        """Call an action, as ``domain.service``, and return its answer where one is asked for."""
        raise NotImplementedError

    async def set_state(self, entity_id: str, state: str, attributes: Mapping[str, Any]) -> None:
        """Create or replace the state of one entity."""
