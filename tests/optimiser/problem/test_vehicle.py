"""When a vehicle is away, when it stays, and whether its target is due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import Horizon, Vehicle

SYDNEY = ZoneInfo("Australia/Sydney")
HORIZON = Horizon(start=datetime(2026, 4, 4, 22, tzinfo=SYDNEY), hours=np.ones(8))
"""Over the night in which the clocks go back."""

HOUR = st.integers(-12, 12) | st.sampled_from([-1e-7, 1e-7, 8 - 1e-7, 8 + 1e-7, 0, 8])


def at(hours):
    return (HORIZON.start.astimezone(ZoneInfo("UTC")) + timedelta(hours=hours)).astimezone(SYDNEY)


def a_vehicle(**fields):
    return Vehicle(**{"capacity": 60.0, "charge_limit": 7.0, "initial_soc": 0.5, **fields})


@given(arrival=st.none() | HOUR, departure=st.none() | HOUR, target=st.none() | st.just(0.8))
def test_a_target_is_due_where_the_vehicle_leaves_within_the_horizon(arrival, departure, target):
    vehicle = a_vehicle(
        arrival=None if arrival is None else at(arrival),
        departure=None if departure is None else at(departure),
        target_soc=target,
    )
    comes = -99.0 if arrival is None else round(3600 * arrival) / 3600
    leaves = None if departure is None else round(3600 * departure) / 3600

    assert vehicle.has_left(HORIZON) is (leaves is not None and leaves <= 0)
    assert vehicle.is_away(HORIZON) is (comes >= 8 or (leaves is not None and leaves <= 0))
    assert vehicle.stays(HORIZON) is (leaves is None or leaves > 8)
    is_near = leaves is None or 0 < leaves <= 8
    assert vehicle.is_due(HORIZON) is (target is not None and comes < 8 and is_near)


@pytest.mark.parametrize(
    ("fields", "is_free"),
    [
        ({}, True),
        ({"target_soc": 0.5}, True),
        ({"target_soc": 0.0}, True),
        ({"target_soc": 0.51}, False),
        ({"discharge_limit": 7.0}, False),
    ],
)
def test_a_vehicle_takes_only_what_is_free_where_nothing_is_wanted(fields, is_free):
    assert a_vehicle(**fields).takes_only_free_energy is is_free
