"""Registry of entities, and config entries of integrations."""

import msgspec

from server.home_assistant.link import Link
from server.home_assistant.transport.messages import decode_each

_MOST_VALUES = 300_000  # 10,000 entities; most of each entry is skipped


class RegistryEntry(msgspec.Struct):
    """One entity as the registry holds it; found by `platform` and `unique_id`, never renamed."""

    entity_id: str
    platform: str
    unique_id: str = ""
    device_id: str | None = None
    config_entry_id: str | None = None
    original_name: str | None = None
    name: str | None = None
    disabled_by: str | None = None
    hidden_by: str | None = None


class ConfigEntry(msgspec.Struct):
    """One set-up integration; `state` is ``loaded`` where it works."""

    entry_id: str
    domain: str
    title: str = ""
    state: str = ""


async def entity_registry(link: Link) -> list[RegistryEntry]:
    """Return all entries of the entity registry; unreadable ones are left out and logged.

    Raises
    ------
    LinkError
        Where Home Assistant gives no usable answer.
    """
    answer = await link.command("config/entity_registry/list", timeout=30.0)
    return decode_each(answer, RegistryEntry, "entries of the registry", _MOST_VALUES)


async def config_entries(link: Link) -> list[ConfigEntry]:
    """Return all config entries; unreadable ones are left out and logged.

    Raises
    ------
    LinkError
        Where Home Assistant gives no usable answer.
    """
    return decode_each(await link.command("config_entries/get"), ConfigEntry, "config entries")
