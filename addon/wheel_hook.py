"""Build hook: the wheel carries its kernels compiled, where this machine can compile them."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNEL_MODULES = ("matrix_builders", "optimiser")
REQUIRED = "POWERSYNC_KERNELS_REQUIRED"
"""Set in the environment, it makes a wheel without compiled kernels an error."""


class KernelHook(BuildHookInterface[Any]):
    """Compile the kernels into the wheel; an editable install keeps its sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the extension to the wheel, or say why numba will compile on first use instead."""
        if version == "editable":
            return
        # Before numba is imported: kernels that call each other are compiled for this machine
        # first, and must not carry its features into the wheel.
        os.environ.update(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
        sys.path.insert(0, self.root)
        from matrix_builders.ahead_of_time import CannotCompile, compile_kernels  # noqa: PLC0415

        self._folder = tempfile.TemporaryDirectory(prefix="kernels-")
        try:
            extension = compile_kernels(KERNEL_MODULES, Path(self._folder.name))
        except CannotCompile as reason:
            if os.environ.get(REQUIRED):
                raise
            self.app.display_warning(f"kernels not compiled, numba will on first use: {reason}")
            return
        build_data["force_include"][str(extension)] = f"matrix_builders/{extension.name}"
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        del version, build_data, artifact_path
        if hasattr(self, "_folder"):
            self._folder.cleanup()
