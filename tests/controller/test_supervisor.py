"""The add-on's own path, from Supervisor's token to the books, in namespaces of its own."""

import subprocess
import sys

import pytest

from tests.controller.supervisor import lacking, namespaces
from tests.server.processes import ROOT


def test_the_path_of_the_addon():
    """Supervisor's name and port, the address of ingress and the drop of root are real there."""
    if reason := lacking():
        pytest.skip(reason)
    pytest_alone = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0")

    inside = subprocess.run(
        namespaces(*pytest_alone, "tests/controller/addon_path.py"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert inside.returncode == 0, inside.stdout + inside.stderr
    assert " skipped" not in inside.stdout, inside.stdout
