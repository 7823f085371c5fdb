"""A real server on the loopback, and requests to it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from benchmarks.packages import home

_UP_WITHIN = 60.0  # s; a Raspberry Pi may compile first

IMAGE_ENVIRONMENT = {  # that of the add-on's image
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "262144",
}


@dataclass(slots=True)
class Server:
    """A server on a free port, ended by its id.

    Used as a context manager; gives the URL.

    Attributes
    ----------
    folder : Path
        Where its packages come from; the present ones by default.
    before : sequence of str
        What its command comes after.
    start_up : float
        From its start to its first answer. [s]
    """

    folder: Path = field(default_factory=home)
    before: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: IMAGE_ENVIRONMENT)
    start_up: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        """Start it and wait until it answers."""
        port, page = _free_port(), _free_port()
        command = [sys.executable, "-m", "server", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--ui-port", str(page), "--log-level", "error"]
        place = {"PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [*self.before, *command], env={**os.environ, **place, **self.environment}
        )
        url = f"http://127.0.0.1:{port}"
        while not _answers(url):
            if self._process.poll() is not None or time.perf_counter() - began > _UP_WITHIN:
                self.__exit__()
                raise RuntimeError("the server does not answer")
            time.sleep(0.005)
        self.start_up = time.perf_counter() - began
        return url

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)

    def memory(self, line: str) -> float:
        """A line of its status, ``VmRSS`` now or ``VmHWM`` at most. [MiB]"""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        found = next(entry for entry in status if entry.startswith(line + ":"))
        return int(found.split()[1]) / 1024


class Client:
    """A client that keeps its connection, as sessions do.

    Parameters
    ----------
    url : str
        Of the server.
    """

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.partition("//")[2], timeout=120)

    def post(self, body: bytes, path: str = "/optimize") -> bytes:
        """Reply to a request."""
        try:
            reply, answer = self._exchange(body, path)
        except ConnectionError:  # the server lets go of a connection that rests
            self.close()
            reply, answer = self._exchange(body, path)
        if reply.status != HTTPStatus.OK:
            raise RuntimeError(f"{reply.status}: {answer[:200]!r}")
        return answer

    def _exchange(self, body: bytes, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request("POST", path, body, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        return reply, reply.read()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def post(url: str, body: bytes, path: str = "/optimize") -> bytes:
    """Reply to a request."""
    request = urllib.request.Request(url + path, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        answer: bytes = reply.read()
        return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/health", timeout=1).close()
    except (urllib.error.URLError, OSError):
        return False
    return True
