"""The checkers judged: silent on sound replies, and no rule of theirs that cannot fail.

Each line of `cases.jsonl` changes a request or a reply of `sound` and gives regular expressions of
what is told: each finds a sentence, and no sentence is left over.
"""

import math
import re
from copy import deepcopy
from pathlib import Path

import pytest

from tests.changes import cases_of, changed
from tests.reference import ev_violations, multi_battery_violations, sound, violations

JUDGES = {
    **dict.fromkeys(("three", "plain", "with_demand", "with_allowance", "clipped"), violations),
    **dict.fromkeys(("alone", "at_home", "giving", "two"), ev_violations),
    "fleet": multi_battery_violations,
}
CASES = cases_of(Path(__file__).with_name("cases.jsonl"))
FOLLOWS = ("meter: ", "home: ", "export by what")
"""What one power of a vehicle breaks at the meter and at home: not what is tested."""


def judged(of, request=(), reply=(), **options):
    """Sentences about a sound reply, changed."""
    before, after = getattr(sound, of)()
    changes = dict(reply)
    after = changed(after, changes)
    is_about_a_vehicle = any(path.startswith("ev_schedules.0.") for path in changes)
    if is_about_a_vehicle and "schedule" in after:  # the only vehicle's plan is told twice
        first = after["ev_schedules"][0]
        after |= {name: deepcopy(first[name]) for name in ("vehicle_id", "schedule", "summary")}
    sentences = JUDGES[of](changed(before, dict(request)), after, **options)
    return sentences, is_about_a_vehicle


def told_exactly(sentences, patterns):
    """Whether each pattern finds a sentence, and each sentence is found."""
    is_each_found = all(any(re.search(p, sentence) for sentence in sentences) for p in patterns)
    is_each_meant = all(any(re.search(p, sentence) for p in patterns) for sentence in sentences)
    return is_each_found and is_each_meant


@pytest.mark.parametrize("of", JUDGES)
def test_a_sound_reply_breaks_no_rule(of):
    assert judged(of)[0] == []


@pytest.mark.parametrize("case", CASES, ids=[f"{case['of']}: {case['name']}" for case in CASES])
def test_what_is_broken_is_told_and_nothing_else(case):
    sentences, is_about_a_vehicle = judged(
        case["of"], case.get("request", {}), case.get("reply", {})
    )
    if is_about_a_vehicle:
        sentences = [
            each
            for each in sentences
            if not each.startswith(FOLLOWS) or any(re.search(p, each) for p in case["told"])
        ]

    assert told_exactly(sentences, case["told"]), sentences


TOTALS = [
    (of, section, name)
    for of, section in (("three", "summary"), ("alone", "bill"), ("fleet", "summary"))
    for name in sorted(getattr(sound, of)()[1][section])
]


@pytest.mark.parametrize("wrong", [0.002, -0.002])
@pytest.mark.parametrize(("of", "section", "name"), TOTALS)
def test_a_wrong_total_is_told(of, section, name, wrong):
    value = getattr(sound, of)()[1][section][name]

    sentences, _ = judged(of, reply={f"{section}.{name}": value + wrong})

    told_as = "savings" if (of, name) == ("alone", "baseline_cost") else name
    assert told_exactly(sentences, [f"^{section}: {told_as} must be .*, got"])


@pytest.mark.parametrize("value", [None, math.nan, "0.4"])
@pytest.mark.parametrize("name", sorted(sound.three()[1]["summary"]))
def test_a_total_that_is_no_number_is_told(name, value):
    sentences, _ = judged("three", reply={f"summary.{name}": value})

    assert sentences == [f"summary: {name} must be a finite number, got {value!r}"]


@pytest.mark.parametrize("name", ["total_cost", "baseline_cost", "savings"])
def test_money_is_held_to_a_hundredth_of_a_cent(name):
    value = sound.three()[1]["summary"][name]

    sentences, _ = judged("three", reply={f"summary.{name}": value + 0.0002})

    assert told_exactly(sentences, [f"^summary: {name} must be"])


@pytest.mark.parametrize("name", sorted(sound.three()[1]["schedule"]))
def test_an_array_that_is_missing_or_negative_is_told(name):
    sentences, _ = judged("three", reply={f"schedule.{name}": "$missing"})

    assert sentences == [f"{name}: must be a list, got None"]
    if name.endswith("_w"):
        t = sound.three()[1]["schedule"][name].index(0.0)
        sentences, _ = judged("three", reply={f"schedule.{name}.{t}": -0.01})
        assert sentences == [f"interval {t}: {name} must not be negative, got -0.01 W"]


@pytest.mark.parametrize("name", ["import and export at once", "charge and discharge at once"])
def test_simultaneous_flows_pass_where_a_relaxation_is_judged(name):
    (case,) = (case for case in CASES if case["name"] == name)

    sentences, _ = judged("three", case.get("request", {}), case["reply"], exclusive=False)

    assert sentences
    assert all(re.search("^summary: |SoC", sentence) for sentence in sentences)


def test_averages_are_zero_where_nothing_is_traded():
    sentences, _ = judged(
        "three",
        reply={f"schedule.grid_{way}_w": [0.0, 0.0, 0.0] for way in ("import", "export")},
    )

    for way in ("import", "export"):
        assert any(f"average_{way}_price must be 0.000000" in sentence for sentence in sentences)


NOTHING = {"total_cost": 0.0, "average_price": 0.0, "average_cost": 0.0}

# Nothing is said of what these patterns match.
SILENCES = [
    (
        "averages of little trade are held less tightly",
        "three",
        {},
        {"schedule.grid_export_w": [0.0, 100.0, 0.0], "summary.average_export_price": 0.041},
        "average_export_price",
    ),
    (
        "a free price lets self-consumption charge from the grid",
        "fleet",
        {"cost_function": "self_consumption", "prices_import.2": 0.0},
        {},
        "grid.*charge",
    ),
    (
        "batteries without any capacity have no mean",
        "fleet",
        {"batteries.0.capacity_wh": 0, "batteries.1.capacity_wh": 0},
        {},
        "aggregated SoC",
    ),
    (
        "the cost of a vehicle that gives is not recomputed",
        "alone",
        {"ev.max_discharge_kw": 1},
        {
            "ev_schedules.0.schedule.discharge_power_w.2": 500,
            "ev_schedules.0.summary.total_cost": 0.75,
            "ev_schedules.0.summary.average_cost": 0.1,
            "ev_schedules.0.summary.average_price": 0.15,
        },
        "total_cost|average_",
    ),
    (
        "a start above the most state of charge may stay",
        "two",
        {"evs.1.max_soc": 0.4},
        {"ev_schedules.1": sound.told_of("guest", [0, 0, 0], [0.5] * 4, **NOTHING)},
        "guest",
    ),
    (
        "clipped solar may charge a battery that the grid may not",
        "clipped",
        {
            "battery.can_charge_from_grid": False,
            "hybrid.ac_limit_w": 500,
            "load_forecast.0": 1000,
        },
        {
            **{f"schedule.{name}_w.0": 2500 for name in ("charge", "solar_to_battery")},
            **{f"schedule.{name}_w.0": 500 for name in ("solar_to_load", "grid_to_load")},
            **{f"schedule.{name}_w.0": 0 for name in ("grid_export", "solar_to_grid")},
            "schedule.grid_import_w.0": 500,
            "schedule.solar_curtailed_w.0": 0,
        },
        "interval 0: (?!SoC must change)",
    ),
]


@pytest.mark.parametrize(
    ("of", "request_changes", "reply_changes", "silence"),
    [case[1:] for case in SILENCES],
    ids=[case[0] for case in SILENCES],
)
def test_nothing_is_said_of(of, request_changes, reply_changes, silence):
    sentences, _ = judged(of, request_changes, reply_changes)

    assert not [sentence for sentence in sentences if re.search(silence, sentence)]


def test_a_vehicle_that_takes_nothing_has_no_average_price():
    averages = {"average_price": 0.1, "average_cost": 0.2}
    idle = sound.told_of("guest", [0, 0, 0], [0.5] * 4, total_cost=0.0, **averages)

    sentences, _ = judged("two", reply={"ev_schedules.1": idle})

    of_guest = [each for each in sentences if "guest" in each]
    assert of_guest == [
        "vehicle 'guest': summary: average_cost must be 0.000000, got 0.2",
        "vehicle 'guest': summary: average_price must be 0.000000, got 0.1",
    ]


def test_a_home_battery_that_may_not_export_is_told():
    schedule = {"discharge_w": 700, "battery_export_w": 700, "solar_to_grid_w": 2500}
    changes = {f"home.schedule.{name}.0": power for name, power in schedule.items()}
    changes |= {f"{place}.grid_export_w.0": 3200 for place in ("home.schedule", "meter")}

    sentences, _ = judged("at_home", {"home_battery.can_export_to_grid": False}, changes)

    assert "home: interval 0: battery_export must be at most 0.000 W, got 700.000 W" in sentences
    assert any("0: export by what may export must be at most 3000" in each for each in sentences)
