"""Plans take no more steps than they did: a guard against slowness that no clock can disturb."""

import json

import pytest

from benchmarks import counts, problems
from optimiser import plan
from optimiser.solvers import highs


@pytest.fixture(scope="module")
def found():
    return counts.counts()


def test_no_count_exceeds_its_record(found):
    recorded = json.loads(counts.RECORDED.read_text())

    assert found.keys() == recorded.keys(), "`make counts` records them"
    assert counts.excess(found, recorded) == []


@pytest.mark.parametrize("kind", counts.KINDS)
@pytest.mark.parametrize("n_intervals", counts.SIZES)
def test_a_start_saves_two_iterations_in_three(found, kind, n_intervals):
    day = f"{kind} {n_intervals}"

    cold, started = (found[f"{day}: iterations, {how}"] for how in ("cold", "started"))

    assert started <= cold / 3


def test_a_plan_keeps_nothing(found):
    assert found["bytes kept after 100 plans"] < 100_000


def test_counting_leaves_highs_as_it_was():
    before = highs.Silent.run

    with counts.counting() as work:
        plan(problems.site(problems.CONVEX, 48))

    assert work.solves >= 1
    assert highs.Silent.run is before


def test_an_excess_is_told_in_a_sentence():
    (said,) = counts.excess({"iterations": 200}, {"iterations": 100})

    assert "at most 100" in said
    assert "got 200" in said
