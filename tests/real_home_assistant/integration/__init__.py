"""An integration of the tests, under the domain of the one whose shapes it has.

It runs inside Home Assistant.  What it shows stands in `sources/<domain>.json` of the configuration
folder: `entities`, `answers` of actions and `solar`, a forecast; it is read again at each event
`sources_changed`.
"""

import json
from pathlib import Path

from homeassistant.helpers.dispatcher import async_dispatcher_send

from . import actions

PLATFORMS = ["sensor", "event", "binary_sensor"]


async def async_setup_entry(hass, entry):
    """Show what the file holds."""
    path = Path(hass.config.path("sources", f"{entry.domain}.json"))

    async def read(_=None):
        entry.runtime_data = json.loads(await hass.async_add_executor_job(path.read_text))
        async_dispatcher_send(hass, f"{entry.domain}_changed")

    await read()
    entry.async_on_unload(hass.bus.async_listen("sources_changed", read))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    actions.register(hass, entry)
    return True


async def async_unload_entry(hass, entry):
    """Take all of it away again."""
    for action in hass.services.async_services_for_domain(entry.domain):
        hass.services.async_remove(entry.domain, action)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
