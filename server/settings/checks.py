"""Checks of settings: what passes gives a request that can be planned."""

from collections.abc import Sized
from datetime import datetime

import msgspec

from optimiser import ProblemError
from server.reading.battery import MOST_STORAGES
from server.reading.charges import allowances_from_wire, demand_charges_from_wire
from server.reading.forecasts import IN_SMALL_NUMBERS
from server.reading.provider_config import rules_from_wire
from server.settings import ranges
from server.settings.errors import SettingsError
from server.settings.flexible_checks import check_heat, check_loads
from server.settings.home import (
    VERSION,
    ActionPrices,
    BatterySettings,
    CarSettings,
    ChargeNow,
    EntityForecast,
    EntityPrice,
    EntityPrices,
    FixedPrice,
    InverterSettings,
    MeterSettings,
    PriceSettings,
    Settings,
    TariffPrices,
)
from server.settings.ranges import Range, require_entity, require_statistic, require_text
from server.settings.tariff_checks import check_tariff
from server.wire.price_unit import PriceUnit
from server.wire.repairs import Repairs
from server.wire.wording import quote

__all__ = ["SettingsError", "check"]

_MOST_SOURCES = 50  # entities or statistics of one kind
_LARGE_NUMBERS = PriceUnit(dearest=1e3, is_said=True)  # of money of which a kWh costs many

_RANGES: dict[type[msgspec.Struct], dict[str, Range]] = {
    PriceSettings: {"surcharge": ranges.SURCHARGE, "tax": ranges.SURCHARGE},
    MeterSettings: {
        "max_import_kw": ranges.CONNECTION,
        "max_export_kw": ranges.CONNECTION._replace(low=0.0),
    },
    BatterySettings: {
        "capacity_kwh": ranges.ENERGY,
        "charge_kw": ranges.POWER,
        "discharge_kw": ranges.POWER,
        "efficiency": ranges.EFFICIENCY,
        "reserve": ranges.SHARE,
        "max_soc": ranges.SOME_SHARE,
    },
    InverterSettings: {"ac_limit_kw": ranges.POWER._replace(low=0.2)},
    CarSettings: {
        "capacity_kwh": ranges.CAR_ENERGY,
        "charge_kw": ranges.POWER,
        "min_charge_kw": ranges.CAR_LEAST,
    },
    ChargeNow: {"soc": ranges.SOME_SHARE},
    Settings: {"horizon_hours": ranges.HORIZON},
}
"""Range of each number, where the money does not matter."""


def check(settings: Settings) -> None:
    """Refuse settings that break a rule.

    Raises
    ------
    SettingsError
        With the path of the first field that breaks one, and the rule in plain words.
    """
    if settings.version != VERSION:
        raise SettingsError("version", f"must be {VERSION}, got {settings.version}")
    if not (settings.batteries or settings.cars):
        raise SettingsError("batteries", "must hold a battery, or cars a car, got none")
    _check_numbers(settings, "")
    require_text("currency", settings.currency or "")
    currency = settings.currency or ""
    _check_prices(settings.import_price, "import_price", ranges.price_range(currency))
    if settings.export_price is not None:
        _check_prices(settings.export_price, "export_price", ranges.price_range(currency))
    _check_connection(settings)
    _check_storages(settings, ranges.wear_range(currency))
    check_loads(settings.loads)
    check_heat(settings.heat)
    is_small = currency.strip().upper() in IN_SMALL_NUMBERS
    _check_rules(settings, PriceUnit() if is_small else _LARGE_NUMBERS)
    if settings.acting.action is not None:
        require_entity("acting.action", settings.acting.action)
    if settings.charge_now is not None:
        _check_charge_now(settings.charge_now)


def _check_numbers(part: msgspec.Struct, path: str) -> None:
    """Refuse numbers of one struct that are out of their range."""
    for name, range_ in _RANGES[type(part)].items():
        value = getattr(part, name)
        if value is not None:
            range_.require(f"{path}{name}", value)


def _check_prices(prices: PriceSettings, path: str, range_: Range) -> None:
    _check_numbers(prices, f"{path}.")
    range_.require(f"{path}.fee", prices.fee)
    source, field = prices.source, f"{path}.source"
    match source:
        case FixedPrice():
            range_.require(f"{field}.price", source.price)
        case TariffPrices():
            check_tariff(source.tariff, f"{field}.tariff", range_)
        case EntityPrices():
            _require_some(f"{field}.entities", source.entities)
        case EntityPrice():
            require_entity(f"{field}.entity", source.entity)
        case ActionPrices():
            require_entity(f"{field}.action", source.action)


def _check_connection(settings: Settings) -> None:
    """Check the meter, the panels and the inverter."""
    meter, solar = settings.meter, settings.solar
    _check_numbers(meter, "meter.")
    _require_statistics("meter.energy_in", meter.energy_in)
    _require_statistics("meter.energy_out", meter.energy_out)
    _require_statistics("home_energy", settings.home_energy)
    _require_statistics("solar.energy", solar.energy)
    _require_few("solar.forecasts", solar.forecasts)
    for i, forecast in enumerate(solar.forecasts):
        if isinstance(forecast, EntityForecast):
            _require_some(f"solar.forecasts[{i}].entities", forecast.entities)
    if settings.inverter is not None:
        _check_numbers(settings.inverter, "inverter.")


def _check_storages(settings: Settings, wear: Range) -> None:
    for name, storages in (("batteries", settings.batteries), ("cars", settings.cars)):
        if len(storages) > MOST_STORAGES:
            raise SettingsError(name, f"must hold at most {MOST_STORAGES}, got {len(storages)}")
    for i, battery in enumerate(settings.batteries):
        _check_battery(battery, f"batteries[{i}]", wear)
    for i, car in enumerate(settings.cars):
        _check_car(car, f"cars[{i}]")


def _check_battery(battery: BatterySettings, path: str, wear: Range) -> None:
    _check_numbers(battery, f"{path}.")
    wear.require(f"{path}.wear", battery.wear)
    require_text(f"{path}.name", battery.name)
    require_entity(f"{path}.soc", battery.soc)
    _require_statistics(f"{path}.energy_in", battery.energy_in)
    _require_statistics(f"{path}.energy_out", battery.energy_out)
    if battery.reserve > battery.max_soc:
        rule = f"must not be above max_soc, {battery.max_soc:g}, got {battery.reserve:g}"
        raise SettingsError(f"{path}.reserve", rule)


def _check_car(car: CarSettings, path: str) -> None:
    _check_numbers(car, f"{path}.")
    require_text(f"{path}.name", car.name)
    if car.min_charge_kw is not None and car.min_charge_kw > car.charge_kw:
        rule = f"must not be above charge_kw, {car.charge_kw:g}, got {car.min_charge_kw:g}"
        raise SettingsError(f"{path}.min_charge_kw", rule)
    for name in ("soc", "plugged"):
        entity = getattr(car, name)
        if entity is not None:
            require_entity(f"{path}.{name}", entity)
    if isinstance(car.target, str):
        require_entity(f"{path}.target", car.target)
    else:
        ranges.SHARE.require(f"{path}.target", car.target)
    if car.departure is not None and not ranges.is_clock(car.departure):
        require_entity(f"{path}.departure", car.departure)
    if car.energy is not None:
        require_statistic(f"{path}.energy", car.energy)


def _check_rules(settings: Settings, money: PriceUnit) -> None:
    """Refuse charges, allowances and provider rules that a request would mend or leave out."""
    _require_metered(settings)
    repairs = Repairs()
    repairs.prices = money
    try:
        demand_charges_from_wire(settings.demand_charges, repairs)
        allowances_from_wire(settings.allowances, repairs)
    except ProblemError as error:
        raise SettingsError(error.field, error.rule) from None
    if settings.provider is not None:
        rules_from_wire(settings.provider, repairs)
    for warning in repairs.warnings:
        if warning.code != "implausible":  # dear, but perhaps true
            field = warning.field.replace("provider_config", "provider")
            raise SettingsError(field, warning.message.replace("ignored: ", ""))


def _require_metered(settings: Settings) -> None:
    """Refuse what a demand charge would have to be told with every plan: the books have no such."""
    for i, charge in enumerate(settings.demand_charges):
        for name in ("n_peaks", "peaks_so_far_kw", "block_so_far_kwh"):
            if getattr(charge, name) is not None:
                rule = "is of requests only: the books meter the highest peak of the billing period"
                raise SettingsError(f"demand_charges[{i}].{name}", rule)


def _check_charge_now(wanted: ChargeNow) -> None:
    _check_numbers(wanted, "charge_now.")
    try:
        is_aware = datetime.fromisoformat(wanted.until).utcoffset() is not None
    except ValueError:
        is_aware = False
    if not is_aware:
        rule = f"must be ISO 8601 with an offset, got {quote(wanted.until)}"
        raise SettingsError("charge_now.until", rule)


def _require_some(field: str, entities: list[str]) -> None:
    if not entities:
        raise SettingsError(field, "must hold an entity, got none")
    _require_few(field, entities)
    for i, entity in enumerate(entities):
        require_entity(f"{field}[{i}]", entity)


def _require_statistics(field: str, statistics: list[str]) -> None:
    _require_few(field, statistics)
    for i, statistic in enumerate(statistics):
        require_statistic(f"{field}[{i}]", statistic)


def _require_few(field: str, entries: Sized) -> None:
    if len(entries) > _MOST_SOURCES:
        raise SettingsError(field, f"must hold at most {_MOST_SOURCES}, got {len(entries)}")
