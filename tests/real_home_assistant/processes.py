"""The root with Home Assistant, and processes that live in it."""

import asyncio
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
ROOT = Path(
    os.environ.get("HOME_ASSISTANT_ROOT", REPOSITORY / "build/home-assistant/root")
).absolute()
PYTHON = "/opt/ha/bin/python"  # in the root

_GRACE = 30  # s from SIGTERM until SIGKILL; Core writes its recorder's queue first


def lack():
    """Say why nothing can run in the root, or return None."""
    if not any((ROOT / "opt").glob("home-assistant.*")):
        return f"{ROOT} is not built: make home-assistant"
    done = subprocess.run(
        inside(PYTHON, "--version"), check=False, text=True, capture_output=True, timeout=60
    )
    return done.stderr.strip() or "nothing runs in the root" if done.returncode else None


class Process:
    """One program, started, stopped and killed by its own id.

    Parameters
    ----------
    command : list of str
        Program and arguments.
    log : Path
        File that its output is added to.
    environment : dict
        Variables added to those of the tests.
    """

    def __init__(self, command, log, environment=None):
        self.command, self.log = [str(part) for part in command], log
        self.environment = {**os.environ, **(environment or {})}
        self._running = None

    @property
    def pid(self):
        return self._running.pid

    async def start(self):
        assert self._running is None or self._running.returncode is not None, "it runs"
        with self.log.open("ab") as output:
            self._running = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=REPOSITORY,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def stop(self):
        """End it as its host would; where it does not end, kill it."""
        if self._running is None or self._running.returncode is not None:
            return
        self._running.terminate()
        try:
            await asyncio.wait_for(self._running.wait(), _GRACE)
        except TimeoutError:
            await self.kill()

    async def kill(self):
        """End it as a power cut would."""
        self._running.kill()
        await self._running.wait()

    def require_running(self):
        """Raise, with the end of its log, where it has ended."""
        if self._running.returncode is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise AssertionError(f"{self.command[0]} ended with {self._running.returncode}: {tail}")


def inside(*command):
    """Return the command that runs another in the root."""
    return [HERE / "inside.sh", ROOT, *command]


async def until(found, seconds, what, every=0.2):
    """Wait until a coroutine function answers something true, and return that."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (answer := await found()):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(every)
    return answer
