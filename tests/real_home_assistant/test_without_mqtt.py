"""Without MQTT, states are set by REST, and set again when Core has forgotten them.

Part of `make home-assistant`, not of every run.
"""

import pytest

from tests.real_home_assistant import operation
from tests.real_home_assistant.conftest import needs_time
from tests.real_home_assistant.operation import shows, status_shows

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600), needs_time]

HAS_BROKER = False
SOON, AGAIN = 20, 90  # s


async def test_states_are_told_by_rest_and_survive_a_restart(place):
    confirmed = await operation.set_up(place)
    status = await place.planner.planned_since(confirmed, 60)
    action = status["command"]["action"]
    await shows(place, "action", action, SOON)
    assert (await place.planner.status())["told"] == "states"

    await shows(place, "import_price", str(place.market.present), SOON)
    state = await place.core.state(operation.sensor("import_price"))
    assert state["attributes"]["unit_of_measurement"] == "EUR/kWh"
    assert state["attributes"]["forecast"]

    await place.core.stop()
    restarted = place.core.clock.now()
    await place.core.start()
    await place.planner.planned_since(restarted, AGAIN)
    await shows(place, "action", operation.is_available, SOON)


async def test_mqtt_that_comes_later_is_used(place):
    await place.core.add_mqtt()
    await place.planner.post("control", {"is_replan": True})

    await status_shows(place, lambda status: status["told"] == "mqtt", AGAIN, "told by MQTT")
    await shows(place, "mode", "automatic", AGAIN, "select")
    registry = await place.core.command("config/entity_registry/list")
    ours = [entry["entity_id"] for entry in registry if entry["platform"] == "mqtt"]
    assert operation.sensor("action") in ours, ours
