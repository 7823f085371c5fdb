"""What the README says of savings stands in the tables that a command writes."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_figure_of_the_readme_is_in_the_tables():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tables = (ROOT / "benchmarks" / "SAVINGS.md").read_text(encoding="utf-8")
    section = readme.split("## What it saves")[1].split("\n## ")[0]

    figures = re.findall(r"\d+\.\d %", section)

    assert len(figures) > 6
    assert [figure for figure in figures if figure not in tables] == []
