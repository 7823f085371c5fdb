"""The programme of a site in which flexible consumption are vehicles."""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector, tables
from matrix_builders import layout as blocks
from optimiser.flexible.levels import write_heat, write_load
from optimiser.model.dispatch import Dispatch
from optimiser.model.formulation import Formulation, formulate
from optimiser.model.pieces import Pieces
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.objective import CostFunction
from optimiser.problem.provider import ProviderRules
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle
from optimiser.value_function.terminal_value import build_problem


@dataclass(frozen=True, slots=True)
class Joint:
    """The programme of a site and its flexible consumption.

    Attributes
    ----------
    site : Site
        As the caller states it.
    pieces : Pieces
        The same, cut where something begins or ends inside an interval.
    formulation : Formulation
        Its programme; flexible consumption are its last storages, in order.
    """

    site: Site
    pieces: Pieces
    formulation: Formulation

    @property
    def first(self) -> int:
        """First storage that is flexible consumption."""
        return len(self.site.storages)

    def energy(self, x: Vector) -> Vector:
        """Return what each takes at a point; shape (F, T). [kWh per interval]"""
        charge = self.formulation.block(x, blocks.CHARGE)[self.first :]
        return np.maximum(self.pieces.total(charge), 0.0)

    def with_flexible(self, dispatch: Dispatch, x: Vector) -> Dispatch:
        """Return a dispatch of the storages with the flexible consumption of a point, in pieces."""
        charge, stored = (
            self.formulation.block(x, block)[self.first :]
            for block in (blocks.CHARGE, blocks.STORED)
        )
        return replace(
            dispatch,
            charge=np.vstack([dispatch.charge, charge]),
            discharge=np.vstack([dispatch.discharge, np.zeros_like(charge)]),
            stored=np.vstack([dispatch.stored, stored]),
        )

    def cost(self, energy: Vector) -> float:
        """Return the price of what flexible consumption lacks, less the value of its heat. [$]

        Parameters
        ----------
        energy : float64 array, shape (F, T)
            What each takes. [kWh per interval]
        """
        storages, pieces, cost = self.formulation.problem.storages, self.pieces, 0.0
        for k, (one, own) in enumerate(zip(self.site.flexible, energy, strict=True), self.first):
            gained = own[pieces.intervals] * pieces.shares
            if isinstance(one, HeatStore):
                gained = gained * self.site.horizon.spread(one.efficiency)[pieces.intervals]
            limits, price = storages.limits[:, k], storages.traits[tables.LEVEL_PRICE, k]
            stored = storages.traits[tables.INITIAL, k] + np.cumsum(gained)
            lower = limits[tables.STORED_LOWER]
            is_wanted = limits[tables.SOFT_FLOOR] > lower
            lacks = np.where(is_wanted, limits[tables.SOFT_FLOOR] - stored, 0.0)
            cost += price * float(np.maximum(lacks, 0.0).sum())
            width, value = storages.end_values[:, storages.end_of[k]]
            kept = np.clip(stored[-1] - lower[-1], 0.0, width.sum())
            cost -= kept * float(value[0]) if value.size else 0.0
        return cost


def join(site: Site, pieces: Pieces, cost_function: CostFunction, rules: ProviderRules) -> Joint:
    """Build the programme of a site and its flexible consumption.

    Parameters
    ----------
    site : Site
        With flexible consumption.
    pieces : Pieces
        Of the same site.
    cost_function, rules
        As in `plan`.
    """
    vehicles = tuple([_as_vehicle(one) for one in site.flexible])
    whole = replace(pieces.site, vehicles=(*pieces.site.vehicles, *vehicles))
    problem = build_problem(whole, cost_function, rules)
    storages = problem.storages._replace(
        limits=problem.storages.limits.copy(),
        traits=problem.storages.traits.copy(),
        end_values=problem.storages.end_values.copy(),
    )
    problem = replace(problem, storages=storages)
    for k, one in enumerate(site.flexible, len(site.storages)):
        if isinstance(one, Load):
            write_load(one, k, pieces, site, problem)
        else:
            write_heat(one, k, pieces, site, problem)
    formulation = formulate(problem)
    for k, one in enumerate(site.flexible, len(site.storages)):
        if isinstance(one, HeatStore):
            efficiency = site.horizon.spread(one.efficiency)[pieces.intervals]
            formulation = _with_efficiency(formulation, k, efficiency)
    return Joint(site, pieces, formulation)


def _as_vehicle(one: Load | HeatStore) -> Vehicle:
    """Return a vehicle of the same size and power; its levels are written later."""
    return Vehicle(
        capacity=one.energy if isinstance(one, Load) else one.capacity,
        charge_limit=float(np.max(one.power)),
        initial_soc=0.0 if isinstance(one, Load) else one.level,
        target_soc=1.0,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
    )


def _with_efficiency(formulation: Formulation, k: int, efficiency: Vector) -> Formulation:
    """Return the programme in which a storage gains by an efficiency of each interval; (P,)."""
    layout, matrix = formulation.layout, formulation.lp.matrix
    data, dynamics = matrix.data.copy(), layout.rows[blocks.DYNAMICS]
    for column, gain in zip(layout.table(blocks.CHARGE)[k].tolist(), efficiency, strict=True):
        entries = slice(matrix.indptr[column], matrix.indptr[column + 1])
        rows = matrix.indices[entries]
        data[entries][(rows >= dynamics.start) & (rows < dynamics.stop)] *= gain
    lp = formulation.lp._replace(matrix=matrix._replace(data=data))
    return replace(formulation, lp=lp)
