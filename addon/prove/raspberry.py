"""The tree of a Raspberry Pi's image, laid out here and emulated.

What the Dockerfile does on an aarch64 machine, without one: Debian's packages are unpacked, the
locked wheels are installed for the other architecture, and the kernels are compiled by its own
Python and numba under emulation, with a cross compiler to link.
"""

import re
import shutil
import sys
from pathlib import Path

from addon.prove.tools import ROOT, WORK, base_tree, need, run

PROCESSORS = ("cortex-a53", "cortex-a76")
"""Of a Raspberry Pi 3 and of a Raspberry Pi 5."""

EMULATOR = "qemu-aarch64-static"
NEEDS = {
    "mmdebstrap": "mmdebstrap",
    EMULATOR: "qemu-user-static",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
}
_ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\npowersync:x:999:999::/:/usr/sbin/nologin\n",
    "group": "root:x:0:\npowersync:x:999:\n",
}


def build() -> tuple[Path, list[str], dict[str, str]]:
    """Lay out the tree.

    Returns
    -------
    tree : Path
        Root of the image, with the emulator in it.
    command : list of str
        What the Dockerfile runs.
    environment : dict
        With which variables.

    Raises
    ------
    Lacking
        Where a tool is missing.
    """
    need(NEEDS)
    tree, tools, sdk = WORK / "tree-arm64", WORK / "tools-arm64", WORK / "sdk-arm64"
    site = tree / "opt/powersync"
    for folder in (tree, tools):
        shutil.rmtree(folder, ignore_errors=True)
    packages = _packages()
    base_tree(tree, architecture="arm64", variant="extract", packages=packages)
    if not sdk.exists():
        more = ("libpython3.13-dev", *packages)
        base_tree(sdk, architecture="arm64", variant="extract", packages=more)
    _install("requirements.txt", site)
    _install("build-requirements.txt", tools)
    wheel = _wheel(sdk, tools)
    _pip("install", "--no-deps", "--target", site, wheel, *_PLATFORM)
    run("sh", "addon/slim.sh", site, STRIP="aarch64-linux-gnu-strip")
    shutil.copy(ROOT / "addon/healthcheck.py", site)
    for name, text in _ACCOUNTS.items():
        (tree / "etc" / name).write_text(text)
    shutil.copy(str(shutil.which(EMULATOR)), tree / "usr/bin")
    return tree, *_run_time()


_PLATFORM = (
    *(f"--platform=manylinux{tag}_aarch64" for tag in ("_2_28", "_2_27", "_2_17", "2014")),
    *("--platform=linux_aarch64", "--python-version=3.13", "--implementation=cp"),
    *("--abi=cp313", "--abi=abi3", "--abi=none", "--only-binary=:all:", "--ignore-requires-python"),
)


def _pip(*arguments: str | Path) -> None:
    run(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def _install(lock: str, target: Path) -> None:
    locked = ("--no-deps", "--require-hashes", "--requirement", ROOT / "addon" / lock)
    _pip("install", "--target", target, *_PLATFORM, *locked)


def _wheel(sdk: Path, tools: Path) -> Path:
    """Our wheel, its kernels compiled by the emulated Python."""
    folder = WORK / "wheel-arm64"
    shutil.rmtree(folder, ignore_errors=True)
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    folder.mkdir(parents=True)
    python = (EMULATOR, "-cpu", "max", "-L", sdk, sdk / "usr/bin/python3.13")
    run(
        *(*python, "-c", build, folder),
        PYTHONPATH=str(tools),
        PYTHONDONTWRITEBYTECODE="1",
        POWERSYNC_KERNELS_REQUIRED="1",
        CFLAGS=f"-I{sdk / 'usr/include/python3.13'} -idirafter {sdk / 'usr/include'}",
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def _dockerfile() -> str:
    return (ROOT / "addon/Dockerfile").read_text()


def _packages() -> tuple[str, ...]:
    """Debian's packages of the run-time stage, and the layout that its base brings."""
    found = re.search(r"--no-install-recommends (.*) \\\n", _dockerfile())
    assert found, "the Dockerfile installs its packages in another way now"
    return ("base-files", *found[1].split())


def _run_time() -> tuple[list[str], dict[str, str]]:
    """Command and variables of the last stage."""
    last = _dockerfile().rpartition("\nFROM ")[2]
    command = re.search(r"^CMD \[(.*)\]$", last, re.MULTILINE)
    variables = re.search(r"^ENV ((?:.*\\\n)*.*)$", last, re.MULTILINE)
    assert command, "the Dockerfile states its command in another way now"
    assert variables, "the Dockerfile states its variables in another way now"
    pairs = (word.split("=", 1) for word in variables[1].replace("\\\n", " ").split())
    return re.findall(r'"([^"]*)"', command[1]), {"PATH": "/usr/bin:/usr/sbin", **dict(pairs)}
