"""Results as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.comparison import OURS
from benchmarks.problems import PROMISED

Results = dict[str, Any]
_PHASES = {
    "build": "writing all arrays",
    "cold": "HiGHS, cold",
    "started": "HiGHS, started",
    "exact": "exact value function",
    "exact_hard": "the same, hard prices",
    "http": "HTTP round trip",
}

_RATIOS = f"As multiples of `{OURS}` ({{kernels}}), HTTP, proof and preferences included:"

KERNELS = {
    "jit": "kernels compiled by numba",
    "ahead-of-time": "kernels compiled ahead of time, as in the wheel",
    "python": "kernels not compiled",
}
"""What `matrix_builders.MODE` means."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def number(value: float) -> str:
    """Three digits, thousands set apart."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def described(results: Results) -> str:
    """Machine and versions in a sentence."""
    machine, versions = results["machine"], results["versions"]
    where = ", ".join(machine[key] for key in ("processor", "architecture", "memory", "system"))
    used = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{where}; {machine['cores']} cores; Python {machine['Python']}; "
        f"{KERNELS[results['kernels']]}; {used}."
    )


def phases(results: Results) -> str:
    """Medians of every part by T, how they grow, and the spread at the promised size."""
    rows = results["phases"]["rows"]
    grows = results["phases"]["exponents"]
    head = ["median, ms", *(f"T = {row['T']:,}" for row in rows), "grows as"]
    body = [
        [title, *(number(row[key]["p50"]) for row in rows), f"T^{grows[key]:.2f}" if grows else "–"]
        for key, title in _PHASES.items()
    ]
    body.append(["peak memory, MiB", *(f"{row['peak_mib']:.0f}" for row in rows), ""])
    spread_rows = [
        [
            row["T"],
            *(" / ".join(number(row[key][q]) for q in ("p50", "p95", "p99")) for key in _PHASES),
        ]
        for row in rows
    ]
    spreads = table(["T", *(f"{title}, ms" for title in _PHASES.values())], spread_rows)
    turns = table(
        ["objective, T = 576, in turns", "HiGHS cold, ms", "HTTP round trip, ms", "ratio"],
        [
            [row["objective"], number(row["cold"]), number(row["http"]), f"{row['ratio']:.2f}"]
            for row in results["phases"]["objectives"]
        ],
    )
    return f"{table(head, body)}\n\np50 / p95 / p99:\n\n{spreads}\n\n{turns}"


def several(results: Results) -> str:
    """What was proved of sites with several storages, and in what time."""
    if "several" not in results:  # a run before this part
        return _batteries(results)
    found = results["several"]
    head = ["site", "proved", "gap at most 0.5 cent", "shortfalls", "largest gap, cents"]
    times = ["CPU p50, s", "p95", "worst", "wall, worst, s"]
    body = [
        [
            f"{row['set']}: {row['case'].replace('_', ' ')}",
            *(f"{row[key]} of {row['plans']}" for key in ("proved", "near", "shortfalls")),
            cents(row["largest_gap"]),
            *(number(row[key]) for key in ("cpu_p50", "cpu_p95", "cpu_worst", "wall_worst")),
        ]
        for row in found["rows"]
    ]
    tables = [table([*head, *times], body)] if body else []
    return "\n\n".join([*tables, *([_large(found["large"])] if found["large"] else [])])


def early(results: Results) -> str:
    """Bills in a closed loop with surplus stored early, and late."""
    head = ["home", "tariff", "forecast", "early, $ a day", "late", "cheaper"]
    body = [
        [
            *(row[key] for key in ("home", "tariff", "forecast")),
            *(f"{row[key]:.4f}" for key in ("early", "late")),
            f"{row['saved']:.2%}",
        ]
        for row in results["early"]
    ]
    return table(head, body)


def _large(rows: Iterable[Results]) -> str:
    """Every large site, planned by a server."""
    head = ["site, one-minute steps", "prices", "wall, s", "peak memory, MiB", "before", "status"]
    body = [
        [
            f"{row['site']}, T = {row['T']:,}",
            row["prices"].replace("_", " "),
            number(row["wall"]),
            *(f"{row[key]:.0f}" for key in ("peak_mib", "before_mib")),
            row["status"],
            cents(row["gap"]),
            row["solver"],
            "yes" if row["has_shortfall"] else "no",
        ]
        for row in rows
    ]
    return table([*head, "gap, cents", "solver", "shortfall"], body)


def cents(dollars: float | None) -> str:
    """A gap; gaps below a thousandth of a cent are those of rounding."""
    if dollars is None:
        return "no bound"
    return number(100.0 * dollars) if dollars >= 1e-5 else "0"


def _batteries(results: Results) -> str:
    """Round trips by number of batteries."""
    return table(
        ["batteries, T = 576", "prices", "p50, ms", "p95", "p99", "worst", "proved optimal"],
        [
            [
                row["batteries"],
                row["prices"].replace("_", " "),
                *(number(row[key]) for key in ("p50", "p95", "p99", "worst")),
                f"{row['proved']} of {row['rounds']}",
            ]
            for row in results["batteries"]
        ],
    )


def comparison(results: Results) -> str:
    """Times of all by T, how they grow, and ratios to ours."""
    rows, grows = results["comparison"]["rows"], results["comparison"]["exponents"]
    names = list(dict.fromkeys(name for row in rows for name in row["ms"]))
    head = ["median, ms", *(f"T = {row['T']:,}" for row in rows), "grows as"]
    body = [
        [
            name,
            *(number(row["ms"][name]) if name in row["ms"] else "–" for row in rows),
            f"T^{grows[name]:.2f}" if name in grows else "–",
        ]
        for name in names
    ]
    ratios = [[name, *(ratio(row, name) for row in rows)] for name in names if name != OURS]
    skipped = [f"- {name}: {why}" for name, why in results["comparison"]["skipped"].items()]
    told = _RATIOS.format(kernels=KERNELS[results["comparison"]["kernels"]])
    return "\n\n".join(
        [
            table(head, body),
            *([told, table(["ratio", *head[1:-1]], ratios)] if ratios else []),
            *(["Left out:\n\n" + "\n".join(skipped)] if skipped else []),
        ]
    )


def ratio(row: Results, name: str) -> str:
    """How many times as long as ours."""
    return f"{number(row['ms'][name] / row['ms'][OURS])} ×" if name in row["ms"] else "–"


def memory(results: Results) -> str:
    """Resident memory, by kind of kernels."""
    found = results["memory"]
    keys = [key for key in found["rows"][0] if key != "kernels"]
    titles = {"early": "median of the first 100 plans", "late": "of the last 100"}
    names = [titles.get(key, key.replace("_", " ")) for key in keys]
    body = [[row["kernels"], *(f"{row[key]:.1f}" for key in keys)] for row in found["rows"]]
    bounded = [
        f"- a control group of {row['limit_mib']} MiB, {row['plans']} plans: "
        + (row.get("skipped") or f"peak {row['peak_mib']} MiB")
        for row in found["bounded"]
    ]
    skipped = [f"- {name}: {why}" for name, why in found["skipped"].items()]
    return table(["kernels, MiB", *names], body) + "\n\n" + "\n".join([*bounded, *skipped])


def service(results: Results) -> str:
    """What people notice."""
    found = results["service"]
    names = {
        "start_up_s": "start to first answer, s",
        "first_over_median": "first request / median request",
        "health_p99_ms": "`/health`, 99th percentile, while four 2,880-interval plans are made, ms",
        "year_s": "value function of a year of five-minute intervals, s",
        "exact_ms": "exact plan, hard prices, T = 576, ms",
        "ratio": "HiGHS with binaries on the same, times as long",
        "gap": "gap at which it ended",
    }
    return table(["", ""], [[title, found[key]] for key, title in names.items() if key in found])


def promised(results: Results, part: str) -> Results:
    """The row of T = 576."""
    return next(row for row in results[part]["rows"] if row["T"] == PROMISED)


SECTIONS = {
    "phases": ("The parts of a plan", phases),
    "comparison": ("Others on the same problem", comparison),
    "several": ("Several storages", several),
    "service": ("The server", service),
    "memory": ("Memory", memory),
    "early": ("Surplus stored early", early),
}


def markdown(results: Results) -> str:
    """Everything that a run measured."""
    parts = [described(results)]
    for key, (title, render) in SECTIONS.items():
        if key in results:
            parts += [f"### {title}", render(results)]
    return "\n\n".join(parts) + "\n"
