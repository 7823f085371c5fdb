"""A real server on the loopback, and requests to it."""

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
from pathlib import Path

from benchmarks.packages import home

_UP_WITHIN = 60.0  # s; a Raspberry Pi may compile first

IMAGE_ENVIRONMENT = {  # that of the add-on's image
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "8388608",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
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
    """A client that keeps its connection, as sessions do, and takes next to no time of its own.

    Parameters
    ----------
    url : str
        Of the server.
    """

    def __init__(self, url: str) -> None:
        self._place = url.partition("//")[2]
        self._connection: socket.socket | None = None

    def post(self, body: bytes, path: str = "/optimize") -> bytes:
        """Reply to a request."""
        try:
            head, answer = self._exchange(body, path)
        except ConnectionError:  # the server lets go of a connection that rests
            self.close()
            head, answer = self._exchange(body, path)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"{head[:20]!r}: {answer[:200]!r}")
        return answer

    def _exchange(self, body: bytes, path: str) -> tuple[bytes, bytes]:
        """Head and body of the reply; our server always says how long that is."""
        if self._connection is None:
            host, _, port = self._place.partition(":")
            self._connection = socket.create_connection((host, int(port)), timeout=120)
        asked = (
            f"POST {path} HTTP/1.1\r\nHost: {self._place}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._connection.sendall(asked.encode() + body)
        head = self._received(b"")
        while not (found := head.partition(b"\r\n\r\n"))[1]:
            head = self._received(head)
        head, _, begun = found
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        while len(begun) < length:
            begun = self._received(begun, length - len(begun), socket.MSG_WAITALL)
        return head, begun

    def _received(self, before: bytes, most: int = 2**16, flags: int = 0) -> bytes:
        assert self._connection is not None
        if more := self._connection.recv(most, flags):
            return before + more
        raise ConnectionError("the server closed the connection")

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


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
