"""Hypothesis profiles (HYPOTHESIS_PROFILE chooses), and what is compiled once for all tests."""

import os
import sys

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from tests import wheel

for _name, _examples in (("dev", 50), ("ci", 500)):
    settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,  # the machine has other work
        derandomize=True,  # a failure on one machine is a failure on every other
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_configure(config):
    """Fill numba's cache before there are workers, which would all compile the same."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    wheel.BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(wheel.BUILD / "kernels.lock"):
        import server.plans.planning  # noqa: F401, PLC0415 - declares, and so compiles, every kernel


def pytest_collection_modifyitems(config, items):
    """Build the wheel while other tests run: those that need it come last, without a time limit."""
    if wheel.BUILDING in config.stash:
        return
    needing = {item.path for item in items if "wheel" in getattr(item, "fixturenames", ())}
    if not needing:
        return
    items.sort(key=lambda item: item.path in needing)
    for item in items:
        if item.path in needing:
            item.add_marker(pytest.mark.timeout(0))
    if not config.option.collectonly:
        config.stash[wheel.BUILDING] = wheel.build_in_background()


def pytest_unconfigure(config):
    if building := config.stash.get(wheel.BUILDING, None):
        wheel.stop(building)


@pytest.fixture(scope="module")
def without_dead_band():
    """Serve plans with every movement in them, however small.

    The dead band may move a cost by a thousandth of a kWh.  Its own tests say how; where costs
    are compared to seven digits it would only be noise.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("optimiser.") and hasattr(module, "DEAD_BAND"):
                patch.setattr(module, "DEAD_BAND", 0.0)
        yield
