"""What is proposed can be read for a plan, and says then what the proposal said."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest

from server.finding.proposals import find
from server.home.inputs import InputReader
from server.home_assistant.link import Link
from server.settings.home import Settings
from tests.finding import homes
from tests.finding.homes import NOW
from tests.finding.test_homes import proposal_of
from tests.finding.test_hostile import put, typed

PRICES = {
    "Octopus": (homes.add_octopus, "Europe/London", "GBP"),
    "Amber": (homes.add_amber, "Australia/Sydney", "AUD"),
    "Nord Pool of Core": (homes.add_nordpool_core, "Europe/Stockholm", "SEK"),
    "Nord Pool of HACS": (homes.add_nordpool_hacs, "Europe/Stockholm", "SEK"),
    "Tibber": (homes.add_tibber, "Europe/Berlin", "EUR"),
    "ENTSO-e": (homes.add_entsoe, "Europe/Berlin", "EUR"),
    "EPEX Spot": (homes.add_epex, "Europe/Berlin", "EUR"),
    "PowerSync": (homes.add_powersync, "Australia/Sydney", "AUD"),
}


@asynccontextmanager
async def linked(home):
    link = Link(home.fake.address, backoff=(0.01, 0.02))
    running = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(link.wait_connected(), 10)
        yield link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(("add", "zone", "currency"), PRICES.values(), ids=PRICES)
async def test_a_proposal_can_be_read_for_a_plan(home, add, zone, currency):
    home.place(zone, currency)
    homes.add_powerwall(home)
    homes.add_solcast(home)
    add(home)
    for name in ("site_import", "battery_import", "battery_export", "solar_export"):
        home.days_of_energy(f"sensor.my_powerwall_{name}", [0.5] * 24)

    async with linked(home) as link:
        found = await find(link, NOW)
        draft = found.draft
        for missing in found.missing:
            draft = put(draft, missing.field, typed(missing))
        inputs = await InputReader(link).read(msgspec.convert(draft, Settings), NOW)

    price, export, solar, soc = (
        float(proposal_of(found, field).value)
        for field in ("import_price", "export_price", "solar.forecasts", "batteries[0].soc")
    )
    assert value_at(inputs.import_prices.rows) == pytest.approx(price, rel=1e-3)
    assert value_at(inputs.export_prices.all_rows()) == pytest.approx(export, rel=1e-3)
    assert value_at(inputs.solar_rows) == pytest.approx(1000 * solar, rel=1e-3)
    assert [reading.value for reading in inputs.socs] == [soc / 100]


def value_at(rows):
    """Return the present value of rows; nothing where none holds."""
    holding = [row.value for row in rows if row.start <= NOW and (row.end is None or row.end > NOW)]
    return holding[-1] if holding else 0.0
