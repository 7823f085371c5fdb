"""Schedules cost what the model's optimum costs, and keep every rule of the contract."""

import pytest

from tests.charge_schedule.homes import random_request
from tests.charge_schedule.replay import replay
from tests.charge_schedule.sweep import RELATIVE, answer, compare

QUICK = range(20)


@pytest.mark.parametrize("seed", QUICK)
def test_a_schedule_costs_what_the_optimum_costs(seed):
    status, over, under = compare(random_request(1000 + seed, n_steps=16))

    assert status == "Optimal"
    assert over < RELATIVE
    assert under < RELATIVE


@pytest.mark.parametrize("seed", range(6))
def test_two_days_of_quarter_hours_keep_every_rule(seed):
    request = random_request(2000 + seed, n_steps=192, n_batteries=2)

    replay(request, answer(request))
