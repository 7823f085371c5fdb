"""Whatever a Home Assistant holds, the draft is as good as settings."""

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from server.finding.batteries import find_batteries
from server.finding.cars import find_car_meters, find_cars
from server.finding.draft import Seen, propose_settings
from server.finding.meters import find_meters
from server.finding.snapshot.entities import Entity, words_of
from server.finding.snapshot.history import Powers
from server.finding.snapshot.outlook import Outlook
from server.finding.snapshot.powersync import PowerSyncFacts
from server.finding.snapshot.reading import Snapshot
from server.home_assistant.energy import (
    BatterySource,
    Device,
    EnergyPrefs,
    GridSource,
    HomeSource,
    PowerConfig,
    SolarSource,
)
from server.settings.checks import check
from server.settings.home import Settings
from tests.finding.homes import NOW
from tests.finding.test_hostile import put, typed

WORDS = (
    "battery soc level charge discharge power energy grid import export solar pv forecast price "
    "today tomorrow total car plug odometer capacity reserve limit phone meter feed_in gas sonnen"
)

ids = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=4).map(
    lambda parts: f"sensor.{'_'.join(parts)}"
)
numbers = st.one_of(st.none(), st.floats(), st.floats(0, 20))
maybe_ids = st.one_of(st.none(), ids, st.text(max_size=9))


@st.composite
def outlooks(draw):
    start = NOW + timedelta(hours=draw(st.integers(-48, 48)))
    return Outlook(
        quantity=draw(st.sampled_from(["price", "power"])),
        start=start,
        end=start + timedelta(hours=draw(st.integers(1, 48))),
        value=draw(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))),
        shape="rows",
        is_sunny=draw(st.booleans()),
    )


@st.composite
def entities(draw):
    entity_id = draw(ids)
    domain = draw(st.sampled_from(["sensor", "sensor", "number", "binary_sensor", "event"]))
    entity_id = f"{domain}.{entity_id.partition('.')[2]}"
    name = draw(st.one_of(st.just(entity_id), st.text(st.characters(codec="utf-8"), max_size=99)))
    return Entity(
        entity_id=entity_id,
        name=name,
        state=draw(st.sampled_from(["50", "0", "-3", "1e9", "nan", "unavailable", "on", ""])),
        unit=draw(st.sampled_from([None, "%", "kWh", "Wh", "W", "kW", "EUR/kWh", "ct/kWh"])),
        device_class=draw(st.sampled_from([None, "battery", "plug", "energy"])),
        state_class=draw(st.sampled_from([None, "total_increasing", "measurement"])),
        platform=draw(st.sampled_from(["", "mqtt", "solax", "teslemetry", "mobile_app"])),
        device=draw(st.sampled_from([None, "a", "b"])),
        words=words_of(entity_id, name),
        updated=NOW,
        outlook=draw(st.one_of(st.none(), outlooks())),
    )


def structs(kind, **fields):
    return st.lists(st.builds(kind, **fields), max_size=3)


prefs = st.builds(
    EnergyPrefs,
    grids=structs(
        GridSource,
        stat_energy_from=maybe_ids,
        stat_energy_to=maybe_ids,
        stat_cost=maybe_ids,
        entity_energy_price=maybe_ids,
        number_energy_price=numbers,
        entity_energy_price_export=maybe_ids,
        number_energy_price_export=numbers,
    ),
    solars=structs(SolarSource, stat_energy_from=ids),
    batteries=structs(
        BatterySource,
        stat_energy_from=st.one_of(ids, st.text()),
        stat_energy_to=ids,
        stat_soc=maybe_ids,
        capacity=numbers,
        power_config=st.one_of(st.none(), st.builds(PowerConfig, stat_rate=maybe_ids)),
    ),
    homes=structs(HomeSource, stat_energy_to=ids),
    devices=structs(Device, stat_consumption=ids, name=st.one_of(st.none(), st.text(max_size=9))),
)
facts = st.builds(
    PowerSyncFacts,
    capacity_kwh=numbers,
    charge_kw=numbers,
    discharge_kw=numbers,
    max_import_kw=numbers,
    max_export_kw=numbers,
    reserve=st.one_of(st.none(), st.floats(0, 1)),
    import_price=numbers,
    export_price=numbers,
    prices_end=st.sampled_from([None, NOW, NOW + timedelta(hours=9)]),
)
powers = st.builds(Powers, *[st.one_of(st.none(), st.floats(0.3, 100))] * 2)


@given(
    st.lists(entities(), max_size=12),
    st.one_of(st.none(), prefs),
    st.one_of(st.none(), facts),
    st.lists(powers, min_size=3, max_size=3),
    st.sampled_from([None, "EUR", "SEK", "???"]),
)
def test_the_draft_with_the_examples_typed_passes_the_checks(
    listed, dashboard, powersync, history, currency
):
    snapshot = Snapshot(
        NOW,
        currency=currency,
        entities={entity.entity_id: entity for entity in listed},
        prefs=dashboard,
        powersync=powersync,
    )
    meters = find_meters(snapshot)
    cars = find_cars(snapshot)
    batteries = find_batteries(snapshot, meters.batteries)
    found = propose_settings(
        Seen(
            snapshot,
            meters,
            batteries,
            cars,
            find_car_meters(snapshot, cars),
            battery_powers=history,
            car_powers=history,
        )
    )

    draft = found.draft
    for missing in found.missing:
        draft = put(draft, missing.field, typed(missing))
    for proposal in found.proposals:
        for choice in (proposal, *proposal.alternatives):
            check(msgspec.convert(put(draft, proposal.field, choice.choice), Settings))
    msgspec.json.encode(found)
