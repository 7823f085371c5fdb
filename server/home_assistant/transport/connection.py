"""One WebSocket to Home Assistant: commands, their answers, and events."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeAlias

import aiohttp
import msgspec

from server.home_assistant.address import Address
from server.home_assistant.errors import Late, LinkDown, LinkError, Refused, TooLarge, Unreadable
from server.home_assistant.transport.messages import (
    MOST_BYTES,
    Frame,
    decode,
    frame_from,
    log,
    refusal,
)

EventHandler: TypeAlias = Callable[[msgspec.Raw], None]

TOKEN_REFUSED = "auth_invalid"

_HANDSHAKE = 10.0  # s
_SILENCE = 30.0  # s; then a ping, and as long again until the connection counts as lost
_MOST_BEFORE_LOGIN = 5  # messages


class Connection:
    """One open, authenticated WebSocket.

    Attributes
    ----------
    version : str or None
        Of Home Assistant.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, address: Address) -> None:
        self.version: str | None = None
        self._socket = socket
        self._address = address
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._handlers: dict[int, EventHandler] = {}
        self._end: LinkError | None = None

    @property
    def is_open(self) -> bool:
        """True until the connection ends."""
        return self._end is None

    async def login(self) -> None:
        """Authenticate.

        Raises
        ------
        LinkError
            `Refused` with the code `TOKEN_REFUSED` where the token is not accepted.
        """
        try:
            async with asyncio.timeout(_HANDSHAKE):
                await self._until("auth_required")
                await self._send({"type": "auth", "access_token": self._address.token})
                self.version = (await self._until("auth_ok")).ha_version
        except TimeoutError:
            raise Late(f"no login within {_HANDSHAKE:g} s") from None

    async def _until(self, kind: str) -> Frame:
        """Return the next message of this kind."""
        for _ in range(_MOST_BEFORE_LOGIN):
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = frame_from(message.data)
            if frame.type == kind:
                return frame
            if frame.type == TOKEN_REFUSED:
                raise Refused(TOKEN_REFUSED, "Home Assistant does not accept the token")
        raise LinkDown("closed during the login")

    async def read(self) -> LinkError:
        """Take messages in until the connection ends, and return the reason."""
        try:
            self._end = await self._read()
        except (aiohttp.ClientError, OSError) as error:
            self._end = LinkDown(f"lost: {type(error).__name__}")
        finally:
            end = self._end = self._end or LinkDown("closed")
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(end)
        return end

    async def _read(self) -> LinkError:
        while True:
            message = await self._receive()
            if message is None:
                return Late(f"no message within {2 * _SILENCE:g} s")
            if message.type is aiohttp.WSMsgType.TEXT:
                self._take(message.data)
            elif message.type is not aiohttp.WSMsgType.BINARY:
                break
        if self._socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            return TooLarge(f"a message of more than {MOST_BYTES} bytes")
        return LinkDown("the connection was closed")

    async def _receive(self) -> aiohttp.WSMessage | None:
        """Return the next message, or None after long silence."""
        try:
            return await self._socket.receive(timeout=_SILENCE)
        except TimeoutError:
            pass
        try:
            async with asyncio.timeout(_SILENCE):  # not the socket's own ping: a proxy answers that
                await self._send({"id": next(self._ids), "type": "ping"})
                return await self._socket.receive()
        except TimeoutError:
            return None

    def _take(self, text: str) -> None:
        """Take one message in, or several that were sent as one; what is unknown is ignored."""
        try:
            if text.startswith("["):
                for raw in decode(text.encode(), list[msgspec.Raw]):
                    self._take_frame(frame_from(raw))
            else:
                self._take_frame(frame_from(text))
        except (TooLarge, Unreadable) as error:
            log.debug("Home Assistant: a message is ignored: %s", error)

    def _take_frame(self, frame: Frame) -> None:
        if frame.id is None:
            return
        if frame.type == "event" and frame.id in self._handlers:
            self._handlers[frame.id](frame.event)
        elif frame.type in ("result", "pong") and (answer := self._answers.pop(frame.id, None)):
            if answer.done():
                return
            if frame.success or frame.type == "pong":
                answer.set_result(frame.result)
            else:
                answer.set_exception(refusal(frame.error, self._address.token))

    async def command(
        self, kind: str, fields: Mapping[str, Any], timeout: float, key: int | None = None
    ) -> msgspec.Raw:
        """Return the result of one command, undecoded.

        Raises
        ------
        LinkError
            By what failed.
        """
        if self._end is not None:
            raise LinkDown(str(self._end))
        key = next(self._ids) if key is None else key
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        try:
            async with asyncio.timeout(timeout):
                await self._send({**fields, "id": key, "type": kind})
                return await answer
        except TimeoutError:
            raise Late(f"{kind}: no answer within {timeout:g} s") from None
        finally:
            self._answers.pop(key, None)

    async def subscribe(
        self, kind: str, fields: Mapping[str, Any], handler: EventHandler, timeout: float
    ) -> int:
        """Subscribe by a command, and return the key of the subscription."""
        key = next(self._ids)
        self._handlers[key] = handler  # before the answer: events may come with it
        try:
            await self.command(kind, fields, timeout, key)
        except LinkError:
            del self._handlers[key]
            raise
        return key

    async def unsubscribe(self, key: int, timeout: float) -> None:
        """End a subscription; a Home Assistant that does not answer has forgotten it."""
        self._handlers.pop(key, None)
        try:
            await self.command("unsubscribe_events", {"subscription": key}, timeout)
        except LinkError as error:
            log.debug("Home Assistant: unsubscribing: %s", error)

    async def _send(self, fields: Mapping[str, Any]) -> None:
        try:
            await self._socket.send_str(msgspec.json.encode(fields).decode())
        except (aiohttp.ClientError, OSError) as error:
            raise LinkDown(f"lost: {type(error).__name__}") from None
