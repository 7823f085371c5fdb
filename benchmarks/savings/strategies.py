"""The strategies, and one house replayed under each."""

from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

import numpy as np

from benchmarks.days import Vector
from benchmarks.savings.decide import best_levels, command_of, decider, site_of
from benchmarks.savings.forecasts import (
    BLIND,
    CORRECTED,
    PERFECT,
    RECENT,
    WEEK,
    YESTERDAY,
    Model,
)
from benchmarks.savings.house import Books, Execution, House, metered_cost
from benchmarks.savings.record import DAY, Record
from optimiser import CostFunction, ProviderRules

FIRST = DAY
"""First half hour that counts: the day before it is history, for the forecasts."""

NO_BATTERY = "no battery"
RULE = "rule: self-consumption"
LIMIT = "perfect foresight over everything (the limit)"

MARGIN = 0.03
"""Asked of a trade where prices are guesses. [$/kWh]"""

Wanted = Callable[[int, float], float]
"""From the half hour and the energy stored to the energy the battery is to take. [kWh]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Ours, one way of using it.

    Attributes
    ----------
    model : Model
        What the plans are made from.
    cost_function : CostFunction
        What they minimise.
    execution : Execution
        How their commands are carried out.
    price_margin : float
        What a kWh through the meter counts as dearer. [$/kWh]
    remembers : bool
        Whether the whole of `optimiser.plan` decides, with the plan before at hand as the server
        has it; else the short way of `benchmarks.savings.decide`.
    """

    model: Model
    cost_function: CostFunction = CostFunction.COST
    execution: Execution = Execution.ACTION
    price_margin: float = 0.0
    remembers: bool = False

    @property
    def name(self) -> str:
        """For the report."""
        seen = ", running half hour metered" if self.model.is_metered else ""
        carried = "" if self.execution is Execution.ACTION else f", executed by {self.execution}"
        kept = ", keeping to the plan before" if self.remembers else ""
        margin = f", margin of {100 * self.price_margin:g} cents" if self.price_margin else ""
        return f"{self.cost_function}: {self.model.name}{seen}{carried}{margin}{kept}"


STRATEGIES: tuple[Strategy, ...] = (
    *(Strategy(model=PERFECT, cost_function=mode) for mode in CostFunction),
    *(Strategy(model=RECENT.metered(), cost_function=mode) for mode in CostFunction),
    Strategy(model=RECENT),
    Strategy(model=RECENT, execution=Execution.POWER),
    Strategy(model=RECENT, execution=Execution.CLIENT),
    Strategy(model=RECENT, remembers=True),
    Strategy(model=WEEK.metered()),
    Strategy(model=WEEK),
    Strategy(model=CORRECTED.metered(), price_margin=MARGIN),
    Strategy(model=CORRECTED.metered()),
    Strategy(model=CORRECTED),
    Strategy(model=YESTERDAY.metered(), price_margin=MARGIN),
    Strategy(model=YESTERDAY, price_margin=MARGIN),
    Strategy(model=YESTERDAY.metered()),
    Strategy(model=YESTERDAY),
    Strategy(model=BLIND),
)


def replay(
    record: Record, house: House, strategy: Strategy, progress: Callable[[int], None]
) -> Books:
    """Plan every half hour, carry out the first command of each plan.

    Parameters
    ----------
    record : Record
        What happened.
    house : House
        The battery.
    strategy : Strategy
        How it is planned.
    progress : Callable
        Told of every day that is done, in half hours.

    Returns
    -------
    Books
        From `FIRST` on.
    """
    net_load = record.net_load
    rules = ProviderRules(price_margin=strategy.price_margin)
    decided = decider(strategy.cost_function, rules, remembers=strategy.remembers)

    def wanted(at: int, stored: float) -> float:
        if at % DAY == 0:
            progress(DAY)
        outlook = strategy.model.outlook(record, at)
        site = site_of(record, at, outlook, house.battery(stored))
        command = command_of(decided(site))
        return command.wanted(house, float(net_load[at]), strategy.execution)

    return booked(record, house, strategy.name, wanted)


def reference_books(record: Record, house: House) -> tuple[Books, Books, Books]:
    """No battery, the rule, and the limit."""
    net_load = record.net_load
    levels = best_levels(record, FIRST, house.battery(house.initial_soc * house.capacity))

    def to_level(at: int, stored: float) -> float:
        change = float(levels[at - FIRST]) - stored
        return change / house.efficiency if change > 0 else change * house.efficiency

    return (
        booked(record, house, NO_BATTERY, lambda _at, _stored: 0.0),
        booked(record, house, RULE, lambda at, _stored: -float(net_load[at])),
        booked(record, house, LIMIT, to_level),
    )


def booked(record: Record, house: House, name: str, wanted: Wanted) -> Books:
    """Let the battery take what is `wanted` as far as it can, half hour by half hour."""
    began = process_time()
    taken, stored = np.empty(record.size - FIRST), np.empty(record.size - FIRST)
    holds = house.initial_soc * house.capacity
    for at in range(FIRST, record.size):
        taken[at - FIRST], holds = house.moved(holds, wanted(at, holds))
        stored[at - FIRST] = holds
    return Books(
        name=name,
        taken=taken,
        stored=stored,
        cost=metered_cost(record, FIRST, taken),
        months=tuple(record.months()[FIRST:]),
        seconds=process_time() - began,
    )


def share(books: Books, none: Books, limit: Books, month: str | None = None) -> float:
    """Part of the savings possible, in one month or in total; NaN where none are. [-]"""

    def bill(of: Books) -> float:
        return of.bill if month is None else of.bill_of(month)

    possible = bill(none) - bill(limit)
    return (bill(none) - bill(books)) / possible if possible > 0 else float("nan")


def metered_energy(record: Record, books: Books) -> Vector:
    """Import less export of each half hour; shape (N,). [kWh]"""
    net: Vector = record.net_load[FIRST:] + books.taken
    return net
