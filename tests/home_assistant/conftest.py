"""A fake Home Assistant and a link to it; other folders import these fixtures."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from server.home_assistant.link import Link
from tests.home_assistant.fake import FakeHomeAssistant


async def eventually(condition, seconds=10.0):
    """Wait until `condition()` is true."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it never came"
        await asyncio.sleep(0.005)


@pytest.fixture
async def home_assistant():
    fake = FakeHomeAssistant()
    await fake.start()
    yield fake
    await fake.stop()


@asynccontextmanager
async def running(link):
    """Hold the link, connected."""
    task = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(link.wait_connected(), 10)
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def link(home_assistant):
    """Connected, and quick to reconnect."""
    async with running(Link(home_assistant.address, backoff=(0.01, 0.02))) as link:
        yield link
