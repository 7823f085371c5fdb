"""Real requests over real HTTP to the real application, judged by `tests.reference`."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.reference import violations
from tests.reference.sentences import sentence_violations

SYDNEY = ZoneInfo("Australia/Sydney")
NOW = datetime(2026, 1, 14, 1, tzinfo=UTC)
"""12:00 in Sydney: a whole interval begins."""

COST_FUNCTIONS = ("cost", "profit", "self_consumption")


def small_request(n=8, battery=None, **changes):
    """A clean request: half cheap and dark, half dear and sunny; a change to None is a null."""
    half = n // 2
    return {
        "prices_import": [0.1] * half + [0.4] * (n - half),
        "prices_export": [0.05] * n,
        "solar_forecast": [0.0] * half + [2000.0] * (n - half),
        "load_forecast": [800.0] * n,
        "battery": {
            "current_soc": 0.5,
            "capacity_wh": 13500,
            "max_charge_w": 5000,
            "max_discharge_w": 5000,
            "efficiency": 0.9,
            "backup_reserve": 0.2,
            **(battery or {}),
        },
        "cost_function": "cost",
        "interval_minutes": 30,
        **changes,
    }


def without(request, *path):
    """The same request with one field missing."""
    name, *rest = path
    if rest:
        return {**request, name: without(request[name], *rest)}
    return {key: value for key, value in request.items() if key != name}


async def post(client, body, *, path="/optimize"):
    """Status and JSON of the reply; bytes are sent as they are, the rest as Python's json does."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await client.post(path, data=raw, headers={"Content-Type": "application/json"})
    assert response.content_type == "application/json"
    return response.status, strict_json(await response.read())


async def plan_of(client, sent, intended=None):
    """Plan of what was sent, which keeps every rule of what was meant."""
    status, reply = await post(client, sent)
    assert status == 200, reply
    assert reply["success"] is True
    clean = sent if intended is None else intended
    broken = [*violations(clean, reply), *sentence_violations(clean, reply)]
    assert not broken, "\n".join(broken[:20])
    return reply


async def refusal_of(client, sent, status=400):
    """The error text of a request that is refused."""
    got, reply = await post(client, sent)
    assert got == status, reply
    assert reply["success"] is False
    return reply["error"]


def strict_json(raw):
    """JSON that holds finite numbers only."""
    return json.loads(raw, parse_constant=_refuse)


def _refuse(literal):
    raise AssertionError(f"{literal} is not JSON")


def warned(reply):
    """Code and field of every warning, in order."""
    return [(warning["code"], warning["field"]) for warning in reply["warnings"]]


def instants(reply):
    """The stamps of a schedule."""
    return [datetime.fromisoformat(stamp) for stamp in reply["schedule"]["timestamps"]]
