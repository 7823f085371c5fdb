"""What PowerSync does with a reply: index 0, judged by thresholds, becomes a command."""

import asyncio
import json
import urllib.request

import pytest

from tests.end_to_end import plan_of, small_request

HEALTH_TIMEOUT, PLAN_TIMEOUT = 3, 60  # s; the client's own


class Client:
    """The integration, as the contract describes it."""

    def __init__(self, url):
        self._url = url

    async def is_available(self):
        health = await asyncio.to_thread(self._call, "/health", None, HEALTH_TIMEOUT)
        return health.get("optimiser_available") is True or health["status"] in {"healthy", "ok"}

    async def command(self, request):
        """What the battery is told now; None where there is no plan."""
        reply = await asyncio.to_thread(self._call, "/optimize", request, PLAN_TIMEOUT)
        return _command(reply["schedule"], 0) if reply.get("success") else None

    def _call(self, path, body, timeout):
        raw = None if body is None else json.dumps(body).encode()
        call = urllib.request.Request(
            self._url + path, data=raw, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(call, timeout=timeout) as response:
            assert response.status == 200
            return json.loads(response.read())


def _command(schedule, t):
    if schedule["charge_w"][t] > 10:
        return "charge"
    if schedule["discharge_w"][t] > 10:
        exports = schedule["battery_export_w"][t] > schedule["battery_consume_w"][t]
        return "export" if exports else "consume"
    return "idle"


NIGHT, PEAK = [0.1] * 4, [0.4] * 4
SITUATIONS = {
    "charge": small_request(battery={"current_soc": 0.2}, solar_forecast=[0] * 8),
    "consume": small_request(prices_import=PEAK + NIGHT, solar_forecast=[0] * 8),
    "export": small_request(
        prices_export=[0.5] + [0.05] * 7, battery={"current_soc": 0.9}, solar_forecast=[0] * 8
    ),
    "idle": small_request(battery={"current_soc": 0.2}, prices_import=[0.3] * 8),
}


@pytest.fixture
def powersync(client):
    return Client(f"http://{client.server.host}:{client.server.port}")


async def test_the_client_finds_the_optimiser(powersync):
    assert await powersync.is_available()


@pytest.mark.parametrize("due", SITUATIONS)
async def test_the_command_of_the_client_is_the_action_of_the_reply(client, powersync, due):
    request = SITUATIONS[due]
    reply = await plan_of(client, request)

    command = await powersync.command(request)

    assert command == due
    assert reply["schedule"]["action"][0] == reply["next_actions"][0]["action"] == due


@pytest.mark.parametrize("cost_function", ["cost", "profit", "self_consumption"])
async def test_client_and_reply_agree_at_every_index(client, cost_function):
    request = small_request(48, cost_function=cost_function, prices_export=[0.05, 0.45] * 24)

    schedule = (await plan_of(client, request))["schedule"]

    assert schedule["action"] == [_command(schedule, t) for t in range(48)]


def sunny(**options):
    """Surplus all day, a dear evening: the battery is charged from solar alone."""
    return small_request(
        prices_import=[0.4] * 8,
        prices_export=[0.01] * 8,
        solar_forecast=[4000] * 4 + [0] * 4,
        battery={"current_soc": 0.2},
        options=options,
    )


@pytest.mark.parametrize(
    ("of_server", "of_request", "is_safe"),
    [
        (False, {}, False),
        (False, {"client_safe_charge": True}, True),
        (True, {}, True),
        (True, {"client_safe_charge": None}, True),
        (True, {"client_safe_charge": False}, False),
    ],
)
async def test_solar_charging_is_kept_from_a_client_that_would_force_it(
    serve, of_server, of_request, is_safe
):
    client = await serve(client_safe_charge=of_server)
    sent, meant = sunny(**of_request), sunny(client_safe_charge=is_safe)

    reply = await plan_of(client, sent, meant)

    schedule = reply["schedule"]
    charges = [t for t, power in enumerate(schedule["solar_to_battery_w"]) if power > 10]
    assert charges
    assert all((schedule["charge_w"][t] == 0) is is_safe for t in charges)
    assert {_command(schedule, t) for t in charges} == {"idle" if is_safe else "charge"}
    assert [schedule["action"][t] for t in charges] == [_command(schedule, t) for t in charges]
    assert reply["summary"]["total_charge_kwh"] > 1
    assert max(schedule["soc_trajectory"]) > 0.3


async def test_charging_from_the_grid_is_told_to_every_client(client):
    request = {**SITUATIONS["charge"], "options": {"client_safe_charge": True}}

    schedule = (await plan_of(client, request))["schedule"]

    assert schedule["charge_w"][0] > 10
    assert schedule["action"][0] == "charge"
