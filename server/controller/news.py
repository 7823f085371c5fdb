"""Changes in Home Assistant that call for another plan."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from server.controller.turn import Turn
from server.home_assistant.states import EntityState, share_of

INTERVAL = timedelta(minutes=5)
"""A plan is made at least so often, on the clock."""

SOC_MOVE = 0.01
"""Difference from the state of charge that the plan expected which calls for another."""

Seen: TypeAlias = Mapping[str, tuple[str, int]]
"""State, and hash of the attributes, of each entity."""


def next_plan_at(now: datetime) -> datetime:
    """Return the next five minutes of the clock."""
    past = timedelta(seconds=now.timestamp() % INTERVAL.total_seconds())
    return now.astimezone(UTC) - past + INTERVAL


def snapshot(followed: Mapping[str, EntityState], socs: Sequence[str]) -> Seen:
    """Return what the followed entities say, those of states of charge left out."""
    return {
        name: (state.state, hash(repr(state.attributes)))
        for name, state in followed.items()
        if name not in socs
    }


def has_soc_moved(turn: Turn, followed: Mapping[str, EntityState], now: datetime) -> bool:
    """Return True where a state of charge is another one than the plan expected."""
    for battery, expected in zip(turn.settings.batteries, turn.soc_at(now), strict=True):
        share = share_of(followed.get(battery.soc))
        if share is not None and abs(share - expected) >= SOC_MOVE:
            return True
    return False
