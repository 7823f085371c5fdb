"""Times as percentiles, and how they grow."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

FEWEST, MOST = 5, 100
"""Rounds of a measurement; a slow one ends after the fewest."""

_ENOUGH = 1.5  # s of one measurement


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of the times of one piece of work. [ms]"""

    p50: float
    p95: float
    p99: float
    rounds: int

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def spread_of(seconds: Sequence[float]) -> Spread:
    """Percentiles of measured times."""
    p50, p95, p99 = (1000.0 * float(np.quantile(seconds, q)) for q in (0.5, 0.95, 0.99))
    return Spread(p50, p95, p99, len(seconds))


def seconds_of(work: Callable[[], object]) -> float:
    """Time of one round. [s]"""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spread(work: Callable[[], object], *, enough: float = _ENOUGH) -> Spread:
    """Percentiles of `work` after one untimed round.

    Parameters
    ----------
    work : Callable
        What is timed.
    enough : float
        Time after which no further round begins, once there are the fewest. [s]
    """
    work()
    times: list[float] = []
    while len(times) < MOST and (len(times) < FEWEST or sum(times) < enough):
        times.append(seconds_of(work))
    return spread_of(times)


def exponent(by_size: Mapping[int, float]) -> float:
    """Power of T with which times grow: slope of a line through their logarithms. [-]"""
    sizes, times = (np.log(list(values)) for values in (by_size.keys(), by_size.values()))
    return float(np.polyfit(sizes, times, 1)[0])
