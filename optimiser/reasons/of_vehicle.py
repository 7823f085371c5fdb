"""Reasons for what a vehicle does."""

from operator import attrgetter

import numpy as np

from optimiser.problem.vehicle import Vehicle
from optimiser.reasons.codes import Draft, Quote, ReasonCode
from optimiser.reasons.of_battery import (
    charge_head,
    charging_cost,
    gainful_charge,
    giving,
    later_charge,
    later_use,
)
from optimiser.reasons.outlook import BUYING, NOISE, PART, STEADY, Outlook, Run, quote
from optimiser.reasons.wording import kilowatts, percent
from optimiser.result.plan import VehicleAction

_NOISE_ON = 1.0 / 60.0  # h
_SOC_NOISE = 1e-4


def vehicle_reason(look: Outlook, run: Run) -> Draft:
    """Say what a vehicle does in a run, and why."""
    (vehicle,) = look.storages
    assert isinstance(vehicle, Vehicle)
    if run.action is VehicleAction.AWAY:
        return _away(look, run, vehicle)
    if run.action is VehicleAction.DISCHARGE:
        return giving(look, run)
    wanted = _target(look, run, vehicle)
    if run.action is VehicleAction.CHARGE:
        return _charging(look, run, wanted)
    at = look.first(look.charges, run)
    return _holding(look, run, vehicle, wanted) if at is None else _waiting(look, run, at, wanted)


def _away(look: Outlook, run: Run, vehicle: Vehicle) -> Draft:
    comes, horizon = vehicle.arrival, look.plan.site.horizon
    begins = horizon.instant(run.first)
    later = [stay.begin for stay in vehicle.plugged if stay.begin > begins]
    comes = min(later, default=comes)
    if comes is None or comes <= horizon.instant(run.first) or comes >= horizon.end:
        return Draft(ReasonCode.AWAY, "Not at its charger")
    return Draft(ReasonCode.AWAY, f"Not at its charger until {look.wording.clock(comes)}")


def _charging(look: Outlook, run: Run, wanted: tuple[Quote, ...]) -> Draft:
    on, hours = look.hours_on[run.span], look.hours[run.span]
    if on.sum() < hours.sum() - _NOISE_ON:
        head = f"Charging for {60 * on.sum():.0f} of {60 * hours.sum():.0f} min"
        energy = look.power.charge[run.span] * hours
        mean, power = float(energy.sum() / on.sum()), energy[on > 0] / on[on > 0]
        is_steady = bool(np.abs(power - mean).max() <= max(PART, STEADY * mean))
        head = f"{head} at {kilowatts(mean, is_steady=is_steady)}"
    else:
        head = charge_head(run)
    cost = charging_cost(look, run)
    if wanted:
        return Draft(ReasonCode.REACH_TARGET, head, (cost, *wanted))
    gainful = gainful_charge(look, run, head, cost)
    (vehicle,) = look.storages
    if gainful or vehicle.end_value is None or not look.plan.money.end_value:
        return gainful or Draft(ReasonCode.CHARGE, head, (cost,))
    gain = Quote("a kWh in it is worth {}", ((vehicle.end_value, vehicle.end_value),))
    return Draft(ReasonCode.KEEP_FOR_AFTER, head, (cost, gain))


def _waiting(look: Outlook, run: Run, at: int, wanted: tuple[Quote, ...]) -> Draft:
    """Say why a vehicle is charged only from a later interval on."""
    soc, later = percent(float(look.soc[run.first])), later_charge(look, at)
    head = f"Waiting at {soc} until {look.wording.clock(at)}"
    if later is None:
        return Draft(ReasonCode.WAIT, head)
    if run.mean.grid_export <= NOISE:
        before = run._replace(when="before") if run.first else run
        price = quote(look, look.import_price, look.hours > 0, before, BUYING)
        if later.high < price.low - look.cent / 100:
            return Draft(ReasonCode.WAIT_FOR_CHEAPER, head, (price, later, *wanted))
    return Draft(ReasonCode.WAIT, head, (later, *wanted))


def _holding(look: Outlook, run: Run, vehicle: Vehicle, wanted: tuple[Quote, ...]) -> Draft:
    """Say why a vehicle is charged no more."""
    held = f"Holding at {percent(float(look.soc[run.first]))}"
    if wanted:
        missed = Quote("it is charged no more within this plan")
        return Draft(ReasonCode.NOT_CHARGED, held, (missed, *wanted))
    use = look.first(look.discharges, run)
    if use is not None and look.value_of_more[use] > 0:
        return Draft(ReasonCode.HOLD_FOR_LATER, held, (later_use(look, use),))
    if vehicle.target_soc is None and not vehicle.goals:
        return Draft(ReasonCode.HOLD, held)
    text = f"{held}: the {percent(vehicle.highest_soc)} wanted is reached"
    return Draft(ReasonCode.TARGET_REACHED, text)


def _target(look: Outlook, run: Run, vehicle: Vehicle) -> tuple[Quote, ...]:
    """Say what it is charged for, where that is still to come."""
    begins, now = look.plan.site.horizon.instant(run.first), look.soc[run.first] + _SOC_NOISE
    for goal in sorted(vehicle.goals, key=attrgetter("at")):
        if goal.at > begins and goal.soc > now:
            when = look.wording.clock(goal.at)
            return (Quote(f"{percent(goal.soc)} is wanted by {when}"),)
    if vehicle.target_soc is None or look.soc[run.first] >= vehicle.target_soc - _SOC_NOISE:
        return ()
    wanted = f"{percent(vehicle.target_soc)} is wanted"
    if vehicle.departure is None:
        return (Quote(wanted),)
    return (Quote(f"{wanted} by {look.wording.clock(vehicle.departure)}"),)
