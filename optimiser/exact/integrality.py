"""What a linear programme allows and a house cannot do.

It may import and export, or charge and discharge, in the same interval; one battery may discharge
into another; a vehicle may charge at a trickle that its charger does not have.
"""

from dataclasses import dataclass

import numpy as np

from matrix_builders import SiteArrays, StorageArrays, Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser.model.dispatch import Dispatch
from optimiser.model.formulation import Formulation
from optimiser.model.linear_program import primal_residual
from optimiser.problem.windows import Mask
from optimiser.solvers import FEASIBILITY_TOLERANCE

AT_ONCE = 1e-6
"""Both directions beyond this are a flaw. [kWh]"""

_TRICKLE = 1e-7  # kWh; under it, and this near the least, is rounding


@dataclass(frozen=True, slots=True)
class Flaws:
    """Where a point is impossible.

    Attributes
    ----------
    meter : bool array, shape (T,)
        It imports and exports.
    groups : bool array, shape (G, T)
        Storages of a group charge and discharge.
    trickles : bool array, shape (K, T)
        A storage charges at less than its least.
    """

    meter: Mask
    groups: Mask
    trickles: Mask

    def __or__(self, other: "Flaws") -> "Flaws":
        return Flaws(
            self.meter | other.meter, self.groups | other.groups, self.trickles | other.trickles
        )

    def with_all_trickles(self, storages: StorageArrays) -> "Flaws":
        """The same, and every charge that could be a trickle."""
        return Flaws(self.meter, self.groups, self.trickles | (storages.least_charge > 0))

    @property
    def both_ways(self) -> bool:
        """Whether anything goes both ways at once."""
        return bool(self.meter.any() or self.groups.any())

    @property
    def only_trickles(self) -> bool:
        """Whether there are trickles and nothing else."""
        return bool(self.trickles.any()) and not self.both_ways

    def with_all_tempting(self, site: SiteArrays) -> "Flaws":
        """The same, and every interval whose prices pay for going both ways."""
        wastes = (site.import_price < 0) | (site.export_price < 0)
        trades = site.export_price > site.import_price
        return Flaws(self.meter | wastes | trades, self.groups | wastes, self.trickles)

    def without(self, other: "Flaws") -> "Flaws":
        """Those that `other` does not have."""
        return Flaws(
            self.meter & ~other.meter, self.groups & ~other.groups, self.trickles & ~other.trickles
        )

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.meter.any() or self.groups.any() or self.trickles.any())

    @property
    def n_intervals(self) -> int:
        """Number of intervals with a flaw."""
        touched = self.meter | self.groups.any(axis=0) | self.trickles.any(axis=0)
        return int(np.count_nonzero(touched))


def flaws_of(formulation: Formulation, x: Vector) -> Flaws:
    """Flaws of a point of the linear programme."""
    storages = formulation.programme.storages
    charge, discharge = (formulation.block(x, b) for b in (blocks.CHARGE, blocks.DISCHARGE))
    meter = (formulation.block(x, block) for block in (blocks.IMPORT, blocks.EXPORT))
    return Flaws(
        meter=np.minimum(*meter) > AT_ONCE,
        groups=_both_ways(storages, charge, discharge) > AT_ONCE,
        trickles=_trickles(storages, charge),
    )


def is_possible(formulation: Formulation, dispatch: Dispatch) -> bool:
    """Whether a dispatch keeps every hard limit, every tie, and what a programme cannot say."""
    storages = formulation.programme.storages
    if _trickles(storages, dispatch.charge).any():
        return False
    if (_both_ways(storages, dispatch.charge, dispatch.discharge) > AT_ONCE).any():
        return False
    residual = primal_residual(formulation.lp, formulation.point(dispatch))
    return residual <= 2 * FEASIBILITY_TOLERANCE  # a point and its dispatch may both be off by one


def members(storages: StorageArrays) -> tuple[Places, ...]:
    """Storages of each group."""
    return tuple(np.flatnonzero(storages.group == g) for g in np.unique(storages.group))


def _both_ways(storages: StorageArrays, charge: Vector, discharge: Vector) -> Vector:
    """Energy that a group moves both ways at once; shape (G, T)."""
    each = [
        np.minimum(charge[group].sum(axis=0), discharge[group].sum(axis=0))
        for group in members(storages)
    ]
    return np.array(each).reshape(len(each), charge.shape[1])


def _trickles(storages: StorageArrays, charge: Vector) -> Mask:
    trickles: Mask = (charge > _TRICKLE) & (charge < storages.least_charge - _TRICKLE)
    return trickles
