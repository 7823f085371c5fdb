"""The last plans, rendered for the page: few, small and read-only."""

import logging
from collections import deque
from itertools import count

from server.plans.planning import Answer
from server.plans.view import Summary, render, summarise
from server.reading.clock import Clock

log = logging.getLogger("server.plans.plan_log")

MOST_BYTES = 3 * 2**18
"""Memory for all views; one of 576 intervals takes 16 kB of it. [bytes]"""

MOST_VIEWS = 24
MOST_SUMMARIES = 100
"""Plans whose views, and whose summaries alone, are kept."""

MOST_WAITING = 3
"""Plans that wait to be rendered; one of 576 intervals holds 200 kB.

Of a stream of plans without a pause, only the last ones get a view.
"""


class PlanLog:
    """Summaries and views of the last plans; the latest view is kept however large it is."""

    def __init__(self, clock: Clock, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._numbers = count(1)
        self._summaries: deque[Summary] = deque(maxlen=MOST_SUMMARIES)
        self._waiting: deque[tuple[Answer, Summary]] = deque(maxlen=MOST_WAITING)
        self._views: dict[int, bytes] = {}

    def record(self, answer: Answer) -> None:
        """Note a plan, to be rendered when the worker is idle."""
        summary = summarise(answer, self._clock(), next(self._numbers))
        self._summaries.append(summary)
        self._waiting.append((answer, summary))

    def flush(self) -> None:
        """Render the plans that wait, and drop the oldest; for the idle worker."""
        while self._waiting:
            answer, summary = self._waiting.popleft()
            try:
                self._views[summary.number] = render(answer, summary)
            except Exception:
                log.exception("a plan could not be rendered")
            self._drop_oldest()

    @property
    def has_waiting(self) -> bool:
        """Return whether a plan waits to be rendered."""
        return bool(self._waiting)

    def _drop_oldest(self) -> None:
        size = sum(map(len, self._views.values()))
        while len(self._views) > 1 and (size > self._most_bytes or len(self._views) > MOST_VIEWS):
            size -= len(self._views.pop(next(iter(self._views))))

    @property
    def summaries(self) -> list[Summary]:
        """Summaries of the last plans, oldest first."""
        return list(self._summaries)

    @property
    def numbers(self) -> list[int]:
        """Numbers of the plans whose views are kept, oldest first."""
        return list(self._views)

    def view(self, number: int) -> bytes | None:
        """Return a compressed view by its number; None where it is unknown or dropped."""
        return self._views.get(number)
