"""Words of chargers and times of departure."""

import re
from datetime import datetime, tzinfo

from optimiser import ProblemError
from server.reading.clock import instant_from_wire
from server.wire.repairs import Repairs

# Words of chargers and cars, without blanks and signs; states of IEC 61851 by their letters, of
# OCPP by their names.
_AWAY = {
    "off", "false", "no", "0", "disconnected", "notconnected", "unplugged", "notpluggedin",
    "unconnected", "nocar", "novehicle", "nocarconnected", "novehicleconnected", "available",
    "waitcar", "waitingforcar", "waitingforvehicle", "idle", "ready", "free", "a", "statea",
    "nocable", "cabledisconnected", "notplugged", "notinuse", "nothome", "away", "standby",
}  # fmt: skip
_HERE = {
    "on", "true", "yes", "1", "connected", "plugged", "pluggedin", "charging", "charged",
    "complete", "completed", "finished", "finishing", "chargingcomplete", "fullycharged",
    "awaitingstart", "awaitingauthorization", "readytocharge", "waiting", "waitingtostart",
    "starting", "stopped", "paused", "chargingpaused", "chargingstopped", "nopower", "nocharge",
    "pending", "locked", "preparing", "suspendedev", "suspendedevse", "connectedrequesting",
    "connectedcharging", "connectedfinishing", "waitingforcardemand", "waitinginqueue",
    "scheduled", "discharging", "calibrating", "cable", "cableconnected", "vehicleconnected",
    "carconnected", "connectednotcharging", "notcharging", "connectedwaiting", "occupied", "b",
    "c", "d", "stateb", "statec", "stated", "b1", "b2", "c1", "c2", "inuse", "home",
}  # fmt: skip


def is_plugged(state: str) -> bool | None:
    """Return whether a state says that a car is plugged in; None where it says neither.

    Of several words, as in "Connected: waiting for car demand", those before the colon count.
    """
    for text in (state, state.partition(":")[0], state.partition("(")[0]):
        word = re.sub(r"[^a-z0-9]", "", text.lower())
        if word in _AWAY:
            return False
        if word in _HERE:
            return True
    return None


def departure_from(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the departure that a text says; a clock time is the next one.

    None where it says no time.
    """
    local = now.astimezone(zone)
    try:
        return instant_from_wire("departure", text, local, Repairs())
    except ProblemError:
        return None
