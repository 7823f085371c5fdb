"""Every kernel against a second implementation, and compiled against plain Python."""

import importlib
import inspect
import json
import os
import pickle
import subprocess
import sys
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix_builders import MODE, build, layout_for
from matrix_builders.compiled import KERNELS
from optimiser.model.dispatch import DEAD_BAND
from tests.matrix_builders import dense_matrix
from tests.oracle import model_of_arrays
from tests.strategies import levels_of, programmes
from tests.tolerances import KERNEL

ROOT = Path(__file__).resolve().parents[2]

# Those that take the arrays of a programme; a new one there needs an entry in `argument`.
PROGRAMME_KERNELS = sorted(
    name
    for name, (_, function) in KERNELS.items()
    if function.__module__.startswith("matrix_builders.") or function is KERNELS["track"][1]
)

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
from matrix_builders import MODE, build, layout_for

@numba.njit("f8(f8[::1], i8)")
def entry(values, place):
    return values[place]

for site, storages in pickle.loads(Path(sys.argv[1]).read_bytes()):
    build(layout_for(site, storages), site, storages)
try:
    entry(np.zeros(2), 2)
except IndexError:
    print(MODE, "and bounds are checked")
"""


@given(programmes())
def test_the_matrix_is_the_written_out_one(programme):
    site, storages = programme.site, programme.storages
    expected = model_of_arrays(site, storages).matrix()

    lp = build(layout_for(site, storages), site, storages)

    rows, cols = np.nonzero(expected.T)[::-1]
    assert lp.matrix.indices.tolist() == rows.tolist()
    assert np.repeat(np.arange(lp.cost.size), np.diff(lp.matrix.indptr)).tolist() == cols.tolist()
    np.testing.assert_allclose(dense_matrix(lp), expected, rtol=KERNEL, atol=KERNEL)


@given(programmes())
def test_costs_and_bounds_are_the_written_out_ones(programme):
    site, storages = programme.site, programme.storages
    dense = model_of_arrays(site, storages)

    lp = build(layout_for(site, storages), site, storages)

    for got, expected in (
        (lp.cost, [column.cost for column in dense.columns.values()]),
        (lp.col_lower, [column.lower for column in dense.columns.values()]),
        (lp.col_upper, [column.upper for column in dense.columns.values()]),
        (lp.row_lower, [row.lower for row in dense.rows]),
        (lp.row_upper, [row.upper for row in dense.rows]),
    ):
        np.testing.assert_allclose(got, expected, rtol=KERNEL, atol=KERNEL)


def argument(parameter, programme, levels, lp):
    """What a kernel's parameter of this name stands for in one programme; a new object."""
    layout = layout_for(programme.site, programme.storages, programme.couplings.arrays)
    columns = np.repeat(np.arange(layout.n_cols, dtype=np.int32), np.diff(lp.matrix.indptr))
    by_row = np.argsort(lp.matrix.indices, kind="stable")
    entries = {
        "rows": lp.matrix.indices[by_row],
        "cols": columns[by_row],
        "values": lp.matrix.data[by_row],
        "indptr": np.zeros(layout.n_cols + 1, dtype=np.int32),
        "indices": np.zeros_like(lp.matrix.indices),
        "data": np.zeros_like(lp.matrix.data),
        "both_indices": np.zeros(2 * columns.size, dtype=np.int32),
        "both_data": np.zeros(2 * columns.size),
    }
    twice = {
        f"{which}_{name}": values
        for which in ("upper", "lower")
        for name, values in lp.matrix._asdict().items()
    }
    outputs = {
        "cost": np.zeros(layout.n_cols),
        "col_lower": np.zeros(layout.n_cols),
        "col_upper": np.zeros(layout.n_cols),
        "row_lower": np.zeros(layout.n_rows),
        "row_upper": np.zeros(layout.n_rows),
        "needed": np.zeros(5, dtype=np.int64),
        "charge": np.zeros(levels.shape),
        "discharge": np.zeros(levels.shape),
        "stored": np.zeros(levels.shape),
    }
    inputs = {
        "column_starts": layout.column_starts,
        "row_starts": layout.row_starts,
        "levels": levels,
        "dead_band": programme.hours * DEAD_BAND,
    }
    everything = {
        **programme.site._asdict(),
        **programme.storages._asdict(),
        **programme.couplings.arrays._asdict(),
    }
    return deepcopy({**everything, **entries, **twice, **outputs, **inputs}[parameter])


def disagreement(name, programme, levels, lp):
    """Why the compiled kernel differs from its Python; None where it does not."""
    _, function = KERNELS[name]
    compiled = getattr(importlib.import_module(function.__module__), name)
    parameters = list(inspect.signature(function).parameters)
    ours, theirs = ([argument(p, programme, levels, lp) for p in parameters] for _ in range(2))
    if compiled(*ours) != function(*theirs):
        return f"{name} returns something else"
    for parameter, got, wanted in zip(parameters, ours, theirs, strict=True):
        exact = np.asarray(wanted).dtype.kind == "i"
        same = np.array_equal if exact else partial(np.allclose, rtol=KERNEL, atol=KERNEL)
        if not same(got, wanted):
            return f"{name} writes another {parameter}"
    return None


@given(st.data())
def test_every_compiled_kernel_does_what_its_python_does(drawn):
    programme = drawn.draw(programmes())
    levels = drawn.draw(levels_of(programme))
    lp = build(layout_for(programme.site, programme.storages), programme.site, programme.storages)

    found = [disagreement(name, programme, levels, lp) for name in PROGRAMME_KERNELS]

    assert found == [None] * len(PROGRAMME_KERNELS)


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
def test_no_builder_reads_or_writes_beyond_its_arrays(tmp_path):
    handful = []

    @settings(max_examples=20)
    @given(programmes())
    def collect(programme):
        handful.append((programme.site, programme.storages))

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
