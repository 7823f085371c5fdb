"""Valid requests to begin from."""

import json

from tests.end_to_end import small_request
from tests.end_to_end.contract import ev_request, fleet_request
from tests.server.processes import ROOT


def requests():
    """Requests of every endpoint; the examples, short."""
    small = small_request()
    yield from (small, ev_request(n=4), ev_request({}, {"vehicle_id": "b"}, n=4), fleet_request())
    yield ev_request(n=4, home_battery=small["battery"], demand_charges=[{"price_per_kw": 5}])
    for path in sorted((ROOT / "examples").glob("*.json")):
        request = json.loads(path.read_text())
        yield {
            name: value[:6] if isinstance(value, list) else value for name, value in request.items()
        }


def bodies():
    """The same as bytes, and what JSON is not but Python's json writes."""
    for request in requests():
        yield json.dumps(request).encode()
    yield b'{"prices_import": [NaN, -Infinity, 1e999, "0.1", null, 1], "prices_import": [0.1, 0.2]}'
    yield b'{"prices_import": [0.1], "battery": {"current_soc": "55", "capacity_wh": 1e308}}'
    yield rb'{"cost_function": "\ud800", "prices_import": [0.3]}'
