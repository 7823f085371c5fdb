"""Seconds of what `make load` and `make soak` do for minutes."""

import pytest

from tests.stress.load import load
from tests.stress.siege import as_in_the_image, complaints
from tests.stress.soak import replay


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with as_in_the_image(tmp_path_factory.mktemp("load")) as running:
        yield running


def test_every_one_of_many_requests_at_once_is_answered(server):
    outcomes, _ = load(server, 4.0, 100)

    assert {outcome for _, outcome, _ in outcomes} == {"200", "503"}
    assert complaints(server.log) == []


def test_a_hundred_and_fifty_plans_leave_no_thread_or_descriptor(server):
    seen = replay(server, 150, n_intervals=48, minutes=30)

    _, _, threads, descriptors = zip(*seen[20:], strict=True)
    assert max(threads) - min(threads[-20:]) <= 1  # the thread of a back end, about to end
    assert min(threads[-20:]) == min(threads)
    assert len(set(descriptors)) == 1
