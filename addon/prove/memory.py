"""A bound on the memory of a process, by control groups of either version."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from addon.prove.tools import Lacking

_V2 = Path("/sys/fs/cgroup")
_V1 = _V2 / "memory"


@contextmanager
def limited(mebibytes: int) -> Iterator[list[str]]:
    """Bound what a command and its children may use.

    Parameters
    ----------
    mebibytes : int
        Most memory, file pages included; there is no swap. [MiB]

    Yields
    ------
    list of str
        To be put before the command.

    Raises
    ------
    Lacking
        Where this process may not make a control group of its own.
    """
    group, limits = _group(mebibytes * 2**20)
    try:
        group.mkdir()
    except OSError as error:
        raise Lacking(f"needs a memory control group: {error}") from None
    try:
        for name, value in limits.items():
            knob = group / name
            if knob.exists():  # swap accounting may be switched off
                knob.write_text(value)
        yield ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")]
    finally:
        group.rmdir()


def _group(limit: int) -> tuple[Path, dict[str, str]]:
    name = f"powersync-{os.getpid()}"
    if (_V2 / "cgroup.controllers").exists():
        if "memory" not in (_V2 / "cgroup.subtree_control").read_text():
            raise Lacking("needs the memory controller of control groups")
        return _V2 / name, {"memory.max": str(limit), "memory.swap.max": "0"}
    if _V1.exists():
        # Memory first: its sum with swap may not be less.
        names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        return _V1 / name, dict.fromkeys(names, str(limit))
    raise Lacking("needs control groups")
