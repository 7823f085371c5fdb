"""One Home Assistant: connection, commands, states and news."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any, TypeAlias

import aiohttp
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
from server.home_assistant.states import EntityState, is_entity_id
from server.home_assistant.subscriptions import Subscriptions
from server.home_assistant.transport.connection import TOKEN_REFUSED, Connection
from server.home_assistant.transport.messages import (
    MOST_BYTES,
    Message,
    convert,
    decode,
    decode_each,
    decode_or_none,
    log,
)
from server.home_assistant.transport.rest import Rest, new_session, reason

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

Fields: TypeAlias = dict[str, Any]

_REPORTS = (
    "[{% for name in NAMES %}"
    "{{ (states[name].last_reported.isoformat() if states[name] else none) | tojson }}"
    "{{ ',' if not loop.last }}{% endfor %}]"
)

_ASKING = 10.0  # s; a control that is moved before MQTT is subscribed to is not heard
_STEADY = timedelta(seconds=30)
_CONNECTING = 10.0  # s
_SETTINGS = 30.0  # s; a starting Core is slow
_SLOWER = 5  # times the longest pause after a refused token: each try alarms the user


class LinkHealth(msgspec.Struct):
    """Present condition of the link.

    Attributes
    ----------
    since : datetime or None
        Of the last change of `connected`.
    version : str or None
        Of Home Assistant.
    last_error : str or None
        Why the link is down.
    attempts : int
        Failed in a row.
    """

    connected: bool = False
    since: datetime | None = None
    version: str | None = None
    last_error: str | None = None
    attempts: int = 0


class CoreConfig(msgspec.Struct):
    """Home Assistant's own settings."""

    time_zone: str
    currency: str = "EUR"
    latitude: float | None = None
    longitude: float | None = None
    version: str = ""
    language: str = "en"


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class Link:
    """One Home Assistant.

    `run` holds the connection; everything else may be called at any time and fails with a
    `LinkError` where Home Assistant gives no usable answer.

    Attributes
    ----------
    health : LinkHealth
        Present condition.
    config : CoreConfig or None
        Read at each connection.
    news : asyncio.Event
        Set at a change of a followed entity, a message of MQTT and a new connection; whoever
        waits for it clears it.
    followed : Mapping
        States of the followed entities that Home Assistant has; when it is down, the last.
    """

    def __init__(
        self,
        address: Address,
        *,
        backoff: Sequence[float] = (1, 2, 5, 10, 30, 60),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.health = LinkHealth()
        self.config: CoreConfig | None = None
        self.news = asyncio.Event()
        self._subscriptions = Subscriptions(self.news)
        self.followed: Mapping[str, EntityState] = self._subscriptions.followed
        self._address = address
        self._backoff = backoff
        self._clock = clock
        self._rest = Rest(address)
        self._session: aiohttp.ClientSession | None = None
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._failures = 0  # since a connection that lasted

    @property
    def is_connected(self) -> bool:
        """True where commands can be sent."""
        return self._connection is not None and self._connection.is_open

    @property
    def has_mqtt(self) -> bool | None:
        """True where Home Assistant has MQTT; None until `listen` asked for the first time."""
        return self._subscriptions.has_mqtt

    @property
    def messages(self) -> asyncio.Queue[Message]:
        """Messages of MQTT; the oldest are dropped where nobody takes them."""
        return self._subscriptions.messages

    async def wait_connected(self) -> None:
        """Wait until commands can be sent."""
        await self._connected.wait()

    async def run(self) -> None:
        """Connect, and reconnect with backoff, until cancelled; raises nothing."""
        try:
            while True:
                error = await self._connect()
                await asyncio.sleep(self._pause(error))
        finally:
            self.health.connected = False
            if self._session is not None:
                await self._session.close()

    async def _connect(self) -> LinkError:
        """Hold one connection until it ends, and return the reason."""
        try:
            async with asyncio.timeout(_CONNECTING):
                socket = await self._open_session().ws_connect(
                    self._address.websocket, max_msg_size=MOST_BYTES
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._note_down(LinkDown(reason(error)))
        try:
            return self._note_down(await self._stay(Connection(socket, self._address)))
        except LinkError as error:
            return self._note_down(error)
        finally:
            await self._close(socket)

    async def _close(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Close without waiting for a peer that may be gone."""
        try:
            async with asyncio.timeout(1.0):
                await socket.close()
        except (TimeoutError, aiohttp.ClientError, OSError):
            log.debug("Home Assistant: the connection was closed without goodbye")

    async def _stay(self, connection: Connection) -> LinkError:
        """Log in, restore the subscriptions, and stay until the connection ends."""
        await connection.login()
        reader = asyncio.create_task(connection.read())
        pauses = chain(self._backoff, repeat(self._backoff[-1]))
        try:
            await self._greet(connection)
            while not reader.done():
                await asyncio.wait({reader}, timeout=min(next(pauses), _ASKING))
                await self._subscriptions.complete()
            return reader.result()
        finally:
            self._connection = None
            self._connected.clear()
            self._subscriptions.suspend()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _greet(self, connection: Connection) -> None:
        """Read Core's settings, restore the subscriptions, and open the link to commands."""
        fields = decode_or_none(await connection.command("get_config", {}, _SETTINGS), Fields)
        self.config = convert(fields or {}, CoreConfig) or self.config
        if self.config is None:
            log.warning("Home Assistant: its settings (time zone, currency) cannot be read")
        await self._subscriptions.restore(connection)
        self._connection = connection
        self._note_up(connection)

    def _pause(self, error: LinkError) -> float:
        """Return the pause before the next attempt [s]; homes that restart together spread."""
        number = min(self._failures, len(self._backoff)) - 1
        pause = self._backoff[max(number, 0)]
        if isinstance(error, Refused) and error.code == TOKEN_REFUSED:
            pause = self._backoff[-1] * _SLOWER
        return pause * random.uniform(0.75, 1.25)

    def _note_up(self, connection: Connection) -> None:
        version = connection.version
        self.health = LinkHealth(connected=True, since=self._clock(), version=version)
        log.info("Home Assistant: connected, version %s", version)
        self._connected.set()
        self.news.set()

    def _note_down(self, error: LinkError) -> LinkError:
        """Note the reason, and say it where it is another than last time."""
        text = str(error)
        health = self.health
        is_known = not health.connected and health.last_error == text
        now = self._clock()
        if health.connected and health.since and now - health.since >= _STEADY:
            self._failures = 0  # one that breaks down again and again is tried less and less
        self._failures += 1
        log.log(logging.DEBUG if is_known else logging.WARNING, "Home Assistant: %s", text)
        self.health = LinkHealth(
            since=now if health.connected or health.since is None else health.since,
            version=health.version,
            last_error=text,
            attempts=health.attempts + 1,
        )
        return error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = new_session()
        return self._session

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise LinkDown(self.health.last_error or "not connected")
        return self._connection

    async def command(
        self,
        kind: str,
        *,
        timeout: float = 10.0,
        **fields: Any,  # noqa: ANN401 - JSON
    ) -> msgspec.Raw:
        """Return the result of one command of the WebSocket, undecoded.

        Raises
        ------
        LinkError
            By what failed.
        """
        return await self._open_connection().command(kind, fields, timeout)

    async def get(self, path: str, *, timeout: float = 10.0, most_bytes: int = 2**22) -> bytes:
        """Return the answer to ``GET /api/<path>``.

        Raises
        ------
        LinkError
            By what failed; `Refused` with the code ``404`` where there is no such thing.
        """
        return await self._rest.request(
            self._open_session(), path, timeout=timeout, most_bytes=most_bytes
        )

    async def states(self) -> list[EntityState]:
        """Return the states of all entities; unreadable ones are left out and logged."""
        answer = await self.get("states", timeout=30.0, most_bytes=MOST_BYTES)
        return decode_each(answer, EntityState, "states")

    async def state(self, entity_id: str) -> EntityState | None:
        """Return the state of one entity, or None where there is no such entity."""
        if not is_entity_id(entity_id):
            return None
        try:
            return decode(await self.get(f"states/{entity_id}"), EntityState)
        except Refused as error:
            if error.code == "404":
                return None
            raise

    async def reports(self, entities: Sequence[str]) -> dict[str, datetime]:
        """Return when entities reported last, also what they had reported before.

        Core 2026.11 keeps the `last_reported` of its first answer in all later ones of the same
        state; a template tells the true one.

        Raises
        ------
        LinkError
            By what failed.
        """
        names = [name for name in entities if is_entity_id(name)]
        template = _REPORTS.replace("NAMES", msgspec.json.encode(names).decode())
        answer = await self._rest.request(
            self._open_session(),
            "template",
            method="POST",
            body=msgspec.json.encode({"template": template}),
            timeout=10.0,
            most_bytes=2**16,
        )
        stamps = decode(answer, list[datetime | None])
        return {name: at for name, at in zip(names, stamps, strict=False) if at is not None}

    async def set_state(self, entity_id: str, state: str, attributes: Mapping[str, Any]) -> None:
        """Create or replace the state of one entity.

        Raises
        ------
        LinkError
            By what failed.
        """
        if not is_entity_id(entity_id):
            raise Refused("400", "no entity can have this id")
        body = msgspec.json.encode({"state": state, "attributes": attributes})
        await self._rest.request(
            self._open_session(),
            f"states/{entity_id}",
            method="POST",
            body=body,
            timeout=10.0,
            most_bytes=2**20,
        )

    async def remove_state(self, entity_id: str) -> None:
        """Remove the state of one entity that `set_state` made; one that is not there is gone.

        Raises
        ------
        LinkError
            By what failed.
        """
        if not is_entity_id(entity_id):
            raise Refused("400", "no entity can have this id")
        try:
            await self._rest.request(
                self._open_session(),
                f"states/{entity_id}",
                method="DELETE",
                timeout=10.0,
                most_bytes=2**20,
            )
        except Refused as error:
            if error.code != "404":
                raise

    async def call(
        self, action: str, data: Mapping[str, Any], *, answer: bool = False, timeout: float = 30.0
    ) -> msgspec.Raw | None:
        """Call an action, as ``domain.service``, and return its answer where one is asked for.

        Raises
        ------
        LinkError
            By what failed; after `Late` the action may still be done.
        """
        domain, _, service = action.partition(".")
        result = await self.command(
            "call_service",
            timeout=timeout,
            domain=domain,
            service=service,
            service_data=data,
            return_response=answer,
        )
        if not answer:
            return None
        return decode(result, dict[str, msgspec.Raw]).get("response", msgspec.Raw(b"null"))

    async def follow(self, entities: Iterable[str]) -> None:
        """Keep the states of these entities in `followed`, and of no others.

        Returns when the states are there; where the link is down they come with the connection.
        """
        await self._subscriptions.follow(entities)

    async def listen(self, topics: Iterable[str]) -> None:
        """Put messages of these MQTT topics, and of no others, into `messages`.

        Where Home Assistant has no MQTT, `has_mqtt` is False, and it is asked again and again.
        """
        await self._subscriptions.listen(topics)
