"""Provider rules: read where they can be, left out in the open where not."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import (
    ChipMode,
    ExportBoost,
    Horizon,
    ProviderRules,
    SpikeProtection,
    Tariff,
    Window,
)
from server.reading.provider_config import rules_from_wire, true_tariff
from server.wire.repairs import Repairs
from server.wire.requests import ProviderConfigIn

EVERYTHING = {
    "export_boost_enabled": True,
    "export_price_offset": 5,
    "export_min_price": 12.5,
    "export_boost_start": "17:00",
    "export_boost_end": "21:00",
    "chip_mode_enabled": True,
    "chip_mode_start": "22:00",
    "chip_mode_end": "06:00",
    "chip_mode_threshold": 30,
    "spike_protection_enabled": True,
}


def read(**changes):
    repairs = Repairs()
    rules = rules_from_wire(ProviderConfigIn(**{**EVERYTHING, **changes}), repairs)
    return rules, [(warning.code, warning.message) for warning in repairs.warnings]


def test_cents_become_dollars_and_texts_times():
    rules, warnings = read()

    assert rules == ProviderRules(
        export_boost=ExportBoost(window=Window(time(17), time(21)), offset=0.05, minimum=0.125),
        chip_mode=ChipMode(window=Window(time(22), time(6)), threshold=0.3),
        spike_protection=SpikeProtection(threshold=1.0),
    )
    assert warnings == []


def test_nothing_enabled_is_nothing_in_force():
    off = dict.fromkeys((name for name in EVERYTHING if name.endswith("enabled")), False)

    assert read(**off) == (ProviderRules(), [])


@pytest.mark.parametrize("wire", [None, ProviderConfigIn()])
def test_an_absent_configuration_is_nothing_in_force(wire):
    repairs = Repairs()

    assert rules_from_wire(wire, repairs) == ProviderRules()

    assert repairs.warnings == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("7:00", time(7)),
        ("07:00", time(7)),
        (" 17:30 ", time(17, 30)),
        ("17:30:00", time(17, 30)),
        ("24:00", time(0)),
        ("00:00", time(0)),
        ("23:59", time(23, 59)),
    ],
)
def test_times_are_read_as_people_write_them(text, meant):
    rules, warnings = read(export_boost_start=text)

    assert rules.export_boost.window.start == meant
    assert warnings == []


@pytest.mark.parametrize("text", ["bad", "", "25:00", "12:60", "noon", None, 7, 12.5, [], True])
def test_other_times_leave_their_rule_out(text):
    rules, warnings = read(export_boost_end=text)

    assert rules.export_boost is None
    assert (rules.chip_mode, rules.spike_protection) != (None, None)
    ((code, message),) = warnings
    assert code == "rule_ignored"
    assert message.startswith("export boost ignored: export_boost_end must be a time like 17:30")


@pytest.mark.parametrize(("value", "meant"), [(5, 0.05), ("5", 0.05), (-2.5, -0.025), (0, 0.0)])
def test_cents_may_be_text_and_negative(value, meant):
    rules, warnings = read(export_price_offset=value)

    assert rules.export_boost.offset == pytest.approx(meant)
    assert warnings == []


@pytest.mark.parametrize(("value", "threshold"), [(None, 1.0), (50, 0.5), ("250", 2.5)])
def test_a_spike_has_a_threshold_of_its_own(value, threshold):
    rules, _ = read(spike_protection_threshold=value)

    assert rules.spike_protection.threshold == pytest.approx(threshold)


@pytest.mark.parametrize("value", [0, -5, "x", [], True, float("nan"), float("inf"), 10**400])
def test_a_spike_without_a_sane_threshold_is_left_out(value):
    rules, warnings = read(spike_protection_threshold=value)

    assert rules.spike_protection is None
    assert [code for code, _ in warnings] == ["rule_ignored"]


@pytest.mark.parametrize("on", [True, 1, 1.0, "true", "True", " on ", "YES", "1"])
def test_a_switch_is_on_in_many_words(on):
    assert read(chip_mode_enabled=on)[0].chip_mode is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(EVERYTHING)), json_values))
def test_any_json_is_a_rule_or_a_warning(changes):
    rules, warnings = read(**changes)

    rules_in_force = {
        "export boost": rules.export_boost,
        "chip mode": rules.chip_mode,
        "spike protection": rules.spike_protection,
    }
    for _, message in warnings:
        assert rules_in_force[message.split(" ignored: ")[0]] is None


# Rules that the prices include already

MIDNIGHT = datetime(2026, 1, 14, tzinfo=ZoneInfo("Australia/Sydney"))


def true_prices(sent, boost=None, chip=None, minutes=60.0, bought=0.3, **stated):
    """The export prices that are billed, and the codes of warnings."""
    horizon = Horizon(start=MIDNIGHT, hours=[minutes / 60] * len(sent))
    tariff = Tariff(import_price=np.broadcast_to(bought, len(sent)), export_price=sent)
    rules, repairs = ProviderRules(export_boost=boost, chip_mode=chip), Repairs()
    true = true_tariff(ProviderConfigIn(**stated), rules, tariff, horizon, repairs)
    assert true.import_price.tolist() == tariff.import_price.tolist()
    return true.export_price.tolist(), [warning.code for warning in repairs.warnings]


def covered(window, count, minutes=60.0):
    return window.covers(Horizon(start=MIDNIGHT, hours=[minutes / 60] * count))


cents = st.integers(-20, 60).map(lambda number: number / 100)
windows = st.tuples(st.integers(0, 23), st.integers(1, 12)).map(
    lambda drawn: Window(time(drawn[0]), time(sum(drawn) % 24))
)
boosts = st.builds(
    ExportBoost,
    window=windows,
    offset=st.integers(1, 400).map(lambda number: number / 1000),
    minimum=st.sampled_from([-9.0, 0.0, 0.08, 0.25]),
)


@given(cents, boosts, st.sampled_from([24, 30, 48, 72]))
def test_a_boost_on_a_flat_price_is_taken_out_again(price, boost, count):
    inside = covered(boost.window, count)
    sent = np.where(inside, max(price + boost.offset, boost.minimum), price)

    true, codes = true_prices(sent, boost)

    assert true == pytest.approx([price] * count, abs=1e-9)
    assert codes[0] == "rule_in_prices"
    assert ("interpolated" in codes) is bool(price + boost.offset <= boost.minimum + 1e-4)


@given(st.integers(0, 2**32 - 1), boosts)
def test_a_boost_that_is_stated_is_taken_out_of_any_prices(seed, boost):
    before = np.random.default_rng(seed).uniform(-0.1, 0.5, 48)
    inside = covered(boost.window, 48)
    sent = np.where(inside, np.maximum(before + boost.offset, boost.minimum), before)

    true, codes = true_prices(sent, boost, prices_include_rules=True)

    is_hidden = inside & (before + boost.offset <= boost.minimum + 1e-4)
    np.testing.assert_allclose(np.array(true)[~is_hidden], before[~is_hidden], atol=1e-9)
    assert (np.array(true)[is_hidden] <= boost.minimum - boost.offset + 1e-4).all()
    assert codes == ["interpolated"] * bool(is_hidden.any())


@given(st.integers(0, 2**32 - 1), windows, st.sampled_from([0.0, 0.1, 0.3]))
def test_markers_are_all_that_chip_mode_changes(seed, window, threshold):
    before = np.random.default_rng(seed).uniform(-0.1, 0.5, 48)
    is_barred = covered(window, 48) & (before < threshold)

    true, codes = true_prices(
        np.where(is_barred, -1.0, before), chip=ChipMode(window=window, threshold=threshold)
    )

    assert true == np.where(is_barred, 0.0, before).tolist()
    assert codes == ["rule_in_prices"] * bool(is_barred.any())


def market(rng):
    """Half-hours that wander, with an evening that is dear, import and export alike."""
    hours = np.arange(96) / 2 % 24
    evening = rng.uniform(0, 0.3) * np.exp(-((hours - 18.5) ** 2) / rng.uniform(1, 6))
    spot = 0.08 + evening + np.cumsum(rng.normal(0, 0.01, 96)) + rng.normal(0, 0.01, 96)
    return spot, 1.1 * spot + 0.1


def of_hours(rng):
    """A few prices of whole cents by the hour of the day, as a retailer publishes them."""
    edges = np.sort(rng.choice(24, 4, replace=False))
    prices = rng.integers(2, 30, 4) / 100
    hours = np.arange(96) // 2 % 24
    return prices[np.searchsorted(edges, hours, side="right") % 4], np.full(96, 0.3)


def of_noise(rng):
    """No pattern at all, in whole cents."""
    return rng.integers(-5, 40, 96) / 100, rng.integers(10, 60, 96) / 100


@pytest.mark.parametrize("tariff", [market, of_hours, of_noise])
def test_true_prices_are_not_taken_for_boosted_ones(tariff):
    taken = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        prices, bought = tariff(rng)
        start = int(rng.integers(14, 20))
        boost = ExportBoost(
            window=Window(time(start), time(start + int(rng.integers(1, 5)))),
            offset=float(rng.integers(1, 30)) / 100,
        )
        true, _ = true_prices(prices, boost, minutes=30, bought=bought)
        taken += true != prices.tolist()

    assert taken <= 1


def test_most_boosts_are_seen_in_prices_of_a_market():
    seen = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        prices, bought = market(rng)
        boost = ExportBoost(window=Window(time(17), time(21)), offset=0.1)
        sent = np.where(covered(boost.window, 96, 30), prices + 0.1, prices)
        true, _ = true_prices(sent, boost, minutes=30, bought=bought)
        seen += true == pytest.approx(prices.tolist(), abs=1e-8)

    assert seen >= 190


def test_a_marker_is_taken_for_one_only_where_chip_mode_would_bar_exports():
    chip = ChipMode(window=Window(time(2), time(4)), threshold=-1.5)

    true, codes = true_prices([0.1, 0.1, -1.0, -1.0, 0.1], chip=chip)

    assert true[2:4] == [-1.0, -1.0]
    assert codes == []
