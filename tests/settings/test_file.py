import os
import stat
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from server.settings.file import NAME, SettingsFile
from server.settings.home import ChargeNow
from tests.settings.homes import a_battery, a_car, a_home, homes

KEPT = "settings.broken-20261130T110000Z.json"


def clock():
    return datetime(2026, 11, 30, 11, tzinfo=UTC)


def file_with(folder, content):
    (folder / NAME).write_bytes(content)
    return SettingsFile(folder, clock)


def test_without_a_file_there_are_no_settings_and_no_problem(tmp_path):
    file = SettingsFile(tmp_path)

    assert file.load() is None
    assert file.problem is None


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(home=homes())
def test_settings_are_read_as_they_were_written(tmp_path, home):
    file = SettingsFile(tmp_path)
    file.save(home)

    assert file.load() == home


def test_every_field_survives(tmp_path):
    until = "2026-12-01T06:00:00+11:00"
    home = a_home(cars=[a_car(target="sensor.t")], charge_now=ChargeNow(soc=0.8, until=until))
    file = SettingsFile(tmp_path)
    file.save(home)

    assert file.load() == home


def test_only_the_user_of_the_server_reads_the_file(tmp_path):
    SettingsFile(tmp_path).save(a_home())

    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_nothing_else_is_left_in_the_folder(tmp_path):
    SettingsFile(tmp_path).save(a_home())

    assert os.listdir(tmp_path) == [NAME]  # noqa: PTH208


def test_an_interrupted_writing_leaves_the_old_settings(tmp_path, monkeypatch):
    file = SettingsFile(tmp_path)
    file.save(a_home())

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        file.save(a_home(mode="watch"))

    assert file.load() == a_home()


def test_what_an_interrupted_writing_left_is_overwritten(tmp_path):
    (tmp_path / "settings.json.new").write_bytes(b"{" * 100_000)
    file = SettingsFile(tmp_path)
    file.save(a_home())

    assert file.load() == a_home()
    assert file.problem is None


def changed(**changes):
    return msgspec.json.encode(msgspec.to_builtins(a_home()) | changes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "settings.json"),
        (b"\x00" * 4096, "settings.json"),
        (b"\xff\xfe", "settings.json"),
        (b"[]", "settings.json"),
        (b"[" * 100_000, "settings.json"),
        (b'{"version": 1}', "import_price"),
        (msgspec.json.encode(a_home())[:-40], "settings.json"),
        (b" " * (2**20 + 1), "at most"),
        (changed(version=2), "version"),
        (changed(version="1"), "version"),
        (changed(mode="wild"), "mode"),
        (msgspec.json.encode(a_home(batteries=[a_battery(capacity_kwh=13500)])), "Wh?"),
    ],
)
def test_a_file_that_cannot_be_used_is_kept_and_said(tmp_path, content, said):
    file = file_with(tmp_path, content)

    assert file.load() is None
    assert said in file.problem
    assert KEPT in file.problem
    assert (tmp_path / KEPT).read_bytes() == content
    assert not (tmp_path / NAME).exists()


def test_after_a_broken_file_the_set_up_begins_anew(tmp_path):
    file = file_with(tmp_path, b"{")
    file.load()
    file.save(a_home())

    assert file.problem is None
    assert file.load() == a_home()


def test_a_newer_version_may_have_fields_of_its_own(tmp_path):
    file = file_with(tmp_path, changed(colour="red"))

    assert file.load() == a_home()


def test_a_file_that_cannot_be_opened_is_left_alone(tmp_path):
    (tmp_path / NAME).mkdir()
    file = SettingsFile(tmp_path)

    assert file.load() is None
    assert "cannot be read" in file.problem
    assert (tmp_path / NAME).is_dir()
