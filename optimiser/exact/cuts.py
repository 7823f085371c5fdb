r"""What a charger that is off or above its least implies, for a programme that lets it trickle.

A linear programme charges at half the least on half the sun, and no house can.  Two kinds of rows
say what every plan keeps all the same, and close most of the gap between the two::

    sun    import_t + import_excess_t + sum_k discharge_kt
               >= sum_v (1 - surplus_t / least_vt) charge_vt
    room   charge_it + share_ijt charge_jt <= most_it

A charger whose least is more than the surplus draws what is missing from somewhere; the first row
is the line from rest to charging at the least.  Where two chargers share a `room` under the import
limit, one of them running leaves the other less than its most; the second row is the line between
the two ends of that choice.
"""

from itertools import permutations
from typing import NamedTuple

import numpy as np

from matrix_builders import CscArrays, LinearProgram, Vector
from matrix_builders import layout as blocks
from matrix_builders.arrays import Places
from optimiser.exact.fixing import with_programme
from optimiser.model.formulation import Formulation

_NOTHING = 1e-6  # kWh, or share


class _Rows(NamedTuple):
    """Rows of C entries each that are at least `lower`; R of them, an entry of zero is none."""

    columns: Places  # (C, R)
    values: Vector  # (C, R)
    lower: Vector  # (R,)


def tightened(formulation: Formulation) -> Formulation:
    """The same programme with rows that hold for every plan without trickles.

    Parameters
    ----------
    formulation : Formulation
        The programme.

    Returns
    -------
    Formulation
        Its linear programme has more rows, after those of the layout.
    """
    least = formulation.programme.storages.least_charge
    chargers = np.flatnonzero(least.any(axis=1)).tolist()
    rows = [_sun(formulation), *(_room(formulation, *two) for two in permutations(chargers, 2))]
    return with_programme(formulation, _with_rows(formulation.lp, rows))


def _sun(formulation: Formulation) -> _Rows:
    """What the surplus does not cover of each charge is drawn."""
    site, storages = formulation.programme.site, formulation.programme.storages
    surplus, least = np.maximum(-site.net_load, 0.0), storages.least_charge
    missing = np.maximum(1.0 - surplus / np.maximum(least, _NOTHING), 0.0)
    chosen = np.flatnonzero((surplus > _NOTHING) & (missing > _NOTHING).any(axis=0))
    drawn, charge = (
        np.vstack([formulation.layout.table(block)[:, chosen] for block in group])
        for group in ((blocks.IMPORT, blocks.IMPORT_EXCESS, blocks.DISCHARGE), (blocks.CHARGE,))
    )
    values = np.vstack([np.ones(drawn.shape), -missing[:, chosen]])
    return _Rows(np.vstack([drawn, charge]), values, np.zeros(chosen.size))


def _room(formulation: Formulation, i: int, j: int) -> _Rows:
    """What charger `i` may still take, by what charger `j` takes."""
    site, storages = formulation.programme.site, formulation.programme.storages
    room = site.import_limit + site.import_excess - site.net_load
    room = room + storages.discharge_limit.sum(axis=0)
    least, most = storages.least_charge, np.minimum(storages.charge_limit, room)
    both = (least[[i, j]] > 0).all(axis=0) & (most[[i, j]] > _NOTHING).all(axis=0)
    together = least[i] + least[j] <= room + _NOTHING
    with np.errstate(divide="ignore", invalid="ignore"):  # where they never meet
        share = np.where(together, (most[i] + least[j] - room) / least[j], most[i] / most[j])
    # Where only one of them can run, both ways round say the same.
    chosen = np.flatnonzero(both & (share > _NOTHING) & (together | (i < j)))
    columns = formulation.layout.table(blocks.CHARGE)[[i, j]][:, chosen]
    values = -np.vstack([np.ones(chosen.size), share[chosen]])
    return _Rows(columns, values, -most[i, chosen])


def _with_rows(lp: LinearProgram, added: list[_Rows]) -> LinearProgram:
    """The programme with more rows at its end."""
    lower = np.concatenate([lp.row_lower, *(rows.lower for rows in added)])
    free = np.full(lower.size - lp.row_lower.size, np.inf)
    numbers = np.split(
        np.arange(lp.row_lower.size, lower.size), np.cumsum([rows.lower.size for rows in added])
    )
    row, columns, values = (
        np.concatenate([part.ravel() for part in parts])
        for parts in (
            [
                np.broadcast_to(number, rows.columns.shape)
                for number, rows in zip(numbers, added, strict=False)
            ],
            [rows.columns for rows in added],
            [rows.values for rows in added],
        )
    )
    order = np.lexsort((row, columns))
    order = order[values[order] != 0.0]
    columns = columns[order]
    indptr, indices, data = lp.matrix
    at = indptr[columns + 1]  # new rows are the last of each column
    matrix = CscArrays(
        indptr + np.searchsorted(columns, np.arange(indptr.size)).astype(np.int32),
        np.insert(indices, at, row[order]),
        np.insert(data, at, values[order]),
    )
    return lp._replace(
        matrix=matrix, row_lower=lower, row_upper=np.concatenate([lp.row_upper, free])
    )
