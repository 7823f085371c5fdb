"""Clean requests to plan vehicles and several batteries, and their replies, judged."""

from tests.end_to_end import post
from tests.reference import ev_violations, multi_battery_violations
from tests.reference.sentences import sentence_violations

HUGE = 10**400
EV, FLEET, HOME = "/ev/optimize", "/multi-battery/optimize", "/optimize"

VEHICLE = {
    "vehicle_id": "leaf",
    "name": "Leaf",
    "battery_capacity_kwh": 40,
    "current_soc": 0.5,
    "target_soc": 0.8,
    "max_charge_kw": 7.4,
    "min_charge_kw": 1.4,
    "charger_efficiency": 0.92,
}
WANTED = 0.3 * 40 / 0.92
"""What the vehicle takes to its target. [kWh]"""

BATTERY = {
    "capacity_wh": 10_000,
    "max_charge_w": 5000,
    "max_discharge_w": 5000,
    "efficiency": 0.9,
    "current_soc": 0.5,
    "backup_reserve": 0.2,
}


def ev_request(*vehicles, n=16, **changes):
    """Half-hours from noon, dear for the first half; one vehicle as `ev`, several as `evs`."""
    found = [{**VEHICLE, **vehicle} for vehicle in vehicles or ({},)]
    return {
        "prices_import": [0.4] * (n // 2) + [0.1] * (n - n // 2),
        "prices_export": [0.05] * n,
        "solar_forecast": [0.0] * n,
        "load_forecast": [500.0] * n,
        "interval_minutes": 30,
        "cost_function": "cost",
        **({"ev": found[0]} if len(found) == 1 else {"evs": found}),
        **changes,
    }


def fleet_request(*batteries, n=8, **changes):
    """Half-hours from noon, dear for the last half, and no sun."""
    found = batteries or ({"id": "a"}, {"id": "b"})
    return {
        "prices_import": [0.1] * (n // 2) + [0.4] * (n - n // 2),
        "prices_export": [0.05] * n,
        "solar_forecast": [0.0] * n,
        "load_forecast": [800.0] * n,
        "interval_minutes": 30,
        "cost_function": "cost",
        "batteries": [{**BATTERY, **battery} for battery in found],
        **changes,
    }


async def charging_of(client, sent, intended=None):
    """Plan of the vehicles sent, which keeps every rule of those meant."""
    return await _judged(client, EV, sent, intended, ev_violations)


async def fleet_of(client, sent, intended=None):
    """Plan of the batteries sent, which keeps every rule of those meant."""
    return await _judged(client, FLEET, sent, intended, multi_battery_violations)


async def _judged(client, path, sent, intended, judge):
    status, reply = await post(client, sent, path=path)
    assert status == 200, reply
    assert reply["success"] is True
    clean = sent if intended is None else intended
    broken = [*judge(clean, reply), *sentence_violations(clean, reply)]
    assert not broken, "\n".join(broken[:20])
    return reply


async def refused(client, path, sent):
    """The error text of a request that is refused as a bad one."""
    status, reply = await post(client, sent, path=path)
    assert status == 400, reply
    assert list(reply) == ["error", "success"]
    assert reply["success"] is False
    return reply["error"]


def short(value):
    """Name of a case."""
    return repr(value)[:48]
