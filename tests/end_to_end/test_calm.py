"""Calm and ties over HTTP: surplus is stored in its first hour, and runs are few."""

import json
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end import plan_of

EXAMPLES = Path(__file__).parents[2] / "examples"
DARK = [0.0, 0.0, 0.0]


def surplus_day(solar, load, *, export_price=0.05, **battery):
    n = len(solar)
    return {
        "prices_import": [0.3] * n,
        "prices_export": [export_price] * n,
        "solar_forecast": solar,
        "load_forecast": load,
        "interval_minutes": 60,
        "cost_function": "cost",
        "battery": {
            "current_soc": 0.2,
            "capacity_wh": 10_000,
            "max_charge_w": 3000,
            "max_discharge_w": 3000,
            "efficiency": 1.0,
            "backup_reserve": 0.2,
            "end_value": 0.0,
            **battery,
        },
    }


def stretches(actions):
    return [action for action, _ in groupby(actions)]


def runs(actions):
    """Stretches of charging, and of discharging; a rest is none."""
    ways = {"charge": "charge", "consume": "discharge", "export": "discharge", "idle": "idle"}
    return [way for way in stretches(map(ways.__getitem__, actions)) if way != "idle"]


SUN, EVENING = [3000.0] * 3 + DARK, DARK + [1000.0] * 3


@pytest.mark.parametrize(
    ("request_body", "charge_w"),
    [
        (surplus_day(SUN, EVENING), [3000, 0, 0, 0, 0, 0]),
        (surplus_day(SUN, EVENING, export_price=0.0), [3000, 0, 0, 0, 0, 0]),
        (surplus_day(SUN, EVENING, export_price=0.2), [3000, 0, 0, 0, 0, 0]),
        (surplus_day(SUN, DARK + [2000.0] * 3), [3000, 3000, 0, 0, 0, 0]),
        (surplus_day(SUN, EVENING, max_charge_w=1000), [1000, 1000, 1000, 0, 0, 0]),
        (surplus_day(SUN, EVENING, max_charge_w=2000), [2000, 1000, 0, 0, 0, 0]),
        (surplus_day([1500.0] * 4 + DARK, [0.0] * 4 + [1000.0] * 3), [1500, 1500] + [0] * 5),
        (surplus_day(SUN, EVENING, capacity_wh=2500), [2000, 0, 0, 0, 0, 0]),
    ],
    ids=["issue", "given away", "dear", "more load", "slow", "half as slow", "weak sun", "small"],
)
async def test_surplus_is_stored_in_its_first_hour(client, request_body, charge_w):
    reply = await plan_of(client, request_body)

    np.testing.assert_allclose(reply["schedule"]["charge_w"], charge_w, atol=1.0)


@pytest.mark.parametrize(("name", "most"), [("dynamic_day", 28), ("below_reserve", 36)])
async def test_an_example_is_calm(client, name, most):
    body = json.loads((EXAMPLES / f"{name}.json").read_bytes())

    reply = await plan_of(client, body)

    assert len(stretches(reply["schedule"]["action"])) <= most
    assert reply["certificate"]["preference_cost"] <= 0.01 + 1e-6


@pytest.mark.parametrize("seed", range(6))
async def test_a_nearly_flat_tariff_is_not_traded_on(client, seed):
    noise = np.random.default_rng(seed).normal(0, 0.001, 48)
    body = surplus_day([0.0] * 48, [500.0] * 48, efficiency=0.95, current_soc=0.6)
    body |= {"prices_import": (0.3 + noise).tolist(), "interval_minutes": 30}

    reply = await plan_of(client, body)

    assert len(runs(reply["schedule"]["action"])) <= 2
