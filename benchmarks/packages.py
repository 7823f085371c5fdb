"""Which copy of our packages is measured.

On a bare machine the wheel, with its compiled kernels, is installed, and the checkout brings the
benchmarks only: its own packages, which numba would have to compile, stand aside.
"""

import importlib.util
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def prefer_the_wheel() -> None:
    """Let an installed wheel with compiled kernels go before this checkout without numba."""
    if importlib.util.find_spec("numba") is not None:
        return
    elsewhere = [place for place in sys.path if place and Path(place).resolve() != CHECKOUT]
    if any(list(Path(place).glob("matrix_builders/_kernels.*.so")) for place in elsewhere):
        sys.path[:] = [*elsewhere, str(CHECKOUT)]


def home() -> Path:
    """Folder that holds the packages in use."""
    found = importlib.util.find_spec("matrix_builders")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parents[1]
