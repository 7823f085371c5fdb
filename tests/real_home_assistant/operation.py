"""A home that is set up and planned for, and what its device shows."""

from datetime import timedelta

from tests.real_home_assistant import sources
from tests.real_home_assistant.home import CAR_SOC, PLUG
from tests.real_home_assistant.prices import BERLIN
from tests.real_home_assistant.processes import until
from tests.real_home_assistant.sources import PRICES, SUNS

DEVICE = "powersync_optimiser"
PRICE, SUN = (
    next(source for source in PRICES if source.name == "EPEX Spot"),
    next(source for source in SUNS if source.name == "Forecast.Solar"),
)
CAR = {
    "name": "Car",
    "capacity_kwh": 60.0,
    "charge_kw": 7.0,
    "soc": CAR_SOC,
    "plugged": PLUG,
    "target": 0.8,
    "departure": "07:00",
    "energy": "sensor.wallbox_energy",
}
"""Settings of the car: the owner says its size and when it leaves."""


def sensor(key, platform="sensor"):
    """Return the entity of the device with a key."""
    return f"{platform}.{DEVICE}_{key}"


async def set_up(place):
    """Give the home prices, sun and a complete Energy dashboard, and confirm what is found.

    Returns
    -------
    datetime
        Of the confirmation.
    """
    await sources.add_source(place.core, PRICE, place.market)
    sun = await sources.add_source(place.core, SUN, place.market)
    await place.home.save_dashboard(price=PRICE.entities[0], export=0.08, forecasts=[sun])
    await place.home.show()
    found = await place.planner.find()
    assert not found["missing"]
    acting = {"action": "script.battery"}
    confirmed = place.core.clock.now()
    await place.planner.confirm(cars=[CAR], acting=acting)
    return confirmed


async def state_of(place, key, platform="sensor"):
    """Return the state of an entity of the device, or None."""
    found = await place.core.state(sensor(key, platform))
    return found and found["state"]


async def shows(place, key, value, seconds, platform="sensor"):
    """Wait until an entity of the device has a state, or one that a function accepts."""
    seen = []

    async def is_shown():
        seen[:] = [await state_of(place, key, platform)]
        return value(seen[0]) if callable(value) else seen[0] == value

    try:
        await until(is_shown, seconds, "")
    except AssertionError:
        raise AssertionError(f"{key}: {seen[0]} after {seconds} s, not {value}") from None


async def status_shows(place, accepted, seconds, what):
    """Wait until the page's state of the home is accepted, and return it."""

    async def found():
        status = await place.planner.status()
        return status if accepted(status) else None

    return await until(found, seconds, what)


def is_available(state):
    return state not in {None, "unavailable"}


async def charge_now(place):
    """Order through the controls in Home Assistant a charge that takes all the time there is."""
    call = place.core.call
    by = (place.core.clock.now() + timedelta(hours=1)).astimezone(BERLIN)
    await call("number.set_value", entity_id=sensor("charge_to", "number"), value=100)
    await call("text.set_value", entity_id=sensor("charge_by", "text"), value=f"{by:%H:%M}")
    await call("switch.turn_on", entity_id=sensor("charge_now", "switch"))


async def commanded(commands, actions, seconds=10):
    """Wait until the last call of the owner's script has one of some actions."""

    async def is_last():
        return bool(commands) and commands[-1]["action"] in actions

    await until(is_last, seconds, f"{actions}, but {commands[-3:]}")
