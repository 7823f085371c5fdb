"""Whole choices that a point of the relaxed programme does not make, and what it leans to."""

from typing import TypeAlias

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.problem.windows import Mask
from server.charge_schedule.programme import NONE, Columns, Programme

Choices: TypeAlias = tuple[Places, Vector]
"""Columns of binaries, and a value of each."""

NOTHING = 1e-6
"""Energies below are rounding. [kWh]"""


def open_choices(programme: Programme, x: Vector) -> Choices:
    """Return the binaries whose rules a point breaks, and the values that it is nearest to.

    Parameters
    ----------
    programme : Programme
        The programme.
    x : float64 array, shape (n_cols,) or longer
        A point of it. [kWh]

    Returns
    -------
    columns, values : int64 and float64 array
        Binaries that may be 0 or 1; empty where a point breaks no rule.
    """
    found = [
        _directions(programme, x),
        _turns(programme.columns, x),
        *_least_powers(programme, x),
        _demands(programme, x),
    ]
    columns = np.concatenate([places for places, _ in found])
    values = np.concatenate([value for _, value in found]).astype(np.float64)
    free = programme.is_binary[columns]
    return columns[free], values[free]


def first_choices(programme: Programme, choices: Choices) -> Choices:
    """Return those that others follow from: directions of the home, or else all."""
    columns, values = choices
    first = np.isin(columns, programme.columns.exporting)
    return (columns[first], values[first]) if first.any() else choices


def cautious_choices(programme: Programme) -> Choices:
    """Return choices that some point of the programme always satisfies.

    The home exports its surplus only, storages discharge in its deficit only, and no charger with a
    least power runs.
    """
    columns, has_deficit = programme.columns, programme.problem.net > 0.0
    parts = [
        (columns.exporting, ~has_deficit),
        (columns.discharging, np.broadcast_to(has_deficit, columns.discharging.shape)),
        (columns.running, np.zeros(columns.running.shape)),
    ]
    places = np.concatenate([places.ravel() for places, _ in parts])
    values = np.concatenate([np.asarray(value, dtype=np.float64).ravel() for _, value in parts])
    free = (places != NONE) & programme.is_binary[places]
    return places[free], values[free]


def _directions(programme: Programme, x: Vector) -> Choices:
    """Return steps in which something needs import, and something else export."""
    columns, storages = programme.columns, programme.problem.storages
    imports = x[columns.imports] + x[columns.discharge[~storages.to_grid]].sum(axis=0)
    exports = x[columns.exports] + x[columns.charge[~storages.from_grid]].sum(axis=0)
    both = np.minimum(imports, exports) > NOTHING
    return columns.exporting[both], (exports > imports)[both]


def _turns(columns: Columns, x: Vector) -> Choices:
    """Return storages that charge and discharge in one step."""
    charge, discharge = x[columns.charge], x[columns.discharge]
    both = (np.minimum(charge, discharge) > NOTHING) & (columns.discharging != NONE)
    return columns.discharging[both], (discharge > charge)[both]


def _least_powers(programme: Programme, x: Vector) -> tuple[Choices, Choices]:
    """Return chargers that run below their least power, with whether they are nearly full."""
    columns, storages = programme.columns, programme.problem.storages
    charge = x[columns.charge]
    may_end = (columns.nearly_full != NONE) & (
        x[columns.stored] >= storages.high - storages.least - NOTHING
    )
    below: Mask = (charge > NOTHING) & (charge < storages.least - NOTHING)
    below &= (columns.running != NONE) & ~may_end
    ends = below & (columns.nearly_full != NONE)
    return (
        (columns.running[below], (charge > 0.5 * storages.least)[below].astype(np.float64)),
        (columns.nearly_full[ends], np.zeros(np.count_nonzero(ends))),
    )


def _demands(programme: Programme, x: Vector) -> Choices:
    """Return demands that are let off although the storage is not full."""
    columns, storages = programme.columns, programme.problem.storages
    missing = storages.demand - x[columns.charge] - x[columns.short]
    is_full = x[columns.stored] >= storages.high - NOTHING
    let_off: Mask = (columns.full != NONE) & (missing > NOTHING) & ~is_full
    return columns.full[let_off], np.zeros(np.count_nonzero(let_off))
