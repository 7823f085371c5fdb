"""Real server processes for tests, each ended by its own id whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_STARTS_WITHIN = 120.0  # s; numba compiles where its cache is cold


class ServerProcess:
    """A running ``python -m server``."""

    def __init__(self, process, host, port, page_port, log):
        self.process, self._log = process, log
        self.host, self.port, self.page_port = host, port, page_port

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def log(self):
        return self._log.read_text()

    def memory(self, line):
        """A line of the process' status, ``VmRSS`` now or ``VmHWM`` at most. [MiB]"""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (found,) = (entry for entry in status.splitlines() if entry.startswith(line))
        return int(found.split()[1]) / 1024

    def processor_time(self):
        """What it has computed so far, whatever else the machine does. [s]"""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def end(self, within):
        """Exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running_server(log_folder, *flags, environment=None, folder=ROOT, before=(), host="127.0.0.1"):
    """Run a server until the block ends; it is up when the block begins.

    Its packages come from `folder`; its command comes after `before`.
    """
    port, page_port = free_port(), free_port()
    log = log_folder / f"server-{port}.log"
    arguments = [sys.executable, "-m", "server", "--host", host, "--port", str(port)]
    arguments += ["--ui-port", str(page_port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*before, *arguments, *map(str, flags)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = ServerProcess(process, host, port, page_port, log)
    try:
        _wait_until_up(server)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _wait_until_up(server):
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        assert server.process.poll() is None, f"the server has ended:\n{server.log}"
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=3):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise AssertionError(f"the server does not answer:\n{server.log}")
