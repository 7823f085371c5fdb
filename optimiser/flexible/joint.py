"""The programme of a site in which flexible consumption are vehicles."""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector, tables
from matrix_builders import layout as blocks
from optimiser.flexible.levels import write_heat, write_load
from optimiser.model.arrays import ProblemArrays, arrays_from_site
from optimiser.model.dispatch import Dispatch
from optimiser.model.formulation import Formulation, formulate
from optimiser.model.pieces import Pieces
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.objective import CostFunction, build_objective
from optimiser.problem.provider import ProviderRules, planning_tariff
from optimiser.problem.site import Site
from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
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
    alone : ProblemArrays
        Those of its pieces without flexible consumption.
    formulation : Formulation
        The programme; flexible consumption are its last storages, in order.
    """

    site: Site
    pieces: Pieces
    alone: ProblemArrays
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
            cost += float(price * np.maximum(lacks, 0.0).sum())
            width, value = storages.end_values[:, storages.end_of[k]]
            kept = np.clip(stored[-1] - lower[-1], 0.0, width.sum())
            cost -= float(kept * value[0]) if value.size else 0.0
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
    alone = build_problem(pieces.site, cost_function, rules)
    problem = _with_vehicles(site, pieces, alone, cost_function, rules)
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
    return Joint(site, pieces, alone, formulation)


def _with_vehicles(
    site: Site,
    pieces: Pieces,
    alone: ProblemArrays,
    cost_function: CostFunction,
    rules: ProviderRules,
) -> ProblemArrays:
    """Return the arrays of a site and of vehicles in place of its flexible consumption.

    They allow all that the site may do beside any schedule.  Where flexible consumption may take
    more than the surplus, that is every trade with the grid (`service` has rows that hold it to
    some); a pinned battery has no levels, which would depend on the schedule; and what the import
    limit cannot give may be bought at the penalty, as a load may.
    """
    span, serves = float(site.horizon.elapsed[-1]), exceeds_surplus(site, pieces)
    vehicles = tuple([_as_vehicle(one, span) for one in site.flexible])
    whole = replace(pieces.site, vehicles=(*pieces.site.vehicles, *vehicles))
    if serves.any():
        free = tuple([replace(battery, export_limit=np.inf) for battery in whole.batteries])
        whole = replace(whole, batteries=free)
    tariff = planning_tariff(rules, whole.tariff, whole.horizon)
    objective = build_objective(whole, tariff, cost_function)
    objective = replace(
        objective,
        may_feed_in=objective.may_feed_in | serves,
        may_charge_from_grid=objective.may_charge_from_grid | serves,
    )
    problem = arrays_from_site(whole, objective)
    n, ends, meter = len(site.storages), alone.storages.end_values, problem.meter.copy()
    beyond = whole.net_load + whole.clipping + most_taken(site, pieces)
    meter[tables.IMPORT_EXCESS] = np.maximum(beyond - meter[tables.IMPORT_LIMIT], 0.0)
    storages = problem.storages._replace(
        limits=problem.storages.limits.copy(), traits=problem.storages.traits.copy()
    )
    storages.traits[:, :n] = alone.storages.traits
    for k, battery in enumerate(whole.batteries):
        if battery.pinned:
            storages.limits[tables.SOFT_FLOOR, k] = 0.0
            storages.limits[tables.SOFT_CEILING, k] = np.inf
    if objective.values_end:
        own = np.zeros((2, len(vehicles), max(ends.shape[2], 1)))
        ends = np.concatenate([ends.reshape(2, -1, own.shape[2]), own], axis=1)
        end_of = np.append(alone.storages.end_of, ends.shape[1] - np.arange(len(vehicles), 0, -1))
        storages = storages._replace(end_of=end_of, end_values=ends)
    return replace(problem, storages=storages, meter=meter, penalty=alone.penalty)


def exceeds_surplus(site: Site, pieces: Pieces) -> Mask:
    """Return where solar is left over, but less than flexible consumption may take; shape (P,)."""
    net_load = pieces.site.net_load
    return np.asarray((net_load < 0.0) & (net_load + most_taken(site, pieces) > 0.0))


def most_taken(site: Site, pieces: Pieces) -> Vector:
    """Return the most that all flexible consumption takes; shape (P,). [kWh]"""
    powers = np.sum([site.horizon.spread(one.power) for one in site.flexible], axis=0)
    return np.asarray(powers[pieces.intervals] * pieces.site.horizon.hours)


def _as_vehicle(one: Load | HeatStore, span: float) -> Vehicle:
    """Return a vehicle that takes as much at most in a span [h]; its levels are written later."""
    power = float(np.max(one.power))
    return Vehicle(
        capacity=one.energy if isinstance(one, Load) else power * span,
        charge_limit=power,
        initial_soc=0.0,
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
