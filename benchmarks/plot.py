"""Time against T, drawn to scale on logarithmic axes."""

from pathlib import Path
from typing import Any


def draw(results: dict[str, Any], target: Path) -> str | None:
    """Write the picture of a run as SVG; give the reason where there is none."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - of the extra `bench`
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        return "no plot: matplotlib is not installed (extra `bench`)"
    mpl.rcParams["svg.hashsalt"] = "powersync"  # the same figures give the same file
    rows = results["comparison"]["rows"]
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name in dict.fromkeys(name for row in rows for name in row["ms"]):
        line = [(row["T"], row["ms"][name]) for row in rows if name in row["ms"]]
        axes.loglog(*zip(*line, strict=True), marker="o", label=name)
    exact = [(row["T"], row["exact"]["p50"]) for row in results["phases"]["rows"]]
    axes.loglog(*zip(*exact, strict=True), marker="o", ls="--", label="our value function alone")
    axes.set_xlabel("intervals, T")
    axes.set_ylabel("median time [ms]")
    axes.set_title("The same battery, the same optimum")
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend(fontsize="small")
    figure.savefig(target, format="svg", metadata={"Date": None})
    return None
