"""Declaring kernels."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from matrix_builders import compiled


@pytest.fixture
def declare(monkeypatch):
    """Declare a kernel called `double` in a module of some name, apart from the real ones."""
    monkeypatch.setattr(compiled, "KERNELS", {})
    monkeypatch.setattr(compiled, "MODE", "python")

    def declare_in(module):
        def double(x):
            return 2.0 * x

        double.__module__ = module
        return compiled.kernel("f8(f8)")(double)

    return declare_in


def test_a_second_kernel_of_a_name_is_refused_and_both_are_named(declare):
    first = declare("here")

    with pytest.raises(ValueError, match=r"double: .* unique, got here\..*double and there\."):
        declare("there")

    assert compiled.KERNELS["double"] == ("f8(f8)", first)


def test_a_module_that_is_loaded_again_declares_its_kernels_again(declare):
    declare("here")

    again = declare("here")

    assert compiled.KERNELS["double"] == ("f8(f8)", again)


_KERNEL = """from matrix_builders.compiled import kernel
{}
@kernel("f8(f8)")
def {}(x):
    return {}
"""


@pytest.mark.skipif(compiled.MODE != "jit", reason="kernels of this environment are not jitted")
def test_a_kernel_is_compiled_again_where_one_that_it_calls_has_changed(tmp_path):
    """numba looks at the file of the caller alone."""

    def result_with(inner, seconds):
        source = tmp_path / "inner_kernel.py"
        source.write_text(_KERNEL.format("", "inner", inner))
        changed = (tmp_path / "outer_kernel.py").stat().st_mtime + seconds
        os.utime(source, (changed, changed))
        program = "from outer_kernel import outer; print(outer(1.0))"
        place = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
        run = [sys.executable, "-c", program]
        return subprocess.run(run, env=place, check=True, capture_output=True, text=True).stdout

    outer = _KERNEL.format("from inner_kernel import inner", "outer", "inner(x)")
    (tmp_path / "outer_kernel.py").write_text(outer)

    assert result_with("x + 1.0", 0.0) == "2.0\n"
    assert result_with("x + 2.0", 60.0) == "3.0\n"


@pytest.mark.skipif(compiled.MODE != "jit", reason="kernels of this environment are not jitted")
def test_a_kernel_is_compiled_when_it_is_called_once_and_as_it_was_declared():
    def half(x):
        return x / 2.0

    dispatcher = compiled._jit("f8(f8)", half)
    before = list(dispatcher.signatures)
    results = [dispatcher(3), dispatcher(3.0), dispatcher(np.float32(3.0)), dispatcher(True)]

    assert before == []
    assert results == [1.5, 1.5, 1.5, 0.5]
    assert [str(types) for types in dispatcher.signatures] == ["(float64,)"]


@pytest.mark.skipif(compiled.MODE != "jit", reason="kernels of this environment are not jitted")
def test_two_threads_that_need_a_kernel_at_once_both_get_it():
    def third(x):
        return x / 3.0

    dispatcher = compiled._jit("f8(f8)", third)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(dispatcher, [3.0, 6.0, 9.0, 12.0]))

    assert results == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.skipif(compiled.MODE != "jit", reason="kernels of this environment are not jitted")
def test_no_kernel_is_compiled_that_nothing_needs_yet():
    program = "import optimiser, server.plans.planning; from matrix_builders import build; "
    program += "from optimiser.value_function import fewest_runs, piecewise; "
    program += "print(len(fewest_runs.fewest_runs.signatures), len(piecewise.append.signatures))"

    run = [sys.executable, "-c", program]
    shown = subprocess.run(run, check=True, capture_output=True, text=True).stdout

    assert shown == "0 0\n"
