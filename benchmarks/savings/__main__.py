"""``python -m benchmarks.savings``: how much money is saved, and where the rest is lost."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.savings.forecasts import CORRECTED, PERFECT, RECENT, YESTERDAY
from benchmarks.savings.house import House
from benchmarks.savings.plot import draw
from benchmarks.savings.record import Record
from benchmarks.savings.report import as_json, markdown, sizes_markdown
from benchmarks.savings.sources import COLUMNS, csv_record, real_record, synthetic_record
from benchmarks.savings.strategies import MARGIN, STRATEGIES, Strategy
from benchmarks.savings.study import Study, studies, study
from benchmarks.savings.vintages import january_2021, vintage_model

SIZES = ((5.0, 3.0), (10.0, 5.0), (13.5, 5.0), (20.0, 8.0), (27.0, 10.0), (40.0, 10.0))
"""Capacity and power of the batteries compared. [kWh, kW]"""

_PREFACE = Path(__file__).with_name("preface.md")


def main() -> int:
    """Run what was asked for; tables go to standard output."""
    arguments = _arguments()
    house = House(capacity=arguments.capacity, power=arguments.power)
    try:
        record = _record(arguments)
    except (FileNotFoundError, ValueError) as error:
        print(f"{error}\n--synthetic replays a made-up year instead", file=sys.stderr)
        return 2
    if arguments.days:
        record = record.days(arguments.days)
    found = study(record, house, STRATEGIES)
    pages = [markdown(found, "Closed loop")]
    data: dict[str, object] = {"closed_loop": as_json(found)}
    if not (arguments.csv or arguments.synthetic):
        january = _vintages(house)
        pages.append(markdown(january, "Price forecasts as published"))
        data["vintages"] = as_json(january)
    if arguments.sizes:
        houses = [replace(house, capacity=capacity, power=power) for capacity, power in SIZES]
        sizes = studies(record, [(sized, Strategy(model=RECENT.metered())) for sized in houses])
        pages.append(sizes_markdown(sizes))
        data["sizes"] = [as_json(size) for size in sizes]
    text = "\n".join(pages)
    print(text)
    if arguments.out:
        _write(arguments.out, text, data, found)
    if arguments.report:
        arguments.report.write_text(
            _PREFACE.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8"
        )
    return 0


def _vintages(house: House) -> Study:
    published = vintage_model()
    ours = [Strategy(model=model) for model in (published, published.metered(), PERFECT, RECENT)]
    ours += [Strategy(model=published.metered(), price_margin=MARGIN)]
    ours += [Strategy(model=model) for model in (CORRECTED, YESTERDAY)]
    return study(january_2021(), house, ours)


def _record(arguments: argparse.Namespace) -> Record:
    if arguments.csv:
        return csv_record(arguments.csv, arguments.zone)
    if arguments.synthetic:
        return synthetic_record(arguments.synthetic)
    return real_record(arguments.home)


def _write(folder: Path, text: str, data: dict[str, object], found: Study) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "savings.md").write_text(text, encoding="utf-8")
    (folder / "savings.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if not draw(found, folder / "savings.svg"):
        print("no plot: matplotlib is absent (the `bench` extra brings it)", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.savings", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--csv", type=Path, metavar="FILE", help=f"your own house: columns {', '.join(COLUMNS)}"
    )
    what.add_argument(
        "--synthetic",
        nargs="?",
        const="dynamic",
        metavar="KIND",
        help="a made-up year of benchmarks.days, without seasons (default: dynamic)",
    )
    what.add_argument("--home", default="emhass", help="load of the real days: emhass or opsd")
    parser.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("Australia/Sydney"))
    parser.add_argument("--days", type=int, help="replay the first days only")
    parser.add_argument("--capacity", type=float, default=House().capacity, help="kWh")
    parser.add_argument("--power", type=float, default=House().power, help="kW")
    parser.add_argument("--sizes", action="store_true", help="compare batteries of 5 to 40 kWh too")
    parser.add_argument("--out", type=Path, help="folder for savings.md, .json and .svg")
    parser.add_argument("--report", type=Path, help="file for the tables under their preface")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
