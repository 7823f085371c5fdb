"""A picture of a study, where matplotlib (the `bench` extra) is installed."""

from pathlib import Path

import numpy as np

from benchmarks.savings.record import DAY
from benchmarks.savings.study import Study


def draw(study: Study, path: Path) -> bool:
    """Draw the savings as they grow, of every strategy, into an SVG; False without matplotlib."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra: everything else works without it
    except ImportError:
        return False
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "savings"  # the same picture from the same figures
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(9, 6))
    ends = np.arange(DAY - 1, study.none.cost.size, DAY)
    ranked = sorted((b for b in study.books if b is not study.none), key=lambda b: b.bill)
    for books in ranked:
        is_reference = books in {study.limit, study.rule}
        axes.plot(
            np.arange(1, ends.size + 1),
            np.cumsum(study.none.cost - books.cost)[ends],
            label=f"{books.name} ({study.share(books):.1%})",
            linewidth=2.0 if is_reference else 1.0,
            color={study.limit: "black", study.rule: "grey"}.get(books),
        )
    axes.set(xlabel="days", ylabel="saved against no battery [$]", title=study.record.title)
    axes.legend(fontsize=7)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return True
