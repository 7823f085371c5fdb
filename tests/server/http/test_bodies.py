"""Bodies are bounded in time and memory, together and in what they hold."""

import asyncio
import gc
import json
import zlib
from contextlib import suppress

import pytest

from server.http import bodies
from server.http.app import create_app
from tests.end_to_end import small_request
from tests.stress.attacks import head, packed_zeros, posted, status_of
from tests.stress.honest import ask


async def test_a_body_that_does_not_come_is_a_408(aiohttp_client, monkeypatch):
    monkeypatch.setattr(bodies, "READ_WITHIN", 0.2)
    client = await aiohttp_client(create_app())
    start = head("Content-Type: application/json", "Content-Length: 100")

    assert await status_of(client.port, [start + b"{"]) == "408"


async def test_of_bodies_that_are_too_much_together_the_largest_gives_way(
    aiohttp_client, monkeypatch
):
    monkeypatch.setattr(bodies, "MOST_HELD", 3 * 2**20)
    client = await aiohttp_client(create_app())
    start = head("Content-Type: application/json", f"Content-Length: {2**20}")
    stalled = [asyncio.ensure_future(status_of(client.port, [start, b" " * (2**20 - 1)]))
               for _ in range(4)]  # fmt: skip

    first, _ = await asyncio.wait(stalled, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    honest = await client.post("/optimize", json=small_request())

    assert {task.result() for task in first} == {"503"}
    assert honest.status == 200
    for task in stalled:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("value", [b"{}", b"[]", b"1", b'""'])
async def test_more_values_than_any_request_needs_are_refused_before_they_are_made(
    server_process, value
):
    body = b'{"prices_import":[' + b",".join([value] * 300_000) + b"]}"

    assert await status_of(server_process.port, [posted(body)]) == "400"


async def test_nothing_of_a_refused_body_is_kept_until_the_collector_comes(aiohttp_client):
    client = await aiohttp_client(create_app())
    body = {"prices_import": [[]] * 90_000}
    assert (await client.post("/optimize", json=body)).status == 400
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(5):
            assert (await client.post("/optimize", json=body)).status == 400
        kept = len(gc.get_objects()) - before
    finally:
        gc.enable()

    assert kept < 150_000  # of the last one the thread that solves may still know


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_unpacks_to_more_than_may_be_read_is_not_unpacked_in_full(
    server_process, encoding
):
    body = packed_zeros(2**28)[encoding]
    before = server_process.memory("VmHWM")

    outcome = await status_of(server_process.port, [posted(body, f"Content-Encoding: {encoding}")])
    status = await asyncio.to_thread(ask, server_process.port, "GET", "/health", None)

    assert (outcome, status) == ("413", 200)
    assert server_process.memory("VmHWM") - before < 64  # MiB; unpacked in full: 256


@pytest.mark.parametrize("window", [15, -15, 31])
async def test_a_packed_body_is_planned(server_process, window):
    packer = zlib.compressobj(wbits=window)
    body = packer.compress(json.dumps(small_request()).encode()) + packer.flush()
    encoding = "gzip" if window == 31 else "deflate"

    sent = posted(body, f"Content-Encoding: {encoding}")
    cut = posted(body[:-9], "Content-Encoding: gzip")

    assert await status_of(server_process.port, [sent]) == "200"
    assert await status_of(server_process.port, [cut]) == "400"
