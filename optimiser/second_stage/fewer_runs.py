"""Fewer runs: a run is a stretch of intervals in which a storage keeps to one action.

A mixed-integer programme over the plans that cost no more than the budget: a binary says whether a
storage moves energy one way in an interval, a column whether that begins there.
"""

from dataclasses import replace

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.linear_program import Extension
from optimiser.exact import highs_mip
from optimiser.exact.hull import Hull, hull
from optimiser.exact.integrality import is_feasible, members, nowhere
from optimiser.model.dispatch import Dispatch, simulate
from optimiser.model.formulation import Formulation
from optimiser.second_stage.preference import LEAST_POWER
from optimiser.solvers import Deadline, highs

MOST_BINARIES = 1_000
"""Where there are more, HiGHS finds nothing in the time that is worth it."""

_NOTHING = 1e-6  # kWh
_TIE_BREAK = 1e-6  # $; of one unit of tie-break cost
_COST = 20.0  # runs per $: the budget of a cent weighs a fifth of one
_GAP = 0.79  # of a run; with the tie-breaks less than one
_SLACK = 1e-6  # $; of the simulated plan


def with_fewer_runs(
    formulation: Formulation,
    tie_break: Vector,
    dispatch: Dispatch,
    most: float,
    before: Vector,
    deadline: Deadline,
) -> Dispatch:
    """Find the dispatch that goes on as before, and has the fewest runs.

    Parameters
    ----------
    formulation : Formulation
        The linear programme.
    tie_break : float64 array, shape (n_cols,)
        Tie-break cost of each column, which decides between as many runs.
    dispatch : Dispatch
        A physical plan.
    most : float
        Highest planning cost. [$]
    before : float64 array, shape (2, K)
        1 where the plan before charges a storage now, and where it discharges it; NaN where there
        is none.
    deadline : Deadline
        When to stop.

    Returns
    -------
    Dispatch
        Physical, with as many runs or fewer.

    Raises
    ------
    SolverError
        Where nothing was found in time.
    """
    problem = formulation.problem
    on = _moves(dispatch.charge, dispatch.discharge)
    if on.size > MOST_BINARIES:  # the hull of a large site takes its time, too
        return dispatch
    chosen = nowhere(problem.storages).with_semicontinuous(problem.storages)
    chosen = chosen.with_profitable_cycles(problem)
    tight = hull(formulation, replace(chosen, groups=np.ones_like(chosen.groups)))
    if tight.integers.size + on.size > MOST_BINARIES:
        return dispatch
    x = tight.point(dispatch)
    lp = _programme(_missing_no_more(tight, x), most, before)
    start = np.concatenate([x, on.ravel(), _begins(on).ravel()])
    integers = np.concatenate([tight.integers, x.size + np.arange(on.size)])
    found = highs_mip.solve(
        lp, integers, start, deadline=deadline, gap=_GAP, presolves=True, root_only=True
    )
    cost = np.zeros(lp.cost.size)
    cost[: tie_break.size] = formulation.lp.cost + _TIE_BREAK * tie_break
    whole = _with_whole_choices(lp._replace(cost=cost), integers, found.x)
    exact = highs.solve(whole, time_limit=deadline.time_left)
    fewer = simulate(problem, formulation.trajectory(exact.x))
    is_worse = fewer.cost > most + _SLACK or not is_feasible(formulation, fewer.dispatch)
    return dispatch if is_worse else fewer.dispatch


def _with_whole_choices(lp: LinearProgram, integers: Places, x: Vector) -> LinearProgram:
    """Return a programme with the choices of a point, made whole."""
    lower, upper = lp.col_lower.copy(), lp.col_upper.copy()
    lower[integers] = upper[integers] = np.round(x[integers])
    return lp._replace(col_lower=lower, col_upper=upper)


def _missing_no_more(tight: Hull, x: Vector) -> Hull:
    """Return the programme in which no limit is missed by more than at a point.

    Nor is more energy left at the end: a little on a flat tariff would be kept for ever.
    """
    upper, layout = tight.lp.col_upper.copy(), tight.formulation.layout
    misses = blocks.SHORTFALL, blocks.OVERFILL, blocks.IMPORT_EXCESS, blocks.EXPORT_EXCESS
    for columns in (layout.columns[block] for block in misses):
        upper[columns] = np.minimum(upper[columns], x[columns])
    left = layout.table(blocks.STORED)[:, -1]
    upper[left] = np.minimum(upper[left], x[left] + _NOTHING)
    return replace(tight, lp=tight.lp._replace(col_upper=upper))


def _moves(charge: Vector, discharge: Vector) -> Vector:
    """Return 1 where a storage charges, and where it discharges; shape (2, K, T)."""
    return np.asarray(np.array([charge, discharge]) > _NOTHING, dtype=np.float64)


def _begins(on: Vector) -> Vector:
    """Return 1 where something begins; shape as that of `on`."""
    return np.asarray(np.diff(on, axis=-1, prepend=0.0) > 0.0, dtype=np.float64)


def _programme(tight: Hull, most: float, before: Vector) -> LinearProgram:
    """Return the programme of the fewest runs, for at most so much [$].

    To go on as `before` comes first: it is worth more than all runs; the cost comes last.
    """
    table, extension = tight.formulation.layout.table, Extension(tight.lp)
    moved = np.array([table(blocks.CHARGE), table(blocks.DISCHARGE)])
    most_moved = tight.lp.col_upper[moved]
    on = extension.add_columns(np.where(most_moved > _NOTHING, 1.0, 0.0))
    begins = extension.add_columns(np.ones(moved.shape))
    extension.at_most(0.0, (moved, 1.0), (on, -most_moved))
    least = np.minimum(LEAST_POWER * tight.formulation.problem.hours, most_moved)
    extension.at_most(0.0, (on, least), (moved, -1.0))
    for group in members(tight.formulation.problem.storages):
        for k in group.tolist():  # none charges while another one, or itself, discharges
            extension.at_most(1.0, (on[0, [k]], 1.0), (on[1, group], 1.0))
    extension.at_most(0.0, (on[..., :1], 1.0), (begins[..., :1], -1.0))
    later = (on[..., 1:], 1.0), (on[..., :-1], -1.0), (begins[..., 1:], -1.0)
    extension.at_most(0.0, *later)
    priced = np.flatnonzero(tight.lp.cost)
    extension.add_row(most, priced, tight.lp.cost[priced])
    lp = extension.programme()
    cost = _COST * lp.cost
    cost[begins.ravel()] = 1.0
    cost[on[..., 0]] = np.nan_to_num((1.0 - 2.0 * before) * on.shape[-1])
    return lp._replace(cost=cost)
