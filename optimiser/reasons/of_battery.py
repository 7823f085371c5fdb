"""Reasons for what the home batteries do, all of them as one or each of them."""

import math
from operator import attrgetter

import numpy as np

from optimiser.problem.battery import Battery
from optimiser.reasons.codes import Draft, Quote, ReasonCode
from optimiser.reasons.outlook import ALLOWANCE, BUYING, NOISE, PART, SELLING, Outlook, Run, quote
from optimiser.reasons.wording import kilowatts, percent
from optimiser.result.plan import COMMAND_THRESHOLD

SOC_NOISE = 0.005
"""Difference of states of charge that counts as none: their rounding. [-]"""


def charging(look: Outlook, run: Run) -> Draft:
    """Say what batteries take, and why."""
    head, cost = charge_head(run), charging_cost(look, run)
    if look.pinned[run.first]:
        return Draft(ReasonCode.PINNED, f"{head}: set by hand", ())
    reserve = float(look.reserve[run.first : run.after + 1].max())
    if look.soc[run.first] < reserve - SOC_NOISE:
        first = "" if look.soc[run.after] <= reserve + SOC_NOISE else ", first"
        verb = "reach" if look.reserve[run.first] < reserve else "regain"
        head = f"{head}{first} to {verb} the reserve of {percent(reserve)}"
        return Draft(ReasonCode.REGAIN_RESERVE, head, (cost,))
    return gainful_charge(look, run, head, cost) or _purpose(look, run, head, cost)


def charge_head(run: Run) -> str:
    """Say with what power storages charge, and from where."""
    mean = run.mean
    head = f"Charging at {kilowatts(mean.charge, is_steady=run.is_steady.charge)}"
    if mean.charge - mean.from_grid - mean.from_solar >= PART:
        return head
    if min(mean.from_grid, mean.from_solar) >= PART:
        return f"{head}, {kilowatts(mean.from_solar)} of it from solar"
    return f"{head} from {'the grid' if mean.from_grid > mean.from_solar else 'solar'}"


def charging_cost(look: Outlook, run: Run) -> Quote:
    """Return what a kWh costs that is charged in a run."""
    taken, bought = look.power.charge[run.span] > 0, look.buys[run.span]
    costs, some_solar = look.cost_of_more[run.span], run.mean.from_solar >= PART
    high, prices = float(costs[taken].max()), costs[taken & ~bought]
    is_solar = some_solar and prices.size > 0 and run.mean.from_grid < PART
    if bought.any() and not is_solar:
        return quote(look, look.import_price, look.buys, run, BUYING)._replace(high=high)
    if math.isnan(prices.max()):
        if some_solar and np.isnan(look.export_price[run.span]).any():
            return ALLOWANCE
        return Quote("it comes from another battery")
    if not prices.any():
        return Quote(f"it is solar that would earn nothing {run.when}", (), 0.0, high)
    low, most = float(prices[prices > 0].min()), float(prices.max())
    return Quote(f"it is solar that would earn {{}} {run.when}", ((low, most),), low, high)


def gainful_charge(look: Outlook, run: Run, head: str, cost: Quote) -> Draft | None:
    """Return the reason for a charge that costs nothing, or less than its later use is worth."""
    if cost.high < 0:
        return Draft(ReasonCode.PAID_TO_CHARGE, head, (cost,))
    code = ReasonCode.STORE_UNSOLD_SOLAR if cost.high == 0 else ReasonCode.CHARGE_FOR_LATER
    use, trip = look.next_use(run), look.trip
    if use is not None:
        value = float(look.value_of_more[use])
        gain = value * trip - look.wear * (1 + trip)
        if value > 0 and gain >= cost.high - look.cent / 100:
            return Draft(code, head, (cost, later_use(look, use)))
    return Draft(code, head, (cost,)) if cost.high == 0 else None


def _purpose(look: Outlook, run: Run, head: str, cost: Quote) -> Draft:
    """Return the reason for a charge that no later price is shown to pay for."""
    use, wanted = look.first(look.discharges, run), _later_target(look, run)
    code, purpose = ReasonCode.CHARGE, ""
    if wanted:
        code, purpose = ReasonCode.REACH_TARGET, wanted
    elif use is None and look.plan.money.end_value > 0:
        code, purpose = ReasonCode.KEEP_FOR_AFTER, "it is kept for the time after this plan"
    elif use is not None and not look.buys[run.span].any():
        verb = "is sold" if look.sells[use] else "powers the home"
        purpose = f"it {verb} from {look.wording.clock(use)}"
        if run.mean.from_solar > NOISE:
            code = ReasonCode.STORE_SOLAR
    return Draft(code, head, (cost, Quote(purpose)) if purpose else (cost,))


def _later_target(look: Outlook, run: Run) -> str:
    """Say what batteries are to hold later, and do not yet; empty without such a target."""
    (battery, *others), now = look.storages, float(look.soc[run.first])
    rises = np.flatnonzero(look.reserve[run.after :] > now + SOC_NOISE)
    if rises.size:
        t = run.after + int(rises[0])
        return f"the reserve is {percent(float(look.reserve[t]))} from {look.wording.clock(t)}"
    if others or not isinstance(battery, Battery):
        return ""
    begins = look.plan.site.horizon.instant(run.first)
    for goal in sorted(battery.soc_at, key=attrgetter("at")):
        if goal.at > begins and goal.soc > now:
            return f"{percent(goal.soc)} is wanted at {look.wording.clock(goal.at)}"
    target = battery.target_end_soc
    return "" if target is None or now >= target else f"{percent(target)} is wanted at the end"


def giving(look: Outlook, run: Run) -> Draft:
    """Say what storages give to the home and to the grid, and why."""
    sold, used = run.mean.to_grid, run.mean.to_home
    parts, is_steady = [], True
    if sold > used or sold >= PART:
        parts.append(f"selling {kilowatts(sold)}")
        is_steady = run.is_steady.to_grid
    if used >= sold or used >= PART:
        others = " and other batteries" if look.feeds_others[run.span].any() else ""
        parts.append(f"powering the home{others} with {kilowatts(used)}")
        is_steady = is_steady and run.is_steady.to_home
    if sold > used:
        where, code = look.power.to_grid > min(NOISE, sold / 2), ReasonCode.SELL
        gain = quote(look, look.export_price, where, run, SELLING)
    else:
        parts.reverse()
        where, code = look.power.to_home > min(NOISE, used / 2), ReasonCode.POWER_HOME
        gain = quote(look, look.import_price, where, run, BUYING)
    head = " and ".join(parts) if is_steady else f"{' and '.join(parts)} on average"
    head = head[0].upper() + head[1:]
    if look.pinned[run.first]:
        return Draft(ReasonCode.PINNED, f"{head}: set by hand", ())
    refill, most = later_charge(look, look.next_refill(run)), gain.low + look.cent / 100
    if refill and (refill.high + look.wear) / look.trip + look.wear <= most:
        return Draft(ReasonCode.REFILL_LATER, head, (gain, refill))
    return Draft(code, head, (gain,))


def later_use(look: Outlook, use: int) -> Quote:
    """Say what stored energy does in a later interval."""
    value = float(look.value_of_more[use])
    text = "selling earns {} at" if look.sells[use] else "powering the home saves {} at"
    return Quote(f"{text} {look.wording.clock(use)}", ((value, value),), value, value)


def later_charge(look: Outlook, at: int | None) -> Quote | None:
    """Say what charging costs in a later interval; None without one, or where no price says it."""
    if at is None or math.isnan(look.cost_of_more[at]):
        return None
    when, cost = look.wording.clock(at), float(look.cost_of_more[at])
    if look.buys[at]:
        text = "charging costs {} at" if cost >= 0 else "the grid pays {} for charging at"
        return Quote(f"{text} {when}", ((abs(cost), abs(cost)),), cost, cost)
    if cost == 0:
        return Quote(f"solar that would earn nothing charges it at {when}", (), 0.0, 0.0)
    return Quote(f"solar that would earn {{}} charges it at {when}", ((cost, cost),), cost, cost)


def resting(look: Outlook, run: Run) -> Draft:
    """Say why batteries rest."""
    if run.mean.charge > COMMAND_THRESHOLD:
        return _charge_by_itself(run)
    if not (look.charges.any() or look.discharges.any()):
        return _always_resting(look)
    held = f"Holding at {percent(float(look.soc[run.first]))}"
    if look.pinned[run.first]:
        return Draft(ReasonCode.PINNED, f"{held}: set by hand", ())
    if run.mean.grid_import > max(run.mean.grid_export, NOISE):
        return _holding(look, run, held)
    if run.mean.grid_export > NOISE:
        return _selling_solar(look, run, held)
    return Draft(ReasonCode.NOT_NEEDED, f"{held}: the home needs nothing from it {run.when}")


def _charge_by_itself(run: Run) -> Draft:
    """Return the reason for a charge that is not the action.

    It comes by itself, where a controller is not told of it, or later in the same interval.
    """
    mean, is_steady = run.mean, run.is_steady
    if mean.from_solar > COMMAND_THRESHOLD:
        power = kilowatts(mean.from_solar, is_steady=is_steady.from_solar)
        return Draft(ReasonCode.SOLAR_CHARGES, f"Holding: solar charges the battery at {power}")
    is_bought = mean.from_grid > COMMAND_THRESHOLD
    how = "Holding, then charging" if is_bought else "Holding: a vehicle charges the battery"
    power = kilowatts(mean.charge, is_steady=is_steady.charge)
    return Draft(ReasonCode.CHARGE, f"{how} at {power}")


def _always_resting(look: Outlook) -> Draft:
    if not any(
        s.capacity * np.max([np.max(s.charge_limit), np.max(s.discharge_limit)])
        for s in look.storages
    ):
        return Draft(ReasonCode.NO_BATTERY, "Nothing to do: there is no battery to use")
    hours = f"{float(look.plan.site.horizon.elapsed[-1]):.1f}".removesuffix(".0")
    head = f"Holding for the next {hours} h"
    is_best = look.plan.certificate.preference_cost < look.cent / 1000
    is_all = len(look.storages) == len(look.plan.site.batteries)  # or another one does the work
    if look.plan.status != "optimal" or not (is_best and is_all):
        return Draft(ReasonCode.HOLD, head)
    text = "no charge or discharge is worth it under the prices and rules of this plan"
    return Draft(ReasonCode.NOTHING_TO_GAIN, f"{head}: {text}")


def _holding(look: Outlook, run: Run, held: str) -> Draft:
    """Say why the home buys while the battery rests."""
    price = quote(look, look.import_price, look.power.grid_import > NOISE, run, BUYING)
    if look.next_empty[run.after] == run.after:
        return _at_reserve(look, run, price)
    use = look.next_use(run)
    if use is not None and look.value_of_more[use] > max(0.0, price.high) + look.cent / 100:
        return Draft(ReasonCode.HOLD_FOR_LATER, held, (price, later_use(look, use)))
    return Draft(ReasonCode.HOLD, held, (price,))


def _at_reserve(look: Outlook, run: Run, price: Quote) -> Draft:
    """Say why the home buys, and there is nothing to give it."""
    reserve = float(look.reserve[run.after - 1])
    place = "below" if look.soc[run.after] < reserve - SOC_NOISE else "at"
    held = f"Holding {place} the reserve of {percent(reserve)}" if reserve > 0 else "Holding, empty"
    later = later_charge(look, look.first(look.charges, run))
    if later and later.high < price.low - look.cent / 100:
        return Draft(ReasonCode.AT_RESERVE, held, (price, later))
    return Draft(ReasonCode.AT_RESERVE, held, (price,))


def _selling_solar(look: Outlook, run: Run, held: str) -> Draft:
    """Say why solar goes to the grid while the battery rests."""
    price = quote(look, look.export_price, look.power.grid_export > NOISE, run, SELLING)
    power = kilowatts(run.mean.grid_export, is_steady=run.is_steady.grid_export)
    sale = f"while the home sells {power}"
    if look.next_full[run.after] == run.after:
        return Draft(ReasonCode.FULL, f"{held}, full, {sale}", (price,))
    later = later_charge(look, look.next_refill(run))
    if later and later.high < price.high and later.high <= price.low + look.cent:
        return Draft(ReasonCode.WAIT_FOR_CHEAPER, f"{held} {sale}", (price, later))
    return Draft(ReasonCode.HOLD, f"{held} {sale}", (price,))


def curtailment(look: Outlook, run: Run) -> tuple[str, ...]:
    """Return a sentence about solar that is left unused in a run."""
    unused = look.power.curtailed > NOISE
    if not unused[run.span].any():
        return ()
    head = f"{kilowatts(run.mean.curtailed)} of solar is left unused"
    price = quote(look, look.export_price, unused, run, SELLING)
    if price.high < 0:
        return (look.wording.fill(f"{head}: {price.text}", [*price.ranges]),)
    return (f"{head} {run.when}",)
