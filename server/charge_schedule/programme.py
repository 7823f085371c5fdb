r"""The model of the contract as a linear programme with binaries, relaxed.

Steps ``t``, storages ``i``; ``y`` is 1 where the home may export and 0 where it may import, ``z``
where a storage discharges, ``u`` where it charges, ``f`` where it is full after the step and ``h``
where it is less than one step at its least power from it; energies in kWh::

    min  sum_t buy_t import_t - sell_t export_t - sum_i end_value_i stored_i,T-1  + penalties

    import_t - export_t + sum_i (discharge_it - charge_it) = net_t
    stored_it - stored_i,t-1 - eta_in charge_it + discharge_it / eta_out = 0
    import_t <= most (1 - y_t),  export_t <= most y_t
    charge_it <= most y_t        of storages that the grid must not charge
    discharge_it <= most (1 - y_t)          of those that must not feed in
    charge_it <= most (1 - z_it),  discharge_it <= most z_it
    least (u_it - h_it) <= charge_it <= most u_it
    charge_it + short_it >= demand_it (1 - f_it)

No whole choice is lost by these rows, which make the relaxation tighter; surplus is solar less
demand where that is positive, V any set of chargers with a least power::

    export_t + sum_i charge_it <= -net_t y_t + sum_j discharge_jt     i: not from the grid,
                                                                      j: may feed in
    sum_V (charge_it - surplus_t u_it) <= import_t + sum_k discharge_kt
    sum_s<=t (charge_is + short_is) >= min(sum_s<=t demand_is, room_i / eta_in)    only charges
    f_is <= f_it,  s < t                                                           only charges
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders.arrays import Places
from matrix_builders.linear_program import Extension, Term
from optimiser.problem.windows import Mask
from server.charge_schedule.problem import LIMIT_PENALTY, SOC_PENALTY, Problem, Storages

NONE = -1
"""In place of a column that there is none of."""

_ROUNDING = 1e-9  # kWh


class Columns(NamedTuple):
    """Columns of the programme; `NONE` where there is none.

    Attributes
    ----------
    imports, exports, lost : int64 array, shape (T,)
        Energy through the meter, of exports all that leaves the storages and the roof; the part
        of it that the export limit cuts.
    excess : int64 array, shape (T,)
        Import beyond its limit.
    peak : int64 array, shape (1,)
        Highest power beyond the limit.
    charge, discharge, stored, above, below, goal_short : int64 array, shape (K, T)
        Energies of the storages, and what they miss of their levels.
    short : int64 array, shape (K, T)
        Demand that is not met.
    exporting : int64 array, shape (T,)
        Binary ``y``.
    discharging, running, nearly_full, full : int64 array, shape (K, T)
        Binaries ``z``, ``u``, ``h`` and ``f``.
    """

    imports: Places
    exports: Places
    lost: Places
    excess: Places
    peak: Places
    charge: Places
    discharge: Places
    stored: Places
    above: Places
    below: Places
    goal_short: Places
    short: Places
    exporting: Places
    discharging: Places
    running: Places
    nearly_full: Places
    full: Places


@dataclass(frozen=True, slots=True)
class Programme:
    """A problem as a relaxed programme.

    Attributes
    ----------
    problem : Problem
        The home.
    columns : Columns
        Places of its variables.
    lp : LinearProgram
        The programme without whole numbers; costs in kWh at the unit price.
    is_binary : bool array, shape (n_cols,)
        Columns that must be 0 or 1, and may be either.
    """

    problem: Problem
    columns: Columns
    lp: LinearProgram
    is_binary: Mask


def binaries_of(columns: Columns) -> tuple[Places, ...]:
    """Return the places of the binaries, by their kind; steps are the last axis."""
    return (
        columns.exporting,
        columns.discharging,
        columns.running,
        columns.nearly_full,
        columns.full,
    )


class _Table:
    """Columns with their bounds and costs, as they are added."""

    def __init__(self) -> None:
        self._parts: list[Vector] = []
        self._n = 0

    def add(self, upper: Vector, cost: Vector | float = 0.0, where: Mask | bool = True) -> Places:
        """Add columns from 0 to `upper`, where they are wanted; return the place of each."""
        wanted = np.broadcast_to(where, upper.shape)
        n = int(np.count_nonzero(wanted))
        bounds = upper[wanted], np.broadcast_to(cost, upper.shape)[wanted]
        self._parts.append(np.array(bounds, dtype=np.float64))
        places = np.full(upper.shape, NONE, dtype=np.int64)
        places[wanted] = np.arange(self._n, self._n + n)
        self._n += n
        return places

    def programme(self) -> LinearProgram:
        """Return the columns as a programme without rows."""
        upper, cost = np.concatenate(self._parts, axis=1)
        starts = np.zeros(self._n + 1, dtype=np.int32)
        matrix = CscArrays(starts, np.zeros(0, dtype=np.int32), np.zeros(0))
        none = np.zeros(0)
        return LinearProgram(cost, matrix, none, none, np.zeros(self._n), upper)


def programme_of(problem: Problem) -> Programme:
    """Write the programme of a problem."""
    storages, table = problem.storages, _Table()
    columns = _columns(problem, table)
    lp = table.programme()
    _fix_direction(problem, columns, lp)
    extension = Extension(lp)
    _add_meter(extension, problem, columns)
    _add_levels(extension, storages, columns)
    _add_directions(extension, problem, columns)
    _add_least_powers(extension, problem, columns)
    _add_demands(extension, problem, columns)
    binaries = np.concatenate([places.ravel() for places in binaries_of(columns)])
    lp = extension.programme()
    is_binary = np.zeros(lp.cost.size, dtype=np.bool_)
    is_binary[binaries[binaries != NONE]] = True
    is_binary &= lp.col_lower < lp.col_upper
    return Programme(problem, columns, lp, is_binary)


def _columns(problem: Problem, table: _Table) -> Columns:
    """Add every column."""
    storages, n = problem.storages, problem.net.size
    shape, has_rate = storages.most.shape, problem.peak_price is not None
    highest = _highest(storages)
    end = np.zeros(shape)
    end[:, -1:] = -storages.end_value
    ones, can_charge = np.ones(shape), storages.most > 0.0
    runs = (storages.least > 0.0) & can_charge
    demanded = storages.demand > 0.0
    excess_price = 0.0 if has_rate else LIMIT_PENALTY
    one_way = ~(storages.from_grid | storages.to_grid)[:, None]  # the direction of the home decides
    return Columns(
        imports=table.add(problem.most_import, problem.buy),
        exports=table.add(problem.most_export, -problem.sell),
        lost=table.add(
            problem.most_export,
            problem.sell + problem.export_penalty,
            problem.export_limit is not None,
        ),
        excess=table.add(problem.most_import, excess_price, problem.import_limit is not None),
        peak=table.add(
            np.array([float((problem.most_import / problem.hours).max())]),
            problem.peak_price or 0.0,
            has_rate,
        ),
        charge=table.add(storages.most),
        discharge=table.add(storages.most_out),
        stored=table.add(storages.capacity * ones, end),
        above=table.add(storages.capacity * ones, SOC_PENALTY, storages.capacity > storages.high),
        below=table.add(storages.low * ones, SOC_PENALTY, storages.low > 0.0),
        goal_short=table.add(storages.goal, LIMIT_PENALTY, storages.goal > 0.0),
        short=table.add(storages.demand, problem.demand_penalty, demanded),
        exporting=table.add(np.ones(n)),
        discharging=table.add(ones, 0.0, can_charge & (storages.most_out > 0.0) & ~one_way),
        running=table.add(ones, 0.0, runs),
        nearly_full=table.add(
            (highest >= storages.high - storages.least - _ROUNDING).astype(np.float64),
            0.0,
            runs & demanded,
        ),
        full=table.add((highest >= storages.high - _ROUNDING).astype(np.float64), 0.0, demanded),
    )


def _highest(storages: Storages) -> Vector:
    """Most that each storage can hold after each step; shape (K, T). [kWh]"""
    gained = np.cumsum(storages.eta_in * storages.most, axis=1)
    return np.asarray(np.minimum(storages.initial + gained, storages.capacity))


def _fix_direction(problem: Problem, columns: Columns, lp: LinearProgram) -> None:
    """Fix the binary of the meter where net load leaves no choice."""
    storages = problem.storages
    charge = storages.most[storages.from_grid].sum(axis=0)
    lp.col_upper[columns.exporting[problem.most_export == 0.0]] = 0.0
    lp.col_lower[columns.exporting[problem.net + charge < 0.0]] = 1.0


def _add_meter(extension: Extension, problem: Problem, columns: Columns) -> None:
    """Add the balance, the limits of the meter and the highest import."""
    flows = [(row, 1.0) for row in columns.discharge] + [(row, -1.0) for row in columns.charge]
    extension.exactly(problem.net, (columns.imports, 1.0), (columns.exports, -1.0), *flows)
    if problem.export_limit is not None:
        extension.at_most(problem.export_limit, (columns.exports, 1.0), (columns.lost, -1.0))
        extension.at_most(0.0, (columns.lost, 1.0), (columns.exports, -1.0))
    if problem.import_limit is not None:
        extension.at_most(problem.import_limit, (columns.imports, 1.0), (columns.excess, -1.0))
    if problem.peak_price is not None:
        extension.at_most(0.0, (columns.excess, 1.0), (columns.peak, -problem.hours))


def _add_levels(extension: Extension, storages: Storages, columns: Columns) -> None:
    """Add the content after each step, and what is missed of levels and goals."""
    charge, discharge, stored = columns.charge, columns.discharge, columns.stored
    gain, loss = -storages.eta_in, 1.0 / storages.eta_out
    extension.exactly(
        storages.initial, (stored[:, :1], 1.0), (charge[:, :1], gain), (discharge[:, :1], loss)
    )
    extension.exactly(
        0.0,
        *((stored[:, 1:], 1.0), (stored[:, :-1], -1.0)),
        *((charge[:, 1:], gain), (discharge[:, 1:], loss)),
    )
    is_above, is_below = columns.above != NONE, columns.below != NONE
    high, low = (np.broadcast_to(level, stored.shape) for level in (storages.high, storages.low))
    extension.at_most(high[is_above], (stored[is_above], 1.0), (columns.above[is_above], -1.0))
    extension.at_most(-low[is_below], (stored[is_below], -1.0), (columns.below[is_below], -1.0))
    has_goal = columns.goal_short != NONE
    missed = columns.goal_short[has_goal]
    extension.at_most(-storages.goal[has_goal], (stored[has_goal], -1.0), (missed, -1.0))


def _add_directions(extension: Extension, problem: Problem, columns: Columns) -> None:
    """Add the rows of the binaries ``y`` and ``z``."""
    storages, exporting = problem.storages, columns.exporting
    most_import, most_export = problem.most_import, problem.most_export
    extension.at_most(most_import, (columns.imports, 1.0), (exporting, most_import))
    extension.at_most(0.0, (columns.exports, 1.0), (exporting, -most_export))
    kept = ~storages.from_grid, ~storages.to_grid
    charge, most = columns.charge[kept[0]], storages.most[kept[0]]
    extension.at_most(0.0, (charge, 1.0), (exporting, -most))
    discharge, most = columns.discharge[kept[1]], storages.most_out[kept[1]]
    extension.at_most(most, (discharge, 1.0), (exporting, most))
    fed = columns.discharge[storages.to_grid]
    extension.at_most(
        0.0,
        *((columns.exports, 1.0), (exporting, problem.net)),
        *((row, 1.0) for row in charge),
        *((row, -1.0) for row in fed),
    )
    turns = columns.discharging != NONE
    discharging, charge = columns.discharging[turns], columns.charge[turns]
    most = storages.most[turns]
    extension.at_most(most, (charge, 1.0), (discharging, most))
    extension.at_most(
        0.0, (columns.discharge[turns], 1.0), (discharging, -storages.most_out[turns])
    )


def _add_least_powers(extension: Extension, problem: Problem, columns: Columns) -> None:
    """Add the rows of the binaries ``u`` and ``h``."""
    storages, runs = problem.storages, columns.running != NONE
    running, charge = columns.running[runs], columns.charge[runs]
    extension.at_most(0.0, (charge, 1.0), (running, -storages.most[runs]))
    may_end = columns.nearly_full != NONE
    for where, ends in ((runs & ~may_end, False), (runs & may_end, True)):
        least = storages.least[where]
        terms: list[Term] = [(columns.charge[where], -1.0), (columns.running[where], least)]
        if ends:
            terms.append((columns.nearly_full[where], -least))
        extension.at_most(0.0, *terms)
    chargers = np.flatnonzero(runs.any(axis=1)).tolist()
    groups = [[i] for i in chargers] + [chargers] * (len(chargers) > 1)
    surplus = np.maximum(-problem.net, 0.0)
    for group in groups:
        some = [i for i in group if runs[i].all()]
        extension.at_most(
            0.0,
            (columns.imports, -1.0),
            *((row, -1.0) for row in columns.discharge),
            *((columns.charge[i], 1.0) for i in some),
            *((columns.running[i], -surplus) for i in some),
        )


def _add_demands(extension: Extension, problem: Problem, columns: Columns) -> None:
    """Add the rows of the demands, and of the binaries ``f`` and ``h``."""
    storages = problem.storages
    lowest = np.where(storages.only_charges[:, None], storages.initial, 0.0)
    room = np.maximum(storages.high - lowest, 0.0) + np.zeros(storages.most.shape)
    for binaries, slack in ((columns.full, 0.0), (columns.nearly_full, storages.least)):
        where = binaries != NONE
        rise = np.maximum(room - slack, 0.0)[where]
        level = (room - storages.high)[where]
        is_risen = rise > 0.0  # elsewhere it is always full
        extension.at_most(
            level[is_risen],
            *((binaries[where][is_risen], rise[is_risen]),),
            *((columns.stored[where][is_risen], -1.0),),
        )
        for i in np.flatnonzero(storages.only_charges).tolist():
            later = binaries[i][binaries[i] != NONE]
            extension.at_most(0.0, (later[:-1], 1.0), (later[1:], -1.0))
    where = columns.short != NONE
    demand = storages.demand[where]
    extension.at_most(
        -demand,
        *((columns.charge[where], -1.0), (columns.short[where], -1.0)),
        *((columns.full[where], -demand),),
    )
    for i in np.flatnonzero(where.any(axis=1) & storages.only_charges).tolist():
        _add_total_demand(extension, storages, columns, i)


def _add_total_demand(extension: Extension, storages: Storages, columns: Columns, i: int) -> None:
    """Add the rows of all that has been asked for up to each step."""
    gain, initial = float(storages.eta_in[i, 0]), float(storages.initial[i, 0])
    room = float(storages.high[i, 0]) - initial
    if room <= 0.0:
        return
    short = columns.short[i]
    demanded = np.flatnonzero(short != NONE)
    n = demanded.size
    total = extension.add_columns(np.full(n, np.inf))
    extension.exactly(0.0, (total[:1], 1.0), (short[demanded[:1]], -1.0))
    extension.exactly(0.0, (total[1:], 1.0), (total[:-1], -1.0), (short[demanded[1:]], -1.0))
    asked = np.minimum(np.cumsum(storages.demand[i])[demanded], room / gain)
    stored = columns.stored[i, demanded]
    extension.at_most(-asked - initial / gain, (stored, -1.0 / gain), (total, -1.0))
