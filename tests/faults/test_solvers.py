"""Solvers that raise, hang or lie: there is a plan all the same, and it is a true one."""

import math
import threading

import pytest

from optimiser.exact import highs_mip
from optimiser.model.linear_program import LpSolution
from server.http.app import create_app
from server.plans import planning
from server.plans.worker import Worker
from tests.end_to_end import small_request
from tests.reference import violations

HARD = {  # the relaxation imports and exports at once
    "prices_import": [-0.2] * 4 + [0.1] * 4,
    "prices_export": [0.3] * 4 + [0.4] * 4,
    "solar_forecast": [3000.0] * 8,
    "load_forecast": [500.0] * 8,
}


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


@pytest.fixture
def released():
    """What hangs waits for this, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def raising(*_, **__):
    """A library that fails."""
    raise MemoryError("no memory left")


def garbage(lp, **__):
    """A point of the right size that means nothing."""
    return LpSolution(x=lp.cost * math.nan, row_dual=lp.row_lower * 0.0, backend="highs")


FAULTS = {
    "raises": {"highs.load": raising, "scipy_linprog.linprog": raising},
    "lies": {"highs.solve": garbage, "scipy_linprog.solve": garbage},
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("changes", [{}, HARD], ids=["plain", "hard"])
async def test_a_solver_that_raises_or_lies_is_passed_over(client, monkeypatch, faults, changes):
    for name, fault in faults.items():
        monkeypatch.setattr(f"optimiser.solvers.{name}", fault)
    request = small_request(**changes)

    response = await client.post("/optimize", json=request)

    reply = await response.json()
    assert response.status == 200
    assert (reply["solver"], reply["status"]) == ("value_function", "optimal")
    assert violations(request, reply) == []


@pytest.fixture
async def hasty(aiohttp_client):
    """A client of an application whose worker gives up soon."""
    return await aiohttp_client(create_app(worker=Worker(deadline=0.1)))


async def test_a_solver_that_hangs_is_given_up_and_the_plan_made_without_solvers(
    hasty, monkeypatch, released
):
    original = planning.plan

    def hanging(*arguments, backends, **choices):
        if backends is None:
            released.wait(30)
        return original(*arguments, backends=backends, **choices)

    monkeypatch.setattr("server.plans.planning.plan", hanging)
    request = small_request()

    response = await hasty.post("/optimize", json=request)

    reply = await response.json()
    status = await (await hasty.get("/status")).json()
    assert response.status == 200
    assert reply["solver"] == "value_function"
    assert violations(request, reply) == []
    assert status["hanging"] == 1


async def test_where_everything_hangs_there_is_a_503(hasty, monkeypatch, released):
    monkeypatch.setattr("server.plans.planning.plan", lambda *_, **__: released.wait(30))

    response = await hasty.post("/optimize", json=small_request())
    health = await hasty.get("/health")

    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "too long" in (await response.json())["error"]
    assert health.status == 200


async def test_a_search_that_raises_leaves_an_honest_plan(client, monkeypatch):
    monkeypatch.setattr(highs_mip, "pass_model", raising)
    request = small_request(**HARD)
    battery = request.pop("battery")
    request["batteries"] = [{**battery, "id": name} for name in ("a", "b")]
    request["batteries"][1]["max_charge_w"] = 1000

    response = await client.post("/multi-battery/optimize", json=request)

    reply = await response.json()
    proof = reply["certificate"]
    assert (response.status, reply["status"]) == (200, "feasible")
    assert proof["lower_bound"] < proof["optimum"]
