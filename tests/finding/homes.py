"""Homes as their Home Assistants describe them, in the shapes of real integrations."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NOW = datetime(2026, 11, 12, 10, 7, tzinfo=UTC)  # a Thursday, 11:07 in Berlin
HOUR = timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)

PHASES = [0.0] * 8 + [3.0, 4.9, 4.93, 2.0] + [0.0] * 12
"""Energy of a battery by hours [kWh]: a day's charge at up to 4.93 kW."""


class Home:
    """Builds what a fake Home Assistant holds.

    `zone` is that of the stamps in attributes, as integrations write them.
    """

    def __init__(self, fake, zone="Europe/Berlin", currency="EUR", now=NOW):
        self.fake, self.now = fake, now
        self.place(zone, currency)

    def place(self, zone, currency):
        self.zone = ZoneInfo(zone)
        self.fake.config |= {"time_zone": zone, "currency": currency}

    def midnight(self, days=0):
        local = self.now.astimezone(self.zone)
        return datetime(local.year, local.month, local.day, tzinfo=self.zone) + timedelta(days=days)

    def add(self, entity_id, state, attributes=None, **registry):
        """Add an entity, in the registry where it has a platform."""
        stamp = (self.now - timedelta(seconds=registry.pop("age", 60))).isoformat()
        self.fake.states[entity_id] = {
            "entity_id": entity_id,
            "state": str(state),
            "attributes": {"friendly_name": registry.pop("name", entity_id), **(attributes or {})},
            "last_changed": stamp,
            "last_updated": stamp,
            "last_reported": stamp,
        }
        if registry:
            known = {"platform": "test", "unique_id": entity_id, "device_id": None}
            self.fake.registry.append({"entity_id": entity_id, **known, **registry})

    def level(self, entity_id, state, **registry):
        """Add a battery's level."""
        attributes = {"unit_of_measurement": "%", "device_class": "battery"}
        self.add(entity_id, state, attributes, **registry)

    def energy(self, entity_id, state=1234.5, **registry):
        """Add a meter of energy."""
        attributes = {
            "unit_of_measurement": "kWh",
            "device_class": "energy",
            "state_class": "total_increasing",
        }
        self.add(entity_id, state, attributes, **registry)

    def power(self, entity_id, state=500, unit="W", **registry):
        """Add a power sensor."""
        attributes = {"unit_of_measurement": unit, "device_class": "power"}
        self.add(entity_id, state, attributes, **registry)

    def entry(self, entry_id, domain, title="", state="loaded"):
        """Add a set-up integration."""
        self.fake.entries.append(
            {"entry_id": entry_id, "domain": domain, "title": title, "state": state}
        )

    def days_of_energy(self, statistic_id, day, days=28):
        """Add hours of energy up to now."""
        start = self.now.replace(minute=0) - days * 24 * HOUR
        self.fake.add_statistics(statistic_id, start, day * days)

    def dashboard(self, *sources, devices=()):
        """Save an Energy dashboard."""
        self.fake.prefs = {"energy_sources": list(sources), "device_consumption": list(devices)}


def grid(**more):
    """Return a grid of the Energy dashboard of Core 2026.11."""
    names = (
        *("stat_cost", "entity_energy_price", "number_energy_price", "stat_compensation"),
        *("entity_energy_price_export", "number_energy_price_export"),
    )
    return {
        "type": "grid",
        "stat_energy_from": "sensor.grid_in",
        "stat_energy_to": "sensor.grid_out",
        **dict.fromkeys(names),
        "cost_adjustment_day": 0,
        **more,
    }


def battery(**more):
    """Return a battery of the Energy dashboard."""
    return {
        "type": "battery",
        "stat_energy_from": "sensor.battery_out",
        "stat_energy_to": "sensor.battery_in",
        **more,
    }


def solar(*entries):
    """Return panels of the Energy dashboard."""
    return {
        "type": "solar",
        "stat_energy_from": "sensor.solar_energy",
        "config_entry_solar_forecast": list(entries) or None,
    }


def rates(start, count, step=HALF_HOUR, keys=("start", "end", "value_inc_vat"), price=0.2):
    """Return rows of prices, rising by a thousandth of a unit each."""
    first, last, value = keys
    rows = []
    for number in range(count):
        at = start + number * step
        row = {first: at.isoformat(), value: round(price + number / 1000, 4)}
        rows.append(row | ({last: (at + step).isoformat()} if last else {}))
    return rows


# Batteries


def add_powerwall(home, soc=64):
    """Add Core's integration of a Powerwall, as far as it matters."""
    known = {"platform": "powerwall", "device_id": "powerwall"}
    home.level("sensor.my_powerwall_charge", soc, name="My Powerwall Charge", **known)
    home.power("sensor.my_powerwall_battery_power", name="My Powerwall Battery power", **known)
    for what in ("site", "load", "battery", "solar"):
        for way in ("import", "export"):
            home.energy(
                f"sensor.my_powerwall_{what}_{way}",
                name=f"My Powerwall {what.title()} {way}",
                **known,
            )
    attributes = {"unit_of_measurement": "%"}
    home.add(
        "sensor.my_powerwall_backup_reserve",
        20,
        attributes,
        name="My Powerwall Backup reserve",
        **known,
    )
    home.add(
        "binary_sensor.my_powerwall_connected_to_tesla",
        "on",
        {"device_class": "connectivity"},
        **known,
    )


def add_battery(home):
    """Add a battery of an inverter that the Energy dashboard's usual names point to."""
    known = {"platform": "huawei_solar", "device_id": "luna"}
    home.level("sensor.battery_soc", 55, name="Batteries State of capacity", **known)
    home.energy("sensor.battery_in", name="Batteries Total charge", **known)
    home.energy("sensor.battery_out", name="Batteries Total discharge", **known)
    home.power("sensor.battery_power", name="Batteries Charge/Discharge power", **known)
    home.energy("sensor.grid_in", 900)
    home.energy("sensor.grid_out", 800)


def add_personal_batteries(home):
    """Add what every home has: phones, tablets, sensors, a robot, a reader of a meter."""
    phone = {"platform": "mobile_app", "device_id": "phone"}
    home.level("sensor.pixel_9_battery_level", 80, name="Pixel 9 Battery level", **phone)
    home.power("sensor.pixel_9_battery_power", 3, name="Pixel 9 Battery power", **phone)
    home.add("binary_sensor.pixel_9_is_charging", "off", {"device_class": "plug"}, **phone)
    home.level("sensor.ipad_battery_level", 30, platform="mobile_app", device_id="ipad")
    home.level("sensor.window_battery", 100, platform="zha", device_id="window")
    home.level("sensor.door_contact_battery", 97, platform="mqtt", device_id="door")
    robot = {"platform": "some_robot", "device_id": "robot"}
    home.level("sensor.robot_battery_state_of_charge", 100, **robot)
    home.add("vacuum.robot", "docked", **robot)
    pulse = {"platform": "tibber_pulse_local", "device_id": "pulse"}
    home.level("sensor.pulse_battery_level", 91, name="Pulse battery level", **pulse)
    home.power("sensor.pulse_power", 321, name="Pulse power", **pulse)
    home.energy("sensor.pulse_import", name="Pulse import", **pulse)


# Prices


def add_octopus(home, *, is_next_published=False):
    """Add a meter each for import and export."""
    for way, price in (("", 0.2), ("_export", 0.1)):
        device = {"platform": "octopus_energy", "device_id": f"octopus{way}"}
        stem = f"octopus_energy_electricity_21l123_1900{way}"
        home.add(
            f"sensor.{stem}_current_rate",
            price,
            {"unit_of_measurement": "GBP/kWh", "device_class": "monetary"},
            **device,
        )
        more = {"event_types": ["x"], "event_type": "x", "tariff_code": "E-1R-AGILE"}
        for day, number in (("previous", -1), ("current", 0), ("next", 1)):
            is_empty = day == "next" and not is_next_published
            rows = [] if is_empty else rates(home.midnight(number), 48, price=price)
            home.add(
                f"event.{stem}_{day}_day_rates",
                home.now.isoformat(),
                more | {"rates": rows},
                name=f"{stem} {day} day rates",
                **device,
            )
    gas = {"platform": "octopus_energy", "device_id": "octopus_gas"}
    home.add(
        "event.octopus_energy_gas_e6s_7500_current_day_rates",
        home.now.isoformat(),
        {"rates": rates(home.midnight(), 48, price=0.06)},
        **gas,
    )


def amber_rows(sign, price):
    """Return Amber's rows: five minutes, then half hours, each a second late."""
    start = NOW.replace(minute=5)
    second = timedelta(seconds=1)
    spans = [(start + k * HALF_HOUR / 6, HALF_HOUR / 6) for k in range(5)]
    spans += [(start.replace(minute=30) + k * HALF_HOUR, HALF_HOUR) for k in range(40)]
    return [
        {
            "start_time": (at + second).isoformat(),
            "end_time": (at + length).isoformat(),
            "duration": int(length.total_seconds() // 60),
            "per_kwh": round(sign * (price + number / 1000), 4),
            "spot_per_kwh": 0.1,
            "renewables": 40,
            "descriptor": "neutral",
        }
        for number, (at, length) in enumerate(spans)
    ]


def add_amber(home):
    """Add Core's integration of Amber: prices now as sensors, the future by an action."""
    home.entry("amber-entry", "amberelectric", "Home")
    known = {
        "platform": "amberelectric",
        "device_id": "amber",
        "config_entry_id": "amber-entry",
    }
    for name, price in (("general", 0.31), ("feed_in", 0.08)):
        home.add(f"sensor.home_{name}_price", price, {"unit_of_measurement": "$/kWh"}, **known)
    home.fake.actions["amberelectric.get_forecasts"] = lambda data: {
        "forecasts": amber_rows(1, 0.31 if data["channel_type"] == "general" else 0.08)
    }


def add_nordpool_core(home):
    """Add Core's integration of Nord Pool: two areas, today only."""
    home.entry("nordpool-entry", "nordpool", "Nord Pool")
    known = {
        "platform": "nordpool",
        "device_id": "se3",
        "config_entry_id": "nordpool-entry",
    }
    home.add("sensor.nord_pool_se3_current_price", 0.5, {"unit_of_measurement": "SEK/kWh"}, **known)
    quarter = HALF_HOUR / 2

    def prices(data):
        if data["date"] != home.midnight().date().isoformat():
            return {"SE3": [], "SE4": []}
        start = home.midnight().astimezone(UTC)
        keys = ("start", "end", "price")
        return {
            "SE3": rates(start, 96, quarter, keys, price=500.0),
            "SE4": rates(start, 96, quarter, keys, price=900.0),
        }

    home.fake.actions["nordpool.get_prices_for_date"] = prices


def add_nordpool_hacs(home):
    """Add the custom integration of Nord Pool."""
    keys = ("start", "end", "value")
    home.add(
        "sensor.nordpool_kwh_se3_sek_3_10_025",
        1.23,
        {
            "unit_of_measurement": "SEK/kWh",
            "average": 1.0,
            "raw_today": rates(home.midnight(), 24, HOUR, keys, price=1.2),
            "raw_tomorrow": rates(home.midnight(1), 24, HOUR, keys, price=1.3),
            "tomorrow_valid": True,
            "price_in_cents": False,
        },
        name="nordpool_kwh_SE3_SEK_3_10_025",
        platform="nordpool",
    )


def add_tibber(home):
    """Add Core's integration of Tibber."""
    home.entry("tibber-entry", "tibber", "Tibber")
    known = {"platform": "tibber", "config_entry_id": "tibber-entry", "device_id": "tibber-home"}
    home.add("sensor.electricity_price_huset", 0.27, {"unit_of_measurement": "EUR/kWh"}, **known)
    home.fake.actions["tibber.get_prices"] = lambda data: {
        "prices": {"Huset": rates(home.midnight(), 48, HOUR, ("start_time", None, "price"))}
    }


def add_entsoe(home):
    """Add ENTSO-e: stamps with a blank."""
    rows = [
        [
            {"time": row["time"].replace("T", " "), "price": row["price"]}
            for row in rates(home.midnight(day), 24, HOUR, ("time", None, "price"), price=0.11)
        ]
        for day in (0, 1)
    ]
    known = {"platform": "entsoe", "device_id": "entsoe"}
    home.add(
        "sensor.entsoe_average_electricity_price",
        0.12,
        {
            "unit_of_measurement": "EUR/kWh",
            "prices_today": rows[0],
            "prices_tomorrow": rows[1],
        },
        name="Average electricity price",
        **known,
    )
    for kind in ("current", "next_hour", "lowest"):
        home.add(
            f"sensor.entsoe_{kind}_electricity_market_price",
            0.1,
            {"unit_of_measurement": "EUR/kWh"},
            **known,
        )


def add_epex(home):
    """Add EPEX Spot: the market's price and the total."""
    known = {"platform": "epex_spot", "device_id": "epex"}
    keys = ("start_time", "end_time", "price_per_kwh")
    for kind, price in (("market", 0.08), ("total", 0.28)):
        home.add(
            f"sensor.epex_spot_data_{kind}_price",
            price,
            {
                "unit_of_measurement": "€/kWh",
                "data": rates(home.midnight(), 48, HOUR, keys, price=price),
            },
            name=f"EPEX Spot Data {kind.title()} price",
            **known,
        )


# Forecasts


def solar_day(midnight, step=HALF_HOUR):
    """Return rows of one day as Solcast has them. [kW]"""
    count = int(24 * HOUR / step)
    return [
        {
            "period_start": (midnight + number * step).isoformat(),
            "pv_estimate": 3.0 if 16 <= number * step / HALF_HOUR < 32 else 0.0,
            "pv_estimate10": 0.0,
            "pv_estimate90": 4.0,
        }
        for number in range(count)
    ]


def add_solcast(home):
    """Add Solcast: one day for each entity."""
    known = {"platform": "solcast_solar", "device_id": "solcast"}
    names = ("today", "tomorrow", "day_3", "day_4")
    for number, name in enumerate(names):
        home.add(
            f"sensor.solcast_pv_forecast_forecast_{name}",
            12.5,
            {
                "unit_of_measurement": "kWh",
                "device_class": "energy",
                "detailedForecast": solar_day(home.midnight(number)),
                "detailedHourly": solar_day(home.midnight(number), HOUR),
            },
            name=f"Solcast PV Forecast Forecast {name.replace('_', ' ').title()}",
            **known,
        )
    home.power("sensor.solcast_pv_forecast_power_now", 900, **known)


# Cars


def add_car(home):
    """Add a car of a maker's account, and a charger with a meter."""
    car = {"platform": "teslemetry", "device_id": "car"}
    home.level("sensor.model_y_battery_level", 48, name="Model Y Battery level", **car)
    home.add("binary_sensor.model_y_charge_cable", "on", {"device_class": "plug"}, **car)
    home.add("number.model_y_charge_limit", 80, {"unit_of_measurement": "%"}, **car)
    home.add("sensor.model_y_odometer", 12000, {"unit_of_measurement": "km"}, **car)
    home.add("device_tracker.model_y_location", "home", **car)
    charger = {"platform": "easee", "device_id": "charger"}
    home.energy("sensor.easee_lifetime_energy", name="Easee Lifetime energy", **charger)


def add_powersync(home):
    """Add PowerSync with its view."""
    home.entry("powersync-entry", "power_sync", "PowerSync")
    known = {"platform": "power_sync", "device_id": "powersync"}
    home.level("sensor.power_sync_battery_level", 71, name="PowerSync Battery Level", **known)
    start = home.now.replace(minute=5)
    stamps = [(start + k * HALF_HOUR / 6).isoformat() for k in range(288)]
    home.fake.pages["power_sync/optimization"] = {
        "success": True,
        "schedule": {
            "timestamps": stamps,
            "import_price": [0.3] * 288,
            "export_price": [0.05] * 288,
            "charge_w": [0] * 288,
        },
        "forecast_series": {
            "timestamps": stamps,
            "interval_minutes": 5,
            "raw_forecast_values_kw": [1.0] * 288,
            "load_forecast_values_kw": [0.5] * 288,
        },
        "config": {
            "battery_capacity_wh": 13500,
            "max_charge_w": 5000,
            "max_discharge_w": 7000,
            "max_grid_import_w": None,
            "max_grid_export_w": 5000,
            "allow_grid_charge": True,
            "backup_reserve": 0.2,
        },
        "battery_soc_percent": 71,
        "currency": "AUD",
    }
