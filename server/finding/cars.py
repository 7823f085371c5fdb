"""Cars and their chargers, by what their devices have."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from server.finding import words
from server.finding.found import Alternative
from server.finding.meters import is_statistic
from server.finding.snapshot.entities import Entity, words_of
from server.finding.snapshot.reading import Snapshot
from server.finding.texts import sentence, state_text
from server.home_assistant.energy import Device

_CAPACITY_KWH = 60.0
_CHARGE_KW = 7.4  # one phase of 32 A
_TARGET = 0.8
_LONGEST_NAME = 60
_CAR_SIZES_KWH = (5.0, 300.0)
_MOST = 4
_MOST_METERS = 100


def is_car(siblings: Sequence[Entity]) -> bool:
    """Return True where these entities of one device are those of a car."""
    if any(is_personal(entity) for entity in siblings):  # a phone has a plug as well
        return False
    if any(is_plug(entity) or entity.says(words.ODOMETER) for entity in siblings):
        return True
    # A maker's account may hold a home battery too: a car's device says where it is.
    is_makers = any(entity.platform in words.CAR_PLATFORMS for entity in siblings)
    return is_makers and any(entity.domain == "device_tracker" for entity in siblings)


def is_personal(entity: Entity) -> bool:
    """Return True for entities of phones, sensors and appliances."""
    return entity.platform in words.PERSONAL or entity.domain in words.GADGETS


def is_plug(entity: Entity) -> bool:
    """Return True where the entity says whether a car is plugged in."""
    if entity.domain == "binary_sensor":
        return entity.device_class == "plug" or entity.says(words.PLUG)
    return entity.domain == "sensor" and entity.unit is None and entity.says(words.PLUG)


class Car(NamedTuple):
    """One car as its device, or its charger's, shows it."""

    name: str
    soc: Entity | None
    plug: Entity | None
    target: Entity | None
    capacity: float | None
    device: str


def find_cars(snapshot: Snapshot, taken: Collection[str] = ()) -> list[Car]:
    """Return cars that tell their state of charge, at most four.

    An inverter with a charger for cars may have a plug: `taken` are the states of charge of home
    batteries.
    """
    devices: dict[str, list[Entity]] = {}
    for entity in snapshot.entities.values():
        if entity.device:
            devices.setdefault(entity.device, []).append(entity)
    cars = [_car(device, entities) for device, entities in devices.items() if is_car(entities)]
    known = [car for car in cars if car.soc is not None and car.soc.entity_id not in taken]
    return known[:_MOST]


def _car(device: str, entities: Sequence[Entity]) -> Car:
    shares = [entity for entity in entities if entity.unit == "%"]
    socs = [entity for entity in shares if _is_soc(entity)]
    targets = [
        entity
        for entity in shares
        if entity.says(words.TARGET) and entity.domain in {"number", "sensor"}
    ]
    sizes = [
        entity.energy
        for entity in entities
        if entity.energy
        and entity.says(words.CAPACITY)
        and _CAR_SIZES_KWH[0] <= entity.energy <= _CAR_SIZES_KWH[1]
    ]
    soc = max(socs, key=_soc_merit, default=None)
    return Car(
        name=_name(soc),
        soc=soc,
        plug=max(filter(is_plug, entities), key=_plug_merit, default=None),
        target=targets[0] if targets else None,
        capacity=sizes[0] if sizes else None,
        device=device,
    )


def _is_soc(entity: Entity) -> bool:
    is_level = entity.device_class == "battery" or entity.says(words.SOC)
    return entity.domain == "sensor" and is_level and not entity.says(words.LIMIT)


def _soc_merit(entity: Entity) -> tuple[object, ...]:
    is_auxiliary = entity.says(words.AUXILIARY)
    return not is_auxiliary, entity.says(words.SOC), entity.device_class == "battery"


def _plug_merit(entity: Entity) -> tuple[object, ...]:
    return entity.device_class == "plug", entity.domain == "binary_sensor", entity.says(words.PLUG)


def _name(soc: Entity | None) -> str:
    """Return the name of the car: that of its state of charge without the last words."""
    found = words.NAME_OF_LEVEL.sub("", soc.name).strip(" -:") if soc else ""
    return (found or "Car")[:_LONGEST_NAME]


class Charging(NamedTuple):
    """One car with its meter in the Energy dashboard, and the power [kW] that this shows."""

    car: Car
    meter: Device | None
    power: float | None

    @property
    def is_known(self) -> bool:
        """True where its settings need no assumption."""
        return self.car.capacity is not None and self.power is not None

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the car, assumptions among them."""
        car = self.car
        found = {
            "name": car.name,
            "capacity_kwh": round(car.capacity or _CAPACITY_KWH, 3),
            "charge_kw": self.power or _CHARGE_KW,
            "soc": car.soc.entity_id if car.soc else None,
            "plugged": car.plug.entity_id if car.plug else None,
            "target": car.target.entity_id if car.target else _TARGET,
            "energy": self.meter.stat_consumption if self.meter else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def reason(self) -> str:
        """Reasons of its settings, in sentences."""
        size = f"{_CAPACITY_KWH:g} kWh are assumed" if self.car.capacity is None else None
        power = f"charging at {_CHARGE_KW:g} kW is assumed" if self.power is None else None
        found = f"{self.car.name} has a battery, and a plug or a range on the same device"
        return sentence(found, size, power)


def choose_cars(cars: Sequence[Charging], snapshot: Snapshot) -> list[Alternative]:
    """Return those without assumptions first, then all; none of them is a choice as well."""
    known = [car for car in cars if car.is_known]
    choices = [known, [*cars], []]
    kept = [choice for at, choice in enumerate(choices) if choice not in choices[:at]]
    return [_choice(choice, snapshot) for choice in kept] if cars else []


def _choice(cars: Sequence[Charging], snapshot: Snapshot) -> Alternative:
    soc = cars[0].car.soc if cars else None
    return Alternative(
        label=", ".join(car.car.name for car in cars) or "none is planned",
        value=state_text(soc) if soc else "",
        unit="%" if soc and soc.number is not None else None,
        age_s=soc.age(snapshot.now) if soc else None,
        why=" ".join(car.reason for car in cars)
        or "A car was found. Choose it, and check its capacity and charging power.",
        choice=[car.settings for car in cars],
    )


def find_car_meters(snapshot: Snapshot, cars: Sequence[Car]) -> list[Device]:
    """Return the devices of the Energy dashboard that look like a car's charger."""
    devices = {car.device for car in cars}
    return [
        device
        for device in snapshot.dashboard.devices[:_MOST_METERS]
        if is_statistic(device.stat_consumption)
        and _is_car_meter(device, snapshot.entities.get(device.stat_consumption), devices)
    ]


def _is_car_meter(device: Device, entity: Entity | None, cars: Iterable[str]) -> bool:
    named = words_of(device.stat_consumption, device.name)
    if words.CHARGER.search(named):
        return True
    if entity is None:
        return False
    makers = words.CHARGER_PLATFORMS | words.CAR_PLATFORMS
    return (entity.device or "") in cars or entity.platform in makers or entity.says(words.CHARGER)
