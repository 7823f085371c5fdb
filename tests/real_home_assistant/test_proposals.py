"""Every source is found by its shape, and proposed with its present value."""

import pytest

from tests.real_home_assistant import sources
from tests.real_home_assistant.prices import sun

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


async def _proposals(place, source):
    """Return the proposals where one source is there, by field."""
    await place.core.command("energy/save_prefs", energy_sources=[], device_consumption=[])
    entry = await sources.add_source(place.core, source, place.market)
    if not source.entities and not source.action:
        await place.home.save_dashboard(forecasts=[entry])

    try:
        answer = await place.planner.find()
    finally:
        await place.core.remove_entry(entry)
    return {proposal["field"]: proposal for proposal in answer["proposals"]}, entry


@pytest.mark.parametrize("source", sources.PRICES, ids=lambda source: source.name)
async def test_prices_are_proposed(place, source):
    proposals, entry = await _proposals(place, source)
    proposal = proposals["import_price"]
    chosen = proposal["choice"]["source"]

    if source.action:
        assert (chosen["from"], chosen["action"]) == ("action", source.action)
        assert entry in chosen["data"].values() or not chosen["data"]
    else:
        assert chosen == {"from": "entities", "entities": list(source.entities)}
    assert float(proposal["value"]) == pytest.approx(place.market.present, abs=1e-4)
    assert "/kWh" in proposal["unit"]
    assert proposal["why"]


@pytest.mark.parametrize("source", sources.SUNS, ids=lambda source: source.name)
async def test_sun_is_proposed(place, source):
    proposals, _ = await _proposals(place, source)
    proposal = proposals["solar.forecasts"]
    (chosen,) = proposal["choice"]

    if source.entities:
        assert chosen == {"from": "entities", "entities": list(source.entities)}
    else:
        assert chosen["from"] == "dashboard"
    # A row is the mean of an hour or less, and the sun moves by 3 % of its peak in one here.
    now = sun(place.core.clock.now()) / 1000
    assert float(proposal["value"]) == pytest.approx(now, rel=0.05)
    assert proposal["unit"] == "kW"


async def test_export_is_proposed_from_its_own_channel(place):
    amber = next(source for source in sources.PRICES if source.name == "Amber")
    proposals, _ = await _proposals(place, amber)
    proposal = proposals["export_price"]

    assert proposal["choice"]["source"]["data"]["channel_type"] == "feed_in"
    assert float(proposal["value"]) == pytest.approx(place.market.present / 2, abs=1e-4)


async def test_a_complete_dashboard_leaves_nothing_to_type(place):
    await place.home.save_dashboard(price=0.3, export=0.08)
    found = await place.planner.find()
    (battery,) = found["draft"]["batteries"]

    assert not found["missing"]
    assert battery["soc"] == "sensor.battery_soc"
    assert battery["capacity_kwh"] == 10.0
    assert battery["charge_kw"] == battery["discharge_kw"] == 3.0
    assert found["draft"]["import_price"]["source"] == {"from": "fixed", "price": 0.3}
    assert found["draft"]["home_energy"] == ["sensor.house_energy"]


async def test_an_incomplete_dashboard_leaves_at_most_four_values_to_type(place):
    await place.home.save_dashboard(complete=False)
    missing = [missing["field"] for missing in (await place.planner.find())["missing"]]

    assert sorted(missing) == ["batteries[0].capacity_kwh", "import_price"]
