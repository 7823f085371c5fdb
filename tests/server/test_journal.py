"""The journal of the last plans: bounded by bytes and by number, exact in what it keeps."""

import json
from datetime import UTC, datetime

import pytest

from benchmarks.days import synthetic_request
from server.options import Options
from server.plans import planning
from server.plans.plan_log import MOST_BYTES, MOST_CLAIMS, MOST_SCHEDULES, MOST_WAITING, Journal
from tests.end_to_end import small_request

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


def answer(request, endpoint=planning.answer):
    return endpoint(json.dumps(request).encode(), Options(zone=UTC), lambda: NOW)


@pytest.fixture(scope="module")
def small():
    return answer(small_request())


def test_a_plan_is_kept_as_it_was_sent(small):
    journal = Journal()

    journal.record(small, NOW)

    entry = journal.entry(1)
    reply = json.loads(small.body)
    assert entry.reply == small.body
    assert entry.claim.savings == reply["summary"]["savings"]
    assert entry.claim.at == "2026-11-05T12:00:00+00:00"
    assert entry.context["prices_import"] == small_request()["prices_import"]
    assert entry.why


def test_only_so_many_plans_and_claims_are_kept(small):
    journal = Journal()

    for _ in range(MOST_CLAIMS + 10):
        journal.record(small, NOW)
        journal.catch_up()

    assert len(journal.claims) == MOST_CLAIMS
    assert len(journal.numbers) == MOST_SCHEDULES
    assert journal.numbers[-1] == MOST_CLAIMS + 10
    assert journal.entry(1) is None


def test_a_stream_without_a_pause_keeps_its_first_schedules_and_its_last(small):
    journal = Journal()

    for _ in range(3 * MOST_WAITING):
        journal.record(small, NOW)

    assert journal.numbers == [*range(1, MOST_WAITING), 3 * MOST_WAITING]
    assert [claim.number for claim in journal.claims] == [*range(1, 3 * MOST_WAITING + 1)]


def test_schedules_are_bounded_by_bytes_but_the_latest_is_kept(small):
    journal = Journal(most_bytes=10)

    journal.record(small, NOW)
    journal.record(small, NOW)

    assert journal.numbers == [2]


def test_two_days_of_five_minutes_take_few_bytes():
    journal = Journal()
    journal.record(answer(synthetic_request(1)), NOW)

    assert journal.entry(1).size < MOST_BYTES / MOST_SCHEDULES


def test_self_consumption_claims_no_worth_of_stored_energy():
    """There the marginal value counts avoided imports first; it is no money."""
    worths = []
    for cost_function in ("cost", "self_consumption"):
        journal = Journal()
        journal.record(answer({**small_request(), "cost_function": cost_function}), NOW)
        worths.append(journal.entry(1).context["stored_worth"])

    assert len(worths[0]) == len(small_request()["prices_import"])
    assert worths[1] is None
