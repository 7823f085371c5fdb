"""Our rules on the files that Supervisor reads."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from hatchling.builders.sdist import SdistBuilder

from optimiser import CostFunction
from server import options
from server.command_line import ADDON_DATA, DEFAULT_PORT, DEFAULT_UI_PORT
from server.options import LOG_LEVELS, SHORTEST_TOKEN, Options, load
from tests.addon.conftest import ROOT

ADDON = ROOT / "addon"
CONFIG = yaml.safe_load((ADDON / "config.yaml").read_text())
ENGLISH = yaml.safe_load((ADDON / "translations/en.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

REQUIRED = {"name", "version", "slug", "description", "arch", "url", "image", "options", "schema"}

DEFAULTS = {  # of Supervisor; writing one is an error of the add-on linter
    "startup": "application",
    "boot": "auto",
    "init": True,
    "ingress_port": 8099,
    "ingress_entry": "/",
    "ingress_stream": False,
    "panel_admin": True,
    "apparmor": True,
    "homeassistant_api": False,
    "hassio_api": False,
    "hassio_role": "default",
    "auth_api": False,
    "host_network": False,
    "host_pid": False,
    "full_access": False,
    "stage": "stable",
    "advanced": False,
    "timeout": 10,
}

PERMISSIONS = {
    "homeassistant_api", "hassio_api", "auth_api", "host_network", "host_ipc", "host_dbus",
    "host_pid", "host_uts", "full_access", "privileged", "docker_api", "devices", "udev", "uart",
    "usb", "gpio", "video", "audio", "kernel_modules", "devicetree", "map", "tmpfs", "realtime",
}  # fmt: skip


def git_files(root=ROOT):
    """Files of the repository; the test is skipped where they came without it, as in a ZIP."""

    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )

    if shutil.which("git") is None or not root.samefile(
        git("rev-parse", "--show-toplevel").stdout.strip() or "/"
    ):
        pytest.skip(f"{root} is no clone of git, or there is no git: its files are not known")
    return git("ls-files").stdout.splitlines()


def test_what_needs_git_is_skipped_where_the_files_came_without_it(tmp_path):
    with pytest.raises(pytest.skip.Exception, match="no clone of git"):
        git_files(tmp_path)


def test_the_required_keys_are_there_and_no_default_is_written():
    assert set(CONFIG) >= REQUIRED
    assert [key for key, value in DEFAULTS.items() if CONFIG.get(key, ...) == value] == []


def test_nothing_is_asked_for_that_is_not_used():
    assert PERMISSIONS & set(CONFIG) == {"homeassistant_api"}
    assert not {"webui", "watchdog", "codenotary"} & set(CONFIG)
    assert not (ADDON / "build.yaml").exists()


RISKY = {
    "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "NET_ADMIN", "NET_RAW", "PERFMON", "SYS_ADMIN",
    "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO",
}  # fmt: skip


def security_rating(config, *, has_profile):
    """Supervisor's `rating_security` (supervisor/apps/utils.py), from 1 to 8."""
    privileged = {*config.get("privileged", ())}
    is_open = any(port is not None for port in config.get("ports", {}).values())
    has_door = config.get("ingress") or not (config.get("host_network") or is_open)
    is_risky = bool(privileged & RISKY) or config.get("kernel_modules", False)
    has_name = config.get("host_uts", False) and "SYS_ADMIN" in privileged
    rating = 5 + (has_profile if config.get("apparmor", True) else -1)
    rating += 2 if has_door else bool(config.get("auth_api"))
    rating += "codenotary" in config
    rating -= is_risky + has_name + bool(config.get("host_network"))
    rating -= {"manager": 1, "admin": 2}.get(config.get("hassio_role"), 0)
    rating -= 2 * bool(config.get("host_pid"))
    if config.get("docker_api") or config.get("full_access"):
        return 1
    return max(1, min(rating, 8))


def test_supervisor_gives_its_best_rating():
    """The right to speak with Home Assistant, which is that of an administrator, costs nothing."""
    assert CONFIG["homeassistant_api"] is True
    assert security_rating(CONFIG, has_profile=(ADDON / "apparmor.txt").exists()) == 8


@pytest.mark.parametrize(
    ("change", "rating"),
    [
        ({"apparmor": False}, 6),
        ({"ingress": False}, 8),  # nobody reaches it from outside either
        ({"ingress": False, "ports": {"5000/tcp": 5000}}, 6),
        ({"ingress": False, "ports": {"5000/tcp": 5000}, "auth_api": True}, 7),
        ({"privileged": ["NET_RAW"]}, 7),
        ({"privileged": ["SYS_ADMIN"], "host_uts": True}, 6),
        ({"kernel_modules": True}, 7),
        ({"hassio_role": "manager"}, 7),
        ({"hassio_role": "admin"}, 6),
        ({"host_network": True}, 7),
        ({"host_pid": True}, 6),
        ({"docker_api": True}, 1),
        ({"full_access": True}, 1),
    ],
)
def test_what_it_does_without_would_cost_the_rating(change, rating):
    assert security_rating({**CONFIG, **change}, has_profile=True) == rating


def test_the_profile_lets_the_data_folder_be_written_and_nothing_else():
    profile = (ADDON / "apparmor.txt").read_text()
    written = re.findall(r"^\s+(/\S+) \w*[wa]\w*,", profile, re.M)

    assert set(written) == {f"{ADDON_DATA}/", f"{ADDON_DATA}/**"}


def test_it_is_found_by_its_name_and_its_port():
    assert (CONFIG["name"], CONFIG["slug"]) == ("PowerSync Optimiser", "powersync_optimiser")
    assert CONFIG["ports"] == {f"{DEFAULT_PORT}/tcp": None}
    assert CONFIG["ingress"] is True
    assert CONFIG["startup"] == "services"
    assert DEFAULTS["ingress_port"] == DEFAULT_UI_PORT
    assert CONFIG["arch"] == ["aarch64", "amd64"]
    assert CONFIG["image"] == CONFIG["image"].lower()


def test_one_config_in_the_whole_repository():
    named_so = [f for f in git_files() if re.search(r"(^|/)config\.(ya?ml|json)$", f)]

    assert named_so == ["addon/config.yaml"]


def test_every_version_is_the_same():
    headings = re.findall(r"^## (\S+)", (ADDON / "CHANGELOG.md").read_text(), re.M)

    assert CONFIG["version"] == PROJECT["project"]["version"] == headings[0]


def test_the_options_are_those_of_the_server(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(options, "ADDON_OPTIONS", tmp_path / "absent.json")
    file = tmp_path / "options.json"
    file.write_text(json.dumps(CONFIG["options"]))

    zone = {"TZ": "UTC"}  # Supervisor sets it
    assert load(zone, file) == load(zone, None), "a default of the server is another one"
    assert caplog.records == []
    ours = {field.name for field in fields(Options)} - {"zone"}
    assert set(CONFIG["schema"]) == ours
    assert set(CONFIG["options"]) == {k for k, v in CONFIG["schema"].items() if not v.endswith("?")}


def test_the_schema_lets_through_what_the_server_takes():
    schema = CONFIG["schema"]

    assert schema["log_level"] == f"list({'|'.join(LOG_LEVELS)})"
    assert schema["default_cost_function"] == f"list({'|'.join(CostFunction)})"
    assert schema["api_token"] == f"password({SHORTEST_TOKEN},)?"
    for name, bounds in (("optimization_interval", (5, 120)), ("horizon_hours", (24, 72))):
        assert tuple(map(int, re.findall(r"\d+", schema[name]))) == bounds
        for value, taken in ((bounds[0], True), (bounds[1], True), (bounds[1] + 1, False)):
            assert (getattr(load({name.upper(): str(value)}, None), name) == value) is taken


def test_english_covers_every_option_and_port():
    assert set(ENGLISH["configuration"]) == set(CONFIG["schema"])
    assert set(ENGLISH["network"]) == set(CONFIG["ports"])
    for text in ENGLISH["configuration"].values():
        assert set(text) == {"name", "description"}


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_pictures_have_the_size_that_the_store_shows(name, size):
    head = (ADDON / name).read_bytes()[:24]

    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == size


def test_the_repository_can_be_added():
    repository = yaml.safe_load((ROOT / "repository.yaml").read_text())

    assert repository["url"] == CONFIG["url"] == PROJECT["project"]["urls"]["Repository"]
    assert set(repository) <= {"name", "url", "maintainer"}


def test_one_profile_named_for_the_addon():
    profile = (ADDON / "apparmor.txt").read_text()

    assert re.findall(r"^profile (\w+)", profile, re.M) == [CONFIG["slug"]]


@pytest.mark.skipif(shutil.which("apparmor_parser") is None, reason="no apparmor_parser")
def test_the_profile_is_understood():
    parsed = subprocess.run(
        ["apparmor_parser", "-Q", "-K", "-T", ADDON / "apparmor.txt"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.parametrize(
    ("linter", "flags", "endings"),
    [
        ("hadolint", [], ("Dockerfile",)),
        ("shellcheck", [], (".sh", ".ci/run")),
        ("yamllint", ["--strict"], (".yaml", ".yml")),
    ],
)
def test_the_linters_have_no_complaint(linter, flags, endings):
    found = shutil.which(linter, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"no {linter} for this machine")

    said = subprocess.run(
        [found, *flags, *(f for f in git_files() if f.endswith(endings))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def test_the_image_holds_what_the_package_needs_and_no_compiler():
    locked = set(re.findall(r"^([\w.-]+)==", (ADDON / "requirements.txt").read_text(), re.M))
    needed = {re.match(r"[\w-]+", d)[0] for d in PROJECT["project"]["dependencies"]}

    assert needed - locked == {"numba", "scipy"}
    assert not {"numba", "llvmlite", "scipy"} & locked


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt"])
def test_locks_have_a_hash_for_every_package_and_no_address(name):
    text = (ADDON / name).read_text()
    packages = re.split(r"\n(?=\S)", text.strip())

    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text


def test_the_source_distribution_holds_the_packages_and_nothing_astray():
    builder = SdistBuilder(str(ROOT))
    names = {file.distribution_path for file in builder.recurse_included_files()}

    folders = {name.partition("/")[0] for name in names if "/" in name}
    assert folders == {"matrix_builders", "optimiser", "server", "addon"}
    assert {name for name in names if name.startswith("addon/")} == {"addon/wheel_hook.py"}
    assert {name for name in names if "/" not in name} == {"README.md", "LICENSE", "CHANGELOG.md"}
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "server").rglob("*.py")} <= names


OF_THE_OLD_ADDON = {  # every value that the schema of its versions 1.0.0 to 1.0.25 let through
    "log_level": ["debug", "info", "warning", "error"],
    "optimization_interval": range(5, 121),
    "horizon_hours": range(24, 73),
    "default_cost_function": ["cost", "profit", "self_consumption"],
}


@pytest.mark.parametrize("option", OF_THE_OLD_ADDON)
def test_what_a_user_of_the_old_addon_has_saved_stays_in_force(option, tmp_path, caplog):
    """Supervisor hands over what was saved, and our defaults for the rest."""
    assert option in CONFIG["schema"], "Supervisor would drop it"
    file = tmp_path / "options.json"
    for value in OF_THE_OLD_ADDON[option]:
        file.write_text(json.dumps({**CONFIG["options"], option: value}))

        assert getattr(load({"TZ": "UTC"}, file), option) == value
        assert getattr(load({"TZ": "UTC", option.upper(): str(value)}, None), option) == value
    assert caplog.records == []
    kind, _, inside = CONFIG["schema"][option].rstrip(")").partition("(")
    allowed = inside.split("|") if kind == "list" else range(*map(int, inside.split(",")))
    assert set(OF_THE_OLD_ADDON[option]) - {120, 72} <= set(allowed)


def test_what_differs_for_who_saved_nothing_is_in_the_change_log_of_the_addon():
    """Defaults of versions 1.0.1 to 1.0.25, where they are others now."""
    before = {"optimization_interval": 5, "default_cost_function": "self_consumption"}
    told = (ADDON / "CHANGELOG.md").read_text()

    for option, default in before.items():
        assert CONFIG["options"][option] != default
        assert f"`{option}` | `{default}` | `{CONFIG['options'][option]}`" in told
