"""The solar forecast of the Energy dashboard."""


async def async_get_solar_forecast(hass, config_entry_id):
    """Return {instant: Wh}."""
    entry = hass.config_entries.async_get_entry(config_entry_id)
    found = entry.runtime_data.get("solar") if entry else None
    return None if found is None else {"wh_hours": found}
