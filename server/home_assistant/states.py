"""States of entities, and the numbers in them."""

import math
import re
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

_ENTITY_ID = re.compile(r"(?!.+__)(?!_)[\da-z_]+(?<!_)\.(?!_)[\da-z_]+(?<!_)")  # Core's own rule
_PER_CENT = 100.0
_SLACK = 0.01  # a gauge may read 100.4 %


class EntityState(msgspec.Struct):
    """State of one entity; instants are time-zone aware, UTC as Core sends them."""

    entity_id: str
    state: str
    attributes: dict[str, Any]
    last_changed: Instant
    last_updated: Instant
    last_reported: Instant | None = None

    @property
    def unit(self) -> str | None:
        """Unit of measurement, where there is one."""
        unit = self.attributes.get("unit_of_measurement")
        return unit if isinstance(unit, str) else None


def is_entity_id(text: str) -> bool:
    """Return whether Home Assistant could have an entity of this id."""
    return _ENTITY_ID.fullmatch(text) is not None


def number_of(state: EntityState | None) -> float | None:
    """Return the state as a finite number, or None."""
    if state is None or "_" in state.state:  # Python's float reads "1_000"
        return None
    try:
        number = float(state.state)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def share_of(state: EntityState | None) -> float | None:
    """Return the state as a share in [0, 1], or None.

    The unit tells: "%" is per cent, any other unit is no share.  Without a unit a battery
    (`device_class`) has per cent, and so has any number above 1.
    """
    number = number_of(state)
    if state is None or number is None or state.unit not in (None, "", "%"):
        return None
    is_battery = state.attributes.get("device_class") == "battery"
    in_per_cent = state.unit == "%" or is_battery or number > 1.0 + _SLACK
    share = number / _PER_CENT if in_per_cent else number
    return min(max(share, 0.0), 1.0) if -_SLACK <= share <= 1.0 + _SLACK else None
