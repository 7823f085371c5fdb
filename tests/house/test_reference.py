"""`make docs`: the reference builds from the docstrings, and has every name that is exported."""

import re
import shlex
import subprocess
import sys

import pytest

import optimiser
from tests.house.source import ROOT


def test_the_reference_builds_without_a_warning_and_is_complete(tmp_path):
    pytest.importorskip("pdoc", reason="needs pdoc (extra `docs`)")
    flags = re.search(r"^DOCS = (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]

    built = subprocess.run(
        [sys.executable, *shlex.split(flags), tmp_path, "optimiser"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (built.returncode, built.stderr) == (0, "")
    page = (tmp_path / "optimiser.html").read_text(encoding="utf-8")
    assert [name for name in optimiser.__all__ if f'<section id="{name}">' not in page] == []
    assert [name for name in optimiser.__all__ if not getattr(optimiser, name).__doc__] == []
