"""The add-on's own path, from Supervisor's token to the books, in namespaces of its own."""

import subprocess
import sys

import pytest

from tests.addon.conftest import wheel
from tests.controller.processes import planned_home
from tests.controller.supervisor import lacking, namespaces
from tests.end_to_end import small_request
from tests.server.processes import ROOT
from tests.server.test_process import call

__all__ = ["wheel"]


def test_the_path_of_the_addon(wheel):
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


def test_a_folder_that_cannot_be_had_costs_what_it_would_keep(tmp_path):
    (tmp_path / "data").write_text("")

    with planned_home(tmp_path) as (*_, server, visitor):
        status = visitor.until(lambda status: status["link"]["connected"])
        assert any("books" in problem for problem in status["problems"])
        assert visitor.post("setup/find", {})["missing"] == []
        assert call(server, "/optimize", small_request())["success"]
    assert f"--data: {tmp_path / 'data'}: File exists" in server.log
