"""The benchmark runs, small, and its parts say what they mean."""

import json

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import comparison, problems, report, timing
from benchmarks.peers.case import Case


def test_a_quick_run_writes_tables(tmp_path, capsys):
    parts = ["phases", "comparison"]

    status = command.main(["--quick", "--only", *parts, "--folder", str(tmp_path)])

    results = json.loads((tmp_path / "results.json").read_text())
    assert status == 0
    assert [row["T"] for row in results["phases"]["rows"]] == [48, 96]
    assert results["comparison"]["rows"][0]["ms"][comparison.OURS] > 0
    assert "### Others on the same problem" in (tmp_path / "results.md").read_text()
    assert "Python" in capsys.readouterr().out


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(comparison, "PEERS", ("of_nobody",))

    found, skipped = comparison._present()

    assert found == {}
    assert skipped == {"of_nobody": "not installed: benchmarks.peers.of_nobody"}


def test_growth_is_the_power_of_the_size():
    assert timing.exponent({n: 3.0 * n**1.5 for n in (10, 100, 1000)}) == pytest.approx(1.5)


def test_a_case_survives_the_way_to_another_process():
    case = problems.case(48)

    again = Case.from_json(case.as_json())

    np.testing.assert_array_equal(again.import_price, case.import_price)
    assert again.initial == case.initial


@pytest.mark.parametrize(("value", "shown"), [(0.0623, "0.0623"), (9.71, "9.71"), (6817, "6,820")])
def test_numbers_have_three_digits(value, shown):
    assert report.number(value) == shown
