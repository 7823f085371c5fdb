"""Reasons for what a plan does, in plain sentences with numbers, each with a code.

A reason is about a run of intervals in which storages have one action.  It compares what the
marginal kWh costs or earns there with what the same kWh does elsewhere in the plan *as served*:
energy stored in the run may replace any discharge until the storage is next empty, and the least of
those is what it is worth; energy given in it may be put back by any charge until the storage is
next full, and the dearest of those is what it costs.  Prices are those of the bill.  A comparison
that does not hold at them is not claimed, since the rules of a provider, or the preference to
consume one's own, are reasons of another kind; nor is one where a daily allowance has a price of
its own.
"""

from optimiser.reasons.codes import Reason, ReasonCode
from optimiser.reasons.of_plan import Step, next_steps, reasons
from optimiser.reasons.outlook import Run

__all__ = ["Reason", "ReasonCode", "Run", "Step", "next_steps", "reasons"]
