"""Every figure of the documents is one of results.json, and no other."""

import json

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


def test_the_table_of_the_readme_holds_no_figure_of_another_place():
    """Rows with units outside a block would be written by hand."""
    readme = publish.DOCUMENTS[0].read_text(encoding="utf-8")
    section = readme.split("## Figures")[1].split("## What it saves")[0]

    by_hand = publish._BLOCK.sub("", section)

    assert "ms" not in by_hand.split()
    assert "| " not in by_hand
