from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import Allowance, DemandCharge, Direction, Window
from server.home.history.meters import FIVE_MINUTES, HOUR, Span, span_between
from server.home.history.peaks import (
    energy_metered,
    energy_used,
    is_hourly,
    midnight,
    peak_of,
    period_start,
)
from tests.home.meters import changes_of, utc

SYDNEY = ZoneInfo("Australia/Sydney")
MIDNIGHT = datetime(2026, 6, 1, tzinfo=SYDNEY)
FIVE = timedelta(minutes=5)


def span_of(count, length=FIVE_MINUTES):
    return Span(int(MIDNIGHT.timestamp()) // length, count, length)


def test_a_peak_is_the_highest_mean_of_a_block():
    energy = np.zeros(24)
    energy[3:9] = 0.5  # 6 kW over half an hour that lies in two blocks

    assert peak_of(DemandCharge(price=1.0), energy, span_of(24), SYDNEY) == pytest.approx(3.0)


def test_only_the_window_is_metered():
    charge = DemandCharge(price=1.0, window=Window(start=time(16), end=time(21)))
    energy = np.full(288, 0.1)
    energy[:12] = 1.0

    assert peak_of(charge, energy, span_of(288), SYDNEY) == pytest.approx(1.2)


def test_hours_give_their_own_mean():
    assert peak_of(
        DemandCharge(price=1.0), np.array([1.0, 4.0]), span_of(2, HOUR), SYDNEY
    ) == pytest.approx(4.0)


@given(st.lists(st.floats(0.0, 1.0), min_size=12, max_size=48), st.sampled_from([0.25, 0.5, 1.0]))
def test_hourly_means_never_exceed_the_peak_of_shorter_blocks(energy, length):
    energy = np.array(energy[: len(energy) // 12 * 12])
    charge = DemandCharge(price=1.0, average_hours=length)

    fine = peak_of(charge, energy, span_of(energy.size), SYDNEY)
    coarse = peak_of(
        charge, energy.reshape(-1, 12).sum(axis=1), span_of(energy.size // 12, HOUR), SYDNEY
    )

    assert coarse <= fine + 1e-9


def test_a_billing_period_begins_at_its_day():
    now = datetime(2026, 6, 10, 9, tzinfo=SYDNEY)

    assert period_start(DemandCharge(price=1.0), now, SYDNEY) == MIDNIGHT
    assert period_start(DemandCharge(price=1.0, billing_day=15), now, SYDNEY) == datetime(
        2026, 5, 15, tzinfo=SYDNEY
    )
    assert period_start(DemandCharge(price=1.0, billing_day=31), now, SYDNEY) == datetime(
        2026, 5, 31, tzinfo=SYDNEY
    )


def test_before_the_last_ten_days_half_hours_are_not_known():
    charge = DemandCharge(price=1.0)

    assert not is_hourly(charge, MIDNIGHT + timedelta(days=8), SYDNEY)
    assert is_hourly(charge, MIDNIGHT + timedelta(days=12), SYDNEY)
    hourly = DemandCharge(price=1.0, average_hours=1.0)
    assert not is_hourly(hourly, MIDNIGHT + timedelta(days=12), SYDNEY)


def test_unknown_energy_raises_no_peak():
    changes = {
        "day": changes_of(MIDNIGHT, [0.1, None, 5.0, 0.1], FIVE),
        "night": changes_of(MIDNIGHT, [0.0, 0.0, 0.0, 0.2], FIVE),
    }

    energy = energy_metered(changes, ["day", "night", "gone"], span_of(4))

    np.testing.assert_allclose(energy, [0.1, 0.0, 0.0, 0.3])
    assert energy_metered(changes, [], span_of(2)).tolist() == [0.0, 0.0]


def test_a_meter_that_is_set_right_makes_no_peak():
    changes = {"a": changes_of(MIDNIGHT, [0.1] * 50 + [4000.0], FIVE)}

    assert energy_metered(changes, ["a"], span_of(51)).max() == pytest.approx(0.1)


def test_an_allowance_counts_what_its_window_holds():
    allowance = Allowance(
        direction=Direction.IMPORT,
        price=0.0,
        daily_energy=50.0,
        window=Window(start=time(0, 30), end=time(1)),
    )

    assert energy_used(allowance, np.full(24, 0.1), span_of(24), SYDNEY) == pytest.approx(0.6)


def test_nothing_is_metered_in_the_first_minutes_of_a_day():
    span = span_between(MIDNIGHT, MIDNIGHT + timedelta(minutes=3), FIVE_MINUTES)
    allowance = Allowance(direction=Direction.IMPORT, price=0.0, daily_energy=50.0)

    assert energy_used(allowance, np.zeros(0), span, SYDNEY) == 0.0
    assert peak_of(DemandCharge(price=1.0), np.zeros(0), span, SYDNEY) == 0.0


def test_a_day_begins_at_local_midnight():
    assert midnight(utc(2026, 6, 1, 3), SYDNEY) == utc(2026, 5, 31, 14)
