"""Hypothesis profiles: `dev` by default, `ci` where HYPOTHESIS_PROFILE says so."""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

for _name, _examples in (("dev", 50), ("ci", 500)):
    settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,  # the first call of a kernel compiles it
        derandomize=True,  # a failure on one machine is a failure on every other
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


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
