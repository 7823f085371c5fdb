import math
import re
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given

from server.settings.checks import SettingsError, check
from server.settings.home import (
    ActingSettings,
    ActionPrices,
    ChargeNow,
    DashboardForecast,
    EntityForecast,
    EntityPrice,
    EntityPrices,
    FixedPrice,
    InverterSettings,
    MeterSettings,
    PowerSyncPrices,
    PriceSettings,
    Settings,
    SolarSettings,
    TariffPrices,
)
from server.settings.tariff import Rate, Tariff
from server.wire.requests import AllowanceIn, DemandChargeIn, ProviderConfigIn
from tests.settings.homes import a_battery, a_car, a_heat_store, a_home, a_load, homes


@given(home=homes())
def test_what_the_strategies_draw_passes(home):
    check(home)


@pytest.mark.parametrize(
    "home",
    [
        a_home(),
        a_home(currency=None, export_price=None),
        a_home(batteries=[], cars=[a_car()]),
        a_home(use_powersync=True),
        a_home(batteries=[a_battery(reserve=1.0)]),
        a_home(batteries=[a_battery(), a_battery(name="Garage")]),
        a_home(meter=MeterSettings(max_import_kw=17.3, max_export_kw=0.0)),
        a_home(meter=MeterSettings(energy_in=["sensor.grid", "test:grid"])),
        a_home(solar=SolarSettings(forecasts=[DashboardForecast()])),
        a_home(cars=[a_car(departure="07:30", target="input_number.target", soc="sensor.car")]),
        a_home(import_price=PriceSettings(source=ActionPrices(action="tibber.get_prices"))),
        a_home(import_price=PriceSettings(source=EntityPrices(entities=["event.rates"]), tax=0.25)),
        a_home(currency="JPY", import_price=PriceSettings(source=FixedPrice(price=31.0))),
        a_home(currency="SEK", import_price=PriceSettings(source=FixedPrice(price=2.4))),
        a_home(currency="JPY", demand_charges=[DemandChargeIn(price_per_kw=1800.0)]),
        a_home(demand_charges=[DemandChargeIn(price_per_kw=300.0)]),
        a_home(charge_now=ChargeNow(soc=0.8, until="2026-12-01T06:00:00Z")),
        a_home(loads=[a_load(), a_load(name="Dryer", after="Dishwasher")]),
        a_home(loads=[a_load(earliest="22:00", latest="06:00", weekdays=[0, 4])]),
        a_home(loads=[a_load(enabled="input_boolean.dishwasher", energy="sensor.dishwasher")]),
        a_home(heat=[a_heat_store(), a_heat_store(at_empty=35.0, at_full=60.0, efficiency=3.2)]),
    ],
)
def test_ordinary_homes_pass(home):
    check(home)


@dataclass(frozen=True)
class Bad:
    field: str
    rule: str
    home: Settings


def price(source, **formula):
    return a_home(import_price=PriceSettings(source=source, **formula))


def with_rate(**rate):
    return price(TariffPrices(tariff=Tariff(otherwise=0.2, rates=[Rate(price=0.3, **rate)])))


def with_holiday(day):
    return price(TariffPrices(tariff=Tariff(otherwise=0.2, holidays=[day])))


def battery(**changes):
    return a_home(batteries=[a_battery(), a_battery(**changes)])


def car(**changes):
    return a_home(cars=[a_car(**changes)])


def load(**changes):
    return a_home(loads=[a_load(), a_load(**({"name": "Dryer"} | changes))])


def heat(**changes):
    return a_home(heat=[a_heat_store(**changes)])


RATE = "import_price.source.tariff.rates[0]"
HOLIDAY = "import_price.source.tariff.holidays[0]"

BAD = [
    Bad("batteries", "must hold a battery, or cars a car", a_home(batteries=[])),
    Bad("batteries", "at most 10", a_home(batteries=[a_battery()] * 11)),
    Bad("batteries[1].capacity_kwh", "Wh?", battery(capacity_kwh=13500.0)),
    Bad("batteries[1].capacity_kwh", "0.2", battery(capacity_kwh=0.0)),
    Bad("batteries[1].capacity_kwh", "nan", battery(capacity_kwh=math.nan)),
    Bad("batteries[1].charge_kw", "in W?", battery(charge_kw=5000.0)),
    Bad("batteries[1].discharge_kw", "kW", battery(discharge_kw=-5.0)),
    Bad("batteries[1].reserve", "share", battery(reserve=10.0)),
    Bad("batteries[1].reserve", "max_soc", battery(reserve=0.9, max_soc=0.8)),
    Bad("batteries[1].max_soc", "share", battery(max_soc=100.0)),
    Bad("batteries[1].efficiency", "share", battery(efficiency=95.0)),
    Bad("batteries[1].wear", "cents", battery(wear=4.0)),
    Bad("batteries[1].soc", "sensor.battery", battery(soc="<b>soc</b>")),
    Bad("batteries[1].name", "letters", battery(name="x" * 61)),
    Bad("batteries[1].name", "Unicode", battery(name="\ud800")),
    Bad("batteries[1].energy_in[0]", "sensor.energy", battery(energy_in=["in"])),
    Bad("cars[0].capacity_kwh", "Wh?", car(capacity_kwh=60_000.0)),
    Bad("cars[0].charge_kw", "in W?", car(charge_kw=7400.0)),
    Bad("cars[0].min_charge_kw", "charge_kw", car(min_charge_kw=8.0)),
    Bad("cars[0].target", "share", car(target=80.0)),
    Bad("cars[0].target", "sensor.battery", car(target="80 %")),
    Bad("cars[0].departure", "sensor.battery", car(departure="25:00")),
    Bad("cars[0].plugged", "sensor.battery", car(plugged="yes")),
    Bad("cars[0].energy", "sensor.energy", car(energy="kWh")),
    Bad("loads", "at most 5", a_home(loads=[a_load(name=str(i)) for i in range(6)])),
    Bad("loads[1].name", "loads[0]", load(name="Dishwasher")),
    Bad("loads[1].name", "letters", load(name="x" * 61)),
    Bad("loads[1].power_kw", "in W?", load(power_kw=2000.0)),
    Bad("loads[1].energy_kwh", "in Wh?", load(energy_kwh=1500.0)),
    Bad("loads[1].energy_kwh", "0.01", load(energy_kwh=0.0)),
    Bad("loads[1].earliest", "17:30", load(earliest="noon")),
    Bad("loads[1].latest", "17:30", load(latest="25:00")),
    Bad("loads[1].latest", "45 minutes", load(earliest="12:00", latest="12:30")),
    Bad("loads[1].latest", "00:00 to 24:00", load(energy_kwh=49.0)),
    Bad("loads[1].weekdays", "0 (Monday)", load(weekdays=[7])),
    Bad("loads[1].weekdays", "got none", load(weekdays=[])),
    Bad("loads[1].after", "another load", load(after="Washing machine")),
    Bad("loads[1].after", "circle", load(after="Dryer")),
    Bad("loads[1].enabled", "sensor.battery", load(enabled="today")),
    Bad("loads[1].energy", "sensor.energy", load(energy="kWh")),
    Bad("heat", "at most 5", a_home(heat=[a_heat_store()] * 6)),
    Bad("heat[0].capacity_kwh", "Wh?", heat(capacity_kwh=8000.0)),
    Bad("heat[0].power_kw", "in W?", heat(power_kw=2000.0)),
    Bad("heat[0].level", "sensor.battery", heat(level="60 %")),
    Bad("heat[0].at_full", "at_empty", heat(at_empty=60.0, at_full=40.0)),
    Bad("heat[0].efficiency", "300 %", heat(efficiency=300.0)),
    Bad("heat[0].least", "share", heat(least=20.0)),
    Bad("heat[0].least", "highest level", heat(least=0.9, most=0.8)),
    Bad("heat[0].loss_kw", "in W?", heat(loss_kw=500.0)),
    Bad("heat[0].energy", "sensor.energy", heat(energy="kWh")),
    Bad("import_price.source.price", "cents", price(FixedPrice(price=30.0))),
    Bad(
        "import_price.source.price",
        "cents",
        a_home(currency="SEK", import_price=PriceSettings(source=FixedPrice(price=150.0))),
    ),
    Bad("import_price.source.price", "inf", price(FixedPrice(price=math.inf))),
    Bad("import_price.source.entities", "an entity", price(EntityPrices(entities=[]))),
    Bad("import_price.source.entities[0]", "name", price(EntityPrices(entities=["price"]))),
    Bad("import_price.source.entity", "name", price(EntityPrice(entity="price"))),
    Bad("import_price.source.action", "name", price(ActionPrices(action="nordpool"))),
    Bad("import_price.tax", "share", price(PowerSyncPrices(), tax=25.0)),
    Bad("import_price.surcharge", "share", price(PowerSyncPrices(), surcharge=19.0)),
    Bad("import_price.fee", "cents", price(PowerSyncPrices(), fee=12.5)),
    Bad(f"{RATE}.start", "17:30", with_rate(start="5pm")),
    Bad(f"{RATE}.end", "17:30", with_rate(end="17:30+02:00")),
    Bad(f"{RATE}.weekdays", "got none", with_rate(weekdays=[])),
    Bad(f"{RATE}.weekdays", "0 (Monday)", with_rate(weekdays=[7])),
    Bad(f"{RATE}.months", "1 to 12", with_rate(months=[0])),
    Bad(HOLIDAY, "2026-12-25", with_holiday("25.12.")),
    Bad(HOLIDAY, "2026-12-25", with_holiday("02-30")),
    Bad("meter.max_import_kw", "in W?", a_home(meter=MeterSettings(max_import_kw=17_000.0))),
    Bad("meter.energy_out[0]", "name", a_home(meter=MeterSettings(energy_out=[""]))),
    Bad("inverter.ac_limit_kw", "in W?", a_home(inverter=InverterSettings(ac_limit_kw=5000.0))),
    Bad(
        "solar.forecasts[0].entities",
        "an entity",
        a_home(solar=SolarSettings(forecasts=[EntityForecast(entities=[])])),
    ),
    Bad(
        "demand_charges[0]",
        "17:30",
        a_home(demand_charges=[DemandChargeIn(price_per_kw=9.0, start="x")]),
    ),
    Bad("demand_charges[0]", "price_per_kw", a_home(demand_charges=[DemandChargeIn()])),
    *(
        Bad(
            f"demand_charges[0].{name}",
            "requests only",
            a_home(demand_charges=[DemandChargeIn(price_per_kw=9.0, **{name: value})]),
        )
        for name, value in (
            ("n_peaks", 3.0),
            ("peaks_so_far_kw", [4.0]),
            ("block_so_far_kwh", 0.4),
        )
    ),
    Bad(
        "demand_charges[0].price_per_kw",
        "hundredths",
        a_home(demand_charges=[DemandChargeIn(price_per_kw=900.0)]),
    ),
    Bad(
        "demand_charges",
        "at most 20",
        a_home(demand_charges=[DemandChargeIn(price_per_kw=1.0)] * 21),
    ),
    Bad("allowances[0]", "import or export", a_home(allowances=[AllowanceIn(direction="up")])),
    Bad(
        "provider",
        "export_boost_start",
        a_home(provider=ProviderConfigIn(export_boost_enabled=True)),
    ),
    Bad("horizon_hours", "72", a_home(horizon_hours=480)),
    Bad("currency", "letters", a_home(currency="A" * 61)),
    Bad("version", "1", a_home(version=2)),
    Bad("acting.action", "name", a_home(acting=ActingSettings(action="script"))),
    Bad(
        "charge_now.soc",
        "share",
        a_home(charge_now=ChargeNow(soc=80, until="2026-12-01T06:00:00Z")),
    ),
    Bad(
        "charge_now.until",
        "offset",
        a_home(charge_now=ChargeNow(soc=0.8, until="2026-12-01T06:00")),
    ),
    Bad("charge_now.until", "ISO 8601", a_home(charge_now=ChargeNow(soc=0.8, until="soon"))),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.field} {bad.rule}")
def test_a_bad_value_is_refused_with_its_field_and_a_rule(bad):
    with pytest.raises(SettingsError) as error:
        check(bad.home)

    assert error.value.field == bad.field
    assert bad.rule in error.value.rule


def numbers_of(part, path=""):
    """Yield the path of every number of settings."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from numbers_of(value, f"{path}.{name}".strip("."))
    elif isinstance(part, list):
        for i, value in enumerate(part):
            yield from numbers_of(value, f"{path}[{i}]")
    elif isinstance(part, float):
        yield path


FULL = a_home(
    batteries=[a_battery()],
    cars=[a_car()],
    loads=[a_load()],
    heat=[a_heat_store()],
    import_price=PriceSettings(
        source=TariffPrices(tariff=Tariff(otherwise=0.2, rates=[Rate(price=0.3)]))
    ),
    meter=MeterSettings(max_import_kw=10.0, max_export_kw=10.0),
    inverter=InverterSettings(ac_limit_kw=5.0),
    demand_charges=[DemandChargeIn(price_per_kw=9.0, average_minutes=30.0, billing_day=1.0)],
    allowances=[AllowanceIn(direction="import", daily_quota_kwh=10.0, bonus_price=0.0)],
    charge_now=ChargeNow(soc=0.8, until="2026-12-01T06:00:00Z"),
)


@pytest.mark.parametrize("path", [*numbers_of(msgspec.to_builtins(FULL))])
@pytest.mark.parametrize("factor", [1e9, math.nan, math.inf])
def test_no_number_is_without_a_range(path, factor):
    broken = msgspec.to_builtins(FULL)
    *parents, last = re.findall(r"[a-z_]+|\d+", path)
    part = broken
    for name in parents:
        part = part[int(name) if name.isdigit() else name]
    part[last] = (part[last] or 1.0) * factor

    with pytest.raises(SettingsError) as error:
        check(msgspec.convert(broken, Settings))
    assert path.startswith(error.value.field) or error.value.field.startswith(path)
