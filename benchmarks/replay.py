"""A rolling week: how steady is the plan, and what does steadiness cost?

Steady is a plan that does what the plan before had meant to do.  That the battery turns from
charging to discharging is no fault by itself: the prices of a day ask for it.

Every half hour the site is planned anew over 48 h, on forecasts with fresh noise; the first half
hour of the plan is carried out on the true data.  The same week runs with preferences (and the
plan before at hand) and without.
"""

import argparse
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import pairwise

import numpy as np

from benchmarks.days import SYDNEY, Vector
from benchmarks.real_days import RealYear, load_year
from optimiser import Action, Battery, CostFunction, Forecast, Horizon, Plan, Site, Tariff, plan
from optimiser.second_stage.preference import DEFAULT_BUDGET

STEP = 6  # intervals of 5 min between plans
HORIZON = 576
NOISE = 0.02

BATTERY = Battery(
    capacity=13.5,
    charge_limit=5.0,
    discharge_limit=5.0,
    charge_efficiency=0.95,
    discharge_efficiency=0.95,
    initial_soc=0.5,
    reserve=0.1,
)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rolling replay came to.

    Attributes
    ----------
    actions : tuple of Action
        First action of every plan.
    meant : tuple of Action
        What the plan before had meant to do at that time; one fewer.
    bill : float
        Cost of what was done, at true prices. [$]
    left : float
        Energy in the battery at the end. [kWh]
    """

    actions: tuple[Action, ...]
    meant: tuple[Action, ...]
    bill: float
    left: float

    @property
    def changes_of_mind(self) -> int:
        """How often a plan began otherwise than the plan before had meant to."""
        return sum(a is not b for a, b in zip(self.actions[1:], self.meant, strict=True))

    @property
    def turns(self) -> int:
        """How often first actions turned from charging to discharging or back, meant or not."""
        signs = [_SIGN[action] for action in self.actions if action is not Action.IDLE]
        return sum(a != b for a, b in pairwise(signs))


_SIGN = {Action.CHARGE: 1, Action.CONSUME: -1, Action.EXPORT: -1}


def replay(
    first: date, days: int, *, budget: float, cost_function: CostFunction, seed: int = 7
) -> Replay:
    """Run one week.

    Parameters
    ----------
    first : date
        Local day on which it begins.
    days : int
        Length.
    budget : float
        What preferences may cost per plan; zero switches them off, and the memory of the plan
        before with them. [$]
    cost_function : CostFunction
        What every plan minimises.
    seed : int
        Of the forecast noise, which does not depend on what the plans do.

    Returns
    -------
    Replay
        Actions and bill.
    """
    year = load_year()
    midnight = np.datetime64(
        datetime.combine(first, time(), SYDNEY).astimezone(UTC).replace(tzinfo=None)
    )
    begin = int(np.searchsorted(year.starts, np.datetime64(midnight)))
    rng = np.random.default_rng(seed)
    battery, bill = BATTERY, 0.0
    previous: Plan | None = None
    actions, meant = [], []
    for at in range(begin, begin + days * 288, STEP):
        site = _site(year, at, battery, rng)
        found = plan(
            site,
            cost_function,
            preference_budget=budget,
            previous=previous if budget > 0 else None,
        )
        actions.append(found.actions[0])
        if previous is not None:
            meant.append(previous.actions[STEP])
        previous = found
        done, left = _carried_out(year, at, found)
        bill += done
        battery = replace(battery, initial_soc=float(np.clip(left / battery.capacity, 0.0, 1.0)))
    return Replay(tuple(actions), tuple(meant), bill, battery.initial_soc * battery.capacity)


def _site(year: RealYear, at: int, battery: Battery, rng: np.random.Generator) -> Site:
    span = slice(at, at + HORIZON)
    hours = np.full(HORIZON, 1 / 12)

    def noisy(values: Vector) -> Vector:
        return values[span] * (1.0 + NOISE * rng.standard_normal(HORIZON))

    return Site(
        horizon=Horizon(start=_local(year.starts[at]), hours=hours),
        tariff=Tariff(import_price=noisy(year.import_price), export_price=noisy(year.export_price)),
        forecast=Forecast(
            load=np.maximum(noisy(year.load_w), 0.0) / 12e3,
            solar=np.maximum(noisy(year.solar_w), 0.0) / 12e3,
        ),
        batteries=(battery,),
    )


def _local(start: np.datetime64) -> datetime:
    return start.astype(datetime).replace(tzinfo=UTC).astimezone(SYDNEY)


def _carried_out(year: RealYear, at: int, found: Plan) -> tuple[float, float]:
    """Bill of the first half hour on the true data, and the energy left."""
    span = slice(at, at + STEP)
    net = found.dispatch.charge[0, :STEP] - found.dispatch.discharge[0, :STEP]
    metered = (
        (year.load_w[span] - year.solar_w[span]) / 12e3 + net + found.dispatch.curtailed[:STEP]
    )
    bought = np.maximum(metered, 0.0) @ year.import_price[span]
    sold = np.maximum(-metered, 0.0) @ year.export_price[span]
    return float(bought - sold), float(found.dispatch.stored[0, STEP - 1])


def main() -> None:
    """Print flips and bills of a week with and without preferences."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--first", type=date.fromisoformat, default=date(2025, 3, 3))
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--mode", type=CostFunction, default=CostFunction.COST)
    arguments = parser.parse_args()
    print(
        f"{arguments.days} days from {arguments.first}, re-planned every 30 min, {NOISE:.0%} noise"
    )
    for name, budget in (("without", 0.0), ("with", DEFAULT_BUDGET)):
        found = replay(arguments.first, arguments.days, budget=budget, cost_function=arguments.mode)
        print(
            f"{name:>8} preferences: {found.changes_of_mind:3d} changes of mind, "
            f"{found.turns:3d} turns, bill {found.bill:8.3f} $, left {found.left:5.2f} kWh"
        )


if __name__ == "__main__":
    main()
