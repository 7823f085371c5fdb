"""The whole plan of one storage as one kernel."""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.value_function.backward import GAVE_UP, value_backwards
from optimiser.value_function.forward import choose_forwards
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.piecewise import value_of


@kernel(
    "Tuple((f8[:, ::1], f8[::1], f8, i8))"
    "(f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8, f8, f8, f8, f8, f8, f8, f8)"
)
def optimal_course(
    meter: Vector,
    charge_limit: Vector,
    discharge_limit: Vector,
    soft_floor: Vector,
    soft_ceiling: Vector,
    end_width: Vector,
    end_price: Vector,
    low: float,
    high: float,
    initial: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    wear: float,
    level_price: float,
    penalty: float,
) -> tuple[Vector, Vector, float, int]:
    """Best levels of one storage, by its value functions.

    Parameters
    ----------
    meter : float64 array, shape (8, T)
        Prices, limits and net load. [$/kWh; kWh]
    charge_limit, discharge_limit, soft_floor, soft_ceiling : float64 array, shape (T,)
        Limits of power, and the levels wanted. [kWh]
    end_width, end_price : float64 array, shape (S,)
        Worth of what is left at the end. [kWh; $/kWh]
    low, high, initial : float
        The hard band, and the energy stored now. [kWh]
    charge_efficiency, discharge_efficiency : float
        One-way efficiencies. [-]
    wear, level_price, penalty : float
        Prices of throughput, of missing a soft level and of exceeding a limit. [$/kWh]

    Returns
    -------
    levels : float64 array, shape (1, T)
        Energy at the end of each interval. [kWh]
    marginal_value : float64 array, shape (T,)
        Worth of one kWh more there. [$/kWh]
    bound : float
        Cost of the best plan. [$]
    breakpoints : int
        Of all value functions together; `GAVE_UP` where there would be too many, and then nothing
        else means anything.
    """
    segments = end_width.size
    end_x = np.empty(segments + 2)
    end_slope = np.zeros(segments + 1)
    end_x[0] = low
    filled = 0.0
    for s in range(segments):
        filled += end_width[s]
        end_x[s + 1] = min(low + filled, high)
        end_slope[s] = -end_price[s]
    end_x[segments + 1] = high

    costs, cost_place = interval_costs(
        meter,
        charge_limit,
        discharge_limit,
        0,
        penalty,
        charge_efficiency,
        discharge_efficiency,
        wear,
    )
    values, place, is_convex, first = value_backwards(
        costs, cost_place, level_price, soft_floor, soft_ceiling, end_x, end_slope
    )
    n = charge_limit.size
    levels = np.full((1, n), initial)
    marginal_value = np.zeros(n)
    if place[0] != GAVE_UP:
        choose_forwards(
            costs, cost_place, initial, values, place, is_convex, levels[0], marginal_value
        )
    bound = value_of(first, first.shape[1] - 1, initial)
    return levels, marginal_value, bound, place[0]
