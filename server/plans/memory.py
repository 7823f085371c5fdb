"""Memory that goes back to the system between plans."""

import ctypes
import gc


def release() -> None:
    """Return freed memory to the system; a heap with the holes of many plans would grow.

    Python keeps what is freed for its next use until it looks for cycles, and the C library until
    it is asked; the GNU library alone can be.  Takes about two milliseconds.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
