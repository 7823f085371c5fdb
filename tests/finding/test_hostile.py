"""Odd, hostile and unwell Home Assistants harm nothing and hide nothing."""

import gc
import json

import msgspec
import pytest

from server.finding.snapshot.reading import OURS, Snapshot
from server.home_assistant.errors import LinkDown
from server.home_assistant.states import EntityState
from server.sources.rows import Row
from server.telling.publish import DEVICE
from tests.finding import homes
from tests.finding.homes import PHASES, battery, grid, solar
from tests.finding.test_homes import choice_of, missing_of, proposal_of, settings_of

MARKUP = "<img src=x onerror=alert(1)>\"'&"


async def test_names_with_markup_are_text(home, search):
    known = {"platform": "victron", "device_id": "v"}
    home.level("sensor.victron_soc", 50, name=MARKUP, **known)

    found = await search()

    proposal = proposal_of(found, "batteries[0].soc")
    assert MARKUP in proposal.label
    assert msgspec.json.decode(msgspec.json.encode(found))["draft"] == found.draft


async def test_long_names_are_cut(home, search):
    home.level("sensor.victron_soc", 50, name="Ä" * 100_000, platform="victron")

    found = await search()

    assert len(msgspec.json.encode(found)) < 10_000


@pytest.mark.parametrize(
    "attributes",
    [
        {"forecast": [None, 3, "x", {}, []]},
        {"prices_today": [{"time": "never", "price": "dear"}]},
        {"raw_today": [{"start": None, "end": None, "value": None}] * 100},
        {"rates": {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}},
        {"data": [[[[[[[]]]]]]]},
        {"forecast": [{"time": "2026-11-12T10:00:00+00:00", "value": 1e308}] * 3},
        {"unit_of_measurement": 7, "device_class": [], "friendly_name": {}},
        {"unit_of_measurement": "%", "device_class": "battery", "friendly_name": None},
        {"wh_hours": {"2026-13-45": 1, "": 2}},
    ],
)
async def test_odd_attributes_are_passed_over(home, search, attributes):
    homes.add_powerwall(home)
    home.add("sensor.odd", "nan", attributes)

    found = await search()

    assert choice_of(found, "batteries[0].soc") == "sensor.my_powerwall_charge"


def states_and_rows():
    gc.collect()
    kinds = {EntityState, Row, Snapshot}  # `isinstance` would ask proxies of what is gone
    return [each for each in gc.get_objects() if type(each) in kinds]


async def test_thousands_of_entities_are_searched_and_dropped(home, search):
    homes.add_powerwall(home)
    homes.add_tibber(home)
    rows = homes.rates(home.midnight(), 48)
    for number in range(500):
        home.level(f"sensor.battery_{number}_level", number % 100)
    for number in range(150):
        more = {"unit_of_measurement": "EUR/kWh", "rates": rows, "text": "x" * 1000}
        home.add(f"sensor.price_{number}", 0.2, more)

    before = states_and_rows()  # of other tests; held, so that their ids are not used again
    found = await search()
    known = set(map(id, before))
    kept = [each for each in states_and_rows() if id(each) not in known]

    assert choice_of(found, "batteries[0].soc") == "sensor.my_powerwall_charge"
    assert all(len(each.alternatives) <= 5 for each in found.proposals)
    assert len(msgspec.json.encode(found)) < 50_000
    assert kept == []


async def test_statistics_that_are_no_names_are_passed_over(home, search):
    homes.add_battery(home)
    grids = [grid(stat_energy_from=MARKUP, stat_energy_to="Ä.ö")]
    grids += [grid(stat_energy_from=f"sensor.meter_{number}") for number in range(200)]
    home.dashboard(*grids, battery(), battery(stat_energy_to="not a name"))

    found = await search()

    assert len(choice_of(found, "meter.energy_in")) == 50
    assert choice_of(found, "meter.energy_out") == ["sensor.grid_out"]
    assert len(found.draft["batteries"]) == 1


async def test_numbers_of_the_dashboard_that_cannot_be_are_said(home, search):
    homes.add_battery(home)
    home.days_of_energy("sensor.battery_in", PHASES)
    home.dashboard(
        grid(number_energy_price=28.5), battery(capacity=13500.0, stat_soc="sensor.gone")
    )

    found = await search()

    assert {"import_price", "batteries[0].capacity_kwh"} <= set(missing_of(found))
    assert choice_of(found, "batteries[0].soc") == "sensor.battery_soc"
    assert found.notes == [
        "Your Energy dashboard names sensor.gone, which has no state now.",
        "A capacity of 13500 kWh in your Energy dashboard is no battery's.",
        "28.5 in your Energy dashboard is no price of a kWh: is it in hundredths?",
    ]


@pytest.mark.parametrize("fault", ["wrong types", "huge"])
@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("energy/get_prefs", "Energy dashboard"),
        ("config/entity_registry/list", "entity registry"),
        ("config_entries/get", "integrations"),
        ("recorder/statistics_during_period", "energy of the last day"),
    ],
)
async def test_an_unusable_answer_is_noted_and_the_rest_is_found(
    home, search, fault, command, what
):
    homes.add_powerwall(home)
    home.fake.faults[command] = fault

    if fault == "huge":
        # The answer is larger than a message may be: the connection is lost with it.
        with pytest.raises(LinkDown):
            await search()
        return
    found = await search()

    assert any(what in note for note in found.notes)
    assert choice_of(found, "batteries[0].soc") == "sensor.my_powerwall_charge"


async def test_a_lost_connection_is_no_empty_home(home, search):
    home.fake.faults["energy/get_prefs"] = "closed"

    with pytest.raises(LinkDown):
        await search()


async def test_an_action_that_refuses_is_noted(home, search):
    home.entry("nordpool-entry", "nordpool", "Nord Pool")

    found = await search()

    assert any("Nord Pool gave no prices" in note for note in found.notes)
    assert "import_price" in missing_of(found)


async def test_an_integration_that_does_not_work_is_not_asked(home, search):
    home.entry("amber-entry", "amberelectric", "Home", state="setup_retry")

    await search()

    assert home.fake.calls == []


async def test_a_view_of_powersync_that_is_no_view_tells_nothing(home, search):
    home.fake.pages["power_sync/optimization"] = {
        "config": {"battery_capacity_wh": "large", "max_charge_w": -1, "backup_reserve": 900},
        "schedule": {"timestamps": ["never"], "import_price": 3},
        "forecast_series": [],
    }

    found = await search()

    assert found.powersync
    assert {"import_price", "batteries[0].capacity_kwh"} <= set(missing_of(found))
    assert choice_of(found, "batteries[0].reserve") == 0.1


async def test_our_own_entities_are_no_source(home, search):
    keys = ("time", None, "value")
    forecast = homes.rates(home.midnight(), 48, homes.HOUR, keys)
    more = {"unit_of_measurement": "EUR/kWh", "forecast": forecast}
    home.add("sensor.powersync_optimiser_import_price", 0.2, more)
    home.add("sensor.renamed", 0.2, more, platform="mqtt", unique_id=f"{DEVICE}_import_price")

    found = await search()

    assert OURS == DEVICE
    assert "import_price" in missing_of(found)


async def test_the_search_writes_nothing(home, search):
    homes.add_powerwall(home)
    homes.add_amber(home)
    homes.add_powersync(home)

    await search()

    assert {call[0] for call in home.fake.calls} == {"amberelectric.get_forecasts"}
    assert home.fake.posted == home.fake.published == []


HOMES = {
    "powerwall": (homes.add_powerwall, homes.add_solcast, homes.add_epex),
    "octopus": (homes.add_battery, homes.add_octopus, homes.add_car),
    "amber": (homes.add_powerwall, homes.add_amber, homes.add_solcast, homes.add_powersync),
    "nord pool": (homes.add_battery, homes.add_nordpool_core, homes.add_nordpool_hacs),
    "everything": (
        *(homes.add_powerwall, homes.add_battery, homes.add_personal_batteries, homes.add_car),
        *(homes.add_octopus, homes.add_amber, homes.add_nordpool_core, homes.add_nordpool_hacs),
        *(homes.add_tibber, homes.add_entsoe, homes.add_epex, homes.add_solcast),
        *(homes.add_powersync,),
    ),
}


def put(draft, field, choice):
    """Return a draft with another choice at the path of a field."""
    changed = json.loads(json.dumps(draft))
    *path, last = field.replace("[", ".[").split(".")
    place = changed
    for key in path:
        place = place[int(key[1:-1])] if key.startswith("[") else place.setdefault(key, {})
    place[last] = choice
    return changed


def typed(missing):
    """Return what an owner types for a missing field, as its example shows."""
    if missing.field == "import_price":
        return {"source": {"from": "fixed", "price": float(missing.example)}}
    if missing.field == "meter.energy_in":
        return [missing.example]
    return missing.example if "." in missing.example else float(missing.example)


@pytest.mark.parametrize("has_dashboard", [True, False])
@pytest.mark.parametrize("parts", HOMES.values(), ids=HOMES)
async def test_every_choice_gives_settings_that_pass_their_checks(
    home, search, parts, has_dashboard
):
    for part in parts:
        part(home)
    if has_dashboard:
        home.dashboard(grid(number_energy_price_export=0.05), solar("sun"), battery(capacity=10.0))

    found = await search()
    for missing in found.missing:
        found.draft = put(found.draft, missing.field, typed(missing))
    settings_of(found)

    for proposal in found.proposals:
        draft = found.draft
        for choice in (proposal, *proposal.alternatives):
            found.draft = put(draft, proposal.field, choice.choice)
            settings_of(found)
        found.draft = draft


async def test_an_unknown_time_zone_is_said(home, search):
    home.fake.config["time_zone"] = "Mars/Olympus"

    found = await search()

    assert any("Mars/Olympus" in note for note in found.notes)


async def test_powersync_tells_nothing_of_several_batteries(home, search):
    homes.add_powersync(home)
    home.dashboard(
        grid(), battery(), battery(stat_energy_from="sensor.b", stat_energy_to="sensor.c")
    )

    found = await search()

    fields = {f"batteries[{at}].{key}" for at in (0, 1) for key in ("capacity_kwh", "charge_kw")}
    assert fields <= set(missing_of(found))
