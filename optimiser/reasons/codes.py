"""Reasons: a code for programs, a sentence for people."""

from enum import StrEnum
from typing import NamedTuple


class ReasonCode(StrEnum):
    """The kind of a reason."""

    CHARGE_FOR_LATER = "charge_for_later"
    PAID_TO_CHARGE = "paid_to_charge"
    STORE_UNSOLD_SOLAR = "store_unsold_solar"
    STORE_SOLAR = "store_solar"
    KEEP_FOR_AFTER = "keep_for_after"
    REGAIN_RESERVE = "regain_reserve"
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
