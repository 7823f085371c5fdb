import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.home_assistant.errors import LinkError
from server.home_assistant.followed import Followed
from tests.home_assistant.fake import compressed, difference

IDS = ("sensor.a", "sensor.b")
STAMPS = st.sampled_from([f"2026-11-30T12:00:0{n}+00:00" for n in range(5)])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-9, 9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
STATES = st.builds(
    lambda text, attributes, changed, updated: {
        "state": text,
        "attributes": attributes,
        "last_changed": min(changed, updated),
        "last_updated": max(changed, updated),
    },
    st.text(),
    ATTRIBUTES,
    STAMPS,
    STAMPS,
)


def apply(followed, event):
    return followed.apply(msgspec.Raw(msgspec.json.encode(event)))


@given(st.lists(st.tuples(st.sampled_from(IDS), st.none() | STATES), max_size=8))
def test_differences_add_up_to_the_states(news):
    states, real = {}, {}
    followed = Followed(IDS, states)
    apply(followed, {"a": {}})

    for key, new in news:
        old = real.pop(key, None)
        if new is None:
            event = {"r": [key]}
        else:
            is_same = old and old["state"] == new["state"]
            changed = (old if is_same else new)["last_changed"]
            real[key] = now = {"entity_id": key, **new, "last_changed": changed}
            event = difference(old, now) if old else {"a": {key: compressed(now)}}
        apply(followed, event)

    assert {key: (now.state, now.attributes) for key, now in states.items()} == {
        key: (now["state"], now["attributes"]) for key, now in real.items()
    }


@given(JSON, JSON, JSON)
def test_any_event_leaves_states_or_none(added, changed, removed):
    states = {}
    followed = Followed(IDS, states)
    apply(followed, {"a": {"sensor.a": {"s": "1", "a": {}, "lc": 1.0}}})

    for event in (
        {"a": {"sensor.a": added, "sensor.b": added}},
        {"c": {"sensor.a": changed}},
        {"c": {"sensor.a": {"+": changed, "-": removed}}},
        {"a": added, "c": changed, "r": removed},
        added,
    ):
        with contextlib.suppress(LinkError):
            apply(followed, event)

    assert set(states) <= set(IDS)
    assert all(isinstance(state.state, str) for state in states.values())


def test_the_stamp_of_a_change_is_also_that_of_the_update():
    states = {}
    followed = Followed(IDS, states)

    apply(followed, {"a": {"sensor.a": {"s": "1", "a": {}, "lc": 100.0, "lu": 150.0}}})
    apply(followed, {"c": {"sensor.a": {"+": {"s": "2", "lc": 200.0}}}})

    assert states["sensor.a"].last_changed.timestamp() == 200.0
    assert states["sensor.a"].last_updated.timestamp() == 200.0


def test_an_update_leaves_the_change():
    states = {}
    followed = Followed(IDS, states)

    apply(followed, {"a": {"sensor.a": {"s": "1", "a": {}, "lc": 100.0}}})
    apply(followed, {"c": {"sensor.a": {"+": {"lu": 200.0}}}})

    assert states["sensor.a"].last_changed.timestamp() == 100.0
    assert states["sensor.a"].last_updated.timestamp() == 200.0


@pytest.mark.parametrize(
    "broken",
    [{"s": 7, "lc": 1.0}, {"s": "1"}, {"s": "1", "lc": 1e300}, {"s": "1", "a": [], "lc": 1}],
)
def test_an_entity_that_cannot_be_read_is_dropped_and_the_others_stay(broken, caplog):
    states = {}
    followed = Followed(IDS, states)
    apply(followed, {"a": {key: {"s": "1", "a": {}, "lc": 1.0} for key in IDS}})

    apply(followed, {"a": {"sensor.a": broken}})

    assert set(states) == {"sensor.b"}
    assert "sensor.a is dropped" in caplog.text


def test_attributes_that_grow_without_end_drop_the_entity():
    states = {}
    followed = Followed(IDS, states)
    apply(followed, {"a": {"sensor.a": {"s": "1", "a": {}, "lc": 1.0}}})

    sizes = []
    for number in range(400):
        apply(followed, {"c": {"sensor.a": {"+": {"a": {f"x{number}": "y" * 1000}}}}})
        sizes.append(len(msgspec.json.encode(states)))

    assert max(sizes) < 300_000
    assert not states
