"""Reasons for the first interval of a plan, in plain sentences with numbers.

Every sentence compares what the marginal kWh costs or earns in the first interval with what the
same kWh does elsewhere in the plan *as served*: energy stored now may replace any discharge until
the storage is next empty, and the least of those is what it is worth; energy given now may be
put back by any charge until the storage is next full, and the dearest of those is what it costs.
A comparison that does not hold at the true prices is not claimed: the rules of a provider, or the
preference to consume one's own, are reasons of another kind.
"""

from optimiser.reasons.of_battery import battery_reasons
from optimiser.reasons.of_plan import reasons

__all__ = ["battery_reasons", "reasons"]
