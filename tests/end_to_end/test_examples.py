"""The examples that the project ships: planned without a word of complaint."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.end_to_end import plan_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))
# Prices that make the linear programme a mere relaxation; only how good the plan is may differ.
HARD = {"negative_midday", "export_above_import"}

pytestmark = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


async def test_an_example_is_planned_and_nothing_was_mended(client, path):
    request = json.loads(path.read_bytes())

    reply = await plan_of(client, request)

    assert reply["warnings"] == []
    assert reply["cost_function"] == request["cost_function"]
    if path.stem in HARD:
        assert not reply["status"].startswith("heuristic")
    else:
        assert reply["status"] == "optimal"


async def test_an_example_gets_n_powers_and_n_plus_one_states(client, path):
    request = json.loads(path.read_bytes())
    n = len(request["prices_import"])

    schedule = (await plan_of(client, request))["schedule"]

    lengths = {name: len(values) for name, values in schedule.items()}
    assert lengths.pop("soc_trajectory") == n + 1
    assert set(lengths.values()) == {n}
    assert schedule["timestamps"][0] == request["start_time"]


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


async def test_the_plan_of_an_example_beats_the_idle_battery(client, path):
    request = json.loads(path.read_bytes())

    reply = await plan_of(client, request)

    certificate = reply["certificate"]
    assert certificate["lower_bound"] is not None
    assert certificate["gap"] >= -1e-6
    assert (certificate["primal_residual"] or 0.0) <= 1e-6  # none without a linear programme
    if request["cost_function"] == "profit":  # nothing but the bill counts
        assert reply["summary"]["savings"] >= -1e-6
