"""Events, as those that hold rates."""

from homeassistant.components.event import EventEntity

from .entities import Shown, of_kind


class Event(Shown, EventEntity):
    """An event whose attributes are those of the file."""

    def __init__(self, entry, shown):
        super().__init__(entry, shown)
        self._attr_event_types = ["updated"]

    async def async_added_to_hass(self):
        """Be told once: an event that never was is unknown."""
        await super().async_added_to_hass()
        self.changed()

    def changed(self):
        """Happen again."""
        self.hass.loop.call_soon_threadsafe(self.happen)

    def happen(self):
        """Happen, with the attributes of the file."""
        if self.available:
            self._trigger_event("updated", self.shown.get("attributes"))
        self.async_write_ha_state()


async def async_setup_entry(hass, entry, add):
    """Add them."""
    add(Event(entry, shown) for shown in of_kind(entry, "event"))
