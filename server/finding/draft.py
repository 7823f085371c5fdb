"""The settings of a home as far as they are known, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from server.finding.batteries import (
    HomeBattery,
    choose_capacity,
    choose_efficiency,
    choose_limit,
    choose_power,
    choose_reserve,
    choose_soc,
)
from server.finding.cars import Car, Charging, choose_cars
from server.finding.found import Alternative, Found, Missing
from server.finding.meters import Kind, Meters, choose_meter
from server.finding.prices import DIRECTIONS, dashboard_price, is_price, rank_prices
from server.finding.snapshot.history import Powers
from server.finding.snapshot.powersync import PowerSyncFacts
from server.finding.snapshot.reading import Snapshot
from server.finding.solar import rank_forecasts
from server.finding.texts import is_in, propose
from server.home_assistant.energy import Device
from server.settings.home import VERSION
from server.settings.ranges import ENERGY

_LONGEST_CURRENCY = 60  # as the checks of the settings allow


@dataclass(frozen=True)
class Seen:
    """Everything that a draft is made of.

    Attributes
    ----------
    snapshot : Snapshot
        Entities, Energy dashboard, prices and forecasts.
    meters : Meters
        Statistics of energy.
    batteries : list of HomeBattery
        With their candidates; at least one.
    cars : list of Car
        Those that tell their state of charge.
    car_meters : list of Device
        Of the Energy dashboard: the first is the first car's, and so on.
    last_day : Mapping
        Energy of the last 24 hours, by statistic. [kWh]
    battery_powers, car_powers : list of Powers
        From the history of each battery and of each of `car_meters`.
    """

    snapshot: Snapshot
    meters: Meters
    batteries: Sequence[HomeBattery]
    cars: Sequence[Car] = ()
    car_meters: Sequence[Device] = ()
    last_day: Mapping[str, float] = field(default_factory=dict)
    battery_powers: Sequence[Powers] = ()
    car_powers: Sequence[Powers] = ()

    @property
    def powersync(self) -> PowerSyncFacts | None:
        """PowerSync's battery, where it is the only one."""
        return self.snapshot.powersync if len(self.batteries) == 1 else None


def propose_settings(seen: Seen) -> Found:
    """Return proposals, what is missing and the draft."""
    snapshot = seen.snapshot
    draft: dict[str, Any] = {"version": VERSION}
    found = Found(
        draft=draft,
        powersync=snapshot.powersync is not None,
        energy_dashboard=snapshot.prefs is not None,
        notes=list(snapshot.notes),
    )
    if snapshot.currency and len(snapshot.currency) <= _LONGEST_CURRENCY:
        draft["currency"] = snapshot.currency
    found.notes += _doubts(snapshot)
    _add_prices(found, snapshot)
    _add_meters(found, seen)
    _add_solar(found, seen)
    draft["batteries"] = [_battery(found, seen, index) for index in range(len(seen.batteries))]
    _add_cars(found, seen)
    found.notes = list(dict.fromkeys(found.notes))
    return found


def _doubts(snapshot: Snapshot) -> Iterator[str]:
    """Yield what the Energy dashboard names and no plan can use."""
    prefs = snapshot.dashboard
    for source in prefs.batteries:
        if source.stat_soc and source.stat_soc not in snapshot.entities:
            yield f"Your Energy dashboard names {source.stat_soc}, which has no state now."
        if source.capacity is not None and not is_in(ENERGY, source.capacity):
            yield f"A capacity of {source.capacity:g} kWh in your Energy dashboard is no battery's."
    prices = sorted({p for grid in prefs.grids if (p := grid.number_energy_price) is not None})
    if len(prices) > 1:
        several = ", ".join(f"{price:g}" for price in prices)
        yield f"Your Energy dashboard has several prices ({several}): a table would tell the hours."
    for direction in DIRECTIONS:
        number, entity = dashboard_price(prefs.grids, direction)
        if number is not None and not is_price(number, snapshot.currency):
            yield f"{number:g} in your Energy dashboard is no price of a kWh: is it in hundredths?"
        if entity is not None and "." in entity and entity not in snapshot.entities:
            yield f"Your Energy dashboard names {entity}, which has no state now."


def _add(
    found: Found,
    place: dict[str, Any],
    field: str,
    label: str,
    ranked: Sequence[Alternative],
    missing: Missing | None = None,
) -> None:
    """Propose the first for a field, whose last part is its key in `place`.

    Where there is none, the field is missing, or stays at its default.
    """
    proposal = propose(field, label, ranked)
    if proposal is not None:
        found.proposals.append(proposal)
        place[field.rpartition(".")[2]] = proposal.choice
    elif missing is not None:
        found.missing.append(missing)


def _add_prices(found: Found, snapshot: Snapshot) -> None:
    missing = Missing(
        field="import_price",
        label="Price you pay for a kWh",
        why="No entity or integration here publishes electricity prices.",
        example="0.30",
    )
    imports = rank_prices(snapshot, "import")
    _add(found, found.draft, "import_price", "Price you pay", imports, missing)
    _add(found, found.draft, "export_price", "Price you earn", rank_prices(snapshot, "export"))


def _add_meters(found: Found, seen: Seen) -> None:
    meter: dict[str, Any] = {}
    found.draft["meter"] = meter
    missing = Missing(
        field="meter.energy_in",
        label="Meter of what you take from the grid",
        why="Your Energy dashboard has no meter of the grid, and no entity looks like one.",
        example="sensor.grid_import_energy",
    )
    _add(found, meter, "meter.energy_in", "Grid, in", _meters(seen, "grid_in"), missing)
    _add(found, meter, "meter.energy_out", "Grid, out", _meters(seen, "grid_out"))
    _add(found, found.draft, "home_energy", "House", _meters(seen, "home"))
    facts = seen.snapshot.powersync
    for key, label, limit in (
        ("max_import_kw", "Limit of import", facts.max_import_kw if facts else None),
        ("max_export_kw", "Limit of export", facts.max_export_kw if facts else None),
    ):
        _add(found, meter, f"meter.{key}", label, choose_limit(limit))


def _meters(seen: Seen, kind: Kind) -> list[Alternative]:
    choices = seen.meters.choices.get(kind, ())
    return choose_meter(seen.snapshot, seen.meters, choices, seen.last_day)


def _add_solar(found: Found, seen: Seen) -> None:
    solar: dict[str, Any] = {}
    found.draft["solar"] = solar
    forecasts = rank_forecasts(seen.snapshot)
    _add(found, solar, "solar.energy", "Solar", _meters(seen, "solar"))
    _add(found, solar, "solar.forecasts", "Solar forecast", forecasts)
    if "solar" in seen.meters.choices and not forecasts:
        found.notes.append(
            "No solar forecast was found: the mean of the last days is taken. Forecast.Solar, "
            "Solcast or Open-Meteo would give one."
        )


def _battery(found: Found, seen: Seen, index: int) -> dict[str, Any]:
    """Propose everything of one battery, and return its settings as far as known."""
    battery, snapshot = seen.batteries[index], seen.snapshot
    facts = seen.powersync
    at = f"batteries[{index}]"
    settings: dict[str, Any] = {"name": battery.name}
    _add(found, settings, f"{at}.soc", battery.name, choose_soc(battery, snapshot), _no_soc(at))
    sizes = choose_capacity(battery, snapshot, facts)
    _add(found, settings, f"{at}.capacity_kwh", "Capacity", sizes, _no_capacity(at))
    _add_powers(found, settings, seen, index)
    _add(found, settings, f"{at}.reserve", "Reserve", choose_reserve(battery, snapshot, facts))
    _add(found, settings, f"{at}.efficiency", "Efficiency, one way", choose_efficiency())
    if battery.source:
        for key, label, id in (
            ("energy_in", "Charged", battery.source.stat_energy_to),
            ("energy_out", "Discharged", battery.source.stat_energy_from),
        ):
            meters = choose_meter(snapshot, seen.meters, [[id]], seen.last_day)
            _add(found, settings, f"{at}.{key}", label, meters)
    return settings


def _add_powers(found: Found, settings: dict[str, Any], seen: Seen, index: int) -> None:
    powers = seen.battery_powers[index] if index < len(seen.battery_powers) else Powers()
    facts = seen.powersync
    capacity = settings.get("capacity_kwh")
    told = (facts.charge_kw, facts.discharge_kw) if facts else (None, None)
    for key, label, by_powersync, by_history in (
        ("charge_kw", "Charge power", told[0], powers.charge_kw),
        ("discharge_kw", "Discharge power", told[1], powers.discharge_kw),
    ):
        field = f"batteries[{index}].{key}"
        missing = Missing(
            field=field,
            label=f"{label} [kW]",
            why="The recorder has no history of the battery's power.",
            example="5",
        )
        _add(
            found, settings, field, label, choose_power(by_powersync, by_history, capacity), missing
        )


def _no_soc(at: str) -> Missing:
    return Missing(
        field=f"{at}.soc",
        label="State of charge of the battery",
        why="No entity in % looks like a home battery's.",
        example="sensor.battery_soc",
    )


def _no_capacity(at: str) -> Missing:
    return Missing(
        field=f"{at}.capacity_kwh",
        label="Usable capacity of the battery [kWh]",
        why="Neither the Energy dashboard nor the battery's device tells it.",
        example="10",
    )


def _add_cars(found: Found, seen: Seen) -> None:
    """Propose cars, of which the draft holds those that need no assumption."""
    powers = [powers.charge_kw for powers in seen.car_powers]
    pairs = zip_longest(seen.car_meters[: len(seen.cars)], powers[: len(seen.cars)])
    cars = [Charging(car, *(pair or (None, None))) for car, pair in zip_longest(seen.cars, pairs)]
    _add(found, found.draft, "cars", "Cars", choose_cars(cars, seen.snapshot))
    for meter in seen.car_meters[len(found.draft.get("cars", ())) :]:
        found.notes.append(
            f"{meter.name or meter.stat_consumption} looks like a car's charger: what it takes "
            "counts as load of the house until a car is set up with it."
        )
