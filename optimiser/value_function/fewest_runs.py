"""Kernels that find the fewest runs of one storage under a limit on the cost.

By the Lagrangian of that limit: a run has a price, which rises until the plan costs the budget.  If
`n` runs at some cost are the best under a price, then by weak duality no plan that costs at most
``most`` has fewer runs than ``n - (most - cost) / price``.
"""

import numpy as np
from numpy.typing import NDArray

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.corridor import corridor, level_penalty
from optimiser.value_function.dynamic_programme import GAVE_UP, value_backwards
from optimiser.value_function.modes import (
    N_MODES,
    choose_modes,
    price_rest,
    value_by_mode,
)
from optimiser.value_function.piecewise import value_at

# Rows of the table of intervals: soft levels [kWh]; then of each mode the change of stored energy
# that counts as going on [kWh], the price of storing [$/kWh] and the runs that beginning counts as.
SOFT = 0
LEAST = 2
LATE = LEAST + N_MODES
BEGINS = LATE + N_MODES
N_ROWS = BEGINS + N_MODES

# Numbers: prices of a missed level and of leaving the corridor [$/kWh], energy stored now [kWh],
# cost that is allowed and the part of it that is the budget [$].
PENALTY = 0
INITIAL = 2
MOST = 3
BUDGET = 4
N_NUMBERS = 5

_FIRST_SHARE = 0.25  # of the budget, as the first price of a run
_ROUNDS = 5
_WITHIN = 0.05  # more runs than the least, as a share: a further round is not worth its time
_STEEPNESS = 1.5  # by which power of the cost the price rises; between 1 and 2 on all days tried
_MOST_STEP = 8.0
_ROUNDING = 1e-6
_NOTHING = 1e-6  # kWh


@kernel("f8[::1](f8[::1], f8[:, ::1], i8[::1], f8[:, :], f8[::1], f8[:, ::1])")
def path_cost(
    levels: Vector,
    costs: Vector,
    place: NDArray[np.int64],
    soft_levels: Vector,
    numbers: Vector,
    end: Vector,
) -> Vector:
    """Return the cost of a path of levels [$] and its number of runs; shape (2,)."""
    found = np.zeros(2)
    state = numbers[INITIAL]
    way = 0.0
    for t in range(levels.size):
        h = costs[:, place[t] : place[t + 1]]
        move = levels[t] - state
        found[0] += value_at(h, -move)
        found[0] += level_penalty(levels[t], soft_levels[:, t], numbers[PENALTY])
        before = way
        way = np.sign(move) if abs(move) > _NOTHING else 0.0
        found[1] += way not in (0.0, before)
        state = levels[t]
    found[0] += value_at(end, state)
    return found


@kernel("f8(f8[:, ::1], f8, f8)")
def next_price(sides: Vector, most: float, budget: float) -> float:
    """Return the price of a run to try next.

    Parameters
    ----------
    sides : float64 array, shape (2, 3)
        Price, cost and number of runs of the last plan that was affordable, and of the last that
        was not; the price is zero where there was none.
    most, budget : float
        Cost that is allowed, and the part of it that is the budget. [$]
    """
    affordable, dear = sides[0], sides[1]
    if affordable[0] > 0.0 and dear[0] > 0.0:  # the slope of the line through both
        return float((dear[1] - affordable[1]) / max(affordable[2] - dear[2], 1.0))
    last = affordable if affordable[0] > 0.0 else dear
    spent = max(1.0 + (last[1] - most) / budget, 1.0 / _MOST_STEP)
    step = min(spent, _MOST_STEP) ** -_STEEPNESS
    return float(last[0] * (max(step, 2.0) if dear[0] == 0.0 else min(step, 0.5)))


@kernel("f8[::1](f8[:, ::1], i8[::1], f8[:, ::1], i8[::1], f8[:, ::1], f8[::1], f8[:, ::1])")
def fewest_runs(
    costs: Vector,
    place: NDArray[np.int64],
    preferred: Vector,
    preferred_place: NDArray[np.int64],
    rows: Vector,
    numbers: Vector,
    end: Vector,
) -> Vector:
    """Find the levels of the plan of the fewest runs, or nearly so, that is affordable.

    Parameters
    ----------
    costs, place
        Results of `interval_costs`.
    preferred, preferred_place
        The same in each mode, one mode after the other, with prices of other preferences.
    rows : float64 array, shape (N_ROWS, T)
        Table of intervals.
    numbers : float64 array, shape (N_NUMBERS,)
        Prices, energy stored now and costs.
    end : float64 array, shape (3, S + 1)
        Cost after the horizon, on the band of stored energy.

    Returns
    -------
    float64 array, shape (T,)
        Energy at the end of each interval; empty where nothing was found, or there are too many
        breakpoints. [kWh]
    """
    soft_levels = rows[SOFT:LEAST].copy()
    least, late = rows[LEAST:LATE].copy().ravel(), rows[LATE:BEGINS].copy().ravel()
    most, budget = numbers[MOST], numbers[BUDGET]
    chosen = np.zeros(0)
    penalty, initial = numbers[PENALTY], numbers[INITIAL]
    values, v_place, _, _ = value_backwards(costs, place, soft_levels, penalty, end)
    if v_place[0] == GAVE_UP:
        return chosen
    present = np.array([initial, penalty])
    within = corridor(costs, place, values, v_place, soft_levels, present, budget)
    sides = np.zeros((2, 3))
    price = _FIRST_SHARE * budget
    fewest = 0.0
    for _ in range(_ROUNDS):
        h, h_place = price_rest(preferred, preferred_place, least, late, price)
        begins = rows[BEGINS:] * price
        values, v_place = value_by_mode(
            h, h_place, soft_levels, within, numbers[PENALTY:INITIAL], begins, end
        )
        if v_place[0] == GAVE_UP:
            break
        levels = choose_modes(h, h_place, values, v_place, begins, initial)
        cost, n_runs = path_cost(levels, costs, place, soft_levels, numbers, end)
        fewest = max(fewest, np.ceil(n_runs - (most - cost) / price - _ROUNDING))
        side = 0 if cost <= most else 1
        if side == 0 and (chosen.size == 0 or n_runs <= sides[0, 2]):
            chosen = levels
        if side == 1 or chosen is levels:
            sides[side, 0], sides[side, 1], sides[side, 2] = price, cost, n_runs
        if chosen.size > 0 and sides[0, 2] <= (1.0 + _WITHIN) * fewest:
            break
        price = next_price(sides, most, budget)
    return chosen
