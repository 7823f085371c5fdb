"""Attacks on the port of the API, over raw sockets, as somebody in the house's network might.

Each attack is one wave: it connects, misbehaves and gives the outcome of every connection, the
status that was answered or what became of it.  A wave that holds connections open does so until it
is cancelled or the server has enough.
"""

import asyncio
import gzip
import os
import random
import zlib
from collections import Counter
from contextlib import suppress
from functools import cache

JSON = "Content-Type: application/json\r\n"
MEBIBYTE = 2**20
PATIENCE = 30  # s; no answer by then is one lost


def head(*headers, method="POST", path="/optimize", version="1.1"):
    """Start of a request."""
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def posted(body, *headers):
    """A whole request of ``/optimize``."""
    length = f"Content-Length: {len(body)}"
    return head("Content-Type: application/json", length, *headers) + body


async def status_of(port, parts, *, pause=0.0):
    """Status of the answer to what is sent in parts, or what became of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sending = asyncio.ensure_future(_send(writer, parts, pause))
    try:
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        return line.split()[1].decode() if line else "closed"
    except ConnectionError:
        return "reset"
    except TimeoutError:
        return "unanswered"
    finally:
        sending.cancel()
        writer.close()


async def _send(writer, parts, pause):
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)


async def all_of(port, requests, *, pause=0.0):
    """Outcomes of requests sent at once."""
    sent = (status_of(port, parts, pause=pause) for parts in requests)
    found = await asyncio.gather(*sent, return_exceptions=True)
    return Counter(str(outcome) for outcome in found)


def dribbled(start):
    """A start, then a byte each second for as long as it is taken."""
    yield start
    while True:
        yield b"1"


async def slow_headers(port, scale=1.0):
    start = b"POST /optimize HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    return await all_of(port, (dribbled(start) for _ in range(int(500 * scale))), pause=1.0)


async def slow_bodies(port, scale=1.0):
    start = head("Content-Type: application/json", "Content-Length: 100000")
    return await all_of(port, (dribbled(start) for _ in range(int(500 * scale))), pause=1.0)


async def half_open(port, scale=1.0):
    return await all_of(port, [[b""]] * int(1000 * scale))


async def ten_thousand_connections(port, scale=1.0):
    return await all_of(port, [[b"GET"]] * int(10_000 * scale))


async def large_bodies(port, scale=1.0):
    size = int(100 * MEBIBYTE * scale)
    start = head("Content-Type: application/json", f"Content-Length: {size}")
    body = [start, *[b" " * MEBIBYTE] * (size // MEBIBYTE)]
    return await all_of(port, [body] * 4)


async def large_chunked_bodies(port, scale=1.0):
    start = head("Content-Type: application/json", "Transfer-Encoding: chunked")
    chunk = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
    body = [start, *[chunk] * int(100 * scale), b"0\r\n\r\n"]
    return await all_of(port, [body] * 4)


async def bodies_almost_sent(port, scale=1.0):
    """Many bodies, each as large as may be but for its last byte."""
    start = head("Content-Type: application/json", f"Content-Length: {MEBIBYTE}")
    return await all_of(port, [[start, b" " * (MEBIBYTE - 1)]] * int(200 * scale))


async def deep_json(port, scale=1.0):
    levels = int(100_000 * scale)
    bodies = [b"[" * levels, b'{"a":' * levels, b"[" * levels + b"]" * levels]
    bodies += [b'{"prices_import":' + bodies[2] + b"}", b'{"battery":' + bodies[1] + b"1"]
    return await all_of(port, [[posted(body)] for body in bodies])


async def wide_json(port, scale=1.0):
    """Small values without number: a byte of text may cost dozens of memory."""
    count = int(MEBIBYTE * 0.9 * scale)
    lists = [b"[%s]" % b",".join([value] * (count // (len(value) + 1)))
             for value in (b"{}", b"[]", b'"ab"', b"1e3", b"[{}]", b"null")]  # fmt: skip
    bodies = [*lists, *(b'{"prices_import":%s}' % found for found in lists)]
    bodies.append(b"{%s}" % b",".join(b'"%x":0' % i for i in range(count // 8)))
    return await all_of(port, [[posted(body)] for body in bodies])


@cache
def packed_zeros(size):
    raw = bytes(size)
    return {"gzip": gzip.compress(raw, 6), "deflate": zlib.compress(raw, 6)}


async def bombs(port, scale=1.0):
    """A gibibyte in a mebibyte, by every encoding that might be understood."""
    packed = await asyncio.to_thread(packed_zeros, int(1024 * MEBIBYTE * scale))
    packed = packed | {
        "br": packed["gzip"],
        "zstd": packed["gzip"],
        "identity, gzip": packed["gzip"],
    }
    packed["gzip, gzip"] = gzip.compress(packed["gzip"])
    requests = [[posted(body, f"Content-Encoding: {name}")] for name, body in packed.items()]
    return await all_of(port, requests)


async def pipelined(port, scale=1.0):
    """Thousands of requests on a connection, no reply of which is read for a while."""
    asked = head(method="GET", path="/status") * 100
    found = Counter()
    for _ in range(4):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sending = asyncio.ensure_future(_send(writer, [asked] * int(100 * scale), 0.0))
        try:
            await asyncio.sleep(0.5)
            found[(await reader.readline()).split()[1].decode()] += 1
        finally:
            sending.cancel()
            writer.transport.abort()
            writer.close()
    return found


async def replies_unread(port, scale=1.0):
    """Requests whose replies nobody takes."""
    asked = head(method="GET", path="/openapi.json") * 50
    return await all_of(port, [[asked] * 20 for _ in range(int(100 * scale))], pause=0.1)


async def header_floods(port, scale=1.0):
    many = [f"X-{i}: 1" for i in range(int(10_000 * scale))]
    long = "X-Long: " + "1" * int(MEBIBYTE * scale)
    floods = [head(*many), head(long), head(path="/" + "a" * int(MEBIBYTE * scale))]
    floods.append(head(*["Content-Length: 1"] * 50))
    return await all_of(port, [[flood] for flood in floods])


async def old_http(port, scale=1.0):
    old = [head(method="GET", path="/health", version=v) for v in ("1.0", "0.9", "1.2", "2.0")]
    old += [b"GET /health\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    return await all_of(port, [[request] for request in old] * max(1, int(5 * scale)))


BAD_CHUNKS = (
    b"ZZ\r\n{}",
    b"-1\r\n{}",
    b"FFFFFFFFFFFFFFFFF\r\n{}",
    b"2\r\n{}0\r\n\r\n",
    b"2;" + b"x" * 70_000,
    b"0\r\nX: " + b"y" * 70_000,
    b"2\n{}\n0\n\n",
    b"\r\n",
)


async def bad_chunks(port, scale=1.0):
    start = head("Content-Type: application/json", "Transfer-Encoding: chunked")
    both = head("Content-Type: application/json", "Transfer-Encoding: chunked", "Content-Length: 2")
    requests = [[start + chunk + b"\r\n\r\n"] for chunk in BAD_CHUNKS] + [[both + b"0\r\n\r\n{}"]]
    return await all_of(port, requests * max(1, int(5 * scale)))


async def noise(port, scale=1.0):
    drawn = random.Random(1)
    bursts = [[drawn.randbytes(1000) + b"\r\n\r\n"] for _ in range(int(100 * scale))]
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(512)
    return await all_of(port, [*bursts, [hello + b"\r\n\r\n"]])


ATTACKS = {
    attack.__name__: attack
    for attack in (
        *(slow_headers, slow_bodies, half_open, ten_thousand_connections),
        *(large_bodies, large_chunked_bodies, bodies_almost_sent, deep_json, wide_json, bombs),
        *(pipelined, replies_unread, header_floods, old_http, bad_chunks, noise),
    )
}
