"""Reasons for what a vehicle does."""

import numpy as np

from optimiser.problem.vehicle import Vehicle
from optimiser.reasons.codes import Reason, ReasonCode
from optimiser.reasons.of_battery import (
    charge_head,
    gainful_charge,
    giving,
    later_charge,
    later_use,
)
from optimiser.reasons.outlook import NOISE, Outlook, Quote, Run
from optimiser.reasons.wording import percent
from optimiser.result.plan import VehicleAction

_NOISE_ON = 1.0 / 60.0  # h
_SOC_NOISE = 1e-4


def vehicle_reason(look: Outlook, run: Run) -> Reason:
    """Say what a vehicle does in a run, and why."""
    (vehicle,) = look.storages
    assert isinstance(vehicle, Vehicle)
    if run.action is VehicleAction.AWAY:
        return _away(look, run, vehicle)
    if run.action is VehicleAction.CHARGE:
        return _charging(look, run, vehicle)
    if run.action is VehicleAction.DISCHARGE:
        return giving(look, run)
    return _waiting(look, run, vehicle)


def _away(look: Outlook, run: Run, vehicle: Vehicle) -> Reason:
    comes, horizon = vehicle.arrival, look.plan.site.horizon
    if comes is None or comes <= horizon.instant(run.first) or comes >= horizon.end:
        return Reason(ReasonCode.AWAY, "Not at its charger")
    return Reason(ReasonCode.AWAY, f"Not at its charger until {look.wording.clock(comes)}")


def _charging(look: Outlook, run: Run, vehicle: Vehicle) -> Reason:
    time_on = float(look.hours_on[run.span].sum())
    lasts = float(look.hours[run.span].sum())
    if time_on < lasts - _NOISE_ON:
        mean = look.mean(look.charge, run) * lasts / time_on
        power = look.charge * look.hours / np.where(look.hours_on > 0, look.hours_on, np.inf)
        power = np.where(power > 0, power, mean)
        head = f"Charging for {60 * time_on:.0f} of {60 * lasts:.0f} min"
        head = f"{head} at {look.power(power, run, mean)}"
    else:
        head = charge_head(look, run)
    cost, target = look.charging_cost(run), _target(look, run, vehicle)
    if target is not None:
        return look.reason(ReasonCode.REACH_TARGET, head, cost, target)
    gainful = gainful_charge(look, run, head, cost)
    return gainful or look.reason(ReasonCode.CHARGE, head, cost)


def _waiting(look: Outlook, run: Run, vehicle: Vehicle) -> Reason:
    at, target = look.first(look.charges, run), _target(look, run, vehicle)
    soc = percent(float(look.soc[run.first]))
    if at is None:
        return _holding(look, run, f"Holding at {soc}", vehicle)
    later, wanted = later_charge(look, at), () if target is None else (target,)
    head = f"Waiting at {soc} until {look.wording.clock(at)}"
    if later is None:
        return Reason(ReasonCode.WAIT, head)
    if look.mean(look.grid_export, run) <= NOISE:
        before = run._replace(when="before") if run.first else run
        price = look.grid_price(before, look.hours > 0)
        if later.high < price.low - look.cent / 100:
            return look.reason(ReasonCode.WAIT_FOR_CHEAPER, head, price, later, *wanted)
    return look.reason(ReasonCode.WAIT, head, later, *wanted)


def _holding(look: Outlook, run: Run, held: str, vehicle: Vehicle) -> Reason:
    """Say why a vehicle is charged no more."""
    target = _target(look, run, vehicle)
    if target is not None:
        missed = Quote("it is charged no more within this plan")
        return look.reason(ReasonCode.NOT_CHARGED, held, missed, target)
    use = look.first(look.discharges, run)
    if use is not None and look.value_of_more[use] > 0:
        return look.reason(ReasonCode.HOLD_FOR_LATER, held, later_use(look, use))
    if vehicle.target_soc is None:
        return Reason(ReasonCode.HOLD, held)
    text = f"{held}: the {percent(vehicle.target_soc)} wanted is reached"
    return Reason(ReasonCode.TARGET_REACHED, text)


def _target(look: Outlook, run: Run, vehicle: Vehicle) -> Quote | None:
    """Say what it is charged for, where that is still to come."""
    if vehicle.target_soc is None or look.soc[run.first] >= vehicle.target_soc - _SOC_NOISE:
        return None
    wanted = f"{percent(vehicle.target_soc)} is wanted"
    if vehicle.departure is None:
        return Quote(wanted)
    return Quote(f"{wanted} by {look.wording.clock(vehicle.departure)}")
