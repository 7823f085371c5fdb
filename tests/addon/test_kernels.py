"""Ahead-of-time, jitted and plain-Python kernels: the same arrays, to the last bit."""

import importlib.util
import os
import pickle
import re
import subprocess
import sys
from copy import deepcopy

import numpy as np
import pytest

import server.plans.planning  # noqa: F401 - declares all kernels
from matrix_builders.compiled import KERNELS, MODE, _jit
from tests.addon import record_kernel_calls
from tests.addon.conftest import ROOT


@pytest.fixture(scope="module")
def compiled(installed):
    """The extension of the wheel."""
    (path,) = (installed / "matrix_builders").glob("_kernels*.so")
    specification = importlib.util.spec_from_file_location("_kernels", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Arguments that every kernel was called with while plans were made, by name."""
    file = tmp_path_factory.mktemp("calls") / "calls"
    subprocess.run(
        [sys.executable, "-m", record_kernel_calls.__name__, str(file)],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=True,
    )
    return pickle.loads(file.read_bytes())


def functions_of(values, starts, ends):
    """Rows of piecewise-linear functions in one array; the last slope of each is not defined."""
    pairs = zip(starts, ends, strict=True)
    return [part for a, b in pairs for part in (values[:-1, a:b], values[-1, a : b - 1])]


DEFINED = {
    "interval_costs": lambda costs, place: [*functions_of(costs, place[:-1], place[1:]), place],
    "price_rest": lambda costs, place: [*functions_of(costs, place[:-1], place[1:]), place],
    "value_by_mode": lambda values, place: [*functions_of(values, place[:-1], place[1:]), place],
    "value_backwards": lambda values, place, first, is_convex: [
        *functions_of(values, place[1:], place[:-1]),
        place,
        is_convex,
        *functions_of(first, [0], [first.shape[1]]),
    ],
}
"""What of a result means something, where a kernel returns arrays that are longer than that."""


def outcome(name, kernel, arguments):
    """What a kernel returns, and its arguments as it leaves them."""
    own = deepcopy(arguments)
    result = kernel(*own)
    if name in DEFINED:
        result = DEFINED[name](*result)
    return [*(result if isinstance(result, (tuple, list)) else (result,)), *own]


def test_every_kernel_is_in_the_extension(compiled):
    declared = [
        name
        for folder in ("matrix_builders", "optimiser", "server")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"^@kernel\((?:.*?)\)\ndef (\w+)", path.read_text(), re.M | re.S)
    ]

    assert sorted(declared) == sorted(KERNELS)
    assert [name for name in declared if not callable(getattr(compiled, name, None))] == []


@pytest.mark.skipif(MODE != "jit", reason="kernels of this environment are not jitted")
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_three_ways_to_run_a_kernel_agree_exactly(name, calls, compiled):
    signature, function = KERNELS[name]
    jitted = _jit(signature, function)

    assert calls.get(name), "no plan has called it"
    for arguments in calls[name]:
        plain = outcome(name, function, arguments)
        for other in (getattr(compiled, name), jitted):
            for got, wanted in zip(outcome(name, other, arguments), plain, strict=True):
                np.testing.assert_array_equal(got, wanted)
