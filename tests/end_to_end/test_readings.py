"""Every row of the contract's tables of bad input: mended in the open, or refused by name.

In `readings.jsonl` `sent` is what arrives and `meant` its intended reading, by which the plan is
judged; `warnings` are code and field.  In `refusals.jsonl` an error ends with $ where it is whole.
"""

from pathlib import Path

import pytest

from tests.changes import cases_of, changed
from tests.end_to_end import plan_of, small_request, warned
from tests.end_to_end.contract import (
    EV,
    FLEET,
    HOME,
    charging_of,
    ev_request,
    fleet_of,
    fleet_request,
    refused,
)

CLEAN = {
    "home": (HOME, plan_of, small_request()),
    "ev": (EV, charging_of, ev_request(n=32)),
    "fleet": (FLEET, fleet_of, fleet_request()),
}
FOLDER = Path(__file__).parent
READINGS = cases_of(FOLDER / "readings.jsonl")
REFUSALS = cases_of(FOLDER / "refusals.jsonl")


def named(case):
    return f"{case['to']}: {case['sent']!r:.48}"


@pytest.mark.parametrize("case", READINGS, ids=named)
async def test_a_request_is_read_as_it_was_meant(client, case):
    _, judged, clean = CLEAN[case["to"]]

    reply = await judged(
        client, changed(clean, case["sent"]), changed(clean, case.get("meant", {}))
    )

    told = [f"{code} {field}" for code, field in warned(reply) if code != "unmet"]
    assert told == case["warnings"]


@pytest.mark.parametrize("case", REFUSALS, ids=named)
async def test_a_request_without_a_sane_reading_is_refused(client, case):
    path, _, clean = CLEAN[case["to"]]
    rule = case["error"]

    error = await refused(client, path, changed(clean, case["sent"]))

    assert error == rule[:-1] if rule.endswith("$") else error.startswith(rule)
    assert len(error) < 200
