import pytest

from server.home_assistant.energy import (
    BatterySource,
    Device,
    EnergyPrefs,
    GridSource,
    HomeSource,
    PowerConfig,
    SolarSource,
    energy_prefs,
    solar_forecast,
)
from tests.home_assistant.fake import ENERGY_PREFS


async def test_the_dashboard_of_today(home_assistant, link):
    home_assistant.prefs = ENERGY_PREFS

    assert await energy_prefs(link) == EnergyPrefs(
        grids=[
            GridSource(
                stat_energy_from="sensor.grid_in",
                stat_energy_to="sensor.grid_out",
                entity_energy_price="sensor.price",
                number_energy_price_export=0.05,
                stat_rate="sensor.grid_power",
            )
        ],
        solars=[SolarSource("sensor.solar_energy", "sensor.solar_power", ["forecast-entry"])],
        batteries=[
            BatterySource(
                "sensor.battery_out",
                "sensor.battery_in",
                stat_soc="sensor.battery_soc",
                capacity=13.5,
                stat_rate="sensor.battery_power",
            )
        ],
        homes=[HomeSource("sensor.home_energy", "sensor.home_power")],
        devices=[Device("sensor.car_energy", name="Car")],
    )


async def test_an_older_core_holds_the_grid_as_lists(home_assistant, link):
    home_assistant.prefs = {
        "energy_sources": [
            {
                "type": "grid",
                "flow_from": [
                    {
                        "stat_energy_from": "sensor.in_peak",
                        "stat_cost": None,
                        "entity_energy_price": "sensor.price",
                        "number_energy_price": None,
                    },
                    {"stat_energy_from": "sensor.in_off", "number_energy_price": "0.20"},
                ],
                "flow_to": [
                    {
                        "stat_energy_to": "sensor.out",
                        "stat_compensation": "sensor.earned",
                        "entity_energy_price": "sensor.export_price",
                    }
                ],
                "power": [{"stat_rate": "sensor.power"}],
                "cost_adjustment_day": 0,
            }
        ],
        "device_consumption": [],
    }

    prefs = await energy_prefs(link)

    assert prefs.grids == [
        GridSource(
            stat_energy_from="sensor.in_peak",
            stat_energy_to="sensor.out",
            stat_compensation="sensor.earned",
            entity_energy_price="sensor.price",
            entity_energy_price_export="sensor.export_price",
            stat_rate="sensor.power",
        ),
        GridSource(stat_energy_from="sensor.in_off", number_energy_price=0.2),
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"stat_rate": "sensor.p"},
        {"stat_rate_inverted": "sensor.p"},
        {"stat_rate_from": "sensor.out", "stat_rate_to": "sensor.in"},
    ],
)
async def test_a_power_has_one_of_three_forms(home_assistant, link, config):
    battery = {
        "type": "battery",
        "stat_energy_from": "sensor.o",
        "stat_energy_to": "sensor.i",
        "power_config": config,
    }
    home_assistant.prefs = {"energy_sources": [battery], "device_consumption": []}

    prefs = await energy_prefs(link)

    assert prefs.batteries[0].power_config == PowerConfig(**config)


async def test_a_home_without_a_dashboard_has_none(link):
    assert await energy_prefs(link) is None


async def test_sources_that_cannot_be_read_do_not_hide_the_others(home_assistant, link, caplog):
    home_assistant.prefs = {
        "energy_sources": [
            {"type": "battery", "stat_energy_from": 7},
            {"type": ["grid"]},
            {"type": "grid", "flow_from": 7, "flow_to": [None]},
            {"type": "solar", "stat_energy_from": "sensor.s", "config_entry_solar_forecast": None},
        ]
    }

    prefs = await energy_prefs(link)

    assert prefs == EnergyPrefs(solars=[SolarSource("sensor.s")])
    assert "1 source" in caplog.text


async def test_the_solar_forecast(home_assistant, link):
    home_assistant.forecasts = {"entry": {"2026-11-30T08:00:00+00:00": 120.0, "x": None}}

    assert await solar_forecast(link) == {"entry": {"2026-11-30T08:00:00+00:00": 120.0}}
