"""Progress of the kernels that numba compiles, once on a machine; later starts load them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from matrix_builders.compiled import KERNELS, MODE

log = logging.getLogger("server.plans.compilation")


@contextmanager
def compilation_logged() -> Iterator[None]:
    """Log every kernel that is compiled as it begins, for as long as the context lasts."""
    if MODE != "jit":  # the only mode in which numba is loaded
        yield
        return
    from numba.core import event  # noqa: PLC0415 - half a second, and not needed elsewhere

    functions = {function for _, function in KERNELS.values()}

    class Progress(event.Listener):  # type: ignore[misc]  # numba is untyped
        """Counts the kernels; those that one calls are compiled within it."""

        def __init__(self) -> None:
            self.n_begun = 0

        def on_start(self, event: event.Event) -> None:
            """Say which kernel is next; functions of numba's own are parts of ours."""
            function = event.data["dispatcher"].py_func
            if function not in functions:
                return
            if self.n_begun == 0:
                log.info("compiling kernels, once on this machine; half a minute or more")
            self.n_begun += 1
            log.info(
                "compiling kernel %d of at most %d: %s",
                self.n_begun,
                len(functions),
                function.__name__,
            )

        def on_end(self, event: event.Event) -> None:
            """Say nothing."""

    with event.install_listener("numba:compile", Progress()):
        yield
