"""Homes, and what is proposed for each of them."""

import msgspec
import pytest

from server.settings.checks import check
from server.settings.home import Settings
from tests.finding import homes
from tests.finding.homes import PHASES, battery, grid, solar


def choice_of(found, field):
    """Return what is proposed for a field, or None where nothing is."""
    return next((each.choice for each in found.proposals if each.field == field), None)


def proposal_of(found, field):
    return next(each for each in found.proposals if each.field == field)


def missing_of(found):
    return [each.field for each in found.missing]


def settings_of(found):
    """Return the draft as settings, which pass their checks."""
    settings = msgspec.convert(found.draft, Settings)
    check(settings)
    return settings


async def test_a_complete_energy_dashboard_leaves_nothing_to_type(home, search):
    homes.add_battery(home)
    homes.add_tibber(home)
    home.energy("sensor.solar_energy")
    home.energy("sensor.home_energy")
    home.entry("sun", "forecast_solar", "Roof")
    home.fake.forecasts["sun"] = {
        (home.midnight() + k * homes.HOUR).isoformat(): 1000.0 for k in range(8, 40)
    }
    start = homes.NOW.replace(minute=0) - 72 * homes.HOUR
    rate = [-4000.0, -4960.0, -4950.0, -4940.0, 0.0, 3300.0, 3290.0, 3270.0]
    home.fake.add_statistics("sensor.battery_power", start, rate * 9, kind="mean")
    home.days_of_energy("sensor.grid_in", [0.5] * 24)
    home.dashboard(
        grid(entity_energy_price="sensor.electricity_price_huset", number_energy_price_export=0.05),
        solar("sun"),
        battery(stat_soc="sensor.battery_soc", capacity=13.5, stat_rate="sensor.battery_power"),
        {"type": "home", "stat_energy_to": "sensor.home_energy"},
    )

    found = await search()
    settings = settings_of(found)

    assert found.missing == []
    assert found.notes == []
    assert found.energy_dashboard
    assert not found.powersync
    assert found.draft["import_price"] == {
        "source": {"from": "action", "action": "tibber.get_prices", "data": {}, "series": None}
    }
    assert found.draft["export_price"] == {"source": {"from": "fixed", "price": 0.05}}
    assert settings.home_energy == ["sensor.home_energy"]
    assert settings.meter.energy_in == ["sensor.grid_in"]
    assert settings.meter.energy_out == ["sensor.grid_out"]
    assert found.draft["solar"]["forecasts"] == [{"from": "dashboard", "entries": []}]
    only = settings.batteries[0]
    assert (only.soc, only.capacity_kwh) == ("sensor.battery_soc", 13.5)
    assert (only.charge_kw, only.discharge_kw) == (5.0, 3.3)
    meter = proposal_of(found, "meter.energy_in")
    assert (meter.value, meter.unit) == ("12", "kWh in 24 h")


async def test_an_older_dashboard_leaves_the_capacity_only(home, search):
    homes.add_battery(home)
    homes.add_personal_batteries(home)
    home.days_of_energy("sensor.battery_in", PHASES)
    home.days_of_energy("sensor.battery_out", PHASES[12:] + PHASES[:12])
    home.dashboard(
        {
            "type": "grid",
            "flow_from": [
                {"stat_energy_from": "sensor.grid_in", "number_energy_price": 0.3},
                {"stat_energy_from": "sensor.grid_in_night", "number_energy_price": 0.2},
            ],
            "flow_to": [{"stat_energy_to": "sensor.grid_out", "number_energy_price": 0.08}],
            "cost_adjustment_day": 0,
        },
        battery(),
    )

    found = await search()

    assert missing_of(found) == ["batteries[0].capacity_kwh"]
    assert choice_of(found, "batteries[0].soc") == "sensor.battery_soc"
    assert choice_of(found, "batteries[0].charge_kw") == 5.0
    assert choice_of(found, "batteries[0].discharge_kw") == 5.0
    assert choice_of(found, "meter.energy_in") == ["sensor.grid_in", "sensor.grid_in_night"]
    assert found.draft["import_price"] == {"source": {"from": "fixed", "price": 0.3}}
    assert found.draft["export_price"] == {"source": {"from": "fixed", "price": 0.08}}


async def test_an_ordinary_home_without_a_dashboard_leaves_at_most_four_values(home, search):
    homes.add_powerwall(home)
    homes.add_personal_batteries(home)
    homes.add_solcast(home)
    homes.add_epex(home)

    found = await search()

    assert not found.energy_dashboard
    assert missing_of(found) == [
        "batteries[0].capacity_kwh",
        "batteries[0].charge_kw",
        "batteries[0].discharge_kw",
    ]
    assert choice_of(found, "batteries[0].soc") == "sensor.my_powerwall_charge"
    assert choice_of(found, "batteries[0].reserve") == 0.2
    assert choice_of(found, "batteries[0].energy_in") == ["sensor.my_powerwall_battery_import"]
    assert choice_of(found, "batteries[0].energy_out") == ["sensor.my_powerwall_battery_export"]
    assert choice_of(found, "meter.energy_in") == ["sensor.my_powerwall_site_import"]
    assert choice_of(found, "meter.energy_out") == ["sensor.my_powerwall_site_export"]
    assert choice_of(found, "solar.energy") == ["sensor.my_powerwall_solar_export"]


async def test_solcast_is_one_forecast_of_an_entity_for_each_day(home, search):
    homes.add_solcast(home)

    found = await search()

    names = [f"sensor.solcast_pv_forecast_forecast_{day}" for day in ("today", "tomorrow")]
    names += [
        "sensor.solcast_pv_forecast_forecast_day_3",
        "sensor.solcast_pv_forecast_forecast_day_4",
    ]
    assert found.draft["solar"]["forecasts"] == [{"from": "entities", "entities": names}]
    proposal = proposal_of(found, "solar.forecasts")
    assert (proposal.value, proposal.unit) == ("3", "kW")
    assert "for the next 85 hours" in proposal.why


@pytest.mark.parametrize("is_next_published", [True, False])
async def test_octopus_has_two_entities_for_each_meter(home, search, is_next_published):
    home.place("Europe/London", "GBP")
    homes.add_octopus(home, is_next_published=is_next_published)
    rate = "sensor.octopus_energy_electricity_21l123_1900{}_current_rate"
    home.dashboard(
        grid(entity_energy_price=rate.format(""), entity_energy_price_export=rate.format("_export"))
    )

    found = await search()

    stem = "event.octopus_energy_electricity_21l123_1900"
    assert found.draft["import_price"]["source"] == {
        "from": "entities",
        "entities": [f"{stem}_current_day_rates", f"{stem}_next_day_rates"],
    }
    assert found.draft["export_price"]["source"] == {
        "from": "entities",
        "entities": [f"{stem}_export_current_day_rates", f"{stem}_export_next_day_rates"],
    }
    imports = proposal_of(found, "import_price")
    assert (imports.value, imports.unit) == ("0.22", "GBP/kWh")
    assert "belongs to the price or cost in your Energy dashboard" in imports.why


async def test_octopus_without_a_dashboard_is_told_by_its_names(home, search):
    home.place("Europe/London", "GBP")
    homes.add_octopus(home)

    found = await search()

    stem = "event.octopus_energy_electricity_21l123_1900"
    assert found.draft["import_price"]["source"]["entities"][0] == f"{stem}_current_day_rates"
    assert (
        found.draft["export_price"]["source"]["entities"][0] == f"{stem}_export_current_day_rates"
    )


async def test_amber_answers_both_directions_by_its_action(home, search):
    home.place("Australia/Sydney", "AUD")
    homes.add_amber(home)
    home.dashboard(
        grid(
            entity_energy_price="sensor.home_general_price",
            entity_energy_price_export="sensor.home_feed_in_price",
        )
    )

    found = await search()

    for field, channel in (("import_price", "general"), ("export_price", "feed_in")):
        source = found.draft[field]["source"]
        assert source["action"] == "amberelectric.get_forecasts"
        assert source["data"] == {"config_entry_id": "amber-entry", "channel_type": channel}
    assert proposal_of(found, "import_price").value == "0.31"
    assert proposal_of(found, "export_price").value == "0.08"
    alternatives = [each.choice for each in proposal_of(found, "import_price").alternatives]
    assert {"source": {"from": "state", "entity": "sensor.home_general_price"}} in alternatives


async def test_nord_pool_of_core_is_asked_by_its_area(home, search):
    home.place("Europe/Stockholm", "SEK")
    homes.add_nordpool_core(home)

    found = await search()

    proposal = proposal_of(found, "import_price")
    areas = [
        each.choice["source"].get("series")
        for each in (proposal, *proposal.alternatives)
        if each.choice["source"]["from"] == "action"
    ]
    assert areas == ["SE3", "SE4"]
    assert proposal.choice["source"]["data"] == {"config_entry": "nordpool-entry"}
    assert (proposal.value, proposal.unit) == ("0.5", "SEK/kWh")
    assert "market price: add surcharge, fee and tax" in proposal.why
    assert {call[1]["config_entry"] for call in home.fake.calls} == {"nordpool-entry"}


async def test_an_area_that_the_dashboards_entity_names_is_taken(home, search):
    home.place("Europe/Stockholm", "SEK")
    homes.add_nordpool_core(home)
    known = {"platform": "nordpool", "device_id": "se4", "config_entry_id": "nordpool-entry"}
    unit = {"unit_of_measurement": "SEK/kWh"}
    home.add("sensor.nord_pool_se4_current_price", 0.944, unit, **known)
    home.dashboard(grid(entity_energy_price="sensor.nord_pool_se4_current_price"))

    found = await search()

    assert found.draft["import_price"]["source"]["series"] == "SE4"


async def test_nord_pool_of_hacs_is_one_entity(home, search):
    home.place("Europe/Stockholm", "SEK")
    homes.add_nordpool_hacs(home)

    found = await search()

    entity = "sensor.nordpool_kwh_se3_sek_3_10_025"
    assert found.draft["import_price"]["source"] == {"from": "entities", "entities": [entity]}
    assert proposal_of(found, "import_price").value == "1.211"
    assert found.draft["export_price"] is None


async def test_tibber_is_asked_beyond_today(home, search):
    homes.add_tibber(home)

    found = await search()

    assert found.draft["import_price"]["source"]["action"] == "tibber.get_prices"
    assert "for the next 37 hours" in proposal_of(found, "import_price").why


async def test_entsoe_is_one_entity(home, search):
    homes.add_entsoe(home)

    found = await search()

    entities = ["sensor.entsoe_average_electricity_price"]
    assert found.draft["import_price"]["source"] == {"from": "entities", "entities": entities}
    assert proposal_of(found, "import_price").value == "0.121"


async def test_epex_with_tax_comes_before_the_market(home, search):
    homes.add_epex(home)

    found = await search()

    proposal = proposal_of(found, "import_price")
    assert proposal.choice["source"]["entities"] == ["sensor.epex_spot_data_total_price"]
    market = proposal.alternatives[0]
    assert market.choice["source"]["entities"] == ["sensor.epex_spot_data_market_price"]
    assert "add surcharge, fee and tax" in market.why


async def test_powersync_tells_sizes_and_prices(home, search):
    home.place("Australia/Sydney", "AUD")
    homes.add_powersync(home)

    found = await search()
    only = found.draft["batteries"][0]

    assert found.powersync
    assert missing_of(found) == ["meter.energy_in"]
    assert found.draft["import_price"] == {"source": {"from": "powersync"}}
    assert found.draft["export_price"] == {"source": {"from": "powersync"}}
    assert found.draft["solar"]["forecasts"] == [{"from": "powersync"}]
    assert found.draft["meter"] == {"max_export_kw": 5.0}
    assert only["soc"] == "sensor.power_sync_battery_level"
    assert (only["capacity_kwh"], only["charge_kw"], only["discharge_kw"]) == (13.5, 5.0, 7.0)
    assert only["reserve"] == 0.2


async def test_two_batteries_have_their_own_state_of_charge(home, search):
    for name in ("victron", "solax"):
        known = {"platform": name, "device_id": name}
        home.level(f"sensor.{name}_battery_soc", 50, name=f"{name} Battery SoC", **known)
        home.energy(f"sensor.{name}_charged", **known)
        home.energy(f"sensor.{name}_discharged", **known)
    meters = [
        {
            "stat_energy_from": f"sensor.{name}_discharged",
            "stat_energy_to": f"sensor.{name}_charged",
        }
        for name in ("solax", "victron")
    ]
    home.dashboard(grid(), *(battery(**each, capacity=5.0) for each in meters))

    found = await search()

    assert [each["soc"] for each in found.draft["batteries"]] == [
        "sensor.solax_battery_soc",
        "sensor.victron_battery_soc",
    ]


async def test_the_dashboards_state_of_charge_needs_no_unit_and_no_name(home, search):
    homes.add_powerwall(home)
    home.add("input_number.xyz", 41)
    home.dashboard(grid(), battery(stat_soc="input_number.xyz"))

    found = await search()

    assert choice_of(found, "batteries[0].soc") == "input_number.xyz"


async def test_phones_sensors_and_robots_are_no_home_battery(home, search):
    homes.add_personal_batteries(home)
    homes.add_car(home)

    found = await search()

    assert "batteries[0].soc" in missing_of(found)
    assert choice_of(found, "batteries[0].soc") is None


async def test_a_battery_of_an_unknown_make_is_found_by_its_device(home, search):
    homes.add_personal_batteries(home)
    known = {"platform": "qqq", "device_id": "d1"}
    home.level("sensor.qqq_1_energy_level", 44, name="QQQ 1 energy level", **known)
    home.power("sensor.qqq_1_battery_power", name="QQQ 1 battery power", **known)
    home.energy("sensor.qqq_1_charged", name="QQQ 1 charged energy", **known)

    found = await search()

    assert choice_of(found, "batteries[0].soc") == "sensor.qqq_1_energy_level"
    assert found.draft["batteries"][0]["name"] == "QQQ 1"


async def test_a_car_is_proposed_with_its_plug_limit_and_meter(home, search):
    homes.add_battery(home)
    homes.add_car(home)
    home.days_of_energy("sensor.easee_lifetime_energy", [10.9] * 4 + [0.0] * 20)
    device = {"stat_consumption": "sensor.easee_lifetime_energy", "name": "Car"}
    home.dashboard(grid(), battery(), devices=[device])

    found = await search()

    cars = proposal_of(found, "cars")
    car = cars.alternatives[0]
    assert car.choice[0] == {
        "name": "Model Y",
        "capacity_kwh": 60.0,
        "charge_kw": 11.0,
        "soc": "sensor.model_y_battery_level",
        "plugged": "binary_sensor.model_y_charge_cable",
        "target": "number.model_y_charge_limit",
        "energy": "sensor.easee_lifetime_energy",
    }
    assert "60 kWh are assumed" in car.why
    assert "kW is assumed" not in car.why
    assert cars.choice == found.draft["cars"] == []
    assert choice_of(found, "batteries[0].soc") == "sensor.battery_soc"
    assert any("looks like a car's charger" in note for note in found.notes)


async def test_a_car_whose_size_and_power_are_known_is_in_the_draft(home, search):
    homes.add_car(home)
    size = {"unit_of_measurement": "kWh", "device_class": "energy_storage"}
    known = {"platform": "teslemetry", "device_id": "car"}
    home.add("sensor.model_y_battery_capacity", 75, size, **known)
    home.days_of_energy("sensor.easee_lifetime_energy", [7.3] * 4 + [0.0] * 20)
    home.dashboard(grid(), devices=[{"stat_consumption": "sensor.easee_lifetime_energy"}])

    found = await search()

    assert found.draft["cars"][0]["capacity_kwh"] == 75
    assert found.draft["cars"][0]["charge_kw"] == 7.3
    assert [each.choice for each in proposal_of(found, "cars").alternatives] == [[]]
    assert found.notes == []


async def test_a_home_battery_beside_a_charger_on_one_device_is_no_car(home, search):
    known = {"platform": "sigen", "device_id": "plant"}
    home.level("sensor.plant_battery_state_of_charge", 60, **known)
    home.power("sensor.plant_battery_power", **known)
    home.power("sensor.plant_grid_power", **known)
    home.add("binary_sensor.plant_ev_charger_plug", "off", {"device_class": "plug"}, **known)

    found = await search()

    assert choice_of(found, "batteries[0].soc") == "sensor.plant_battery_state_of_charge"
    assert choice_of(found, "cars") is None


async def test_an_empty_home_assistant_says_what_is_missing(home, search):
    found = await search()

    assert missing_of(found) == [
        "import_price",
        "meter.energy_in",
        "batteries[0].soc",
        "batteries[0].capacity_kwh",
        "batteries[0].charge_kw",
        "batteries[0].discharge_kw",
    ]
    assert found.draft["export_price"] is None
    assert all(each.why and each.label and each.example for each in found.missing)
