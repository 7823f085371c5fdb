"""One trial of an unpacked image, inside namespaces of its own.

Started by `addon.prove.report` as ``unshare --mount --net --pid --fork``: the ports, the address of
Supervisor and the mounts exist in here only, and nothing outlives it.  Prints what it saw as JSON.
"""

import argparse
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addon.prove.memory import limited
from addon.prove.tools import ROOT, Lacking, run
from benchmarks.days import SCENARIOS, synthetic_request

SUPERVISOR = "172.30.32.2"
OPTIONS = {"log_level": "info", "optimization_interval": 15, "horizon_hours": 48}
CHART = "/static/vendor/uPlot.iife.min.js"
INTERVALS = 576
PLANNING_LIMIT = 96  # MiB
STARTING_LIMIT = 64  # MiB
_UP_WITHIN = 240.0  # s; an emulated start takes long


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An unpacked image.

    Attributes
    ----------
    tree : Path
        Its root.
    command : list of str
        What the image runs.
    environment : dict
        With which variables.
    emulator : list of str
        Command that runs the image's programs, inside the tree; empty where the machine can.
    """

    tree: Path
    command: list[str]
    environment: dict[str, str]
    emulator: list[str]

    def program(self, *command: str) -> list[str]:
        """Command that runs a program of the image."""
        found = [self.which(command[0]), *command[1:]] if self.emulator else list(command)
        return ["chroot", str(self.tree), *self.emulator, *found]

    def which(self, name: str) -> str:
        """Path of a program inside the image."""
        inside = (self.tree / "usr/bin" / name).resolve()
        return f"/usr/bin/{inside.name}"


def trial(image: Image, *, plans: int, bounded: bool) -> dict[str, Any]:
    """What an image does from its start to its end."""
    seen: dict[str, Any] = {"plans": plans}
    with running(image) as server:
        seen["start_s"] = server.started_in
        seen["idle_mib"] = server.memory("VmRSS")
        seen["user"] = server.user()
        seen["healthcheck"] = healthcheck(image)
        seen["page"] = {address: page_status(address) for address in (SUPERVISOR, "127.0.0.1")}
        seen["chart"] = page_status(SUPERVISOR, CHART)
        seen["interval"] = ask("GET", "/status")["config"]["optimization_interval"]
        seen["kernels"] = ask("GET", "/status")["kernels"]
        seen["costs"] = {name: cost(ROOT / f"examples/{name}.json") for name in SCENARIOS}
        for seed in range(plans):
            ask("POST", "/optimize", json.dumps(synthetic_request(seed, INTERVALS)).encode())
        seen["after_mib"], seen["peak_mib"] = server.memory("VmRSS"), server.memory("VmHWM")
        seen["end_s"], seen["exit"] = server.end()
    if bounded:
        seen["bounded"] = in_bounds(image)
    return seen


def in_bounds(image: Image) -> dict[str, Any]:
    """Whether it starts and plans where memory is short; or what the machine lacks to say so."""
    try:
        with limited(STARTING_LIMIT) as bound, running(image, bound) as server:
            started = server.started_in
        with limited(PLANNING_LIMIT) as bound, running(image, bound) as server:
            for seed in range(20):
                body = synthetic_request(seed, INTERVALS)
                ask("POST", "/optimize", json.dumps(body).encode())
            return {"start_s": started, "plans": 20, "peak_mib": server.memory("VmHWM")}
    except Lacking as reason:
        return {"skipped": str(reason)}


@dataclass(frozen=True, slots=True)
class Server:
    """A started image."""

    process: subprocess.Popen[bytes]
    started_in: float

    def memory(self, line: str) -> float:
        """A line of the process' status. [MiB]"""
        return int(self._status(line).split()[0]) / 1024

    def user(self) -> int:
        """Number of the user it runs as."""
        return int(self._status("Uid").split()[1])

    def end(self) -> tuple[float, int]:
        """Seconds from SIGTERM to the end, and the exit status."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        return time.monotonic() - began, status

    def _status(self, line: str) -> str:
        for entry in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if entry.startswith(line + ":"):
                return entry.partition(":")[2].strip()
        raise KeyError(line)


@contextmanager
def running(image: Image, before: Sequence[str] = ()) -> Iterator[Server]:
    """Run the image as it is, its command after `before`; it answers when the block begins."""
    options = image.tree / "data/options.json"
    options.parent.mkdir(exist_ok=True)
    options.write_text(json.dumps(OPTIONS))
    options.chmod(0o600)
    began = time.monotonic()
    process = subprocess.Popen(
        [*before, *image.program(*image.command)], env=image.environment, stdout=sys.stderr
    )
    try:
        while not _answers():
            assert process.poll() is None, "the server has ended; its log is above"
            assert time.monotonic() - began < _UP_WITHIN, "the server does not answer"
            time.sleep(0.01)
        yield Server(process, time.monotonic() - began)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _answers() -> bool:
    try:
        return bool(ask("GET", "/health")["optimiser_available"])
    except OSError:
        return False


def ask(method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    """JSON of the API, which must be willing."""
    connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=120)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    assert response.status == 200, text
    found: dict[str, Any] = json.loads(text)
    return found


def cost(example: Path) -> float:
    """Bill of the plan of an example. [$]"""
    return float(ask("POST", "/optimize", example.read_bytes())["summary"]["total_cost"])


def page_status(address: str, path: str = "/") -> int:
    """What the page says to a visitor from `address`."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", 8099, timeout=30, source_address=(address, 0)
    )
    connection.request("GET", path)
    return connection.getresponse().status


def healthcheck(image: Image) -> int:
    """Exit status of the image's own health check."""
    check = ("python3", "-I", "-S", "/opt/powersync/healthcheck.py")
    return subprocess.run(
        image.program(*check), env=image.environment, check=False, timeout=60
    ).returncode


def main() -> None:
    """Read an image's description from standard input, try it, print what was seen."""
    argparse.ArgumentParser(prog="python -m addon.prove.trial", description=__doc__).parse_args()
    asked = json.loads(sys.stdin.read())
    tree = Path(asked["tree"])
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{SUPERVISOR}/32", "dev", "lo")
    run("mount", "--rbind", "/dev", tree / "dev")
    run("mount", "-t", "proc", "proc", tree / "proc")
    image = Image(
        tree=tree,
        command=asked["command"],
        environment=asked["environment"],
        emulator=asked["emulator"],
    )
    seen = trial(image, plans=asked["plans"], bounded=asked["bounded"])
    if asked["bounded"]:
        from addon.prove.home import with_home  # noqa: PLC0415 - which needs what is defined here

        seen["home"] = with_home(image)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
