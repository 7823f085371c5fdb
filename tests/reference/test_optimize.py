"""The checker judged: silent on a sound reply, and no rule of it that cannot fail."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.reference import baseline_bill, bill, simulate_soc, violations

Body = dict[str, Any]
Change = Callable[[Body, Body], object]

# Charge from the grid, charge from surplus with the export at its limit, sell the evening peak.
# SoC: 0.5 + 2.0 * 0.9 / 10 = 0.68; + 1.0 * 0.9 * 0.5 / 10 = 0.725; - 2.5 / 0.9 / 10.
LAST_SOC = 0.725 - 0.25 / 0.9


@pytest.fixture
def request_body() -> Body:
    """Three intervals of unequal length with every limit in use."""
    return {
        "prices_import": [0.10, 0.30, 0.40],
        "prices_export": [0.05, 0.04, 0.50],
        "solar_forecast": [200, 4000, 0],
        "load_forecast": [500, 1000, 1000],
        "interval_minutes": [60, 30, 60],
        "cost_function": "cost",
        "battery": {
            "current_soc": 0.5,
            "capacity_wh": 10000,
            "max_charge_w": 2000,
            "max_discharge_w": 2500,
            "efficiency": 0.9,
            "backup_reserve": 0.2,
        },
        "grid": {"max_import_w": 2300, "max_export_w": 1500},
        "options": {},
    }


@pytest.fixture
def reply() -> Body:
    """Answer to `request_body`, computed by hand."""
    return {"schedule": _schedule(), "summary": _summary()}


def _schedule() -> Body:
    return {
        "timestamps": [
            "2026-01-05T00:00:00+11:00",
            "2026-01-05T01:00:00+11:00",
            "2026-01-05T01:30:00+11:00",
        ],
        "action": ["charge", "charge", "export"],
        "soc_trajectory": [0.5, 0.68, 0.725, LAST_SOC],
        "charge_w": [2000.0, 1000.0, 0.0],
        "discharge_w": [0.0, 0.0, 2500.0],
        "grid_import_w": [2300.0, 0.0, 0.0],
        "grid_export_w": [0.0, 1500.0, 1500.0],
        "battery_consume_w": [0.0, 0.0, 1000.0],
        "battery_export_w": [0.0, 0.0, 1500.0],
        "solar_to_load_w": [200.0, 1000.0, 0.0],
        "solar_to_battery_w": [0.0, 1000.0, 0.0],
        "solar_to_grid_w": [0.0, 1500.0, 0.0],
        "solar_curtailed_w": [0.0, 500.0, 0.0],
        "grid_to_load_w": [300.0, 0.0, 0.0],
        "grid_to_battery_w": [2000.0, 0.0, 0.0],
    }


def _summary() -> Body:
    return {
        "total_cost": -0.55,  # 2.3 * 0.10 - 0.75 * 0.04 - 1.5 * 0.50
        "baseline_cost": 0.40,  # 0.3 * 0.10 - 0.75 * 0.04 + 1.0 * 0.40
        "savings": 0.95,
        "total_import_kwh": 2.3,
        "total_export_kwh": 2.25,
        "total_charge_kwh": 2.5,
        "total_discharge_kwh": 2.5,
        "total_battery_consume_kwh": 1.0,
        "total_battery_export_kwh": 1.5,
        "total_solar_consumed_kwh": 1.2,
        "total_solar_exported_kwh": 0.75,
        "average_import_price": 0.10,
        "average_export_price": 0.78 / 2.25,
    }


def _told_exactly(sentences: list[str], patterns: tuple[str, ...]) -> bool:
    """Every pattern finds a sentence and no sentence is left over: no rule speaks by accident."""
    is_each_found = all(any(re.search(p, sentence) for sentence in sentences) for p in patterns)
    is_each_meant = all(any(re.search(p, sentence) for p in patterns) for sentence in sentences)
    return is_each_found and is_each_meant


def _set(section: str, name: str, value: object) -> Change:
    """Change of one entry of an object of the reply."""
    return lambda _request, reply: reply[section].update({name: value})


def _set_request(section: str, name: str, value: object) -> Change:
    """Change of one entry of an object of the request."""
    return lambda request, _reply: request[section].update({name: value})


def _set_at(name: str, t: int, value: object) -> Change:
    """Change of one entry of an array of the schedule."""
    return lambda _request, reply: reply["schedule"][name].__setitem__(t, value)


def _forecast_at(name: str, t: int, value: float) -> Change:
    """Change of one entry of a forecast or price of the request."""
    return lambda request, _reply: request[name].__setitem__(t, value)


def _add(t: int, **watts: float) -> Change:
    """Addition to several powers of one interval."""

    def change(_request: Body, reply: Body) -> None:
        for name, value in watts.items():
            reply["schedule"][f"{name}_w"][t] += value

    return change


def _all(*changes: Change) -> Change:
    """Several changes, one after the other."""
    return lambda request, reply: [change(request, reply) for change in changes]


def _self_consumption(request: Body, _reply: Body) -> None:
    request["cost_function"] = "self_consumption"


NO_BATTERY_EXPORT = _set_request("battery", "can_export_to_grid", False)
NO_GRID_CHARGE = _set_request("battery", "can_charge_from_grid", False)
NO_CURTAILMENT = _set_request("grid", "curtailment", False)
CLIENT_SAFE = _set_request("options", "client_safe_charge", True)
HIDDEN_SOLAR_CHARGE = _all(CLIENT_SAFE, _set_at("charge_w", 1, 0.0))

SOLAR_THROUGH_THE_METER = _all(
    _set_request("grid", "max_import_w", None),
    _add(0, solar_to_load=-200, solar_to_grid=200, grid_export=200),
    _add(0, grid_to_load=200, grid_import=200),
)
SOLAR_THROUGH_THE_BATTERY = _add(
    1, solar_to_load=-100, solar_to_battery=100, charge=100, discharge=100, battery_consume=100
)
EXPORT_TOLD_AS_SOLAR = _all(
    _forecast_at("solar_forecast", 2, 1000),
    _forecast_at("load_forecast", 2, 2500),
    _add(2, solar_to_grid=1000, grid_export=-500, battery_consume=1500, battery_export=-1500),
    _set_at("action", 2, "consume"),
)
GRID_CHARGE_TOLD_AS_SOLAR = _all(
    _forecast_at("solar_forecast", 0, 2000),
    _forecast_at("load_forecast", 0, 2300),
    _add(0, solar_to_load=-200, solar_to_battery=2000, grid_to_load=2000, grid_to_battery=-2000),
)

# 1.5 W for half an hour is more than the tolerance of a power, less than that of a total.
MUTATIONS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "no schedule": (
        lambda _, reply: reply.update(schedule=None),
        ("^schedule: must be an object, got None$",),
    ),
    "no summary": (lambda _, reply: reply.pop("summary"), ("^summary: must be an object",)),
    "array too short": (
        lambda _, reply: reply["schedule"]["grid_import_w"].pop(),
        ("^grid_import_w: must have 3 entries, got 2$",),
    ),
    "trajectory without its end": (
        lambda _, reply: reply["schedule"]["soc_trajectory"].pop(),
        ("^soc_trajectory: must have 4 entries, got 3$",),
    ),
    "NaN": (_set_at("charge_w", 1, math.nan), ("^interval 1: charge_w .* finite .* nan",)),
    "infinite": (_set_at("soc_trajectory", 3, math.inf), ("^interval 3: soc_.* finite .* inf",)),
    "null": (_set_at("discharge_w", 0, None), ("^interval 0: discharge_w .* finite .* None",)),
    "text": (_set_at("charge_w", 0, "2000"), ("^interval 0: charge_w .* finite .* '2000'",)),
    "boolean": (_set_at("charge_w", 2, False), ("^interval 2: charge_w .* finite .* False",)),
    "noise in charge": (_set_at("charge_w", 2, 0.05), ("interval 2: charge_w .* noise of 0.05",)),
    "noise in discharge": (_set_at("discharge_w", 0, 0.05), ("interval 0: discharge_w .* noise",)),
    "power balance": (
        _add(1, solar_curtailed=1.5),
        ("interval 1: power balance .* = 4000.000 W, .* = 4001.500 W", "flows from solar"),
    ),
    "flow from solar": (_add(1, solar_to_load=1.5), ("1: flows from solar", "to the load")),
    "flow from battery": (
        _add(1, battery_consume=1.5),
        ("1: flows from the battery", "to the load"),
    ),
    "flow from grid": (_add(1, grid_to_load=1.5), ("1: flows from the grid", "to the load")),
    "flow to grid": (_add(1, solar_to_grid=1.5), ("1: flows to the grid", "from solar")),
    "flow to load": (_add(1, solar_to_load=-1.5), ("1: flows to the load", "from solar")),
    "flow to battery": (_add(1, solar_to_battery=1.5), ("1: flows to the battery", "from solar")),
    "solar charge not told": (
        _set_at("charge_w", 1, 0.0),
        (
            *("1: power balance", "1: flows to the battery", "1: SoC must change", "re-simulated"),
            *("total_charge_kwh must be 2.0", "1: action must be idle"),
        ),
    ),
    "client-safe: solar charge told": (CLIENT_SAFE, ("interval 1: charge_w .* only solar",)),
    "client-safe: grid charge hidden": (
        _all(HIDDEN_SOLAR_CHARGE, _set_at("charge_w", 0, 0.0)),
        ("interval 0: charge_w .* got 0.0 W of 2000.0 W, 2000.0 W from the grid",),
    ),
    "client-safe: grid charge in part": (
        _all(HIDDEN_SOLAR_CHARGE, _set_at("charge_w", 0, 1500.0)),
        ("interval 0: charge_w .* got 1500.0 W of 2000.0 W",),
    ),
    "client-safe: wrong action": (
        _all(HIDDEN_SOLAR_CHARGE, _set_at("action", 1, "consume")),
        ("interval 1: action must be charge or idle, got 'consume'",),
    ),
    "SoC starts elsewhere": (
        _set_request("battery", "current_soc", 0.50002),
        ("interval 0: SoC must start at current_soc 0.50002, got 0.5$",),
    ),
    "SoC jumps": (
        _set_at("soc_trajectory", 1, 0.68002),
        ("0: SoC must change by .0.18", "1: SoC must change", "1: re-simulated SoC"),
    ),
    "SoC drifts": (
        _set("schedule", "soc_trajectory", [0.5, 0.680008, 0.725016, LAST_SOC + 2.4e-5]),
        ("interval 3: re-simulated SoC",),
    ),
    "other efficiency": (
        _set_request("battery", "efficiency", 0.91),
        ("0: SoC must change", "1: SoC must change", "2: SoC must change", "3: re-simulated"),
    ),
    "below the reserve": (
        _set_request("battery", "backup_reserve", 0.46),
        ("interval 3: SoC .* at least 0.46, got 0.447",),
    ),
    "below the least SoC": (
        _set_request("battery", "min_soc", 0.46),
        ("interval 3: SoC .* at least 0.46, got 0.447",),
    ),
    "below a start under the reserve": (
        _set_request("battery", "backup_reserve", 0.9),
        ("interval 3: SoC .* at least 0.5, got 0.447",),
    ),
    "above the most SoC": (
        _set_request("battery", "max_soc", 0.7),
        ("interval 2: SoC .* at most 0.7, got 0.725",),
    ),
    "above full": (
        _all(
            _set_request("battery", "current_soc", 0.9),
            _set("schedule", "soc_trajectory", [0.9, 1.08, 1.125, LAST_SOC + 0.4]),
        ),
        ("interval 1: SoC .* at most 1.0, got 1.08", "interval 2: SoC .* at most 1.0, got 1.125"),
    ),
    "no capacity": (
        _set_request("battery", "capacity_wh", 0),
        (
            *("0: a battery without capacity must have no charge", "1: a battery without"),
            *("2: a battery without capacity must have no discharge", "SoC must change by .0.0000"),
            "re-simulated",
        ),
    ),
    "charge limit": (
        _set_request("battery", "max_charge_w", 1998),
        ("interval 0: charge must be at most 1998",),
    ),
    "charge limit of 0": (
        _set_request("battery", "max_charge_w", 0),
        ("interval 0: charge must be at most 0", "interval 1: charge must be at most 0"),
    ),
    "discharge limit": (
        _set_request("battery", "max_discharge_w", 2498),
        ("interval 2: discharge must be at most 2498",),
    ),
    "import limit": (
        _set_request("grid", "max_import_w", 2298),
        ("interval 0: grid_import must be at most 2298",),
    ),
    "import limit under the net load": (
        _set_request("grid", "max_import_w", 0),
        ("interval 0: grid_import must be at most 300",),
    ),
    "export limit": (
        _set_request("grid", "max_export_w", 1498),
        ("1: grid_export must be at most 1498", "2: grid_export must be at most 1498"),
    ),
    "export limit under a surplus that must leave": (
        _all(NO_CURTAILMENT, _set_request("grid", "max_export_w", 1000)),
        (
            *("2: grid_export must be at most 1000", "1: solar_curtailed must be at most 0"),
            "(baseline_cost|savings) must be",
        ),
    ),
    "curtailed although forbidden": (
        NO_CURTAILMENT,
        ("1: solar_curtailed must be at most 0", "baseline_cost must be", "savings must be"),
    ),
    "curtailed more than there is": (
        _add(2, solar_curtailed=1.5),
        ("2: solar_curtailed must be at most 0", "power balance", "flows from solar"),
    ),
    "import and export at once": (
        SOLAR_THROUGH_THE_METER,
        ("interval 0: grid_import and grid_export must not coincide", "^summary: "),
    ),
    "charge and discharge at once": (
        SOLAR_THROUGH_THE_BATTERY,
        ("interval 1: charge and discharge must not coincide", "^summary: ", "SoC"),
    ),
    "battery export forbidden": (
        NO_BATTERY_EXPORT,
        ("interval 2: the battery must not export, got 1500",),
    ),
    "battery export told only": (
        _all(NO_BATTERY_EXPORT, _add(1, battery_export=1.5)),
        ("1: the battery must not export, got 1.500 W told, 0.000", "2: the battery", "1: flows"),
    ),
    "battery export told as solar": (
        _all(EXPORT_TOLD_AS_SOLAR, NO_BATTERY_EXPORT),
        ("2: the battery must not export, got 0.000 W told, 1000.000 W metered", "^summary: "),
    ),
    "grid charge forbidden": (
        NO_GRID_CHARGE,
        ("interval 0: the grid must not charge the battery, got 2000",),
    ),
    "grid charge told only": (
        _all(NO_GRID_CHARGE, _add(1, grid_to_battery=1.5)),
        ("1: the grid must not charge .* got 1.500 W told, 0.000", "0: the grid", "1: flows"),
    ),
    "grid charge told as solar": (
        _all(GRID_CHARGE_TOLD_AS_SOLAR, NO_GRID_CHARGE),
        ("0: the grid must not charge .* got 0.000 W told, 2000.000 W metered", "^summary: "),
    ),
    "self-consumption": (
        _self_consumption,
        ("interval 0: the grid must not charge", "interval 2: the battery must not export"),
    ),
    "stamp without offset": (
        _set_at("timestamps", 1, "2026-01-05T01:00:00"),
        ("interval 1: timestamp .* with an offset, got '2026-01-05T01:00:00'",),
    ),
    "stamp that is no date": (
        _set_at("timestamps", 0, "soon"),
        ("interval 0: timestamp .*'soon'",),
    ),
    "stamp that is a number": (_set_at("timestamps", 2, 1767), ("interval 2: timestamp .* 1767",)),
    "stamp a second late": (
        _set_at("timestamps", 2, "2026-01-05T01:30:01+11:00"),
        ("interval 1: timestamps must be 0:30:00 apart, got 0:30:01",),
    ),
    "stamp a second early": (
        _set_at("timestamps", 2, "2026-01-05T01:29:59+11:00"),
        ("interval 1: timestamps must be 0:30:00 apart, got 0:29:59",),
    ),
    "stamps that step in local time only": (
        _set_at("timestamps", 2, "2026-01-05T01:30:00+10:00"),
        ("interval 1: timestamps must be 0:30:00 apart, got 1:30:00",),
    ),
    "charge told as idle": (
        _set_at("action", 0, "idle"),
        ("interval 0: action must be charge, got 'idle'",),
    ),
    "export told as consume": (
        _set_at("action", 2, "consume"),
        ("interval 2: action must be export, got 'consume'",),
    ),
    "unknown action": (
        _set_at("action", 2, "discharge"),
        ("interval 2: action must be export, got 'discharge'",),
    ),
    "consume told as export": (
        _add(2, discharge=-500, battery_export=-500, grid_export=-500),
        ("2: action must be consume, got 'export'", "^summary: ", "SoC"),
    ),
    "trickle told as export": (
        _all(
            _add(2, discharge=-2490, battery_export=-1500, battery_consume=-990),
            _add(2, grid_export=-1500, grid_import=990, grid_to_load=990),
        ),
        ("2: action must be idle, got 'export'", "^summary: ", "SoC"),
    ),
    "trickle told as charge": (
        _add(1, charge=-990, solar_to_battery=-990, solar_curtailed=990),
        ("1: action must be idle, got 'charge'", "^summary: ", "SoC"),
    ),
}

# Sound although something unusual happens.
VARIANTS: dict[str, Change] = {
    "solar charge hidden from the client": HIDDEN_SOLAR_CHARGE,
    "hidden charge told as idle": _all(HIDDEN_SOLAR_CHARGE, _set_at("action", 1, "idle")),
    "no limits at the meter but the export's": _set_request("grid", "max_import_w", None),
    "start under the reserve, regained": _all(
        _set_request("battery", "backup_reserve", 0.6),
        _set_request("battery", "current_soc", LAST_SOC),
        _set("schedule", "soc_trajectory", [LAST_SOC, LAST_SOC + 0.18, LAST_SOC + 0.225, LAST_SOC]),
        _set_request("battery", "discharge_efficiency", 0.25 / 0.225),
    ),
    "no reserve": _set_request("battery", "backup_reserve", None),
    "average within its tolerance": _set("summary", "average_import_price", 0.10009),
    "start above the most": _set_request("battery", "max_soc", 0.725),
    "round trip split by its root": _all(
        _set_request("battery", "round_trip_efficiency", 0.81),
        _set_request("battery", "efficiency", 0.5),
    ),
    "each leg its own efficiency": _all(
        _set_request("battery", "charge_efficiency", 0.9),
        _set_request("battery", "discharge_efficiency", 0.9),
        _set_request("battery", "round_trip_efficiency", 0.5),
    ),
    "efficiency by default": _set_request("battery", "efficiency", None),
    "interval lengths of one kind": _all(
        lambda request, _: request.update(interval_minutes=60),
        _set("schedule", "timestamps", [f"2026-01-05T0{hour}:00:00Z" for hour in range(3)]),
        _set("schedule", "soc_trajectory", [0.5, 0.68, 0.77, LAST_SOC + 0.045]),
        lambda _, reply: reply["summary"].update(
            total_cost=-0.58,
            baseline_cost=0.37,
            savings=0.95,
            total_export_kwh=3.0,
            total_charge_kwh=3.0,
            total_solar_consumed_kwh=2.2,
            total_solar_exported_kwh=1.5,
            average_export_price=0.27,
        ),
    ),
    "clocks go back": _set(
        "schedule",
        "timestamps",
        ["2026-04-05T01:30:00+11:00", "2026-04-05T02:30:00+11:00", "2026-04-05T02:00:00+10:00"],
    ),
    "powers a watt off": _add(1, solar_curtailed=0.9),
}


def test_a_sound_reply_breaks_no_rule(request_body: Body, reply: Body) -> None:
    assert violations(request_body, reply) == []


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS.keys())
def test_an_unusual_but_sound_reply_breaks_no_rule(
    change: Change, request_body: Body, reply: Body
) -> None:
    change(request_body, reply)

    assert violations(request_body, reply) == []


@pytest.mark.parametrize(("change", "patterns"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_broken_rule_is_told_and_nothing_else(
    change: Change, patterns: tuple[str, ...], request_body: Body, reply: Body
) -> None:
    change(request_body, reply)

    sentences = violations(request_body, reply)

    assert _told_exactly(sentences, patterns), sentences


@pytest.mark.parametrize("name", sorted(_schedule()))
def test_a_missing_array_is_told(name: str, request_body: Body, reply: Body) -> None:
    del reply["schedule"][name]

    assert violations(request_body, reply) == [f"{name}: must be a list, got None"]


@pytest.mark.parametrize("name", sorted(name for name in _schedule() if name.endswith("_w")))
def test_a_negative_power_is_told(name: str, request_body: Body, reply: Body) -> None:
    t = reply["schedule"][name].index(0.0)
    reply["schedule"][name][t] = -0.01

    sentences = violations(request_body, reply)

    assert sentences == [f"interval {t}: {name} must not be negative, got -0.01 W"]


@pytest.mark.parametrize("wrong", [0.002, -0.002])
@pytest.mark.parametrize("name", sorted(_summary()))
def test_a_wrong_total_is_told(name: str, wrong: float, request_body: Body, reply: Body) -> None:
    reply["summary"][name] += wrong

    sentences = violations(request_body, reply)

    assert _told_exactly(sentences, (f"^summary: {name} must be .*, got",))


@pytest.mark.parametrize("value", [None, math.nan, "0.4"])
@pytest.mark.parametrize("name", sorted(_summary()))
def test_a_total_that_is_no_number_is_told(
    name: str, value: object, request_body: Body, reply: Body
) -> None:
    reply["summary"][name] = value

    sentences = violations(request_body, reply)

    assert sentences == [f"summary: {name} must be a finite number, got {value!r}"]


@pytest.mark.parametrize("name", ["total_cost", "baseline_cost", "savings"])
def test_money_is_held_to_a_hundredth_of_a_cent(name: str, request_body: Body, reply: Body) -> None:
    reply["summary"][name] += 0.0002

    assert _told_exactly(violations(request_body, reply), (f"^summary: {name} must be",))


@pytest.mark.parametrize("change", [SOLAR_THROUGH_THE_METER, SOLAR_THROUGH_THE_BATTERY])
def test_simultaneous_flows_pass_where_a_relaxation_is_judged(
    change: Change, request_body: Body, reply: Body
) -> None:
    change(request_body, reply)

    sentences = violations(request_body, reply, exclusive=False)

    assert _told_exactly(sentences, ("^summary: ",)) or _told_exactly(
        sentences, ("^summary: ", "SoC")
    )


def test_a_free_price_lets_self_consumption_charge_from_the_grid(
    request_body: Body, reply: Body
) -> None:
    _self_consumption(request_body, reply)
    request_body["prices_import"][0] = 0.0

    sentences = violations(request_body, reply)

    assert _told_exactly(sentences, ("the battery must not export", "^summary: "))


def test_solar_may_be_curtailed_for_a_paid_import(request_body: Body, reply: Body) -> None:
    NO_GRID_CHARGE(request_body, reply)
    _add(1, solar_curtailed=3500, solar_to_load=-1000, solar_to_grid=-1500)(request_body, reply)
    _add(1, solar_to_battery=-1000, charge=-1000, grid_export=-1500)(request_body, reply)
    _add(1, grid_import=1000, grid_to_load=1000)(request_body, reply)
    reply["schedule"]["action"][1] = "idle"

    sentences = violations(request_body, reply)

    assert _told_exactly(sentences, ("interval 0: the grid must not charge", "^summary: ", "SoC"))


def test_an_absent_battery_keeps_its_state_of_charge(request_body: Body, reply: Body) -> None:
    request_body["battery"]["capacity_wh"] = 0

    assert simulate_soc(request_body, reply) == [0.5] * 4


def test_averages_are_zero_where_nothing_is_traded(request_body: Body, reply: Body) -> None:
    for name in ("grid_import_w", "grid_export_w"):
        reply["schedule"][name] = [0.0, 0.0, 0.0]

    sentences = violations(request_body, reply)

    assert any("average_import_price must be 0.000000" in sentence for sentence in sentences)
    assert any("average_export_price must be 0.000000" in sentence for sentence in sentences)


def test_averages_of_little_trade_are_held_less_tightly(request_body: Body, reply: Body) -> None:
    reply["schedule"]["grid_export_w"] = [0.0, 100.0, 0.0]
    reply["summary"]["average_export_price"] = 0.041

    sentences = violations(request_body, reply)

    assert not any("average_export_price" in sentence for sentence in sentences)


def test_the_bill_is_import_cost_less_export_reward(request_body: Body, reply: Body) -> None:
    assert bill(request_body, reply) == pytest.approx(0.23 - 0.03 - 0.75)


def test_the_baseline_exports_every_surplus_that_may_leave(request_body: Body) -> None:
    capped = baseline_bill(request_body)
    request_body["grid"]["curtailment"] = False
    forced = baseline_bill(request_body)

    assert capped == pytest.approx(0.03 - 0.75 * 0.04 + 0.40)
    assert forced == pytest.approx(0.03 - 1.50 * 0.04 + 0.40)


def test_simulation_follows_the_powers(request_body: Body, reply: Body) -> None:
    assert simulate_soc(request_body, reply) == pytest.approx([0.5, 0.68, 0.725, LAST_SOC])
