"""The notebook runs from above to below, and is kept without what it printed."""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "plan_a_day.ipynb"


@pytest.fixture
def cells():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.fixture
def no_screen():
    """Draw into memory; close what was drawn."""
    with mpl.rc_context({"backend": "agg"}):
        yield
        import matplotlib.pyplot as plt  # noqa: PLC0415 - once the back end is set

        plt.close("all")


@pytest.mark.usefixtures("no_screen")
def test_a_day_is_planned_and_plotted(cells, capsys):
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)

    best, figure = names["best"], names["figure"]
    assert best.status == "optimal"
    assert best.money.total_cost < best.money.baseline_cost
    assert capsys.readouterr().out.startswith("optimal, proved to 0.0000 $\n")
    drawn = {line.get_label(): line for axes in figure.axes for line in axes.get_lines()}
    np.testing.assert_allclose(drawn["state of charge"].get_ydata(), 100 * best.soc[0])
    assert np.ptp(drawn["into the battery"].get_ydata()) > 5


def test_no_output_is_kept(cells):
    assert [c for c in cells if c.get("outputs") or c.get("execution_count")] == []
    assert NOTEBOOK.stat().st_size < 10_000
