"""Little memory: what the server of the wheel uses with a home, its link and its books.

`tests/addon/test_memory.py` measures the same without a home.
"""

import pytest

from addon.prove.memory import limited
from addon.prove.tools import Lacking
from benchmarks.serving import IMAGE_ENVIRONMENT
from tests.addon.conftest import installed, wheel
from tests.addon.test_memory import SPARE
from tests.controller.processes import planned_home

__all__ = ["installed", "wheel"]

IDLE, PEAK = 76, 92  # MiB resident
PLANNING = 96  # MiB, of a control group
PLANS = 30


def plan_often(visitor, plans):
    """Plan again and again, look at everything there is, and find the home anew."""
    last = visitor.set_up()["planned_at"]
    for _ in range(plans):
        visitor.post("control", {"is_replan": True})
        last = visitor.until(lambda status, last=last: status["planned_at"] != last)["planned_at"]
        for path in ("setup.json", "books/days.json?first=2026-01-01&last=2100-01-01"):
            visitor.get(path)
    visitor.post("setup/find", {})


def test_it_stays_small_with_a_home(installed, tmp_path):
    with planned_home(tmp_path, packages=installed, environment=IMAGE_ENVIRONMENT) as (
        *_,
        server,
        visitor,
    ):
        visitor.set_up()
        idle = server.memory("VmRSS")
        plan_often(visitor, PLANS)
        after, peak = server.memory("VmRSS"), server.memory("VmHWM")
        print(f"{idle:.1f} {after:.1f} {peak:.1f}")

    assert idle <= IDLE + SPARE
    assert after <= IDLE + SPARE
    assert peak <= PEAK


def test_it_plans_for_a_home_where_memory_is_short(installed, tmp_path):
    try:
        with (
            limited(PLANNING) as before,
            planned_home(
                tmp_path, packages=installed, environment=IMAGE_ENVIRONMENT, before=before
            ) as (*_, server, visitor),
        ):
            plan_often(visitor, 5)
            assert server.process.poll() is None
    except Lacking as reason:
        pytest.skip(str(reason))
