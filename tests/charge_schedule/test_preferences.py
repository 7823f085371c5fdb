"""Strategies and priorities decide among schedules of equal cost, and cost nothing."""

import copy

import numpy as np
import pytest

from tests.charge_schedule.homes import CHARGING, DISCHARGING, random_request
from tests.charge_schedule.replay import replay
from tests.charge_schedule.sweep import RELATIVE, answer, money

N = 8
FLAT = {
    "dt": [3600] * N,
    "gt": [0.0] * N,
    "ft": [2000.0] * N,
    "p_N": [3e-4] * N,
    "p_E": [1e-4] * N,
}
BATTERY = {
    **{"s_min": 0, "s_max": 4000, "s_initial": 0, "s_capacity": 10000},
    **{"c_min": 0, "c_max": 2000, "d_max": 0, "p_a": 4e-4},
}


def planned(battery=(), strategy=(), series=(), **more):
    request = {
        "batteries": [BATTERY | dict(battery)],
        "time_series": FLAT | dict(series),
        "strategy": dict(strategy),
        **{"eta_c": 1, "eta_d": 1},
        **more,
    }
    reply = answer(request)
    replay(request, reply)
    assert reply["status"] == "Optimal"
    return reply


def test_charging_comes_before_export():
    reply = planned(strategy={"charging_strategy": "charge_before_export"})

    assert reply["batteries"][0]["charging_power"] == pytest.approx([2000, 2000] + [0] * 6)


def test_peaks_of_export_are_levelled():
    reply = planned(strategy={"charging_strategy": "attenuate_feedin_peaks"})

    assert reply["grid_export"] == pytest.approx([1500] * N)


@pytest.mark.parametrize("strategy", ["attenuate_demand_peaks", "attenuate_grid_peaks"])
def test_peaks_of_import_are_levelled(strategy):
    reply = planned({"charge_from_grid": True}, {"charging_strategy": strategy}, {"ft": [0.0] * N})

    assert reply["grid_import"] == pytest.approx([500] * N)


def test_discharging_comes_before_import():
    battery = {"s_initial": 4000, "c_max": 0, "d_max": 2000, "p_a": 0}
    series = {"gt": [1000.0] * N, "ft": [0.0] * N}
    reply = planned(battery, {"discharging_strategy": "discharge_before_import"}, series)

    assert reply["grid_import"] == pytest.approx([0] * 4 + [1000] * 4)


def test_the_battery_of_higher_priority_is_charged_first():
    request = {
        "batteries": [BATTERY, BATTERY | {"c_priority": 2}],
        "time_series": FLAT,
        **{"eta_c": 1, "eta_d": 1},
    }
    first, second = answer(request)["batteries"]

    assert second["charging_power"][:2] == pytest.approx([2000, 2000])
    assert sum(first["charging_power"][:2]) == pytest.approx(0)


@pytest.mark.parametrize("seed", range(8))
def test_no_strategy_costs_anything(seed):
    request = random_request(3000 + seed, n_steps=16)
    costs = []
    for charging, discharging in zip(CHARGING, DISCHARGING * 3, strict=False):
        request = copy.deepcopy(request)
        request["strategy"] = {
            "charging_strategy": charging,
            "discharging_strategy": discharging,
        }
        reply = answer(request)
        costs.append(-replay(request, reply).worth)
        scale = money(request, reply)

    assert np.ptp(costs) < RELATIVE * scale
