"""Bills, baselines, windows and simulated states of charge, against numbers computed by hand."""

from datetime import datetime

import pytest

from tests.reference import baseline_bill, bill, simulate_soc, sound, violations
from tests.reference.clock import is_inside


def test_the_bill_is_import_cost_less_export_reward():
    assert bill(*sound.three()) == pytest.approx(0.23 - 0.03 - 0.75)


@pytest.mark.parametrize(("may_curtail", "sold"), [(True, 0.0), (False, 0.75)])
@pytest.mark.parametrize("price", [0.04, -0.04])
def test_the_baseline_sells_within_the_limit_and_at_no_loss_that_could_be_curtailed(
    may_curtail, sold, price
):
    request, _ = sound.three()
    request["grid"]["curtailment"] = may_curtail
    request["prices_export"][1] = price

    exported = 0.75 if price > 0 else sold
    assert baseline_bill(request) == pytest.approx(0.03 - exported * price + 0.40)


@pytest.mark.parametrize(
    ("capacity", "levels"),
    [(10000, [0.5, 0.68, 0.725, sound.LAST_SOC]), (0, [0.5] * 4)],
)
def test_simulation_follows_the_powers_of_a_battery_that_is_there(capacity, levels):
    request, reply = sound.three()
    request["battery"]["capacity_wh"] = capacity

    assert simulate_soc(request, reply) == pytest.approx(levels)


@pytest.mark.parametrize(
    ("change", "peak"),
    [
        ({}, 1.25),
        ({"average_minutes": 30}, 2.0),
        ({"average_minutes": None}, 2.0),
        ({"average_minutes": 120}, 1.25),  # 16:00 to 18:00, of which an hour is in the window
        ({"start": None, "end": None, "average_minutes": 120}, 1.25 / 1.5),  # 16:30 to 18:00
        ({"start": "17:30"}, 2.0),
        ({"end": "17:30"}, 0.5),
        ({"start": "16:00", "end": "16:00"}, 1.25),
        ({"weekdays": [0]}, 1.25),
        ({"weekdays": [1, 2, 3, 4, 5, 6]}, 0.25),
        ({"months": [1]}, 1.25),
        ({"months": [2]}, 0.25),
        ({"peak_so_far_kw": 3.0}, 3.0),
        ({"peak_so_far_kw": None}, 1.25),
        (
            {"start": "16:00", "block_so_far_kwh": 0.5, "average_minutes": 120},
            1.75 / 2,
        ),  # from 16:00
        ({"start": "16:15", "block_so_far_kwh": 1, "average_minutes": 120}, 2.25 / 1.75),
        ({"end": "16:00", "start": "16:00", "block_so_far_kwh": 1, "average_minutes": 60}, 1.25),
        ({"block_so_far_kwh": 9}, 1.25),  # 16:30 is outside the window
    ],
)
def test_the_peak_is_the_highest_mean_of_a_block_within_the_window(change, peak):
    charge = {**sound.DEMAND, **change}
    request, reply = sound.priced(demand=[charge])
    so_far = charge["peak_so_far_kw"] or 0.0

    assert bill(request, reply) == pytest.approx(0.325 + peak - so_far)


@pytest.mark.parametrize(
    ("change", "rise"),
    [
        ({"n_peaks": 1, "peaks_so_far_kw": [1.0, 0.5]}, 0.25),
        ({"n_peaks": 2}, 1.25 / 2 - 0.25 / 2),
        ({"n_peaks": 2, "peaks_so_far_kw": [1.0, 0.5]}, (1.25 + 1.0) / 2 - (1.0 + 0.5) / 2),
        ({"n_peaks": 2, "peaks_so_far_kw": [3.0, 2.0, 1.0]}, 0.0),
    ],
)
def test_the_mean_of_the_highest_peaks_of_days_is_charged(change, rise):
    request, reply = sound.priced(demand=[{**sound.DEMAND, **change}])

    assert bill(request, reply) == pytest.approx(0.325 + rise)


def test_blocks_of_two_days_are_two_blocks():
    stamps = [f"2026-01-0{day}:00+11:00" for day in ("5T23:30", "6T00:00", "6T00:30", "6T01:00")]
    request, reply = sound.priced(demand=[{"price_per_kw": 1.0, "average_minutes": 1440}])
    reply["schedule"]["timestamps"] = stamps

    assert bill(request, reply) == pytest.approx(0.325 + 1.25 / 1.5)


def test_several_demand_charges_add_up():
    second = {"price_per_kw": 0.1, "start": "17:30", "end": "18:30", "average_minutes": 30}
    peaks = [
        {"peak_kw": 1.25, "peak_so_far_kw": 0.25, "cost": 1.0},
        {"peak_kw": 2.0, "peak_so_far_kw": 0.0, "cost": 0.2},
    ]
    money = {"total_cost": 1.525, "baseline_cost": 1.4, "savings": -0.125}
    case = sound.priced(demand=[sound.DEMAND, second], **money, demand_cost=1.2, demand_peaks=peaks)

    assert violations(*case) == []


@pytest.mark.parametrize(
    ("allowances", "credit"),
    [
        ([sound.FREE_HOUR], 0.25 * 0.4 + 0.25 * 0.3),
        ([{**sound.FREE_HOUR, "used_today_kwh": 0.3}], 0.2 * 0.4),
        ([{**sound.FREE_HOUR, "used_today_kwh": 0.7}], 0.0),
        ([{**sound.FREE_HOUR, "daily_quota_kwh": 9}], 0.25 * 0.4 + 1.0 * 0.3),
        ([{**sound.FREE_HOUR, "bonus_price": 0.35}], 0.25 * 0.05),
        ([{**sound.FREE_HOUR, "bonus_price": 0.6}], 0.0),
        ([{**sound.FREE_HOUR, "start": "17:30"}], 0.5 * 0.3),
        ([{**sound.FREE_HOUR, "weekdays": [1]}], 0.0),
        ([{**sound.FREE_HOUR, "months": [2]}], 0.0),
        ([sound.FREE_HOUR, sound.FREE_HOUR], 0.25 * 0.4 + 0.75 * 0.3),  # energy is used once
        (
            [sound.FREE_HOUR, {**sound.FREE_HOUR, "bonus_price": 0.1}],
            0.25 * 0.4 + 0.25 * 0.3 + 0.5 * 0.2,
        ),
        ([sound.BONUS], 0.5 * 0.10),  # the better kWh, at 0.2, needs none
        ([{**sound.BONUS, "bonus_price": 0.3}], 0.5 * 0.25),
        ([sound.FREE_HOUR, sound.BONUS], 0.175 + 0.05),
    ],
)
def test_allowances_go_where_they_gain_most(allowances, credit):
    request, reply = sound.priced(allowances=allowances)

    assert bill(request, reply) == pytest.approx(0.325 - credit)


@pytest.mark.parametrize(
    ("grid", "excess"),
    [
        ({"import_threshold_w": 1000, "excess_import_price": 0.2}, 0.1),
        ({"import_threshold_w": [0, 0, 9000, 0], "excess_import_price": [9, 1, 1, 9]}, 0.25),
        ({"import_threshold_w": 5000, "excess_import_price": 0.2}, 0.0),
    ],
)
def test_imports_above_a_threshold_cost_more(grid, excess):
    request, reply = sound.priced()
    request["grid"] |= grid

    assert bill(request, reply) == pytest.approx(0.325 + excess)


@pytest.mark.parametrize(
    ("tier", "beyond"),
    [
        ({}, 0.25),
        ({"used_kwh": 0.5}, 0.75),
        ({"used_kwh": 3}, 1.25),
        ({"period": "day", "used_kwh": 0.5}, 0.75),
        ({"above_kwh": 0}, 1.25),
    ],
)
def test_imports_beyond_a_tier_cost_more(tier, beyond):
    request, reply = sound.priced()
    request["import_tiers"] = [{"above_kwh": 1, "extra_price": 0.1, **tier}]

    assert bill(request, reply) == pytest.approx(0.325 + 0.1 * beyond)


@pytest.mark.parametrize(
    ("period", "billing_day", "beyond"),
    [
        ("day", 1, 0.75),
        ("month", 6, 0.75),
        ("month", 7, 1.25),
        ("month", 31, 1.25),
    ],
)
def test_a_tier_begins_anew_with_its_period(period, billing_day, beyond):
    stamps = [f"2026-01-0{day}:00+11:00" for day in ("5T23:00", "5T23:30", "6T00:00", "6T00:30")]
    tier = {"above_kwh": 0.5, "extra_price": 1.0, "used_kwh": 0.5}
    request, reply = sound.priced()
    request["import_tiers"] = [{**tier, "period": period, "billing_day": billing_day}]
    reply["schedule"]["timestamps"] = stamps

    # 0.25 kWh on the fifth, beyond what was used, and 1 kWh on the sixth.
    assert bill(request, reply) == pytest.approx(0.325 + beyond)


def test_each_date_has_its_own_quota_and_only_the_first_is_used_up():
    stamps = [f"2026-01-0{day}:00+11:00" for day in ("5T23:00", "5T23:30", "6T00:00", "6T00:30")]
    across = {**sound.FREE_HOUR, "start": "23:00", "end": "01:00", "used_today_kwh": 0.4}
    request, reply = sound.priced(allowances=[across])
    reply["schedule"]["timestamps"] = stamps

    assert bill(request, reply) == pytest.approx(0.325 - 0.1 * 0.4 - 0.5 * 0.3)


def test_the_baseline_uses_its_own_energy():
    request, _ = sound.priced(demand=[sound.DEMAND], allowances=[sound.FREE_HOUR, sound.BONUS])

    assert baseline_bill(request, sound.STAMPS) == pytest.approx(
        0.55 + 0.75 - 0.5 * 0.4 - 0.5 * 0.1
    )


@pytest.mark.parametrize(
    ("window", "stamp", "is_in"),
    [
        ({}, "2026-01-05T12:00:00", True),
        ({"start": "08:00", "end": "08:00"}, "2026-01-05T03:00:00", True),
        ({"start": "08:00", "end": "10:00"}, "2026-01-05T08:00:00", True),
        ({"start": "08:00", "end": "10:00"}, "2026-01-05T07:59:59", False),
        ({"start": "08:00", "end": "10:00"}, "2026-01-05T09:59:59", True),
        ({"start": "08:00", "end": "10:00"}, "2026-01-05T10:00:00", False),
        ({"start": "08:00"}, "2026-01-05T23:59:00", True),
        ({"start": "08:00"}, "2026-01-05T00:00:00", False),
        ({"start": "08:00", "end": "24:00"}, "2026-01-05T23:59:00", True),
        ({"end": "10:00"}, "2026-01-05T00:00:00", True),
        ({"start": "22:00", "end": "06:00"}, "2026-01-05T22:00:00", True),
        ({"start": "22:00", "end": "06:00"}, "2026-01-05T05:59:00", True),
        ({"start": "22:00", "end": "06:00"}, "2026-01-05T06:00:00", False),
        ({"start": "22:00", "end": "06:00", "weekdays": [0]}, "2026-01-05T23:00:00", True),
        ({"start": "22:00", "end": "06:00", "weekdays": [0]}, "2026-01-05T05:00:00", False),
        ({"start": "22:00", "end": "06:00", "weekdays": [0]}, "2026-01-06T05:00:00", True),
        ({"start": "22:00", "end": "06:00", "months": [1]}, "2026-02-01T05:00:00", True),
        ({"start": "22:00", "end": "06:00", "months": [1]}, "2026-02-01T23:00:00", False),
    ],
)
def test_a_window_is_half_open_and_belongs_to_the_day_it_opens_on(window, stamp, is_in):
    assert is_inside(window, datetime.fromisoformat(f"{stamp}+11:00")) is is_in
