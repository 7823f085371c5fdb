"""Any request at all: a sound plan, or a refusal that names the field."""

import json
import math
import re
from datetime import UTC

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.options import Options
from server.reading.site import problem_from_request
from server.wire.json_body import decode
from server.wire.repairs import Repairs
from server.wire.requests import OptimizeRequest
from tests.end_to_end import NOW, SYDNEY, plan_of, post, warned
from tests.end_to_end.readings import clean_request_of
from tests.end_to_end.requests import plain_requests
from tests.reference import violations

EXAMPLES = 100
FIELD = re.compile(r"^[a-z_]+(\.[a-z_]+)?(\[\d+\](\.start)?)?: must ")


def as_percent(share):
    return 100 * share if share > 0.02 else share


DISGUISES = {
    "text": lambda request: {
        **request,
        **{
            name: [str(value) for value in request[name]]
            for name in ("prices_import", "solar_forecast")
        },
    },
    "per cent": lambda request: {
        **request,
        "battery": {
            **request["battery"],
            **{
                name: as_percent(request["battery"][name])
                for name in ("current_soc", "backup_reserve", "efficiency")
            },
        },
    },
    "kilowatts": lambda request: {
        **request,
        "battery": {
            **request["battery"],
            "max_charge_w": f"{request['battery']['max_charge_w'] / 1000} kW",
            "capacity_wh": f"{request['battery']['capacity_wh'] / 1000}kWh",
        },
    },
    "cents": lambda request: {
        **request,
        "prices_import": [100 * price for price in request["prices_import"]],
        "prices_export": [100 * price for price in request["prices_export"]],
        "price_unit": "ct/kWh",
    },
    "too long": lambda request: {
        **request,
        "prices_export": request["prices_export"] + request["prices_export"][:1],
    },
    "noise between": lambda request: {
        **request,
        "load_forecast": [*request["load_forecast"], math.nan],
    },
    "misspelt": lambda request: {**request, "price_import": [1]},
    "capitals": lambda request: {**request, "cost_function": request["cost_function"].upper()},
    "shouted rules": lambda request: {**request, "provider_config": "OFF"},
}

over_http = settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@over_http
@given(request=plain_requests())
async def test_a_clean_request_gets_a_sound_plan(client, request):
    reply = await plan_of(client, request)

    prices = {("implausible", "prices_import"), ("implausible", "prices_export")}  # 20 $ all day
    assert {code for code, _ in {*warned(reply)} - prices} <= {"unmet"}
    assert not reply["status"].startswith("heuristic")


@over_http
@given(request=plain_requests(), names=st.sets(st.sampled_from(sorted(DISGUISES)), min_size=1))
async def test_a_request_in_disguise_gets_the_plan_that_was_meant(client, request, names):
    sent = request
    for name in sorted(names):
        sent = DISGUISES[name](sent)

    reply = await plan_of(client, sent, request)

    assert reply["warnings"] or names <= {"text", "capitals", "cents", "per cent"}


odd = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["unavailable", "NaN", "-1", "12:00", "2026-04-05T02:30", "Europe/London"])
)
odd_values = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
PATHS = [
    *((name,) for name in OptimizeRequest.__struct_fields__),
    *(("battery", name) for name in ("current_soc", "capacity_wh", "efficiency", "max_charge_w")),
    *(("battery", name) for name in ("min_soc", "max_soc", "target_end_soc", "end_value")),
    *(("grid", name) for name in ("max_import_w", "curtailment")),
    *(("provider_config", name) for name in ("chip_mode_enabled", "export_price_offset")),
    ("prices_import", 0),
    ("load_forecast", 0),
]


def replaced(container, path, value):
    """A copy with the value at a path put in its place."""
    first, *rest = path
    if isinstance(container, list):
        return [value, *container[1:]]
    inner = container.get(first, {})
    if not rest or not isinstance(inner, dict | list):
        return {**container, first: value}
    return {**container, first: replaced(inner, rest, value)}


@over_http
@given(
    request=plain_requests(),
    oddities=st.lists(st.tuples(st.sampled_from(PATHS), odd_values), min_size=1, max_size=3),
)
async def test_an_odd_request_gets_a_sound_plan_or_the_name_of_the_field(client, request, oddities):
    for path, value in oddities:
        request = replaced(request, path, value)

    status, reply = await post(client, request)

    if status == 200:
        assert violations(understood(request), reply) == []
    else:
        assert status == 400
        assert FIELD.match(reply["error"]), reply["error"]


def understood(request):
    repairs = Repairs()
    wire = decode(json.dumps(request).encode(), OptimizeRequest, repairs)
    problem = problem_from_request(wire, Options(zone=SYDNEY), NOW.astimezone(UTC), repairs)
    return clean_request_of(problem)


@over_http
@given(body=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
async def test_any_bytes_are_refused_by_name(client, body):
    status, reply = await post(client, body)

    assert status == 400
    assert FIELD.match(reply["error"]), reply["error"]
