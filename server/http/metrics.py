"""Counts of requests and plans, in the text format that Prometheus reads.

The usual client library would take more memory than a plan.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the histogram of times. [s]"""

CONTENT_TYPE = "text/plain; version=0.0.4"

HELP = {
    "powersync_requests_total": "Requests answered, by path and status.",
    "powersync_request_seconds": "Time from request to reply, by path.",
    "powersync_plans_total": "Plans made, by the solver that answered and what it proved.",
    "powersync_refusals_total": "Ways to a plan that failed, so that the next was tried.",
    "powersync_warnings_total": "Warnings in replies: repairs, assumptions and shortfalls.",
    "powersync_queue_length": "Plans that wait.",
    "powersync_hanging_threads": "Threads that were given up and have not ended.",
    "powersync_memory_peak_bytes": "Largest resident memory so far.",
    "powersync_uptime_seconds": "Since the start.",
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters and one histogram; every label comes from a short list."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._times: dict[Labels, list[float]] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter of `HELP`; each new combination of labels is kept for ever."""
        self._counts[name][tuple(labels.items())] += amount

    def time(self, seconds: float, **labels: str) -> None:
        """Add a time to the histogram. [s]"""
        row = self._times.setdefault(tuple(labels.items()), [0.0] * (len(BUCKETS) + 2))
        row[bisect_left(BUCKETS, seconds)] += 1
        row[-1] += seconds

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all counts, and present values by name, one line each."""
        lines: list[str] = []
        for name, rows in self._counts.items():
            lines += _family(name, "counter", (_line(name, at, v) for at, v in rows.items()))
        lines += _family("powersync_request_seconds", "histogram", self._histogram())
        for name, value in gauges.items():
            lines += _family(name, "gauge", [_line(name, (), value)])
        return "\n".join([*lines, ""])

    def _histogram(self) -> Iterator[str]:
        name = "powersync_request_seconds"
        for labels, (*each, total) in self._times.items():
            up_to = list(accumulate(each))
            for bucket, value in zip((*map(str, BUCKETS), "+Inf"), up_to, strict=True):
                yield _line(f"{name}_bucket", (*labels, ("le", bucket)), value)
            yield _line(f"{name}_sum", labels, total)
            yield _line(f"{name}_count", labels, up_to[-1])


def _family(name: str, kind: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"# HELP {name} {HELP[name]}"
    yield f"# TYPE {name} {kind}"
    yield from lines


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{label}"' for key, label in labels)
    return f"{name}{{{inside}}} {value:.10g}" if inside else f"{name} {value:.10g}"
