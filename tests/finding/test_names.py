"""Entities of real integrations, told apart by their names, units and devices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.finding.batteries import find_batteries
from server.finding.cars import is_car
from server.finding.meters import kind_of
from server.finding.snapshot.entities import Entity, pattern_of, words_of
from server.finding.snapshot.reading import Snapshot


def entity(entity_id, state="50", **more):
    words = words_of(entity_id, more.pop("unique_id", None), more.get("name"))
    known = {"name": entity_id, "words": words, "platform": "", **more}
    return Entity(entity_id=entity_id, state=state, **known)


def level(entity_id, platform="", device="battery", **more):
    return entity(
        entity_id, unit="%", device_class="battery", platform=platform, device=device, **more
    )


def meter(entity_id, device="d", **more):
    return entity(entity_id, unit="kWh", state_class="total_increasing", device=device, **more)


PERSONAL = [
    level("sensor.pixel_battery_level", "mobile_app", "phone"),
    level("sensor.ipad_battery_state_of_charge", "mobile_app", "ipad"),
    level("sensor.motion_battery", "zha", "motion"),
    level("sensor.thermostat_battery", "tado", "thermostat"),
    level("sensor.lock_battery_level", "nuki", "lock"),
    level("sensor.ups_battery_charge", "nut", "ups"),
    level("sensor.doorbell_battery_level", "ring", "doorbell"),
]


def soc_of(*entities):
    snapshot = Snapshot(None, entities={each.entity_id: each for each in (*PERSONAL, *entities)})
    found = find_batteries(snapshot, [])[0].entity
    return found.entity_id if found else None


@pytest.mark.parametrize(
    ("entity_id", "platform"),
    [
        ("sensor.my_powerwall_charge", "powerwall"),
        ("sensor.sonnenbatterie_1234_state_charge_user", "sonnenbatterie"),
        ("sensor.solax_battery_capacity", "solax_modbus"),
        ("sensor.battery_soc", "foxess_modbus"),
        ("sensor.batteries_state_of_capacity", "huawei_solar"),
        ("sensor.envoy_1234_battery", "enphase_envoy"),
        ("sensor.givtcp_sa1234_soc", "mqtt"),
        ("sensor.victron_system_battery_soc", "victron"),
        ("sensor.xyz1234_state_of_charge", "growatt_server"),
        ("sensor.battery_state_of_charge", "goodwe"),
        ("sensor.byd_battery_box_state_of_charge", "fronius"),
        ("sensor.solaredge_b1_state_of_energy", "solaredge_modbus_multi"),
        ("sensor.sma_battery_soc_total", "sma"),
        ("sensor.al1234_instantaneous_battery_soc", "alphaess"),
        ("sensor.sigen_plant_battery_state_of_charge", "sigen"),
        ("sensor.solis_remaining_capacity", "solis"),
        ("sensor.inverter_battery", "solarman"),
        ("sensor.solarbank_e1600_state_of_charge", "anker_solix"),
        ("sensor.hyper_2000_electric_level", "zendure_ha"),
        ("sensor.senec_battery_charge_percent", "senec"),
        ("sensor.evcc_battery_soc", "evcc_intg"),
        ("sensor.hausspeicher_ladezustand", "template"),
        ("sensor.thuisbatterij_laadniveau", "template"),
        ("sensor.battery_soc", ""),
    ],
)
def test_the_battery_of_an_integration_is_found_among_personal_ones(entity_id, platform):
    assert soc_of(level(entity_id, platform)) == entity_id


@pytest.mark.parametrize(
    "siblings",
    [
        ["sensor.abc_battery_power"],
        ["sensor.abc_battery_charge_power", "sensor.abc_battery_discharge_power"],
        ["sensor.abc_akku_leistung"],
    ],
)
def test_a_device_that_measures_a_batterys_power_has_a_battery(siblings):
    powers = [entity(each, unit="W", device="battery") for each in siblings]

    assert soc_of(level("sensor.abc_level"), *powers) == "sensor.abc_level"
    assert soc_of(level("sensor.abc_level")) is None


def test_a_battery_of_a_device_without_a_registry_is_known_by_its_neighbours():
    power = entity("sensor.battery_discharging_power", unit="W", platform="modbus")

    assert soc_of(level("sensor.battery_level", "modbus", None), power) == "sensor.battery_level"


def test_limits_of_a_battery_are_not_its_state_of_charge():
    names = ["min_soc", "soc", "backup_reserve", "target_soc", "state_of_health"]
    levels = [level(f"sensor.victron_{name}", "victron") for name in names]

    assert soc_of(*levels) == "sensor.victron_soc"


def test_the_whole_comes_before_its_modules():
    names = ["battery_1_cell_soc", "battery_module_2_soc", "battery_soc"]
    levels = [level(f"sensor.sigen_{name}", "sigen") for name in names]

    assert soc_of(*levels) == "sensor.sigen_battery_soc"


def test_a_maker_of_cars_may_have_a_home_battery_in_the_same_account():
    car = [
        level("sensor.model_3_battery_level", "tesla_fleet", "car"),
        entity("device_tracker.model_3_location", platform="tesla_fleet", device="car"),
    ]
    site = [
        level("sensor.energy_site_percentage_charged", "tesla_fleet", "site"),
        entity(
            "sensor.energy_site_battery_power", unit="kW", platform="tesla_fleet", device="site"
        ),
        meter("sensor.energy_site_battery_charged", "site", platform="tesla_fleet"),
    ]

    assert soc_of(*car, *site) == "sensor.energy_site_percentage_charged"
    assert is_car(car)
    assert not is_car(site)


@pytest.mark.parametrize(
    ("entity_id", "kind"),
    [
        ("sensor.my_powerwall_site_import", "grid_in"),
        ("sensor.my_powerwall_site_export", "grid_out"),
        ("sensor.my_powerwall_solar_export", "solar"),
        ("sensor.my_powerwall_solar_import", None),
        ("sensor.my_powerwall_battery_import", "battery_in"),
        ("sensor.my_powerwall_battery_export", "battery_out"),
        ("sensor.my_powerwall_load_import", None),
        ("sensor.electricity_meter_energy_consumption_tarif_1", "grid_in"),
        ("sensor.electricity_meter_energy_production_tarif_1", "grid_out"),
        ("sensor.p1_meter_energy_import", "grid_in"),
        ("sensor.p1_meter_energy_export", "grid_out"),
        ("sensor.power_meter_consumption", "grid_in"),
        ("sensor.power_meter_exported", "grid_out"),
        ("sensor.inverter_total_yield", "solar"),
        ("sensor.batteries_total_charge", "battery_in"),
        ("sensor.batteries_total_discharge", "battery_out"),
        ("sensor.smart_meter_63a_real_energy_consumed", "grid_in"),
        ("sensor.smart_meter_63a_real_energy_produced", "grid_out"),
        ("sensor.envoy_1234_lifetime_energy_production", "solar"),
        ("sensor.envoy_1234_lifetime_energy_consumption", None),
        ("sensor.envoy_1234_lifetime_net_energy_consumption", "grid_in"),
        ("sensor.envoy_1234_lifetime_net_energy_production", "grid_out"),
        ("sensor.envoy_1234_lifetime_battery_energy_charged", "battery_in"),
        ("sensor.givtcp_sa1234_import_energy_total_kwh", "grid_in"),
        ("sensor.givtcp_sa1234_export_energy_total_kwh", "grid_out"),
        ("sensor.givtcp_sa1234_pv_energy_total_kwh", "solar"),
        ("sensor.total_imported_energy", "grid_in"),
        ("sensor.total_exported_energy", "grid_out"),
        ("sensor.total_pv_generation", "solar"),
        ("sensor.total_battery_charge", "battery_in"),
        ("sensor.total_battery_discharge", "battery_out"),
        ("sensor.solax_battery_input_energy_total", "battery_in"),
        ("sensor.solax_battery_output_energy_total", "battery_out"),
        ("sensor.foxess_grid_consumption_energy_total", "grid_in"),
        ("sensor.foxess_feed_in_energy_total", "grid_out"),
        ("sensor.netzbezug_gesamt", "grid_in"),
        ("sensor.netzeinspeisung_gesamt", "grid_out"),
        ("sensor.pv_erzeugung_gesamt", "solar"),
        ("sensor.speicher_entladung_gesamt", "battery_out"),
        ("sensor.speicher_ladung_gesamt", "battery_in"),
        ("sensor.easee_lifetime_energy", None),
        ("sensor.wallbox_total_charged", None),
        ("sensor.fridge_energy", None),
        ("sensor.gas_import", None),
        ("sensor.ev_charger_energy_import", None),
    ],
)
def test_a_meter_is_told_by_its_name(entity_id, kind):
    assert kind_of(meter(entity_id)) == kind


@given(st.text(), st.text())
def test_words_are_apart_whatever_the_text(first, second):
    words = words_of(first, second)

    assert words == f" {' '.join(words.split())} "


@pytest.mark.parametrize(
    ("beginnings", "text", "holds"),
    [
        ("feed in", "sensor.feedin_tariff", True),
        ("feed in", "sensor.feed_in_tariff", True),
        ("feed in", "sensor.feed_for_in", False),
        ("soc ", "sensor.battery_soc", True),
        ("soc ", "sensor.social_club", False),
        ("charg", "sensor.discharge", False),
        ("state of charge", "stateOfCharge", True),
    ],
)
def test_a_pattern_holds_beginnings_of_words(beginnings, text, holds):
    assert bool(pattern_of(beginnings).search(words_of(text))) == holds
