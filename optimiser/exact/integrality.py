"""Violations of what a linear programme cannot say: exclusive directions, least powers.

It may import and export, or charge and discharge, in the same interval; one battery may discharge
into another; a vehicle may charge below the minimum power of its charger.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import StorageArrays, Vector, tables
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser.model.arrays import ProblemArrays
from optimiser.model.dispatch import Dispatch, most_export
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import primal_residual
from optimiser.problem.tariff import Direction
from optimiser.problem.windows import Mask
from optimiser.solvers import FEASIBILITY_TOLERANCE

SIMULTANEOUS = 1e-6
"""Both directions beyond this violate exclusivity. [kWh]"""

_NOTHING = 1e-7  # kWh; under it, and this near the minimum, is rounding
_REACHED = 1e-5  # kWh; a target that is missed by less is reached


@dataclass(frozen=True, slots=True)
class Violations:
    """Intervals in which a point is impossible.

    Attributes
    ----------
    meter : bool array, shape (T,)
        It imports and exports, or solar is left unused where limits alone may cut it.
    groups : bool array, shape (G, T)
        Storages of a group charge and discharge.
    below_minimum : bool array, shape (K, T)
        A storage charges at less than its least power.
    """

    meter: Mask
    groups: Mask
    below_minimum: Mask

    def __or__(self, other: "Violations") -> "Violations":
        return Violations(
            self.meter | other.meter,
            self.groups | other.groups,
            self.below_minimum | other.below_minimum,
        )

    def with_semicontinuous(self, storages: StorageArrays) -> "Violations":
        """Return the same, and every charge that has a least power."""
        below_minimum = self.below_minimum | (storages.limits[tables.LEAST_CHARGE] > 0)
        return Violations(self.meter, self.groups, below_minimum)

    def with_profitable_cycles(self, problem: ProblemArrays) -> "Violations":
        """Return the same, and every interval whose prices pay for both directions at once."""
        buy, sell = problem.meter[[tables.IMPORT_PRICE, tables.EXPORT_PRICE]]
        for allowance in problem.couplings.allowances:  # energy within it is better by its gain
            gain = np.maximum(allowance.gain, 0.0)
            if allowance.direction is Direction.IMPORT:
                buy = buy - gain
            else:
                sell = sell + gain
        wastes, trades = (buy < 0) | (problem.meter[tables.EXPORT_PRICE] < 0), sell > buy
        return Violations(self.meter | wastes | trades, self.groups | wastes, self.below_minimum)

    def without(self, other: "Violations") -> "Violations":
        """Return those that `other` does not have."""
        return Violations(
            self.meter & ~other.meter,
            self.groups & ~other.groups,
            self.below_minimum & ~other.below_minimum,
        )

    @property
    def are_simultaneous(self) -> bool:
        """Return whether anything goes both ways at once."""
        return bool(self.meter.any() or self.groups.any())

    @property
    def any(self) -> bool:
        """Return whether there is one."""
        return self.are_simultaneous or bool(self.below_minimum.any())

    @property
    def n_intervals(self) -> int:
        """Number of intervals with a violation."""
        each = self.meter | self.groups.any(axis=0) | self.below_minimum.any(axis=0)
        return int(np.count_nonzero(each))


def nowhere(storages: StorageArrays) -> Violations:
    """Return no violation."""
    n_storages, n = storages.limits.shape[1:]
    shapes = (n,), (len(members(storages)), n), (n_storages, n)
    return Violations(*(np.zeros(shape, dtype=np.bool_) for shape in shapes))


def find_violations(formulation: Formulation, x: Vector) -> Violations:
    """Find the violations of a point of the linear programme."""
    storages = formulation.problem.storages
    charge, discharge = (formulation.block(x, b) for b in (blocks.CHARGE, blocks.DISCHARGE))
    meter = (formulation.block(x, block) for block in (blocks.IMPORT, blocks.EXPORT))
    return Violations(
        meter=(np.minimum(*meter) > SIMULTANEOUS)
        | _voluntary_curtailment(formulation, x, charge, discharge),
        groups=_simultaneous_energy(storages, charge, discharge) > SIMULTANEOUS,
        below_minimum=below_minimum(storages, charge),
    )


def loses_solar(problem: ProblemArrays) -> Mask:
    """Return where limits alone may cut solar; shape (T,)."""
    meter = problem.meter
    return np.asarray((meter[tables.MAY_CURTAIL] == 0.0) & (meter[tables.CURTAIL_LIMIT] > 0.0))


def _voluntary_curtailment(
    formulation: Formulation, x: Vector, charge: Vector, discharge: Vector
) -> Mask:
    """Return where solar is left unused that no limit cuts; shape (T,)."""
    problem = formulation.problem
    loses, inverter = loses_solar(problem), problem.couplings.inverter
    if not loses.any():
        return loses
    beyond = formulation.block(x, blocks.CURTAIL)
    if inverter is not None:
        beyond = beyond - inverter.excess(charge, discharge)
    spare = formulation.meter_energy(x) + most_export(problem.meter)
    return loses & (np.minimum(beyond, spare) > SIMULTANEOUS)


def is_feasible(formulation: Formulation, dispatch: Dispatch) -> bool:
    """Return whether a dispatch keeps every hard limit, every row, and least powers."""
    storages = formulation.problem.storages
    if below_minimum(storages, dispatch.charge).any():
        return False
    both = _simultaneous_energy(storages, dispatch.charge, dispatch.discharge)
    if (both > SIMULTANEOUS).any():
        return False
    residual = primal_residual(formulation.lp, formulation.point(dispatch))
    return residual <= 2 * FEASIBILITY_TOLERANCE  # a point and its dispatch may both be off by one


def members(storages: StorageArrays) -> tuple[Places, ...]:
    """Return the storages of each group."""
    groups = sorted(set(storages.group.tolist()))
    return tuple(np.flatnonzero(storages.group == group) for group in groups)


def charges_more(storages: StorageArrays, charge: Vector, discharge: Vector) -> Mask:
    """Return where a group charges at least as much as it discharges; shape (G, T)."""
    each = [
        charge[group].sum(axis=0) >= discharge[group].sum(axis=0) for group in members(storages)
    ]
    return np.array(each, dtype=np.bool_).reshape(len(each), charge.shape[1])


def _simultaneous_energy(storages: StorageArrays, charge: Vector, discharge: Vector) -> Vector:
    """Return the energy that a group moves both ways at once; shape (G, T)."""
    each = [
        np.minimum(charge[group].sum(axis=0), discharge[group].sum(axis=0))
        for group in members(storages)
    ]
    return np.array(each).reshape(len(each), charge.shape[1])


def below_minimum(storages: StorageArrays, charge: Vector) -> Mask:
    """Return where a storage charges, but at less than its least power; shape (K, T).

    The last charge of a vehicle that may end short is none where the target is reached with it.
    """
    least = storages.limits[tables.LEAST_CHARGE]
    below: Mask = (charge > _NOTHING) & (charge < least - _NOTHING)
    for k in np.flatnonzero(
        below.any(axis=1) & (storages.traits[tables.ENDS_SHORT] > 0.0)
    ).tolist():
        off = abs(float(energy_needed(storages)[k] - charge[k].sum()))
        below[k, np.flatnonzero(charge[k] > _NOTHING)[-1]] &= off > _REACHED
    return below


def energy_needed(storages: StorageArrays) -> Vector:
    """Return the energy that each storage would have to charge for its soft floor; shape (K,)."""
    missing = storages.limits[tables.SOFT_FLOOR].max(axis=1) - storages.traits[tables.INITIAL]
    needed: Vector = np.maximum(missing, 0.0) / storages.traits[tables.CHARGE_EFFICIENCY]
    return needed
