from server.home_assistant.registry import (
    ConfigEntry,
    RegistryEntry,
    config_entries,
    entity_registry,
)


async def test_entries_with_more_fields_and_broken_ones(home_assistant, link, caplog):
    home_assistant.registry = [
        {
            "entity_id": "sensor.renamed",
            "platform": "nordpool",
            "unique_id": "SE3-current",
            "config_entry_id": "e1",
            "labels": [],
            "options": {"x": {}},
            "name": None,
        },
        {"entity_id": 7},
        None,
    ]

    entries = await entity_registry(link)

    assert entries == [
        RegistryEntry("sensor.renamed", "nordpool", "SE3-current", config_entry_id="e1")
    ]
    assert "2 of 3 entries of the registry" in caplog.text


async def test_a_registry_of_many_entities_is_read(home_assistant, link):
    entry = {"platform": "x", "unique_id": "u", "categories": {str(n): n for n in range(25)}}
    home_assistant.registry = [{"entity_id": f"sensor.s{n}", **entry} for n in range(10_000)]

    assert len(await entity_registry(link)) == 10_000


async def test_config_entries(home_assistant, link):
    home_assistant.entries = [
        {"entry_id": "e1", "domain": "nordpool", "title": "Nord Pool", "state": "loaded", "x": 1}
    ]

    assert await config_entries(link) == [ConfigEntry("e1", "nordpool", "Nord Pool", "loaded")]
