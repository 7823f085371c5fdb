"""The wheel of these sources, built once however many workers and runs there are.

``python -m tests.wheel`` builds it.  Compiling its kernels takes more than a minute of a core, so
what was built is kept in `build/` under a digest of all that goes into it.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "tests"
BUILDING = pytest.StashKey[subprocess.Popen]()

_SOURCES = ("matrix_builders", "optimiser", "server", "addon/wheel_hook.py", "pyproject.toml")
_TOOLS = ("numba", "numpy", "hatchling")


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


def digest():
    """Hash of everything that goes into the wheel."""
    found = hashlib.sha256(" ".join([sys.version, *map(version, _TOOLS)]).encode())
    for place in _SOURCES:
        top = ROOT / place
        paths = sorted(top.rglob("*")) if top.is_dir() else [top]
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(str(path.relative_to(ROOT)).encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def built_wheel():
    """The wheel of this machine, kernels compiled; built where it is not there yet."""
    folder = BUILD / f"wheel-{digest()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        built = list(folder.glob("*.whl"))
        return built[0] if built else build_wheel(folder, POWERSYNC_KERNELS_REQUIRED="1")[0]


def build_in_background():
    """A process that builds it; the others wait for its lock."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.wheel"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # who needs the wheel builds it again, and says why it failed
        start_new_session=True,
    )


def stop(building):
    """End a build that nobody waits for, and all that it started."""
    if building.poll() is None:
        os.killpg(building.pid, signal.SIGTERM)
    building.wait()


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.wheel", description=__doc__).parse_args()
    print(built_wheel())
