"""The Energy dashboard: its sources, and its solar forecast.

Fields bear Home Assistant's names; all of them are ids of statistics unless a name says more.
"""

from itertools import chain, zip_longest
from typing import Any, TypeVar

import msgspec

from server.home_assistant.link import Link, Refused
from server.home_assistant.transport.messages import convert, decode, log

Kind = TypeVar("Kind", bound=msgspec.Struct)

_EXPORT = {
    "entity_energy_price": "entity_energy_price_export",
    "number_energy_price": "number_energy_price_export",
}
"""Names in an older `flow_to`, and those of today."""


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


class PrefsIn(msgspec.Struct):
    """Answer of Home Assistant."""

    energy_sources: list[dict[str, Any]]
    device_consumption: list[dict[str, Any]] = []


class ForecastIn(msgspec.Struct):
    """Forecast of one config entry."""

    wh_hours: dict[str, float | None] = {}


class EnergyPrefs(msgspec.Struct):
    """The user's Energy dashboard."""

    grids: list[GridSource] = []
    solars: list[SolarSource] = []
    batteries: list[BatterySource] = []
    homes: list[HomeSource] = []
    devices: list[Device] = []


async def energy_prefs(link: Link) -> EnergyPrefs | None:
    """Return the Energy dashboard, or None where the user never made one.

    Sources of other kinds, and those that cannot be read, are left out.

    Raises
    ------
    LinkError
        Where Home Assistant gives no usable answer.
    """
    try:
        answer = await link.command("energy/get_prefs")
    except Refused as error:
        if error.code == "not_found":
            return None
        raise
    prefs = decode(answer, PrefsIn)
    sources = list(chain.from_iterable(map(_present_form, prefs.energy_sources)))
    return EnergyPrefs(
        grids=_of_kind(sources, "grid", GridSource),
        solars=_of_kind(sources, "solar", SolarSource),
        batteries=_of_kind(sources, "battery", BatterySource),
        homes=_of_kind(sources, "home", HomeSource),
        devices=_read(prefs.device_consumption, Device),
    )


async def solar_forecast(link: Link) -> dict[str, dict[str, float]]:
    """Return {config entry: {ISO stamp of the start: energy in the period [Wh]}}.

    Raises
    ------
    LinkError
        Where Home Assistant gives no usable answer.
    """
    answer = decode(
        await link.command("energy/solar_forecast", timeout=30.0), dict[str, ForecastIn]
    )
    return {
        entry: {at: wh for at, wh in forecast.wh_hours.items() if wh is not None}
        for entry, forecast in answer.items()
    }


def _present_form(source: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one source, or those that an older Core holds as lists in one."""
    if source.get("type") != "grid" or not source.keys() & {"flow_from", "flow_to"}:
        return [source]
    flows = [_flows(source, key) for key in ("flow_from", "flow_to", "power")]
    return [
        {"type": "grid"}
        | imports
        | {_EXPORT.get(key, key): at for key, at in exports.items()}
        | power
        for imports, exports, power in zip_longest(*flows, fillvalue={})
    ]


def _flows(source: dict[str, Any], key: str) -> list[dict[str, Any]]:
    flows = source.get(key)
    return [flow for flow in flows if isinstance(flow, dict)] if isinstance(flows, list) else []


def _of_kind(sources: list[dict[str, Any]], kind: str, struct: type[Kind]) -> list[Kind]:
    return _read([source for source in sources if source.get("type") == kind], struct)


def _read(sources: list[dict[str, Any]], struct: type[Kind]) -> list[Kind]:
    """Return those of `sources` that can be read."""
    readable = [read for source in sources if (read := convert(source, struct)) is not None]
    if left_out := len(sources) - len(readable):
        log.warning("Home Assistant: %d sources of the Energy dashboard cannot be read", left_out)
    return readable
