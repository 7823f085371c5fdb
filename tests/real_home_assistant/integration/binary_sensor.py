"""Binary sensors."""

from homeassistant.components.binary_sensor import BinarySensorEntity

from .entities import Shown, of_kind


class BinarySensor(Shown, BinarySensorEntity):
    """A binary sensor."""

    @property
    def is_on(self):
        """State of the file."""
        return self.shown.get("state") == "on"


async def async_setup_entry(hass, entry, add):
    """Add them."""
    add(BinarySensor(entry, shown) for shown in of_kind(entry, "binary_sensor"))
