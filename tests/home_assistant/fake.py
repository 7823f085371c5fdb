"""A fake Home Assistant on a port of this machine: REST, WebSocket, MQTT, and their failures."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from server.home_assistant.address import Address

TOKEN = "token-that-nobody-may-see"

PERIODS = {
    "5minute": timedelta(minutes=5),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}

ENERGY_PREFS = {
    "energy_sources": [
        {
            "type": "grid",
            "stat_energy_from": "sensor.grid_in",
            "stat_energy_to": "sensor.grid_out",
            "stat_cost": None,
            "entity_energy_price": "sensor.price",
            "number_energy_price": None,
            "stat_compensation": None,
            "entity_energy_price_export": None,
            "number_energy_price_export": 0.05,
            "stat_rate": "sensor.grid_power",
            "cost_adjustment_day": 0,
        },
        {
            "type": "solar",
            "stat_energy_from": "sensor.solar_energy",
            "stat_rate": "sensor.solar_power",
            "config_entry_solar_forecast": ["forecast-entry"],
        },
        {
            "type": "battery",
            "stat_energy_from": "sensor.battery_out",
            "stat_energy_to": "sensor.battery_in",
            "stat_soc": "sensor.battery_soc",
            "capacity": 13.5,
            "stat_rate": "sensor.battery_power",
        },
        {"type": "home", "stat_energy_to": "sensor.home_energy", "stat_rate": "sensor.home_power"},
        {"type": "gas", "stat_energy_from": "sensor.gas"},
    ],
    "device_consumption": [{"stat_consumption": "sensor.car_energy", "name": "Car"}],
}
"""Of Core 2026.11, complete."""


class Refusal(Exception):
    """Raised by an action or a command: Home Assistant answers with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class FakeHomeAssistant:
    """Home Assistant as far as the link sees it.

    Tests set the attributes, before or during the connection.

    Attributes
    ----------
    states : dict
        As REST answers them, by entity; changed by `set_state` and `remove_state`.
    config : dict
        Answer to ``get_config``.
    prefs : dict or None
        The Energy dashboard.
    forecasts : dict
        {config entry: {ISO: Wh}}, without the key ``wh_hours``.
    registry, entries : list of dict
        Entity registry and config entries.
    actions : dict
        {"domain.service": answer}, or a function of the data that returns it or raises `Refusal`.
    commands : dict
        More commands of the WebSocket, by type: the result, or a function of the fields.
    pages : dict
        More answers of REST, by path below ``/api/``: JSON-able, or bytes as they are.
    calls : list
        (action, data) as they came; also of ``mqtt.publish``.
    asked : list of dict
        Commands as they came.
    posted : list
        (entity, {"state", "attributes"}) that were written by REST.
    published, retained : list and dict
        What ``mqtt.publish`` published: (topic, payload, retain), and the last retained by topic.
    has_mqtt : bool
        Whether MQTT is set up.
    faults : dict
        By REST path, type of command, "login" or "*": one of "down" (502), "slow" (no answer),
        "huge", "endless", "garbage", "wrong types", "closed", "compressed", "moved";
        for "login" also "auth_invalid".
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self.states: dict[str, dict[str, Any]] = {}
        self.config: dict[str, Any] = {
            "time_zone": "Europe/Berlin",
            "currency": "EUR",
            "latitude": 52.5,
            "longitude": 13.4,
            "version": "2026.11.0",
            "language": "en",
            "state": "RUNNING",
        }
        self.prefs: dict[str, Any] | None = None
        self.forecasts: dict[str, dict[str, float]] = {}
        self.registry: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.actions: dict[str, Any] = {}
        self.commands: dict[str, Any] = {}
        self.pages: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[dict[str, Any]] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.published: list[tuple[str, str, bool]] = []
        self.retained: dict[str, str] = {}
        self.has_mqtt = True
        self.faults: dict[str, str] = {}
        self.token = TOKEN
        self.logins = 0
        self.port = 0
        self._statistics: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._sockets: dict[web.WebSocketResponse, dict[int, dict[str, Any]]] = {}
        self._ends = asyncio.Event()
        self._runner: web.AppRunner | None = None

    # Life

    async def start(self) -> None:
        """Listen; on the same port as before after `stop`."""
        app = web.Application()
        for root in ("/api", "/core/api"):
            app.router.add_route("*", root + "/{path:(?!websocket$).*}", self._rest)
        for path in ("/api/websocket", "/core/websocket"):
            app.router.add_get(path, self._websocket)
        self._ends = asyncio.Event()
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything, as a computer that restarts does."""
        self._ends.set()
        await self.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drop(self) -> None:
        """Close all WebSockets, as Core does when it restarts."""
        for socket in list(self._sockets):
            self._sockets.pop(socket, None)
            await socket.close(code=WSCloseCode.GOING_AWAY)

    @property
    def address(self) -> Address:
        """Address as outside the add-on."""
        root = f"127.0.0.1:{self.port}/api"
        return Address(f"http://{root}", f"ws://{root}/websocket", self.token, False)

    @property
    def supervisor_address(self) -> Address:
        """Address as of Supervisor's proxy."""
        root = f"127.0.0.1:{self.port}/core"
        return Address(f"http://{root}/api", f"ws://{root}/websocket", self.token, True)

    # What it holds

    async def set_state(
        self,
        entity_id: str,
        state: str | float,
        attributes: Mapping[str, Any] | None = None,
        *,
        changed: datetime | None = None,
    ) -> None:
        """Set a state, and tell those who follow it."""
        old = self.states.get(entity_id)
        stamp = changed or self.clock()
        is_same = old is not None and old["state"] == str(state)
        new = {
            "entity_id": entity_id,
            "state": str(state),
            "attributes": dict(attributes or {}),
            "last_changed": old["last_changed"] if is_same else stamp.isoformat(),
            "last_updated": stamp.isoformat(),
            "last_reported": stamp.isoformat(),
            "context": {"id": "01", "parent_id": None, "user_id": None},
        }
        self.states[entity_id] = new
        event = {"a": {entity_id: compressed(new)}} if old is None else difference(old, new)
        await self._tell_followers(entity_id, event)

    async def remove_state(self, entity_id: str) -> None:
        """Remove an entity, and tell those who follow it."""
        del self.states[entity_id]
        await self._tell_followers(entity_id, {"r": [entity_id]})

    def add_statistics(
        self,
        statistic_id: str,
        start: datetime,
        values: Iterable[float | None],
        *,
        period: str = "hour",
        kind: str = "change",
    ) -> None:
        """Add rows of one kind ("change", "mean", "max") after each other from `start`.

        Several kinds of the same statistic and period are put into the same rows.
        """
        rows = self._statistics.setdefault((statistic_id, period), [])
        by_start = {row["start"]: row for row in rows}
        total = 1000.0
        for number, value in enumerate(values):
            at = start + number * PERIODS[period]
            row = by_start.get(at) or {"start": at, "end": at + PERIODS[period]}
            row[kind] = value
            if kind == "change":
                total += value or 0.0
                row["sum"] = total
            if at not in by_start:
                rows.append(row)
        rows.sort(key=lambda row: row["start"])

    # MQTT

    async def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish as another client of the broker: only those who listen hear it."""
        if retain:
            self.retained[topic] = payload
        event = {"topic": topic, "payload": payload, "qos": 0, "retain": False}
        for socket, subscriptions in list(self._sockets.items()):
            for key, fields in subscriptions.items():
                if fields["type"] == "mqtt/subscribe" and _matches(fields["topic"], topic):
                    await socket.send_json({"id": key, "type": "event", "event": event})

    # WebSocket

    async def send_text(self, text: str) -> None:
        """Send text to everybody, whatever it is."""
        for socket in list(self._sockets):
            await socket.send_str(text)

    def subscriptions(self, kind: str) -> list[dict[str, Any]]:
        """Return the open subscriptions of a kind."""
        return [
            fields
            for subscriptions in self._sockets.values()
            for fields in subscriptions.values()
            if fields["type"] == kind
        ]

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if self._fault("login") == "down":
            return web.Response(status=502, text="502: Bad Gateway")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not await self._login(socket):
            return socket
        self._sockets[socket] = {}
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._answer(socket, json.loads(message.data))
        except (ConnectionError, RuntimeError):
            pass
        finally:
            self._sockets.pop(socket, None)
        return socket

    async def _login(self, socket: web.WebSocketResponse) -> bool:
        fault = self._fault("login")
        if fault == "slow":
            await self._ends.wait()
            return False
        if fault == "garbage":
            await socket.send_str("<html>")
            return False
        await socket.send_json({"type": "auth_required", "ha_version": "2026.11.0"})
        said = await socket.receive_json()
        self.logins += 1
        if fault == "auth_invalid" or said != {"type": "auth", "access_token": self.token}:
            message = f"Invalid access token or password {said.get('access_token')}"
            await socket.send_json({"type": "auth_invalid", "message": message})
            await socket.close()
            return False
        await socket.send_json({"type": "auth_ok", "ha_version": self.config["version"]})
        return True

    async def _answer(self, socket: web.WebSocketResponse, fields: dict[str, Any]) -> None:
        self.asked.append(fields)
        key, kind = fields["id"], fields["type"]
        fault = self._fault(kind)
        if fault in ("slow", "down", "endless"):
            return
        if fault == "closed":
            await socket.close(code=WSCloseCode.GOING_AWAY)
        elif fault == "garbage":
            await socket.send_str("{" + json.dumps(fields))
        elif fault == "huge":
            await socket.send_str(json.dumps({"id": key, "result": "x" * (2**24 + 1)}))
        elif kind == "ping":
            await socket.send_json({"id": key, "type": "pong"})
        else:
            await self._answer_command(socket, key, fields, is_wrong=fault == "wrong types")

    async def _answer_command(self, socket, key, fields, *, is_wrong):
        try:
            result = {"a": 7, "b": [None, "x"]} if is_wrong else await self._result(fields)
        except Refusal as refusal:
            error = {"code": refusal.code, "message": refusal.message}
            await socket.send_json({"id": key, "type": "result", "success": False, "error": error})
            return
        if fields["type"] in ("subscribe_entities", "mqtt/subscribe"):
            self._sockets[socket][key] = fields
        await socket.send_json({"id": key, "type": "result", "success": True, "result": result})
        for event in self._first_events(fields):
            await socket.send_json({"id": key, "type": "event", "event": event})

    def _first_events(self, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if fields["type"] == "subscribe_entities":
            ids = fields.get("entity_ids") or list(self.states)
            found = {key: self.states[key] for key in ids if key in self.states}
            yield {"a": {key: compressed(state) for key, state in found.items()}}
        elif fields["type"] == "mqtt/subscribe":
            for topic, payload in self.retained.items():
                if _matches(fields["topic"], topic):
                    yield {"topic": topic, "payload": payload, "qos": 0, "retain": True}

    async def _result(self, fields: dict[str, Any]) -> Any:
        kind = fields["type"]
        if kind in self.commands:
            answer = self.commands[kind]
            return answer(fields) if callable(answer) else answer
        commands: dict[str, Callable[[dict[str, Any]], Any]] = {
            "get_config": lambda _: self.config,
            "get_states": lambda _: list(self.states.values()),
            "get_services": lambda _: self._services(),
            "subscribe_entities": lambda _: None,
            "mqtt/subscribe": self._require_mqtt,
            "unsubscribe_events": self._unsubscribe,
            "config/entity_registry/list": lambda _: self.registry,
            "config_entries/get": self._config_entries,
            "energy/get_prefs": self._energy_prefs,
            "energy/solar_forecast": lambda _: {
                entry: {"wh_hours": hours} for entry, hours in self.forecasts.items()
            },
            "recorder/statistics_during_period": self._statistics_between,
        }
        if kind == "call_service":
            return await self._call(fields)
        if kind not in commands:
            raise Refusal("unknown_command", "Unknown command.")
        return commands[kind](fields)

    def _require_mqtt(self, fields: dict[str, Any]) -> None:
        if not self.has_mqtt:
            raise Refusal("unknown_command", "Unknown command.")

    def _unsubscribe(self, fields: dict[str, Any]) -> None:
        for subscriptions in self._sockets.values():
            if subscriptions.pop(fields["subscription"], None):
                return
        raise Refusal("not_found", "Subscription not found.")

    def _config_entries(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        domain = fields.get("domain")
        return [entry for entry in self.entries if domain in (None, entry["domain"])]

    def _energy_prefs(self, fields: dict[str, Any]) -> dict[str, Any]:
        if self.prefs is None:
            raise Refusal("not_found", "No prefs")
        return self.prefs

    def _statistics_between(self, fields: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        start = datetime.fromisoformat(fields["start_time"])
        end = datetime.fromisoformat(fields.get("end_time") or "9999-01-01T00:00:00+00:00")
        answer = {}
        for statistic_id in fields["statistic_ids"]:
            rows = [
                {
                    "start": int(row["start"].timestamp() * 1000),
                    "end": int(row["end"].timestamp() * 1000),
                    **{kind: row[kind] for kind in fields["types"] if kind in row},
                }
                for row in self._statistics.get((statistic_id, fields["period"]), [])
                if start <= row["start"] < end
            ]
            if rows:
                answer[statistic_id] = rows
        return answer

    def _services(self) -> dict[str, dict[str, Any]]:
        services: dict[str, dict[str, Any]] = {}
        for action in [*self.actions, *(["mqtt.publish"] if self.has_mqtt else [])]:
            domain, service = action.split(".")
            services.setdefault(domain, {})[service] = {"fields": {}}
        return services

    async def _call(self, fields: dict[str, Any]) -> dict[str, Any]:
        action, data = f"{fields['domain']}.{fields['service']}", fields.get("service_data") or {}
        self.calls.append((action, data))
        if action == "mqtt.publish" and self.has_mqtt:
            return await self._mqtt_publish(data)
        if action not in self.actions:
            raise Refusal("not_found", f"Service {action} not found.")
        answer = self.actions[action]
        answer = answer(data) if callable(answer) else answer
        return {"context": {}, **({"response": answer} if fields.get("return_response") else {})}

    async def _mqtt_publish(self, data: dict[str, Any]) -> dict[str, Any]:
        topic, payload = data["topic"], str(data["payload"])
        self.published.append((topic, payload, bool(data.get("retain"))))
        await self.publish(topic, payload, retain=bool(data.get("retain")))
        return {"context": {}}

    async def _tell_followers(self, entity_id: str, event: dict[str, Any]) -> None:
        for socket, subscriptions in list(self._sockets.items()):
            for key, fields in subscriptions.items():
                is_followed = entity_id in fields.get("entity_ids", [entity_id])
                if fields["type"] == "subscribe_entities" and is_followed:
                    await socket.send_json({"id": key, "type": "event", "event": event})

    # REST

    def _fault(self, name: str) -> str | None:
        return self.faults.get(name) or self.faults.get("*")

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        fault = self._fault(path)
        if fault == "down":
            return web.Response(status=502, text="502: Bad Gateway")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="401: Unauthorized")
        if fault is not None:
            return await self._faulty(request, fault)
        if request.method == "POST":
            return await self._post(request, path)
        if request.method == "DELETE" and path[7:] in self.states:
            await self.remove_state(path[7:])
            return web.json_response({"message": "Entity removed."})
        return self._get(path)

    def _get(self, path: str) -> web.Response:
        if path in self.pages:
            page = self.pages[path]
            return web.Response(body=page) if isinstance(page, bytes) else web.json_response(page)
        if path == "states":
            return web.json_response(list(self.states.values()))
        if path == "config":
            return web.json_response(self.config)
        if path == "services":
            services = self._services()
            return web.json_response([{"domain": d, "services": s} for d, s in services.items()])
        if path.startswith("states/") and path[7:] in self.states:
            return web.json_response(self.states[path[7:]])
        return web.json_response({"message": "Entity not found."}, status=404)

    async def _post(self, request: web.Request, path: str) -> web.Response:
        body = await request.json()
        kind, _, name = path.partition("/")
        if kind == "states":
            is_new = name not in self.states
            self.posted.append((name, body))
            await self.set_state(name, body["state"], body.get("attributes"))
            return web.json_response(self.states[name], status=201 if is_new else 200)
        if kind == "template":
            return self._reports(body["template"])
        domain, _, service = name.partition("/")
        fields = {"domain": domain, "service": service, "service_data": body}
        try:
            answer = await self._call(fields | {"return_response": bool(request.query_string)})
        except Refusal as refusal:
            return web.json_response({"message": refusal.message}, status=400)
        return web.json_response({"service_response": answer.get("response")})

    def _reports(self, template: str) -> web.Response:
        """The one template that is asked: the last reports of a list of entities."""
        names = json.loads(template[template.index(" in [") + 4 : template.index("] %}") + 1])
        assert "last_reported" in template
        known = [self.states.get(name) for name in names]
        stamps = [state and state["last_reported"] for state in known]
        return web.Response(text=json.dumps(stamps))

    async def _faulty(self, request: web.Request, fault: str) -> web.StreamResponse:
        if fault == "slow":
            await self._ends.wait()
        if fault == "garbage":
            return web.Response(body=b'{"state": \xff\xfe')
        if fault == "wrong types":
            return web.json_response([{"state": 3}, None, 7, {"attributes": []}])
        if fault == "compressed":
            body = gzip.compress(b" " * 2**20)
            return web.Response(body=body, headers={"Content-Encoding": "gzip"})
        if fault == "moved":
            return web.Response(status=301, headers={"Location": "/api/config"})
        response = web.StreamResponse()
        await response.prepare(request)
        if fault == "huge":
            for _ in range(20):
                await response.write(b"[" * 2**20)
        while fault == "endless" and not self._ends.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.005)
        if fault == "closed" and request.transport is not None:
            await response.write(b"[")
            request.transport.close()
        return response


def _stamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def compressed(state: Mapping[str, Any]) -> dict[str, Any]:
    changed, updated = _stamp(state["last_changed"]), _stamp(state["last_updated"])
    compressed = {"s": state["state"], "a": state["attributes"], "c": "01", "lc": changed}
    return compressed if updated == changed else compressed | {"lu": updated}


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event that turns `old` into `new`, with what differs only."""
    before, after = old["attributes"], new["attributes"]
    added: dict[str, Any] = {"c": "02"}
    if old["state"] != new["state"]:
        added["s"] = new["state"]
    if old["last_changed"] != new["last_changed"]:
        added["lc"] = _stamp(new["last_changed"])
    elif old["last_updated"] != new["last_updated"]:
        added["lu"] = _stamp(new["last_updated"])
    if more := {name: value for name, value in after.items() if before.get(name, ...) != value}:
        added["a"] = more
    change: dict[str, Any] = {"+": added}
    if gone := [name for name in before if name not in after]:
        change["-"] = {"a": gone}
    return {"c": {new["entity_id"]: change}}


def _matches(pattern: str, topic: str) -> bool:
    """Return whether a topic filter of MQTT, with + and #, takes `topic`."""
    wanted, levels = pattern.split("/"), topic.split("/")
    for number, word in enumerate(wanted):
        if word == "#":
            return True
        if number >= len(levels) or word not in ("+", levels[number]):
            return False
    return len(wanted) == len(levels)
