"""``--help`` of every module that can be run says how, and does nothing else."""

import os
import re
import subprocess
import sys

import pytest

from tests.house.source import ROOT

PLACES = ("addon", "benchmarks", "server", "tests")
MAIN = re.compile(r'^if __name__ == "__main__":$', re.MULTILINE)


def runnable():
    """Names for ``python -m``; a package is run by its `__main__`."""
    paths = [path for place in PLACES for path in sorted((ROOT / place).rglob("*.py"))]
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in paths
        if MAIN.search(path.read_text(encoding="utf-8"))
    ]
    return [name.removesuffix(".__main__") for name in names]


def test_the_modules_that_documents_name_can_be_run():
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile"]
    texts += [*(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    call = re.compile(rf"python -m ((?:{'|'.join(PLACES)})[\w.]*)")
    named = {name for path in texts for name in call.findall(path.read_text(encoding="utf-8"))}

    assert named - set(runnable()) == set()


@pytest.mark.parametrize("name", runnable())
def test_help_prints_the_usage_and_makes_no_file(name, tmp_path):
    said = subprocess.run(
        [sys.executable, "-m", name, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"},  # starts sooner
        capture_output=True,
        text=True,
        check=False,
        timeout=60,  # what measures before it reads its flags takes longer
    )

    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"usage: python -m {name} ")
    assert list(tmp_path.iterdir()) == []
