"""States of entities, and the numbers in them."""

from datetime import datetime
from typing import Any

import msgspec


class EntityState(msgspec.Struct):
    """State of one entity; instants in UTC."""

    entity_id: str
    state: str
    attributes: dict[str, Any]
    last_changed: datetime
    last_updated: datetime
    last_reported: datetime | None = None

    @property
    def unit(self) -> str | None:
        """Unit of measurement, where there is one."""
        unit = self.attributes.get("unit_of_measurement")
        return unit if isinstance(unit, str) else None


def number_of(state: EntityState | None) -> float | None:
    """Return the state as a finite number, or None."""
    raise NotImplementedError


def share_of(state: EntityState | None) -> float | None:
    """Return the state as a share in [0, 1], from per cent or a share by its unit, or None."""
    raise NotImplementedError
