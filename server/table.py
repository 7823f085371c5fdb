"""A reply as text for people."""

from datetime import datetime

from server.wire.replies import ActionOut, MultiBatteryReply, OptimizeReply

_VERBS = {"consume": "serve the house"}  # other actions are verbs themselves


def as_text(reply: OptimizeReply | MultiBatteryReply) -> str:
    """Return the next actions, bill, baseline and savings of a plan as lines for a terminal."""
    summary = reply.summary
    lines = [f"{'from':<11} {'to':<11} {'action':<16} {'power':>8} {'then at':>8}"]
    lines += [_row(action) for action in reply.next_actions]
    lines += [
        "",
        f"bill      {summary.total_cost:10.2f} $",
        f"baseline  {summary.baseline_cost:10.2f} $   (battery idle)",
        f"savings   {summary.savings:10.2f} $",
        "",
        f"{reply.status}, {reply.solver}, {reply.certificate.solve_ms:.1f} ms, "
        f"cost function {reply.cost_function}",
    ]
    lines += [f"warning: {w.field}: {w.message}" for w in reply.warnings]
    return "\n".join(lines)


def _row(action: ActionOut) -> str:
    power = f"{action.power_w / 1000:.2f} kW" if action.power_w else "-"
    return (
        f"{_clock(action.start):<11} {_clock(action.end):<11} "
        f"{_VERBS.get(action.action, action.action):<16} {power:>8} {action.soc_end:>8.0%}"
    )


def _clock(stamp: str) -> str:
    return datetime.fromisoformat(stamp).strftime("%a %H:%M")
