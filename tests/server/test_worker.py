"""The worker: one job at a time, a short queue, and nothing that kills it."""

import asyncio
import gc
import json
import threading
import time
import weakref

import pytest

from server.http import keys
from server.http.app import create_app
from server.plans.worker import AT_A_STRETCH, Overdue, Overloaded, Worker
from tests.end_to_end import post, small_request


@pytest.fixture
def worker():
    made = Worker(waiting=2)
    yield made
    made.close()


@pytest.fixture
def gate():
    """Keep jobs from ending until it is set; opened at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


async def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def occupied(worker, gate):
    """Start a job that lasts until the gate opens."""
    began = threading.Event()
    task = asyncio.create_task(worker.run(lambda: (began.set(), gate.wait(5))))
    await until(began.is_set)
    return task


async def test_a_job_gives_its_result(worker):
    assert await worker.run(lambda: 6 * 7) == 42


async def test_jobs_run_one_at_a_time_and_in_order():
    worker, running, log = Worker(), [], []

    def job(number):
        running.append(number)
        time.sleep(0.002)
        log.append((number, list(running)))
        running.remove(number)
        return number

    results = await asyncio.gather(*(worker.run(lambda n=n: job(n)) for n in range(6)))

    worker.close()
    assert results == list(range(6))
    assert log == [(n, [n]) for n in range(6)]


async def test_jobs_run_off_the_event_loop(worker):
    assert await worker.run(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError, MemoryError, RecursionError])
async def test_a_job_that_raises_does_not_kill_the_worker(worker, error):
    def fails():
        raise error("on purpose")

    with pytest.raises(error, match="on purpose"):
        await worker.run(fails)

    assert await worker.run(lambda: "alive") == "alive"


async def test_a_full_queue_refuses_at_once(worker, gate):
    first = await occupied(worker, gate)
    waiting = [asyncio.create_task(worker.run(int)) for _ in range(2)]
    await until(lambda: worker.waiting == 2)

    with pytest.raises(Overloaded):
        await worker.run(int)

    gate.set()
    await asyncio.gather(first, *waiting)
    assert await worker.run(lambda: "room again") == "room again"


async def test_a_cancelled_job_is_skipped(worker, gate):
    done = []
    first = await occupied(worker, gate)
    unwanted = asyncio.create_task(worker.run(lambda: done.append("unwanted")))
    wanted = asyncio.create_task(worker.run(lambda: done.append("wanted")))
    await until(lambda: worker.waiting == 2)

    unwanted.cancel()
    await asyncio.gather(unwanted, return_exceptions=True)
    gate.set()
    await asyncio.gather(first, wanted)

    assert done == ["wanted"]


async def test_closing_lets_go_of_those_who_wait_and_of_the_thread(gate):
    others = set(threading.enumerate())
    worker = Worker(waiting=2)
    (thread,) = set(threading.enumerate()) - others
    first = await occupied(worker, gate)
    waiting = asyncio.create_task(worker.run(int))
    await until(lambda: worker.waiting == 1)

    worker.close()
    gate.set()

    assert await first
    with pytest.raises(asyncio.CancelledError):
        await waiting
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


async def test_overload_is_503_with_a_time_to_come_back(client, gate):
    worker = client.app[keys.WORKER]
    first = await occupied(worker, gate)
    waiting = [asyncio.create_task(worker.run(int)) for _ in range(8)]
    await until(lambda: worker.waiting == 8)

    response = await client.post("/optimize", json=small_request())

    reply = json.loads(await response.read())
    assert response.status == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert reply == {"error": "server: busy with other plans, try again soon", "success": False}
    gate.set()
    await asyncio.gather(first, *waiting)
    assert (await post(client, small_request()))[0] == 200


async def test_the_server_answers_while_it_solves(client, gate):
    first = await occupied(client.app[keys.WORKER], gate)
    planned = asyncio.create_task(post(client, small_request()))
    await until(lambda: client.app[keys.WORKER].waiting == 1)

    health = await client.get("/health")
    status = await (await client.get("/status")).json()

    assert health.status == 200
    assert status["queue"] == 1
    gate.set()
    await first
    assert (await planned)[0] == 200


async def test_a_job_that_hangs_is_given_up_and_the_next_one_is_done(gate):
    worker = Worker(patience=0.1)

    with pytest.raises(Overdue):
        await worker.run(lambda: gate.wait(30))

    assert worker.hanging == 1
    assert await worker.run(lambda: 42) == 42
    gate.set()
    await until(lambda: worker.hanging == 0)
    assert await worker.run(lambda: 43) == 43
    worker.close()


async def test_a_job_that_hangs_is_given_up_though_whoever_asked_has_gone(gate):
    worker = Worker(patience=0.2)
    task = await occupied(worker, gate)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await worker.run(lambda: 42) == 42
    assert worker.hanging == 1
    worker.close()


async def test_nothing_holds_on_to_a_job_that_nobody_waits_for(worker, gate):
    class Body:
        pass

    body = Body()
    seen = weakref.ref(body)
    began = threading.Event()
    task = asyncio.create_task(worker.run(lambda body=body: (began.set(), gate.wait(5), body)))
    await until(began.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task, body
    gate.set()
    await until(lambda: gc.collect() is not None and seen() is None)


async def test_a_job_that_is_slow_but_not_too_slow_is_left_alone():
    worker = Worker(patience=0.4)

    assert await worker.run(lambda: time.sleep(0.2) or 42) == 42
    await asyncio.sleep(0.4)

    assert worker.hanging == 0
    worker.close()


async def test_nothing_holds_on_to_a_result_that_was_handed_over(worker):
    class Plan:
        pass

    seen = weakref.ref(await worker.run(Plan))
    await until(lambda: gc.collect() is not None and seen() is None)


async def test_a_thread_at_rest_tidies_up_once():
    tidied = []
    worker = Worker(at_rest=tidied.append)

    for _ in range(3):
        await worker.run(int)
    assert not tidied
    await until(lambda: tidied)
    await asyncio.sleep(1.5)

    assert tidied == [True]
    worker.close()


async def test_a_thread_uses_a_pause_before_it_rests():
    done = []
    worker = Worker(in_pause=lambda: done.append("paused"), at_rest=lambda _: done.append("rested"))

    await worker.run(int)
    await until(lambda: "rested" in done)
    await worker.run(int)
    await until(lambda: done[2:])

    assert done[:3] == ["paused", "rested", "paused"]
    worker.close()


async def test_a_thread_that_cannot_tidy_up_goes_on(caplog):
    def fails(is_calm):
        raise RuntimeError("no broom")

    worker = Worker(at_rest=fails)
    await worker.run(int)
    while "what follows plans failed" not in caplog.text:
        await asyncio.sleep(0.01)

    assert await worker.run(lambda: 42) == 42
    worker.close()


async def test_it_rests_after_a_stretch_of_jobs_without_a_pause():
    calm = []
    worker = Worker(at_rest=calm.append)

    for _ in range(2 * AT_A_STRETCH):
        await worker.run(lambda: None)

    await until(lambda: len(calm) == 3)
    assert calm == [False, False, True]
    worker.close()
