"""Means of a series over the intervals of a plan, and values where it does not reach."""

import numpy as np

from matrix_builders import Vector
from optimiser.problem.tariff import median_of
from server.reading.series.steps import (
    DAY,
    Kind,
    SeriesRule,
    Steps,
    Timeline,
    mean_between,
    seconds_since_clock_time,
)
from server.wire.repairs import Repairs

_REMEDY = 'a series may say its step: {"interval_minutes": ..., "values": [...]}'


def means_of_intervals(
    rule: SeriesRule, steps: Steps, timeline: Timeline, repairs: Repairs
) -> Vector:
    """Return the mean of a series over each interval, weighted by time.

    Beyond its end, the same clock time of the day before is repeated; before its beginning, that of
    the day after.  Where there is no such day, a series repeats itself from its beginning.  A
    price, and anything before a beginning, is then the smaller of the value beside and the median:
    no peak is prolonged or repeated.
    """
    edges = timeline.edges()
    spans = np.array([np.maximum(edges[:-1], 0.0), edges[1:]])
    means = mean_between(steps, *spans)
    for is_late in (False, True):
        beyond = np.isnan(means) & ((spans[0] >= steps.edges[-1]) == is_late)
        if beyond.any():
            means[beyond], text = _beyond(rule, steps, timeline, spans[:, beyond])
            repairs.note("extended", rule.field, text)
    return means


def _beyond(
    rule: SeriesRule, steps: Steps, timeline: Timeline, spans: Vector
) -> tuple[Vector, str]:
    """Return the means over spans that are all before a series, or all after it, and a warning."""
    is_late = spans[0, 0] >= steps.edges[-1]
    distance = spans[1] - steps.edges[-1] if is_late else spans[0] - steps.edges[0]
    days = np.sign(distance) * np.ceil(np.abs(distance) / DAY)
    means = np.full(days.size, np.nan)
    for further in (0, 1):  # a day of 25 hours may not suffice
        shift = seconds_since_clock_time(timeline.start, spans[0], days + further * np.sign(days))
        means = np.where(np.isnan(means), mean_between(steps, *(spans - shift)), means)
    other_day = "before" if is_late else "after"
    text = f"the same clock time of the day {other_day} is assumed"
    lacking = np.isnan(means)
    if lacking.any():
        text = f"there is no day {other_day}, and "
        if is_late and rule.kind is not Kind.PRICE:
            means[lacking] = _cycle(steps, timeline, spans[:, lacking], days[lacking] - 1.0)
            text += f"it repeats from its beginning; {_REMEDY}"
        else:
            means[lacking] = _modest(steps, -1 if is_late else 0)
            text += f"{means[lacking][0]:g} is assumed"
    return means, f"{_reach(steps, timeline, is_late=is_late)}; {text}"


def _cycle(steps: Steps, timeline: Timeline, spans: Vector, days: Vector) -> Vector:
    """Return the means of a series that repeats itself on its first day, and then that day."""
    spans = spans - seconds_since_clock_time(timeline.start, spans[0], days)
    period = steps.edges[-1] - steps.edges[0]
    return mean_between(steps, *(spans - period * np.ceil((spans[1] - steps.edges[-1]) / period)))


def _modest(steps: Steps, at: int) -> float:
    """Return the value at an end of a series, or its median where that is smaller."""
    return float(min(steps.values[at], median_of(steps.values), key=abs))


def _reach(steps: Steps, timeline: Timeline, *, is_late: bool) -> str:
    if not is_late:
        return f"begins {steps.edges[0] / 3600.0:.4g} h after the plan"
    end, whole = steps.edges[-1] / 3600.0, timeline.hours.sum()
    if end <= 0:
        return f"ended {-end:.4g} h before the plan"
    return f"{steps.values.size} values, known for {end:.4g} of {whole:.4g} h"
