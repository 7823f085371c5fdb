"""The exact optimum of a single storage, by its value function."""

from dataclasses import dataclass

from matrix_builders import Vector
from optimiser.errors import SolverError
from optimiser.model.arrays import Programme
from optimiser.problem.checks import extent
from optimiser.value_function.backward import GAVE_UP
from optimiser.value_function.optimal_course import optimal_course


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
        Worth of one kWh more at the end of each interval. [$/kWh]
    """

    levels: Vector
    bound: float
    marginal_value: Vector


def applies_to(programme: Programme) -> bool:
    """Whether the programme has one storage, whose hard band does not move, and no couplings.

    A least charge does not count: without it the value function is a bound.
    """
    storages = programme.storages
    lower, upper = storages.stored_lower, storages.stored_upper
    return (
        lower.shape[0] == 1
        and programme.couplings.is_empty
        and _is_level(lower[0])
        and _is_level(upper[0])
    )


def _is_level(bound: Vector) -> bool:
    lowest, highest = extent(bound)
    return lowest == highest


def solve(programme: Programme) -> StoragePlan:
    """Best plan of the one storage of `programme`.

    Parameters
    ----------
    programme : Programme
        For which `applies_to` holds.

    Returns
    -------
    StoragePlan
        Physically exact: the storage moves one way at a time, and so does the meter.

    Raises
    ------
    SolverError
        Where the value functions grow beyond half a second of work.
    """
    storages = programme.storages
    levels, marginal_value, bound, breakpoints = optimal_course(
        programme.meter,
        storages.charge_limit[0],
        storages.discharge_limit[0],
        storages.soft_floor[0],
        storages.soft_ceiling[0],
        storages.end_width[0],
        storages.end_price[0],
        storages.stored_lower[0, -1],
        storages.stored_upper[0, -1],
        storages.initial[0],
        storages.charge_efficiency[0],
        storages.discharge_efficiency[0],
        storages.wear[0],
        storages.level_price[0],
        programme.site.penalty,
    )
    if breakpoints == GAVE_UP:
        raise SolverError("the value function has too many breakpoints")
    return StoragePlan(levels, bound, marginal_value)
