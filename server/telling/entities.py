"""The entities of the device, and their values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from server.settings.home import Settings
from server.telling.command import CarCommand, Command
from server.telling.outlook import DayMoney
from server.telling.report import Report

LONGEST_STATE = 255
"""Of a state in Home Assistant. [characters]"""

BATTERY_ACTIONS = ("charge", "normal", "export", "hold")
CAR_ACTIONS = ("charge", "wait", "discharge", "away")
MODES = ("automatic", "watch", "paused")

_POWER = {"unit_of_measurement": "W", "device_class": "power", "state_class": "measurement"}
_PERCENT = {"unit_of_measurement": "%"}
_TIME = {"device_class": "timestamp"}
_SETTING = {"entity_category": "config"}
_DIAGNOSIS = {"entity_category": "diagnostic"}


class Entity(NamedTuple):
    """One entity.

    Attributes
    ----------
    key : str
        Of its value, and the end of its entity id and unique id.
    platform : str
        As ``sensor``.
    name : str
        As shown beside that of the device.
    config : dict
        More for MQTT discovery.
    has_attributes : bool
        Whether it has attributes.
    """

    key: str
    platform: str
    name: str
    config: Mapping[str, Any] = {}
    has_attributes: bool = False

    @property
    def is_control(self) -> bool:
        """The owner may move it."""
        return self.platform not in {"sensor", "binary_sensor"}


def entities_of(settings: Settings, currency: str) -> list[Entity]:
    """Return the entities of a home, with a stable order and stable keys."""
    batteries = settings.batteries
    several = batteries if len(batteries) > 1 else []
    return [
        *(_of_batteries() if batteries else []),
        *(
            Entity(f"battery_{k + 1}", "sensor", battery.name, _enum(BATTERY_ACTIONS), True)
            for k, battery in enumerate(several)
        ),
        *(
            Entity(f"car_{k + 1}", "sensor", car.name, _enum(CAR_ACTIONS), True)
            for k, car in enumerate(settings.cars)
        ),
        *_of_flexible(settings),
        *_of_money(currency),
        Entity("proved", "binary_sensor", "Proved", _DIAGNOSIS),
        Entity("problem", "binary_sensor", "Problem", {"device_class": "problem"}, True),
        Entity("planned_at", "sensor", "Planned at", {**_TIME, **_DIAGNOSIS}),
        *_controls(has_battery=bool(batteries)),
    ]


def _of_batteries() -> list[Entity]:
    soc = {**_PERCENT, "device_class": "battery", "state_class": "measurement"}
    return [
        Entity("action", "sensor", "Action", _enum(BATTERY_ACTIONS), True),
        Entity("power", "sensor", "Power", _POWER),
        Entity("until", "sensor", "Until", _TIME),
        Entity("next_action", "sensor", "Next action", _enum(BATTERY_ACTIONS), True),
        Entity("next_change", "sensor", "Next change", _TIME),
        Entity("target_soc", "sensor", "Target SoC", _PERCENT),
        Entity("reason", "sensor", "Reason", {}, True),
        Entity("reason_code", "sensor", "Reason code"),
        Entity("soc", "sensor", "SoC", soc, True),
    ]


def _of_flexible(settings: Settings) -> Iterator[Entity]:
    for k, load in enumerate(settings.loads, 1):
        yield Entity(f"load_{k}_start", "sensor", f"{load.name} start", _TIME)
        yield Entity(f"load_{k}_end", "sensor", f"{load.name} end", _TIME)
        yield Entity(f"load_{k}_on", "binary_sensor", f"{load.name} on")
    for k, store in enumerate(settings.heat, 1):
        yield Entity(f"heat_{k}_power", "sensor", f"{store.name} power", _POWER)


def _of_money(currency: str) -> list[Entity]:
    money = {"device_class": "monetary", "unit_of_measurement": currency}
    price = {"unit_of_measurement": f"{currency}/kWh", "state_class": "measurement"}
    names = ("Cost today", "Cost tomorrow", "Savings today", "Savings tomorrow")
    return [
        *(Entity(name.lower().replace(" ", "_"), "sensor", name, money, True) for name in names),
        Entity("import_price", "sensor", "Import price", price, True),
        Entity("export_price", "sensor", "Export price", price, True),
    ]


def _controls(*, has_battery: bool) -> list[Entity]:
    percent = {**_PERCENT, "min": 0, "max": 100, "step": 1}
    clock = {"pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$", "min": 4, "max": 5}
    of_battery = [
        Entity("reserve", "number", "Reserve", {**percent, **_SETTING}),
        Entity("charge_to", "number", "Charge to", {**percent, "min": 1}),
        Entity("charge_by", "text", "Charge by", clock),
        Entity("charge_now", "switch", "Charge now"),
    ]
    return [
        Entity("mode", "select", "Mode", {"options": [*MODES]}),
        *(of_battery if has_battery else []),
        Entity("replan", "button", "Plan now"),
    ]


def _enum(options: tuple[str, ...]) -> dict[str, Any]:
    return {"device_class": "enum", "options": [*options]}


def values_from(report: Report) -> dict[str, Any]:
    """Return the values of the sensors by their keys; None is unknown."""
    order, commands = report.order, report.commands
    then = report.then
    values = {
        "action": order.action if order else None,
        "power": order.power_w if order else None,
        "until": _stamp(order.until) if order and report.mode != "paused" else None,
        "next_action": then.action if then else None,
        "next_change": _stamp(commands.now.until) if commands and then else None,
        "target_soc": _percent(order.target_soc) if order and report.is_ordering else None,
        "reason": (order.reason or None) if order else None,
        "reason_code": (order.reason_code or None) if order else None,
        "soc": _percent(report.soc),
        "import_price": _round(report.import_price, 5),
        "export_price": _round(report.export_price, 5),
        "proved": None if report.is_proved is None else _switch(report.is_proved),
        "problem": _switch(bool(report.problems)),
        "planned_at": None if report.is_proved is None else _stamp(report.at),
    }
    for day, money in (("today", report.today), ("tomorrow", report.tomorrow)):
        values[f"cost_{day}"] = _round(money.cost, 2) if money else None
        values[f"savings_{day}"] = _round(money.savings, 2) if money else None
    for k, run in enumerate(report.loads, 1):
        values[f"load_{k}_start"] = _stamp(run.start) if run else None
        values[f"load_{k}_end"] = _stamp(run.end) if run else None
        values[f"load_{k}_on"] = _switch(run is not None and run.is_on(report.at))
    for k, power in enumerate(report.heat_w, 1):
        values[f"heat_{k}_power"] = power if report.mode == "automatic" else None
    for name, runs in _by_storage(report).items():
        values[name] = runs[0].action if runs else None
    if isinstance(values["reason"], str):
        values["reason"] = values["reason"][:LONGEST_STATE]
    return values


def attributes_from(report: Report) -> dict[str, dict[str, Any]]:
    """Return the attributes of the sensors that have some, by their keys."""
    order, commands = report.order, report.commands
    then = report.then
    attributes: dict[str, dict[str, Any]] = {
        "action": _of_command(order)
        | {"planned_action": commands.now.action if commands else None, "mode": report.mode},
        "next_action": _of_command(then)
        | {"plan": _plan(commands.runs if commands else [], report.at)},
        "reason": {"code": order.reason_code if order else None, "text": order and order.reason},
        "soc": {"forecast": report.soc_forecast},
        "import_price": {"forecast": report.import_forecast},
        "export_price": {"forecast": report.export_forecast},
        "problem": {"problems": [text[:500] for text in report.problems[:20]]},
    }
    for day, money in (("today", report.today), ("tomorrow", report.tomorrow)):
        attributes[f"cost_{day}"] = attributes[f"savings_{day}"] = _of_money_of(money)
    for name, runs in _by_storage(report).items():
        attributes[name] = _of_command(runs[0] if runs else None) | {"plan": _plan(runs, report.at)}
    return attributes


def _by_storage(report: Report) -> dict[str, Sequence[Command | CarCommand]]:
    """Return the commands to each of several batteries and to each car."""
    batteries = report.commands.of_each if report.commands else []
    several: Sequence[Sequence[Command]] = batteries if len(batteries) > 1 else []
    cars: Sequence[Sequence[CarCommand]] = report.cars
    if not report.is_ordering:
        several = [[report.order]] * len(several) if report.order else []
        cars = [[]] * len(cars)
    return {f"battery_{k + 1}": runs for k, runs in enumerate(several)} | {
        f"car_{k + 1}": runs for k, runs in enumerate(cars)
    }


def _plan(runs: Sequence[Command | CarCommand], start: datetime) -> list[dict[str, Any]]:
    """Return runs as rows, each from the end of the one before."""
    starts = [start, *(run.until for run in runs)]
    return [
        {
            "time": _stamp(since.astimezone(run.until.tzinfo)),
            "action": run.action,
            "power_w": round(run.power_w, -1),
            "soc": _percent(run.target_soc),
        }
        for since, run in zip(starts, runs, strict=False)
    ]


def _of_command(command: Command | CarCommand | None) -> dict[str, Any]:
    if command is None:
        return {}
    return {
        "power_w": command.power_w,
        "until": _stamp(command.until),
        "target_soc": _percent(command.target_soc),
        "reason_code": command.reason_code,
        "reason": command.reason,
    }


def _of_money_of(money: DayMoney | None) -> dict[str, Any]:
    if money is None:
        return {}
    return {
        "self_consumption_cost": _round(money.plain_cost, 2),
        "import_kwh": _round(money.import_kwh, 2),
        "export_kwh": _round(money.export_kwh, 2),
        "counts": "what is left of the day, by the plan; demand charges and allowances apart",
    }


def _stamp(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _percent(share: float | None) -> float | None:
    return _round(None if share is None else 100.0 * share, 1)


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0  # no minus zero


def _switch(is_on: bool) -> str:
    return "ON" if is_on else "OFF"
