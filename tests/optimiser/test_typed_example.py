"""The example of the library: typed for users of mypy, and a plan that makes sense."""

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "five_minute_steps.py"


def test_it_passes_mypy_strict(tmp_path):
    """With no configuration but the default one, as where the library is installed."""
    flags = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={tmp_path}"]
    run = [sys.executable, "-m", "mypy", *flags, str(EXAMPLE)]

    checked = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_it_plans_a_day_of_five_minute_steps():
    specification = importlib.util.spec_from_file_location("five_minute_steps", EXAMPLE)
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)

    best = example.plan_a_day()

    assert best.status == "optimal"
    assert len(best.timestamps) == 288
    assert best.money.savings > 0.0
    assert best.actions[18 * 12] == "consume"  # in the dear evening
