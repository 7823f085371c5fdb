"""A user's own file works, or says what is wrong with it; the command runs end to end."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.real_days import data_folder
from benchmarks.savings import __main__ as command
from benchmarks.savings import strategies
from benchmarks.savings.plot import draw
from benchmarks.savings.sources import COLUMNS, csv_record, real_record, synthetic_record
from benchmarks.savings.study import study

SYDNEY = ZoneInfo("Australia/Sydney")
needs_data = pytest.mark.skipif(
    not data_folder().is_dir(), reason=f"needs the real data: {data_folder()} is absent"
)


def written(path: Path, minutes: int = 30, days: float = 4.0, **changes: str) -> Path:
    """Write a file as a user would; `changes` replace whole lines by number."""
    lines = [",".join(COLUMNS)]
    start = datetime(2025, 3, 1, tzinfo=UTC)
    for i in range(int(days * 1440 / minutes)):
        stamp = start + timedelta(minutes=i * minutes)
        price = 0.2 + 0.1 * (i % 7)
        lines.append(f"{stamp.isoformat()},{price:.2f},0.05,{300 + i % 5 * 100},{i % 48 * 50}")
    for number, line in changes.items():
        lines[int(number.removeprefix("line")) - 1] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_file_of_half_hours_is_read_as_it_is(tmp_path):
    record = csv_record(written(tmp_path / "mine.csv"), SYDNEY)

    assert record.size == 4 * 48
    assert record.load[:2].tolist() == [0.15, 0.2]
    assert record.import_price[1] == pytest.approx(0.3)
    assert record.local(0).hour == 11


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_other_intervals_become_half_hours(tmp_path, minutes):
    record = csv_record(written(tmp_path / "mine.csv", minutes=minutes), SYDNEY)

    assert record.size == 4 * 48


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"line1": "timestamp,import_price,load_w,solar_w"}, "line 1: must name .* export_price"),
        ({"line5": "2025-03-01T01:30:00+00:00,x,0.05,300,0"}, "line 5: .*'x'"),
        ({"line5": "2025-03-01T01:45:00+00:00,0.2,0.05,300,0"}, "line 5: every interval must"),
    ],
)
def test_a_bad_file_is_refused_by_line_and_rule(tmp_path, changes, message):
    path = written(tmp_path / "mine.csv", **changes)

    with pytest.raises(ValueError, match=message):
        csv_record(path, SYDNEY)


def test_intervals_that_do_not_fit_half_hours_are_refused(tmp_path):
    path = written(tmp_path / "mine.csv", minutes=20)

    with pytest.raises(ValueError, match="must divide 30 min"):
        csv_record(path, SYDNEY)


def test_a_made_up_year_is_a_year():
    record = synthetic_record()

    assert record.size == 17_520
    assert np.isfinite(record.import_price).all()


@needs_data
def test_the_real_record_covers_eleven_months():
    record = real_record()

    assert record.size == 335 * 48
    assert record.solar.max() <= 3.0 + 1e-9
    assert sorted(set(record.months()))[0] == "2024-12"


def test_the_command_writes_its_tables(tmp_path, monkeypatch, capsys):
    path = written(tmp_path / "mine.csv")
    monkeypatch.setattr(command, "STRATEGIES", strategies.STRATEGIES[:2])
    arguments = ["savings", "--csv", str(path), "--out", str(tmp_path), "--sizes"]
    monkeypatch.setattr(sys, "argv", arguments)

    status = command.main()

    assert status == 0
    assert "of the possible" in capsys.readouterr().out
    data = json.loads((tmp_path / "savings.json").read_text(encoding="utf-8"))
    assert {"closed_loop", "sizes"} == set(data)
    assert (tmp_path / "savings.md").read_text(encoding="utf-8").count("\n## ") == 1


def test_without_data_the_command_says_where_it_looked(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("POWERSYNC_DATA", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["savings"])

    status = command.main()

    assert status == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_the_picture_is_an_svg_where_matplotlib_is_there(tmp_path):
    found = study(synthetic_record(days=3), command.House(), strategies.STRATEGIES[:1])

    is_drawn = draw(found, tmp_path / "savings.svg")

    if not is_drawn:
        pytest.skip("matplotlib is absent")
    assert "<svg" in (tmp_path / "savings.svg").read_text(encoding="utf-8")
