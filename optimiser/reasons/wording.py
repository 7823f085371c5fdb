"""Numbers and times as a sentence holds them."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from optimiser.problem.horizon import Horizon
from optimiser.problem.site import Site

PriceRange: TypeAlias = tuple[float, float]
"""Lowest and highest of some prices. [$/kWh]"""

_DIGITS = 2  # of a price, where the price scale is 1
_WEEK = 7  # days
_MOST_CURRENCY = 12  # characters; a longer name is none


@dataclass(frozen=True, slots=True)
class Wording:
    """The times and the money of sentences.

    Attributes
    ----------
    horizon : Horizon
        The span planned.
    currency : str
        Name of the money.
    digits : int
        Digits of a price after the point; one more where two prices would look alike.
    """

    horizon: Horizon
    currency: str
    digits: int

    def fill(self, template: str, ranges: list[PriceRange]) -> str:
        """Return a template with its slots filled by prices per kWh."""
        digits = self.digits
        shown = {0.0: 0.0}
        for low, _ in ranges:
            alike = shown.setdefault(round(low, self.digits), low)
            if alike != low:
                digits = self.digits + 1
        texts = []
        for low, high in ranges:
            text = f"{round(low, digits) + 0.0:.{digits}f}"
            highest = f"{round(high, digits) + 0.0:.{digits}f}"
            span = text if text == highest else f"{text} to {highest}"
            texts.append(f"{span} {self.currency}/kWh")
        return template.format(*texts)

    def clock(self, when: datetime | int) -> str:
        """Return an instant, or when an interval begins, as people say it when the plan starts."""
        if isinstance(when, int):
            when = self.horizon.instant(when)
        start = self.horizon.start
        when = when.astimezone(start.tzinfo)
        days = when.toordinal() - start.toordinal()
        if days == 0:
            return f"{when:%H:%M}"
        if days == 1:
            return f"{when:%H:%M} tomorrow"
        return f"{when:%H:%M on %A}" if days < _WEEK else f"{when:%H:%M on} {when.day} {when:%B}"


def wording_of(site: Site, currency: str) -> Wording:
    """Return the wording of a plan of a site."""
    decades = round(math.log10(site.price_scale))
    return Wording(site.horizon, currency[:_MOST_CURRENCY] or "$", max(0, _DIGITS - decades))


def kilowatts(power: float, *, is_steady: bool = True) -> str:
    """A power, or the mean of one that is not steady. [kW]"""
    text = f"{power:.2f} kW" if round(power, 2) < 1 else f"{power:.1f} kW"
    return text if is_steady else f"{text} on average"


def percent(fraction: float) -> str:
    """A state of charge."""
    return f"{100 * fraction:.0f} %"
