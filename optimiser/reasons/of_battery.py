"""Reasons for what the home battery does now."""

from optimiser.problem.battery import Battery
from optimiser.problem.objective import CostFunction
from optimiser.reasons.outlook import Outlook, outlook_of
from optimiser.reasons.wording import clock, costs, earns, kilowatts, money, percent
from optimiser.result.plan import Action, Plan


def battery_reasons(plan: Plan) -> tuple[str, ...]:
    """Say what the home batteries do in the first interval, and why.

    Parameters
    ----------
    plan : Plan
        With at least one battery.

    Returns
    -------
    tuple of str
        One sentence, and one more where solar is left unused.
    """
    n = len(plan.site.batteries)
    moves = plan.dispatch.charge[:n, 0] + plan.dispatch.discharge[:n, 0]
    capacity = [battery.capacity for battery in plan.site.batteries]
    k = int(moves.argmax()) if moves.max() > 0 else capacity.index(max(capacity))
    look, battery = outlook_of(plan, k), plan.site.batteries[k]
    hours = float(plan.site.horizon.hours[0])
    into = float(plan.dispatch.charge[:n, 0].sum()) / hours
    out = float(plan.dispatch.discharge[:n, 0].sum()) / hours
    action = plan.actions[0]
    if action is Action.CHARGE:
        first = f"Charging at {kilowatts(into)}{_why_charge(plan, look, battery)}"
    elif action is Action.EXPORT:
        first = f"Discharging at {kilowatts(out)} into the grid: {_why_give(look, battery)}"
    elif action is Action.CONSUME:
        first = f"Serving the house with {kilowatts(out)}: {_why_give(look, battery)}"
    else:
        first = _why_idle(plan, look, battery)
    return (first, *_curtailment(plan, look))


def _why_charge(plan: Plan, look: Outlook, battery: Battery) -> str:
    cost = float(look.cost_of_more()[0])
    use = look.next_use()
    value = None if use is None else float(look.value_of_more()[use])
    here = _cost_now(look, value)
    if battery.initial_soc < battery.reserve - 1e-4:
        return f" to regain the reserve of {percent(battery.reserve)}: {here}"
    if use is None or value is None:
        return f": {here}{_purpose(plan, battery)}"
    when = clock(look.horizon.instant(use), look.horizon.start)
    trip = battery.round_trip_efficiency
    kept = value * trip - battery.cycle_cost * (1 + trip)
    if value > 0 and kept >= cost - look.cent:
        verb = "sells for" if look.exporting[use] else "replaces"
        return f": {here} and {verb} {money(value, cost)} at {when}"
    if plan.cost_function is CostFunction.SELF_CONSUMPTION:
        return f": {here}; the house uses it from {when}, so that less is bought"
    return f": {here}"


def _purpose(plan: Plan, battery: Battery) -> str:
    if battery.target_end_soc is not None:
        return f", towards the {percent(battery.target_end_soc)} wanted at the end"
    return " and is kept for the time after this plan" if plan.money.end_value > 0 else ""


def _cost_now(look: Outlook, other: float | None = None) -> str:
    """Say the cost of one kWh more in the first interval."""
    if look.importing[0]:
        return f"power {costs(float(look.import_price[0]), other)} now"
    if look.curtailing[0]:
        return "it is solar that would go unused"
    price = float(look.export_price[0])
    if abs(price) < look.cent:
        return "it is solar that would earn nothing now"
    would = f"earn {money(price, other)}" if price > 0 else f"cost {money(-price)}"
    return f"solar would {would} if sold now"


def _why_give(look: Outlook, battery: Battery) -> str:
    """Say the value of giving now, and the cost of putting it back."""
    value = float(look.value_of_more()[0])
    at = look.next_refill()
    cost = None if at is None else float(look.cost_of_more()[at])
    now = f"selling {earns(value, cost)}" if look.exporting[0] else f"power {costs(value, cost)}"
    if at is None or cost is None:
        return f"{now} now"
    again = (cost + battery.cycle_cost) / battery.round_trip_efficiency + battery.cycle_cost
    if again > value + look.cent:
        return f"{now} now"
    when = clock(look.horizon.instant(at), look.horizon.start)
    if look.importing[at]:
        return f"{now} now, and refilling {costs(cost, value)} at {when}"
    if cost < look.cent:
        return f"{now} now, and solar that earns nothing refills it at {when}"
    return f"{now} now, and solar worth {money(cost, value)} refills it at {when}"


def _why_idle(plan: Plan, look: Outlook, battery: Battery) -> str:
    if battery.capacity <= 0 or not (battery.charge_limit > 0 or battery.discharge_limit > 0):
        return "Idle: there is no battery to use."
    if not (look.charges.any() or look.discharges.any()):
        return _always_idle(plan)
    if look.importing[0]:
        return _holding(look, battery)
    if look.exporting[0]:
        return _selling_solar(plan, look, battery)
    return f"Idle at {percent(battery.initial_soc)}: the house needs nothing from it now"


def _always_idle(plan: Plan) -> str:
    hours = float(plan.site.horizon.elapsed[-1])
    if plan.status != "optimal":
        return f"Idle for the next {hours:.0f} h"
    return (
        f"Idle for the next {hours:.0f} h: moving energy through the battery would cost more than "
        "it saves"
    )


def _holding(look: Outlook, battery: Battery) -> str:
    """Say why the house buys while the battery rests."""
    price = float(look.import_price[0])
    if look.stored[0] <= look.floor + look.slack:
        return _at_reserve(look, battery)
    use = look.next_use()
    held = f"Holding {percent(battery.initial_soc)}"
    value = None if use is None else float(look.value_of_more()[use])
    if use is None or value is None or value < max(price - look.cent, 0.0):
        return f"{held}: power {costs(price)} now"
    verb = "sells for" if look.exporting[use] else "replaces"
    later = (
        f"{verb} {money(value, price)} at {clock(look.horizon.instant(use), look.horizon.start)}"
    )
    return f"{held}: power {costs(price, value)} now, and what is stored {later}"


def _at_reserve(look: Outlook, battery: Battery) -> str:
    """Say why the house buys, and there is nothing to give it."""
    price = float(look.import_price[0])
    empty = f"Idle at the reserve of {percent(battery.reserve)}"
    at = look.first(look.charges)
    if at is None:
        return f"{empty}: power {costs(price)} now"
    when = clock(look.horizon.instant(at), look.horizon.start)
    if not look.importing[at]:
        return f"{empty}: power {costs(price)} now; solar charges it from {when}"
    then = float(look.import_price[at])
    later = f"charging {costs(then, price)} at {when}"
    return f"{empty}: power {costs(price, then)} now, and {later}"


def _selling_solar(plan: Plan, look: Outlook, battery: Battery) -> str:
    """Say why solar goes to the grid while the battery rests."""
    price = float(look.export_price[0])
    surplus = kilowatts(float(plan.dispatch.grid_export[0] / plan.site.horizon.hours[0]))
    if look.stored[0] >= look.ceiling - look.slack:
        return f"Idle: the battery is full, and the surplus of {surplus} {earns(price)} now"
    at = look.next_refill()
    cost = None if at is None else float(look.cost_of_more()[at])
    sold = f"Waiting: the surplus of {surplus} {earns(price, cost)} now"
    if at is None or cost is None or cost > price + look.cent:
        return sold
    when = clock(look.horizon.instant(at), look.horizon.start)
    if look.curtailing[at] and not look.importing[at]:
        return f"{sold}, and at {when} there is more than can be sold"
    return f"{sold}, and charging {costs(cost, price)} at {when}"


def _curtailment(plan: Plan, look: Outlook) -> tuple[str, ...]:
    """Return a sentence about solar that is left unused."""
    if not look.curtailing[0]:
        return ()
    power = kilowatts(float(plan.dispatch.curtailed[0] / plan.site.horizon.hours[0]))
    price = float(look.export_price[0])
    if price < 0:
        return (f"{power} of solar is left unused: selling it would cost {money(-price)}",)
    return (f"{power} of solar is left unused: the grid does not take it now",)
