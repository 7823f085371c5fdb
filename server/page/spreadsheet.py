"""A plan as CSV."""

import csv
import io
from typing import Any

import msgspec

_CONTEXT = ("prices_import", "prices_export", "solar_w", "load_w")


def as_csv(reply: bytes, context: dict[str, Any]) -> str:
    """Return a table with a heading and a row for each interval, states of charge at its end.

    `reply` is the JSON of any planning reply, and `context` holds series that it does not.
    """
    plan = msgspec.json.decode(reply)
    columns = {name: context[name] for name in _CONTEXT}
    home = plan.get("home", {} if "meter" in plan else plan)
    schedule = home.get("aggregated") or home.get("schedule", {})
    columns = {**_series(plan.get("meter", {})), **columns, **_series(schedule)}
    for key, battery in plan.get("batteries", {}).items():
        columns.update(_series(battery["schedule"], f"{_escape(key)} "))
    for vehicle in plan.get("ev_schedules", []):
        columns.update(_series(vehicle["schedule"], f"{_escape(vehicle['vehicle_id'])} "))
    stamps = columns.pop("timestamps")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["start", *columns])
    writer.writerows(zip(stamps, *columns.values(), strict=True))
    return table.getvalue()


def _series(schedule: dict[str, Any], prefix: str = "") -> dict[str, list[Any]]:
    """Lists of a schedule by title; those of the n + 1 instants without the first."""
    return {
        f"{prefix}{name}": values[1:] if name in {"soc", "soc_trajectory"} else values
        for name, values in schedule.items()
        if name != "timestamps" or not prefix
    }


def _escape(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
