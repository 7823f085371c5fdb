"""A charger is off or above its least, at the least cost there is."""

import pytest

from tests.oracle.sweep import BY_NAME, examine, failures


@pytest.mark.parametrize("seed", range(8))
def test_least_power_costs_what_all_binaries_say(seed):
    found = examine("chargers, T <= 48", seed, time_limit=60.0)

    assert failures(BY_NAME["chargers, T <= 48"], [found]) == []


@pytest.mark.parametrize("seed", range(2))
def test_so_it_does_in_steps_of_ten_minutes(seed):
    found = examine("chargers, T <= 144", seed, time_limit=60.0)

    assert failures(BY_NAME["chargers, T <= 144"], [found]) == []


@pytest.mark.parametrize("first", range(0, 40, 8))
def test_several_storages_are_within_the_gap_that_they_state(first):
    name = "several, T <= 48"
    found = [examine(name, seed, time_limit=60.0) for seed in range(first, first + 8)]

    assert failures(BY_NAME[name], found) == []
