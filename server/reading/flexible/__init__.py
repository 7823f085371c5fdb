"""Flexible loads and stores of heat of a request."""

from typing import NamedTuple

from optimiser import HeatStore, Horizon, Load
from server.reading.flexible.heat import heat_from_wire
from server.reading.flexible.loads import loads_from_wire
from server.reading.series.steps import Timeline
from server.wire.repairs import Repairs
from server.wire.requests import SiteRequest


class Flexible(NamedTuple):
    """A flexible load, or a store of heat, of a request.

    Attributes
    ----------
    consumption : Load or HeatStore
        As read.
    path : str
        Its place in the request.
    name : str or None
        What people call it.
    """

    consumption: Load | HeatStore
    path: str
    name: str | None


def flexible_from_wire(
    request: SiteRequest, horizon: Horizon, timeline: Timeline, repairs: Repairs
) -> list[Flexible]:
    """Read the flexible consumption of a request: loads, then heat."""
    keys: dict[str, str] = {}
    every: list[Load | HeatStore] = [
        *loads_from_wire(request.loads or [], horizon, keys, repairs),
        *heat_from_wire(request.heat or [], timeline, keys, repairs),
    ]
    names = {f"loads[{i}]": wire.name for i, wire in enumerate(request.loads or [])}
    names |= {f"heat[{i}]": wire.name for i, wire in enumerate(request.heat or [])}
    return [Flexible(one, keys[one.id], names[keys[one.id]]) for one in every]
