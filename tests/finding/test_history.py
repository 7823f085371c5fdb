"""Highest powers of a battery from its statistics."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.finding.snapshot.history import BatteryMeters, meters_of, round_up
from server.home_assistant.energy import BatterySource, PowerConfig
from tests.finding import homes
from tests.finding.homes import NOW, PHASES, battery, grid
from tests.finding.test_homes import choice_of, missing_of, proposal_of

HOUR = timedelta(hours=1)
START = NOW.replace(minute=0) - 72 * HOUR


async def powers_of(home, search, **source):
    homes.add_battery(home)
    home.dashboard(grid(), battery(**source))
    found = await search()
    return [choice_of(found, f"batteries[0].{way}_kw") for way in ("charge", "discharge")]


async def test_a_signed_power_is_positive_while_discharging(home, search):
    rows = [-5000.0, -4990.0, 0.0, 3000.0, 2990.0] * 4
    home.fake.add_statistics("sensor.battery_power", START, rows, kind="mean")

    assert await powers_of(home, search, stat_rate="sensor.battery_power") == [5.0, 3.0]


async def test_an_inverted_power_is_positive_while_charging(home, search):
    rows = [-5000.0, -4990.0, 0.0, 3000.0, 2990.0] * 4
    home.fake.add_statistics("sensor.inverted", START, rows, kind="mean")
    source = {"stat_rate": "sensor.made", "power_config": {"stat_rate_inverted": "sensor.inverted"}}

    assert await powers_of(home, search, **source) == [3.0, 5.0]


async def test_two_powers_have_a_direction_each(home, search):
    for name, power in (("in", 2000.0), ("out", 6000.0)):
        home.fake.add_statistics(f"sensor.power_{name}", START, [power] * 10, kind="mean")
    config = {"stat_rate_from": "sensor.power_out", "stat_rate_to": "sensor.power_in"}

    assert await powers_of(home, search, power_config=config) == [2.0, 6.0]


async def test_five_minutes_show_more_than_hours(home, search):
    home.days_of_energy("sensor.battery_in", PHASES)
    start = NOW.replace(minute=0) - 5 * HOUR
    rows = [0.0] * 6 + [0.6] * 6
    home.fake.add_statistics("sensor.battery_in", start, rows, period="5minute")

    assert (await powers_of(home, search))[0] == 7.2


async def test_a_counter_that_moves_twice_an_hour_shows_no_power_of_five_minutes(home, search):
    home.days_of_energy("sensor.battery_in", PHASES)
    start = NOW.replace(minute=0) - 48 * HOUR
    rows = ([0.0] * 5 + [2.5]) * 2 * 20
    home.fake.add_statistics("sensor.battery_in", start, rows, period="5minute")

    assert (await powers_of(home, search))[0] == 5.0


async def test_energy_after_a_gap_is_no_power(home, search):
    home.days_of_energy("sensor.battery_in", PHASES, days=10)
    for days in (20, 18, 16):  # each the first row after two days without any
        start = NOW.replace(minute=0) - days * 24 * HOUR
        home.fake.add_statistics("sensor.battery_in", start, [40.0, 1.0])

    assert (await powers_of(home, search))[0] == 5.0


async def test_one_glitch_is_no_power(home, search):
    home.days_of_energy("sensor.battery_in", PHASES)
    home.fake.add_statistics("sensor.battery_in", START, [95.0])

    assert (await powers_of(home, search))[0] == 5.0


async def test_a_power_that_empties_a_battery_in_minutes_is_asked_for(home, search):
    homes.add_battery(home)
    home.days_of_energy("sensor.battery_in", [50.0] * 24)
    home.dashboard(grid(), battery(capacity=10.0))

    found = await search()

    assert "batteries[0].charge_kw" in missing_of(found)


async def test_powers_say_where_they_come_from(home, search):
    homes.add_battery(home)
    home.days_of_energy("sensor.battery_in", PHASES)
    home.dashboard(grid(), battery())

    proposal = proposal_of(await search(), "batteries[0].charge_kw")

    assert (proposal.value, proposal.unit) == ("5", "kW")
    assert proposal.why == "The highest power of the last weeks in the recorder, rounded up."


@pytest.mark.parametrize(
    ("config", "rates", "sign"),
    [
        (None, ("sensor.rate", "sensor.rate"), -1),
        (PowerConfig(stat_rate="sensor.own"), ("sensor.own", "sensor.own"), -1),
        (PowerConfig(stat_rate_inverted="sensor.own"), ("sensor.own", "sensor.own"), 1),
        (PowerConfig(stat_rate_from="sensor.out"), ("sensor.rate", "sensor.rate"), -1),
    ],
)
def test_the_power_of_the_owner_comes_before_the_one_made_of_it(config, rates, sign):
    source = BatterySource("out", "in", stat_rate="sensor.rate", power_config=config)

    assert meters_of(source) == BatteryMeters("in", "out", *rates, sign)


@given(st.floats(0.3, 100.0))
def test_a_power_is_rounded_up_by_little(power):
    rounded = round_up(power)

    assert rounded is not None
    assert power - 1e-5 <= rounded <= power * 1.05 + 0.1


@pytest.mark.parametrize("power", [0.0, -5.0, 0.2, 101.0, float("nan"), float("inf")])
def test_standby_and_what_no_home_has_is_no_power(power):
    assert round_up(power) is None
