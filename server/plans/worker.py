"""One thread that solves, one job at a time, behind a short queue."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

Result = TypeVar("Result")

log = logging.getLogger("server.plans.worker")


PATIENCE = 25.0
"""Most time for one job: each solver has a limit of its own, and the client waits 60 s. [s]"""

# s; who sends one plan on the heels of the other need not wait for what is done between them.
_PAUSE, _CALM = 0.002, 1.0

AT_A_STRETCH = 50
"""Jobs after which the thread rests in any case, so that what waits for that does not pile up."""


def nothing(*_: object) -> None:
    """Do nothing."""


class Overloaded(Exception):
    """The queue is full; the caller may come back."""


class Overdue(Exception):
    """The job outlasted every limit; its thread was given up."""


@dataclass(slots=True, eq=False)
class _Job(Generic[Result]):
    """Work, and the event loop and future of whoever waits for it."""

    work: Callable[[], Result]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Result]
    began: float | None = None
    ended: bool = False
    timer: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether a thread is at it."""
        return self.began is not None and not self.ended

    def do(self) -> None:
        """Do the work in the present thread, unless whoever asked has gone."""
        if self.future.cancelled():
            return
        self.began = monotonic()
        try:
            result = self.work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asked
            settle = partial(self._fail, error)
        else:
            settle = partial(self._give, result)
        self.ended = True
        del self.work  # who waits for nothing must not hold on to what it was
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(settle)

    def _give(self, result: Result) -> None:
        if not self.future.done():  # given up, or whoever asked has gone meanwhile
            self.future.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Worker(Generic[Result]):
    """A daemon thread with a bounded queue.

    HiGHS releases the interpreter lock while it runs, so the event loop keeps answering.  The
    thread is a daemon: a solve that outlasts the server must not keep the process alive.  One that
    hangs cannot be ended from outside: it is given up, and another takes its place.

    Parameters
    ----------
    waiting : int
        Most jobs that may wait behind the one in progress.
    patience : float
        Most time for one job. [s]
    in_pause : Callable, optional
        What the thread does once no other job has come for some milliseconds.
    at_rest : Callable, optional
        What it does once none has come for longer, or too many have; told whether it is calm.
    """

    def __init__(
        self,
        waiting: int = 8,
        patience: float = PATIENCE,
        in_pause: Callable[[], object] = nothing,
        at_rest: Callable[[bool], object] = nothing,
    ) -> None:
        self._jobs: SimpleQueue[_Job[Result] | None] = SimpleQueue()
        self._most_waiting = waiting
        self._patience = patience
        self._rests = ((_PAUSE, in_pause), (_CALM, partial(at_rest, True)), (None, nothing))
        self._after_stretch = partial(at_rest, False)
        self._given_up: list[threading.Thread] = []
        self._hire()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._jobs.qsize()

    @property
    def hanging(self) -> int:
        """Threads that were given up and have not ended since."""
        return sum(thread.is_alive() for thread in self._given_up)

    async def run(self, job: Callable[[], Result]) -> Result:
        """Result of `job`, run in its turn.

        Parameters
        ----------
        job : Callable
            The work.

        Returns
        -------
        Result
            Of the job.

        Raises
        ------
        Overloaded
            Where too many jobs are waiting already.
        Overdue
            Where the job outlasted our patience.
        """
        if self.waiting >= self._most_waiting:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        mine = _Job(job, loop, future)
        self._jobs.put(mine)
        self._watch(mine)
        try:
            return await future
        finally:
            assert mine.timer is not None
            if not mine.is_running:  # else whoever asked has gone, and it may hang all the same
                mine.timer.cancel()  # it would hold on to the plan for as long as it runs

    def close(self) -> None:
        """Let go of the jobs that wait, and of the thread once its present job is done."""
        with contextlib.suppress(Empty):
            while True:
                waiting = self._jobs.get_nowait()
                if waiting is not None:
                    waiting.future.cancel()
        self._jobs.put(None)

    def _hire(self) -> None:
        self._thread = threading.Thread(target=self._work, name="solver", daemon=True)
        self._thread.start()

    def _watch(self, job: _Job[Result]) -> None:
        """Give the job up once it has taken all our patience, which begins when it does."""
        taken = 0.0 if job.began is None else monotonic() - job.began
        if taken < self._patience:
            job.timer = job.loop.call_later(self._patience - taken, self._watch, job)
        elif job.is_running:
            self._give_up(job.future)

    def _give_up(self, future: asyncio.Future[Result]) -> None:
        log.error("a plan hangs after %.0f s; its thread is given up", self._patience)
        self._given_up = [thread for thread in self._given_up if thread.is_alive()]
        self._given_up.append(self._thread)
        self._hire()
        if not future.done():
            future.set_exception(Overdue())

    def _work(self) -> None:
        done = 0
        rested = len(self._rests) - 1  # of what is to be done between jobs, how much is done
        while self._thread is threading.current_thread():
            wait, rest = self._rests[rested]
            try:
                waiting = self._jobs.get(timeout=wait)
            except Empty:
                _do_in_peace(rest)
                rested += 1
                continue
            if waiting is None:
                return
            waiting.do()
            del waiting  # a plan that nobody needs any more must not lie about until the next one
            done, rested = done + 1, 0
            if done % AT_A_STRETCH == 0:
                _do_in_peace(self._after_stretch)


def _do_in_peace(rest: Callable[[], object]) -> None:
    """Do what can wait; should it fail, jobs go on."""
    try:
        rest()
    except Exception:
        log.exception("what follows plans failed")
