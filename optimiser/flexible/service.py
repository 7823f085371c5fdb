"""Service of flexible consumption by storages that may not feed in.

Of consumption ``f`` beyond a surplus ``s`` they may give ``max(f - s, 0)``, which is at most
``f (1 - s / most)``: the row of each interval whose surplus is less than the most of ``f``::

    sum_k discharge_k <= (1 - s / most) f + sum_v charge_v,   export <= s + what others feed in
"""

import numpy as np

from matrix_builders import layout as blocks
from matrix_builders import tables
from optimiser.flexible.joint import Joint, exceeds_surplus, most_taken
from optimiser.flexible.programme import Programme


def add_service(programme: Programme, joint: Joint) -> None:
    """Add the rows of all intervals whose surplus flexible consumption may exceed."""
    site, pieces, layout = joint.site, joint.pieces, joint.formulation.layout
    held = ~joint.alone.permissions.feed_in if joint.alone.permissions else np.zeros((0, 0))
    times = np.flatnonzero(exceeds_surplus(site, pieces) & held.any(axis=0))
    if not times.size:
        return
    n, first = len(site.batteries), joint.first
    charge, discharge = layout.table(blocks.CHARGE), layout.table(blocks.DISCHARGE)
    rows = programme.add_rows(np.full(times.size, -np.inf), np.zeros(times.size))
    k, t = np.nonzero(held[:, times])
    programme.enter(rows[t], discharge[k, times[t]], 1.0)
    share = 1.0 + pieces.site.net_load[times] / most_taken(site, pieces)[times]
    programme.enter(rows, charge[first:, times], -share)
    programme.enter(rows, charge[n:first, times], -1.0)
    exports = layout.table(blocks.EXPORT)[0, times]
    programme.narrow(exports, joint.alone.meter[tables.EXPORT_LIMIT, times])
