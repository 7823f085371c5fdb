r"""The tight formulation: binaries for exclusive choices, and rows that hold for every plan.

A binary ``z`` of an interval and a group is 1 where it charges, 0 where it discharges; a binary
``u`` of an interval and a charger is 1 where it is on.  The relaxed ``z`` averages two modes within
one interval and lets the charging half of the meter take what the discharging half gives away.
The rows of either mode alone forbid that (``v``: what a vehicle takes in the discharging mode)::

    discharging   sum_k discharge_k <= export + export_excess + sum v + load (1 - z)
    charging      sum_k charge_k + sum (charge_v - v) <= room z + discharge of others
    levels        stored_k,t-1 + eta_c charge_k <= upper_k
                  stored_k,t-1 - discharge_k / eta_d >= lower_k
    surplus       sum_v (charge_v - surplus u_v) <= import + import_excess + sum_k discharge_k
    import limit  charge_i + (most_i + least_j - room) u_j <= most_i
    cut by limit  curtail <= most (y + z),  export + export_excess >= most_export y
                  import <= most_import (1 - y),  inverter_out >= most_out z - most_in (1 - z)
    whole stay    sum_t u_t + shortfall / (eta most f) >= ceil(q),  f = q - floor(q)

Where a target is no sum of whole charges, the last charge may be shorter, by ``cut``; ``e`` falls
from 1 to 0 after it::

    charge_t >= least u_t - cut_t,  cut_t <= least (e_t - e_t+1),  u_t <= e_t,  e_t+1 <= e_t
    shortfall <= need e_end,  stored_end <= target + (upper - target) e_end

``load`` is the net load with all solar curtailed, ``room`` what the import limit leaves beside the
net load, and ``q`` the number of intervals at full power that a target needs: the last row is the
mixed-integer rounding of the energy of a stay.
The rows of levels are the convex hull of one storage in one interval.

References
----------
L. Wolsey, Integer Programming, 2020, chapters 8 and 9.
"""

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from matrix_builders import LinearProgram, StorageArrays, Vector, tables
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.layout import Layout
from matrix_builders.linear_program import Extension, Term
from optimiser.exact.integrality import (
    Violations,
    charges_more,
    energy_needed,
    loses_solar,
    members,
)
from optimiser.model.dispatch import Dispatch, most_export
from optimiser.model.formulation import Formulation
from optimiser.problem.windows import Mask

_NOTHING = 1e-6  # kWh, or a share
_NONE = -1

_INLETS = blocks.IMPORT, blocks.IMPORT_EXCESS
_OUTLETS = blocks.EXPORT, blocks.EXPORT_EXCESS


@dataclass(frozen=True, slots=True)
class Hull:
    """A linear programme with the binaries of some intervals, relaxed.

    Attributes
    ----------
    formulation : Formulation
        The programme without them; its columns come first.
    lp : LinearProgram
        The longer programme.
    charges : int64 array, shape (G, T)
        Column that is 1 where a group charges; -1 where there is none.
    imports : int64 array, shape (T,)
        Column that is 1 where the meter imports.
    cuts : int64 array, shape (2, T)
        Columns that are 1 where the limit of exports, and where the inverter, cuts solar.
    runs : int64 array, shape (K, T)
        Column that is 1 where a charger is on.
    cut : int64 array, shape (K, T)
        Column of what the last charge lacks of the least. [kWh]
    goes_on : int64 array, shape (K, T + 1)
        Column that is 1 until the last charge, where that is cut.
    aside : int64 array, shape (G, K, T)
        Column of what a storage charges while another group discharges. [kWh]
    """

    formulation: Formulation
    lp: LinearProgram
    charges: Places
    imports: Places
    cuts: Places
    runs: Places
    cut: Places
    goes_on: Places
    aside: Places

    @property
    def directions(self) -> Places:
        """Columns of the choices of groups, of the meter and of panels."""
        every = np.concatenate([self.charges.ravel(), self.imports, self.cuts.ravel()])
        ways: Places = every[every != _NONE]
        return ways

    @property
    def integers(self) -> Places:
        """Columns that are 0 or 1 in every physical plan."""
        chargers = np.concatenate([self.runs.ravel(), self.goes_on.ravel()])
        return np.concatenate([self.directions, chargers[chargers != _NONE]])

    def point(self, dispatch: Dispatch) -> Vector:
        """Return the columns of a physical dispatch; shape (n_cols,)."""
        storages = self.formulation.problem.storages
        x = np.zeros(self.lp.cost.size)
        x[: self.formulation.lp.cost.size] = self.formulation.point(dispatch)
        charges = charges_more(storages, dispatch.charge, dispatch.discharge)
        _set(x, self.charges, charges)
        _set(x, self.imports, dispatch.grid_import > dispatch.grid_export)
        is_full = dispatch.grid_export >= most_export(self.formulation.problem.meter) - _NOTHING
        _set(x, self.cuts, (dispatch.curtailed > 0.0) & np.array([is_full, ~is_full]))
        lacks = storages.limits[tables.LEAST_CHARGE] - dispatch.charge
        is_cut = (dispatch.charge > 0.0) & (lacks > _NOTHING) & (self.cut != _NONE)
        after = np.cumsum(is_cut, axis=1) > 0
        _set(x, self.runs, dispatch.charge > 0.0)
        _set(x, self.cut, np.where(is_cut, lacks, 0.0))
        _set(x, self.goes_on, ~np.insert(after, 0, values=False, axis=1))
        _set(x, self.aside, np.where(charges[:, None], 0.0, dispatch.charge[None]))
        return x


def _set(x: Vector, columns: Places, values: Vector | Mask) -> None:
    """Write the values of the columns that there are."""
    present = columns != _NONE
    x[columns[present]] = values[present]


def hull(formulation: Formulation, chosen: Violations) -> Hull:
    """Extend a programme by the choices of some intervals and by all rows.

    Parameters
    ----------
    formulation : Formulation
        The linear programme.
    chosen : Violations
        Intervals in which the meter, a group or a charger gets a binary.

    Returns
    -------
    Hull
        Every physical plan keeps its rows.
    """
    extension = Extension(formulation.lp)
    groups = members(formulation.problem.storages)
    shape = (len(groups), *chosen.below_minimum.shape)
    charges, aside = np.full((shape[0], shape[2]), _NONE), np.full(shape, _NONE)
    for g, group in enumerate(groups):
        _add_direction(extension, formulation, group, chosen.groups[g], charges[g], aside[g])
    imports = _add_meter(extension, formulation, chosen.meter)
    cuts = _add_cuts(extension, formulation, chosen.meter)
    runs, cut, goes_on = _add_chargers(extension, formulation, chosen.below_minimum)
    lp = extension.programme()
    return Hull(formulation, lp, charges, imports, cuts, runs, cut, goes_on, aside)


def _add_direction(
    extension: Extension,
    formulation: Formulation,
    group: Places,
    chosen: Mask,
    charges: Places,
    aside: Places,
) -> None:
    """Add the choice of one group between charging and discharging.

    `charges`, shape (T,), and `aside`, shape (K, T), get the new columns.
    """
    layout, upper = formulation.layout, formulation.lp.col_upper
    charge, discharge = layout.table(blocks.CHARGE), layout.table(blocks.DISCHARGE)
    both = (upper[charge[group]] > 0.0).any(axis=0) & (upper[discharge[group]] > 0.0).any(axis=0)
    times = np.flatnonzero(chosen & both)
    if times.size == 0:
        return
    own_charge, own_discharge = charge[np.ix_(group, times)], discharge[np.ix_(group, times)]
    z = extension.add_columns(np.ones(times.size))
    charges[times] = z
    extension.at_most(0.0, (own_charge, 1.0), (z, -upper[own_charge]))
    extension.at_most(upper[own_discharge], (own_discharge, 1.0), (z, upper[own_discharge]))
    _add_levels(extension, formulation, group, times)

    others = np.delete(np.arange(charge.shape[0]), group)
    takers = others[(upper[charge[np.ix_(others, times)]] > 0.0).any(axis=1)]
    taken = charge[np.ix_(takers, times)]
    v = extension.add_columns(upper[taken])
    aside[np.ix_(takers, times)] = v
    extension.at_most(0.0, (v, 1.0), (taken, -1.0))
    extension.at_most(upper[taken], (v, 1.0), (z, upper[taken]))
    extension.at_most(0.0, (taken, 1.0), (v, -1.0), (z, -upper[taken]))

    meter = formulation.problem.meter[:, times]
    room = meter[tables.IMPORT_LIMIT] + meter[tables.IMPORT_EXCESS] - meter[tables.NET_LOAD]
    load = meter[tables.NET_LOAD] + meter[tables.CURTAIL_LIMIT]
    outlets = [(row, -1.0) for row in _columns_of(layout, _OUTLETS, times)]
    extension.at_most(
        load, *((row, 1.0) for row in own_discharge), (z, load), *outlets, *((c, -1.0) for c in v)
    )
    extension.at_most(
        0.0,
        *((row, 1.0) for row in (*own_charge, *taken)),
        *((row, -1.0) for row in (*v, *discharge[np.ix_(others, times)])),
        (z, -room),
    )


def _columns_of(layout: Layout, chosen: tuple[int, ...], times: Places) -> list[Places]:
    """Return the columns of some blocks in some intervals; one entry for each storage or meter."""
    return [row[times] for block in chosen for row in layout.table(block)]


def _add_levels(
    extension: Extension, formulation: Formulation, group: Places, times: Places
) -> None:
    """Add the convex hull of each storage of a group in some intervals, but the first one."""
    layout, storages = formulation.layout, formulation.problem.storages
    later = times[times > 0]
    charge, discharge, before = (
        layout.table(block)[np.ix_(group, later - shift)]
        for block, shift in ((blocks.CHARGE, 0), (blocks.DISCHARGE, 0), (blocks.STORED, 1))
    )
    lower, upper = storages.limits[tables.STORED_LOWER : tables.STORED_UPPER + 1][
        :, group[:, None], later
    ]
    into, out = storages.traits[tables.CHARGE_EFFICIENCY : tables.DISCHARGE_EFFICIENCY + 1, group]
    extension.at_most(upper, (before, 1.0), (charge, into[:, None]))
    extension.at_most(-lower, (before, -1.0), (discharge, 1.0 / out[:, None]))


def _add_meter(extension: Extension, formulation: Formulation, chosen: Mask) -> Places:
    """Add the choice of the meter between import and export; return its columns, shape (T,)."""
    layout, upper = formulation.layout, formulation.lp.col_upper
    imports, exports = layout.table(blocks.IMPORT)[0], layout.table(blocks.EXPORT)[0]
    columns = np.full(chosen.size, _NONE)
    times = np.flatnonzero(chosen & (upper[imports] > 0.0) & (upper[exports] > 0.0))
    columns[times] = z = extension.add_columns(np.ones(times.size))
    extension.at_most(0.0, (imports[times], 1.0), (z, -upper[imports[times]]))
    extension.at_most(upper[exports[times]], (exports[times], 1.0), (z, upper[exports[times]]))
    return columns


def _add_cuts(extension: Extension, formulation: Formulation, chosen: Mask) -> Places:
    """Add the choice of the limit that cuts solar, or none; return its columns, shape (2, T)."""
    layout, problem = formulation.layout, formulation.problem
    columns = np.full((2, chosen.size), _NONE)
    times = np.flatnonzero(chosen & loses_solar(problem))
    if times.size == 0:
        return columns
    columns[0, times] = y = extension.add_columns(np.ones(times.size))
    outlets = [(row, -1.0) for row in _columns_of(layout, _OUTLETS, times)]
    extension.at_most(0.0, (y, most_export(problem.meter)[times]), *outlets)
    for row in _columns_of(layout, _INLETS, times):
        most = formulation.lp.col_upper[row]
        extension.at_most(most, (row, 1.0), (y, most))
    lost = layout.table(blocks.CURTAIL)[0]
    inverter = problem.couplings.inverter
    if inverter is not None:
        clips = times[inverter.solar[times] > inverter.limit[times]]
        columns[1, clips] = z = extension.add_columns(np.ones(clips.size))
        own = slice(inverter.n_storages)
        charge, discharge = (
            layout.table(block)[own, clips] for block in (blocks.CHARGE, blocks.DISCHARGE)
        )
        extension.at_most(
            inverter.limit_in[clips] + inverter.solar[clips],
            (z, inverter.limit_in[clips] + inverter.limit[clips]),
            (lost[clips], 1.0),
            *((row, 1.0) for row in charge),
            *((row, -1.0) for row in discharge),
        )
    most = formulation.lp.col_upper[lost[times]]
    of_inverter = columns[1, times]
    less = np.where(of_inverter == _NONE, 0.0, -most)
    extension.at_most(0.0, (lost[times], 1.0), (y, -most), (np.maximum(of_inverter, 0), less))
    return columns


def _add_chargers(
    extension: Extension, formulation: Formulation, chosen: Mask
) -> tuple[Places, Places, Places]:
    """Add the choice of each charger, on or off; return the columns `runs`, `cut`, `goes_on`."""
    storages, lp = formulation.problem.storages, formulation.lp
    charge, least = formulation.layout.table(blocks.CHARGE), storages.limits[tables.LEAST_CHARGE]
    most = lp.col_upper[charge]
    ends_short = storages.traits[tables.ENDS_SHORT, :, None] > 0.0
    own = chosen & (least > 0.0) & (lp.col_lower[charge] == 0.0) & (most > 0.0)
    own &= ends_short | (most >= least)
    is_cut = own & ends_short
    runs, cut = np.full(own.shape, _NONE), np.full(own.shape, _NONE)
    goes_on = np.full((own.shape[0], own.shape[1] + 1), _NONE)
    u = runs[own] = extension.add_columns(np.ones(int(np.count_nonzero(own))))
    cut[is_cut] = extension.add_columns(least[is_cut])
    extension.at_most(0.0, (charge[own], 1.0), (u, -most[own]))
    whole = own & ~is_cut
    extension.at_most(0.0, (charge[whole], -1.0), (runs[whole], least[whole]))
    extension.at_most(
        0.0, (charge[is_cut], -1.0), (runs[is_cut], least[is_cut]), (cut[is_cut], -1.0)
    )
    shortfall, floor = _shortfall_columns(formulation), storages.limits[tables.SOFT_FLOOR]
    for k in np.flatnonzero(is_cut.any(axis=1)).tolist():
        e = goes_on[k] = extension.add_columns(np.ones(own.shape[1] + 1))
        times = np.flatnonzero(is_cut[k])
        extension.at_most(0.0, (e[1:], 1.0), (e[:-1], -1.0))
        extension.at_most(0.0, (runs[k, times], 1.0), (e[times], -1.0))
        lost = _most_cut(storages, k, times)
        extension.at_most(0.0, (cut[k, times], 1.0), (e[times], -lost), (e[times + 1], lost))
        missed = shortfall[k][shortfall[k] != _NONE]
        extension.at_most(0.0, (missed, 1.0), (e[-1:], -lp.col_upper[missed]))
        level, target = formulation.layout.table(blocks.STORED)[k, -1:], floor[k].max()
        extension.at_most(target, (level, 1.0), (e[-1:], target - lp.col_upper[level]))
    _add_surplus(extension, formulation, runs)
    for i, j in permutations(np.flatnonzero(own.any(axis=1)).tolist(), 2):
        _add_import_limit(extension, formulation, runs, cut, (i, j))
    _add_stays(extension, formulation, runs, shortfall)
    return runs, cut, goes_on


def _most_cut(storages: StorageArrays, k: int, times: Places) -> Vector:
    """Return the most that the last charge of a vehicle lacks of the least; shape of `times`.

    A charger of one power lacks what the energy needed is below a whole number of charges.
    """
    least = storages.limits[tables.LEAST_CHARGE, k, times]
    most = storages.limits[tables.CHARGE_LIMIT, k, times]
    size = float(most.max())
    if np.ptp(most) > _NOTHING or float(least.min()) < size - _NOTHING:
        return np.asarray(least)
    needed = float(energy_needed(storages)[k])
    return np.full(times.size, math.ceil(needed / size) * size - needed)


def _shortfall_columns(formulation: Formulation) -> Places:
    """Return the column by which each soft floor is missed; shape (K, T), -1 where none is."""
    limits, layout = formulation.problem.storages.limits, formulation.layout
    is_soft = limits[tables.SOFT_FLOOR] > limits[tables.STORED_LOWER]
    columns = np.full(is_soft.shape, _NONE)
    columns[is_soft] = np.arange(*layout.column_starts[[blocks.SHORTFALL, blocks.SHORTFALL + 1]])
    return columns


def _add_surplus(extension: Extension, formulation: Formulation, runs: Places) -> None:
    """Add rows by which the part of a charge that the surplus does not cover is drawn."""
    problem, layout = formulation.problem, formulation.layout
    surplus = np.maximum(-problem.meter[tables.NET_LOAD], 0.0)
    least = problem.storages.limits[tables.LEAST_CHARGE]
    draws = (runs != _NONE) & (surplus > _NOTHING) & (surplus < least - _NOTHING)
    times = np.flatnonzero(draws.any(axis=0))
    drawn = _columns_of(layout, (*_INLETS, blocks.DISCHARGE), times)
    terms: list[Term] = [(row, -1.0) for row in drawn]
    for charge, on, draw in zip(layout.table(blocks.CHARGE), runs, draws[:, times], strict=True):
        terms.append((charge[times], np.where(draw, 1.0, 0.0)))
        terms.append((np.where(draw, on[times], 0), np.where(draw, -surplus[times], 0.0)))
    extension.at_most(np.zeros(times.size), *terms)


def _add_import_limit(
    extension: Extension,
    formulation: Formulation,
    runs: Places,
    cut: Places,
    pair: tuple[int, int],
) -> None:
    """Add rows of what the first charger may still take, where the second one is on."""
    i, j = pair
    meter, limits = formulation.problem.meter, formulation.problem.storages.limits
    room = meter[tables.IMPORT_LIMIT] + meter[tables.IMPORT_EXCESS] - meter[tables.NET_LOAD]
    room = room + limits[tables.DISCHARGE_LIMIT].sum(axis=0)
    least, most = limits[tables.LEAST_CHARGE], np.minimum(limits[tables.CHARGE_LIMIT], room)
    lost = most[i] + least[j] - room
    is_tight = (runs[i] != _NONE) & (runs[j] != _NONE) & (most[i] > _NOTHING) & (lost > _NOTHING)
    may_cut = (cut[i] != _NONE) | (cut[j] != _NONE)
    together = may_cut | (least[i] + least[j] <= room + _NOTHING)
    times = np.flatnonzero(is_tight & together)
    charge = formulation.layout.table(blocks.CHARGE)[i, times]
    less = np.where(cut[j, times] != _NONE, -1.0, 0.0)
    taken = (runs[j, times], lost[times]), (np.maximum(cut[j, times], 0), less)
    extension.at_most(most[i, times], (charge, 1.0), *taken)
    if i < j:  # one or the other
        never = np.flatnonzero(is_tight & ~together)
        extension.at_most(1.0, (runs[i, never], 1.0), (runs[j, never], 1.0))


def _add_stays(
    extension: Extension, formulation: Formulation, runs: Places, shortfall: Places
) -> None:
    """Add the number of intervals that each vehicle without V2G needs for its target."""
    storages, limits = formulation.problem.storages, formulation.problem.storages.limits
    for k in np.flatnonzero((runs != _NONE).any(axis=1)).tolist():
        can = limits[tables.CHARGE_LIMIT, k] > 0.0
        if limits[tables.DISCHARGE_LIMIT, k].any() or (can & (runs[k] == _NONE)).any():
            continue
        most = float(limits[tables.CHARGE_LIMIT, k].max())
        gain = float(storages.traits[tables.CHARGE_EFFICIENCY, k]) * most
        for t in np.flatnonzero(shortfall[k] != _NONE).tolist():
            needed = limits[tables.SOFT_FLOOR, k, t] - storages.traits[tables.INITIAL, k]
            whole, part = divmod(float(needed) / gain, 1.0)
            on = runs[k, : t + 1][can[: t + 1]]
            if needed > 0.0 and _NOTHING < part < 1.0 - _NOTHING and on.size:
                columns = np.append(on, shortfall[k, t])
                values = np.append(-np.ones(on.size), -1.0 / (gain * part))
                extension.add_row(-(whole + 1.0), columns, values)
