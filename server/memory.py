"""Give memory back to the system between plans."""

import ctypes
import gc
from collections.abc import Callable


def _trimmer() -> Callable[[int], int] | None:
    """``malloc_trim`` of the GNU C library; None where another one is at work."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return trim


_TRIM = _trimmer()


def give_back() -> None:
    """Return what plans have freed; a heap of many small plans' holes would grow for weeks.

    Python keeps some of what is freed for its own next use, thousands of tuples for example, and
    lets go of it only when it looks for cycles, which plans have none of.  Takes a millisecond or
    two, the longer part without the interpreter lock.
    """
    gc.collect()
    if _TRIM is not None:
        _TRIM(0)
