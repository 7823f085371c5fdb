"""A fake Home Assistant for the search, at a fixed instant."""

import asyncio

import pytest

from server.finding.proposals import find
from server.home_assistant.link import Link
from tests.finding.homes import NOW, Home
from tests.home_assistant.fake import FakeHomeAssistant


@pytest.fixture
async def home():
    fake = FakeHomeAssistant(clock=lambda: NOW)
    await fake.start()
    yield Home(fake)
    await fake.stop()


@pytest.fixture
async def search(home):
    """Connect, search once, and disconnect."""

    async def search_home():
        link = Link(home.fake.address, backoff=(0.01, 0.02))
        running = asyncio.create_task(link.run())
        try:
            await asyncio.wait_for(link.wait_connected(), 10)
            return await find(link, NOW)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return search_home
