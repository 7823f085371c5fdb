"""Bytes of a request to bytes of its reply."""

import json
import math
from datetime import UTC, datetime

import msgspec
import pytest

from server.options import Options
from server.plans import planning
from server.wire.replies import EvReply, MultiBatteryReply, OptimizeReply
from tests.end_to_end import small_request
from tests.end_to_end.contract import ev_request, fleet_request

NOW = datetime(2026, 1, 14, tzinfo=UTC)
OPTIONS = Options(zone=UTC)


def clock():
    return NOW


@pytest.mark.parametrize("solar", [0.0, math.nan], ids=["JSON", "NaN"])
@pytest.mark.parametrize(
    ("request_body", "reply_type"),
    [
        (small_request(4), OptimizeReply),
        (fleet_request(n=4), MultiBatteryReply),
        (ev_request(n=4), EvReply),
    ],
)
def test_the_keys_decide_the_endpoint_also_beside_a_nan(request_body, reply_type, solar):
    body = json.dumps({**request_body, "solar_forecast": [0.0, solar, 0.0, 0.0]}).encode()

    reply = planning.optimise_any(body, OPTIONS, clock)

    assert type(reply) is reply_type
    assert [w.code for w in reply.warnings] == (["interpolated"] if math.isnan(solar) else [])


def test_the_facts_for_the_log_are_those_of_the_reply():
    answer = planning.answer(json.dumps(small_request()).encode(), OPTIONS, clock)

    reply = json.loads(answer.body)
    assert answer.log_fields["intervals"] == 8
    assert answer.log_fields["cost"] == reply["summary"]["total_cost"]
    assert answer.log_fields["solver"] == reply["solver"]
    assert answer.log_fields["warnings"] == 0


def test_a_reply_is_what_its_struct_says():
    body = json.dumps(small_request()).encode()

    sent = json.loads(planning.answer(body, OPTIONS, clock).body)

    struct = msgspec.to_builtins(planning.optimise_any(body, OPTIONS, clock))
    assert {**struct, "certificate": None} == {**sent, "certificate": None}
