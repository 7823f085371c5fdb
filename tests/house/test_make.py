"""`make` on a machine as it comes: with a wrong Python first."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.house.source import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make")


@pytest.fixture
def make(tmp_path):
    """Make an environment in a copy of the Makefile; gives the exit status and what was said."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def made(python):
        said = subprocess.run(
            ["make", ".venv/.created", f"PYTHON={python}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return said.returncode, said.stdout + said.stderr

    return made


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def right(tmp_path):
    """This Python; its environments are made sooner without pip."""
    return script(tmp_path / "python3", f'exec {sys.executable} "$@" --without-pip')


def works(folder):
    """Whether the environment of a folder has a Python that runs."""
    return subprocess.run([folder / ".venv/bin/python", "-c", ""], check=False).returncode == 0


def test_the_version_is_that_of_the_package():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]

    tested = re.search(r"version_info < \((\d+), (\d+)\)", (ROOT / "Makefile").read_text())

    assert f">={tested[1]}.{tested[2]}" == wanted


@pytest.mark.parametrize("wrong", ["exit 1", "echo too old >&2; exit 1", None])
def test_a_wrong_python_is_refused_with_the_version_needed_and_a_right_one_then_works(
    make, right, tmp_path, wrong
):
    python = script(tmp_path / "python3.9", wrong) if wrong else tmp_path / "nowhere/python3.9"

    status, said = make(python)
    assert status != 0
    assert "Python 3.11 or later is needed" in said
    assert not (tmp_path / ".venv").exists()

    assert make(right)[0] == 0
    assert works(tmp_path)


def test_what_a_wrong_python_has_left_behind_is_made_again(make, right, tmp_path):
    """A checkout in which `make` once took any Python has a stamp and no use of it."""
    script(tmp_path / ".venv/bin/python", "exit 1")
    (tmp_path / ".venv/.created").touch()
    (tmp_path / ".venv/.installed").touch()

    assert make(right)[0] == 0

    assert works(tmp_path)
    assert not (tmp_path / ".venv/.installed").exists()


def test_an_environment_that_works_is_left_alone(make, right, tmp_path):
    make(right)
    kept = (tmp_path / ".venv/.created").stat().st_mtime_ns

    assert make(tmp_path / "nowhere")[0] == 0
    assert (tmp_path / ".venv/.created").stat().st_mtime_ns == kept
