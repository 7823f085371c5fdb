"""The examples that the project ships: planned without a word of complaint."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.days import SCENARIOS
from tests.end_to_end import plan_of
from tests.end_to_end.contract import charging_of, fleet_of

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = [FOLDER / f"{name}.json" for name in (*SCENARIOS, "demand_charge")]
"""Bodies of `/optimize`."""

# Prices that make the linear programme a mere relaxation; only how good the plan is may differ.
HARD = {"negative_midday", "export_above_import"}

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_bytes())


def test_every_example_is_planned_by_one_of_these_tests():
    others = {"two_vehicles", "several_batteries"}

    assert {path.stem for path in FOLDER.glob("*.json")} == {p.stem for p in EXAMPLES} | others


async def test_two_vehicles_reach_their_targets_in_time(client):
    request = read("two_vehicles")

    reply = await charging_of(client, request)

    assert (reply["status"], reply["warnings"], reply["shortfall_kwh"]) == ("optimal", [], 0)
    for car, charging in zip(request["evs"], reply["ev_schedules"], strict=True):
        assert charging["vehicle_id"] == car["vehicle_id"]
        assert charging["summary"]["final_soc"] >= car["target_soc"] - 1e-6


async def test_several_batteries_are_planned_as_one_site(client):
    request = read("several_batteries")

    reply = await fleet_of(client, request)

    assert (reply["status"], reply["warnings"]) == ("optimal", [])
    assert list(reply["batteries"]) == [battery["id"] for battery in request["batteries"]]
    assert all(battery["metrics"]["discharge_kwh"] > 0 for battery in reply["batteries"].values())


async def test_a_demand_charge_keeps_the_peak_down(client):
    request = read("demand_charge")
    free = {key: value for key, value in request.items() if key != "demand_charges"}

    charged, plain = await plan_of(client, request), await plan_of(client, free)

    assert charged["summary"]["demand_peaks"][0]["peak_kw"] <= 1.5 + 1e-6
    assert charged["summary"]["savings"] > plain["summary"]["savings"] + 10.0


@every_example
async def test_an_example_is_planned_and_nothing_was_mended(client, path):
    request = json.loads(path.read_bytes())

    reply = await plan_of(client, request)

    assert reply["warnings"] == []
    assert reply["cost_function"] == request["cost_function"]
    if path.stem in HARD:
        assert not reply["status"].startswith("heuristic")
    else:
        assert reply["status"] == "optimal"


@every_example
async def test_an_example_gets_n_powers_and_n_plus_one_states(client, path):
    request = json.loads(path.read_bytes())
    n = len(request["prices_import"])

    schedule = (await plan_of(client, request))["schedule"]

    lengths = {name: len(values) for name, values in schedule.items()}
    assert lengths.pop("soc_trajectory") == n + 1
    assert set(lengths.values()) == {n}
    assert schedule["timestamps"][0] == request["start_time"]


@every_example
async def test_the_next_actions_of_an_example_follow_each_other(client, path):
    request = json.loads(path.read_bytes())

    reply = await plan_of(client, request)

    actions, schedule = reply["next_actions"], reply["schedule"]
    assert 1 <= len(actions) <= 12
    assert actions[0]["start"] == schedule["timestamps"][0]
    assert all(before["end"] == after["start"] for before, after in pairwise(actions))
    assert all(before["action"] != after["action"] for before, after in pairwise(actions))
    stamps = [datetime.fromisoformat(stamp) for stamp in schedule["timestamps"]]
    for run in actions:
        begins, ends = (datetime.fromisoformat(run[name]) for name in ("start", "end"))
        inside = [t for t, stamp in enumerate(stamps) if begins <= stamp < ends]
        assert {schedule["action"][t] for t in inside} == {run["action"]}
        assert run["soc_end"] == schedule["soc_trajectory"][inside[-1] + 1]


@every_example
async def test_the_plan_of_an_example_beats_the_idle_battery(client, path):
    request = json.loads(path.read_bytes())

    reply = await plan_of(client, request)

    certificate = reply["certificate"]
    assert certificate["lower_bound"] is not None
    assert certificate["gap"] >= -1e-6
    assert (certificate["primal_residual"] or 0.0) <= 1e-6  # none without a linear programme
    if request["cost_function"] == "profit":  # nothing but the bill counts
        assert reply["summary"]["savings"] >= -1e-6
