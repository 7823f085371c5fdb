"""The builders against the programme written out; all kernels without a compiler, and checked."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from matrix_builders import MODE
from tests import problems as one_storage
from tests.builders import a_problem
from tests.matrix_builders import dense_matrix, written
from tests.oracle import model_of_arrays
from tests.strategies import problems, sites
from tests.tolerances import KERNEL

ROOT = Path(__file__).resolve().parents[2]

SITE = """
from datetime import UTC, datetime
from optimiser import Battery, Forecast, Horizon, Site, Tariff

site = Site(
    horizon=Horizon(start=datetime(2026, 1, 1, tzinfo=UTC), hours=[0.5, 1.0, 1.0, 2.0]),
    tariff=Tariff(import_price=[0.3, 0.1, 0.2, 0.5], export_price=[0.05, 0.0, 0.1, 0.3]),
    forecast=Forecast(load=[1.0, 0.5, 2.0, 3.0], solar=[0.0, 4.0, 1.0, 0.0]),
    batteries=(Battery(capacity=8, charge_limit=3, discharge_limit=3, initial_soc=0.4),),
)
"""

PLAN = f"""
{SITE}
import json, sys
import matrix_builders
from optimiser import plan

best = plan(site)
print(json.dumps([matrix_builders.MODE, "numba" in sys.modules, best.money.total_cost]))
"""

BOUNDS_CHECKED = """
import pickle, sys
import numba
import numpy as np
from pathlib import Path
from matrix_builders import MODE
from optimiser.model.dispatch import Trajectory, simulate
from optimiser.model.formulation import formulate
from optimiser.value_function.storage_plan import applies_to, solve

@numba.njit("f8(f8[::1], i8)")
def entry(values, place):
    return values[place]

for problem in pickle.loads(Path(sys.argv[1]).read_bytes()):
    formulation = formulate(problem)
    simulate(problem, formulation.trajectory(formulation.lp.col_upper))
    if applies_to(problem):
        solve(problem)
try:
    entry(np.zeros(2), 2)
except IndexError:
    print(MODE, "and bounds are checked")
"""


@given(problems())
def test_the_matrix_is_the_written_out_one(problem):
    expected = model_of_arrays(problem).matrix()

    _, lp = written(problem)

    rows, cols = np.nonzero(expected.T)[::-1]
    assert lp.matrix.indices.tolist() == rows.tolist()
    assert np.repeat(np.arange(lp.cost.size), np.diff(lp.matrix.indptr)).tolist() == cols.tolist()
    np.testing.assert_allclose(dense_matrix(lp), expected, rtol=KERNEL, atol=KERNEL)


@given(problems())
def test_costs_and_bounds_are_the_written_out_ones(problem):
    dense = model_of_arrays(problem)

    _, lp = written(problem)

    for got, expected in (
        (lp.cost, [column.cost for column in dense.columns.values()]),
        (lp.col_lower, [column.lower for column in dense.columns.values()]),
        (lp.col_upper, [column.upper for column in dense.columns.values()]),
        (lp.row_lower, [row.lower for row in dense.rows]),
        (lp.row_upper, [row.upper for row in dense.rows]),
    ):
        np.testing.assert_allclose(got, expected, rtol=KERNEL, atol=KERNEL)


def output_of(script, *arguments, **environment):
    """Standard output of a fresh interpreter."""
    finished = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_without_a_compiler_numba_stays_away_and_the_plan_is_the_same():
    mode, _, cost = json.loads(output_of(PLAN, NUMBA_DISABLE_JIT="0"))

    slow_mode, imports_numba, slow_cost = json.loads(output_of(PLAN, NUMBA_DISABLE_JIT="1"))

    assert mode in {"jit", "ahead-of-time"}
    assert (slow_mode, imports_numba) == ("python", False)
    assert slow_cost == pytest.approx(cost, rel=KERNEL)


@pytest.mark.skipif(MODE == "ahead-of-time", reason="only numba checks bounds")
def test_no_kernel_reads_or_writes_beyond_its_arrays(tmp_path):
    handful = []

    @settings(max_examples=20)
    @given(problems() | sites().map(a_problem) | one_storage.problems(40))
    def collect(problem):
        handful.append(problem)

    collect()
    arrays = tmp_path / "arrays"
    arrays.write_bytes(pickle.dumps(handful))

    said = output_of(
        BOUNDS_CHECKED,
        str(arrays),
        NUMBA_DISABLE_JIT="0",
        NUMBA_BOUNDSCHECK="1",
        NUMBA_CACHE_DIR=str(tmp_path),
    )

    assert said == "jit and bounds are checked"
