"""Record what every kernel is called with while plans are made, with ``NUMBA_DISABLE_JIT=1`` set.

In plain Python the kernels call each other through their modules, so that wrapping them there sees
every call, the inner ones as well.
"""

import argparse
import pickle
import sys
from copy import deepcopy
from pathlib import Path

import msgspec

from benchmarks.days import synthetic_request
from matrix_builders.compiled import KERNELS, MODE
from server.http.app import utc_now
from server.options import Options
from server.plans.history import History
from server.plans.planning import answer, optimise_any

CALLS = 40
"""Calls kept of each kernel: the first ones, and then fewer and fewer of the later ones."""

KINDS = ("dynamic", "negative_midday", "export_above_import", "time_of_use")


def requests():
    """One battery under several tariffs, and a site with everything on it."""
    for seed, kind in enumerate(KINDS):
        yield synthetic_request(seed, 48, 30, kind=kind)
    low = synthetic_request(5, 48, 30)
    low["battery"] |= {"current_soc": 0.1, "backup_reserve": 0.3}
    yield low
    yield synthetic_request(3, 96, 30, kind="negative_midday")  # the relaxation is loose
    site = synthetic_request(9, 24, 60, kind="negative_midday")
    battery = site.pop("battery")
    site["batteries"] = [{**battery, "id": "a"}, {**battery, "id": "b", "max_charge_w": 2000}]
    site["demand_charges"] = [{"price_per_kw": 1.0, "start": "15:00", "end": "21:00"}]
    site["grid"] = {"max_import_w": 8000}
    site["ev"] = {
        "vehicle_id": "car",
        "battery_capacity_kwh": 60,
        "current_soc": 0.5,
        "target_soc": 0.8,
        "max_charge_kw": 7.4,
        "min_charge_kw": 1.4,
        "departure_time": "07:00",
    }
    yield site


def record(calls):
    """Wrap every kernel, wherever it was imported to."""

    def wrapped(name, function):
        def kernel(*arguments):
            kept = calls.setdefault(name, [])
            count[name] = count.get(name, 0) + 1
            if len(kept) < CALLS and (len(kept) < CALLS // 2 or count[name] % 97 == 0):
                kept.append(deepcopy(arguments))
            return function(*arguments)

        return kernel

    count = {}
    for name, (_, function) in KERNELS.items():
        replacement = wrapped(name, function)
        for module in list(sys.modules.values()):
            if getattr(module, name, None) is function:
                setattr(module, name, replacement)


if __name__ == "__main__":
    prog = "python -m tests.addon.record_kernel_calls"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("file", type=Path, help="where the calls go, pickled")
    file = parser.parse_args().file
    assert MODE == "python"
    recorded = {}
    record(recorded)
    for request in requests():
        optimise_any(msgspec.json.encode(request), Options(), utc_now)
    history, body = History(), msgspec.json.encode(next(requests()))
    for _ in range(2):  # the second comes after the first
        answer(body, Options(), utc_now, history)
    file.write_bytes(pickle.dumps(recorded))
