"""What the figures were measured on."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "highspy", "aiohttp", "msgspec", "numba", "scipy", "cvxpy", "pulp", "emhass")


def machine() -> dict[str, str]:
    """The machine and its interpreter."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{_memory():.1f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
    }


def versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions of packages; those that are absent say so."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _processor() -> str:
    names = ("model name", "Model", "Hardware")  # x86-64, Raspberry Pi, older ones
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or "unknown"
    lines = [line.partition(":") for line in path.read_text().splitlines()]
    values = {key.strip(): value.strip() for key, _, value in lines}
    return next((values[name] for name in names if name in values), "unknown")


def _memory() -> float:
    """Of the whole machine. [GiB]"""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
