"""A home whose every interval follows from its number."""

from datetime import UTC, datetime, timedelta

from server.books.entries import BatteryReading, CommandEntry, Expected, PlanEntry, Reading

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
INTERVAL = timedelta(minutes=5)


def start_of(number):
    return BEGIN + number * INTERVAL


def number_of(start):
    return (start - BEGIN) // INTERVAL


def reading(number, **others):
    values = {
        "grid_in": 0.1 + number % 7 / 10,
        "grid_out": number % 3 / 10,
        "solar": 0.2,
        "load": 0.15,
        "car": 0.0,
        "batteries": [BatteryReading(energy_in=0.05, energy_out=0.02, soc=0.5)],
        "import_price": 0.3,
        "export_price": 0.05,
        "is_published": True,
    }
    return Reading(start=start_of(number), **{**values, **others})


def expected(number, **others):
    values = {
        "start": start_of(number),
        "seconds": 300.0,
        "grid_in": 0.2,
        "grid_out": 0.0,
        "load": 0.15,
        "solar": 0.0,
        "soc": 0.5,
        "import_price": 0.3,
        "export_price": 0.05,
    }
    return Expected(**{**values, **others})


def plan(number, intervals=24, **others):
    """A plan made at the beginning of an interval."""
    values = {
        "made": start_of(number),
        "action": "charge",
        "power_w": 2500.0,
        "until": start_of(number + 3),
        "target_soc": 0.9,
        "reason_code": "cheap",
        "expected": [expected(n) for n in range(number, number + intervals)],
    }
    return PlanEntry(**{**values, **others})


def command(number, **others):
    values = {
        "at": start_of(number),
        "action": "charge",
        "power_w": 2500.0,
        "until": start_of(number + 3),
        "target_soc": 0.9,
        "reason_code": "cheap",
        "mode": "watch",
        "is_acted": False,
    }
    return CommandEntry(**{**values, **others})
