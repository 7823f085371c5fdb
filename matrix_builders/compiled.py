"""The one place that decides how kernels run.

In this order: plain Python, where ``NUMBA_DISABLE_JIT`` is set; the ahead-of-time module, where a
build put one beside this file; numba, with its cache on disk; plain Python without numba.
numba itself is imported only when it is the one that compiles: it costs half a second and
60 MB, which the add-on does not have.
"""

import contextlib
import importlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
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


def kernel(signature: str) -> Callable[[Kernel], Kernel]:
    """Declare a kernel: numeric code over arrays, compiled where it can be.

    Parameters
    ----------
    signature : str
        Types in numba's notation, ``"void(f8[::1], i8)"``; one declaration serves the
        ahead-of-time build and the just-in-time compiler alike.

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
            return cast(Kernel, _jit(signature, function))
        return function

    return declare


def _require_unique(name: str, function: Callable[..., Any]) -> None:
    """Refuse a second function of a name; a module that is loaded again declares the same one."""
    _, declared = KERNELS.get(name, ("", function))
    first, second = (f"{f.__module__}.{f.__qualname__}" for f in (declared, function))
    if first != second:
        raise ValueError(f"kernel {name}: its name must be unique, got {first} and {second}")


def _jit(signature: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that is compiled when it is first called, by Python or by another kernel.

    numba would compile for the types of the arguments; this is compiled once, as declared.
    """
    import numba  # noqa: PLC0415 - heavy, and not needed in the other two modes
    from numba.core.compiler_lock import global_compiler_lock  # noqa: PLC0415

    _drop_stale(function)
    dispatcher = numba.njit(cache=True, nogil=True)(function)
    compile_for = dispatcher.compile

    def compile_as_declared(_: object) -> Any:  # noqa: ANN401 - numba's, and untyped
        with global_compiler_lock:  # another thread may have been first
            if not dispatcher.overloads:
                compile_for(signature)
                dispatcher.disable_compile()
            (overload,) = dispatcher.overloads.values()
        return overload.entry_point

    dispatcher.compile = compile_as_declared
    return cast(Callable[..., Any], dispatcher)


def _drop_stale(function: Callable[..., Any]) -> None:
    """Remove the compiled kernel where the source of one that it may call is newer.

    numba looks at the file of the kernel alone; what it calls was declared before it.
    """
    sources = {Path(called.__code__.co_filename) for _, called in KERNELS.values()}
    newest = max(source.stat().st_mtime for source in sources)
    own = Path(function.__code__.co_filename)
    for index in (own.parent / "__pycache__").glob(f"{own.stem}.{function.__name__}-*.nbi"):
        if index.stat().st_mtime < newest:
            with contextlib.suppress(OSError):  # of somebody else, or removed by now
                index.unlink()
