"""Subscriptions to entities and to MQTT, restored with each connection."""

import asyncio
from collections.abc import Iterable

import msgspec

from server.home_assistant.errors import LinkError, Refused
from server.home_assistant.followed import Followed
from server.home_assistant.states import EntityState, is_entity_id
from server.home_assistant.transport.connection import Connection
from server.home_assistant.transport.messages import (
    Message,
    MessageIn,
    decode_or_none,
    log,
    printable,
)

_SUBSCRIBING = 30.0  # s; a starting Core is slow
_FIRST_STATES = 10.0  # s
_MOST_MESSAGES = 100
_LONGEST_PAYLOAD = 2**16  # characters


class Subscriptions:
    """Entities and topics of which Home Assistant tells by itself.

    Changes wait for each other.  What fails because the connection is lost is made up for by
    `restore`; what Home Assistant refuses, `complete` asks again.

    Attributes
    ----------
    followed : dict
        States by entity.
    has_mqtt : bool or None
        None until it was asked for.
    messages : asyncio.Queue
        Of MQTT; the oldest are dropped where nobody takes them.
    """

    def __init__(self, news: asyncio.Event) -> None:
        self.has_mqtt: bool | None = None
        self.followed: dict[str, EntityState] = {}
        self.messages: asyncio.Queue[Message] = asyncio.Queue(_MOST_MESSAGES)
        self._news = news
        self._connection: Connection | None = None
        self._changing = asyncio.Lock()
        self._wanted: frozenset[str] = frozenset()
        self._entities: frozenset[str] = frozenset()  # those of the wanted that can exist
        self._following: int | None = None
        self._topics: dict[str, int | None] = {}

    async def restore(self, connection: Connection) -> None:
        """Subscribe to everything on a new connection.

        Raises
        ------
        LinkError
            Where the connection is of no use.
        """
        async with self._changing:
            self._connection = connection
            self._following = None
            self._topics = dict.fromkeys(self._topics)
            await self._subscribe(connection)

    def suspend(self) -> None:
        """Note that the connection is lost."""
        self._connection = None

    async def complete(self) -> None:
        """Subscribe to what is missing: MQTT starts after Core, or is set up later."""
        async with self._changing:
            await self._subscribe_if_possible()

    async def follow(self, entities: Iterable[str]) -> None:
        """Follow these entities and no others."""
        wanted = frozenset(entities)
        async with self._changing:
            if wanted == self._wanted:
                return
            self._wanted = wanted
            self._entities = frozenset(filter(_is_possible, wanted))
            for gone in self.followed.keys() - self._entities:
                del self.followed[gone]
            before, self._following = self._following, None
            await self._unsubscribe([before])
            await self._subscribe_if_possible()

    async def listen(self, topics: Iterable[str]) -> None:
        """Listen to these topics of MQTT and to no others."""
        async with self._changing:
            before, self._topics = self._topics, dict.fromkeys(topics)
            gone = [key for topic, key in before.items() if topic not in self._topics]
            self._topics |= {topic: before.get(topic) for topic in self._topics}
            await self._unsubscribe(gone)
            await self._subscribe_if_possible()

    async def _subscribe_if_possible(self) -> None:
        if self._connection is None:
            return
        try:
            await self._subscribe(self._connection)
        except LinkError as error:
            log.warning("Home Assistant: subscribing: %s", error)

    async def _unsubscribe(self, keys: Iterable[int | None]) -> None:
        """End subscriptions; with a lost connection they have ended by themselves."""
        for key in keys:
            if key is not None and self._connection is not None:
                await self._connection.unsubscribe(key, _SUBSCRIBING)

    async def _subscribe(self, connection: Connection) -> None:
        """Subscribe to what has no subscription."""
        if self._following is None:
            await self._subscribe_entities(connection)
        for topic in [topic for topic, key in self._topics.items() if key is None]:
            try:
                await self._subscribe_topic(connection, topic)
            except Refused as error:
                if self.has_mqtt is not False:
                    log.warning("Home Assistant has no MQTT so far: %s", error)
                self.has_mqtt = False
                return

    async def _subscribe_entities(self, connection: Connection) -> None:
        """Subscribe to all entities at once, and wait for their states."""
        followed = Followed(self._entities, self.followed)
        is_there = asyncio.Event()

        def take(event: msgspec.Raw) -> None:
            self._take_states(followed, event)
            is_there.set()

        if not self._entities:  # an empty list would mean all
            self.followed.clear()
            return
        fields = {"entity_ids": sorted(self._entities)}
        try:
            self._following = await connection.subscribe(
                "subscribe_entities", fields, take, _SUBSCRIBING
            )
            async with asyncio.timeout(_FIRST_STATES):
                await is_there.wait()
        except Refused as error:
            log.warning("Home Assistant refuses to tell states: %s", error)
        except TimeoutError:
            log.warning("Home Assistant: the states of the followed entities do not come")

    async def _subscribe_topic(self, connection: Connection, topic: str) -> None:
        self._topics[topic] = await connection.subscribe(
            "mqtt/subscribe", {"topic": topic}, self._take_message, _SUBSCRIBING
        )
        self.has_mqtt = True

    def _take_states(self, followed: Followed, event: msgspec.Raw) -> None:
        try:
            if followed.apply(event):
                self._news.set()
        except LinkError as error:
            log.warning("Home Assistant: states: %s", error)

    def _take_message(self, event: msgspec.Raw) -> None:
        message = decode_or_none(event, MessageIn)
        if message is None or len(message.payload) > _LONGEST_PAYLOAD:
            log.warning("Home Assistant: a message of MQTT cannot be read")
            return
        if self.messages.full():
            self.messages.get_nowait()
        self.messages.put_nowait(Message(message.topic, message.payload, message.retain))
        self._news.set()


def _is_possible(entity_id: str) -> bool:
    """Return whether `entity_id` is one; Home Assistant refuses all where one is none."""
    if is_entity_id(entity_id):
        return True
    log.warning("Home Assistant: no entity can have the id %s", printable(entity_id))
    return False
