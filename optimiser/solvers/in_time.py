"""Foreign work in a thread that can be given up."""

import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")


def nothing() -> None:
    """Do nothing."""


def in_time(
    work: Callable[[], Result], seconds: float, meanwhile: Callable[[], object] = nothing
) -> Result:
    """Result of `work`, or what it raised.

    Parameters
    ----------
    work : Callable
        May never end; its thread, a daemon, is then left alone.
    seconds : float
        Most time, counted from the end of `meanwhile`. [s]
    meanwhile : Callable, optional
        What the caller does beside it.

    Returns
    -------
    Result
        Of the work.

    Raises
    ------
    TimeoutError
        Where it takes longer.
    """
    helper = _free_helper()
    helper.tasks.put(work)
    try:
        meanwhile()
    except BaseException:
        helper.tasks.put(None)  # nobody waits for its result any more
        raise
    if not helper.done.acquire(timeout=seconds):
        helper.tasks.put(None)  # should it ever come back
        raise TimeoutError
    succeeded, result = helper.outcome
    helper.outcome = False, None  # nothing of a plan lies about until the next one
    _idle.append(helper)
    if not succeeded:
        raise result
    return result  # type: ignore[no-any-return]


class _Helper:
    """A thread that waits for work: a new one for each solve would start with cold memory."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self.done = threading.Lock()  # released when a task is done, by another than took it
        self.done.acquire()
        self.outcome: tuple[bool, Any] = False, None
        self.thread = threading.Thread(target=self._work, name="solver", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (task := self.tasks.get()) is not None:
            try:
                self.outcome = True, task()
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                self.outcome = False, error
            del task
            self.done.release()


_idle: list[_Helper] = []  # the last one to come back is the next to go


def _free_helper() -> _Helper:
    with contextlib.suppress(IndexError):
        while True:
            helper = _idle.pop()
            if helper.thread.is_alive():  # a forked process has none of the threads
                return helper
    return _Helper()
