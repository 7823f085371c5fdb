"""A battery that nobody commands."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.settings.home import InverterSettings, MeterSettings, SolarSettings
from server.telling.intervals import Interval
from server.telling.outlook import plain_imports
from server.telling.self_consumption import Storage, house_powers, through_inverter
from tests.telling import NOW, plan_of

STORAGE = Storage(10000.0, 5000.0, 4000.0, 0.9)
HOME = plan_of("dynamic_day")[2]
HOUR = timedelta(hours=1)


@given(st.floats(-9000, 9000), st.floats(0, 1), st.floats(0.05, 2.0))
def test_a_battery_stays_within_its_limits_and_its_energy(surplus, soc, hours):
    power = STORAGE.power(surplus, soc, hours)

    assert -4000.0 <= power <= 5000.0
    assert power * surplus >= 0.0
    assert abs(power) <= abs(surplus)
    assert -1e-9 <= soc + hours * STORAGE.gain(power) <= 1.0 + 1e-9


@given(st.floats(-20000, 20000), st.floats(0, 1), st.floats(0, 1))
def test_batteries_side_by_side_share_what_the_house_leaves(surplus, first, second):
    powers = house_powers([STORAGE, STORAGE], [first, second], surplus, 1.0)

    alone = [STORAGE.power(surplus, soc, 1.0) for soc in (first, second)]
    assert sum(powers) == pytest.approx(
        min(surplus, sum(alone)) if surplus > 0 else max(surplus, sum(alone)), abs=1e-6
    )
    for power, most in zip(powers, alone, strict=True):
        assert abs(power) <= abs(most) + 1e-9


@pytest.mark.parametrize(
    ("power", "solar", "is_dc_coupled", "passed"),
    [
        (-5000.0, 0.0, True, -3000.0),
        (-5000.0, 2000.0, True, -1000.0),
        (-5000.0, 4000.0, True, 0.0),
        (-5000.0, 2000.0, False, -3000.0),
        (5000.0, 4000.0, True, 5000.0),
        (5000.0, 0.0, True, 3000.0),
    ],
)
def test_a_hybrid_inverter_has_solar_and_battery_behind_one_limit(
    power, solar, is_dc_coupled, passed
):
    inverter = InverterSettings(ac_limit_kw=3.0, dc_coupled_solar=is_dc_coupled)

    assert through_inverter(power, solar, inverter) == passed
    assert through_inverter(power, solar, None) == power


def day(*surpluses, soc=0.5):
    return [
        Interval(
            NOW + t * HOUR,
            NOW + (t + 1) * HOUR,
            max(surplus, 0.0),
            surplus,
            0.0,
            0.0,
            (0.0,),
            (soc,),
            (soc,),
        )
        for t, surplus in enumerate(surpluses)
    ]


def test_plain_self_consumption_keeps_the_reserve_and_what_is_below_it():
    deficits = [-1000.0] * 12

    from_half = plain_imports(day(*deficits), HOME, [0.1] * 12)
    from_below = plain_imports(day(*deficits, soc=0.1), HOME, [0.1] * 12)

    kept = 12.0 - 0.3 * 13.5 * 0.9
    assert sum(from_half) / 1000.0 == pytest.approx(kept)
    assert from_below == [-power for power in deficits]


@pytest.mark.parametrize(
    ("changes", "reward", "net"),
    [
        ({}, 0.1, -8000.0),
        ({"meter": MeterSettings(max_export_kw=5.0)}, 0.1, -5000.0),
        ({"solar": SolarSettings(may_curtail=True)}, 0.1, -8000.0),
        ({"solar": SolarSettings(may_curtail=True)}, -0.1, 0.0),
        ({}, -0.1, -8000.0),
    ],
)
def test_what_is_left_goes_to_the_grid_as_far_as_it_may(changes, reward, net):
    (power,) = plain_imports(day(8000.0, soc=1.0), replace(HOME, **changes), [reward])

    assert power == net
