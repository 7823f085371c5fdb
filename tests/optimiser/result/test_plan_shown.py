"""A plan at a Python prompt: short, readable, a table of pandas, and comparable."""

import builtins
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

import numpy as np
import pytest

from optimiser import CostFunction, plan
from optimiser.table import WORDS, as_text
from tests.builders import a_battery, a_house, a_site, a_site_with_chargers, a_site_with_several


@pytest.fixture(scope="module")
def best():
    return plan(a_house())


@pytest.fixture(scope="module")
def of_several():
    return plan(a_site_with_several(3), time_limit=5.0)


def test_its_representation_is_one_short_line(best):
    text = repr(best)

    assert len(text) < 150
    assert "\n" not in text
    assert best.status in text
    assert "cost" in text
    assert "96 intervals from 2026-02-03 00:00" in text
    assert f"{best.money.total_cost:.2f}" in text


def test_printed_it_is_a_table_with_reasons_and_money(best):
    lines = str(best).splitlines()

    assert lines[1].split() == ["from", "to", "action", "power", "then", "at"]
    assert lines[2].startswith("Tue 00:00")
    assert any(word in lines[2] for word in WORDS.values())
    assert lines[3].startswith("    ")  # the reason
    (bill,) = [line for line in lines if line.startswith("bill  ")]
    assert float(bill.split()[1]) == pytest.approx(best.money.total_cost, abs=0.0051)
    assert lines[-1].startswith("optimal for cost, by ")


@pytest.mark.parametrize("seed", range(6))
def test_every_site_can_be_printed(seed):
    site = (a_site_with_several if seed % 2 else a_site_with_chargers)(seed)
    best = plan(site, [*CostFunction][seed % 3], time_limit=5.0)

    titles = [line for line in str(best).splitlines() if line.startswith(("Batter", "Vehicle"))]
    numbered = len(site.batteries) if len(site.batteries) > 1 else 0
    assert len(titles) == numbered + (len(site.batteries) == 1) + len(site.vehicles)


def test_so_can_a_site_without_storages():
    text = str(plan(a_site(import_price=[0.1, 0.2], export_price=0.0, load=1.0)))

    assert text.startswith("bill ")


def test_nothing_is_minus_nothing():
    rounding = 1e-9
    best = plan(a_site(import_price=[0.1], export_price=rounding, load=0.0, solar=1.0))

    assert best.money.total_cost < 0.0
    assert "-0.00" not in str(best) + repr(best)


def test_runs_that_do_not_fit_are_counted():
    prices = np.tile([0.1, 0.4], 20)
    best = plan(a_site(a_battery(), import_price=prices, export_price=0.0, load=1.0))
    changes = sum(a is not b for a, b in zip(best.actions, best.actions[1:], strict=False))

    assert f"... {changes + 1 - 12} more until Fri 16:00" in str(best)


def test_names_take_the_place_of_numbers(of_several):
    n = len(of_several.site.storages)
    text = as_text(of_several, [f"Storage {k}" for k in range(n)], "AUD")

    assert all(f"Storage {k}\n" in text for k in range(n))
    assert "AUD" in text
    assert "$" not in text


def test_it_has_the_beginning_of_every_interval(best):
    assert best.timestamps == best.site.horizon.starts
    assert len(best.timestamps) == 96
    assert all(stamp.utcoffset() is not None for stamp in best.timestamps)


def test_the_table_of_pandas_holds_its_series(best):
    pytest.importorskip("pandas")
    frame, hours = best.to_frame(), best.site.horizon.hours

    assert tuple(frame.index) == best.timestamps
    assert frame["action"].tolist() == [*best.actions]
    np.testing.assert_allclose(frame["battery_charge_kw"] * hours, best.dispatch.charge[0])
    np.testing.assert_array_equal(frame["battery_soc"], best.soc[0, 1:])
    balance = (
        frame["grid_import_kw"] - frame["grid_export_kw"] + frame["solar_kw"] - frame["load_kw"]
    )
    balance += frame["battery_discharge_kw"] - frame["battery_charge_kw"] - frame["curtailed_kw"]
    np.testing.assert_allclose(balance, 0.0, atol=1e-9)
    assert not frame.isna().any().any()


def test_several_storages_have_columns_with_numbers(of_several):
    pytest.importorskip("pandas")
    columns = set(of_several.to_frame().columns)
    site = of_several.site

    for kind, n in (("battery", len(site.batteries)), ("vehicle", len(site.vehicles))):
        names = [f"{kind}_{k + 1}" for k in range(n)] if n > 1 else [kind] * n
        assert {f"{name}_soc" for name in names} <= columns


def test_without_pandas_the_table_says_what_to_install(best, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **keywords):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(ImportError, match="pip install pandas"):
        best.to_frame()


def parts_of(owner):
    """Every dataclass that a plan holds, itself included."""
    if isinstance(owner, tuple):
        for entry in owner:
            yield from parts_of(entry)
    if is_dataclass(owner):
        yield owner
        for field in fields(owner):
            yield from parts_of(getattr(owner, field.name))


def test_nothing_that_a_plan_holds_raises_when_it_is_compared(best):
    other = plan(a_house())

    for one, two in zip(parts_of(best), parts_of(other), strict=True):
        assert one == one  # noqa: PLR0124
        assert (one == two) in {True, False}
        assert (one == "text") is False
        assert isinstance(hash(one), int)
    assert best != other
    assert best in [other, best]


def test_times_of_numbers_of_a_plan_are_of_its_zone():
    site = a_site(a_battery(), import_price=[0.1], export_price=0.0, load=1.0)

    assert plan(site).timestamps == (datetime(2026, 1, 1, tzinfo=UTC),)
