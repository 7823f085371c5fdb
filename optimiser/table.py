"""A plan as text for people: what every storage does next and why, and the money."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from optimiser.reasons import Step, next_steps
from optimiser.result.plan import Plan

WORDS = {
    "charge": "Charge",
    "consume": "Power the home",
    "export": "Sell",
    "discharge": "Discharge",
    "idle": "Hold",
    "away": "Away",
}
"""Actions as people say them, the same everywhere."""

_MOST_ROWS = 12
_HEAD = f"{'from':<9}  {'to':<9}  {'action':<14}  {'power':>8}  {'then at':>7}"
_INDENT = " " * 4  # of a reason, which has a line of its own


def as_text(plan: Plan, names: Sequence[str | None] = (), currency: str = "$") -> str:
    """Return the next actions of a plan, each with its reason, and its money as lines.

    Parameters
    ----------
    plan : Plan
        As served.
    names : sequence of str or None
        What people call the storages: batteries, then vehicles.
    currency : str
        Name of the money.
    """
    lines: list[str] = []
    for title, storages in _sections(plan, names):
        lines += [title, _HEAD, *_rows(plan, storages, currency), ""]
    lines += _runs(plan) if plan.schedule else []
    lines += _money(plan, currency)
    certificate, solve = plan.certificate, 1000.0 * plan.timing.solve
    proof = f"{plan.status} for {plan.cost_function}, by {certificate.solver} in {solve:.1f} ms"
    return "\n".join([*lines, "", proof])


def _sections(plan: Plan, names: Sequence[str | None]) -> Iterator[tuple[str, slice]]:
    """Yield titles, and the storages below them: all batteries as one, then each of several."""
    n, n_storages = len(plan.site.batteries), len(plan.site.storages)
    called = [*names, *[None] * (n_storages - len(names))]
    if n:
        yield ((called[0] or "Battery") if n == 1 else "All batteries"), slice(n)
    for k in range(0 if n > 1 else n, n_storages):
        kind, number = ("Battery", k + 1) if k < n else ("Vehicle", k - n + 1)
        yield called[k] or f"{kind} {number}", slice(k, k + 1)


def _rows(plan: Plan, storages: slice, currency: str) -> Iterator[str]:
    steps = next_steps(plan, storages, currency=currency, most=plan.site.horizon.n_intervals)
    for step in steps[:_MOST_ROWS]:
        yield _row(plan, step)
        yield f"{_INDENT}{step.reason.sentence}"
    if len(steps) > _MOST_ROWS:
        yield f"... {len(steps) - _MOST_ROWS} more until {_clock(plan.site.horizon.end)}"


def _row(plan: Plan, step: Step) -> str:
    instant, run = plan.site.horizon.instant, step.run
    power = f"{step.power:.2f} kW" if step.power > 0.0 else "-"
    return (
        f"{_clock(instant(run.first)):<9}  {_clock(instant(run.after)):<9}"
        f"  {WORDS[run.action]:<14}  {power:>8}  {step.soc_end:>7.0%}"
    )


def _runs(plan: Plan) -> Iterator[str]:
    """Yield the runs of flexible loads and of heat."""
    assert plan.schedule is not None
    for f, one in enumerate(plan.site.flexible):
        yield one.id
        runs = plan.schedule.runs(plan.site, f)
        for run in runs[:_MOST_ROWS]:
            yield f"{_clock(run.begin):<9}  {_clock(run.end):<9}  {run.energy:>8.2f} kWh"
        if len(runs) > _MOST_ROWS or not runs:
            yield f"... {len(runs) - _MOST_ROWS} more" if runs else "Does not run"
        yield ""


def _clock(when: datetime) -> str:
    return f"{when:%a %H:%M}"


def _money(plan: Plan, currency: str) -> list[str]:
    """Return the bill and what it is compared with; see `Money`."""
    money, has_battery = plan.money, bool(plan.site.batteries)
    plain = (
        "charging at once" if plan.site.vehicles and not has_battery else "plain self-consumption"
    )
    idle = {"bill with idle batteries": money.baseline_cost} if has_battery else {}
    demand = {"  of it for peaks of power": money.bill.demand_cost} if money.bill.peaks else {}
    amounts = {
        "bill": money.total_cost,
        **demand,
        f"bill of {plain}": money.self_consumption_cost,
        **idle,
        f"saved against {plain}": money.savings_vs_self_consumption,
    }
    lines = [
        f"{name:<38}{round(amount, 2) + 0.0:10.2f} {currency}"  # no -0.00
        for name, amount in amounts.items()
    ]
    return [*lines, f"{_INDENT}wear, and what is left at the end, counted on both sides"]
