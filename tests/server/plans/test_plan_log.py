"""The log of the last plans: bounded by bytes and by number, exact in what it keeps."""

import json
import zlib
from datetime import UTC, datetime

import pytest

from benchmarks.days import synthetic_request
from server.options import Options
from server.plans import planning
from server.plans.plan_log import MOST_BYTES, MOST_SUMMARIES, MOST_VIEWS, PlanLog
from tests.end_to_end import small_request


def now():
    return datetime(2026, 11, 5, 12, tzinfo=UTC)


def answer(request):
    return planning.answer(json.dumps(request).encode(), Options(zone=UTC), now)


def keep(plan_log, answered):
    plan_log.record(answered)
    plan_log.flush()


def view_of(plan_log, number=1):
    return json.loads(zlib.decompress(plan_log.view(number)))


@pytest.fixture(scope="module")
def small():
    return answer(small_request())


def test_a_plan_is_kept_as_it_was_sent(small):
    plan_log = PlanLog(now)

    keep(plan_log, small)

    view = view_of(plan_log)
    assert small.body in zlib.decompress(plan_log.view(1))
    assert view["summary"]["savings"] == json.loads(small.body)["summary"]["savings"]
    assert view["summary"]["at"] == "2026-11-05T12:00:00+00:00"
    assert view["context"]["prices_import"] == small_request()["prices_import"]


def test_only_so_many_views_and_summaries_are_kept(small):
    plan_log, last = PlanLog(now), MOST_SUMMARIES + 10

    for _ in range(last):
        keep(plan_log, small)

    assert [one.number for one in plan_log.summaries] == [*range(11, last + 1)]
    assert plan_log.numbers == [*range(last - MOST_VIEWS + 1, last + 1)]
    assert plan_log.view(1) is None


def test_views_are_bounded_by_bytes_but_the_latest_is_kept(small):
    plan_log = PlanLog(now, most_bytes=10)

    keep(plan_log, small)
    keep(plan_log, small)

    assert plan_log.numbers == [2]


def test_two_days_of_five_minutes_take_few_bytes():
    plan_log = PlanLog(now)

    keep(plan_log, answer(synthetic_request(1)))

    assert len(plan_log.view(1)) < MOST_BYTES / MOST_VIEWS


def test_under_self_consumption_stored_energy_has_no_worth_in_money():
    """There the marginal value counts avoided imports first."""
    worths = []
    for cost_function in ("cost", "self_consumption"):
        plan_log = PlanLog(now)
        keep(plan_log, answer({**small_request(), "cost_function": cost_function}))
        worths.append(view_of(plan_log)["context"]["stored_worth"])

    assert len(worths[0]) == len(small_request()["prices_import"])
    assert worths[1] is None


def test_of_plans_that_come_without_a_pause_the_last_get_views(small):
    plan_log = PlanLog(now)
    for _ in range(10):
        plan_log.record(small)

    plan_log.flush()

    assert plan_log.numbers == [8, 9, 10]
    assert [one.number for one in plan_log.summaries] == [*range(1, 11)]
