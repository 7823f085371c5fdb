"""The Energy dashboard: its sources, and its solar forecast.

Fields bear Home Assistant's names; all of them are ids of statistics unless a name says more.
"""

import msgspec

from server.home_assistant.link import Link


class PowerConfig(msgspec.Struct):
    """Statistics of a power [W or kW]: signed, of the other sign, or one each way."""

    stat_rate: str | None = None
    stat_rate_inverted: str | None = None
    stat_rate_from: str | None = None
    stat_rate_to: str | None = None


class GridSource(msgspec.Struct):
    """One connection to the grid; any of its directions may be absent."""

    stat_energy_from: str | None = None
    stat_energy_to: str | None = None
    stat_cost: str | None = None
    stat_compensation: str | None = None
    entity_energy_price: str | None = None
    number_energy_price: float | None = None
    entity_energy_price_export: str | None = None
    number_energy_price_export: float | None = None
    stat_rate: str | None = None
    power_config: PowerConfig | None = None


class SolarSource(msgspec.Struct):
    """One solar system, and the config entries that forecast it."""

    stat_energy_from: str
    stat_rate: str | None = None
    config_entry_solar_forecast: list[str] = []


class BatterySource(msgspec.Struct):
    """One battery; `stat_energy_from` is what it discharges, `capacity` in kWh."""

    stat_energy_from: str
    stat_energy_to: str
    stat_soc: str | None = None
    capacity: float | None = None
    stat_rate: str | None = None
    power_config: PowerConfig | None = None


class HomeSource(msgspec.Struct):
    """One meter of the house's load."""

    stat_energy_to: str
    stat_rate: str | None = None


class Device(msgspec.Struct):
    """One device whose consumption has a meter."""

    stat_consumption: str
    stat_rate: str | None = None
    name: str | None = None
    included_in_stat: str | None = None


class EnergyPrefs(msgspec.Struct):
    """The user's Energy dashboard."""

    grids: list[GridSource] = []
    solars: list[SolarSource] = []
    batteries: list[BatterySource] = []
    homes: list[HomeSource] = []
    devices: list[Device] = []


async def energy_prefs(link: Link) -> EnergyPrefs | None:
    """Return the Energy dashboard, or None where the user never made one."""
    raise NotImplementedError


async def solar_forecast(link: Link) -> dict[str, dict[str, float]]:
    """Return {config entry: {ISO stamp of the start: energy in the period [Wh]}}."""
    raise NotImplementedError
