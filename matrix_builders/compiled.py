"""The one place that decides how kernels run.

In this order: the ahead-of-time module, where a build put one beside this file; plain Python,
where ``NUMBA_DISABLE_JIT`` is set; numba, with its cache on disk; plain Python without numba.
numba itself is imported only when it is the one that compiles: it costs half a second and
60 MB, which the add-on does not have.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal, TypeVar, cast

Mode = Literal["ahead-of-time", "jit", "python"]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])

AHEAD_OF_TIME_MODULE = "matrix_builders._kernels"

KERNELS: dict[str, tuple[str, Callable[..., Any]]] = {}
"""Signature and Python function of every kernel declared so far, by name."""


def _ahead_of_time() -> ModuleType | None:
    if importlib.util.find_spec(AHEAD_OF_TIME_MODULE) is None:
        return None
    return importlib.import_module(AHEAD_OF_TIME_MODULE)


def _mode(module: ModuleType | None) -> Mode:
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}:
        return "python"
    if module is not None:
        return "ahead-of-time"
    return "jit" if importlib.util.find_spec("numba") is not None else "python"


_MODULE = _ahead_of_time()
MODE: Mode = _mode(_MODULE)
"""How the kernels of this process run."""


def kernel(signature: str, *, inlined: bool = False) -> Callable[[Kernel], Kernel]:
    """Declare a kernel: numeric code over arrays, compiled where it can be.

    Parameters
    ----------
    signature : str
        Types in numba's notation, ``"void(f8[::1], i8)"``; one declaration serves the
        ahead-of-time build and the just-in-time compiler alike.
    inlined : bool
        For what other kernels call in every interval and allocates nothing: it becomes a part of
        them, and no reference to an array is counted in it, which took a third of their time.

    Returns
    -------
    Callable
        A decorator.  Kernels raise nothing, keep no state and allocate what they return.

    Raises
    ------
    ValueError
        By the decorator, where another kernel has the name: the extension has one for each.
    """

    def declare(function: Kernel) -> Kernel:
        name = function.__name__
        _require_unique(name, function)
        KERNELS[name] = (signature, function)
        if MODE == "ahead-of-time":
            return cast(Kernel, getattr(_MODULE, name))
        if MODE == "jit":
            return cast(Kernel, _jit(signature, function, inlined))
        return function

    return declare


def _require_unique(name: str, function: Callable[..., Any]) -> None:
    """Refuse a second function of a name; a module that is loaded again declares the same one."""
    _, declared = KERNELS.get(name, ("", function))
    first, second = (f"{f.__module__}.{f.__qualname__}" for f in (declared, function))
    if first != second:
        raise ValueError(f"kernel {name}: its name must be unique, got {first} and {second}")


def _jit(signature: str, function: Callable[..., Any], inlined: bool = False) -> Callable[..., Any]:
    import numba  # noqa: PLC0415 - heavy, and not needed in the other two modes

    options = {"forceinline": True, "_nrt": False} if inlined else {}
    compiled = numba.njit(signature, cache=True, nogil=True, **options)(function)
    return cast(Callable[..., Any], compiled)
