"""Flexible loads and stores of heat of requests, with the rules of their numbers."""

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.wire.repairs import Number, Rule, Slip
from server.wire.storages import (
    END_VALUE,
    FULL_SHARE,
    HIGHEST_POWER,
    SHARE_RULE,
    Limit,
    Time,
)

_KW_MEANT = Slip(0.0, "unit", "{value:g} W is no load; read as kW", below=10.0, factor=1000.0)
_WH_MEANT = Slip(200.0, "unit", "{value:g} kWh is no load; read as Wh", below=2e5, divisor=1000.0)

_POWER = Rule(high=HIGHEST_POWER, slips=(_KW_MEANT,), is_required=True, is_strict=True, unit="W")
_ENERGY = Rule(high=1000.0, slips=(_WH_MEANT,), is_required=True, is_strict=True, unit="kWh")
_CAPACITY = replace(_ENERGY, low=0.1)
_HOURS = Rule(high=1000.0, is_required=True, is_strict=True)
_MINUTES = Rule(high=24.0 * 60.0, is_strict=True)
_STARTS = Rule(low=1.0, high=1000.0, is_strict=True)
_LOSS = Rule(high=HIGHEST_POWER, unit="W")
_LEVEL = replace(SHARE_RULE, default=0.5, is_required=True)
_EFFICIENCY = Rule(default=1.0, low=0.1, high=20.0)

Days = list[Any] | str | int | None
"""Days of the week: numbers, names, or one of them."""


class LoadIn(msgspec.Struct, kw_only=True):
    """A load that is to run once: a dishwasher, a pump, a machine."""

    id: Annotated[str | int | None, Meta(description="Its name; `after` refers to it")] = None
    name: str | None = None
    power_w: Annotated[
        list[Any] | Number,
        _POWER,
        Meta(description="While it is on; or least and most [W]"),
    ] = None
    energy_kwh: Annotated[Number, _ENERGY, Meta(description="Of the run; or hours")] = None
    hours: Annotated[Number, _HOURS, Meta(description="At the power; in place of energy")] = None
    earliest: Annotated[
        Time, Meta(description="ISO 8601, local where naive, or a clock time; now where absent")
    ] = None
    latest: Annotated[
        Time, Meta(description="End of the run; a clock time is the next after `earliest`")
    ] = None
    block: Annotated[bool | None, Meta(description="Without a break; true where absent")] = None
    min_run_minutes: Annotated[Number, _MINUTES, Meta(description="From a start to a stop")] = None
    max_starts: Annotated[Number, _STARTS] = None
    after: Annotated[str | int | None, Meta(description="id of a load that must have finished")] = (
        None
    )
    days: Annotated[
        Days,
        Meta(description="Days of the week, 0 is Monday, on each of which it runs once; earliest "
             "and latest are then clock times"),
    ] = None  # fmt: skip


class HeatIn(msgspec.Struct, kw_only=True):
    """A store of heat: hot water, or a house with a heat pump."""

    id: Annotated[str | int | None, Meta(description="Its name")] = None
    name: str | None = None
    capacity_kwh: Annotated[Number, _CAPACITY, Meta(description="Heat at a level of one")] = None
    level: Annotated[Number, _LEVEL, Meta(description="Present level, 0-1")] = None
    least: Annotated[Number, SHARE_RULE, Meta(description="Comfort: lowest level, 0-1")] = None
    most: Annotated[Number, FULL_SHARE, Meta(description="Highest level, 0-1")] = None
    loss_w: Annotated[Number, _LOSS, Meta(description="Standing loss [W]")] = None
    draw_w: Annotated[Limit, _LOSS, Meta(description="Heat drawn; a series, as prices [W]")] = None
    power_w: Annotated[
        Limit, _POWER, Meta(description="Electric, at most. Always, or a series, as prices [W]")
    ] = None
    efficiency: Annotated[Number, _EFFICIENCY, Meta(description="Heat per electric energy")] = None
    cop: Annotated[
        Limit, _EFFICIENCY, Meta(description="The same of a heat pump; a series, as prices")
    ] = None
    end_value: Annotated[
        Number, END_VALUE, Meta(description="Worth of a kWh of heat left at the end [$/kWh]")
    ] = None
