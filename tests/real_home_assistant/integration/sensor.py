"""Sensors."""

from homeassistant.components.sensor import SensorEntity

from .entities import Shown, of_kind


class Sensor(Shown, SensorEntity):
    """A sensor."""

    def __init__(self, entry, shown):
        super().__init__(entry, shown)
        self._attr_native_unit_of_measurement = shown.get("unit")
        self._attr_state_class = shown.get("state_class")

    @property
    def native_value(self):
        """State of the file."""
        return self.shown.get("state")


async def async_setup_entry(hass, entry, add):
    """Add them."""
    add(Sensor(entry, shown) for shown in of_kind(entry, "sensor"))
