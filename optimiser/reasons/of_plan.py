"""The next runs of a plan with their reasons, and the sentences about the first of them."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.reasons.codes import Reason
from optimiser.reasons.of_battery import charging, curtailment, giving, resting
from optimiser.reasons.of_vehicle import vehicle_reason
from optimiser.reasons.outlook import Outlook, Run, outlook_of, runs_of
from optimiser.reasons.wording import PriceRange
from optimiser.result.plan import (
    COMMAND_THRESHOLD,
    Action,
    Plan,
    VehicleAction,
    actions_of,
    first_charge,
)

_MOST_STEPS = 12


class Step(NamedTuple):
    """A run of intervals with one action.

    Attributes
    ----------
    run : Run
        The action, and its intervals.
    power : float
        Mean power of the charge, or of the discharge where it is no charge. [kW]
    soc_end : float
        State of charge at its end. [-]
    reason : Reason
        Why.
    """

    run: Run
    power: float
    soc_end: float
    reason: Reason


def next_steps(
    plan: Plan,
    storages: slice,
    actions: Sequence[Action | VehicleAction] | None = None,
    currency: str = "$",
    most: int = _MOST_STEPS,
) -> list[Step]:
    """Say what storages do next, and why.

    Parameters
    ----------
    plan : Plan
        As served.
    storages : slice
        All batteries, one of them, or one vehicle; batteries come first.
    actions : sequence of Action or VehicleAction, optional
        Their action in each interval; as planned where absent.
    currency : str
        Name of the money.
    most : int
        Runs at most.

    Returns
    -------
    list of Step
        The first runs of intervals with one action.
    """
    look = outlook_of(plan, storages, currency)
    if actions is None:
        actions = _actions(look, storages)
    steps, is_vehicle = [], isinstance(look.storages[0], Vehicle)
    for run in runs_of(look, actions, most):
        if is_vehicle:
            draft = vehicle_reason(look, run)
        elif run.action is Action.CHARGE:
            draft = charging(look, run)
        elif run.action is Action.IDLE:
            draft = resting(look, run)
        else:
            draft = giving(look, run)
        template, ranges, colon = draft.head, list[PriceRange](), ": "
        for quote in draft.quotes:
            template, colon = f"{template}{colon}{quote.text}", ", and "
            ranges += quote.ranges
        reason = Reason(draft.code, look.wording.fill(template, ranges))
        power = run.mean.charge if run.action in _CHARGES else run.mean.discharge
        steps.append(Step(run, power, float(look.soc[run.after]), reason))
    return steps


def _actions(look: Outlook, storages: slice) -> tuple[Action | VehicleAction, ...]:
    """Return the action of batteries or of a vehicle in each interval; length T."""
    power, charge = look.power, first_charge(look.plan, storages, look.power.charge)
    if not isinstance(look.storages[0], Vehicle):
        return actions_of(charge, power.discharge, power.discharge - power.to_grid, power.to_grid)
    codes = np.where(_is_away(look), _AWAY, _IDLE)
    codes = np.where(look.discharges, _DISCHARGE, codes)
    codes = np.where(charge > COMMAND_THRESHOLD, _CHARGE, codes)
    return tuple(map(_VEHICLE_ACTIONS.__getitem__, codes.tolist()))


_CHARGES = {Action.CHARGE, VehicleAction.CHARGE}
_VEHICLE_ACTIONS = tuple(VehicleAction)
_CHARGE, _DISCHARGE, _IDLE, _AWAY = range(4)


def _is_away(look: Outlook) -> Mask:
    """Return the intervals in no part of which a vehicle is at its charger."""
    (vehicle,), horizon = look.storages, look.plan.site.horizon
    assert isinstance(vehicle, Vehicle)
    away = np.full(horizon.n_intervals, fill_value=vehicle.is_away(horizon))
    if vehicle.arrival is not None:
        away |= horizon.elapsed <= horizon.hours_until(vehicle.arrival) + _ROUNDING
    if vehicle.departure is not None:
        starts = horizon.elapsed - horizon.hours
        away |= starts >= horizon.hours_until(vehicle.departure) - _ROUNDING
    if vehicle.plugged:
        starts = horizon.elapsed - horizon.hours
        spans = [
            (horizon.elapsed > horizon.hours_until(stay.begin) + _ROUNDING)
            & (starts < horizon.hours_until(stay.end) - _ROUNDING)
            for stay in vehicle.plugged
        ]
        away |= ~np.any(spans, axis=0)
    return away


_ROUNDING = 1e-6  # h


def reasons(plan: Plan, names: Sequence[str | None] = (), currency: str = "$") -> tuple[str, ...]:
    """Say what happens first, and why.

    Parameters
    ----------
    plan : Plan
        As served.
    names : sequence of str or None
        What people call the storages: batteries, then vehicles.
    currency : str
        Name of the money.

    Returns
    -------
    tuple of str
        Sentences, the most important first, without a full stop.
    """
    n, sentences = len(plan.site.batteries), []
    called = [*names, *[None] * (len(plan.site.storages) - len(names))]
    for k in range(n, len(plan.site.storages)):
        (step,) = next_steps(plan, slice(k, k + 1), None, currency, most=1)
        sentence = f"{step.reason.sentence[0].lower()}{step.reason.sentence[1:]}"
        sentence = f"{called[k] or 'The vehicle'} is {sentence}"
        sentences.append((step.run.action is not VehicleAction.CHARGE, sentence))
    sentences.sort(key=itemgetter(0))
    vehicles = tuple(map(itemgetter(1), sentences))
    if not n:
        return vehicles or ("Nothing to do: there is no battery",)
    (step,) = next_steps(plan, slice(n), plan.actions, currency, most=1)
    told = (step.reason.sentence, *curtailment(outlook_of(plan, slice(n), currency), step.run))
    return (*vehicles, *told) if vehicles and not sentences[0][0] else (*told, *vehicles)
