"""``python -m tests.stress.home_soak [turns]``: a month of a home, five minutes a turn, in a hurry.

The server has the image's environment and a clock that the soak sets; `WHEEL` as in `make soak`.
"""

import argparse
import asyncio
import math
import mmap
import os
import struct
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from benchmarks.serving import IMAGE_ENVIRONMENT
from tests.controller.homes import (
    FIVE_MINUTES,
    HOUR,
    LOAD,
    METERS,
    SUN,
    daily_prices,
    running_fake,
)
from tests.controller.processes import Visitor
from tests.server.processes import ROOT, running_server
from tests.stress.siege import complaints
from tests.stress.soak import MONTH, MOST_GROWTH, WARM, descriptors, threads

BEGIN = datetime(2026, 10, 12, 10, 1, tzinfo=UTC)  # the clocks are put back on 25 October
SOC = "sensor.my_powerwall_charge"
PRICES = "sensor.nordpool_kwh_de_eur"
SCRIPT = "script.battery"
_RECONNECTS = 25  # turns
_EXPECTED = "the connection was closed", ": not connected"  # which the soak does
_LOOKS = 12
_VISITS = ("setup.json", "status.json", "books/days.json?first={day}&last={day}")

# `python -m server` with the clock of the file that its first argument names, and short waits.
SERVER = """
import mmap, struct, sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
import server.controller.controller as controller
import server.home_assistant.link as link
import server.serve
from server.command_line import main
from server.plans.worker import Worker

with Path(sys.argv[1]).open("rb") as file:
    instant = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
clock = lambda: datetime.fromtimestamp(struct.unpack("d", instant)[0], UTC)
controller._GROUP = controller._GROUP_LATER = 0.01
controller._LONGEST_WAIT, controller._BOOKS_EVERY = 0.05, 0.1
link._STEADY = timedelta()  # a connection lasts two hours of the home, and seconds of the soak
Worker.__init__.__kwdefaults__["idle_after"] = 0.01  # it gives memory back between two turns
server.serve.serve = partial(server.serve.serve, clock=clock)
sys.exit(main(["serve", *sys.argv[5:]]))
"""


class Month:
    """A home whose time passes when it is told to.

    Attributes
    ----------
    now : datetime
        Of the home and of the server.
    server, visitor
        The process, and the page.
    """

    def __init__(self, folder):
        self.now, self.folder = BEGIN, folder
        with (folder / "clock").open("wb+") as file:
            file.write(bytes(8))
            file.flush()
            self._instant = mmap.mmap(file.fileno(), 8)
        self._set_clock()

    def _set_clock(self):
        self._instant[:] = struct.pack("d", self.now.timestamp())

    @contextmanager
    def running(self):
        """The server beside its Home Assistant, set up and acting."""
        packages = Path(os.environ.get("WHEEL") or ROOT)
        with running_fake(clock=lambda: self.now) as (self.fake, self.loop):
            self.zone = ZoneInfo(self.fake.config["time_zone"])
            self.fake.actions["script.turn_on"] = None
            self._do(self.fake.set_state(SCRIPT, "off"))
            flags = ("--home-assistant", f"http://127.0.0.1:{self.fake.port}")
            with running_server(
                self.folder,
                *(*flags, "--data", self.folder / "data"),
                environment={**IMAGE_ENVIRONMENT, "HOME_ASSISTANT_TOKEN": self.fake.token},
                folder=packages,
                before=[sys.executable, "-c", SERVER, str(self.folder / "clock")],
            ) as self.server:
                self.visitor = Visitor(self.server)
                self.visitor.set_up(acting={"action": SCRIPT})
                yield self

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def turn(self, number):
        """Five minutes: what Home Assistant then knows, a plan, and sometimes a fault or a look."""
        start = self.now.replace(second=0, microsecond=0) - timedelta(minutes=self.now.minute % 5)
        self.now += FIVE_MINUTES
        self._do(self._pass_time(start))
        self._set_clock()
        self._do(self._report_states())
        if number % _RECONNECTS == _RECONNECTS - 1:
            self._do(self.fake.drop())
        self.visitor.until(lambda status: datetime.fromisoformat(status["planned_at"]) == self.now)
        if number % _LOOKS == 0:
            for path in _VISITS:
                self.visitor.get(path.format(day=self.now.date()))

    async def _pass_time(self, start):
        """Write what the recorder knows after an interval, or after an hour."""
        load, sun = LOAD[start.hour], SUN[start.hour]
        energies = dict(zip(METERS, (max(load - sun, 0.0), max(sun - load, 0.0), sun, 0, 0, load),
                            strict=True))  # fmt: skip
        for name, hourly in energies.items():
            self.fake.add_statistics(f"sensor.{name}", start, [hourly / 12], period="5minute")
            if start.minute == 55:
                self.fake.add_statistics(f"sensor.{name}", start.replace(minute=0), [hourly])
        self.fake.add_statistics(SOC, start, [self._soc()], period="5minute", kind="mean")

    async def _report_states(self):
        """Let the battery move, the price follow the hour, and tomorrow come at one."""
        await self.fake.set_state(SOC, f"{self._soc():.1f}", self.fake.states[SOC]["attributes"])
        if self.now.minute >= 5:
            return
        local = self.now.astimezone(self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [self._prices(midnight + k * 24 * HOUR) for k in range(2)]
        known = days[1] if local.hour >= 13 else []
        shown = {"raw_today": days[0], "raw_tomorrow": known, "tomorrow_valid": bool(known)}
        attributes = self.fake.states[PRICES]["attributes"] | shown
        await self.fake.set_state(PRICES, days[0][local.hour]["value"], attributes)
        self.fake.forecasts["forecast"] = {
            (midnight + k * HOUR).astimezone(UTC).isoformat(): 1000.0 * SUN[k % 24]
            for k in range(72)
        }

    def _prices(self, midnight):
        level = 1.0 + 0.3 * math.sin(midnight.timetuple().tm_yday)
        rows = daily_prices(midnight, 24)
        return [row | {"value": round(level * row["value"], 4)} for row in rows]

    def _soc(self):
        hours = self.now.timestamp() / 3600.0
        return 50.0 + 40.0 * math.sin(hours / 24.0 * 2.0 * math.pi)

    def complaints(self):
        """Lines of the log that call for attention."""
        lines = complaints(self.server.log)
        return [line for line in lines if not any(text in line for text in _EXPECTED)]

    def size(self):
        """All that the server has written. [MiB]"""
        files = (self.folder / "data").iterdir()
        return sum(path.stat().st_size for path in files) / 2**20

    def seen(self):
        """Memory [MiB], threads, descriptors, and what is on the disk. [MiB]"""
        server = self.server
        return server.memory("VmRSS"), threads(server), descriptors(server), self.size()


def replay(month, turns):
    """What was seen after each turn, after the time that it took. [s]"""
    seen = []
    for number in range(turns):
        began = time.perf_counter()
        month.turn(number)
        seen.append((time.perf_counter() - began, *month.seen()))
    return seen


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.stress.home_soak", description=__doc__)
    parser.add_argument("turns", type=int, nargs="?", default=MONTH, help="how many (%(default)s)")
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as name, Month(Path(name)).running() as month:
        seen = replay(month, turns)
        peak, complained = month.server.memory("VmHWM"), month.complaints()
        commands = len(month.fake.calls)
    tenth = max(1, turns // 10)
    times, memory, tasks, files, sizes = zip(*seen[int(WARM * turns) :], strict=True)
    growth = median(memory[-tenth:]) - median(memory[:tenth])
    print(f"{turns} turns of {1000 * median(times):.0f} ms, {commands} calls of actions")
    print(f"memory {median(memory[:tenth]):.1f} -> {median(memory[-tenth:]):.1f} MiB "
          f"({growth:+.2f}), at most {peak:.1f}; threads {set(tasks)}, descriptors {set(files)}; "
          f"books and settings {sizes[-1]:.1f} MiB, at most {max(sizes):.1f}")  # fmt: skip
    print(*complained, sep="\n")
    return growth > MOST_GROWTH or bool(complained)


if __name__ == "__main__":
    sys.exit(main())
