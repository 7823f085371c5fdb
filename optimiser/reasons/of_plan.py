"""The next runs of a plan with their reasons, and the sentences about the first of them."""

from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from optimiser.problem.vehicle import Vehicle
from optimiser.problem.windows import Mask
from optimiser.reasons.codes import Reason
from optimiser.reasons.of_battery import battery_reason, curtailment
from optimiser.reasons.of_vehicle import vehicle_reason
from optimiser.reasons.outlook import Outlook, Run, outlook_of
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
    for run in _runs(actions, most):
        reason = vehicle_reason(look, run) if is_vehicle else battery_reason(look, run)
        power = look.mean(look.charge if run.action in _CHARGES else look.discharge, run)
        steps.append(Step(run, power, float(look.soc[run.after]), reason))
    return steps


def _runs(actions: Sequence[Action | VehicleAction], most: int = 1) -> list[Run]:
    """Return the first runs of intervals with one action."""
    n = len(actions)
    ends = [0, *[t for t in range(1, n) if actions[t] is not actions[t - 1]], n][: most + 1]
    return [
        Run(actions[first], first, after, slice(first, after), "then" if first else "now")
        for first, after in pairwise(ends)
    ]


def _actions(look: Outlook, storages: slice) -> tuple[Action | VehicleAction, ...]:
    """Return the action of batteries or of a vehicle in each interval; length T."""
    charge = first_charge(look.plan, storages, look.charge)
    if not isinstance(look.storages[0], Vehicle):
        return actions_of(charge, look.discharge, look.discharge - look.to_grid, look.to_grid)
    codes = np.where(_is_away(look), _AWAY, _IDLE)
    codes = np.where(look.discharge > COMMAND_THRESHOLD, _DISCHARGE, codes)
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
        look = outlook_of(plan, slice(k, k + 1), currency)
        run = _runs(_actions(look, slice(k, k + 1)))[0]
        sentence = vehicle_reason(look, run).sentence
        sentence = f"{called[k] or 'The vehicle'} is {sentence[0].lower()}{sentence[1:]}"
        sentences.append((run.action is not VehicleAction.CHARGE, sentence))
    sentences.sort(key=itemgetter(0))
    vehicles = tuple(map(itemgetter(1), sentences))
    if not n:
        return vehicles or ("Nothing to do: there is no battery",)
    look, run = outlook_of(plan, slice(n), currency), _runs(plan.actions)[0]
    told = (battery_reason(look, run).sentence, *curtailment(look, run))
    return (*vehicles, *told) if vehicles and not sentences[0][0] else (*told, *vehicles)
