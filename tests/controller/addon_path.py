"""The add-on's own path, inside namespaces: `test_supervisor.py` runs these tests there."""

import asyncio
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.addon.apparmor import ABSTRACTIONS, TRACED, Profile, accesses
from tests.addon.conftest import installed, wheel
from tests.controller.supervisor import PREFIX, PROFILE, USER, Ingress, addon_of, furnish
from tests.end_to_end import small_request
from tests.server.processes import ROOT
from tests.server.test_process import ENDS_WITHIN, call

__all__ = ["installed", "wheel"]


@pytest.fixture(scope="module")
def packages(installed):
    """Folder of our packages, which the user of the add-on can read."""
    furnish()
    with tempfile.TemporaryDirectory() as name:
        readable = Path(name)
        readable.chmod(0o755)
        shutil.copytree(installed, readable, dirs_exist_ok=True)
        readable.chmod(0o755)
        yield readable


@pytest.fixture
def addon(packages):
    with addon_of(packages) as one:
        yield one


def do(addon, work):
    """Run a coroutine of the fake in its own thread."""
    return asyncio.run_coroutine_threadsafe(work, addon.loop).result(10)


def status_lines(server, name):
    """Numbers of a line of the process' status."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith(name + ":"))


def test_from_the_store_to_a_plan(addon):
    with addon.running(**addon.token()) as (server, ingress):
        status = ingress.set_up()
        assert call(server, "/status")["config"]["optimization_interval"] == 15
        assert set(status_lines(server, "Uid")) == {str(pwd.getpwnam(USER).pw_uid)}
        assert set(status_lines(server, "CapEff")) == {"0" * 16}
        assert server.end(ENDS_WITHIN) == 0

    assert status["command"]["action"] in {"charge", "normal", "export", "hold"}
    assert status["problems"] == []
    owners = addon.owners()
    assert owners["powersync"] == (USER, "0o700")
    assert owners["settings.json"] == (USER, "0o600")
    assert "books-1.db" in owners
    assert {owner for owner, _ in owners.values()} == {USER}
    assert addon.fake.token not in server.log
    assert "Traceback" not in server.log


def test_a_second_start_goes_on_where_the_first_ended(addon):
    """Root has no right to look into the folder of the user: the profile gives it none."""
    with addon.running(**addon.token()) as (server, ingress):
        ingress.set_up()
        server.end(ENDS_WITHIN)

    with addon.running(**addon.token()) as (server, ingress):
        status = ingress.until(lambda status: status["planned_at"])
        assert status["is_set_up"]
        assert status["problems"] == []
        assert " ERROR " not in server.log


def test_the_page_is_for_ingress_and_relative_to_its_prefix(addon):
    with addon.running(**addon.token()) as (server, ingress):
        code, page = ingress.ask("GET", "")
        assert code == 200
        assert b'="/' not in page
        assert PREFIX.encode() not in page
        assert Ingress(server, "127.0.0.1").ask("GET", "setup.json")[0] == 403
        ingress.until(lambda status: status["link"]["connected"])
        token = ingress.get("setup.json")["token"]
        own = {"Content-Type": "application/json", "X-Page-Token": token}
        assert Ingress(server, "127.0.0.1").ask("POST", "control", b"{}", **own)[0] == 403
        assert ingress.ask("POST", "control", b"{}", **own)[0] == 200
        evil = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert ingress.ask("POST", "control", b"{}", **own | evil)[0] == 403


def test_core_that_restarts_is_waited_for(addon):
    """Supervisor's proxy answers 502 for as long as Core is not up."""
    addon.fake.faults["*"] = "down"
    with addon.running(**addon.token()) as (_, ingress):
        down = ingress.until(lambda status: status["link"]["last_error"])
        assert "502" in down["link"]["last_error"]
        assert ingress.ask("POST", "setup/find", b"{}")[0] == 403  # without the token
        del addon.fake.faults["*"]
        ingress.set_up()

        addon.fake.faults["*"] = "down"
        do(addon, addon.fake.drop())
        ingress.until(lambda status: not status["link"]["connected"])
        del addon.fake.faults["*"]
        ingress.until(lambda status: status["link"]["connected"])


def test_a_permission_that_was_refused_is_said(addon):
    """The token is there, and does not give the right to speak with Home Assistant."""
    with addon.running(SUPERVISOR_TOKEN="of-an-add-on-without-the-right") as (server, ingress):
        status = ingress.until(lambda status: status["link"]["last_error"])
        assert not status["link"]["connected"]
        assert "token" in status["link"]["last_error"]
        assert call(server, "/optimize", small_request())["success"]


def test_without_a_token_requests_are_answered_and_the_page_says_why(addon):
    with addon.running() as (server, ingress):
        home = ingress.get("home.json")
        assert home["has_home"] is False
        assert "Supervisor" in home["why"]
        assert ingress.ask("GET", "")[0] == 200
        assert ingress.ask("GET", "setup.json")[0] == 404
        assert call(server, "/optimize", small_request())["success"]
        assert "no SUPERVISOR_TOKEN" in server.log
    assert not addon.data.exists()


@pytest.mark.parametrize("owner", ["root", "daemon"])
def test_a_backup_that_was_restored_for_another_is_ours_again(addon, owner):
    with addon.running(**addon.token()) as (server, ingress):
        planned = ingress.set_up()
        server.end(ENDS_WITHIN)
    number = pwd.getpwnam(owner).pw_uid
    for path in (addon.data, *addon.data.iterdir()):
        os.chown(path, number, number)

    with addon.running(**addon.token()) as (_, ingress):
        status = ingress.until(lambda status: status["planned_at"])
        assert status["problems"] == []
        assert planned["planned_at"] < status["planned_at"]
    assert {who for who, _ in addon.owners().values()} == {USER}


def test_what_a_link_points_to_stays_with_its_owner(addon):
    theirs = addon.folder / "theirs"
    theirs.write_text("{}")
    addon.data.mkdir(mode=0o755)
    (addon.data / "link").symlink_to(theirs)
    (addon.data / "settings.json").hardlink_to(theirs)

    with addon.running(**addon.token()) as (_, ingress):
        ingress.until(lambda status: status["link"]["connected"])
    assert theirs.stat().st_uid == 0
    assert addon.owners()["powersync"] == (USER, "0o700")


def test_a_folder_that_is_a_link_is_refused(addon):
    elsewhere = addon.folder / "elsewhere"
    elsewhere.mkdir()
    theirs = elsewhere / "theirs"
    theirs.write_text("{}")
    addon.data.symlink_to(elsewhere)

    with addon.running(**addon.token()) as (server, _):
        assert "--data: " in server.log
    assert {path.stat().st_uid for path in (elsewhere, theirs)} == {0}


@pytest.mark.parametrize("kind", ["read-only", "a file"])
def test_a_folder_that_keeps_nothing_costs_what_it_would_keep(addon, kind):
    if kind == "a file":
        addon.data.write_text("")
    else:
        addon.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", addon.data], check=True)
    try:
        with addon.running(**addon.token()) as (server, ingress):
            assert call(server, "/optimize", small_request())["success"]
            status = ingress.until(lambda status: status["link"]["connected"])
            assert any("books" in problem for problem in status["problems"])
            found = ingress.post("setup/find", {})
            token = ingress.get("setup.json")["token"]
            own = {"Content-Type": "application/json", "X-Page-Token": token}
            code, text = ingress.ask("POST", "setup", json.dumps(found["draft"]).encode(), **own)
            assert (code, b"settings" in text) == (503, True), text
            (line,) = (line for line in server.log.splitlines() if "--data: " in line)
            assert str(addon.data) in line
            assert "Traceback" not in server.log
    finally:
        if kind == "read-only":
            subprocess.run(["umount", addon.data], check=True)


def test_the_profile_allows_all_that_it_does(addon, packages):
    """The interpreter and our packages lie elsewhere than in the image; all else is as there."""
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    if not (ABSTRACTIONS / "abstractions/base").exists():
        pytest.skip("no abstractions of AppArmor")
    trace = addon.folder / "trace"
    before = ["strace", "-D", "-f", "-y", "-A", "-o", trace, "-e", f"trace={','.join(TRACED)}"]

    for _ in range(2):
        with addon.running(before=before, **addon.token()) as (server, ingress):
            if not ingress.get("setup.json")["settings"]:
                ingress.set_up(acting={"action": "script.battery"})
            ingress.until(lambda status: status["link"]["connected"])
            for mode in ("paused", "automatic"):
                ingress.post("control", {"mode": mode})
            ingress.until(lambda status: status["planned_at"])
            ingress.get("books/days.json?first=2026-01-01&last=2100-01-01")
            ingress.post("books/delete", {})
            ingress.ask("GET", "plans/example/view.json")
            call(server, "/optimize", small_request())
            server.end(ENDS_WITHIN)

    profile = Profile(PROFILE.read_text())
    elsewhere = tuple(f"{one}/" for one in (sys.base_prefix, sys.prefix, packages, ROOT))
    seen = {
        (path.replace(str(addon.folder), "/data") + "/" * Path(path).is_dir(), rights)
        for path, rights in accesses(trace.read_text())
        if not f"{path}/".startswith((*elsewhere, "/usr/bin/setpriv/"))
    }
    assert [one for one in seen if profile.lacks(*one)] == []
    assert {("/data/powersync/", "w"), ("/data/powersync/settings.json.new", "w")} < seen
    assert {("/data/options.json", "r"), ("/etc/hosts", "r"), ("/etc/passwd", "r")} < seen
