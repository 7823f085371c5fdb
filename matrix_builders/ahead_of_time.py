"""Compile every declared kernel into one extension module, for machines without numba.

Used while a wheel is built, never at run time: `matrix_builders.compiled` finds what this left
beside it.
"""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matrix_builders.compiled import AHEAD_OF_TIME_MODULE, KERNELS, MODE

CPU = "generic"
"""The least of its architecture: one wheel serves every machine that can run Python."""


class CannotCompile(Exception):
    """The machine lacks what the compilation needs: numba, or a C compiler."""


def compile_kernels(modules: Iterable[str], folder: Path) -> Path:
    """Compile the kernels declared in `modules` and in what they import.

    Parameters
    ----------
    modules : iterable of str
        Names of importable modules; importing them declares the kernels.
    folder : Path
        Where the extension goes; made if need be.

    Returns
    -------
    Path
        The extension, named for this Python and this machine.

    Raises
    ------
    CannotCompile
        Where numba or the C compiler is missing or fails; the message says which.
    """
    for module in modules:
        importlib.import_module(module)
    if MODE != "jit":  # kernels call each other through numba's dispatchers
        raise CannotCompile(f"kernels are declared for {MODE}; numba must compile them")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _compile(folder)
    except Exception as error:
        # setuptools, numba and the compiler each have errors of their own, and no common base.
        raise CannotCompile(f"{type(error).__name__}: {error}") from error


def _compile(folder: Path) -> Path:
    from numba.pycc import CC, compiler  # noqa: PLC0415 - numba is for builds only

    plain = compiler.Flags

    def without_the_lock() -> Any:  # noqa: ANN401 - its type is untyped
        """Flags of ``njit(nogil=True)``; pycc has no option for it."""
        flags = plain()
        flags.release_gil = True
        return flags

    extension = CC(AHEAD_OF_TIME_MODULE.rpartition(".")[-1])
    extension.output_dir = str(folder)
    extension.target_cpu = CPU
    for name, (signature, function) in KERNELS.items():
        extension.export(name, signature)(function)
    compiler.Flags = without_the_lock
    try:
        extension.compile()
    finally:
        compiler.Flags = plain
    return folder / str(extension.output_file)
