"""Every figure of the documents is one of results.json, and no other."""

import json
import re

import pytest

from benchmarks import publish

RESULTS = json.loads(publish.RESULTS.read_text())


@pytest.mark.parametrize("document", publish.DOCUMENTS, ids=lambda path: path.name)
def test_documents_show_what_was_measured(document):
    text = document.read_text(encoding="utf-8")

    assert publish.names(text)
    assert publish.published(text, RESULTS) == text


def test_a_figure_changed_by_hand_is_noticed():
    text = "a <!-- figures: round trip -->1 ms<!-- end of figures --> b"

    shown = publish.published(text, RESULTS)

    assert shown != text
    assert shown.startswith("a <!-- figures: round trip -->")
    assert shown.endswith("<!-- end of figures --> b")


def test_the_results_show_all_that_is_measured():
    results = (publish.HERE / "RESULTS.md").read_text(encoding="utf-8")

    shown = set(publish.names(results))

    assert set(publish.report.SECTIONS) | {"machine", "image", "recorded"} == shown


def section(title):
    """Text of a section of the README, up to the next heading or bold beginning of a line."""
    readme = publish.DOCUMENTS[0].read_text(encoding="utf-8")
    return re.split(r"^(?:## |\*\*)", readme.partition(title)[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_shares_of_savings_are_those_of_their_page():
    shares = re.findall(r"\d+\.\d %", section("## What it saves"))

    savings = (publish.HERE / "SAVINGS.md").read_text(encoding="utf-8")
    assert {"50.3 %", "92.7 %", "94.1 %"} <= set(shares)
    assert [share for share in shares if f"| {share} |" not in savings] == []


def test_what_is_said_of_several_storages_was_counted():
    said, found = section("**Several storages**"), RESULTS["several"]
    every = {row["set"]: row for row in found["rows"] if row["case"] == "all"}

    for name in ("unlike batteries, negative midday", "on/off chargers"):
        row = every[name]
        assert f"{row['proved']} of {row['plans']} " in said
        assert f"{row['cpu_worst']:.1f} s at most" in said
    large = found["large"]
    proved = [row for row in large if row["status"] == "optimal"]
    assert f"{len(proved)} of {len(large)} sites" in said
    assert f"take {proved[0]['wall']:.0f} s and {proved[0]['peak_mib']:.0f} MiB" in said
    assert f"up to {max(row['peak_mib'] for row in large):.0f} MiB" in said


def test_the_table_of_the_readme_holds_no_figure_of_another_place():
    """Rows with units outside a block would be written by hand."""
    readme = publish.DOCUMENTS[0].read_text(encoding="utf-8")
    section = readme.split("## Figures")[1].split("## What it saves")[0]

    by_hand = publish._BLOCK.sub("", section)

    assert "ms" not in by_hand.split()
    assert "| " not in by_hand
