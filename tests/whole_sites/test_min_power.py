"""A charger is off or above its least, at the least cost there is."""

import pytest

from tests.whole_sites.min_power import compare


@pytest.mark.parametrize("seed", range(8))
def test_least_power_costs_what_all_binaries_say(seed):
    found = compare(seed)

    assert found.agrees
    assert found.trickles == 0


@pytest.mark.parametrize("seed", range(4))
def test_so_it_does_in_steps_of_ten_minutes(seed):
    found = compare(seed, finer=3)

    assert found.agrees
    assert found.trickles == 0
