"""Entities in Home Assistant: one device through MQTT, or states by REST where it has none."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from server.home_assistant.errors import LinkError, Refused
from server.home_assistant.link import Link
from server.telling.entities import Entity
from server.version import VERSION

DEVICE = "powersync_optimiser"
"""Identifier of the device, and beginning of topics and entity ids."""

DISCOVERY_TOPIC = f"homeassistant/device/{DEVICE}/config"
STATE_TOPIC = f"{DEVICE}/state"
COMMAND_TOPIC = f"{DEVICE}/set"
STATUS_TOPIC = "homeassistant/status"

TOPICS = (STATUS_TOPIC, f"{COMMAND_TOPIC}/+")
"""What the link listens to."""

LIFETIME = timedelta(minutes=15)
"""Time after which entities are unavailable without news: three plans."""

REFRESH = timedelta(minutes=5)
"""Time after which states are sent again even without a change."""

_EARLY = timedelta(seconds=30)  # plans come every five minutes, and not to the second
_IS_FRESH = "{{ 'online' if value_json.valid_until > utcnow().timestamp() else 'offline' }}"
_NO_MQTT = {"not_found", "service_not_found", "400", "404"}  # answers where MQTT is not set up


def discovery_from(
    entities: Sequence[Entity], gone: Mapping[str, str], page: str | None = None
) -> dict[str, Any]:
    """Return the payload of MQTT discovery.

    Parameters
    ----------
    entities : sequence of Entity
        Of the home.
    gone : dict
        Keys and platforms of those that it had before, to be removed.
    page : str, optional
        Address of the page.
    """
    device = {
        "identifiers": [DEVICE],
        "name": "PowerSync Optimiser",
        "manufacturer": "PowerSync",
        "model": "Optimiser",
        "sw_version": VERSION,
    }
    support = "https://github.com/bolagnaise/powersync-optimiser"
    return {
        "device": device | ({"configuration_url": page} if page else {}),
        "origin": {"name": "PowerSync Optimiser", "sw_version": VERSION, "support_url": support},
        # A state outlives us at the broker: it says itself until when it may be believed.
        "availability_topic": STATE_TOPIC,
        "availability_template": _IS_FRESH,
        "components": {key: {"platform": platform} for key, platform in gone.items()}
        | {entity.key: _component(entity) for entity in entities},
    }


def _component(entity: Entity) -> dict[str, Any]:
    component: dict[str, Any] = {
        "platform": entity.platform,
        "unique_id": f"{DEVICE}_{entity.key}",
        "default_entity_id": entity_id(entity),
        "name": entity.name,
        **entity.config,
    }
    if entity.platform != "button":
        component["state_topic"] = STATE_TOPIC
        component["value_template"] = f"{{{{ value_json.{entity.key} }}}}"
    if entity.is_control:
        component["command_topic"] = f"{COMMAND_TOPIC}/{entity.key}"
    else:
        component["expire_after"] = int(LIFETIME.total_seconds())
    if entity.has_attributes:
        component["json_attributes_topic"] = attributes_topic(entity.key)
    return component


def entity_id(entity: Entity) -> str:
    """Return the id that an entity asks for."""
    return f"{entity.platform}.{DEVICE}_{entity.key}"


def attributes_topic(key: str) -> str:
    """Return the topic of the attributes of an entity."""
    return f"{DEVICE}/attributes/{key}"


class _Sent(NamedTuple):
    """Content of a topic or an entity, and when it was sent; None where that does not matter."""

    state: Any
    more: Mapping[str, Any]
    at: datetime | None


class Publisher:
    """The device as Home Assistant last heard of it.

    Parameters
    ----------
    link : Link
        To Home Assistant.
    page : str, optional
        Address of the page.
    """

    def __init__(self, link: Link, page: str | None = None) -> None:
        self._link, self._page = link, page
        self._entities: dict[str, Entity] = {}  # as announced
        self._sent: dict[str, _Sent] = {}  # by topic or entity id
        self._set: list[str] = []  # entities whose states were set by REST
        self._is_announced = False
        self._lock = asyncio.Lock()
        self.error: str | None = None
        """Of the last time, as a sentence."""
        self.has_controls = False
        """Whether the owner can move controls, which MQTT alone has."""

    def forget(self) -> None:
        """Send everything again at the next time: Home Assistant or the link began anew."""
        self._is_announced = False
        self._sent.clear()

    async def publish(
        self,
        entities: Sequence[Entity],
        values: Mapping[str, Any],
        attributes: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> bool:
        """Send what changed, and everything that was not sent for a while.

        Parameters
        ----------
        entities : sequence of Entity
            Of the home.
        values, attributes : dict
            By the keys of the entities; absent ones are unknown.
        now : datetime
            Time-zone aware.

        Returns
        -------
        bool
            Whether all arrived; if not, `error` says why, and it is tried at the next time.
        """
        async with self._lock:
            known = {entity.key: values.get(entity.key) for entity in entities}
            try:
                await self._publish(entities, known, attributes, now)
            except LinkError as error:
                self.error = f"Home Assistant was not told: {error}"
                self.forget()
                return False
            self.error = None
            return True

    async def withdraw(self) -> None:
        """Make the entities unavailable, at the end of the server; raises nothing."""
        async with self._lock:
            try:
                for place in self._set:  # a state set by REST would stand for ever
                    await self._link.set_state(place, "unavailable", {})
                if self.has_controls and STATE_TOPIC in self._sent:
                    await self._send(STATE_TOPIC, _state(self._sent[STATE_TOPIC].state, 0.0))
            except LinkError as error:
                self.error = f"Home Assistant was not told of the end: {error}"

    async def remove(self, entities: Sequence[Entity]) -> None:
        """Remove the device with all that the broker keeps of it, or the states; raises nothing."""
        topics = [attributes_topic(entity.key) for entity in entities if entity.has_attributes]
        async with self._lock:
            self.forget()
            try:
                await self._remove_states()
                if self._link.has_mqtt is not False:
                    for topic in (DISCOVERY_TOPIC, STATE_TOPIC, *topics):
                        await self._call(topic, "")
            except LinkError as error:
                self.error = f"The device was not removed: {error}"
            else:
                self.error = None

    async def _publish(
        self,
        entities: Sequence[Entity],
        values: Mapping[str, Any],
        attributes: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> None:
        self.has_controls = self._link.has_mqtt is not False and await self._announce(entities)
        if not self.has_controls:
            await self._set_states(entities, values, attributes, now)
            return
        for entity in entities:
            topic, more = attributes_topic(entity.key), attributes.get(entity.key, {})
            content = _Sent(None, more, None)  # the broker keeps it
            if entity.has_attributes and self._is_news(topic, content):
                await self._send(topic, more)
                self._sent[topic] = content
        if self._is_news(STATE_TOPIC, _Sent(values, {}, now)):
            await self._send(STATE_TOPIC, _state(values, (now + LIFETIME).timestamp()))
            self._sent[STATE_TOPIC] = _Sent(values, {}, now)

    async def _announce(self, entities: Sequence[Entity]) -> bool:
        """Send the discovery where it is due; return whether there is MQTT."""
        present = {entity.key: entity for entity in entities}
        if self._is_announced and present == self._entities:
            return True
        if self._link.has_mqtt:
            await self._remove_states()
        gone = {key: one.platform for key, one in self._entities.items() if key not in present}
        try:
            await self._send(DISCOVERY_TOPIC, discovery_from(entities, gone, self._page))
        except Refused as error:
            if error.code in _NO_MQTT:
                return False
            raise
        if gone:  # said once; kept for ever by the broker, it would only grow
            await self._send(DISCOVERY_TOPIC, discovery_from(entities, {}, self._page))
        self._entities, self._is_announced = present, True
        self._sent.clear()
        return True

    async def _remove_states(self) -> None:
        """Remove the states that were set by REST: entities of MQTT need their ids."""
        while self._set:
            await self._link.remove_state(self._set[-1])
            self._set.pop()

    async def _send(self, topic: str, content: Mapping[str, Any]) -> None:
        await self._call(topic, msgspec.json.encode(content).decode())

    async def _call(self, topic: str, payload: str) -> None:
        data = {"topic": topic, "payload": payload, "retain": True, "qos": 1}
        await self._link.call("mqtt.publish", data)

    def _is_news(self, place: str, content: "_Sent") -> bool:
        """Return whether a place has not got this content, or for a while nothing."""
        before = self._sent.get(place)
        if before is None or before.state != content.state or is_other(before.more, content.more):
            return True
        if before.at is None or content.at is None:
            return False
        return not timedelta() <= content.at - before.at < REFRESH - _EARLY  # or a clock put back

    async def _set_states(
        self,
        entities: Sequence[Entity],
        values: Mapping[str, Any],
        attributes: Mapping[str, Mapping[str, Any]],
        now: datetime,
    ) -> None:
        """Set states by REST; nobody can move controls there, so they are left out."""
        for entity in entities:
            place, more = entity_id(entity), attributes.get(entity.key, {})
            content = _Sent(_plain_state(entity, values[entity.key]), more, now)
            if not entity.is_control and self._is_news(place, content):
                before = self._sent.get(place)
                if before and not is_other(before.more, more):
                    content = content._replace(more=before.more)
                await self._link.set_state(
                    place, content.state, {**_own_attributes(entity), **content.more}
                )
                self._sent[place] = content
                self._set = [*dict.fromkeys([*self._set, place])]


def is_other(before: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Return whether attributes say anything else.

    A forecast moves a little with every plan, and the recorder keeps each version: it is another
    one where a step has passed, or a value moved by a hundredth of its largest.
    """
    plain, plain_before = dict(content), dict(before)
    points, old = plain.pop("forecast", None), plain_before.pop("forecast", None)
    if plain != plain_before or not points or not old:
        return plain != plain_before or points != old
    if [point["time"] for point in points] != [point["time"] for point in old]:
        return True
    most = max(abs(point["value"]) for point in points)
    pairs = zip(points, old, strict=True)
    return any(abs(new["value"] - was["value"]) > most / 100.0 for new, was in pairs)


def _state(values: Mapping[str, Any], valid_until: float) -> dict[str, Any]:
    return {"valid_until": round(valid_until), **values}


def _plain_state(entity: Entity, value: object) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if entity.platform == "binary_sensor" else str(value)


def _own_attributes(entity: Entity) -> dict[str, Any]:
    """Return the attributes that Home Assistant itself gives to an entity of MQTT."""
    known = ("unit_of_measurement", "device_class", "state_class", "options")
    own = {name: entity.config[name] for name in known if name in entity.config}
    return {"friendly_name": f"PowerSync Optimiser {entity.name}", **own}
