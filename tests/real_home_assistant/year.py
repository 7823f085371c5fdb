"""A year of a home by the hour: from a real one where its file is, else generated."""

import csv
import math
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.real_home_assistant.prices import BERLIN, sun
from tests.real_home_assistant.processes import REPOSITORY

REAL_HOME = REPOSITORY.parent / "shared/data/emhass_home/home_30min.csv"
HOURS = 365 * 24
_WEEK = timedelta(weeks=1)

CAPACITY = 10.0  # kWh of the battery
POWER = 3.0  # kW, in and out
EFFICIENCY = 0.95  # one way


@dataclass
class Hour:
    """Energies of one hour [kWh], and the state of charge at its end."""

    start: datetime
    load: float
    solar: float
    grid_in: float = 0.0
    grid_out: float = 0.0
    battery_in: float = 0.0
    battery_out: float = 0.0
    car: float = 0.0
    soc: float = 0.5

    @property
    def powers(self):
        """Mean and extremes of the power out of the battery, at its limit for a while. [W]"""
        mean, most = (self.battery_out - self.battery_in) * 1000, POWER * 1000
        low = -most if self.battery_in > 1.0 else mean
        return {"mean": mean, "min": low, "max": most if self.battery_out > 1.0 else mean}


def year_before(end):
    """Return the hours of the year before an instant, with a battery that follows the house."""
    rows = _real(end) if REAL_HOME.exists() else _generated(end)
    stored, hours = CAPACITY / 2, []
    for start, load, solar in rows:
        local = start.astimezone(BERLIN)
        hour = Hour(start, load, solar)
        if local.weekday() in (1, 5) and local.hour in (20, 21):
            hour.car = 7.0
            hour.load += hour.car
        need = hour.load - hour.solar
        if local.weekday() in (2, 6) and local.hour in (3, 4):
            need = -POWER  # from the grid, after the car has emptied the battery
        if need < 0:
            hour.battery_in = min(-need, POWER, (CAPACITY - stored) / EFFICIENCY)
        else:
            hour.battery_out = min(need, POWER, max(stored - 1.0, 0.0) * EFFICIENCY)
        stored += hour.battery_in * EFFICIENCY - hour.battery_out / EFFICIENCY
        meter = hour.load + hour.battery_in - hour.solar - hour.battery_out
        hour.grid_in, hour.grid_out = max(meter, 0.0), max(-meter, 0.0)
        hour.soc = stored / CAPACITY
        hours.append(hour)
    return hours


def _starts(end):
    last = end.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [last - timedelta(hours=HOURS - n) for n in range(HOURS)]


def _generated(end):
    """Yield a plausible home: two peaks a day, more on Sundays and in winter, clouds by the day."""
    drawn = random.Random(22)
    clouds = defaultdict(lambda: drawn.uniform(0.3, 1.0))
    for start in _starts(end):
        local = start.astimezone(BERLIN)
        season = math.cos(2 * math.pi * (local.timetuple().tm_yday - 172) / 365)  # 1 at midsummer
        peaks = math.exp(-(((local.hour - 7.5) / 1.5) ** 2)) + 1.6 * math.exp(
            -(((local.hour - 19) / 2.5) ** 2)
        )
        load = 0.25 + 0.6 * peaks * (1.2 if local.weekday() == 6 else 1.0) * (1 - 0.25 * season)
        power = sun(start) / 1000 * (0.6 + 0.4 * season) * clouds[local.date()]
        yield start, load * drawn.uniform(0.8, 1.25), power


def _real(end):
    """Yield the real home, moved by whole years of 52 weeks."""
    means = defaultdict(list)
    with REAL_HOME.open() as file:
        for row in csv.DictReader(file):
            at = datetime.strptime(row["utc"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
            load, solar = row["load_no_var_loads_w"], row["pv_w"]
            hour = at.replace(minute=0)
            means[hour].append((float(load) if load else None, float(solar or 0)))
    before = 0.3
    for start in _starts(end):
        years = (start - n * 52 * _WEEK for n in range(10))  # same season and day of the week
        rows = next((means[at] for at in years if at in means), [])
        loads = [load for load, _ in rows if load is not None]
        before = sum(loads) / len(loads) / 1000 if loads else before
        solar = sum(solar for _, solar in rows) / len(rows) / 1000 if rows else 0.0
        yield start, before, solar
