"""A plan as CSV."""

import csv
import io
from typing import Any

import msgspec

_GIVEN = ("prices_import", "prices_export", "solar_w", "load_w")


def as_csv(reply: bytes, context: dict[str, Any]) -> str:
    """Write one row for each interval.

    Parameters
    ----------
    reply : bytes
        JSON of any planning reply.
    context : dict
        What the page knows beside it.

    Returns
    -------
    str
        A table with a heading; states of charge are those at the end of an interval.
    """
    plan = msgspec.json.decode(reply)
    columns = {name: context[name] for name in _GIVEN}
    home = plan.get("home", plan)
    schedule = home.get("aggregated") or (home["schedule"] if "next_actions" in home else {})
    columns = {**_series(plan.get("meter", {})), **columns, **_series(schedule)}
    for key, battery in plan.get("batteries", {}).items():
        columns.update(_series(battery["schedule"], f"{_safe(key)} "))
    for vehicle in plan.get("ev_schedules", []):
        columns.update(_series(vehicle["schedule"], f"{_safe(vehicle['vehicle_id'])} "))
    stamps = columns.pop("timestamps")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["start", *columns])
    writer.writerows(zip(stamps, *columns.values(), strict=True))
    return table.getvalue()


def _series(schedule: dict[str, Any], prefix: str = "") -> dict[str, list[Any]]:
    """Every list of a schedule under its name; those of the n + 1 instants without the first."""
    series = {}
    for name, values in schedule.items():
        if name == "timestamps" and prefix:
            continue
        is_level = name in {"soc", "soc_trajectory"}
        title = name if name == "timestamps" else f"{prefix}{name}"
        series[title] = values[1:] if is_level else values
    return series


def _safe(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
