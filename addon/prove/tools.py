"""Commands of other packages, and the refusal to pretend where one is missing."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""Root of the repository."""

WORK = ROOT / "build" / "addon"
"""Where everything is built; ignored by git."""


class Lacking(Exception):
    """The machine lacks something: the proof is skipped, never faked."""


def need(packages: Mapping[str, str]) -> None:
    """Require commands.

    Parameters
    ----------
    packages : mapping
        Debian package of each command.

    Raises
    ------
    Lacking
        Names every package that is missing, and root where this is not root.
    """
    missing = [package for command, package in packages.items() if shutil.which(command) is None]
    if missing:
        raise Lacking(f"needs the Debian packages {', '.join(sorted(set(missing)))}")
    if os.geteuid() != 0:
        raise Lacking("needs root, for chroot and namespaces")


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Standard output of a command that must succeed; what it says otherwise is shown."""
    finished = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return finished.stdout.strip()


def base_tree(
    target: Path, *, architecture: str, variant: str, packages: tuple[str, ...] = ()
) -> None:
    """Debian's packages as a folder or, where `target` ends in ``.tar``, as an archive."""
    target.parent.mkdir(parents=True, exist_ok=True)
    undocumented = [
        f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "info")
    ]
    run(
        *("mmdebstrap", "--quiet", f"--variant={variant}", f"--architectures={architecture}"),
        *(["--include=" + ",".join(packages)] if packages else []),
        *undocumented,
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        "trixie",
        target,
    )
