"""Runs of flexible loads as binaries and rows.

A block of one power is told by its start: a binary ``b`` of each, 1 from it on.  Any other load has
a binary ``u`` of each interval, 1 where it is on, and starts ``v``::

    block of one power   charge_t = sum_s energy_s,t (b_s - b_s-1),   b_s >= b_s-1
    on or off            least u_t <= charge_t <= most u_t
    starts               v_t >= u_t - u_t-1,   sum_t v_t <= number,   u_t >= sum of v in least_run
    rest of one power    power sum_t hours_t u_t - sum_t charge_t <= power of the longest interval
    after another load   energy_other on_t <= stored_other,t-1
"""

import numpy as np

from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser.flexible.joint import Joint
from optimiser.flexible.levels import window_of
from optimiser.flexible.placing import profiles
from optimiser.flexible.programme import Programme
from optimiser.problem.flexible.heat import HeatStore
from optimiser.problem.flexible.load import Load
from optimiser.problem.horizon import Horizon

_ROUNDING = 1e-9  # h; of sums of interval lengths
_FINISHED = 1e-6  # kWh; less than this is not lacking


def add_runs(programme: Programme, joint: Joint) -> None:
    """Add the binaries and the rows of all flexible consumption of a site."""
    columns: dict[str, Places] = {}
    for f, one in enumerate(joint.site.flexible):
        charge = _energy_columns(programme, joint, joint.first + f)
        if isinstance(one, HeatStore):
            continue
        if one.is_fixed_block:
            columns[one.id] = _add_block(programme, one, joint.site.horizon, charge)
        else:
            columns[one.id] = _add_choices(programme, one, joint.site.horizon, charge)
    loads = {load.id: load for load in joint.site.loads}
    for load in loads.values():
        if load.after is not None:
            _add_order(programme, joint, loads[load.after], columns[load.id])


def _energy_columns(programme: Programme, joint: Joint, k: int) -> Places:
    """Return the columns of the energy of each interval of the caller's; shape (T,)."""
    charge: Places = joint.formulation.layout.table(blocks.CHARGE)[k]
    pieces = joint.pieces
    if pieces.is_whole:
        return charge
    most = pieces.total(joint.formulation.lp.col_upper[charge])
    energy = programme.add_columns(most)
    rows = programme.add_rows(np.zeros(charge.size), np.zeros(charge.size))
    programme.enter(rows, charge, 1.0)
    programme.enter(rows, energy[pieces.intervals], -pieces.shares)
    return energy


def _add_block(programme: Programme, load: Load, horizon: Horizon, charge: Places) -> Places:
    """Add whether a block has begun by each start; return its columns by interval, or -1; (T,)."""
    starts, energy = profiles(load, horizon, window_of(load, horizon))
    begun = programme.add_columns(np.ones(starts.size), are_integers=True)
    n = max(starts.size - 1, 0)
    rows = programme.add_rows(np.zeros(n), np.full(n, np.inf))
    programme.enter(rows, begun[1:], 1.0)
    programme.enter(rows, begun[:-1], -1.0)
    rows = programme.add_rows(np.zeros(charge.size), np.zeros(charge.size))
    programme.enter(rows, charge, -1.0)
    later = np.vstack([energy, np.zeros_like(charge)])[1:]
    change = energy - later  # of one start to the next: most of a run cancels
    s, t = np.nonzero(np.abs(change) > _ROUNDING)
    programme.enter(rows[t], begun[s], change[s, t])
    columns = np.full(horizon.n_intervals, -1)
    columns[starts] = begun
    return columns


def _add_choices(programme: Programme, load: Load, horizon: Horizon, charge: Places) -> Places:
    """Add whether a load is on in each interval; return these columns; shape (T,)."""
    n, hours = horizon.n_intervals, horizon.hours
    on = programme.add_columns(window_of(load, horizon).astype(np.float64), are_integers=True)
    most = programme.add_rows(np.full(n, -np.inf), np.zeros(n))
    programme.enter(most, charge, 1.0)
    programme.enter(most, on, -load.power * hours)
    least = programme.add_rows(np.zeros(n), np.full(n, np.inf))
    programme.enter(least, charge, 1.0)
    programme.enter(least, on, -load.least_energy(hours))
    if np.isfinite(load.starts_at_most) or load.least_run > 0.0:
        _add_starts(programme, load, horizon, on)
        if load.has_one_power:  # all of it, but for a part of one interval
            rest = programme.add_rows(np.full(1, -np.inf), np.array([load.power * hours.max()]))
            programme.enter(rest, on, load.power * hours)
            programme.enter(rest, charge, -1.0)
    return on


def _add_starts(programme: Programme, load: Load, horizon: Horizon, on: Places) -> None:
    """Add the starts of a load that are limited, or after which it stays on."""
    n, begins = horizon.n_intervals, horizon.elapsed - horizon.hours
    start = programme.add_columns(np.ones(n))
    rows = programme.add_rows(np.full(n, -np.inf), np.zeros(n))
    programme.enter(rows, on, 1.0)
    programme.enter(rows[1:], on[:-1], -1.0)
    programme.enter(rows, start, -1.0)
    if np.isfinite(load.starts_at_most):
        limit = programme.add_rows(np.zeros(1), np.array([load.starts_at_most]))
        programme.enter(limit, start, 1.0)
    if load.least_run > 0.0:
        since = begins[:, None] - begins[None, :]  # of interval t, after a start at s
        stays = (since >= 0.0) & (since < load.least_run - _ROUNDING)
        rows = programme.add_rows(np.full(n, -np.inf), np.zeros(n))
        t, s = np.nonzero(stays)
        programme.enter(rows[t], start[s], 1.0)
        programme.enter(rows, on, -1.0)
        programme.close(start[begins + load.least_run > horizon.elapsed[-1] + _ROUNDING])


def _add_order(programme: Programme, joint: Joint, first: Load, columns: Places) -> None:
    """Let a load be on, in columns by interval, only when another one has all its energy."""
    k = joint.first + [one.id for one in joint.site.flexible].index(first.id)
    stored = joint.formulation.layout.table(blocks.STORED)[k]
    times = np.flatnonzero(columns >= 0)
    before = joint.pieces.first[times] - 1
    programme.close(columns[times[before < 0]])
    times, before = times[before >= 0], before[before >= 0]
    rows = programme.add_rows(np.zeros(times.size), np.full(times.size, np.inf))
    programme.enter(rows, stored[before], 1.0)
    programme.enter(rows, columns[times], -max(first.energy - _FINISHED, 0.0))
