"""Plans over HTTP: the queue, the worker, and the last plan in the status."""

import asyncio
import threading

import pytest

from optimiser import SolverError, solver_chain
from server.http import keys
from server.http.app import create_app
from server.plans import planning
from tests.end_to_end import NOW, post, small_request
from tests.end_to_end.contract import EV, FLEET, HOME, ev_request, fleet_request


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


@pytest.fixture
async def busy(client):
    """A client whose worker has its hands full until the gate is set."""
    began, gate = threading.Event(), threading.Event()
    worker = client.app[keys.STATE].worker
    task = asyncio.create_task(worker.run(lambda: (began.set(), gate.wait(30))))
    async with asyncio.timeout(5):
        while not began.is_set():
            await asyncio.sleep(0.001)
    yield client, gate
    gate.set()
    await task


async def status_of(client):
    return await (await client.get("/status")).json()


async def until_waiting(client, number):
    async with asyncio.timeout(5):
        while (await status_of(client))["queue"] != number:
            await asyncio.sleep(0.001)


async def test_a_full_queue_is_a_503_with_a_time_to_come_back(busy):
    client, gate = busy
    waiting = [asyncio.create_task(post(client, small_request())) for _ in range(8)]
    await until_waiting(client, 8)

    response = await client.post("/optimize", json=small_request())

    reply = await response.json()
    assert response.status == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert reply == {"error": "server: busy with other plans, try again soon", "success": False}
    gate.set()
    assert {status for status, _ in await asyncio.gather(*waiting)} == {200}


async def test_the_server_answers_while_it_plans(busy):
    client, gate = busy
    planned = asyncio.create_task(post(client, small_request()))
    await until_waiting(client, 1)

    assert (await client.get("/health")).status == 200
    gate.set()
    assert (await planned)[0] == 200


async def test_the_status_holds_nothing_of_plans_before_the_last(client, monkeypatch):
    original = planning.plan
    assert (await status_of(client))["last_plan"] is None
    with monkeypatch.context() as patch:
        patch.setattr(planning, "plan", lambda *a, **c: original(*a, **{**c, "backends": [Broken]}))
        await client.post("/optimize", json=small_request())
    refused = (await status_of(client))["last_plan"]
    await client.post("/optimize", json=small_request())

    last = (await status_of(client))["last_plan"]

    assert "no licence" in refused["refused"]
    assert set(last) == set(refused) - {"refused"}


class Broken:
    """A back end that cannot answer."""

    name = "broken"

    @staticmethod
    def solve(*_, **__):
        raise SolverError("no licence")


async def test_an_error_of_our_own_is_logged_with_its_trace_and_a_plan_is_served(
    client, monkeypatch, caplog
):
    def breaks(*_):
        raise TypeError("on purpose")

    monkeypatch.setattr(solver_chain, "physical_optimum", breaks)

    status, reply = await post(client, small_request())

    assert status == 200
    assert reply["solver"] == "value_function"
    assert reply["certificate"]["preference_cost"] <= 1e-6
    assert "TypeError: on purpose" in caplog.text
    assert "physical_optimum" in caplog.text


BODIES = {HOME: small_request(), FLEET: fleet_request(), EV: ev_request()}


async def test_every_endpoint_keeps_a_plan_before_of_each_home(aiohttp_client, monkeypatch):
    client, plan, calls = await aiohttp_client(create_app(clock=lambda: NOW)), planning.plan, []

    def spy(*arguments, previous, **options):
        calls.append((previous, plan(*arguments, previous=previous, **options)))
        return calls[-1][1]

    monkeypatch.setattr(planning, "plan", spy)
    bodies = [
        (path, {**body, "grid": {"max_import_w": w}})
        for path, body in BODIES.items()
        for w in (9e3, 8e3)
    ]
    for path, body in [*bodies, *bodies]:
        assert (await post(client, body, path=path))[0] == 200

    before, made = zip(*calls, strict=True)
    assert before[:6] == (None,) * 6
    assert [*map(id, before[6:])] == [*map(id, made[:6])]
