"""Checks of the flexible loads and stores of heat in settings."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from server.reading.flexible.heat import MOST_STORES
from server.settings import ranges
from server.settings.errors import SettingsError
from server.settings.home import HeatSettings, LoadSettings
from server.settings.ranges import (
    require_clock,
    require_entity,
    require_statistic,
    require_text,
    require_weekdays,
)
from server.wire.wording import quote

MOST_LOADS = 5
"""More loads are refused: seven, of which the planner has to place each, took it 15 s; five, 3."""

_DAY = 24 * 60  # min


def check_loads(loads: Sequence[LoadSettings]) -> None:
    """Refuse flexible loads that break a rule."""
    if len(loads) > MOST_LOADS:
        raise SettingsError("loads", f"must hold at most {MOST_LOADS}, got {len(loads)}")
    paths: dict[str, str] = {}
    for i, load in enumerate(loads):
        path = f"loads[{i}]"
        require_text(f"{path}.name", load.name)
        if load.name in paths:
            rule = f"must differ from that of {paths[load.name]}, got {quote(load.name)}"
            raise SettingsError(f"{path}.name", rule)
        paths[load.name] = path
        _check_load(load, path)
    _check_order(loads, paths)


def _check_load(load: LoadSettings, path: str) -> None:
    ranges.POWER.require(f"{path}.power_kw", load.power_kw)
    ranges.RUN_ENERGY.require(f"{path}.energy_kwh", load.energy_kwh)
    require_clock(f"{path}.earliest", load.earliest)
    require_clock(f"{path}.latest", load.latest)
    minutes = 60.0 * load.energy_kwh / load.power_kw
    if minutes > window_minutes(load):
        rule = f"must leave time for the run of {minutes:.0f} minutes, got {quote(_window(load))}"
        raise SettingsError(f"{path}.latest", rule)
    require_weekdays(f"{path}.weekdays", load.weekdays)
    if load.enabled is not None:
        require_entity(f"{path}.enabled", load.enabled)
    if load.energy is not None:
        require_statistic(f"{path}.energy", load.energy)


def minutes_of(clock: str) -> int:
    """Return the minutes of the day of a time, HH:MM."""
    hour, minute = clock.split(":")
    return 60 * int(hour) + int(minute)


def window_minutes(load: LoadSettings) -> int:
    """Return the length of the window of a load on the clock; a whole day without times. [min]"""
    begin, end = minutes_of(load.earliest or "0:00"), minutes_of(load.latest or "24:00")
    return end - begin if end > begin else end - begin + _DAY


def _window(load: LoadSettings) -> str:
    return f"{load.earliest or '00:00'} to {load.latest or '24:00'}"


def _check_order(loads: Sequence[LoadSettings], paths: dict[str, str]) -> None:
    """Refuse a load that waits for none of the home, or for itself."""
    for load in loads:
        if load.after is not None and load.after not in paths:
            rule = f"must be the name of another load, got {quote(load.after)}"
            raise SettingsError(f"{paths[load.name]}.after", rule)
    try:
        TopologicalSorter({load.name: {load.after} - {None} for load in loads}).prepare()
    except CycleError as error:
        circle = error.args[1]
        rule = f"must not be a circle of loads, got {quote(' -> '.join(circle))}"
        raise SettingsError(f"{paths[circle[0]]}.after", rule) from None


def check_heat(stores: Sequence[HeatSettings]) -> None:
    """Refuse stores of heat that break a rule."""
    if len(stores) > MOST_STORES:
        raise SettingsError("heat", f"must hold at most {MOST_STORES}, got {len(stores)}")
    for i, store in enumerate(stores):
        _check_store(store, f"heat[{i}]")


def _check_store(store: HeatSettings, path: str) -> None:
    require_text(f"{path}.name", store.name)
    require_entity(f"{path}.level", store.level)
    ranges.ENERGY.require(f"{path}.capacity_kwh", store.capacity_kwh)
    ranges.POWER.require(f"{path}.power_kw", store.power_kw)
    ranges.HEAT_PER_ENERGY.require(f"{path}.efficiency", store.efficiency)
    ranges.SHARE.require(f"{path}.least", store.least)
    ranges.SOME_SHARE.require(f"{path}.most", store.most)
    ranges.HEAT_POWER.require(f"{path}.loss_kw", store.loss_kw)
    ranges.HEAT_POWER.require(f"{path}.draw_kw", store.draw_kw)
    ranges.READING.require(f"{path}.at_empty", store.at_empty)
    ranges.READING.require(f"{path}.at_full", store.at_full)
    if store.at_empty >= store.at_full:
        rule = f"must be above at_empty, {store.at_empty:g}, got {store.at_full:g}"
        raise SettingsError(f"{path}.at_full", rule)
    if store.least > store.most:
        rule = f"must not be above the highest level, {store.most:g}, got {store.least:g}"
        raise SettingsError(f"{path}.least", rule)
    if store.energy is not None:
        require_statistic(f"{path}.energy", store.energy)
