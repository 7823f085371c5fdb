"""Switches of flexible loads and levels of stores of heat, as their entities say."""

from typing import NamedTuple

from server.home.readings import SourceHealth
from server.home.states.look import Look, time_of_report, words_of
from server.home_assistant.states import number_of
from server.settings.home import HeatSettings, LoadSettings, Settings


class FlexibleStates(NamedTuple):
    """Switches and levels in the order of the settings.

    Attributes
    ----------
    wanted : list of bool
        Whether each load is to run.
    levels : list of float or None
        Of the stores of heat, 0 to 1; None is unknown.
    health : list of SourceHealth
        Of all entities.
    """

    wanted: list[bool]
    levels: list[float | None]
    health: list[SourceHealth]


async def read_flexible(look: Look, settings: Settings) -> FlexibleStates:
    """Return what the entities of loads and heat say; what is not known is not planned."""
    found = FlexibleStates([], [], [])
    for i, load in enumerate(settings.loads):
        found.wanted.append(await _is_wanted(look, load, f"loads[{i}].enabled", found.health))
    for i, store in enumerate(settings.heat):
        found.levels.append(await _level(look, store, f"heat[{i}].level", found.health))
    return found


async def _is_wanted(
    look: Look, load: LoadSettings, field: str, health: list[SourceHealth]
) -> bool:
    if load.enabled is None:
        return True
    state = await look.state(load.enabled)
    says = state.state.strip().lower() if state else ""
    one = SourceHealth(field=field, label=f"{load.name}: to run", value=says)
    health.append(one)
    if state is not None and says in {"on", "off"}:
        one.at = time_of_report(state)
        one.text = "" if says == "on" else "It is not planned while that is off."
        return says == "on"
    one.state, one.value = "missing", ""
    one.text = f"{words_of(load.enabled, state)}; it is not planned."
    return False


async def _level(
    look: Look, store: HeatSettings, field: str, health: list[SourceHealth]
) -> float | None:
    state = await look.state(store.level)
    value = number_of(state)
    one = SourceHealth(field=field, label=f"{store.name}: level", value="")
    health.append(one)
    if state is None or value is None:
        one.state, one.text = "missing", f"{words_of(store.level, state)}; it is not planned."
        return None
    level = (value - store.at_empty) / (store.at_full - store.at_empty)
    level = min(max(level, 0.0), 1.0)
    one.value, one.at = f"{level:.0%}", time_of_report(state)
    return level
