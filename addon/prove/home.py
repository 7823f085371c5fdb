"""The trial of an image that has a home to plan for, behind Supervisor's proxy and its ingress."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from addon.prove.memory import limited
from addon.prove.tools import Lacking, run
from addon.prove.trial import PLANNING_LIMIT, Image, running
from tests.addon.apparmor import ABSTRACTIONS, TRACED, Profile, accesses
from tests.controller.homes import running_fake
from tests.controller.supervisor import PROFILE, Ingress, only_capabilities
from tests.controller.test_memory import plan_often

PLANS = 30
_PAGE = SimpleNamespace(page_port=8099)


def with_home(image: Image) -> dict[str, Any]:
    """What an image does from the first look at its page to plans in short memory."""
    with tempfile.TemporaryDirectory() as folder, running_fake(80) as (fake, _):
        hosts = Path(folder) / "hosts"
        hosts.write_text("127.0.0.1 localhost supervisor\n")
        (image.tree / "etc/hosts").touch()
        run("mount", "--bind", hosts, image.tree / "etc/hosts")
        run("mount", "-t", "tmpfs", "tmpfs", image.tree / "data")
        known = replace(image, environment={**image.environment, "SUPERVISOR_TOKEN": fake.token})
        rights = only_capabilities(PROFILE.read_text(), "sys_chroot")  # the last is for the trial
        seen: dict[str, Any] = {"plans": PLANS}
        with running(known, rights) as server:
            ingress = Ingress(_PAGE)
            ingress.set_up()
            seen["idle_mib"] = server.memory("VmRSS")
            plan_often(ingress, PLANS)
            seen["peak_mib"] = server.memory("VmHWM")
            seen["exit"] = server.end()[1]
        seen["beyond"] = beyond_profile(known, rights, Path(folder) / "trace")
        seen["bounded"] = bounded(known)
        run("umount", image.tree / "data")
        run("umount", image.tree / "etc/hosts")
    return seen


def beyond_profile(image: Image, rights: Sequence[str], trace: Path) -> list[str]:
    """Paths that a second start uses beyond the profile; or what the machine lacks to say so."""
    if shutil.which("strace") is None or not ABSTRACTIONS.exists():
        return ["not known: needs strace and apparmor"]
    calls = f"trace={','.join(TRACED)}"
    before = ["strace", "-D", "-f", "-y", "-A", "-o", str(trace), "-e", calls, *rights]
    with running(image, before) as server:
        ingress = Ingress(_PAGE)
        ingress.until(lambda status: status["planned_at"])
        ingress.post("control", {"mode": "paused"})
        ingress.post("books/delete", {})
        server.end()
    profile, found = Profile(PROFILE.read_text()), set()
    for path, access in accesses(trace.read_text()):
        inside = path.removeprefix(str(image.tree)) or "/"
        named = inside + "/" * (image.tree / inside[1:]).is_dir()
        if profile.lacks(named, access) and Path(inside).name not in ("chroot", "setpriv"):
            found.add(named)
    return sorted(found)


def bounded(image: Image) -> str:
    """Where memory is short: that it plans, or what the machine lacks to say so."""
    try:
        with limited(PLANNING_LIMIT) as bound, running(image, bound) as server:
            plan_often(Ingress(_PAGE), PLANS)
            return f"{PLANS} plans in {PLANNING_LIMIT} MiB (peak {server.memory('VmHWM'):.1f})"
    except Lacking as reason:
        return f"skipped: {reason}"
