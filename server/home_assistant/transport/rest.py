"""REST API of Home Assistant, bounded in time and size."""

import asyncio
import os
from io import BytesIO
from typing import Literal
from urllib.parse import quote

import aiohttp
import msgspec

from server.home_assistant.address import Address
from server.home_assistant.errors import Late, LinkDown, Refused, TooLarge
from server.home_assistant.transport.messages import decode_or_none, printable, refusal

_OK = (200, 201)
_UNAUTHORISED = 401
_DOWN = (502, 503, 504)  # of Supervisor or another proxy, while Core is down
_CHUNK = 2**16
_LONGEST_REFUSAL = 2**14


def new_session() -> aiohttp.ClientSession:
    """Return a session that keeps no cookies and unpacks nothing: a kilobyte may hold gigabytes."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=8),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
    )


class Rest:
    """REST API of one Home Assistant."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def request(
        self,
        session: aiohttp.ClientSession,
        path: str,
        *,
        method: Literal["GET", "POST", "DELETE"] = "GET",
        body: bytes | None = None,
        timeout: float,
        most_bytes: int,
    ) -> bytes:
        """Return the answer to a request of `path`.

        Raises
        ------
        LinkError
            By what failed.
        """
        try:
            async with (
                asyncio.timeout(timeout),
                self._open(session, method, path, body) as response,
            ):
                if response.status in _OK:
                    return await _content(response, most_bytes)
                raise await self._error(response)
        except TimeoutError:
            raise Late(f"{path}: no answer within {timeout:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise LinkDown(reason(error)) from None

    def _open(
        self, session: aiohttp.ClientSession, method: str, path: str, body: bytes | None
    ) -> "aiohttp.client._RequestContextManager":
        return session.request(
            method,
            f"{self._address.http}/{quote(path, safe='/?&=%:+,')}",
            data=body,
            headers={
                "Authorization": f"Bearer {self._address.token}",
                "Content-Type": "application/json",
            },
            allow_redirects=False,  # the token is for nobody else
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def _error(self, response: aiohttp.ClientResponse) -> LinkDown | Refused:
        """Return the error that `response` is."""
        status = response.status
        if status in _DOWN:
            return LinkDown(f"Home Assistant is not there: {status}")
        if status == _UNAUTHORISED:
            return Refused(str(status), "the token is not accepted")
        text = await _content(response, _LONGEST_REFUSAL)
        said = decode_or_none(text, dict[str, msgspec.Raw]) or {}
        message = msgspec.Raw(b'{"message":' + bytes(said.get("message", b'""')) + b"}")
        error = refusal(message, self._address.token)
        return Refused(str(status), error.message)


async def _content(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """Return the body, read by chunks up to `most_bytes`."""
    content = BytesIO()  # hands its bytes out without a copy
    async for chunk in response.content.iter_chunked(_CHUNK):
        content.write(chunk)
        if content.tell() > most_bytes:
            raise TooLarge(f"an answer of more than {most_bytes} bytes")
    return content.getvalue()


def _cause(error: OSError) -> str:
    """Return the system's words, as "Connection refused"; those of a resolver have numbers < 0."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return printable(error.strerror or str(error))


def reason(error: Exception) -> str:
    """Return the cause of a failed connection in one line."""
    if isinstance(error, TimeoutError):
        return "Home Assistant does not answer"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"Home Assistant is not there: {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port}: {_cause(error.os_error)}"
    return printable(str(error)) or type(error).__name__
