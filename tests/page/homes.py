"""Requests of homes with several batteries or cars, begun now."""

from datetime import datetime, timedelta

from tests.end_to_end import small_request


def now():
    return datetime.now().astimezone().replace(microsecond=0)


def one_battery(**fields):
    """A plain home; nothing in its request is assumed."""
    return {**small_request(), "start_time": now().isoformat(), **fields}


def two_batteries(**fields):
    request = one_battery(**fields)
    battery = request.pop("battery")
    garage = {**battery, "id": "g", "name": "Garage"}
    return {**request, "batteries": [garage, {**battery, "id": "c", "capacity_wh": 5000}]}


def two_cars(**fields):
    """A home with a car that cannot be full in time, and one that gives."""
    request = one_battery(**fields)
    request["home_battery"] = request.pop("battery")
    kona = {"vehicle_id": "k", "name": "Kona", "battery_capacity_kwh": 64, "current_soc": 0.2}
    leaf = {"vehicle_id": "l", "name": "Leaf", "battery_capacity_kwh": 40, "current_soc": 0.9}
    leaves = (now() + timedelta(hours=2)).isoformat()
    kona |= {"target_soc": 0.9, "departure_time": leaves}
    leaf |= {"target_soc": 0.5, "max_discharge_kw": 6, "min_soc": 0.3}
    return {**request, "evs": [kona, leaf]}
