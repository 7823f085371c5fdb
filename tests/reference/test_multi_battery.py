"""The checker of `/multi-battery/optimize` judged: each rule speaks when it is broken."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.reference import multi_battery_violations


def battery(battery_id, capacity, soc, **changes):
    return {
        "id": battery_id,
        "capacity_wh": capacity,
        "max_charge_w": 2000,
        "max_discharge_w": 2000,
        "current_soc": soc,
        "efficiency": 1.0,
        **changes,
    }


def planned(charge, discharge, soc, cycles):
    """A battery's plan of intervals of an hour."""
    return {
        "name": None,
        "schedule": {"charge_w": charge, "discharge_w": discharge, "soc": soc},
        "metrics": {
            "charge_kwh": sum(charge) / 1000,
            "discharge_kwh": sum(discharge) / 1000,
            "cycles": cycles,
            "final_soc": soc[-1],
        },
    }


def sound():
    """Two batteries: both from solar, both to the load, one from the grid, both into the grid."""
    request = {
        "prices_import": [0.1, 0.2, 0.3, 0.4],
        "prices_export": [0.05, 0.05, 0.05, 0.1],
        "solar_forecast": [4000, 0, 0, 0],
        "load_forecast": [1000, 1500, 1000, 1000],
        "interval_minutes": 60,
        "batteries": [battery("a", 10000, 0.5), battery("b", 5000, 0.4)],
        "grid": {},
    }
    batteries = {
        "a": planned([1000, 0, 1000, 0], [0, 1000, 0, 1500], [0.5, 0.6, 0.5, 0.6, 0.45], 0.25),
        "b": planned([500, 0, 0, 0], [0, 500, 0, 500], [0.4, 0.5, 0.4, 0.4, 0.3], 0.2),
    }
    aggregated = {
        "timestamps": [f"2026-01-05T{hour}:00:00+11:00" for hour in (12, 13, 14, 15)],
        "action": ["charge", "consume", "charge", "consume"],
        "total_charge_w": [1500, 0, 1000, 0],
        "total_discharge_w": [0, 1500, 0, 2000],
        "soc_trajectory": [7 / 15, 8.5 / 15, 7 / 15, 8 / 15, 6 / 15],
        "grid_import_w": [0, 0, 2000, 0],
        "grid_export_w": [1500, 0, 0, 1000],
        "battery_consume_w": [0, 1500, 0, 1000],
        "battery_export_w": [0, 0, 0, 1000],
        "solar_to_load_w": [1000, 0, 0, 0],
        "solar_to_battery_w": [1500, 0, 0, 0],
        "solar_to_grid_w": [1500, 0, 0, 0],
        "solar_curtailed_w": [0, 0, 0, 0],
        "grid_to_load_w": [0, 0, 1000, 0],
        "grid_to_battery_w": [0, 0, 1000, 0],
    }
    summary = {
        "total_cost": 0.425,  # 2 * 0.3 - 1.5 * 0.05 - 1 * 0.1
        "baseline_cost": 0.85,  # 1.5 * 0.2 + 0.3 + 0.4 - 3 * 0.05
        "savings": 0.425,
        "total_import_kwh": 2.0,
        "total_export_kwh": 2.5,
        "total_charge_kwh": 2.5,
        "total_discharge_kwh": 3.5,
        "average_import_price": 0.3,
        "average_export_price": 0.07,
        "total_battery_consume_kwh": 2.5,
        "total_battery_export_kwh": 1.0,
        "total_solar_consumed_kwh": 2.5,
        "total_solar_exported_kwh": 1.5,
    }
    return request, {"batteries": batteries, "aggregated": aggregated, "summary": summary}


def changed(whole, changes):
    """A copy with some entries, found by keys and indices, of other values."""
    whole = deepcopy(whole)
    for path, value in changes.items():
        inner = whole
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
    return whole


def assert_told(sentences, *texts):
    """Every text is in a sentence, and every sentence has one of the texts."""
    assert all(any(text in sentence for sentence in sentences) for text in texts), sentences
    assert all(any(text in sentence for text in texts) for sentence in sentences), sentences


A, B, ALL = ("batteries", "a"), ("batteries", "b"), "aggregated"

REPLIES = {
    "no batteries": ({("batteries",): None}, ["batteries: must be an object"]),
    "no aggregate": ({("aggregated",): []}, ["aggregated: must be an object"]),
    "no summary": ({("summary",): None}, ["summary: must be an object"]),
    "a battery too many": ({("batteries", "c"): {}}, ["batteries: must hold ['a', 'b'], got"]),
    "no battery": ({A: None}, ["batteries: a: must be an object"]),
    "no metrics": ({(*A, "metrics"): None}, ["battery 'a': metrics: must be an object"]),
    "charge too short": (
        {(*A, "schedule", "charge_w"): [0]},
        ["battery 'a': charge_w: must have 4 entries"],
    ),
    "SoC too short": (
        {(*B, "schedule", "soc"): [0.4] * 4},
        ["battery 'b': soc: must have 5 entries, got 4"],
    ),
    "discharge of text": (
        {(*B, "schedule", "discharge_w", 1): "5"},
        ["battery 'b': interval 1: discharge_w must be a finite number"],
    ),
    "no flow": ({(ALL, "grid_to_load_w"): None}, ["aggregated: grid_to_load_w: must be a list"]),
    "no total": ({(ALL, "total_charge_w"): None}, ["aggregated: total_charge_w: must be a list"]),
    "no mean": ({(ALL, "soc_trajectory"): None}, ["aggregated: soc_trajectory: must be a list"]),
    "no stamps": ({(ALL, "timestamps"): None}, ["aggregated: timestamps: must be a list"]),
    "no actions": ({(ALL, "action"): None}, ["aggregated: action: must be a list"]),
    "naive stamp": (
        {(ALL, "timestamps", 1): "2026-01-05T13:00:00"},
        ["interval 1: timestamp must be ISO 8601 with an offset"],
    ),
    "late stamp": (
        {(ALL, "timestamps", 3): "2026-01-05T15:00:01+11:00"},
        ["interval 2: timestamps must be 1:00:00 apart"],
    ),
    "wrong action": ({(ALL, "action", 3): "export"}, ["interval 3: action must be consume"]),
    "negative charge": (
        {(*A, "schedule", "charge_w", 1): -0.5},
        ["battery 'a': interval 1: charge_w must not be negative", "SoC"],
    ),
    "negative flow": (
        {(ALL, "solar_curtailed_w", 1): -0.5},
        ["aggregated: interval 1: solar_curtailed_w must not be negative"],
    ),
    "noise": ({(*B, "schedule", "charge_w", 2): 0.01}, ["battery 'b': interval 2: charge_w must"]),
    "start elsewhere": (
        {
            (*B, "schedule", "soc"): [0.41, 0.51, 0.41, 0.41, 0.31],
            (*B, "metrics", "final_soc"): 0.31,
        },
        ["battery 'b': interval 0: SoC must start at", "aggregated SoC"],
    ),
    "SoC jumps": (
        {(*A, "schedule", "soc", 2): 0.51},
        ["battery 'a': interval 1: SoC must", "battery 'a': interval 2:", "2: aggregated SoC"],
    ),
    "charge while discharging": (
        {
            (*A, "schedule", "charge_w", 1): 2,
            (*A, "schedule", "discharge_w", 1): 1002,
            (ALL, "total_charge_w", 1): 2,
            (ALL, "total_discharge_w", 1): 1502,
            (ALL, "solar_to_battery_w", 1): 2,
            (ALL, "battery_consume_w", 1): 1502,
        },
        [
            *("battery 'a': interval 1: charge and discharge must not", "metrics", "summary"),
            *("total charge and total discharge must not", "flows from solar", "flows to the load"),
        ],
    ),
    "one into the other": (
        {
            (*A, "schedule", "charge_w", 3): 500,
            (*A, "schedule", "discharge_w", 3): 0,
            (*A, "schedule", "soc", 4): 0.65,
            (ALL, "total_charge_w", 3): 500,
            (ALL, "total_discharge_w", 3): 500,
            (ALL, "soc_trajectory", 4): 8 / 15,
            (ALL, "battery_consume_w", 3): 500,
            (ALL, "battery_export_w", 3): 0,
            (ALL, "grid_export_w", 3): 0,
            (ALL, "grid_import_w", 3): 1000,
            (ALL, "grid_to_load_w", 3): 500,
            (ALL, "grid_to_battery_w", 3): 500,
            (ALL, "action", 3): "charge",
        },
        [
            "interval 3: total charge and total discharge must not coincide, got 500 W and 500 W",
            *("summary", "metrics"),
        ],
    ),
    "wrong total charge": (
        {(ALL, "total_charge_w", 0): 1502},
        ["0: total_charge_w must be the sum 1500", "power balance", "flows to the battery", "summ"],
    ),
    "wrong total discharge": (
        {(ALL, "total_discharge_w", 1): 1502},
        ["1: total_discharge_w must be the sum", "power balance", "flows from the batt", "summary"],
    ),
    "wrong mean SoC": (
        {(ALL, "soc_trajectory", 2): 0.45},
        ["interval 2: aggregated SoC at its start must be 0.4666667, got 0.45"],
    ),
    "import while exporting": (
        {
            (ALL, "grid_import_w", 1): 2,
            (ALL, "grid_export_w", 1): 2,
            (ALL, "grid_to_load_w", 1): 2,
            (ALL, "solar_to_grid_w", 1): 2,
        },
        ["1: total grid_import and total grid_export must not", "flows", "summary"],
    ),
}

REQUESTS = {
    "charge limit": (
        {("batteries", 0, "max_charge_w"): 900},
        ["battery 'a': interval 0: charge must be at most 900", "battery 'a': interval 2: charge"],
    ),
    "discharge limit": (
        {("batteries", 0, "max_discharge_w"): 1400},
        ["battery 'a': interval 3: discharge must be at most 1400"],
    ),
    "reserve": (
        {("batteries", 1, "backup_reserve"): 0.35},
        ["battery 'b': interval 4: SoC at its start must be at least 0.35"],
    ),
    "most": (
        {("batteries", 1, "max_soc"): 0.45},
        ["battery 'b': interval 1: SoC at its start must be at most 0.45"],
    ),
    "efficiency": (
        {("batteries", 0, "discharge_efficiency"): 0.5},
        ["battery 'a': interval", "battery 'a': metrics: cycles must be 0.5"],
    ),
    "no capacity": (
        {("batteries", 1, "capacity_wh"): 0},
        ["battery 'b': ", "aggregated SoC"],
    ),
    "a may not export": (
        {("batteries", 0, "can_export_to_grid"): False},
        [
            "3: discharge of batteries that may not export must be at most 1000.000 W, got 1500",
            "battery 'a': interval 3: discharge for load and export must be at most 1000",
            "interval 3: the battery must not export more than 500",
        ],
    ),
    "a may export less": (
        {("batteries", 0, "max_export_w"): 400},
        [
            "battery 'a': interval 3: discharge for load and export must be at most 1400",
            "interval 3: the battery must not export more than 900",
        ],
    ),
    "both may export less together": (
        {("batteries", 0, "max_export_w"): 600, ("batteries", 1, "max_export_w"): 300},
        ["interval 3: the battery must not export more than 900"],
    ),
    "the grid may not charge a": (
        {("batteries", 0, "can_charge_from_grid"): False},
        [
            "2: charge of batteries that the grid may not charge must be at most 0.000 W, got 1000",
            "interval 2: the grid must not charge the battery, got 1000",
        ],
    ),
    "self-consumption": (
        {("cost_function",): "self_consumption"},
        [
            "3: discharge of batteries that may not export must be at most 1000.000 W, got 2000",
            "2: charge of batteries that the grid may not charge",
            "interval 2: the grid must not charge the battery, got 1000",
            "interval 3: the battery must not export, got 1000",
            "discharge for load and export",
        ],
    ),
    "import limit": (
        {("grid", "max_import_w"): [0, 0, 1900, 0]},
        ["interval 2: grid_import must be at most 1900"],
    ),
    "export limit": (
        {("grid", "max_export_w"): [3000, 0, 0, 900]},
        ["interval 3: grid_export must be at most 900"],
    ),
    "inverter": (
        {("hybrid",): {"ac_limit_w": 1900, "dc_coupled_solar": False}},
        ["interval 3: the inverter must pass at most 1900.000 W, got 2000"],
    ),
    "demand charge": (
        {("demand_charges",): [{"price_per_kw": 1}]},
        ["total_cost must be 2.425", "baseline_cost must be 2.35", "savings", "demand_"],
    ),
    "allowance": (
        {("allowances",): [{"direction": "import", "daily_quota_kwh": 1, "bonus_price": 0}]},
        ["total_cost must be 0.125", "baseline_cost must be 0.45", "savings", "allowance_credit"],
    ),
}


def test_a_sound_reply_breaks_no_rule():
    assert multi_battery_violations(*sound()) == []


@pytest.mark.parametrize(("changes", "texts"), REPLIES.values(), ids=REPLIES)
def test_a_broken_reply_is_told(changes, texts):
    request, reply = sound()

    assert_told(multi_battery_violations(request, changed(reply, changes)), *texts)


@pytest.mark.parametrize(("changes", "texts"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_that_is_not_met_is_told(changes, texts):
    request, reply = sound()

    assert_told(multi_battery_violations(changed(request, changes), reply), *texts)


@pytest.mark.parametrize(
    "changes",
    [
        {("batteries", 1, "can_charge_from_grid"): False},
        {("batteries", 1, "can_export_to_grid"): False},
        {("batteries", 0, "max_export_w"): 500, ("batteries", 1, "max_export_w"): 500},
        {("batteries", 1, "current_soc"): 0.4, ("batteries", 1, "min_soc"): 0.3},
        {("batteries", 1, "max_soc"): 0.5},
        {("grid", "max_import_w"): 2000},
        {("hybrid",): {"ac_limit_w": 2000, "dc_coupled_solar": False}},
        {("options",): {"client_safe_charge": True}},
    ],
)
def test_a_request_that_is_met_exactly_breaks_no_rule(changes):
    request, reply = sound()

    assert multi_battery_violations(changed(request, changes), reply) == []


@pytest.mark.parametrize("metric", ["charge_kwh", "discharge_kwh", "cycles", "final_soc"])
@pytest.mark.parametrize("value", [None, 0.7])
def test_a_wrong_metric_is_told(metric, value):
    request, reply = sound()
    reply["batteries"]["a"]["metrics"][metric] = value

    assert_told(multi_battery_violations(request, reply), f"battery 'a': metrics: {metric} must")


@pytest.mark.parametrize("name", sorted(sound()[1]["summary"]))
def test_a_wrong_total_is_told(name):
    request, reply = sound()
    reply["summary"][name] += 0.002

    assert_told(multi_battery_violations(request, reply), f"summary: {name} must")


def test_a_free_price_lets_self_consumption_charge_from_the_grid():
    request, reply = sound()
    request["cost_function"] = "self_consumption"
    request["prices_import"][2] = 0.0

    sentences = multi_battery_violations(request, reply)

    assert not any("grid" in sentence and "charge" in sentence for sentence in sentences)


def test_batteries_without_any_capacity_have_no_mean():
    request, reply = sound()
    for each in request["batteries"]:
        each["capacity_wh"] = 0

    sentences = multi_battery_violations(request, reply)

    assert not any("aggregated SoC" in sentence for sentence in sentences)
