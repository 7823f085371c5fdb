"""Reasons for what the home batteries do, all of them as one or each of them."""

import math

import numpy as np

from optimiser.problem.battery import Battery
from optimiser.problem.vehicle import Vehicle
from optimiser.reasons.codes import Reason, ReasonCode
from optimiser.reasons.outlook import NOISE, PART, Outlook, Quote, Run
from optimiser.reasons.wording import kilowatts, percent
from optimiser.result.plan import COMMAND_THRESHOLD, Action

SOC_NOISE = 0.005
"""Difference of states of charge that counts as none: their rounding. [-]"""


def battery_reason(look: Outlook, run: Run) -> Reason:
    """Say what batteries do in a run, and why."""
    if run.action is Action.CHARGE:
        return _charging(look, run)
    if run.action in {Action.CONSUME, Action.EXPORT}:
        return giving(look, run)
    return _resting(look, run)


def _charging(look: Outlook, run: Run) -> Reason:
    head, cost = charge_head(look, run), look.charging_cost(run)
    reserve = look.share_of(look.floor)
    if look.soc[run.first] < reserve - SOC_NOISE:
        first = "" if look.soc[run.after] <= reserve + SOC_NOISE else ", first"
        head = f"{head}{first} to regain the reserve of {percent(reserve)}"
        return look.reason(ReasonCode.REGAIN_RESERVE, head, cost)
    return gainful_charge(look, run, head, cost) or _purpose(look, run, head, cost)


def gainful_charge(look: Outlook, run: Run, head: str, cost: Quote) -> Reason | None:
    """Return the reason for a charge that costs nothing, or less than its later use is worth."""
    if cost.high < 0:
        return look.reason(ReasonCode.PAID_TO_CHARGE, head, cost)
    code = ReasonCode.STORE_UNSOLD_SOLAR if cost.high == 0 else ReasonCode.CHARGE_FOR_LATER
    use = look.next_use(run)
    if use is not None:
        value = float(look.value_of_more[use])
        if (
            value > 0
            and value * look.trip - look.wear * (1 + look.trip) >= cost.high - look.cent / 100
        ):
            return look.reason(code, head, cost, later_use(look, use))
    return look.reason(code, head, cost) if cost.high == 0 else None


def _purpose(look: Outlook, run: Run, head: str, cost: Quote) -> Reason:
    """Return the reason for a charge that no later price is shown to pay for."""
    storage, use = look.storages[0], look.first(look.discharges, run)
    target = storage.target_end_soc if isinstance(storage, Battery) else None
    if len(look.storages) == 1 and target is not None and look.soc[run.first] < target:
        purpose = Quote(f"{percent(target)} is wanted at the end")
        return look.reason(ReasonCode.REACH_TARGET, head, cost, purpose)
    if use is None and look.plan.money.end_value > 0:
        purpose = Quote("it is kept for the time after this plan")
        return look.reason(ReasonCode.KEEP_FOR_AFTER, head, cost, purpose)
    if use is not None and not look.buys[run.span].any():
        verb = "is sold" if look.sells[use] else "powers the home"
        purpose = Quote(f"it {verb} from {look.wording.clock(use)}")
        is_solar = look.mean(look.from_solar, run) > NOISE
        code = ReasonCode.STORE_SOLAR if is_solar else ReasonCode.CHARGE
        return look.reason(code, head, cost, purpose)
    return look.reason(ReasonCode.CHARGE, head, cost)


def charge_head(look: Outlook, run: Run) -> str:
    """Say with what power storages charge, and from where."""
    from_grid, from_solar = look.mean(look.from_grid, run), look.mean(look.from_solar, run)
    mean = look.mean(look.charge, run)
    head = f"Charging at {look.power(look.charge, run, mean)}"
    if mean - from_grid - from_solar >= PART:
        return head
    if min(from_grid, from_solar) >= PART:
        return f"{head}, {kilowatts(from_solar)} of it from solar"
    return f"{head} from {'the grid' if from_grid > from_solar else 'solar'}"


def giving(look: Outlook, run: Run) -> Reason:
    """Say what storages give to the home and to the grid, and why."""
    to_home = np.maximum(look.discharge - look.to_grid, 0.0)
    sold, used = look.mean(look.to_grid, run), look.mean(to_home, run)
    sale = f"selling {look.power(look.to_grid, run, sold)}"
    others = " and other batteries" if look.feeds_others[run.span].any() else ""
    service = f"powering the home{others} with {look.power(to_home, run, used)}"
    if sold > used:
        code, gain = ReasonCode.SELL, look.sale_price(run, look.to_grid > min(NOISE, sold / 2))
        head = sale if used < PART else f"{sale} and {service}"
    else:
        code, gain = ReasonCode.POWER_HOME, look.grid_price(run, to_home > min(NOISE, used / 2))
        head = service if sold < PART else f"{service} and {sale}"
    if "average" in head:
        head = f"{head.replace(' on average', '')} on average"
    head = head[0].upper() + head[1:]
    at = look.next_refill(run)
    refill = None if at is None else later_charge(look, at)
    if refill is None:
        return look.reason(code, head, gain)
    if not (refill.high + look.wear) / look.trip + look.wear <= gain.low + look.cent / 100:
        return look.reason(code, head, gain)
    return look.reason(ReasonCode.REFILL_LATER, head, gain, refill)


def later_use(look: Outlook, use: int) -> Quote:
    """Say what stored energy does in a later interval."""
    value = float(look.value_of_more[use])
    text = "selling earns {} at" if look.sells[use] else "powering the home saves {} at"
    return Quote(f"{text} {look.wording.clock(use)}", ((value, value),), value, value)


def later_charge(look: Outlook, at: int) -> Quote | None:
    """Say what charging costs in a later interval; None where no price says it."""
    when, cost = look.wording.clock(at), float(look.cost_of_more[at])
    if math.isnan(cost):
        return None
    if look.buys[at]:
        text = "charging costs {} at" if cost >= 0 else "the grid pays {} for charging at"
        return Quote(f"{text} {when}", ((abs(cost), abs(cost)),), cost, cost)
    if cost == 0:
        return Quote(f"solar that would earn nothing charges it at {when}", (), 0.0, 0.0)
    return Quote(f"solar that would earn {{}} charges it at {when}", ((cost, cost),), cost, cost)


def _resting(look: Outlook, run: Run) -> Reason:
    if not any(map(_is_usable, look.storages)):
        return Reason(ReasonCode.NO_BATTERY, "Nothing to do: there is no battery to use")
    hidden = _charge_by_itself(look, run)
    if hidden is not None:
        return hidden
    if not (look.charges.any() or look.discharges.any()):
        return _always_resting(look)
    held = f"Holding at {percent(float(look.soc[run.first]))}"
    imports, exports = look.mean(look.grid_import, run), look.mean(look.grid_export, run)
    if imports > max(exports, NOISE):
        return _holding(look, run, held)
    if exports > NOISE:
        return _selling_solar(look, run, held, exports)
    text = f"{held}: the home needs nothing from it {run.when}"
    return Reason(ReasonCode.NOT_NEEDED, text)


def _charge_by_itself(look: Outlook, run: Run) -> Reason | None:
    """Return the reason for a charge that is not the action, or None without one.

    It comes by itself, where a controller is not told of it, or later in the same interval.
    """
    charge, from_solar = look.mean(look.charge, run), look.mean(look.from_solar, run)
    if from_solar > COMMAND_THRESHOLD:
        power = look.power(look.from_solar, run, from_solar)
        return Reason(ReasonCode.SOLAR_CHARGES, f"Holding: solar charges the battery at {power}")
    if charge <= COMMAND_THRESHOLD:
        return None
    is_bought = look.mean(look.from_grid, run) > COMMAND_THRESHOLD
    how = "Holding, then charging" if is_bought else "Holding: a vehicle charges the battery"
    return Reason(ReasonCode.CHARGE, f"{how} at {look.power(look.charge, run, charge)}")


def _is_usable(storage: Battery | Vehicle) -> bool:
    return storage.capacity > 0 and max(storage.charge_limit, storage.discharge_limit) > 0


def _always_resting(look: Outlook) -> Reason:
    hours = f"{float(look.plan.site.horizon.elapsed[-1]):.1f}".removesuffix(".0")
    head = f"Holding for the next {hours} h"
    is_best = look.plan.certificate.preference_cost < look.cent / 1000
    is_all = len(look.storages) == len(look.plan.site.batteries)  # or another one does the work
    if look.plan.status != "optimal" or not (is_best and is_all):
        return Reason(ReasonCode.HOLD, head)
    text = "no charge or discharge is worth it under the prices and rules of this plan"
    return Reason(ReasonCode.NOTHING_TO_GAIN, f"{head}: {text}")


def _holding(look: Outlook, run: Run, held: str) -> Reason:
    """Say why the home buys while the battery rests."""
    price = look.grid_price(run, look.grid_import > NOISE)
    if look.is_empty[run.after - 1]:
        return _at_reserve(look, run, price)
    use = look.next_use(run)
    if use is not None and look.value_of_more[use] > max(0.0, price.high) + look.cent / 100:
        return look.reason(ReasonCode.HOLD_FOR_LATER, held, price, later_use(look, use))
    return look.reason(ReasonCode.HOLD, held, price)


def _at_reserve(look: Outlook, run: Run, price: Quote) -> Reason:
    """Say why the home buys, and there is nothing to give it."""
    reserve = look.share_of(look.floor)
    place = "below" if look.soc[run.after] < reserve - SOC_NOISE else "at"
    held = f"Holding {place} the reserve of {percent(reserve)}" if reserve > 0 else "Holding, empty"
    at = look.first(look.charges, run)
    later = None if at is None else later_charge(look, at)
    if later is not None and later.high < price.low - look.cent / 100:
        return look.reason(ReasonCode.AT_RESERVE, held, price, later)
    return look.reason(ReasonCode.AT_RESERVE, held, price)


def _selling_solar(look: Outlook, run: Run, held: str, exports: float) -> Reason:
    """Say why solar goes to the grid while the battery rests."""
    price = look.sale_price(run, look.grid_export > NOISE)
    sale = f"while the home sells {look.power(look.grid_export, run, exports)}"
    if look.is_full[run.after - 1]:
        return look.reason(ReasonCode.FULL, f"{held}, full, {sale}", price)
    at = look.next_refill(run)
    later = None if at is None else later_charge(look, at)
    if later is not None and later.high < price.high and later.high <= price.low + look.cent:
        return look.reason(ReasonCode.WAIT_FOR_CHEAPER, f"{held} {sale}", price, later)
    return look.reason(ReasonCode.HOLD, f"{held} {sale}", price)


def curtailment(look: Outlook, run: Run) -> tuple[str, ...]:
    """Return a sentence about solar that is left unused in a run."""
    unused, mean = look.curtailed > NOISE, look.mean(look.curtailed, run)
    if not unused[run.span].any():
        return ()
    head = f"{kilowatts(mean)} of solar is left unused"
    price = look.sale_price(run, unused)
    if price.high < 0:
        return (look.reason(ReasonCode.HOLD, head, price).sentence,)
    return (f"{head} {run.when}",)
