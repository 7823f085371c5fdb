"""The wheel as the image holds it: built once, installed beside nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
COMPILED_WITHIN = 400  # s; the first test that needs the wheel waits for its kernels


def pytest_collection_modifyitems(items):
    for item in items:
        if "wheel" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(COMPILED_WITHIN))


def pip(*arguments, **environment):
    """Standard output and error of pip."""
    finished = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout + finished.stderr


def build_wheel(folder, **environment):
    """The wheel, and what its build said."""
    alone = ("--no-deps", "--no-build-isolation", "--no-index")
    said = pip("wheel", "-v", *alone, "--wheel-dir", folder, ROOT, **environment)
    (wheel,) = folder.glob("*.whl")
    return wheel, said


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this machine, kernels compiled."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler (Debian: g++), kernels cannot be compiled ahead of time")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # one build for all workers
    folder /= "wheel"
    with FileLock(folder.with_suffix(".lock")):
        built = list(folder.glob("*.whl"))
        return built[0] if built else build_wheel(folder, POWERSYNC_KERNELS_REQUIRED="1")[0]


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """Folder that holds our packages from the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder
