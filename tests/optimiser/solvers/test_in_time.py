"""Foreign work in a thread that is kept, and given up where it hangs."""

import multiprocessing
import os
import threading

import pytest

from optimiser.solvers.in_time import in_time


def test_work_gives_its_result_and_raises_its_error():
    assert in_time(lambda: 42, 60.0) == 42
    with pytest.raises(ZeroDivisionError):
        in_time(lambda: 1 / 0, 60.0)
    assert in_time(lambda: "on it goes", 60.0) == "on it goes"


def test_one_thread_does_one_thing_after_the_other():
    assert len({in_time(threading.get_ident, 60.0) for _ in range(5)}) == 1
    assert in_time(threading.get_ident, 60.0) != threading.get_ident()


def test_work_that_hangs_is_left_alone():
    gate = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            in_time(lambda: gate.wait(30.0), 0.05)
        assert in_time(lambda: 42, 60.0) == 42
    finally:
        gate.set()
    assert in_time(lambda: 43, 60.0) == 43


def test_the_caller_does_something_meanwhile():
    began = threading.Event()

    assert in_time(lambda: began.wait(20.0), 60.0, began.set)


def test_work_whose_caller_fails_meanwhile_is_left_alone():
    with pytest.raises(ZeroDivisionError):
        in_time(lambda: "nobody waits for it", 60.0, lambda: 1 / 0)
    assert in_time(lambda: 42, 60.0) == 42


def test_callers_do_not_wait_for_each_other():
    met = threading.Barrier(3, timeout=60.0)
    callers = [threading.Thread(target=in_time, args=(met.wait, 60.0)) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert not met.broken


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # as a program with threads may do
def test_a_forked_process_gets_threads_of_its_own():
    in_time(lambda: None, 60.0)
    child = multiprocessing.get_context("fork").Process(target=in_time, args=(os.getpid, 60.0))
    child.start()
    child.join()

    assert child.exitcode == 0
