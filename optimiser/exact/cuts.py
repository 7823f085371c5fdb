r"""Valid inequalities of chargers that are off or above their least power.

A linear programme charges at half the least power on half the surplus, and no charger can.  Two
kinds of rows hold for every physical plan, and close most of the gap between the two::

    surplus       import_t + import_excess_t + sum_k discharge_kt
                      >= sum_v (1 - surplus_t / least_vt) charge_vt
    import limit  charge_it + share_ijt charge_jt <= most_it

A charger whose least is more than the surplus draws the rest from elsewhere; the first row
is the line from rest to charging at the least.  Where two chargers share the import
limit, one of them running leaves the other less than its most; the second row is the line between
the two ends of that choice.
"""

from dataclasses import replace
from itertools import permutations
from typing import NamedTuple

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector, tables
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from matrix_builders.sparse import csc_from_triplets, stack
from optimiser.model.formulation import Formulation

_NOTHING = 1e-6  # kWh, or share


class _Rows(NamedTuple):
    """Rows of C entries each that are at least `lower`; R of them, an entry of zero is none."""

    columns: Places  # (C, R)
    values: Vector  # (C, R)
    lower: Vector  # (R,)


def add_cuts(formulation: Formulation) -> Formulation:
    """Return the same programme with more rows, which hold for semi-continuous chargers."""
    least = formulation.problem.storages.limits[tables.LEAST_CHARGE]
    chargers = np.flatnonzero(least.any(axis=1)).tolist()
    pairs = permutations(chargers, 2)
    rows = [_surplus_cuts(formulation), *(_import_limit_cuts(formulation, *two) for two in pairs)]
    return replace(formulation, lp=_with_rows(formulation.lp, rows))


def _surplus_cuts(formulation: Formulation) -> _Rows:
    """Build the rows by which the part of a charge that the surplus does not cover is drawn."""
    problem, layout = formulation.problem, formulation.layout
    surplus = np.maximum(-problem.meter[tables.NET_LOAD], 0.0)
    least = problem.storages.limits[tables.LEAST_CHARGE]
    missing = np.maximum(1.0 - surplus / np.maximum(least, _NOTHING), 0.0)
    chosen = np.flatnonzero((surplus > _NOTHING) & (missing > _NOTHING).any(axis=0))
    sources = (blocks.IMPORT, blocks.IMPORT_EXCESS, blocks.DISCHARGE)
    drawn = np.vstack([layout.table(block)[:, chosen] for block in sources])
    charge = layout.table(blocks.CHARGE)[:, chosen]
    values = np.vstack([np.ones(drawn.shape), -missing[:, chosen]])
    return _Rows(np.vstack([drawn, charge]), values, np.zeros(chosen.size))


def _import_limit_cuts(formulation: Formulation, i: int, j: int) -> _Rows:
    """Build the rows of what charger `i` may still take, by what charger `j` takes."""
    meter, limits = formulation.problem.meter, formulation.problem.storages.limits
    room = meter[tables.IMPORT_LIMIT] + meter[tables.IMPORT_EXCESS] - meter[tables.NET_LOAD]
    room = room + limits[tables.DISCHARGE_LIMIT].sum(axis=0)
    least, most = limits[tables.LEAST_CHARGE], np.minimum(limits[tables.CHARGE_LIMIT], room)
    both = (least[[i, j]] > 0).all(axis=0) & (most[[i, j]] > _NOTHING).all(axis=0)
    together = least[i] + least[j] <= room + _NOTHING
    with np.errstate(divide="ignore", invalid="ignore"):  # where they never run together
        share = np.where(together, (most[i] + least[j] - room) / least[j], most[i] / most[j])
    # Where only one of them can run, both ways round say the same.
    chosen = np.flatnonzero(both & (share > _NOTHING) & (together | (i < j)))
    columns = formulation.layout.table(blocks.CHARGE)[[i, j]][:, chosen]
    values = -np.vstack([np.ones(chosen.size), share[chosen]])
    return _Rows(columns, values, -most[i, chosen])


def _with_rows(lp: LinearProgram, cuts: list[_Rows]) -> LinearProgram:
    """Return the programme with more rows at its end."""
    lower = np.concatenate([rows.lower for rows in cuts])
    ends = np.cumsum([rows.lower.size for rows in cuts])[:-1]
    numbers = np.split(lp.row_lower.size + np.arange(lower.size), ends)
    row = np.concatenate(
        [
            np.broadcast_to(number, rows.columns.shape).ravel()
            for number, rows in zip(numbers, cuts, strict=True)
        ]
    )
    column = np.concatenate([rows.columns.ravel() for rows in cuts])
    value = np.concatenate([rows.values.ravel() for rows in cuts])
    order = np.argsort(row, kind="stable")
    order = order[value[order] != 0.0]
    more: CscArrays = csc_from_triplets(
        row[order].astype(np.int32),
        column[order].astype(np.int32),
        np.ascontiguousarray(value[order]),
        lp.cost.size,
    )
    return lp._replace(
        matrix=stack(lp.matrix, more),
        row_lower=np.concatenate([lp.row_lower, lower]),
        row_upper=np.concatenate([lp.row_upper, np.full(lower.size, np.inf)]),
    )
