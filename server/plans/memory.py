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


def let_go() -> None:
    """Empty Python's free lists.

    They keep what is freed for the next use, tuples by the thousand, and shrink only when Python
    looks for cycles; plans leave none, so that it hardly ever looks.  Takes a millisecond.
    """
    gc.collect()


def give_back() -> None:
    """Return what plans have freed; a heap of many small plans' holes would grow for weeks.

    Takes about half a millisecond, without the interpreter lock.
    """
    if _TRIM is not None:
        _TRIM(0)
