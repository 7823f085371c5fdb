"""Fewer runs: a run is a stretch of intervals in which a storage keeps to one action.

A mixed-integer programme over the plans that cost no more than the budget: a binary says whether a
storage moves energy one way in an interval, a column whether that begins there.  Where there is a
plan before, the first search is over the choices in which the two differ (crossover), which takes
little time at any size and finds what goes on as before.
"""

import contextlib
from dataclasses import replace

import numpy as np

from matrix_builders import LinearProgram, Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.linear_program import Extension
from optimiser.errors import SolverError
from optimiser.exact import highs_mip
from optimiser.exact.hull import Hull, hull
from optimiser.exact.integrality import is_feasible, members, nowhere
from optimiser.model.dispatch import Dispatch, simulate
from optimiser.model.formulation import Formulation
from optimiser.second_stage.preference import LEAST_POWER
from optimiser.solvers import Deadline, highs

_MOST_BINARIES = 1_000  # where there are more, HiGHS finds nothing in the time that is worth it
_MOST_MOVES = 10_000  # where there are more, writing the programme takes seconds
_NOTHING = 1e-6  # kWh
_MISSES = (
    blocks.SHORTFALL,
    blocks.OVERFILL,
    blocks.IMPORT_EXCESS,
    blocks.EXPORT_EXCESS,
    blocks.CHARGE_SHORTFALL,
)
_TIE_BREAK = 1e-6  # $; of one unit of tie-break cost
_COST = 20.0  # runs per $: the budget of a cent weighs a fifth of one
_GAP = 0.79  # of a run; with the tie-breaks less than one
_SLACK = 1e-6  # $; of the simulated plan
_SHARE_BEFORE = 0.5  # of the time, for choices in which the plan before differs
_SHARE = 0.9  # of the time left, for all choices; the rest is for the last linear programme


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
    before : float64 array, shape (2, K, T)
        1 where the plan before charges a storage, and where it discharges it; NaN where there is
        none.
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
    has_before = not np.isnan(before).all()
    if on.size > (_MOST_MOVES if has_before else _MOST_BINARIES):
        return dispatch
    chosen = nowhere(problem.storages).with_semicontinuous(problem.storages)
    chosen = chosen.with_profitable_cycles(problem)
    tight = hull(formulation, replace(chosen, groups=np.ones_like(chosen.groups)))
    x = tight.point(dispatch)
    lp = _programme(_missing_no_more(tight, x), x, most, before[..., 0])
    moves = x.size + np.arange(on.size)
    integers = np.concatenate([tight.integers, moves])
    point = np.concatenate([x, on.ravel(), _begins(on).ravel()])
    if has_before:
        agreed = _with_choices(lp, moves[(on == before).ravel()], on[on == before])
        with contextlib.suppress(SolverError):  # the point at hand is one
            point = _search(agreed, integers, point, deadline.part(_SHARE_BEFORE))
    if integers.size <= _MOST_BINARIES:
        point = _search(lp, integers, point, deadline.part(_SHARE))
    cost = np.zeros(lp.cost.size)
    cost[: tie_break.size] = formulation.lp.cost + _TIE_BREAK * tie_break
    whole = _with_choices(lp._replace(cost=cost), integers, np.round(point[integers]))
    exact = highs.solve(whole, time_limit=deadline.time_left)
    fewer = simulate(problem, formulation.trajectory(exact.x))
    is_worse = fewer.cost > most + _SLACK or not is_feasible(formulation, fewer.dispatch)
    return dispatch if is_worse else fewer.dispatch


def _search(lp: LinearProgram, integers: Places, point: Vector, deadline: Deadline) -> Vector:
    """Return the best point that cuts and heuristics find at the root, from another point."""
    return highs_mip.solve(
        lp, integers, point, deadline=deadline, gap=_GAP, presolves=True, root_only=True
    ).x


def _with_choices(lp: LinearProgram, columns: Places, choices: Vector) -> LinearProgram:
    """Return a programme with some choices made."""
    lower, upper = lp.col_lower.copy(), lp.col_upper.copy()
    lower[columns] = upper[columns] = choices
    return lp._replace(col_lower=lower, col_upper=upper)


def _missing_no_more(tight: Hull, x: Vector) -> Hull:
    """Return the programme in which no limit is missed by more than at a point."""
    upper, layout = tight.lp.col_upper.copy(), tight.formulation.layout
    for columns in (layout.columns[block] for block in _MISSES):
        upper[columns] = np.minimum(upper[columns], x[columns])
    return replace(tight, lp=tight.lp._replace(col_upper=upper))


def _moves(charge: Vector, discharge: Vector) -> Vector:
    """Return 1 where a storage charges, and where it discharges; shape (2, K, T)."""
    return np.asarray(np.array([charge, discharge]) > _NOTHING, dtype=np.float64)


def _begins(on: Vector) -> Vector:
    """Return 1 where something begins; shape as that of `on`."""
    return np.asarray(np.diff(on, axis=-1, prepend=0.0) > 0.0, dtype=np.float64)


def _programme(tight: Hull, x: Vector, most: float, before: Vector) -> LinearProgram:
    """Return the programme of the fewest runs, for at most so much [$].

    To go on as `before` comes first: it is worth more than all runs; the cost comes last.  A
    storage that is on moves its least power, or what little it moves at the point `x`.
    """
    table, extension = tight.formulation.layout.table, Extension(tight.lp)
    moved = np.array([table(blocks.CHARGE), table(blocks.DISCHARGE)])
    most_moved = tight.lp.col_upper[moved]
    on = extension.add_columns(np.where(most_moved > _NOTHING, 1.0, 0.0))
    begins = extension.add_columns(np.ones(moved.shape))
    extension.at_most(0.0, (moved, 1.0), (on, -most_moved))
    least = np.minimum(LEAST_POWER * tight.formulation.problem.hours, most_moved)
    least = np.where(x[moved] > _NOTHING, np.minimum(least, x[moved]), least)
    extension.at_most(0.0, (on, least), (moved, -1.0))
    for group in members(tight.formulation.problem.storages):
        for k in group.tolist():  # none charges while another one, or itself, discharges
            extension.at_most(1.0, (on[0, [k]], 1.0), (on[1, group], 1.0))
    extension.at_most(0.0, (on[..., :1], 1.0), (begins[..., :1], -1.0))
    later = (on[..., 1:], 1.0), (on[..., :-1], -1.0), (begins[..., 1:], -1.0)
    extension.at_most(0.0, *later)
    priced = np.flatnonzero(tight.lp.cost)
    extension.add_row(most, priced, tight.lp.cost[priced])
    left = table(blocks.STORED)[:, -1]  # a little more on a flat tariff would be kept for ever
    extension.add_row(x[left].sum() + _NOTHING, left, np.ones(left.size))
    lp = extension.programme()
    cost = _COST * lp.cost
    cost[begins.ravel()] = 1.0
    cost[on[..., 0]] = np.nan_to_num((1.0 - 2.0 * before) * on.shape[-1])
    return lp._replace(cost=cost)
