"""Limits that a plan had to miss, in plain words, with what would have kept them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from optimiser import Plan
from optimiser.model.storages import present_at_charger
from optimiser.problem.grid import N_PHASES
from optimiser.result.shortfalls import Cause, Shortfall, SoftLimit
from server.wire.repairs import Repairs

_GOAL = "the goal of {end} {verdict} met: {kwh} short"
_WANTED_CHARGE = "what is wanted at least {verdict} charged, first at {when}: {kwh} short in all"
_BATTERY = {
    SoftLimit.RESERVE: ("backup_reserve", "the reserve {verdict} regained by {when}: {kwh} short"),
    SoftLimit.MAX_SOC: ("max_soc", "max_soc {verdict} kept at {when}: {kwh} too much"),
    SoftLimit.SOC_AT: ("soc_at", _GOAL),
    SoftLimit.TARGET_END_SOC: ("target_end_soc", "the target {verdict} met: {kwh} short"),
}
_VEHICLE = {
    SoftLimit.VEHICLE_GOAL: ("goals", _GOAL),
    SoftLimit.VEHICLE_WANTED_CHARGE: ("min_energy_kwh", _WANTED_CHARGE),
}
_METER = (
    "the load needs {kwh} beyond it, first at {when}; needs {needs:.1f} kW, the limit is {has:.1f}"
)
_REPAIR = {
    Cause.NEVER_HERE: "it is never at its charger within the horizon",
    Cause.MAX_SOC: "max_soc of {percent:.0f} % is below it",
    Cause.SOLAR_ONLY: "surplus solar is too little; grid charging would do",
    Cause.WITHIN_SOLAR: "all solar is too little; grid charging would do",
    Cause.PERMISSION: "max_price or allow_grid_charging keeps it from the grid for too long",
    Cause.SPIKE: "spike protection keeps it from the grid; must_reach_target would not",
    Cause.IMPORT_LIMIT: "needs an import limit of {needs:.2f} kW beside the rest, the site has "
    "{has:.2f}",
    Cause.PHASE_LIMIT: "its phases have {has:.2f} kW each, which is too little beside the rest",
    Cause.PRICE: "must_reach_target is false, and more was not worth its price",
    Cause.OTHER: "other loads and wishes come first",
}


_LEAST_POWER = 1e-3  # kW; less would be done in years

_BY_ITSELF = {Cause.NEVER_HERE, Cause.MAX_SOC, Cause.CHARGER}
"""Causes that leave no plan at all, whatever the rest of the home does."""


_CHOSEN = {Cause.SPIKE, Cause.PRICE}
"""Causes that are somebody's choice."""


def note_shortfalls(plan: Plan, paths: tuple[str, ...], repairs: Repairs) -> None:
    """Add a warning for everything that the plan missed.

    The `paths` are the places of the batteries, then of the vehicles, in the request.
    """
    for miss in plan.shortfalls:
        if miss.limit is SoftLimit.VEHICLE_TARGET:
            field, message = _vehicle_warning(plan, miss, paths[len(plan.site.batteries) :])
        elif miss.limit in _VEHICLE:
            name, sentence = _VEHICLE[miss.limit]
            path = paths[len(plan.site.batteries) + (miss.storage or 0)]
            field, message = f"{path}.{name}", _format(sentence, plan, miss)
        elif miss.limit in _BATTERY:
            name, sentence = _BATTERY[miss.limit]
            field, message = f"{paths[miss.storage or 0]}.{name}", _format(sentence, plan, miss)
        else:
            field, message = _limit_of_meter(plan), _format(_METER, plan, miss)
        repairs.note("unmet", field, message)


def _limit_of_meter(plan: Plan) -> str:
    """Return the field that limits imports most."""
    grid = plan.site.grid
    of_phases = N_PHASES * grid.phase_limit < np.min(grid.import_limit)
    return "grid.max_import_a_per_phase" if of_phases else "grid.max_import_w"


def _format(sentence: str, plan: Plan, miss: Shortfall) -> str:
    horizon = plan.pieces.site.horizon
    when, end = (horizon.instant(miss.interval + after).isoformat() for after in (0, 1))
    kwh = f"{miss.amount:.2f} kWh"
    verdict = _verdict(plan, miss)
    return sentence.format(
        when=when, end=end, kwh=kwh, needs=miss.needs, has=miss.has, verdict=verdict
    )


def _verdict(plan: Plan, miss: Shortfall) -> str:
    """Return "cannot be" where that is proved, else "is not".

    A plan that is proved optimal misses a limit only where no plan keeps it, since a miss costs
    more than any energy; where it misses several, one might be kept at the cost of another.
    """
    is_alone = plan.status == "optimal" and len(plan.shortfalls) == 1
    is_proved = miss.cause in _BY_ITSELF or (is_alone and miss.cause not in _CHOSEN)
    return "cannot be" if is_proved else "is not"


def _vehicle_warning(plan: Plan, miss: Shortfall, paths: tuple[str, ...]) -> tuple[str, str]:
    v = miss.storage or 0
    vehicle = plan.site.vehicles[v]
    by = vehicle.departure or plan.site.horizon.end
    share = 100.0 * vehicle.most_soc
    repair = _REPAIR.get(miss.cause, "").format(needs=miss.needs, has=miss.has, percent=share)
    if miss.cause is Cause.CHARGER:
        repair = f"needs {miss.needs:.1f} kW, charger has {miss.has:.1f}"
        later = _full_power_end(plan, v, miss)
        if later is not None:
            day = "" if later.date() == by.date() else f"{later:%a} "
            repair += f"; would be met by {day}{later:%H:%M}"
    target = f"target {100 * (vehicle.target_soc or 0):.0f} % by {by:%H:%M}"
    message = f"{target} {_verdict(plan, miss)} met: {miss.amount:.1f} kWh short; {repair}"
    return f"{paths[v]}.target_soc", message


def _full_power_end(plan: Plan, v: int, miss: Shortfall) -> datetime | None:
    """Return when the charger would be done at full power from the departure on."""
    vehicle, horizon = plan.site.vehicles[v], plan.pieces.site.horizon
    power = float(np.ravel(vehicle.charge_limit)[-1]) * vehicle.charge_efficiency
    if power <= _LEAST_POWER or not present_at_charger(vehicle, horizon).any():
        return None
    by = vehicle.departure or horizon.end
    later = by.astimezone(UTC) + timedelta(hours=miss.amount / power)
    return later.astimezone(by.tzinfo)
