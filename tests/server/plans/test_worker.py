"""The worker: one job at a time, a short queue, a deadline, and nothing that ends it."""

import asyncio
import gc
import threading
import weakref

import pytest

from server.plans.worker import Overdue, Overloaded, Worker


@pytest.fixture
async def start():
    """Start workers, closed at the end."""
    workers = []

    def started(**choices):
        workers.append(Worker(**choices))
        return workers[-1]

    yield started
    for worker in workers:
        worker.close()


@pytest.fixture
def worker(start):
    return start(most_waiting=2)


@pytest.fixture
def gate():
    """Keep jobs from ending until it is set; opened at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def occupy(worker, gate):
    """Start a job that lasts until the gate opens."""
    began = threading.Event()
    task = asyncio.create_task(worker.run(lambda: (began.set(), gate.wait(30))))
    await until(began.is_set)
    return task


async def cancel(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_jobs_run_one_at_a_time_in_order_and_off_the_event_loop(start):
    worker, running, seen = start(), [], []

    def job(number):
        running.append(number)
        seen.append((list(running), threading.get_ident()))
        running.remove(number)
        return number

    results = await asyncio.gather(*(worker.run(lambda n=n: job(n)) for n in range(6)))

    assert results == list(range(6))
    assert [alone for alone, _ in seen] == [[n] for n in range(6)]
    assert threading.get_ident() not in {thread for _, thread in seen}


@pytest.mark.parametrize("error", [ValueError, MemoryError, RecursionError])
async def test_a_job_that_raises_does_not_end_the_worker(worker, error):
    def fails():
        raise error("on purpose")

    with pytest.raises(error, match="on purpose"):
        await worker.run(fails)

    assert await worker.run(lambda: "alive") == "alive"


async def test_a_full_queue_refuses_at_once(worker, gate):
    first = await occupy(worker, gate)
    waiting = [asyncio.create_task(worker.run(int)) for _ in range(2)]
    await until(lambda: worker.waiting == 2)

    with pytest.raises(Overloaded):
        await worker.run(int)

    gate.set()
    await asyncio.gather(first, *waiting)
    assert await worker.run(lambda: "room again") == "room again"


async def test_a_cancelled_job_is_skipped(worker, gate):
    done = []
    first = await occupy(worker, gate)
    unwanted = asyncio.create_task(worker.run(lambda: done.append("unwanted")))
    wanted = asyncio.create_task(worker.run(lambda: done.append("wanted")))
    await until(lambda: worker.waiting == 2)

    await cancel(unwanted)
    gate.set()
    await asyncio.gather(first, wanted)

    assert done == ["wanted"]


async def test_closing_cancels_the_jobs_that_wait_and_ends_the_thread(gate):
    others = set(threading.enumerate())
    worker = Worker()
    (thread,) = set(threading.enumerate()) - others
    first = await occupy(worker, gate)
    waiting = asyncio.create_task(worker.run(int))
    await until(lambda: worker.waiting == 1)

    worker.close()
    gate.set()

    assert await first
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: not thread.is_alive())


async def test_a_job_that_hangs_is_given_up_and_the_next_one_is_run(start, gate):
    worker = start(deadline=0.05)

    with pytest.raises(Overdue):
        await worker.run(lambda: gate.wait(30))

    assert worker.hanging == 1
    assert await worker.run(lambda: 42) == 42
    gate.set()
    await until(lambda: worker.hanging == 0)
    assert await worker.run(lambda: 43) == 43


async def test_a_job_that_hangs_is_given_up_though_nobody_waits_for_it(start, gate):
    worker = start(deadline=0.2)
    await cancel(await occupy(worker, gate))

    assert await worker.run(lambda: 42) == 42
    assert worker.hanging == 1


async def test_the_deadline_of_a_job_begins_when_it_does(start, gate):
    """Jobs that waited longer than a deadline in the queue are run all the same."""
    worker = start(deadline=0.2)
    hanging = [asyncio.create_task(worker.run(lambda: gate.wait(30))) for _ in range(2)]

    assert await worker.run(lambda: 42) == 42
    outcomes = await asyncio.gather(*hanging, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Overdue, Overdue]


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_nothing_holds_on_to_a_job_that_is_over(worker, gate, is_cancelled):
    class Body:
        pass

    body = Body()
    seen, began = weakref.ref(body), threading.Event()
    task = asyncio.create_task(worker.run(lambda body=body: (began.set(), gate.wait(5), body)))
    await until(began.is_set)
    if is_cancelled:
        await cancel(task)
    gate.set()
    if not is_cancelled:
        await task
    del task, body

    await until(lambda: gc.collect() is not None and seen() is None)


async def test_the_hook_is_called_once_whenever_the_thread_is_idle(start):
    calls = []
    worker = start(on_idle=lambda: calls.append(threading.current_thread()), idle_after=0.02)

    for number in (1, 2):
        await worker.run(int)
        await until(lambda number=number: len(calls) == number)
        await asyncio.sleep(0.1)
        assert len(calls) == number

    assert calls[0] is await worker.run(threading.current_thread)


async def test_a_hook_that_fails_does_not_end_the_worker(start, caplog):
    def fails():
        raise RuntimeError("on purpose")

    worker = start(on_idle=fails, idle_after=0.01)
    await worker.run(int)
    await until(lambda: "the work between plans failed" in caplog.text)

    assert await worker.run(lambda: 42) == 42
