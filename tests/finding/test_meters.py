"""Meters of energy beside, and in place of, those of the Energy dashboard."""

from tests.finding import homes
from tests.finding.homes import battery, grid
from tests.finding.test_homes import choice_of, proposal_of


async def test_registers_of_one_meter_are_one_choice(home, search):
    known = {"platform": "dsmr", "device_id": "meter"}
    for way in ("consumption", "production"):
        for tariff in (1, 2):
            home.energy(f"sensor.electricity_meter_energy_{way}_tarif_{tariff}", **known)

    found = await search()

    stem = "sensor.electricity_meter_energy"
    assert choice_of(found, "meter.energy_in") == [
        f"{stem}_consumption_tarif_1",
        f"{stem}_consumption_tarif_2",
    ]
    assert choice_of(found, "meter.energy_out") == [
        f"{stem}_production_tarif_1",
        f"{stem}_production_tarif_2",
    ]


async def test_two_units_are_no_registers_of_one_meter(home, search):
    for unit in (1, 2):
        home.energy(f"sensor.unit{unit}_grid_import", platform="p", device_id="d")

    proposal = proposal_of(await search(), "meter.energy_in")

    assert len(proposal.choice) == 1
    assert len(proposal.alternatives) == 1


async def test_a_total_comes_before_a_day(home, search):
    known = {"platform": "p", "device_id": "d"}
    for name in ("daily_grid_import", "total_grid_import", "grid_import_today"):
        home.energy(f"sensor.{name}", **known)

    assert choice_of(await search(), "meter.energy_in") == ["sensor.total_grid_import"]


async def test_other_meters_are_offered_beside_those_of_the_dashboard(home, search):
    homes.add_powerwall(home)
    homes.add_battery(home)
    home.days_of_energy("sensor.my_powerwall_site_import", [1.0] * 24)
    home.dashboard(grid(stat_energy_to=None), battery())

    found = await search()
    proposal = proposal_of(found, "meter.energy_in")

    assert proposal.choice == ["sensor.grid_in"]
    assert "the recorder has no energy" in proposal.why.lower()
    assert [each.choice for each in proposal.alternatives] == [["sensor.my_powerwall_site_import"]]
    assert proposal.alternatives[0].value == "24"
    assert "your Energy dashboard does not use it" in proposal.alternatives[0].why
    assert choice_of(found, "meter.energy_out") is None  # the owner says that nothing is exported


async def test_a_statistic_without_an_entity_is_named_by_its_id(home, search):
    home.days_of_energy("test:grid_in", [0.25] * 24)
    home.dashboard(grid(stat_energy_from="test:grid_in"))

    proposal = proposal_of(await search(), "meter.energy_in")

    assert proposal.label == "Grid, in: test:grid_in"
    assert (proposal.value, proposal.unit, proposal.age_s) == ("6", "kWh in 24 h", None)
