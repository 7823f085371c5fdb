"""Ask the real application over HTTP, and keep of a reply what is to stay as it is.

Every request gets an application of its own, which has no plan before to agree with.
"""

import json
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from aiohttp import ClientSession, ClientTimeout
from aiohttp.test_utils import TestServer

from optimiser.second_stage import tie_breaking
from server.http.app import create_app

tie_breaking.RUNS_TIME_LIMIT = 60.0  # a slow machine is to answer as a fast one

_HEADERS = {"Content-Type": "application/json"}
_MONEY = ("total_cost", "baseline_cost", "savings", "demand_cost", "allowance_credit")
_PROOF = ("optimum", "lower_bound", "optimum_gap", "preference_cost")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application said.

    Attributes
    ----------
    kept : dict
        What of it is to stay.
    seconds : float
        How long it took. [s]
    """

    kept: dict[str, Any]
    seconds: float


async def answer_to(request):
    """Answer of a new application."""
    body = request.body if isinstance(request.body, str) else json.dumps(request.body)
    server = TestServer(create_app(), host="127.0.0.1")
    await server.start_server(auto_decompress=False)  # as `server.serve` has it
    began = perf_counter()
    try:
        async with (
            ClientSession(timeout=ClientTimeout(60)) as session,
            session.post(
                server.make_url(request.path), data=body.encode(), headers=_HEADERS
            ) as told,
        ):
            reply = await told.json()
    finally:
        await server.close()
    kept = {"name": request.name, "http": told.status, **kept_of(reply)}
    return Answer(kept, perf_counter() - began)


def kept_of(reply):
    """What of a reply is to stay: money [$], powers [kW, to 0.1 W], and how it was proved."""
    if not reply["success"]:
        return {"error": reply["error"]}
    bill = reply.get("summary") if "ev_schedules" not in reply else reply["bill"]
    return {
        "status": reply["status"],
        "solver": reply["solver"],
        **{name: bill[name] for name in _MONEY},
        **{name: _rounded(reply["certificate"][name]) for name in _PROOF},
        "warnings": [[warning["code"], warning["field"]] for warning in reply["warnings"]],
        "shortfalls": [vehicle["shortfall_kwh"] for vehicle in reply.get("ev_schedules", ())],
        **_schedule(reply),
    }


def _rounded(value):
    return None if value is None else round(value, 9) + 0.0


def _schedule(reply):
    """Powers into each storage, batteries before vehicles, and through the meter."""
    meter = reply.get("meter") or reply.get("aggregated") or reply["schedule"]
    return {
        "storages": [_net(*pair) for pair in _storages(reply)],
        "import": _kilowatts(meter["grid_import_w"]),
        "export": _kilowatts(meter["grid_export_w"]),
    }


def _storages(reply):
    """Power in and out of each storage. [W]"""
    homes = [named["schedule"] for named in reply.get("batteries", {}).values()]
    single = reply.get("home", {} if "ev_schedules" in reply else reply)
    if not homes and "schedule" in single:
        homes = [single["schedule"]]
    for home in homes:
        yield home["charge_w"], home["discharge_w"]
    for vehicle in reply.get("ev_schedules", ()):
        schedule = vehicle["schedule"]
        yield schedule["charge_power_w"], schedule["discharge_power_w"]


def _net(charge, discharge):
    return _kilowatts(np.subtract(charge, discharge))


def _kilowatts(watts):
    return [_plain(power) for power in np.round(np.asarray(watts, dtype=float) / 1000.0, 4)]


def _plain(power):
    """A number without a sign of zero and without a needless fraction."""
    return int(power) if power == int(power) else float(power)
