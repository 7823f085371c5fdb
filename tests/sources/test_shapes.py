"""Every source of the table of integrations: its values at given instants, in variants."""

import math
import random
from datetime import UTC, timedelta

import pytest

from server.sources.rows import value_at
from server.sources.series import series_from
from tests.sources.shapes import DAYS, SOURCES, slots_of

SECOND = timedelta(seconds=1)

STAMPED = [name for name in SOURCES if "lists" not in name]
NAIVE = ["Amber Express", "ENTSO-e", "AEMO NEM", "EMHASS, cost", "Volcast"]  # one stamp a row

every_source = pytest.mark.parametrize("name", SOURCES)
every_day = pytest.mark.parametrize("day", ["summer", "long", "short"])


def slots_for(name, day="summer", days=2):
    source = SOURCES[name]
    return slots_of(source.zone, DAYS[source.zone][day], days, source.minutes)


def read(name, value, now=None, **options):
    source = SOURCES[name]
    now = now or slots_for(name)[20].start
    return series_from(value, unit=source.unit, zone=source.zone, now=now, **options)


def require_values(series, slots, missing=()):
    for k, slot in enumerate(slots):
        start, end = slot.start.astimezone(UTC), slot.end.astimezone(UTC)
        for instant in (start, start + (end - start) / 2, end - SECOND):
            found = value_at(series.rows, instant)
            expected = None if k in missing else pytest.approx(slot.value, abs=1e-9)
            assert found == expected, (instant, slot)


def with_values(slots, value, places):
    return [slot._replace(value=value) if k in places else slot for k, slot in enumerate(slots)]


@every_day
@every_source
def test_each_instant_has_its_value(name, day):
    slots = slots_for(name, day)

    series = read(name, SOURCES[name].make(slots), now=slots[5].start)

    assert series.quantity == SOURCES[name].quantity
    require_values(series, slots)
    assert value_at(series.rows, slots[0].start.astimezone(UTC) - SECOND) is None
    assert value_at(series.rows, slots[-1].end) is None


@every_day
@every_source
def test_without_tomorrow_the_values_end_at_midnight(name, day):
    slots = slots_for(name, day, days=1)

    series = read(name, SOURCES[name].make(slots), now=slots[5].start)

    require_values(series, slots)
    assert value_at(series.rows, slots[-1].end) is None


@pytest.mark.parametrize("nothing", [math.inf, math.nan, None, "unavailable", "unknown"])
@every_source
def test_what_is_no_number_is_no_value(name, nothing):
    slots = slots_for(name)
    places = range(len(slots) // 2, len(slots))

    series = read(name, SOURCES[name].make(with_values(slots, nothing, places)))

    require_values(series, slots, places)


@every_source
def test_a_gap_within_is_noted_and_has_no_value(name):
    slots = slots_for(name)

    series = read(name, SOURCES[name].make(with_values(slots, None, {7, 8})))

    require_values(series, slots, {7, 8})
    assert any("missing" in note for note in series.notes)


@pytest.mark.parametrize("name", STAMPED)
def test_rows_left_out_are_gaps_but_a_price_without_end_holds(name):
    slots = slots_for(name)
    rest = slots[:7] + slots[9:]

    series = read(name, SOURCES[name].make(rest))

    require_values(series, rest)
    holds = SOURCES[name].quantity == "price" and not SOURCES[name].has_ends
    expected = pytest.approx(slots[6].value) if holds else None
    assert value_at(series.rows, slots[7].start) == expected
    assert value_at(series.rows, slots[8].end - SECOND) == expected


@pytest.mark.parametrize("name", STAMPED)
def test_late_stamps_mean_the_minute(name):
    slots = slots_for(name)
    late = [slot._replace(start=slot.start + SECOND, end=slot.end + SECOND) for slot in slots]

    series = read(name, SOURCES[name].make(late))

    require_values(series, slots)
    assert any("rounded" in note for note in series.notes)


@pytest.mark.parametrize("name", STAMPED)
def test_disorder_is_put_right_and_noted(name):
    slots = slots_for(name, days=1)
    mixed = random.Random(7).sample(slots, len(slots))

    series = read(name, SOURCES[name].make(mixed))

    require_values(series, slots)
    assert any("order" in note for note in series.notes)


@every_day
@pytest.mark.parametrize("name", NAIVE)
def test_stamps_without_an_offset_are_local(name, day):
    source, slots = SOURCES[name], slots_for(name, day)
    naive = [slot._replace(start=slot.start.replace(tzinfo=None)) for slot in slots]

    series = read(name, source.make(naive))

    require_values(series, slots)
    assert any("local" in note for note in series.notes)


@every_source
def test_only_the_quantity_asked_for_is_taken(name):
    value = SOURCES[name].make(slots_for(name))
    other = "power" if SOURCES[name].quantity == "price" else "price"

    assert read(name, value, quantity=SOURCES[name].quantity) is not None
    assert read(name, value, quantity=other) is None


@every_source
def test_a_shape_is_told_in_words_without_alternatives_where_there_are_none(name):
    series = read(name, SOURCES[name].make(slots_for(name)))

    assert " in " in series.shape or " by " in series.shape
    assert series.alternatives == (["SE3", "SE4"] if name == "Nord Pool" else [])
