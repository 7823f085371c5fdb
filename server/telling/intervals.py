"""The intervals of a reply: power that the house leaves over, and what the batteries do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from server.plans.planning import Reply
from server.wire.replies import (
    ActionOut,
    AggregatedOut,
    EvReply,
    MultiBatteryReply,
    NamedBatteryOut,
    OptimizeReply,
    ScheduleOut,
)


class Interval(NamedTuple):
    """One interval of a plan.

    Attributes
    ----------
    start, end : datetime
        Time-zone aware.
    solar : float
        Of the panels, whether or not it is used. [W]
    surplus : float
        Solar and the cars' discharge, less all load, cars included; negative is a deficit. [W]
    grid_import, grid_export : float
        At the meter. [W]
    powers : tuple of float
        Into each battery; negative is out. [W]
    socs : tuple of float
        Of each battery at the beginning. [-]
    socs_end : tuple of float
        Of each battery at the end. [-]
    """

    start: datetime
    end: datetime
    solar: float
    surplus: float
    grid_import: float
    grid_export: float
    powers: tuple[float, ...]
    socs: tuple[float, ...]
    socs_end: tuple[float, ...]

    @property
    def hours(self) -> float:
        """Length. [h]"""
        return (self.end - self.start).total_seconds() / 3600.0


def home_actions(reply: Reply) -> list[ActionOut]:
    """Return the next actions of the home batteries as one; none without batteries."""
    if isinstance(reply, EvReply):
        return reply.home.next_actions if isinstance(reply.home, OptimizeReply) else []
    return reply.next_actions


def batteries_of(reply: Reply) -> list[NamedBatteryOut]:
    """Return the part about every battery, in the order of the request; empty for a single one."""
    batteries = {} if isinstance(reply, OptimizeReply) else reply.batteries
    return [*batteries.values()] if isinstance(batteries, dict) else []


def intervals_from(reply: Reply) -> list[Interval]:
    """Return the intervals of a reply."""
    flows = _flows(reply)
    if flows is None:
        return _without_battery(reply) if isinstance(reply, EvReply) else []
    socs, powers = _batteries(reply, flows)
    return [
        Interval(start, end, solar, surplus, bought, sold, power, soc, soc_end)
        for (start, end), solar, surplus, bought, sold, power, (soc, soc_end) in zip(
            _spans(flows.timestamps),
            _solar(flows),
            _surplus(flows),
            flows.grid_import_w,
            flows.grid_export_w,
            powers,
            pairwise(socs),
            strict=True,
        )
    ]


def _without_battery(reply: EvReply) -> list[Interval]:
    """Return the intervals of vehicles alone; solar is in the surplus only."""
    meter = reply.meter
    return [
        Interval(start, end, 0.0, sold - bought, bought, sold, (), (), ())
        for (start, end), bought, sold in zip(
            _spans(meter.timestamps), meter.grid_import_w, meter.grid_export_w, strict=True
        )
    ]


def _spans(stamps: list[str]) -> list[tuple[datetime, datetime]]:
    """Return beginnings and ends; the last interval is as long as the one before."""
    starts = [datetime.fromisoformat(stamp) for stamp in stamps]
    last = starts[-1] - starts[-2] if len(starts) > 1 else timedelta(minutes=5)
    return [*pairwise([*starts, starts[-1] + last])] if starts else []


def _flows(reply: Reply) -> ScheduleOut | AggregatedOut | None:
    if isinstance(reply, MultiBatteryReply):
        return reply.aggregated
    home = reply.home if isinstance(reply, EvReply) else reply
    return home.schedule if isinstance(home, OptimizeReply) else None


def _solar(flows: ScheduleOut | AggregatedOut) -> list[float]:
    return _total(
        flows.solar_to_load_w,
        flows.solar_to_battery_w,
        flows.solar_to_grid_w,
        flows.solar_curtailed_w,
    )


def _surplus(flows: ScheduleOut | AggregatedOut) -> list[float]:
    """Return what is left of solar and of the cars' discharge when every load has its power.

    What a car gives to a load cancels out: it is in both.
    """
    load = _total(flows.solar_to_load_w, flows.grid_to_load_w, flows.battery_consume_w)
    given = _total(*_of_vehicles(flows, "vehicle_to_battery_w", "vehicle_to_grid_w"))
    return [
        solar + car - taken
        for solar, car, taken in zip(_solar(flows), given or [0.0] * len(load), load, strict=True)
    ]


def _of_vehicles(flows: ScheduleOut | AggregatedOut, *names: str) -> list[list[float]]:
    series = [getattr(flows, name, None) for name in names]
    return [values for values in series if isinstance(values, list)]


def _batteries(
    reply: Reply, flows: ScheduleOut | AggregatedOut
) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """Return each battery's states of charge, T + 1, and powers, T."""
    several = [battery.schedule for battery in batteries_of(reply)]
    if several:
        powers = [_difference(one.charge_w, one.discharge_w) for one in several]
        return [*zip(*(one.soc for one in several), strict=True)], [*zip(*powers, strict=True)]
    # Not `charge_w`: an option of the server empties it where the charge is from solar alone.
    charge = _total(
        flows.solar_to_battery_w,
        flows.grid_to_battery_w,
        *_of_vehicles(flows, "vehicle_to_battery_w"),
    )
    power = _difference(charge, _total(flows.battery_consume_w, flows.battery_export_w))
    return [(soc,) for soc in flows.soc_trajectory], [(value,) for value in power]


def _total(*series: Sequence[float]) -> list[float]:
    return [sum(values) for values in zip(*series, strict=True)]


def _difference(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(first, second, strict=True)]
