"""Flexible loads and stores of heat in replies."""

import numpy as np

from optimiser import HeatStore, Load, Plan, Schedule
from optimiser.result.schedule import heat_levels
from server.reading.site import Problem
from server.wire.repairs import Repairs
from server.wire.replies import HeatOut, LoadOut, RunOut
from server.writing.summary import round_soc, watts

_NOTICEABLE = 1e-3  # kWh


def loads_from_plan(plan: Plan, schedule: Schedule, problem: Problem) -> list[LoadOut]:
    """Return the part about every flexible load."""
    horizon, missing = plan.site.horizon, schedule.missing(plan.site)
    loads = []
    for f, one in enumerate(plan.site.flexible):
        if not isinstance(one, Load):
            continue
        energy = schedule.energy[f]
        runs = [
            RunOut(run.begin.isoformat(), run.end.isoformat(), round(run.energy, 6))
            for run in schedule.runs(plan.site, f)
        ]
        out = LoadOut(
            id=one.id,
            name=problem.flexible_names[f],
            start=runs[0].start if runs else None,
            end=runs[-1].end if runs else None,
            runs=runs,
            power_w=watts(energy, horizon.hours).tolist(),
            energy_kwh=round(float(energy.sum()), 6),
            missing_kwh=round(float(missing[f]), 6),
        )
        loads.append(out)
    return loads


def heat_from_plan(plan: Plan, schedule: Schedule, problem: Problem) -> list[HeatOut]:
    """Return the part about every store of heat."""
    horizon, missing = plan.site.horizon, schedule.missing(plan.site)
    stores = []
    for f, one in enumerate(plan.site.flexible):
        if not isinstance(one, HeatStore):
            continue
        energy = schedule.energy[f]
        levels = np.append(one.level, heat_levels(one, horizon, energy) / one.capacity)
        out = HeatOut(
            id=one.id,
            name=problem.flexible_names[f],
            power_w=watts(energy, horizon.hours).tolist(),
            level=round_soc(levels).tolist(),
            energy_kwh=round(float(energy.sum()), 6),
            heat_kwh=round(float(energy @ horizon.spread(one.efficiency)), 6),
            short_kwh=round(float(missing[f]), 6),
        )
        stores.append(out)
    return stores


def note_missing(plan: Plan, schedule: Schedule, problem: Problem, repairs: Repairs) -> None:
    """Add a warning for every load that lacks energy, and for heat below its least."""
    missing = schedule.missing(plan.site).tolist()
    end = plan.site.horizon.end.timestamp()
    for one, path, lacks in zip(plan.site.flexible, problem.flexible_paths, missing, strict=True):
        if lacks <= _NOTICEABLE:
            continue
        if isinstance(one, HeatStore):
            repairs.note("unmet", f"{path}.least", f"is not kept: {lacks:.2f} kWh of heat short")
        elif one.latest is not None and one.latest.timestamp() > end:
            message = f"is not planned yet: {lacks:.2f} kWh; it may run after the plan"
            repairs.note("beyond_horizon", path, message)
        else:
            repairs.note("unmet", path, f"does not run as wanted: {lacks:.2f} kWh short")
