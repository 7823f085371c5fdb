"""The wheel: kernels compiled into it, and a working one where there is no compiler."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.end_to_end import small_request
from tests.server.processes import running_server
from tests.server.test_process import call
from tests.wheel import build_wheel

IMPORTED = """
import json, sys
import server.serve
from server.http.app import create_app, utc_now
from server.plans.example import example_body
from server.options import Options
from server.plans.planning import answer
import matrix_builders

create_app()
answer(example_body(), Options(), utc_now)
heavy = [name for name in ("numba", "llvmlite", "scipy", "numpy.ma") if name in sys.modules]
print(json.dumps([matrix_builders.MODE, matrix_builders.__file__, heavy]))
"""


def only(folder, **environment):
    """Environment in which our packages come from `folder`, not from this checkout."""
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1", **environment}


def test_it_names_the_machine_that_it_is_for(wheel):
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"

    assert f"-{python}-{python}-linux_" in wheel.name


def test_it_holds_the_extension_and_no_cache_of_another_machine(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    (extension,) = (name for name in names if name.endswith(".so"))
    assert extension.startswith("matrix_builders/_kernels.")
    assert [
        name for name in names if "__pycache__" in name or name.endswith((".nbi", ".nbc"))
    ] == []


def test_a_plan_loads_nothing_heavy_that_it_does_not_need(installed, tmp_path):
    said = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=tmp_path,
        env=only(installed),
        capture_output=True,
        text=True,
        check=True,
    )

    mode, file, heavy = json.loads(said.stdout)
    assert (mode, heavy) == ("ahead-of-time", [])
    assert file.startswith(str(installed))


def test_the_server_plans_and_ends(installed, tmp_path):
    """How soon it is up is measured by `make addon`."""
    with running_server(tmp_path, folder=installed) as server:
        kernels = call(server, "/status")["kernels"]
        reply = call(server, "/optimize", small_request())
        assert server.end(60.0) == 0

    assert kernels == "ahead-of-time"
    assert reply["status"] == "optimal"


def without_a_compiler(tmp_path):
    """Environment in which neither C nor C++ can be compiled."""
    return {"CC": str(tmp_path / "none"), "CXX": str(tmp_path / "none")}


def test_without_a_compiler_the_wheel_works_and_says_why(tmp_path):
    wheel, said = build_wheel(tmp_path / "wheel", **without_a_compiler(tmp_path))

    assert wheel.name.endswith("-py3-none-any.whl")
    assert "kernels not compiled, numba will on first use" in said
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target",
         tmp_path / "site", wheel],
        check=True,
    )  # fmt: skip
    found = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=tmp_path,
        env=only(tmp_path / "site", NUMBA_DISABLE_JIT="1"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout)[0] == "python"


def test_an_image_without_kernels_is_refused(tmp_path):
    with pytest.raises(AssertionError, match="CannotCompile"):
        build_wheel(tmp_path, POWERSYNC_KERNELS_REQUIRED="1", **without_a_compiler(tmp_path))


@pytest.mark.skipif(shutil.which("objdump") is None, reason="no objdump (Debian: binutils)")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names of x86-64 registers")
def test_the_extension_runs_on_the_least_processor(installed):
    (extension,) = (installed / "matrix_builders").glob("_kernels*.so")

    code = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", extension],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert re.search(r"%xmm\d", code)
    assert not re.search(r"%[yz]mm\d", code), "compiled for AVX"
