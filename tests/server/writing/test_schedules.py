"""Schedules against what the plan itself says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimiser import Horizon, plan
from optimiser.result.plan import Action
from server.writing.actions import next_actions
from server.writing.schedules import home_schedule, stamps_from_horizon
from tests.optimiser.houses import house

ZONES = (UTC, ZoneInfo("Australia/Sydney"), ZoneInfo("America/St_Johns"), timezone(timedelta(0, 7)))
SYDNEY = ZONES[1]


@given(
    start=st.datetimes(
        datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(ZONES)
    ),
    whole=st.booleans(),
    minutes=st.lists(
        st.integers(1, 2000) | st.sampled_from([0.5, 7.5, 5 / 3, 1e-4, 1e-7]),
        min_size=1,
        max_size=40,
    ),
)
@example(datetime(2026, 1, 14, 23, 59, 59, tzinfo=UTC), True, [1])
@example(datetime(9999, 12, 31, 23, 58, tzinfo=UTC), True, [1])
@example(datetime(2026, 4, 5, tzinfo=SYDNEY), True, [60] * 5)
def test_stamps_are_those_of_the_instants(start, whole, minutes):
    horizon = Horizon(
        start=start.replace(microsecond=0) if whole else start, hours=np.array(minutes) / 60
    )

    stamps = stamps_from_horizon(horizon)

    assert stamps == [instant.isoformat() for instant in horizon.instants]


@pytest.fixture(scope="module")
def planned():
    return plan(house())


@pytest.fixture(scope="module")
def schedule(planned):
    return home_schedule(planned, stamps_from_horizon(planned.site.horizon), False)


def test_powers_are_energies_per_hour_rounded(planned, schedule):
    hours = planned.site.horizon.hours
    energies = {
        "grid_import_w": planned.dispatch.grid_import,
        "grid_to_battery_w": planned.flows.grid_to_battery,
        "battery_export_w": planned.flows.battery_to_grid,
    }

    for name, energy in energies.items():
        np.testing.assert_allclose(schedule.series[name], energy / hours * 1000, atol=0.51e-4)
    assert min(min(series) for name, series in schedule.series.items() if name.endswith("_w")) >= 0


def test_the_state_of_charge_is_weighted_by_capacity(planned):
    (battery,) = planned.site.batteries
    pair = (battery, replace(battery, capacity=3 * battery.capacity))
    soc = np.array([planned.soc[0], 1 - planned.soc[0]])
    dispatch = replace(
        planned.dispatch,
        charge=np.tile(planned.dispatch.charge, (2, 1)),
        discharge=np.tile(planned.dispatch.discharge, (2, 1)),
        stored=soc[:, 1:] * np.array([[b.capacity] for b in pair]),
    )
    pair = [replace(b, initial_soc=float(s[0])) for b, s in zip(pair, soc, strict=True)]
    fleet = replace(planned, site=replace(planned.site, batteries=tuple(pair)), dispatch=dispatch)

    written = home_schedule(fleet, stamps_from_horizon(fleet.site.horizon), False)

    due = np.average(soc, axis=0, weights=[1, 3])
    np.testing.assert_allclose(written.series["soc_trajectory"], due, rtol=0, atol=0.51e-7)


def test_next_actions_are_the_first_runs_with_their_mean_power(planned, schedule):
    actions, stamps = schedule.series["action"], stamps_from_horizon(planned.site.horizon)
    runs = [(action, len([*run])) for action, run in groupby(actions)]

    next_told = next_actions(planned, slice(1), stamps, "$", schedule.actions)
    after = 0
    for (action, length), told in zip(runs, next_told, strict=False):
        first, after = after, after + length
        power = schedule.charge if action is Action.CHARGE else schedule.discharge
        assert (told.action, told.start, told.end) == (action, stamps[first], stamps[after])
        assert told.power_w == pytest.approx(np.mean(power[first:after]), abs=0.051)
        assert told.soc_end == schedule.series["soc_trajectory"][after]
    assert len(next_told) == min(len(runs), 12)


def test_a_charge_from_solar_alone_is_kept_from_a_client_that_misreads_it(planned, schedule):
    safe = home_schedule(planned, schedule.series["timestamps"] + [""], True)

    for ours, sent, grid in zip(
        safe.charge, schedule.charge, schedule.series["grid_to_battery_w"], strict=True
    ):
        assert ours == (sent if grid >= 1 else 0)
    assert safe.charge != schedule.charge
