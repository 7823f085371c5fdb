"""A study as Markdown and as JSON."""

import platform
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.savings.house import Books
from benchmarks.savings.losses import losses
from benchmarks.savings.study import PROCESSES, Study


def markdown(study: Study, title: str) -> str:
    """Tables of totals, months and losses."""
    parts = [f"## {title}", _about(study), _totals(study), _months(study), _loss_table(study)]
    return "\n\n".join(part for part in parts if part) + "\n"


def sizes_markdown(studies: Sequence[Study]) -> str:
    """One row for each battery."""
    rows = []
    for study in studies:
        possible = study.none.bill - study.limit.bill
        (ours,) = study.ours
        rows.append(
            [
                f"{study.house.capacity:g} kWh / {study.house.power:g} kW",
                f"{possible:.0f}",
                f"{study.none.bill - study.rule.bill:.0f}",
                f"{study.none.bill - ours.bill:.0f}",
                _percent(study.share(study.rule)),
                _percent(study.share(ours)),
                f"{ours.cycles(study.house):.0f}",
            ]
        )
    head = ["battery", "possible $", "rule $", "ours $", "rule", "ours", "cycles (ours)"]
    return f"## Battery sizes\n\nOurs is `{studies[0].ours[0].name}`.\n\n{_table(head, rows)}\n"


def as_json(study: Study) -> dict[str, Any]:
    """The same for machines; amounts in $, energies in kWh."""
    return {
        "record": study.record.title,
        "house": {name: getattr(study.house, name) for name in study.house.__slots__},
        "machine": machine(),
        "seconds": round(study.seconds, 1),
        "strategies": [
            {
                "name": books.name,
                "bill": books.bill,
                "savings": study.none.bill - books.bill,
                "share": _number(study.share(books)),
                "cycles": books.cycles(study.house),
                "left": float(books.stored[-1]),
                "seconds": books.seconds,
                "months": {
                    month: {
                        "bill": books.bill_of(month),
                        "share": _number(study.share(books, month)),
                    }
                    for month in study.month_names
                },
            }
            for books in study.books
        ],
        "losses": [
            {name: getattr(loss, name) for name in loss.__slots__} for loss in losses(study)
        ],
    }


def machine() -> str:
    """What it ran on."""
    return (
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"{PROCESSES} processes"
    )


def _about(study: Study) -> str:
    house, n = study.house, study.none.cost.size
    return (
        f"{study.record.title}. {house.capacity:g} kWh, {house.power:g} kW, one-way efficiency "
        f"{house.efficiency:g}, reserve {house.reserve:.0%}. {n:,} half hours, the day before them "
        f"is history; {len(study.ours)} strategies in {study.seconds:.0f} s on {machine()}."
    )


def _totals(study: Study) -> str:
    rows = [
        [
            books.name,
            f"{books.bill:.2f}",
            f"{study.none.bill - books.bill:.2f}",
            _percent(study.share(books)),
            f"{books.cycles(study.house):.0f}",
            f"{1e3 * books.seconds / max(books.cost.size, 1):.2f}",
        ]
        for books in study.books
    ]
    head = ["strategy", "bill $", "saved $", "of the possible", "cycles", "ms per step"]
    return _table(head, rows)


def _months(study: Study) -> str:
    """Share of every strategy in every month, and what was possible."""
    shown = [books for books in study.books if books not in {study.none, study.limit}]
    letters = [chr(ord("A") + i) for i in range(len(shown))]
    legend = "; ".join(
        f"**{letter}** {books.name}" for letter, books in zip(letters, shown, strict=True)
    )
    rows = [
        [
            month,
            f"{study.none.bill_of(month) - study.limit.bill_of(month):.2f}",
            *(_percent(study.share(books, month)) for books in shown),
        ]
        for month in study.month_names
    ]
    return f"Share of the possible savings by month. {legend}.\n\n" + _table(
        ["month", "possible $", *letters], rows
    )


def _loss_table(study: Study) -> str:
    possible = study.none.bill - study.limit.bill
    rows = [
        [
            loss.name,
            *(
                f"{part:.2f} ({100 * part / possible:.2f} %)"
                for part in (loss.horizon, loss.forecast, loss.execution, loss.total)
            ),
        ]
        for loss in losses(study)
    ]
    if not rows:
        return ""
    head = ["lost by `cost` with", "horizon $", "forecast $", "execution $", "together $"]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f} %"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def books_by_name(study: Study) -> dict[str, Books]:
    """For the plot and for tests."""
    return {books.name: books for books in study.books}
