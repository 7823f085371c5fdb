"""Reasons: a code for programs, a sentence for people."""

import math
from enum import StrEnum
from typing import NamedTuple

from optimiser.reasons.wording import PriceRange


class ReasonCode(StrEnum):
    """The kind of a reason."""

    CHARGE_FOR_LATER = "charge_for_later"
    PAID_TO_CHARGE = "paid_to_charge"
    STORE_UNSOLD_SOLAR = "store_unsold_solar"
    STORE_SOLAR = "store_solar"
    KEEP_FOR_AFTER = "keep_for_after"
    REGAIN_RESERVE = "regain_reserve"
    PINNED = "pinned"
    REACH_TARGET = "reach_target"
    CHARGE = "charge"
    REFILL_LATER = "refill_later"
    POWER_HOME = "power_home"
    SELL = "sell"
    HOLD_FOR_LATER = "hold_for_later"
    WAIT_FOR_CHEAPER = "wait_for_cheaper"
    WAIT = "wait"
    AT_RESERVE = "at_reserve"
    FULL = "full"
    NOT_NEEDED = "not_needed"
    HOLD = "hold"
    NOTHING_TO_GAIN = "nothing_to_gain"
    SOLAR_CHARGES = "solar_charges"
    NO_BATTERY = "no_battery"
    TARGET_REACHED = "target_reached"
    NOT_CHARGED = "not_charged"
    AWAY = "away"


class Reason(NamedTuple):
    """A reason.

    Attributes
    ----------
    code : ReasonCode
        Its kind.
    sentence : str
        The same in words, with numbers; no full stop.
    """

    code: ReasonCode
    sentence: str


class Quote(NamedTuple):
    """Cost or value of a kWh in some intervals, in words and in numbers.

    Attributes
    ----------
    text : str
        In words, with a slot for each price range.
    ranges : tuple of (float, float)
        Prices that fill the slots. [$/kWh]
    low, high : float
        Lowest and highest cost or value; not a number where no price says it. [$/kWh]
    """

    text: str
    ranges: tuple[PriceRange, ...] = ()
    low: float = math.nan
    high: float = math.nan


class Draft(NamedTuple):
    """A reason whose prices are not in words yet: their digits depend on each other.

    Attributes
    ----------
    code : ReasonCode
        Its kind.
    head : str
        What happens.
    quotes : tuple of Quote
        The prices that it happens for.
    """

    code: ReasonCode
    head: str
    quotes: tuple[Quote, ...] = ()
