"""The exact optimum of a single storage, by its value function."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matrix_builders import Vector, tables
from matrix_builders.arrays import Places
from optimiser.errors import SolverError
from optimiser.model.arrays import ProblemArrays
from optimiser.value_function.dynamic_programme import GAVE_UP, choose_levels, value_backwards
from optimiser.value_function.interval_cost import interval_costs
from optimiser.value_function.piecewise import SHORTEST, SLOPE, X, Y

_N_MOVES = tables.DISCHARGE_LIMIT + 1  # rows of the limits on energy in and out


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """The best plan of one storage, and the proof that none is better.

    Attributes
    ----------
    levels : float64 array, shape (1, T)
        Energy at the end of each interval. [kWh]
    bound : float
        Planning cost that no physical plan can undercut: V_0 of the present state. [$]
    marginal_value : float64 array, shape (T,)
        Value of one kWh more at the end of each interval. [$/kWh]
    is_convex : bool
        Whether the linear programme has the same optimum, since all interval costs are convex.
    """

    levels: Vector
    bound: float
    marginal_value: Vector
    is_convex: bool


def applies_to(problem: ProblemArrays) -> bool:
    """Return whether a problem has one storage, whose hard band is constant, and no couplings.

    A least charge does not count: without it the value function is a bound.
    """
    if len(problem.storages.group) != 1 or not problem.couplings.is_empty:
        return False
    band = problem.storages.limits[tables.STORED_LOWER : tables.STORED_UPPER + 1, 0]
    return bool((band == band[:, :1]).all())


class Recursion(NamedTuple):
    """Inputs of the recursion of one storage.

    Attributes
    ----------
    costs, place
        Results of `interval_costs`.
    soft_levels : float64 array, shape (2, T)
        Soft floor and ceiling at the end of each interval. [kWh]
    penalty : float
        Price of missing a soft level. [$/kWh]
    end : float64 array, shape (3, S + 1)
        Cost after the horizon, on the band of stored energy.
    initial : float
        Energy stored now. [kWh]
    """

    costs: Vector
    place: Places
    soft_levels: Vector
    penalty: float
    end: Vector
    initial: float


def recursion(problem: ProblemArrays) -> Recursion:
    """Return the inputs of the recursion of the one storage of a problem."""
    storages = problem.storages
    limits = np.ascontiguousarray(storages.limits[:, 0])
    traits = np.ascontiguousarray(storages.traits[:, 0])
    low, high = limits[tables.STORED_LOWER, -1], limits[tables.STORED_UPPER, -1]
    width, price = storages.end_values[:, 0]
    ends = np.minimum(low + np.cumsum(width), high)
    return Recursion(
        *interval_costs(problem.meter, limits[:_N_MOVES], traits, problem.penalty),
        limits[tables.SOFT_FLOOR : tables.SOFT_CEILING + 1],
        float(traits[tables.LEVEL_PRICE]),
        function_from_slopes(np.array([low, *ends, high]), np.array([*-price, 0.0])),
        float(traits[tables.INITIAL]),
    )


def solve(problem: ProblemArrays) -> StoragePlan:
    """Find the best plan of the one storage of a problem.

    Parameters
    ----------
    problem : ProblemArrays
        For which `applies_to` holds.

    Returns
    -------
    StoragePlan
        Physically exact: the storage moves one way at a time, and so does the meter.

    Raises
    ------
    SolverError
        Where the value functions have too many breakpoints.
    """
    costs, cost_place, soft_levels, penalty, end, initial = recursion(problem)
    values, place, first, is_convex = value_backwards(costs, cost_place, soft_levels, penalty, end)
    if place[0] == GAVE_UP:
        raise SolverError("the value function has too many breakpoints")
    levels, marginal_value = choose_levels(costs, cost_place, values, place, initial)
    bound = float(np.interp(initial, first[X], first[Y]))
    return StoragePlan(levels[None, :], bound, marginal_value, bool(is_convex))


def function_from_slopes(x: Vector, slopes: Vector) -> Vector:
    """Build the function of these slopes between breakpoints, which begins at zero.

    Parameters
    ----------
    x : float64 array, shape (S + 1,)
        Ascending breakpoints; segments that are too short are left out. [kWh]
    slopes : float64 array, shape (S,)
        [$/kWh]

    Returns
    -------
    float64 array, shape (3, m + 1)
        Rows as in `piecewise`.
    """
    keeps = np.diff(x) > SHORTEST
    function = np.zeros((3, int(np.count_nonzero(keeps)) + 1))
    function[X, 0], function[X, 1:] = x[0], x[1:][keeps]
    function[X, -1] = x[-1]
    function[SLOPE, :-1] = slopes[keeps]
    function[Y, 1:] = np.cumsum(function[SLOPE, :-1] * np.diff(function[X]))
    return function
