"""What could be known: models that forecast 48 h from the past only, and one that cheats.

The running half hour is the first of the horizon.  Its price is known to every model that says so:
a retailer publishes it before it begins.  A model that is `metered` also knows what the house will
draw and the panels will give in it: as a controller does that re-plans every few minutes, or lets
the battery follow the meter.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.days import Vector
from benchmarks.savings.record import DAY, HORIZON, Record

Guess = Callable[[Vector, int], Vector]
"""From a series of the record and the number of the running half hour to HORIZON values."""

_WEEK = 7
_LOAD_KEPT, _SUN_KEPT = 0.6, 0.98  # of what the last readings say, per half hour
_SUN_READINGS = 4  # half hours
_DARK = 0.2  # kWh; fewer say nothing about the clouds
_MOST_SUN = 2.0  # times the mean week
_PRICE_SHARE, _PRICE_KEPT = 0.7, 0.9  # of what the running price says, per half hour


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What a plan is made from; each of shape (HORIZON,), as in `Record`."""

    import_price: Vector
    export_price: Vector
    load: Vector
    solar: Vector


Prices = Callable[[Record, int], tuple[Vector, Vector]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A way to forecast.

    Attributes
    ----------
    name : str
        For the report.
    prices : Prices
        Import and export prices of the horizon.
    load, solar : Guess
        Of the house.
    price_is_known : bool
        Whether the price of the running half hour is.
    is_metered : bool
        Whether load and sun of the running half hour are known.
    """

    name: str
    prices: Prices
    load: Guess
    solar: Guess
    price_is_known: bool = True
    is_metered: bool = False

    def metered(self) -> "Model":
        """The same, with load and sun of the running half hour known."""
        return replace(self, is_metered=True)

    def outlook(self, record: Record, at: int) -> Outlook:
        """Forecast from the beginning of half hour `at`, which has a day of history."""
        series = (
            *self.prices(record, at),
            self.load(record.load, at),
            self.solar(record.solar, at),
        )
        import_price, export_price, load, solar = (np.array(values) for values in series)
        if self.price_is_known:
            import_price[0], export_price[0] = record.import_price[at], record.export_price[at]
        if self.is_metered:
            load[0], solar[0] = record.load[at], record.solar[at]
        return Outlook(import_price, export_price, load, solar)


def each(guess: Guess) -> Prices:
    """Both prices by the same guess."""
    return lambda record, at: (guess(record.import_price, at), guess(record.export_price, at))


def known(values: Vector, at: int) -> Vector:
    """What will come; after the end of the record its last day goes on."""
    there = values[at : at + HORIZON]
    if there.size == HORIZON:
        return there
    return np.concatenate([there, np.resize(_next_day(values), HORIZON - there.size)])


def _next_day(values: Vector) -> Vector:
    return values[-DAY:]


def yesterday(values: Vector, at: int) -> Vector:
    """The last 24 hours, twice."""
    return np.resize(values[at - DAY : at], HORIZON)


def mean_week(values: Vector, at: int) -> Vector:
    """Mean of each half hour of the clock over the last seven days, or the days there are."""
    days = min(at // DAY, _WEEK)
    return np.resize(values[at - days * DAY : at].reshape(days, DAY).mean(axis=0), HORIZON)


def recent_load(values: Vector, at: int) -> Vector:
    """The mean week, and what the last half hour differed from it, fading."""
    usual = mean_week(values, at)
    extra = values[at - 1] - usual[DAY - 1]
    guess: Vector = np.maximum(usual + extra * _fading(_LOAD_KEPT), 0.0)
    return guess


def recent_sun(values: Vector, at: int) -> Vector:
    """The mean week, as bright or dull as the last two hours, fading."""
    usual = mean_week(values, at)
    expected = float(usual[DAY - _SUN_READINGS : DAY].sum())
    if expected < _DARK:
        return usual
    share = min(float(values[at - _SUN_READINGS : at].sum()) / expected, _MOST_SUN)
    guess: Vector = usual * (1.0 + (share - 1.0) * _fading(_SUN_KEPT))
    return guess


def recent_price(values: Vector, at: int) -> Vector:
    """Yesterday's prices, and most of what the running one differs from them, fading."""
    usual = yesterday(values, at)
    extra = float(values[at] - usual[0])
    return usual + _PRICE_SHARE * extra * _fading(_PRICE_KEPT)


def _fading(kept: float) -> Vector:
    fading: Vector = kept ** (1.0 + np.arange(HORIZON))
    return fading


PERFECT = Model(name="perfect forecasts", prices=each(known), load=known, solar=known)
WEEK = Model(
    name="prices known, mean week of load and sun",
    prices=each(known),
    load=mean_week,
    solar=mean_week,
)
RECENT = Model(
    name="prices known, mean week corrected by the last readings",
    prices=each(known),
    load=recent_load,
    solar=recent_sun,
)
YESTERDAY = Model(
    name="yesterday's values for everything",
    prices=each(yesterday),
    load=yesterday,
    solar=yesterday,
)
CORRECTED = replace(
    YESTERDAY,
    name="yesterday's values, prices corrected by the running one",
    prices=each(recent_price),
)
BLIND = replace(
    YESTERDAY, name="yesterday's values even for the running price", price_is_known=False
)
