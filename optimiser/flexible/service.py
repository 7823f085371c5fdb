"""Service of flexible consumption by storages that may not trade with the grid.

Of consumption ``f`` beyond a surplus ``s`` those that may not feed in may give ``max(f - s, 0)``,
which is at most ``f (1 - s / most)``; those that may not be charged from the grid take no more than
the surplus.  Rows of each interval whose surplus is less than the most of ``f``::

    sum_k discharge_k <= (1 - s / most) f + sum_v charge_v,   export <= s + what others feed in
    sum_k charge_k <= s
"""

import numpy as np

from matrix_builders import layout as blocks
from matrix_builders import tables
from matrix_builders.arrays import Places
from optimiser.flexible.joint import Joint, exceeds_surplus, most_taken
from optimiser.flexible.programme import Programme


def add_service(programme: Programme, joint: Joint) -> None:
    """Add the rows of all intervals whose surplus flexible consumption may exceed."""
    assert joint.alone.permissions is not None
    times = np.flatnonzero(exceeds_surplus(joint.site, joint.pieces))
    limited = [np.isfinite(battery.export_limit) for battery in joint.site.batteries]
    limited += [False] * len(joint.site.vehicles)
    held = ~joint.alone.permissions.feed_in
    if times.size and not any(limited):  # one with a limit may feed in a part of the rest
        _add_discharge(programme, joint, times[held[:, times].any(axis=0)])
    barred = ~joint.alone.permissions.charge_from_grid
    times = times[barred[:, times].any(axis=0)]
    charge = joint.formulation.layout.table(blocks.CHARGE)
    surplus = -joint.pieces.site.net_load[times]
    rows = programme.add_rows(np.full(times.size, -np.inf), surplus)
    k, t = np.nonzero(barred[:, times])
    programme.enter(rows[t], charge[k, times[t]], 1.0)


def _add_discharge(programme: Programme, joint: Joint, times: Places) -> None:
    """Hold storages that may not feed in to what they can serve in some intervals."""
    assert joint.alone.permissions is not None
    site, pieces, layout = joint.site, joint.pieces, joint.formulation.layout
    held, n, first = ~joint.alone.permissions.feed_in, len(site.batteries), joint.first
    charge, discharge = layout.table(blocks.CHARGE), layout.table(blocks.DISCHARGE)
    rows = programme.add_rows(np.full(times.size, -np.inf), np.zeros(times.size))
    k, t = np.nonzero(held[:, times])
    programme.enter(rows[t], discharge[k, times[t]], 1.0)
    share = 1.0 + pieces.site.net_load[times] / most_taken(site, pieces)[times]
    programme.enter(rows, charge[first:, times], -share)
    programme.enter(rows, charge[n:first, times], -1.0)
    exports = layout.table(blocks.EXPORT)[0, times]
    programme.narrow(exports, joint.alone.meter[tables.EXPORT_LIMIT, times])
