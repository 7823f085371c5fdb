"""Ends that nobody asked for, and places where nothing can be written."""

import os
import pwd
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.days import synthetic_request
from tests.end_to_end import small_request
from tests.server.processes import running_server
from tests.server.test_process import call, in_background


def test_killed_in_the_middle_of_a_plan_it_starts_again(installed, tmp_path):
    with running_server(tmp_path, folder=installed) as server:
        in_background(server, synthetic_request(1, 2880, 1, kind="negative_midday"))
        time.sleep(0.05)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(5)

    with running_server(tmp_path, folder=installed) as server:
        assert call(server, "/optimize", small_request())["success"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_writes_nothing_and_keeps_no_privilege(installed, tmp_path):
    readable = Path(tempfile.mkdtemp()) / "installed"  # the folders of pytest are for root only
    readable.parent.chmod(0o755)
    shutil.copytree(installed, readable)
    readable.chmod(0o755)
    options = tmp_path / "options.json"
    options.write_text('{"horizon_hours": 24}')
    options.chmod(0o600)
    nobody = pwd.getpwnam("nobody").pw_uid
    before = {path: path.stat().st_mtime_ns for path in readable.rglob("*")}

    with running_server(
        tmp_path,
        "--options",
        options,
        "--user",
        "nobody",
        folder=readable,
        environment={"PYTHONDONTWRITEBYTECODE": "1"},
    ) as server:
        assert call(server, "/optimize", small_request())["success"]
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()

    (users,) = (line.split()[1:] for line in lines if line.startswith("Uid:"))
    (groups,) = (line.split()[1:] for line in lines if line.startswith("Groups:"))
    assert set(users) == {str(nobody)}
    assert groups == []
    assert {path: path.stat().st_mtime_ns for path in readable.rglob("*")} == before
    shutil.rmtree(readable.parent)


def test_a_user_that_is_nobody_is_one_line(tmp_path):
    with (
        pytest.raises(AssertionError, match="--user: there is no user 'nosuchuser'"),
        running_server(tmp_path, "--user", "nosuchuser"),
    ):
        pass


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_it_serves_where_there_is_ipv6_only(tmp_path):
    with running_server(tmp_path, host="::1") as server:
        assert call(server, "/optimize", small_request())["success"]


def test_a_full_disk_costs_the_log_and_nothing_else(installed, tmp_path):
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("no /dev/full")
    arguments = ["sh", "-c", 'exec "$0" "$@" > /dev/full 2>&1']

    with running_server(tmp_path, folder=installed, before=arguments) as server:
        assert call(server, "/optimize", small_request())["success"]
        assert server.end(3.0) == 0
