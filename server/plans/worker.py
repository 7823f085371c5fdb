"""The thread that plans: one job at a time, behind a short queue."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")

log = logging.getLogger("server.plans.worker")

DEADLINE = 28.0
"""Most time for one job; the client waits 60 s, and a job that hangs is tried twice. [s]"""

IDLE_AFTER = 0.25
"""Time without a job after which the thread counts as idle. [s]"""


class Overloaded(Exception):
    """The queue is full; the caller may come back."""


class Overdue(Exception):
    """The job missed its deadline; its thread was given up."""


@dataclass(slots=True, eq=False)
class _Job:
    """Work, and the future of whoever waits for it."""

    work: Callable[[], Any]
    future: asyncio.Future[Any]
    timer: asyncio.TimerHandle | None = None

    def call_soon(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function on the event loop of whoever waits."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self.future.get_loop().call_soon_threadsafe(function, *arguments)

    def finish(self, result: object = None, error: BaseException | None = None) -> None:
        """Hand the outcome over; on the event loop."""
        if self.timer is not None:
            self.timer.cancel()
        if self.future.done():  # cancelled, or past its deadline
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Worker:
    """A daemon thread with a bounded queue and a deadline for every job.

    HiGHS releases the interpreter lock while it runs, so the event loop keeps answering.  A job
    that hangs cannot be ended from outside: its thread is given up, and another takes its place.

    Parameters
    ----------
    most_waiting : int
        Jobs that may wait behind the one in progress.
    deadline : float
        Most time for one job, whether or not somebody still waits for it. [s]
    on_idle : Callable, optional
        Run by the thread once whenever no job has come for `idle_after`.
    idle_after : float
        Time without a job. [s]
    """

    def __init__(
        self,
        *,
        most_waiting: int = 8,
        deadline: float = DEADLINE,
        on_idle: Callable[[], object] = lambda: None,
        idle_after: float = IDLE_AFTER,
    ) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._most_waiting = most_waiting
        self._deadline = deadline
        self.on_idle = on_idle
        self._idle_after = idle_after
        self._given_up: list[threading.Thread] = []
        self._start_thread()

    @property
    def waiting(self) -> int:
        """Number of jobs in the queue."""
        return self._jobs.qsize()

    @property
    def hanging(self) -> int:
        """Number of threads that were given up and have not ended since."""
        return sum(thread.is_alive() for thread in self._given_up)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, run in its turn, or raise `Overloaded` or `Overdue`."""
        if self.waiting >= self._most_waiting:
            raise Overloaded
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(work, future))
        return await future

    def close(self) -> None:
        """Cancel the jobs that wait, and end the thread after its present job."""
        with contextlib.suppress(Empty):
            while job := self._jobs.get_nowait():
                job.future.cancel()
        self._jobs.put(None)

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._work, name="solver", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        """Run jobs until the worker is closed or this thread is given up."""
        timeout = None
        while self._thread is threading.current_thread():
            try:
                job = self._jobs.get(timeout=timeout)
            except Empty:
                timeout = None
                self._call_on_idle()
                continue
            if job is None:
                return
            if not job.future.cancelled():
                self._run_job(job)
            del job  # with its request and its plan
            timeout = self._idle_after

    def _run_job(self, job: _Job) -> None:
        job.call_soon(self._start_timer, job)
        try:
            job.call_soon(job.finish, job.work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            job.call_soon(job.finish, None, error)

    def _start_timer(self, job: _Job) -> None:
        loop = job.future.get_loop()
        job.timer = loop.call_later(self._deadline, self._give_up, job)

    def _give_up(self, job: _Job) -> None:
        """Put another thread in the place of the one that hangs."""
        log.error("a plan hangs after %.0f s; its thread is given up", self._deadline)
        living = [thread for thread in self._given_up if thread.is_alive()]
        self._given_up = [*living, self._thread]
        self._start_thread()
        job.finish(error=Overdue())

    def _call_on_idle(self) -> None:
        try:
            self.on_idle()
        except Exception:
            log.exception("the work between plans failed")
