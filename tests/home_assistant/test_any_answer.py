"""Whatever JSON Home Assistant answers, a reader returns its kind or raises a `LinkError`."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home_assistant.energy import EnergyPrefs, energy_prefs, solar_forecast
from server.home_assistant.errors import LinkError
from server.home_assistant.registry import config_entries, entity_registry
from server.home_assistant.statistics import changes
from tests.home_assistant.fake import ENERGY_PREFS

START = datetime(2026, 11, 29, tzinfo=UTC)
KEYS = ["energy_sources", "type", "flow_from", "flow_to", "power", "wh_hours", "sensor.a"]
KEYS += ["entity_id", "platform", "entry_id", "domain", "start", "end", "change", "sum"]
KEYS += ["stat_energy_from", "stat_energy_to", "capacity", "power_config"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["grid", "solar", "battery", "home", "sensor.a", "1e999"])
    | st.text()
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=25,
)
SOURCES = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["grid", "solar", "battery", "home"]) | JSON},
        optional={key: JSON for key in KEYS if key != "type"},
    ),
    max_size=4,
)
STAMPS = st.floats(-1e18, 1e18, allow_nan=False) | st.integers(0, 2 * 10**12)
VALUES = st.none() | st.floats(-1e308, 1e308)
ROWS = st.lists(
    st.fixed_dictionaries({"start": STAMPS, "end": STAMPS, "change": VALUES, "sum": VALUES}),
    max_size=6,
)


async def read_changes(link):
    return await changes(link, ["sensor.a"], START, START + timedelta(hours=9), "hour")


def read(reader, answer):
    """Return what `reader` makes of `answer`, or None where it refuses it."""

    async def command(kind, **fields):
        return msgspec.Raw(msgspec.json.encode(answer))

    try:
        return asyncio.run(reader(SimpleNamespace(command=command)))
    except LinkError:
        return None


@pytest.mark.parametrize(
    "reader", [energy_prefs, solar_forecast, entity_registry, config_entries, read_changes]
)
@given(answer=JSON)
def test_any_answer_is_read_or_refused(reader, answer):
    read(reader, answer)


@given(SOURCES)
def test_any_sources_make_a_dashboard(sources):
    prefs = read(energy_prefs, {"energy_sources": sources})

    assert isinstance(prefs, EnergyPrefs)


@given(SOURCES)
def test_good_sources_are_found_among_any_others(sources):
    good = ENERGY_PREFS["energy_sources"]

    prefs = read(energy_prefs, {"energy_sources": [*sources, *good]})

    assert prefs.batteries[-1].capacity == 13.5
    assert prefs.grids[-1].stat_energy_from == "sensor.grid_in"
    assert prefs.homes[-1].stat_energy_to == "sensor.home_energy"


@given(ROWS)
def test_energy_is_finite_in_order_and_never_negative(rows):
    found = read(read_changes, {"sensor.a": rows})

    for row in (found or {}).get("sensor.a", []):
        assert math.isfinite(row.value)
        assert row.value >= 0.0
    starts = [row.start for row in (found or {}).get("sensor.a", [])]
    assert starts == sorted(starts)
