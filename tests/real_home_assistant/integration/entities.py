"""Entities with the state and the attributes that the file of the source holds."""

from homeassistant.const import EntityCategory
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity


class Shown(Entity):
    """One entity; `unavailable` where the file holds no state for it."""

    _attr_should_poll = False

    def __init__(self, entry, shown):
        self.entry, self.key = entry, shown["unique_id"]
        self.entity_id = shown["entity_id"]
        self._attr_unique_id = self.key
        self._attr_name = shown.get("name")
        self._attr_device_class = shown.get("device_class")
        if device := shown.get("device"):
            self._attr_device_info = {"identifiers": {(entry.domain, device)}, "name": device}
        if category := shown.get("entity_category"):
            self._attr_entity_category = EntityCategory(category)

    @property
    def shown(self):
        """What the file holds now."""
        found = self.entry.runtime_data["entities"]
        return next((one for one in found if one["unique_id"] == self.key), {})

    @property
    def available(self):
        """Whether the source answers."""
        return self.shown.get("state") is not None

    @property
    def extra_state_attributes(self):
        """What the source adds."""
        return self.shown.get("attributes")

    async def async_added_to_hass(self):
        """Follow the file."""
        self.async_on_remove(
            async_dispatcher_connect(self.hass, f"{self.entry.domain}_changed", self.changed)
        )

    def changed(self):
        """Write the state, from whichever thread."""
        self.schedule_update_ha_state()


def of_kind(entry, kind):
    """Return what the file holds for one platform."""
    found = entry.runtime_data["entities"]
    return [shown for shown in found if shown["entity_id"].startswith(f"{kind}.")]
