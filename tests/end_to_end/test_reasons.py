"""Reasons of a thousand plans: every number in a sentence is that of the reply beside it."""

import json
import re
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.options import Options
from server.plans.planning import answer, answer_batteries, answer_vehicles
from tests.end_to_end import NOW, SYDNEY, small_request
from tests.end_to_end.contract import ev_request, fleet_request
from tests.end_to_end.requests import ev_requests, multi_battery_requests, optimize_requests
from tests.reference.sentences import sentence_violations

a_third_of_a_thousand = settings(max_examples=334)
extras = st.fixed_dictionaries(
    {
        "currency": st.sampled_from([None, "AUD", "€", "kr."]),
        "options": st.fixed_dictionaries(
            {"client_safe_charge": st.booleans(), "price_margin": st.sampled_from([0.0, 0.02])}
        ),
    },
    optional={
        "provider_config": st.just(
            {"spike_protection_enabled": True, "spike_protection_threshold": 50}
        )
    },
)


def told(plan, request):
    now = NOW.astimezone(UTC)
    return json.loads(plan(json.dumps(request).encode(), Options(zone=SYDNEY), lambda: now).body)


@a_third_of_a_thousand
@given(request=optimize_requests(), more=extras)
def test_sentences_about_a_battery_agree_with_the_reply(request, more):
    request |= more

    assert sentence_violations(request, told(answer, request)) == []


@a_third_of_a_thousand
@given(request=multi_battery_requests(), more=extras)
def test_sentences_about_batteries_agree_with_the_reply(request, more):
    request |= more

    assert sentence_violations(request, told(answer_batteries, request)) == []


@a_third_of_a_thousand
@given(request=ev_requests(), more=extras)
def test_sentences_about_vehicles_agree_with_the_reply(request, more):
    request |= more

    assert sentence_violations(request, told(answer_vehicles, request)) == []


LEAVES = (NOW + timedelta(hours=6)).isoformat()
EXAMPLES = {
    "battery": (answer, small_request()),
    "sun": (answer, small_request(solar_forecast=[3000.0] * 4 + [0.0] * 4)),
    "sale": (answer, small_request(prices_export=[0.05] * 6 + [0.6] * 2)),
    "batteries": (answer_batteries, fleet_request()),
    "vehicle": (answer_vehicles, ev_request({"departure_time": LEAVES})),
}


def actions_in(reply):
    """Every list of next actions of a reply."""
    for part in (reply, *reply.get("batteries", {}).values(), *reply.get("ev_schedules", ())):
        yield from part.get("next_actions", ())


@pytest.mark.parametrize(("plan", "request_"), EXAMPLES.values(), ids=EXAMPLES)
def test_a_number_that_is_off_by_two_digits_is_found(plan, request_):
    reply = told(plan, request_)
    assert sentence_violations(request_, reply) == []

    for action in {id(action): action for action in actions_in(reply)}.values():
        sentence = action["reason"]
        for number in re.finditer(r"\d+(?:\.\d+)?", sentence):
            digits = len(number[0].partition(".")[2])
            other = f"{float(number[0]) + 2 * 10**-digits:0{len(number[0])}.{digits}f}"
            action["reason"] = f"{sentence[: number.start()]}{other}{sentence[number.end() :]}"
            assert sentence_violations(request_, reply) != [], action["reason"]
        action["reason"] = sentence
