"""One thread that solves, one job at a time, behind a short queue."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Overloaded(Exception):
    """The queue is full; the caller may come back."""


class Worker(Generic[Result]):
    """A daemon thread with a bounded queue.

    HiGHS releases the interpreter lock while it runs, so the event loop keeps answering.  The
    thread is a daemon: a solve that outlasts the server must not keep the process alive.

    Parameters
    ----------
    waiting : int
        Most jobs that may wait behind the one in progress.
    """

    def __init__(self, waiting: int = 8) -> None:
        self._jobs: queue.Queue[tuple[Callable[[], Result], Future[Result]] | None]
        self._jobs = queue.Queue(waiting)
        threading.Thread(target=self._work, name="solver", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._jobs.qsize()

    async def run(self, job: Callable[[], Result]) -> Result:
        """Result of `job`, run in its turn.

        Raises
        ------
        Overloaded
            Where too many jobs are waiting already.
        """
        future: Future[Result] = Future()
        try:
            self._jobs.put_nowait((job, future))
        except queue.Full:
            raise Overloaded from None
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let go of the jobs that wait, and of the thread once its present job is done."""
        with contextlib.suppress(queue.Empty):
            while True:
                waiting = self._jobs.get_nowait()
                if waiting is not None:
                    waiting[1].cancel()
        self._jobs.put(None)

    def _work(self) -> None:
        while (waiting := self._jobs.get()) is not None:
            job, future = waiting
            if not future.set_running_or_notify_cancel():
                continue  # whoever asked has gone
            try:
                future.set_result(job())
            except BaseException as error:  # noqa: BLE001 - handed to whoever asked
                future.set_exception(error)
