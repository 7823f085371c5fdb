"""Ranks of prices and solar forecasts."""

import pytest

from tests.finding import homes
from tests.finding.homes import HOUR, NOW, grid, solar
from tests.finding.test_homes import missing_of, proposal_of

PRICE = {"unit_of_measurement": "EUR/kWh"}


def forecast(home, price=0.2, hours=48):
    keys = ("time", None, "value")
    return PRICE | {"forecast": homes.rates(home.midnight(), hours, HOUR, keys, price=price)}


def source_of(found, field="import_price"):
    return proposal_of(found, field).choice["source"]


async def test_a_future_comes_before_the_present_price_of_the_dashboard(home, search):
    home.add("sensor.my_price", 0.3, PRICE)
    home.add("sensor.market", 0.2, forecast(home))
    home.dashboard(grid(entity_energy_price="sensor.my_price"))

    found = await search()
    proposal = proposal_of(found, "import_price")

    assert source_of(found)["entities"] == ["sensor.market"]
    assert "the price in your energy dashboard is now 0.3 eur/kwh" in proposal.why.lower()
    assert proposal.alternatives[0].choice["source"] == {
        "from": "state",
        "entity": "sensor.my_price",
    }
    assert "Only the present price is known" in proposal.alternatives[0].why


async def test_the_dashboards_entity_comes_before_another_future(home, search):
    home.add("sensor.a_price", 0.2, forecast(home))
    home.add("sensor.my_price", 0.3, forecast(home, price=0.3))
    home.dashboard(grid(entity_energy_price="sensor.my_price"))

    assert source_of(await search())["entities"] == ["sensor.my_price"]


@pytest.mark.parametrize("key", ["device_id", "config_entry_id", "platform"])
async def test_the_integration_of_the_dashboards_entity_comes_before_another(home, search, key):
    ours = {"platform": "ours"} | {key: "ours"}
    home.add("sensor.a_price", 0.2, forecast(home), platform="other", device_id="other")
    home.add("sensor.z_prices", 0.2, forecast(home), **({"device_id": "prices"} | ours))
    home.add("sensor.z_now", 0.2, PRICE, **({"device_id": "now"} | ours))
    home.dashboard(grid(entity_energy_price="sensor.z_now"))

    assert source_of(await search())["entities"] == ["sensor.z_prices"]


async def test_of_several_series_the_one_that_has_the_dashboards_price_is_taken(home, search):
    for name, price in (("a", 0.1), ("b", 0.3), ("c", 0.5)):
        home.add(f"sensor.{name}", price, forecast(home, price), platform="p", device_id="d")
    home.add("sensor.now", 0.312, PRICE, platform="p", device_id="d")
    home.dashboard(grid(entity_energy_price="sensor.now"))

    assert source_of(await search())["entities"] == ["sensor.b"]


async def test_a_number_of_the_owner_comes_first(home, search):
    home.add("sensor.market", 0.2, forecast(home))
    home.dashboard(grid(number_energy_price=0.25))

    found = await search()

    assert source_of(found) == {"from": "fixed", "price": 0.25}
    assert proposal_of(found, "import_price").value == "0.25"


async def test_a_series_that_has_ended_is_no_price(home, search):
    home.add("sensor.market", 0.2, forecast(home, hours=9))

    assert "import_price" in missing_of(await search())


@pytest.mark.parametrize(
    "name", ["feed_in", "feedin", "export", "einspeiseverguetung", "teruglevering", "sell"]
)
async def test_prices_of_export_are_told_by_their_names(home, search, name):
    home.add("sensor.electricity", 0.2, forecast(home))
    home.add(f"sensor.electricity_{name}", 0.1, forecast(home, price=0.1))

    found = await search()

    assert source_of(found)["entities"] == ["sensor.electricity"]
    assert source_of(found, "export_price")["entities"] == [f"sensor.electricity_{name}"]


async def test_where_nothing_is_for_export_nothing_is_paid_and_the_market_is_offered(home, search):
    home.add("sensor.market", 0.2, forecast(home))

    proposal = proposal_of(await search(), "export_price")

    assert proposal.choice is None
    assert proposal.why.startswith("Assumed")
    assert [each.choice["source"]["entities"] for each in proposal.alternatives] == [
        ["sensor.market"]
    ]


async def test_one_entity_may_be_the_price_of_both_directions(home, search):
    home.add("sensor.spot", 0.2, forecast(home))
    both = {"entity_energy_price": "sensor.spot", "entity_energy_price_export": "sensor.spot"}
    home.dashboard(grid(**both))

    found = await search()

    assert source_of(found) == source_of(found, "export_price")


async def test_a_series_beside_the_price_of_export_is_not_its_series(home, search):
    known = {"platform": "p", "device_id": "d"}
    home.add("sensor.z_price", 0.3, forecast(home, price=0.3), **known)
    home.add("sensor.z_sold", 0.1, PRICE, **known)
    home.dashboard(grid(entity_energy_price_export="sensor.z_sold"))

    found = await search()

    assert source_of(found, "export_price") == {"from": "state", "entity": "sensor.z_sold"}
    assert source_of(found)["entities"] == ["sensor.z_price"]


async def test_a_series_that_has_the_dashboards_price_of_export_is_its_series(home, search):
    known = {"platform": "p", "device_id": "d"}
    home.add("sensor.z_prices", 0.21, forecast(home, price=0.2), **known)
    home.add("sensor.z_now", 0.211, PRICE, **known)
    home.dashboard(grid(entity_energy_price_export="sensor.z_now"))

    assert source_of(await search(), "export_price")["entities"] == ["sensor.z_prices"]


async def test_the_integration_of_the_dashboards_costs_comes_before_another(home, search):
    home.add("sensor.a_price", 0.2, forecast(home), platform="other", device_id="other")
    home.add("sensor.z_price", 0.2, forecast(home), platform="ours", device_id="ours")
    home.add("sensor.z_cost", 12, {"unit_of_measurement": "EUR"}, platform="ours", device_id="ours")
    home.dashboard(grid(stat_cost="sensor.z_cost"))

    assert source_of(await search())["entities"] == ["sensor.z_price"]


async def test_prices_that_cannot_be_are_passed_over(home, search):
    home.add("sensor.market", 90.0, forecast(home, price=90.0))

    assert "import_price" in missing_of(await search())


async def test_several_numbers_of_the_owner_are_said(home, search):
    home.dashboard(grid(number_energy_price=0.3), grid(number_energy_price=0.2))

    found = await search()

    assert source_of(found) == {"from": "fixed", "price": 0.3}
    assert any("several prices (0.2, 0.3)" in note for note in found.notes)


@pytest.mark.parametrize("name", ["gas_price", "co2_price", "average_price", "price_tomorrow"])
async def test_other_present_prices_are_none(home, search, name):
    home.add(f"sensor.{name}", 0.3, PRICE)

    assert "import_price" in missing_of(await search())


async def test_a_present_price_alone_is_proposed(home, search):
    home.add("sensor.electricity_price", 29.5, {"unit_of_measurement": "ct/kWh"})

    proposal = proposal_of(await search(), "import_price")

    assert proposal.choice["source"] == {"from": "state", "entity": "sensor.electricity_price"}
    assert (proposal.value, proposal.unit, proposal.age_s) == ("29.5", "ct/kWh", 60.0)


def watts(home, days=2):
    hours = range(24 * days)
    return {
        "watts": {
            (home.midnight() + k * HOUR).isoformat(): 1000.0 * (8 <= k % 24 < 16) for k in hours
        }
    }


async def test_arrays_of_one_integration_add_up(home, search):
    for name in ("east", "west"):
        known = {"platform": "open_meteo_solar_forecast", "device_id": name}
        more = {"unit_of_measurement": "kWh"} | watts(home)
        home.add(f"sensor.{name}_energy_production_today", 8, more, **known)

    proposal = proposal_of(await search(), "solar.forecasts")

    assert [each["entities"] for each in proposal.choice] == [
        ["sensor.east_energy_production_today"],
        ["sensor.west_energy_production_today"],
    ]
    assert (proposal.value, proposal.unit) == ("2", "kW")
    assert "forecasts of 2 devices add up" in proposal.why


async def test_integrations_do_not_add_up(home, search):
    homes.add_solcast(home)
    known = {"platform": "open_meteo_solar_forecast", "device_id": "roof"}
    home.add("sensor.energy_production_today", 8, watts(home), **known)

    proposal = proposal_of(await search(), "solar.forecasts")

    assert len(proposal.choice) == 1
    assert len(proposal.choice[0]["entities"]) == 4
    assert len(proposal.alternatives) == 1


async def test_an_owners_copies_of_a_forecast_do_not_add_up(home, search):
    for name in ("copy", "other_copy"):
        home.add(f"sensor.pv_{name}", 8, watts(home), platform="template")

    assert len(proposal_of(await search(), "solar.forecasts").choice) == 1


async def test_the_forecast_of_the_dashboard_comes_first(home, search):
    homes.add_solcast(home)
    home.entry("sun", "forecast_solar", "Roof")
    home.fake.forecasts["sun"] = {(NOW + k * HOUR).isoformat(): 1500.0 for k in range(-3, 30)}
    home.dashboard(grid(), solar("sun"))

    proposal = proposal_of(await search(), "solar.forecasts")

    assert proposal.choice == [{"from": "dashboard", "entries": []}]
    assert proposal.label == "Solar forecast: Energy dashboard (Roof)"
    assert proposal.value == "1.5"
    assert proposal.alternatives[0].choice[0]["from"] == "entities"


async def test_a_power_at_noon_and_none_at_midnight_is_of_panels_whatever_its_name(home, search):
    home.add("sensor.xyz_tomorrow", 8, watts(home))
    home.add("sensor.abc_forecast", 8, {"watts": dict.fromkeys(watts(home)["watts"], 500.0)})

    proposal = proposal_of(await search(), "solar.forecasts")

    assert proposal.choice == [{"from": "entities", "entities": ["sensor.xyz_tomorrow"]}]
    assert proposal.alternatives == []


async def test_a_forecast_of_load_is_none_of_solar(home, search):
    home.add("sensor.load_power_forecast", 500, watts(home))

    found = await search()

    assert "forecasts" not in found.draft["solar"]


async def test_panels_without_a_forecast_are_said(home, search):
    home.energy("sensor.solar_energy")
    home.dashboard(grid(), solar())

    found = await search()

    assert found.draft["solar"]["energy"] == ["sensor.solar_energy"]
    assert any("No solar forecast was found" in note for note in found.notes)
