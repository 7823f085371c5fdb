"""One thread that solves, one job at a time, behind a short queue."""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")

log = logging.getLogger("server.worker")


class Overloaded(Exception):
    """The queue is full; the caller may come back."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    work: Callable[[], Result]
    future: Future[Result]
    afterwards: Callable[[Result], None] | None


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
        self._jobs: queue.Queue[_Job[Result] | None] = queue.Queue(waiting)
        threading.Thread(target=self._work, name="solver", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._jobs.qsize()

    async def run(
        self, job: Callable[[], Result], afterwards: Callable[[Result], None] | None = None
    ) -> Result:
        """Result of `job`, run in its turn.

        Parameters
        ----------
        job : Callable
            The work.
        afterwards : Callable, optional
            What the thread does with the result once it has been handed over.

        Returns
        -------
        Result
            Of the job.

        Raises
        ------
        Overloaded
            Where too many jobs are waiting already.
        """
        future: Future[Result] = Future()
        try:
            self._jobs.put_nowait(_Job(job, future, afterwards))
        except queue.Full:
            raise Overloaded from None
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let go of the jobs that wait, and of the thread once its present job is done."""
        with contextlib.suppress(queue.Empty):
            while True:
                waiting = self._jobs.get_nowait()
                if waiting is not None:
                    waiting.future.cancel()
        self._jobs.put(None)

    def _work(self) -> None:
        while (waiting := self._jobs.get()) is not None:
            _do(waiting)
            del waiting  # a plan that nobody needs any more must not lie about until the next one


def _do(job: _Job[Result]) -> None:
    if not job.future.set_running_or_notify_cancel():
        return  # whoever asked has gone
    try:
        result = job.work()
    except BaseException as error:  # noqa: BLE001 - handed to whoever asked
        job.future.set_exception(error)
        return
    job.future.set_result(result)
    if job.afterwards is None:
        return
    try:
        job.afterwards(result)
    except Exception:
        log.exception("what follows a plan failed")
