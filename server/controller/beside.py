"""PowerSync's plan beside ours: both at the same prices, over the time that both cover."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from matrix_builders import Vector
from server.controller.status import BesideOut
from server.controller.turn import Turn
from server.home.powersync import PowerSyncView
from server.home.readings import PriceRows
from server.sources.rows import Rows
from server.telling.intervals import intervals_from
from server.telling.outlook import means

SHORTEST = 1.0
"""Less in common says nothing. [h]"""

Span = tuple[datetime, datetime]


class _Part(NamedTuple):
    """A plan over the time compared: energies through the meter [kWh], money, and what is left.

    `gained` is what all batteries hold more at the end than now [kWh]; NaN where unknown.
    """

    bought: float
    sold: float
    import_cost: float
    export_income: float
    gained: float


def beside_powersync(turn: Turn, view: PowerSyncView) -> BesideOut | None:
    """Return the comparison of both plans; None where PowerSync shows none of this time.

    Energy that the batteries gain more counts at the mean import price of the time compared: in
    watch mode ours may start from another state of charge.
    """
    zone, now = turn.inputs.zone, turn.inputs.at
    buys, sells = (view.plan_rows(name, zone) for name in ("grid_import_w", "grid_export_w"))
    if not buys or not sells:
        return None
    until = min(_end(buys), _end(sells))
    ours = [one for one in intervals_from(turn.reply) if one.end > now and one.end <= until]
    spans = [(max(one.start, now), one.end) for one in ours]
    hours = np.array([(end - start) / timedelta(hours=1) for start, end in spans])
    theirs = np.array([means(buys, spans), means(sells, spans)], dtype=np.float64)
    if hours.sum() < SHORTEST or np.isnan(theirs).any():
        return None
    prices = _prices(turn.inputs.import_prices, spans), _prices(turn.inputs.export_prices, spans)
    own = np.array([[one.grid_import for one in ours], [one.grid_export for one in ours]])
    capacity = sum(battery.capacity_kwh for battery in turn.settings.batteries)
    began = _stored(turn, [reading.value for reading in turn.inputs.socs])
    soc = means(view.plan_rows("soc", zone), spans[-1:])[0]
    their_gain = np.nan
    if soc is not None:
        their_gain = soc * capacity - (began if view.soc is None else view.soc * capacity)
    our_part = _part(own * hours / 1000.0, prices, _stored(turn, ours[-1].socs_end) - began)
    their_part = _part(theirs * hours / 1000.0, prices, their_gain)
    return _comparison(our_part, their_part, float(np.average(prices[0], weights=hours)), hours)


def _end(rows: Rows) -> datetime:
    return rows[-1].end or rows[-1].start


def _prices(prices: PriceRows, spans: list[Span]) -> Vector:
    """Return the mean price of each span [money/kWh]; a plan has them all."""
    return np.array([price or 0.0 for price in means(prices.all_rows(), spans)])


def _stored(turn: Turn, socs: Sequence[float]) -> float:
    """Return the energy that all batteries hold at their states of charge. [kWh]"""
    pairs = zip(socs, turn.settings.batteries, strict=True)
    return sum(soc * battery.capacity_kwh for soc, battery in pairs)


def _part(energies: Vector, prices: tuple[Vector, Vector], gained: float) -> _Part:
    """Return the part of a plan; energies of shape (2, T): bought and sold. [kWh]"""
    (bought, sold), (price, reward) = energies, prices
    return _Part(
        float(bought.sum()), float(sold.sum()), float(bought @ price), float(sold @ reward), gained
    )


def _comparison(ours: _Part, theirs: _Part, mean_price: float, hours: Vector) -> BesideOut:
    more = 0.0 if np.isnan(theirs.gained) else theirs.gained - ours.gained
    return BesideOut(
        cost=theirs.import_cost - theirs.export_income - more * mean_price,
        our_cost=ours.import_cost - ours.export_income,
        hours=float(hours.sum()),
        why=f"PowerSync's plan {_trade(theirs)}; ours {_trade(ours)}.",
    )


def _trade(part: _Part) -> str:
    """Return what a plan buys and sells, in words."""
    return (
        f"buys {_at(part.bought, part.import_cost)} and sells {_at(part.sold, part.export_income)}"
    )


def _at(energy: float, money: float) -> str:
    return f"{energy:.1f} kWh at {money / energy:.3f}" if energy >= 0.05 else "nothing"  # noqa: PLR2004
