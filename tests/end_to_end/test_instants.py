"""Things begin and end when they do: inside intervals, on days of 23 and 25 hours, with a month.

Every value is worked out by hand beside its request.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.end_to_end import post

DAY, SYDNEY = "2026-03-10", "Australia/Sydney"


def hours(n, start="18:00", **changes):
    """Hours of a home that draws nothing, at 0.30 $/kWh."""
    return {
        "start_time": f"{DAY}T{start}:00+00:00",
        "timezone": "UTC",
        "interval_minutes": 60,
        "prices_import": [0.3] * n,
        "prices_export": [0.0] * n,
        "solar_forecast": [0.0] * n,
        "load_forecast": [0.0] * n,
        "cost_function": "profit",
        **changes,
    }


def car(departs=None, arrives=None, **changes):
    """A car of 60 kWh that lacks 18 kWh, which 19.565 kWh through its charger are."""
    return {
        "vehicle_id": "car",
        "battery_capacity_kwh": 60,
        "current_soc": 0.5,
        "target_soc": 0.8,
        "max_charge_kw": 11,
        "min_charge_kw": 0,
        "charger_efficiency": 0.92,
        "departure_time": departs and f"{DAY}T{departs}+00:00",
        "arrival_time": arrives and f"{DAY}T{arrives}+00:00",
        **changes,
    }


def battery(**changes):
    """A lossless battery of 10 kWh and 5 kW at its reserve."""
    return {
        "current_soc": 0.2,
        "backup_reserve": 0.2,
        "capacity_wh": 10000,
        "max_charge_w": 5000,
        "max_discharge_w": 5000,
        "efficiency": 1.0,
        **changes,
    }


async def planned(client, request):
    path = "/ev/optimize" if {"ev", "evs"} & request.keys() else "/optimize"
    status, reply = await post(client, request, path=path)
    assert status == 200, reply
    assert reply["status"] == "optimal"
    return reply


NEEDED = 18.0 / 0.92  # kWh

# Stay, minutes at the charger in each of four hours from 18:00.
STAYS = {
    "leaves within an hour": ("19:50:00", None, (60, 50, 0, 0)),
    "leaves early": ("19:05:00", None, (60, 5, 0, 0)),
    "leaves at a second": ("19:49:30", None, (60, 49.5, 0, 0)),
    "comes within an hour": (None, "18:40:00", (20, 60, 60, 60)),
    "comes and leaves": ("20:10:00", "18:40:00", (20, 60, 10, 0)),
    "comes and leaves in one hour": ("19:55:00", "19:15:00", (0, 40, 0, 0)),
    "leaves at the end of an hour": ("20:00:00", None, (60, 60, 0, 0)),
}


@pytest.mark.parametrize("name", STAYS)
async def test_a_car_is_charged_for_as_long_as_it_is_here(client, name):
    departs, arrives, here = STAYS[name]

    reply = await planned(client, hours(4, ev=car(departs, arrives)))

    possible = 11 * sum(here) / 60
    schedule, summary = reply["schedule"], reply["summary"]
    for power, command, on, minutes in zip(
        schedule["charge_power_w"], schedule["command_w"], schedule["minutes_on"], here, strict=True
    ):
        assert power <= 11000 * minutes / 60 + 0.01
        assert on <= minutes + 0.01
        assert power == pytest.approx(command * on / 60, abs=2)
    assert summary["total_energy_kwh"] == pytest.approx(min(NEEDED, possible), abs=1e-5)
    lacking = max(NEEDED - possible, 0) * 0.92
    assert reply["shortfall_kwh"] == pytest.approx(lacking, abs=1e-5)
    assert [warning["code"] for warning in reply["warnings"]] == ["unmet"] * (lacking > 0)


# Window of a demand charge, and the energy that may be drawn before it. [kWh]
CHARGES = {
    "opens within an hour": ("15:30", "18:00", 7.5),
    "opens on the hour": ("15:00", "18:00", 5.0),
    "opens late": ("15:50", "19:00", 5 + 5 * 50 / 60),
    "opens early": ("14:10", "17:30", 5 * 10 / 60),
    "opens at another minute": ("15:07", "17:00", 5 + 5 * 7 / 60),
    "crosses midnight": ("15:15", "02:00", 6.25),
}


@pytest.mark.parametrize("name", CHARGES)
async def test_a_demand_charge_is_metered_from_the_minute_that_its_window_opens(client, name):
    start, end, before = CHARGES[name]
    request = hours(
        4,
        start="14:00",
        load_forecast=[0, 0, 4000, 0],
        battery=battery(),
        demand_charges=[{"price_per_kw": 100, "start": start, "end": end, "average_minutes": 60}],
    )

    reply = await planned(client, request)

    # What the battery cannot take before, the hour of the load draws, or the window's time before.
    if before >= 4.0:
        assert reply["summary"]["demand_peaks"][0]["peak_kw"] == pytest.approx(0, abs=1e-6)
        assert reply["summary"]["total_cost"] == pytest.approx(4 * 0.3, abs=1e-5)
        assert sum(reply["schedule"]["grid_import_w"][:2]) == pytest.approx(4000, abs=0.1)
    else:
        least = (4 - before) / ((17 - 14) - int(start[3:]) / 60)
        assert reply["summary"]["demand_peaks"][0]["peak_kw"] == pytest.approx(least, abs=1e-5)


async def test_where_a_battery_turns_inside_an_interval_its_means_are_both_and_it_is_said(client):
    # Energy is free until 15:30: the battery charges to then, and serves the load after it.
    request = hours(
        2,
        start="15:00",
        prices_import=[0.3, 0.1],
        load_forecast=[4000, 0],
        battery=battery(),
        allowances=[
            {"direction": "import", "daily_quota_kwh": 100, "bonus_price": 0, "end": "15:30"}
        ],
    )

    reply = await planned(client, request)

    schedule = reply["schedule"]
    assert schedule["charge_w"][0] == pytest.approx(2000, abs=0.1)
    assert schedule["discharge_w"][0] == pytest.approx(2000, abs=0.1)
    assert schedule["soc_trajectory"] == pytest.approx([0.2, 0.2, 0.2], abs=1e-6)
    assert schedule["action"][0] == "charge"
    assert reply["summary"]["total_cost"] == pytest.approx(0, abs=1e-6)
    (warning,) = reply["warnings"]
    assert (warning["code"], warning["field"]) == ("pieces", "schedule")
    assert "power flows both ways in 1 interval, one after the other" in warning["message"]


async def test_a_meter_that_goes_both_ways_inside_an_interval_is_said(client):
    # The car leaves at 15:30: until then it takes more than the sun gives, then the sun is sold.
    request = hours(
        1,
        start="15:00",
        prices_export=[0.1],
        solar_forecast=[4000],
        ev=car("15:30:00"),
    )

    status, reply = await post(client, request, path="/ev/optimize")

    assert status == 200
    assert reply["meter"]["grid_import_w"] == pytest.approx([3500], abs=0.1)
    assert reply["meter"]["grid_export_w"] == pytest.approx([2000], abs=0.1)
    assert "pieces" in [warning["code"] for warning in reply["warnings"]]


async def test_the_action_of_an_interval_is_that_of_its_beginning(client):
    # Energy is free from 15:30 on: the battery serves the load until then, and charges after it.
    request = hours(
        2,
        start="15:00",
        load_forecast=[4000, 0],
        battery=battery(current_soc=0.4, target_end_soc=0.4),
        allowances=[
            {
                "direction": "import",
                "daily_quota_kwh": 100,
                "bonus_price": 0,
                "start": "15:30",
                "end": "16:00",
            }
        ],
    )

    reply = await planned(client, request)

    schedule = reply["schedule"]
    assert schedule["charge_w"][0] == schedule["discharge_w"][0] == pytest.approx(2000, abs=0.1)
    assert schedule["action"][0] == "consume"
    assert reply["next_actions"][0]["action"] == "consume"


# Window of free energy, and its minutes in each hour from 12:00.
FREE = {
    "half and half": ("12:30", "13:30", (30, 30, 0)),
    "a quarter": ("12:45", "13:00", (15, 0, 0)),
    "within an hour": ("13:20", "13:40", (0, 20, 0)),
    "whole hours": ("12:00", "14:00", (60, 60, 0)),
    "until the middle": ("11:00", "12:10", (10, 0, 0)),
    "ten minutes astride": ("13:55", "14:05", (0, 5, 5)),
}


@pytest.mark.parametrize("name", FREE)
async def test_free_energy_is_free_within_its_window_only(client, name):
    start, end, minutes = FREE[name]
    free = {"direction": "import", "daily_quota_kwh": 100, "bonus_price": 0}
    request = hours(
        3,
        start="12:00",
        load_forecast=[2000] * 3,
        battery=battery(max_charge_w=0, max_discharge_w=0),
        allowances=[{**free, "start": start, "end": end}],
    )

    reply = await planned(client, request)

    assert reply["summary"]["allowance_credit"] == pytest.approx(
        2 * 0.3 * sum(minutes) / 60, abs=1e-6
    )
    assert reply["summary"]["total_cost"] == pytest.approx(
        2 * 0.3 * (3 - sum(minutes) / 60), abs=1e-6
    )


async def test_a_day_of_free_energy_ends_at_midnight_inside_an_interval(client):
    request = hours(
        2,
        start="22:30",
        load_forecast=[2000] * 2,
        battery=battery(max_charge_w=0, max_discharge_w=0),
        interval_minutes=[60, 60],
        allowances=[{"direction": "import", "daily_quota_kwh": 2, "bonus_price": 0}],
    )

    reply = await planned(client, request)

    # 22:30 to 24:00 draws 3 kWh, of which 2 are free; the half hour after it draws 1, free again.
    assert reply["summary"]["allowance_credit"] == pytest.approx(3 * 0.3, abs=1e-6)


async def test_chip_mode_ends_at_its_minute(client):
    rule = {
        "chip_mode_enabled": True,
        "chip_mode_start": "12:30",
        "chip_mode_end": "13:15",
        "chip_mode_threshold": 30,
    }
    request = hours(
        3,
        start="12:00",
        prices_export=[0.1] * 3,
        solar_forecast=[4000] * 3,
        battery=battery(max_charge_w=4000),
        provider_config={**rule},
    )

    reply = await planned(client, request)

    # The 3 kWh of the window are stored, and sold after it with all the rest.
    assert reply["schedule"]["charge_w"] == pytest.approx([2000, 1000, 0], abs=0.1)
    assert reply["summary"]["total_export_kwh"] == pytest.approx(12, abs=1e-4)


CLOCKS = {
    "an hour is skipped": ("2026-10-04T00:00+10:00", "2026-10-04T07:00+11:00", 6),
    "an hour repeats": ("2026-04-05T00:00+11:00", "2026-04-05T06:00+10:00", 7),
    "skipped, by another zone": ("2026-10-03T14:00Z", "2026-10-04T07:00+11:00", 6),
    "skipped, naive": ("2026-10-04T00:00", "2026-10-04T07:00", 6),
    "repeats, naive": ("2026-04-05T00:00", "2026-04-05T06:00", 7),
    "no change": ("2026-05-05T00:00+10:00", "2026-05-05T06:00+10:00", 6),
}


@pytest.mark.parametrize("name", CLOCKS)
async def test_a_car_leaves_when_it_does_though_the_clocks_change(client, name):
    start, departure, n_hours = CLOCKS[name]
    last_cheap = [0.3] * (n_hours - 1) + [0.1]  # the last hour before the departure
    ev = car(max_charge_kw=7, target_soc=0.6) | {"departure_time": departure}

    reply = await planned(
        client,
        hours(
            8,
            start_time=start,
            timezone=SYDNEY,
            prices_import=last_cheap + [0.05] * (8 - n_hours),
            ev=ev,
        ),
    )

    expected = [0.0] * 8
    expected[n_hours - 1] = 6000 / 0.92
    assert reply["schedule"]["charge_power_w"] == pytest.approx(expected, abs=0.1)
    assert reply["summary"]["total_cost"] == pytest.approx(0.6 / 0.92, abs=1e-5)
    assert reply["solver"] == "highs"


@pytest.mark.parametrize(
    ("departure", "n_hours"),
    [("02:30+11:00", 2.5), ("02:30+10:00", 3.5), ("02:00+10:00", 3.0), ("03:10+10:00", 4 + 1 / 6)],
)
async def test_a_car_that_leaves_in_the_hour_that_repeats(client, departure, n_hours):
    ev = car(target_soc=1.0) | {"departure_time": f"2026-04-05T{departure}"}
    start = {"start_time": "2026-04-05T00:00+11:00", "timezone": SYDNEY}

    reply = await planned(client, hours(6, ev=ev, **start))

    assert reply["summary"]["total_energy_kwh"] == pytest.approx(min(11 * n_hours, 30 / 0.92))
    assert reply["solver"] == "highs"


@pytest.mark.parametrize(
    ("start", "minutes", "peak"),
    [
        ("2026-04-05T02:00+11:00", 30, 10),  # the hour that repeats: two blocks of its first half
        ("2026-04-05T02:00+11:00", 15, 10),
        ("2026-04-05T01:00+11:00", 30, 10),
        ("2026-04-05T02:00+10:00", 30, 10),
        ("2026-10-04T01:00+10:00", 30, 10),
        ("2026-04-05T02:00+11:00", 60, 10),
    ],
)
async def test_a_metering_block_is_of_one_hour_though_the_clock_shows_it_twice(
    client, start, minutes, peak
):
    n_loaded = minutes // 15
    request = hours(
        12,
        start_time=start,
        timezone=SYDNEY,
        interval_minutes=15,
        load_forecast=[10000] * n_loaded + [0] * (12 - n_loaded),
        battery=battery(max_charge_w=0, max_discharge_w=0),
        demand_charges=[{"price_per_kw": 1, "average_minutes": minutes}],
    )

    reply = await planned(client, request)

    assert reply["summary"]["demand_peaks"][0]["peak_kw"] == pytest.approx(peak, abs=1e-9)


# Start, billing day, cost of drawing 8 kW throughout 24 hours beyond a peak so far of 8 kW, $1/kW.
MONTHS = {
    "within a month": ("2026-01-15T12:00", None, 0),
    "a month ends": ("2026-01-31T12:00", None, 8),
    "February ends": ("2026-02-28T12:00", 1, 8),
    "a period ends in the month": ("2026-01-14T12:00", 15, 8),
    "begins today": ("2026-01-15T12:00", 15, 0),
    "the thirty-first of a short month": ("2026-02-27T12:00", 31, 8),
    "the next day of a long one": ("2026-01-29T12:00", 31, 0),
}


@pytest.mark.parametrize("name", MONTHS)
async def test_a_peak_counts_until_its_billing_period_ends(client, name):
    start, billing_day, cost = MONTHS[name]
    charge = {"price_per_kw": 1, "peak_so_far_kw": 8, "billing_day": billing_day}
    request = hours(
        24,
        start_time=f"{start}+11:00",
        timezone=SYDNEY,
        load_forecast=[8000] * 24,
        battery=battery(max_charge_w=0, max_discharge_w=0),
        demand_charges=[charge],
    )

    reply = await planned(client, request)

    assert reply["summary"]["demand_cost"] == pytest.approx(cost, abs=1e-6)


async def test_a_new_billing_period_is_not_charged_for_the_peak_of_the_last(client):
    # At noon of 31 January: 8 kW have been reached, nothing more of January costs anything.
    request = hours(
        24,
        start_time="2026-01-31T12:00+11:00",
        timezone=SYDNEY,
        load_forecast=[1000] * 24,
        battery=battery(max_charge_w=8000, max_discharge_w=8000),
        demand_charges=[{"price_per_kw": 10, "peak_so_far_kw": 8}],
    )

    reply = await planned(client, request)

    # A full battery serves 8 of the 12 kWh of February's half day; 4 kWh drawn evenly are 1/3 kW.
    assert reply["summary"]["demand_cost"] == pytest.approx(10 / 3, abs=1e-4)
    assert max(reply["schedule"]["grid_import_w"][12:]) == pytest.approx(1000 / 3, abs=0.1)


clock_times = st.integers(0, 24 * 60 - 1).map(lambda m: f"{m // 60:02d}:{m % 60:02d}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(start=clock_times, end=clock_times, split=st.sampled_from((2, 4)))
async def test_finer_intervals_never_cost_more(client, start, end, split):
    charge = {"price_per_kw": 2, "start": start, "end": end}
    load = [500, 3000, 200, 4000, 1000, 100, 2500, 800]
    coarse = hours(
        8,
        start="12:00",
        prices_import=[0.3, 0.2, 0.25, 0.4, 0.35, 0.1, 0.3, 0.2],
        load_forecast=load,
        battery=battery(efficiency=0.9),
        demand_charges=[charge],
    )
    fine = dict(coarse, interval_minutes=60 // split)
    for name in ("prices_import", "prices_export", "solar_forecast", "load_forecast"):
        fine[name] = [value for value in coarse[name] for _ in range(split)]

    optima = [(await planned(client, each))["certificate"]["optimum"] for each in (coarse, fine)]

    assert optima[1] <= optima[0] + 1e-5
