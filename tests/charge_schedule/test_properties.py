"""What must hold between two requests: no order of batteries matters, no freedom costs."""

import copy

import pytest

from tests.charge_schedule.homes import random_request
from tests.charge_schedule.replay import replay
from tests.charge_schedule.sweep import RELATIVE, answer, money

SEEDS = range(6)


def loosened(request, how):
    """The same home with more freedom, at the same penalties."""
    request = copy.deepcopy(request)
    if how == "limits":
        for name in ("p_max_imp", "p_max_exp"):
            if name in request["grid"]:
                request["grid"][name] *= 1.5
    for battery in request["batteries"]:
        if how == "permissions":
            battery |= {"charge_from_grid": True, "discharge_to_grid": True}
        elif how == "least power":
            battery["c_min"] = 0.0
        elif how == "power":
            battery["d_max"] *= 1.5
        elif how == "goals":
            battery.pop("s_goal", None)
    return request


def worth(request):
    reply = answer(request)
    assert reply["status"] == "Optimal"
    return replay(request, reply).worth, money(request, reply)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_batteries_does_not_matter(seed):
    request = random_request(4000 + seed, n_steps=16, n_batteries=3)
    turned = copy.deepcopy(request)
    turned["batteries"] = turned["batteries"][::-1]

    (one, scale), (other, _) = worth(request), worth(turned)

    assert one == pytest.approx(other, abs=RELATIVE * scale)


@pytest.mark.parametrize("how", ["limits", "permissions", "least power", "power", "goals"])
@pytest.mark.parametrize("seed", SEEDS)
def test_more_freedom_never_costs(seed, how):
    request = random_request(5000 + seed, n_steps=12, n_batteries=2)

    (tight, scale), (loose, _) = worth(request), worth(loosened(request, how))

    assert loose >= tight - RELATIVE * scale
