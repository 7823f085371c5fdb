"""Peaks of demand charges so far, as they were measured."""

import sqlite3
from datetime import datetime, tzinfo

import numpy as np

from matrix_builders import Vector
from optimiser import DemandCharge, Horizon
from optimiser.model.demand_charges import OUTSIDE, block_key, metered_peaks
from server.books.entries import INTERVAL, instant_of, seconds_of

_LONGEST_PERIOD = 32 * 86_400  # s
_LEAST_MEASURED = 0.8
"""Share of a metering block; the mean of a smaller part says little about the whole."""


def peak_so_far(
    connection: sqlite3.Connection, charge: DemandCharge, now: datetime, zone: tzinfo
) -> float | None:
    """Return the highest mean power of a metering block of the running billing period. [kW]

    None where none was measured for the most part; the running block does not count.
    """
    until = seconds_of(now) // INTERVAL * INTERVAL
    first = until - _LONGEST_PERIOD
    energy = _energy(connection, first, until)
    start = instant_of(first).astimezone(zone)
    horizon = Horizon(start=start, hours=np.full(energy.size, INTERVAL / 3600))
    last, here = horizon.starts[-1], now.astimezone(zone)
    if charge.billing_period(last.date()) != charge.billing_period(here.date()):
        return None
    block = np.array(metered_peaks(horizon, (charge,))[0][-1].block)
    if block_key(last, charge.average_hours) == block_key(here, charge.average_hours):
        block[block == block[-1]] = OUTSIDE
    known = (block != OUTSIDE) & ~np.isnan(energy)
    if not known.any():
        return None
    measured, all_of = np.bincount(block[known]), np.bincount(block[block != OUTSIDE])
    total = np.bincount(block[known], energy[known])
    is_counted = measured >= np.maximum(_LEAST_MEASURED * all_of[: measured.size], 1.0)
    means = total[is_counted] / (measured[is_counted] * INTERVAL / 3600)
    return float(means.max()) if means.size else None


def _energy(connection: sqlite3.Connection, first: int, until: int) -> Vector:
    """Return the energy from the grid in each interval, NaN where it is unknown. [kWh]"""
    energy = np.full((until - first) // INTERVAL, np.nan)
    rows = connection.execute(
        "SELECT start, grid_in FROM interval"
        " WHERE start >= ? AND start < ? AND grid_in IS NOT NULL",
        (first, until),
    )
    for start, value in rows:
        energy[(start - first) // INTERVAL] = value
    return energy
