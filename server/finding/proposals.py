"""Proposals for the settings of a home from what its Home Assistant has."""

from datetime import datetime

from server.finding.batteries import find_batteries
from server.finding.cars import find_car_meters, find_cars
from server.finding.draft import Seen, propose_settings
from server.finding.found import Alternative, Found, Missing, Proposal
from server.finding.meters import find_meters
from server.finding.snapshot.history import (
    BatteryMeters,
    Powers,
    meters_of,
    read_last_day,
    read_powers,
)
from server.finding.snapshot.reading import attempt, read_snapshot
from server.home_assistant.energy import Device
from server.home_assistant.link import Link

__all__ = ["Alternative", "Found", "Missing", "Proposal", "find"]


async def find(link: Link, now: datetime) -> Found:
    """Search Home Assistant for everything that the settings of a home need.

    It changes nothing. What Home Assistant refuses or answers unreadably is noted.

    Raises
    ------
    LinkDown
        Where Home Assistant is not connected, or the connection is lost meanwhile.
    """
    snapshot = await read_snapshot(link, now)
    notes = snapshot.notes
    meters = find_meters(snapshot)
    batteries = find_batteries(snapshot, meters.batteries)
    taken = {battery.entity.entity_id for battery in batteries if battery.entity}
    cars = find_cars(snapshot, taken)
    car_meters = find_car_meters(snapshot, cars)
    last_day = await attempt(read_last_day(link, meters.ids, now), "energy of the last day", notes)
    histories = [meters_of(battery.source) for battery in batteries if battery.source]
    return propose_settings(
        Seen(
            snapshot,
            meters,
            batteries,
            cars,
            car_meters,
            last_day or {},
            [await _powers(link, history, now, notes) for history in histories],
            [await _powers(link, _meters_of_car(meter), now, notes) for meter in car_meters],
        )
    )


def _meters_of_car(meter: Device) -> BatteryMeters:
    return BatteryMeters(energy_in=meter.stat_consumption, rate_in=meter.stat_rate)


async def _powers(link: Link, meters: BatteryMeters, now: datetime, notes: list[str]) -> Powers:
    powers = await attempt(read_powers(link, meters, now), "history of powers", notes)
    return powers or Powers()
