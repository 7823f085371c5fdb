"""A physical plan as a start for the simplex method: its point, and a basis that fits it."""

import numpy as np

from matrix_builders import layout as blocks
from optimiser.dispatch import Dispatch
from optimiser.formulation import Formulation
from optimiser.linear_program import Start

_AT_BOUND = 1e-9  # kWh


def start_from(formulation: Formulation, dispatch: Dispatch) -> Start:
    """Start from a dispatch.

    Every interval has one balance row and one dynamics row per storage, and wants as many basic
    columns.  Columns strictly between their bounds are basic in any case.  Where a plan leaves
    too few of them (a storage is full or empty, a permission binds exactly) the basis is filled
    with the columns that would move next: the side of the meter in use, discharging where the
    storage is empty, charging where it is full.

    Parameters
    ----------
    formulation : Formulation
        The linear programme.
    dispatch : Dispatch
        A plan of the same site.

    Returns
    -------
    Start
        Feasible where the dispatch keeps every hard limit.
    """
    lp, layout = formulation.lp, formulation.layout
    x = formulation.point(dispatch)
    basic = (x > lp.col_lower + _AT_BOUND) & (x < lp.col_upper - _AT_BOUND)

    stored, charge, discharge = (
        layout.table(block) for block in (blocks.STORED, blocks.CHARGE, blocks.DISCHARGE)
    )
    meter = [layout.table(block)[0] for block in (blocks.IMPORT, blocks.EXPORT, blocks.CURTAIL)]
    is_empty = x[stored] <= lp.col_lower[stored] + _AT_BOUND
    is_full = x[stored] >= lp.col_upper[stored] - _AT_BOUND
    always = np.ones_like(is_empty)
    fillers = [(side, x[side] > _AT_BOUND) for side in meter[:2]]
    for moves, where in (
        (discharge, is_empty),
        (charge, is_full),
        (discharge, always),
        (charge, always),
    ):
        fillers += zip(moves, where, strict=True)

    per_interval = np.vstack([*meter, stored, charge, discharge])
    missing = 1 + layout.n_storages - basic[per_interval].sum(axis=0)
    for column, where in fillers:
        enters = (missing > 0) & where & ~basic[column]
        basic[column[enters]] = True
        missing -= enters
    return Start(x, basic)
