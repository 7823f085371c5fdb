"""One Home Assistant, one home and one server for each file of tests."""

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest
import pytest_asyncio

from tests.real_home_assistant import processes, sources
from tests.real_home_assistant.core import Core, running_core
from tests.real_home_assistant.home import DOMAIN, Home
from tests.real_home_assistant.planner import Planner, running_planner
from tests.real_home_assistant.prices import Market

NOON = datetime(2026, 6, 10, 12, 3, tzinfo=UTC)
"""14:03 on the local clock of a Wednesday in June: tomorrow's prices are published."""

EVENING = datetime(2026, 6, 10, 20, 3, tzinfo=UTC)
"""22:03 of the same day: a battery is charged from the grid or not at all."""

IS_FULL = "HOME_ASSISTANT_FULL" in os.environ

needs_time = pytest.mark.skipif(not IS_FULL, reason="takes minutes: make home-assistant")

lack = cache(processes.lack)


@dataclass
class Place:
    """Everything that runs."""

    core: Core
    home: Home
    planner: Planner

    @property
    def market(self):
        return Market(self.core.clock.now())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(request):
    """A home with a year of history, and our server beside it, not set up."""
    if reason := await asyncio.to_thread(lack):
        pytest.skip(reason)
    start = getattr(request.module, "START", NOON)
    has_broker = getattr(request.module, "HAS_BROKER", True)
    domains = [DOMAIN, *sources.DOMAINS]
    async with running_core(start, domains, has_broker=has_broker) as core:
        home = Home(core)
        await home.install()
        async with running_planner(core) as planner:
            yield Place(core, home, planner)
