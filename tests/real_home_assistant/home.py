"""A home in Home Assistant: its meters, battery and car, a year of them, its Energy dashboard."""

import itertools

from tests.real_home_assistant import sources, year
from tests.real_home_assistant.processes import until
from tests.real_home_assistant.sources import entity

DOMAIN = "test_inverter"

ENERGIES = {
    "sensor.grid_import_energy": "grid_in",
    "sensor.grid_export_energy": "grid_out",
    "sensor.solar_energy": "solar",
    "sensor.battery_charge_energy": "battery_in",
    "sensor.battery_discharge_energy": "battery_out",
    "sensor.house_energy": "load",
    "sensor.wallbox_energy": "car",
}
"""Meters, and the energy of an hour that each counts."""

SOC, POWER, CAR_SOC, PLUG, PHONE = (
    "sensor.battery_soc",
    "sensor.battery_power",
    "sensor.car_soc",
    "binary_sensor.car_plugged",
    "sensor.phone_battery_level",
)
_READING = 1000.0  # kWh on each meter when the tests begin

_ENERGY = {"unit": "kWh", "device_class": "energy", "state_class": "total_increasing"}
_SHARE = {"unit": "%", "device_class": "battery", "state_class": "measurement"}


_INVERTER, _CAR = {"device": "Inverter"}, {"device": "Car"}


def _traits():
    for meter in ENERGIES:
        yield meter, _ENERGY | ({"device": "Wallbox"} if "wallbox" in meter else _INVERTER)
    yield POWER, {"unit": "W", "device_class": "power", "state_class": "measurement", **_INVERTER}
    yield SOC, _SHARE | _INVERTER
    yield CAR_SOC, _SHARE | _CAR
    yield PLUG, {"device_class": "plug", **_CAR}
    yield PHONE, {**_SHARE, "entity_category": "diagnostic", "device": "Phone"}


class Home:
    """The home of the tests.

    Parameters
    ----------
    core : Core
        Where it is, with a copy of the integration under `DOMAIN`.
    """

    def __init__(self, core):
        self.core = core
        self.states = {
            **dict.fromkeys(ENERGIES, _READING),
            POWER: 0.0,
            SOC: 50.0,
            CAR_SOC: 60.0,
            PHONE: 81.0,
            PLUG: "off",
        }

    async def install(self):
        """Add the integration, and a year of statistics."""
        await self.show()
        await self.core.add_entry(DOMAIN)
        await self._import(year.year_before(self.core.clock.now()))

    async def show(self, **changed):
        """Report all states anew, with changes by object id; None is unavailable."""
        for name, value in changed.items():
            (known,) = (known for known in self.states if known.endswith(f".{name}"))
            self.states[known] = value
        shown = [entity(name, self.states[name], **traits) for name, traits in _traits()]
        await sources.show(self.core, DOMAIN, {"entities": shown})

    async def _import(self, hours):
        for meter, energy in ENERGIES.items():
            sums = list(itertools.accumulate(getattr(hour, energy) for hour in hours))
            # Sums end at 0, where the recorder begins to count what the entity reports.
            rows = [
                {"start": hour.start.isoformat(), "sum": total - sums[-1], "state": total}
                for hour, total in zip(hours, sums, strict=True)
            ]
            await self._import_one(meter, "kWh", "energy", rows, has_sum=True)
        powers = [hour.powers for hour in hours]
        socs = [dict.fromkeys(("mean", "min", "max"), hour.soc * 100) for hour in hours]
        for name, unit, kind, found in (
            (POWER, "W", "power", powers),
            (SOC, "%", "unitless", socs),
        ):
            rows = [
                {"start": hour.start.isoformat(), **row}
                for hour, row in zip(hours, found, strict=True)
            ]
            await self._import_one(name, unit, kind, rows, has_sum=False)
        await until(self._is_imported, 60, "the year is in the recorder")

    async def _import_one(self, name, unit, kind, rows, *, has_sum):
        metadata = {
            "source": "recorder",
            "statistic_id": name,
            "name": None,
            "unit_of_measurement": unit,
            "unit_class": kind,
            "has_sum": has_sum,
            "mean_type": 0 if has_sum else 1,
        }
        await self.core.command("recorder/import_statistics", metadata=metadata, stats=rows)

    async def _is_imported(self):
        start = self.core.clock.now().replace(year=self.core.clock.now().year - 1)
        found = await self.core.command(
            "recorder/statistics_during_period",
            start_time=start.isoformat(),
            statistic_ids=[SOC],
            period="hour",
            types=["mean"],
        )
        return len(found.get(SOC, [])) > year.HOURS - 30

    async def save_dashboard(self, *, price=None, export=None, forecasts=None, complete=True):
        """Save the Energy dashboard; an incomplete one lacks the battery's own fields.

        Parameters
        ----------
        price, export : str or float, optional
            Entity or number.
        forecasts : list of str, optional
            Config entries of the solar forecast.
        """
        battery = {
            "type": "battery",
            "stat_energy_from": "sensor.battery_discharge_energy",
            "stat_energy_to": "sensor.battery_charge_energy",
        }
        if complete:
            battery |= {"stat_soc": SOC, "capacity": year.CAPACITY, "stat_rate": POWER}
        energy_sources = [
            {
                "type": "grid",
                "stat_energy_from": "sensor.grid_import_energy",
                "stat_energy_to": "sensor.grid_export_energy",
                "stat_cost": None,
                "stat_compensation": None,
                **_price("", price),
                **_price("_export", export),
                "cost_adjustment_day": 0,
            },
            {
                "type": "solar",
                "stat_energy_from": "sensor.solar_energy",
                "config_entry_solar_forecast": forecasts,
            },
            battery,
        ]
        if complete:
            energy_sources.append({"type": "home", "stat_energy_to": "sensor.house_energy"})
        await self.core.command(
            "energy/save_prefs",
            energy_sources=energy_sources,
            device_consumption=[{"stat_consumption": "sensor.wallbox_energy", "name": "Wallbox"}],
        )


def _price(direction, price):
    is_entity = isinstance(price, str)
    return {
        f"entity_energy_price{direction}": price if is_entity else None,
        f"number_energy_price{direction}": None if is_entity else price,
    }
