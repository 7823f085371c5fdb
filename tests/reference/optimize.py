"""Replies of ``POST /optimize``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.reference import site, storage
from tests.reference.clock import from_first_stamp, wrong_steps
from tests.reference.money import bill_of, idle_bill
from tests.reference.reading import (
    POWERS,
    Powers,
    Series,
    Wire,
    count,
    export_limit,
    is_client_safe,
    may_grid_charge,
    powers_of,
    true_charge,
)
from tests.reference.shape import no_list, no_numbers, no_object, no_stamps
from tests.reference.storage import Storage, a_battery


def violations(request: Wire, reply: Wire, *, exclusive: bool = True) -> list[str]:
    """Every rule that the reply breaks, as sentences with interval and numbers.

    Parameters
    ----------
    request : mapping
        A clean request, see the package's docstring.
    reply : mapping
        The decoded reply, `schedule` and `summary` are read.
    exclusive : bool
        Whether charging while discharging, and importing while exporting, is a violation.

    Returns
    -------
    list of str
        Empty for a sound reply.  Where arrays are missing, of the wrong length or hold something
        else than finite numbers and instants, only that is told: the other rules could not be
        computed.
    """
    malformed = list(no_object(reply, "schedule", "summary"))
    if not malformed:
        malformed = list(malformed_schedule(reply["schedule"], count(request)))
    if malformed:
        return malformed
    schedule = reply["schedule"]
    request = from_first_stamp(request, schedule["timestamps"])
    powers = {**powers_of(request, schedule), "charge": true_charge(request, schedule)}
    broken = [
        *_broken(request, reply, powers),
        *site.wrong_summary(request, reply["summary"], powers, schedule["timestamps"]),
    ]
    return [*broken, *_simultaneous(powers)] if exclusive else broken


def bill(request: Wire, reply: Wire) -> float:
    """Cost of the import less the reward for the export, with demand charges and allowances.

    Parameters
    ----------
    request, reply : mapping
        As for `violations`; only the powers at the meter and the timestamps are read from the
        reply.

    Returns
    -------
    float
        Negative when the site earns. [$]
    """
    schedule = reply["schedule"]
    request = from_first_stamp(request, schedule["timestamps"])
    imported, exported = schedule["grid_import_w"], schedule["grid_export_w"]
    return bill_of(request, imported, exported, schedule["timestamps"]).total


def baseline_bill(request: Wire, timestamps: Sequence[str] = ()) -> float:
    """Bill of the same site with the battery idle: the net load goes through the meter.

    Parameters
    ----------
    request : mapping
        As for `violations`.
    timestamps : sequence of str
        Of the reply; needed for demand charges and allowances.

    Returns
    -------
    float
        Surplus above `grid.max_export_w` and solar above what a hybrid inverter passes are lost;
        where curtailment is allowed, none is sold at a loss. [$]
    """
    return idle_bill(from_first_stamp(request, timestamps), timestamps).total


def simulate_soc(request: Wire, reply: Wire) -> list[float]:
    """State of charge that the scheduled battery powers lead to, from the reply's first one.

    Parameters
    ----------
    request, reply : mapping
        As for `violations`.

    Returns
    -------
    list of float
        One entry per instant, n + 1 in all; constant for a battery without capacity. [-]
    """
    return storage.simulated(scheduled_battery(request, request["battery"], reply["schedule"]))


def malformed_schedule(schedule: Wire, n: int) -> Iterator[str]:
    """Lists of the schedule of a battery that cannot be read."""
    for name in POWERS:
        yield from no_numbers(schedule, f"{name}_w", n)
    yield from no_numbers(schedule, "soc_trajectory", n + 1)
    yield from no_stamps(schedule, n)
    yield from no_list(schedule, "action", n)


def scheduled_battery(request: Wire, battery: Wire, schedule: Wire) -> Storage:
    """The home battery, with what truly flows into it."""
    return a_battery(
        request,
        battery,
        charge=true_charge(request, schedule),
        discharge=schedule["discharge_w"],
        soc=schedule["soc_trajectory"],
    )


def unsound_battery(request: Wire, battery: Wire, schedule: Wire) -> Iterator[str]:
    """Rules of a schedule that need nothing but the battery: powers, energy, actions."""
    charge = true_charge(request, schedule)
    yield from storage.negative(schedule, tuple(f"{name}_w" for name in POWERS))
    yield from storage.noise(schedule)
    yield from storage.unsound(scheduled_battery(request, battery, schedule))
    yield from storage.below_least(battery, charge)
    yield from site.wrong_actions(schedule, charge)
    if is_client_safe(request):
        yield from site.wrong_hiding(schedule, charge)


def _broken(request: Wire, reply: Wire, powers: Powers) -> Iterator[str]:
    schedule, battery = reply["schedule"], request["battery"]
    yield from unsound_battery(request, battery, schedule)
    yield from storage.missed(battery, "battery", schedule["soc_trajectory"], reply)
    each = scheduled_battery(request, battery, schedule)
    yield from storage.against_pins(battery, each, schedule["timestamps"])
    yield from storage.beyond_solar(request, [(battery, each.charge)])
    yield from wrong_steps(request, schedule["timestamps"])
    yield from site.unequal(powers, site.EQUALITIES)
    yield from site.beyond_meter(request, powers)
    yield from site.beyond_inverter(request, powers)
    exports = [export_limit(request, battery, t) for t in range(count(request))]
    yield from site.battery_to_grid(request, powers, exports)
    yield from site.grid_to_battery(request, powers, _grid_charge_limit(request, battery))


def _grid_charge_limit(request: Wire, battery: Wire) -> Series:
    """Most that the grid may feed the battery: nothing, or anything. [W]."""
    intervals = range(count(request))
    return [float("inf") if may_grid_charge(request, battery, t) else 0.0 for t in intervals]


def _simultaneous(powers: Powers) -> Iterator[str]:
    for one, other in (("charge", "discharge"), ("grid_import", "grid_export")):
        yield from storage.both(one, powers[one], other, powers[other])
