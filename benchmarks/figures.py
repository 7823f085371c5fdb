"""The few figures that README shows, out of all results."""

from collections.abc import Callable
from typing import Any

from benchmarks.comparison import OURS
from benchmarks.report import KERNELS, number, promised, ratio, table
from benchmarks.several import SETS

Results = dict[str, Any]


def highlights(results: Results) -> str:
    """README's table, and what it was measured on."""
    row, others = promised(results, "phases"), promised(results, "comparison")
    medians = {key: value["p50"] for key, value in row.items() if isinstance(value, dict)}
    service = results["service"]
    shipped = KERNELS[results["comparison"]["kernels"]]
    share = medians["build"] / medians["cold"]
    times = ", ".join(f"{ratio(others, name)} {name}" for name in others["ms"] if name != OURS)
    turns = ", ".join(
        f"{row['ratio']:.2f} {row['objective']}" for row in results["phases"]["objectives"]
    )
    body = [
        [
            "writing all arrays, T = 576",
            f"{number(medians['build'])} ms, {share:.1%} of the cold solve",
        ],
        [
            "HiGHS cold / started from the value function",
            f"{number(medians['cold'])} / {number(medians['started'])} ms",
        ],
        [
            "exact value function, convex / hard prices",
            f"{number(medians['exact'])} / {number(medians['exact_hard'])} ms",
        ],
        ["HiGHS with binaries on the same hard prices", f"{service['ratio']:,} times as long"],
        ["whole HTTP round trip, T = 576", f"{number(medians['http'])} ms"],
        ["round trip as a share of HiGHS cold on the same matrix, by objective", turns],
        [f"others on the same problem, as multiples of a round trip with {shipped}", times],
        [
            "`/health`, 99th percentile, while four 2,880-interval plans are made",
            f"{service['health_p99_ms']:.0f} ms",
        ],
        ["value function of a year of five-minute intervals", f"{service['year_s']:.2g} s"],
        whole_sites(results),
    ]
    where = (
        f"Medians of one run on {results['machine']['cores']} shared {_processor(results)} cores, "
    )
    versions = (
        f"Python {results['machine']['Python']}, highspy {results['versions']['highspy']}, "
        f"{KERNELS[results['kernels']]}:"
    )
    return "\n".join([where + versions, "", table(["", ""], body)])


def whole_sites(results: Results) -> list[str]:
    """Name and figures of the sites with batteries and vehicles."""
    site = "three batteries and two vehicles, T = 576"
    if "several" not in results:  # a run before this part
        found = results["recorded"]["whole_site"]
        return [f"{site}, HTTP (`{found['command']}`)", found["seen"]]
    rows = [row for row in results["several"]["rows"] if row["set"] == SETS["whole"][0]]
    every = rows[-1]
    proved = "all" if every["proved"] == every["plans"] else f"{every['proved']}"
    seen = (
        f"median {number(every['cpu_p50'])} s, worst {number(every['cpu_worst'])} s of CPU over "
        f"{every['plans']} days of {len(rows) - 1} kinds, {proved} proved optimal"
    )
    return [f"{site} (`python -m benchmarks.several`)", seen]


def image(results: Results) -> str:
    """README's table of what the add-on takes."""
    found = {name: _first(seen) for name, seen in results["image"].items()}
    after = next(name for name in found if name.startswith("resident, after"))
    packed = found["compressed, zstd -19"]
    resident = (found["resident, idle"], found[after], found["resident, most"])
    body = [
        [
            "one archive of it (zstd, level 19), disk",
            f"{packed:.0f} MB, {found['unpacked']:.0f} MB",
        ],
        ["from start to healthy", f"{found['start to healthy']:.1f} s"],
        [
            f"memory idle, {after.removeprefix('resident, ')} intervals, at most",
            ", ".join(f"{value:.0f}" for value in resident) + " MiB",
        ],
        ["least memory", "starts in a control group of 64 MiB, plans 576 intervals in 96 MiB"],
    ]
    return table(["", ""], body)


def round_trip(results: Results) -> str:
    """How long the usual request takes."""
    return f"{promised(results, 'phases')['http']['p50']:.0f} ms"


def sweep(results: Results) -> str:
    """What the long sweep found."""
    return str(results["recorded"]["sweep"]["seen"])


def instructions(results: Results) -> str:
    """Instructions of a plan, in a sentence."""
    seen = str(results["recorded"]["instructions"]["seen"])
    return f"{seen[0].upper()}{seen[1:]}."


def recorded(results: Results) -> str:
    """Figures that commands of their own print, and those commands."""
    body = [[f"`{each['command']}`", each["seen"]] for each in results["recorded"].values()]
    return table(["command", "what it found"], body)


BLOCKS: dict[str, Callable[[Results], str]] = {
    "highlights": highlights,
    "image": image,
    "round trip": round_trip,
    "sweep": sweep,
    "instructions": instructions,
    "recorded": recorded,
}


def _first(seen: object) -> float:
    """The number that a sentence begins with, where it does."""
    try:
        return float(str(seen).split()[0])
    except (ValueError, IndexError):
        return float("nan")


def _processor(results: Results) -> str:
    machine = results["machine"]
    return f"{machine['architecture'].replace('_', '-')} ({machine['processor']})"
