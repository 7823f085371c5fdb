"""The optimum of a site, or of a problem's arrays, by a mixed-integer programme of its own.

Nothing of the planner's own builders: columns and rows have names, coefficients are entries of
dictionaries, loops are plain, and every choice is a binary from the start.
"""

from optimiser import CostFunction
from tests.oracle.model import Model, Optimum
from tests.oracle.of_arrays import model_of_arrays
from tests.oracle.of_site import model_of_site, planning_prices

__all__ = [
    "Model",
    "Optimum",
    "least_cost",
    "least_cost_of_arrays",
    "model_of_arrays",
    "model_of_site",
    "planning_prices",
    "relaxed_cost",
]


def least_cost(site, cost_function=CostFunction.PROFIT, **options) -> Optimum:
    """Least planning cost of a site, every binary included."""
    return model_of_site(site, cost_function).solved(**options)


def least_cost_of_arrays(problem, **options) -> Optimum:
    """The same of the arrays of one storage."""
    return model_of_arrays(problem, one_way=True).solved(**options)


def relaxed_cost(problem) -> float:
    """Least cost of the arrays' linear relaxation."""
    return model_of_arrays(problem).solved().cost
