"""What the workflow publishes was tested, can be pulled by anybody, and is called what it is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.addon.conftest import ROOT

WORKFLOW = ROOT / ".github/workflows/publish.yaml"
JOBS = yaml.safe_load(WORKFLOW.read_text())["jobs"]

NODE_24 = {  # first major of each action that runs on Node 24; runners have Node 20 no longer
    "actions/checkout": 5,
    "actions/setup-python": 6,
    "docker/setup-buildx-action": 4,
    "docker/login-action": 4,
    "docker/build-push-action": 7,
}

SCRIPTS = [
    pytest.param(step["run"], id=f"{name}: {step['name']}")
    for name, job in JOBS.items()
    for step in job["steps"]
    if "run" in step
]


def needed(name):
    """Jobs that have succeeded before one begins."""
    needs = JOBS[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(needed(each) for each in direct))


def steps(name):
    """What a job does, in order: its commands and the actions it uses."""
    return [step.get("run") or step["uses"].partition("@")[0] for step in JOBS[name]["steps"]]


def jobs_with(text):
    return {name for name in JOBS if any(text in step for step in steps(name))}


def test_every_action_is_pinned_and_of_a_runtime_that_exists():
    used = re.findall(r"uses: (\S+)@([0-9a-f]{40}) # v(\d+)\.\d+\.\d+$", WORKFLOW.read_text(), re.M)

    assert len(used) == WORKFLOW.read_text().count("uses:")
    assert {name: int(major) for name, _, major in used} == NODE_24
    assert len({(name, commit) for name, commit, _ in used}) == len(NODE_24)


def test_nothing_is_pushed_before_the_tests_and_the_proof_of_the_image():
    pushing = jobs_with("build-push-action") | jobs_with("imagetools create") | jobs_with("gh ")
    order = steps("image")
    (proof,) = (i for i, step in enumerate(order) if "make addon" in step)

    assert "make test" in steps("test")
    assert all("test" in needed(name) for name in pushing)
    assert proof < order.index("docker/login-action") < order.index("docker/build-push-action")
    assert "! grep '^skipped'" in order[proof]
    assert not any(step.get("continue-on-error") for job in JOBS.values() for step in job["steps"])


def test_it_is_pulled_without_a_login_before_it_is_released():
    assert JOBS["pull"]["permissions"] == {}
    assert steps("pull") == [step for step in steps("pull") if "docker pull" in step]
    assert "manifest" in needed("pull")
    assert "pull" in needed("release")


def test_the_release_has_a_wheel_with_kernels_of_every_python_and_machine():
    wheel = JOBS["wheel"]

    assert len(wheel["strategy"]["matrix"]["runner"]) == 2
    assert wheel["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert any(step.get("env", {}).get("POWERSYNC_KERNELS_REQUIRED") for step in wheel["steps"])
    assert any("gh release upload" in step and "dist/*.whl" in step for step in steps("wheel"))
    assert {"draft", "wheel"} <= needed("release")
    assert any("--draft=false" in step for step in steps("release"))


def test_latest_follows_releases_only():
    (tagging,) = (
        step for job in JOBS.values() for step in job["steps"] if ":latest" in step.get("run", "")
    )

    assert tagging in JOBS["release"]["steps"]
    assert tagging["if"] == "needs.test.outputs.prerelease == 'false'"


@pytest.mark.parametrize(
    ("version", "prerelease"),
    [("2.0.0", "false"), ("2.1.0-rc.1", "true"), ("2.1.0b1", "true")],
)
def test_a_tag_says_what_is_a_release_and_must_be_the_version(tmp_path, version, prerelease):
    (tmp_path / "addon").mkdir()
    (tmp_path / "addon/config.yaml").write_text(f"name: x\nversion: {version}\n")
    (script,) = (step["run"] for step in JOBS["test"]["steps"] if step.get("id") == "tag")

    def run(tag):
        output = tmp_path / "output"
        output.unlink(missing_ok=True)
        environment = {**os.environ, "GITHUB_REF_NAME": tag, "GITHUB_OUTPUT": str(output)}
        command = ["bash", "-eo", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=tmp_path, env=environment, check=False)
        return done.returncode, output.read_text() if output.exists() else ""

    assert run(f"v{version}") == (0, f"version={version}\nprerelease={prerelease}\n")
    assert run("v9.9.9")[0] != 0


def test_the_notes_of_a_release_are_its_part_of_the_change_log(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [2.0.0] - 2026-12-01\n\n### Added\n\n"
        "- this\n\n## [1.0.0] - 2026-02-03\n\n- before\n"
    )
    (script,) = (step["run"] for step in JOBS["draft"]["steps"] if "run" in step)
    notes = script.partition("gh release")[0]

    environment = {**os.environ, "VERSION": "2.0.0"}
    subprocess.run(["bash", "-ec", notes], cwd=tmp_path, env=environment, check=True)

    assert (tmp_path / "notes.md").read_text().strip() == "### Added\n\n- this"


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_shell_has_no_complaint(script):
    assert "${{" not in script, "an expression is pasted into the shell: hand it over in env"
    found = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip("no shellcheck for this machine")

    said = subprocess.run(
        [found, "--shell=bash", "-"], input=script, capture_output=True, text=True, check=False
    )

    assert said.returncode == 0, said.stdout
