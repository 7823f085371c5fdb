"""The benchmark runs, small, and its parts say what they mean."""

import json
from typing import get_args

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import comparison, problems, report, timing, wheel
from benchmarks.peers.case import Case
from matrix_builders import MODE
from matrix_builders.compiled import Mode


def test_a_quick_run_writes_tables(tmp_path, capsys):
    parts = ["phases", "comparison"]

    status = command.main(["--quick", "--only", *parts, "--folder", str(tmp_path)])

    results = json.loads((tmp_path / "results.json").read_text())
    assert status == 0
    assert [row["T"] for row in results["phases"]["rows"]] == [48, 96]
    assert results["comparison"]["rows"][0]["ms"][comparison.OURS] > 0
    assert "### Others on the same problem" in (tmp_path / "results.md").read_text()
    said = capsys.readouterr()
    assert "Python" in said.out
    assert report.KERNELS[MODE] in said.out
    assert said.err.startswith(report.KERNELS[MODE])


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(comparison, "PEERS", ("of_nobody",))

    found, skipped = comparison._present()

    assert found == {}
    assert skipped == {"of_nobody": "not installed: benchmarks.peers.of_nobody"}


def test_a_part_whose_data_is_absent_is_named_and_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("POWERSYNC_DATA", str(tmp_path / "nowhere"))

    status = command.main(["--quick", "--only", "early", "--folder", str(tmp_path / "out")])

    assert status == 0
    assert "left out early: " in capsys.readouterr().err
    assert "early" not in json.loads((tmp_path / "out" / "results.json").read_text())


def test_without_a_compiler_the_packages_in_use_are_measured_and_why(monkeypatch):
    monkeypatch.setattr(wheel, "MODE", "jit")
    monkeypatch.setattr(wheel.shutil, "which", lambda _: None)
    wheel.installed_wheel.cache_clear()

    kernels, _, lacking = wheel.shipped()

    assert kernels == "jit"
    assert "g++" in lacking["kernels compiled ahead of time"]


def test_every_kind_of_kernels_has_a_name():
    assert set(report.KERNELS) == set(command.HOW_TO_CHANGE) == set(get_args(Mode))


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
