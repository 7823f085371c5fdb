"""Our packages as users have them: the wheel, with kernels compiled ahead of time."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from addon.prove.tools import Lacking
from benchmarks.packages import CHECKOUT, home
from matrix_builders.compiled import MODE, Mode

BUILT = CHECKOUT / "build" / "benchmarks" / "installed"


def shipped() -> tuple[Mode, Path, dict[str, str]]:
    """Kind of kernels and folder of what users have, or of the packages in use.

    The latter where they are the same, or where a wheel cannot be built; the last says why.
    """
    if MODE != "jit":
        return MODE, home(), {}
    try:
        return "ahead-of-time", installed_wheel(), {}
    except Lacking as reason:
        return MODE, home(), {"kernels compiled ahead of time": str(reason)}


@cache
def installed_wheel() -> Path:
    """Folder with our packages from a wheel, built at the first call.

    Raises
    ------
    Lacking
        Where a wheel with compiled kernels cannot be built.
    """
    if shutil.which("g++") is None:
        raise Lacking("needs a C++ compiler (Debian: g++) to build the wheel")
    shutil.rmtree(BUILT, ignore_errors=True)
    target = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    finished = subprocess.run(
        [sys.executable, "-m", "pip", *target, "--target", str(BUILT), str(CHECKOUT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not list(BUILT.glob("matrix_builders/_kernels.*")):
        last = (finished.stderr.strip().splitlines() or ["no kernels in it"])[-1]
        raise Lacking(f"the wheel was not built: {last}")
    return BUILT
