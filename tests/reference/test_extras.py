"""The checker of `/optimize` judged where limits vary, inverters clip and tariffs have extras."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

import pytest

from tests.reference import baseline_bill, bill, violations
from tests.reference.clock import is_inside

DEMAND = {
    "price_per_kw": 1.0,
    "start": "17:00",
    "end": "18:00",
    "average_minutes": 60,
    "peak_so_far_kw": 0.25,
}
FREE_HOUR = {
    "direction": "import",
    "daily_quota_kwh": 0.5,
    "bonus_price": 0.0,
    "start": "17:00",
    "end": "18:00",
}
BONUS = {"direction": "export", "daily_quota_kwh": 0.5, "bonus_price": 0.15}

STAMPS = [f"2026-01-05T{clock}:00+11:00" for clock in ("16:30", "17:00", "17:30", "18:00")]
"""A Monday."""


def plain():
    """Solar to battery and grid, battery to load, grid to battery, battery to load and grid."""
    request = {
        "prices_import": [0.1, 0.4, 0.3, 0.5],
        "prices_export": [0.05, 0.1, 0.1, 0.2],
        "solar_forecast": [3000, 0, 0, 0],
        "load_forecast": [1000, 1000, 1000, 1000],
        "interval_minutes": 30,
        "battery": {"current_soc": 0.5, "capacity_wh": 10000, "efficiency": 1.0},
        "grid": {},
    }
    schedule = {
        "timestamps": list(STAMPS),
        "action": ["charge", "consume", "charge", "consume"],
        "soc_trajectory": [0.5, 0.55, 0.525, 0.575, 0.5],
        "charge_w": [1000, 0, 1000, 0],
        "discharge_w": [0, 500, 0, 1500],
        "grid_import_w": [0, 500, 2000, 0],
        "grid_export_w": [1000, 0, 0, 500],
        "battery_consume_w": [0, 500, 0, 1000],
        "battery_export_w": [0, 0, 0, 500],
        "solar_to_load_w": [1000, 0, 0, 0],
        "solar_to_battery_w": [1000, 0, 0, 0],
        "solar_to_grid_w": [1000, 0, 0, 0],
        "solar_curtailed_w": [0, 0, 0, 0],
        "grid_to_load_w": [0, 500, 1000, 0],
        "grid_to_battery_w": [0, 0, 1000, 0],
    }
    summary = {
        "total_cost": 0.325,  # 0.25 * 0.4 + 1.0 * 0.3 - 0.5 * 0.05 - 0.25 * 0.2
        "baseline_cost": 0.55,  # 0.5 * (0.4 + 0.3 + 0.5) - 1.0 * 0.05
        "savings": 0.225,
        "total_import_kwh": 1.25,
        "total_export_kwh": 0.75,
        "total_charge_kwh": 1.0,
        "total_discharge_kwh": 1.0,
        "total_battery_consume_kwh": 0.75,
        "total_battery_export_kwh": 0.25,
        "total_solar_consumed_kwh": 1.0,
        "total_solar_exported_kwh": 0.5,
        "total_solar_curtailed_kwh": 0.0,
        "average_import_price": 0.32,
        "average_export_price": 0.1,
        "demand_cost": 0.0,
        "allowance_credit": 0.0,
        "demand_peaks": [],
    }
    return request, {"schedule": schedule, "summary": summary}


def priced(demand=(), allowances=(), **summary):
    """The same with extras of the tariff."""
    request, reply = plain()
    request |= {"demand_charges": list(demand), "allowances": list(allowances)}
    reply["summary"] |= summary
    return request, reply


def with_demand():
    """One metered hour: 1.25 kW of the plan, 1 kW of the baseline, 0.25 kW of it paid before."""
    peaks = [{"peak_kw": 1.25, "peak_so_far_kw": 0.25, "cost": 1.0}]
    money = {"total_cost": 1.325, "baseline_cost": 1.3, "savings": -0.025}
    return priced(demand=[DEMAND], **money, demand_cost=1.0, demand_peaks=peaks)


def with_allowance():
    """Half a kWh free: a quarter at 0.4, a quarter at 0.3; the baseline's all at 0.4."""
    money = {"total_cost": 0.15, "baseline_cost": 0.35, "savings": 0.2}
    return priced(allowances=[FREE_HOUR], **money, allowance_credit=0.175)


def clipped():
    """What a hybrid inverter of 1500 W makes of the first interval without curtailment."""
    request, reply = plain()
    request |= {"hybrid": {"ac_limit_w": 1500}, "grid": {"curtailment": False}}
    schedule = reply["schedule"]
    for name in ("grid_export_w", "solar_to_grid_w"):
        schedule[name][0] = 500
    schedule["solar_curtailed_w"][0] = 500
    reply["summary"] |= {
        "total_cost": 0.3375,
        "baseline_cost": 0.5875,  # 0.6 - 0.25 * 0.05
        "savings": 0.25,
        "total_export_kwh": 0.5,
        "total_solar_exported_kwh": 0.25,
        "total_solar_curtailed_kwh": 0.25,
        "average_export_price": 0.125,
    }
    return request, reply


def changed(whole, path, value):
    """A copy with one entry, found by keys and indices, of another value."""
    whole = deepcopy(whole)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return whole


def assert_told(sentences, *texts):
    """Every text is in a sentence, and every sentence has one of the texts."""
    assert all(any(text in sentence for sentence in sentences) for text in texts), sentences
    assert all(any(text in sentence for text in texts) for sentence in sentences), sentences


@pytest.mark.parametrize("case", [plain, with_demand, with_allowance, clipped])
def test_a_sound_reply_breaks_no_rule(case):
    assert violations(*case()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("grid", "max_import_w"), [1000, 500, 2000, 0]),
        (("grid", "max_import_w"), [1000, None, None, None]),
        (("grid", "max_import_w"), 2000),
        (("grid", "max_export_w"), [2000, 0, 0, 500]),
        (("battery", "max_export_w"), 500),
        (("hybrid",), {"ac_limit_w": 3000}),
        (("hybrid",), {"ac_limit_w": 1500, "dc_coupled_solar": False}),
        (("hybrid",), {"ac_limit_w": None}),
    ],
)
def test_a_limit_that_is_kept_breaks_no_rule(path, value):
    request, reply = plain()

    assert violations(changed(request, path, value), reply) == []


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        (
            ("grid", "max_import_w"),
            [0, 0, 1900, 0],
            ["interval 2: grid_import must be at most 1900"],
        ),
        (
            ("grid", "max_export_w"),
            [2000, 0, 0, 400],
            ["interval 3: grid_export must be at most 400"],
        ),
        (
            ("battery", "max_export_w"),
            400,
            ["interval 3: the battery must not export more than 400.000 W, got 500.000 W told"],
        ),
        (("battery", "max_export_w"), 0, ["interval 3: the battery must not export, got 500"]),
        (
            ("hybrid",),
            {"ac_limit_w": 1400, "dc_coupled_solar": False},
            ["interval 3: the inverter must pass at most 1400.000 W, got 1500"],
        ),
        (
            ("hybrid",),
            {"ac_limit_w": 900, "dc_coupled_solar": False},
            ["interval 0: the inv", "interval 2: the inv", "interval 3: the inverter must"],
        ),
        (
            ("grid", "hybrid"),
            {"ac_limit_w": 1900},
            [
                "interval 0: the inverter must pass at most 1900.000 W, got 2000",
                "baseline",
                "savings",
            ],
        ),
        (
            ("battery", "hybrid"),
            {"ac_limit_w": 1900},
            [
                "interval 0: the inverter must pass at most 1900.000 W, got 2000",
                "baseline",
                "savings",
            ],
        ),
    ],
)
def test_a_limit_that_is_not_kept_is_told(path, value, texts):
    request, reply = plain()

    assert_told(violations(changed(request, path, value), reply), *texts)


def test_a_battery_that_exports_under_the_name_of_solar_is_told():
    request, reply = plain()
    request["battery"]["max_export_w"] = 400
    request["solar_forecast"][3] = 100
    request["load_forecast"][3] = 1100
    schedule = reply["schedule"]
    schedule["solar_to_grid_w"][3] = 100
    schedule["battery_export_w"][3] = 400
    schedule["battery_consume_w"][3] = 1100

    sentences = violations(request, reply)

    assert_told(sentences, "more than 400.000 W, got 400.000 W told, 500.000 W metered", "summary")


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        (("grid", "max_export_w"), 300, ["interval 3: grid_export must be at most 300"]),
        (("hybrid", "ac_limit_w"), 2600, ["interval 0: solar_curtailed", "baseline", "savings"]),
        (
            ("hybrid", "dc_coupled_solar"),
            False,
            ["interval 0: solar_curtailed must be at most 0", "baseline", "savings"],
        ),
    ],
)
def test_only_what_the_inverter_clips_may_be_lost(path, value, texts):
    request, reply = clipped()

    assert_told(violations(changed(request, path, value), reply), *texts)


def test_clipped_solar_may_charge_a_battery_that_the_grid_may_not():
    request, reply = clipped()
    request["battery"]["can_charge_from_grid"] = False
    request["hybrid"]["ac_limit_w"] = 500
    request["load_forecast"][0] = 1000
    schedule = reply["schedule"]
    schedule["charge_w"][0] = schedule["solar_to_battery_w"][0] = 2500
    schedule["solar_to_load_w"][0] = schedule["grid_to_load_w"][0] = 500
    schedule["grid_import_w"][0] = 500
    schedule["grid_export_w"][0] = schedule["solar_to_grid_w"][0] = 0
    schedule["solar_curtailed_w"][0] = 0

    sentences = [each for each in violations(request, reply) if "interval 0" in each]

    assert_told(sentences, "interval 0: SoC must change")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("demand_cost", 0.99),
        ("demand_cost", None),
        ("total_cost", 0.325),
        ("baseline_cost", 0.55),
        ("savings", 0.225),
        ("demand_peaks", []),
        ("demand_peaks", None),
        ("demand_peaks", [None]),
        ("demand_peaks", [{"peak_kw": 1.3, "peak_so_far_kw": 0.25, "cost": 1.0}]),
        ("demand_peaks", [{"peak_kw": 1.25, "peak_so_far_kw": 0.0, "cost": 1.0}]),
        ("demand_peaks", [{"peak_kw": 1.25, "peak_so_far_kw": 0.25, "cost": 1.25}]),
        ("demand_peaks", [{"peak_so_far_kw": 0.25, "cost": 1.0}]),
    ],
)
def test_a_wrong_demand_charge_is_told(name, value):
    request, reply = with_demand()
    reply["summary"][name] = value

    assert_told(violations(request, reply), f"summary: {name}")


@pytest.mark.parametrize("name", ["demand_cost", "demand_peaks", "allowance_credit"])
def test_extras_that_nobody_asked_for_are_nothing_or_absent(name):
    request, reply = plain()
    told = changed(reply, ("summary", name), [{}] if name == "demand_peaks" else 0.1)
    del reply["summary"][name]

    assert violations(request, reply) == []
    assert_told(violations(request, told), f"summary: {name} must be")


@pytest.mark.parametrize("name", ["demand_cost", "demand_peaks"])
def test_extras_that_were_asked_for_must_be_told(name):
    request, reply = with_demand()
    del reply["summary"][name]

    assert_told(violations(request, reply), f"summary: {name} must be")


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
    ],
)
def test_the_peak_is_the_highest_mean_of_a_block_within_the_window(change, peak):
    charge = {**DEMAND, **change}
    request, reply = priced(demand=[charge])
    so_far = charge["peak_so_far_kw"] or 0.0

    assert bill(request, reply) == pytest.approx(0.325 + peak - so_far)


def test_blocks_of_two_days_are_two_blocks():
    stamps = [f"2026-01-0{day}:00+11:00" for day in ("5T23:30", "6T00:00", "6T00:30", "6T01:00")]
    request, reply = priced(demand=[{"price_per_kw": 1.0, "average_minutes": 1440}])
    reply["schedule"]["timestamps"] = stamps

    assert bill(request, reply) == pytest.approx(0.325 + 1.25 / 1.5)


def test_several_demand_charges_add_up():
    second = {"price_per_kw": 0.1, "start": "17:30", "end": "18:30", "average_minutes": 30}
    peaks = [
        {"peak_kw": 1.25, "peak_so_far_kw": 0.25, "cost": 1.0},
        {"peak_kw": 2.0, "peak_so_far_kw": 0.0, "cost": 0.2},
    ]
    money = {"total_cost": 1.525, "baseline_cost": 1.4, "savings": -0.125}
    case = priced(demand=[DEMAND, second], **money, demand_cost=1.2, demand_peaks=peaks)

    assert violations(*case) == []


@pytest.mark.parametrize("name", ["allowance_credit", "total_cost", "baseline_cost", "savings"])
def test_a_wrong_allowance_is_told(name):
    request, reply = with_allowance()
    reply["summary"][name] += 0.001

    assert_told(violations(request, reply), f"summary: {name}")


@pytest.mark.parametrize(
    ("allowances", "credit"),
    [
        ([FREE_HOUR], 0.25 * 0.4 + 0.25 * 0.3),
        ([{**FREE_HOUR, "used_today_kwh": 0.3}], 0.2 * 0.4),
        ([{**FREE_HOUR, "used_today_kwh": 0.7}], 0.0),
        ([{**FREE_HOUR, "daily_quota_kwh": 9}], 0.25 * 0.4 + 1.0 * 0.3),
        ([{**FREE_HOUR, "bonus_price": 0.35}], 0.25 * 0.05),
        ([{**FREE_HOUR, "bonus_price": 0.6}], 0.0),
        ([{**FREE_HOUR, "start": "17:30"}], 0.5 * 0.3),
        ([{**FREE_HOUR, "weekdays": [1]}], 0.0),
        ([{**FREE_HOUR, "months": [2]}], 0.0),
        ([FREE_HOUR, FREE_HOUR], 0.25 * 0.4 + 0.75 * 0.3),  # energy is used once
        ([FREE_HOUR, {**FREE_HOUR, "bonus_price": 0.1}], 0.25 * 0.4 + 0.25 * 0.3 + 0.5 * 0.2),
        ([BONUS], 0.5 * 0.10),  # the better kWh, at 0.2, needs none
        ([{**BONUS, "bonus_price": 0.3}], 0.5 * 0.25),
        ([FREE_HOUR, BONUS], 0.175 + 0.05),
    ],
)
def test_allowances_go_where_they_gain_most(allowances, credit):
    request, reply = priced(allowances=allowances)

    assert bill(request, reply) == pytest.approx(0.325 - credit)


def test_each_date_has_its_own_quota_and_only_the_first_is_used_up():
    stamps = [f"2026-01-0{day}:00+11:00" for day in ("5T23:00", "5T23:30", "6T00:00", "6T00:30")]
    across = {**FREE_HOUR, "start": "23:00", "end": "01:00", "used_today_kwh": 0.4}
    request, reply = priced(allowances=[across])
    reply["schedule"]["timestamps"] = stamps

    assert bill(request, reply) == pytest.approx(0.325 - 0.1 * 0.4 - 0.5 * 0.3)


def test_the_baseline_uses_its_own_energy():
    request, _ = priced(demand=[DEMAND], allowances=[FREE_HOUR, BONUS])

    assert baseline_bill(request, STAMPS) == pytest.approx(0.55 + 0.75 - 0.5 * 0.4 - 0.5 * 0.1)


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
