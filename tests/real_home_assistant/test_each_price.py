"""The prices of every source, as the plans have them, at every instant that is published.

Part of `make home-assistant`, not of every run.
"""

import asyncio
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.real_home_assistant import operation, sources
from tests.real_home_assistant.conftest import needs_time

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600), needs_time]

SOON = 20  # s
TOLD = 3  # s from a plan until Home Assistant shows it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planned(place):
    """The place, set up."""
    confirmed = await operation.set_up(place)
    await place.planner.planned_since(confirmed, 60)
    await place.core.remove_entry(await place.core.entry_of(operation.PRICE.domain))
    return place


@pytest.mark.parametrize("source", sources.PRICES, ids=lambda source: source.name)
async def test_published_prices_are_those_of_the_plan(planned, source):
    entry = await sources.add_source(planned.core, source, planned.market)
    await planned.home.save_dashboard(export=0.08)
    confirmed = planned.core.clock.now()
    settings = await planned.planner.confirm(cars=[], mode="watch")
    chosen = settings["import_price"]["source"]
    try:
        await planned.planner.planned_since(confirmed, SOON)
        await asyncio.sleep(TOLD)
        state = await planned.core.state(operation.sensor("import_price"))
    finally:
        await planned.core.remove_entry(entry)
    forecast = state["attributes"]["forecast"]
    rows = [(datetime.fromisoformat(row["time"]), row["value"]) for row in forecast]
    _, until = planned.market.day(1)
    published = [row for row in rows if row[0] < until]

    assert chosen.get("action") == source.action, chosen
    assert tuple(chosen.get("entities", ())) == source.entities, chosen
    assert float(state["state"]) == pytest.approx(planned.market.present)
    assert len(published) >= 33 * 2, "half hours until tomorrow's midnight"
    assert published[-1][0] == until - timedelta(minutes=30)
    assert [price for _, price in published] == [
        pytest.approx(planned.market.price(at), abs=1e-4) for at, _ in published
    ]
