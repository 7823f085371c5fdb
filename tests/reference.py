"""The slow, obvious oracle: judge a reply of ``POST /optimize`` from the request and the reply.

Plain Python, the standard library, nothing of the project: what the planner gets wrong cannot
be wrong here in the same way.  Units are those of the wire: W, Wh, $/kWh, minutes, SoC 0-1.

A request is *clean*: `prices_import`, `prices_export`, `solar_forecast` and `load_forecast` are
lists of finite numbers of the schedule's length, `interval_minutes` is a number or such a list,
`battery` has `capacity_wh` and `current_soc`.  Tests of repaired input pass the intended reading.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

Wire = Mapping[str, Any]
Series = list[float]
Rule = Callable[[Wire, Wire], Iterator[str]]

# A meter shows whole watts.  Sums of flows that were each rounded to a tenth stay within it; a
# flow that was forgotten does not.
POWER_TOLERANCE_W = 1.0

# 0.1 Wh of a 10 kWh battery: above what powers rounded to a milliwatt add up to in two days,
# below one interval of 5 min at 2 W.
SOC_TOLERANCE = 1e-5

# A hundredth of a cent: the fourth decimal of a rounded amount, nothing that a bill would show.
# Averages are prices: held to the same number per kWh, looser where less than 1 kWh was traded.
MONEY_TOLERANCE = 1e-4

# The third decimal of a rounded total.  Wrong totals miss by an interval's energy: tens of Wh.
ENERGY_TOLERANCE_KWH = 1e-3

# Lengths such as 0.7 min are no whole number of microseconds; a lost second is an error.
TIME_TOLERANCE = timedelta(milliseconds=1)

# The client starts to charge or discharge above this power.
CLIENT_THRESHOLD_W = 10.0

POWERS = (
    "charge",
    "discharge",
    "grid_import",
    "grid_export",
    "battery_consume",
    "battery_export",
    "solar_to_load",
    "solar_to_battery",
    "solar_to_grid",
    "solar_curtailed",
    "grid_to_load",
    "grid_to_battery",
)

# Name of the rule, what comes in, what goes out: the two sides are equal in every interval.
EQUALITIES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "power balance",
        ("solar", "grid_import", "discharge"),
        ("solar_curtailed", "load", "grid_export", "charge"),
    ),
    (
        "flows from solar",
        ("solar",),
        ("solar_to_load", "solar_to_battery", "solar_to_grid", "solar_curtailed"),
    ),
    ("flows from the battery", ("discharge",), ("battery_consume", "battery_export")),
    ("flows from the grid", ("grid_import",), ("grid_to_load", "grid_to_battery")),
    ("flows to the grid", ("solar_to_grid", "battery_export"), ("grid_export",)),
    ("flows to the load", ("solar_to_load", "battery_consume", "grid_to_load"), ("load",)),
    ("flows to the battery", ("solar_to_battery", "grid_to_battery"), ("charge",)),
)


def violations(request: Wire, reply: Wire, *, exclusive: bool = True) -> list[str]:
    """Every rule that the reply breaks, as sentences with interval and numbers.

    Parameters
    ----------
    request : mapping
        A clean request, see the module's docstring.
    reply : mapping
        The decoded reply, `schedule` and `summary` are read.
    exclusive : bool
        Whether charging while discharging, and importing while exporting, is a violation.

    Returns
    -------
    list of str
        Empty for a sound reply.  Where arrays are missing, of the wrong length or hold something
        else than finite numbers, only that is told: the other rules could not be computed.
    """
    malformed = list(_malformed(request, reply))
    if malformed:
        return malformed
    rules = (*RULES, _simultaneous) if exclusive else RULES
    return [sentence for rule in rules for sentence in rule(request, reply)]


def bill(request: Wire, reply: Wire) -> float:
    """Cost of the import less the reward for the export, at the true prices.

    Parameters
    ----------
    request, reply : mapping
        As for `violations`; only the powers at the meter are read from the reply.

    Returns
    -------
    float
        Negative when the site earns. [$]
    """
    schedule = reply["schedule"]
    bought = _worth(request, schedule["grid_import_w"], request["prices_import"])
    sold = _worth(request, schedule["grid_export_w"], request["prices_export"])
    return bought - sold


def baseline_bill(request: Wire) -> float:
    """Bill of the same site with the battery idle: the net load goes through the meter.

    Parameters
    ----------
    request : mapping
        As for `violations`.

    Returns
    -------
    float
        Only surplus above `grid.max_export_w` is curtailed, where curtailment is allowed. [$]
    """
    cap = _limit(_section(request, "grid"), "max_export_w") if _may_curtail(request) else math.inf
    net_load = _net_load(request)
    imported = [max(net, 0.0) for net in net_load]
    exported = [min(max(-net, 0.0), cap) for net in net_load]
    bought = _worth(request, imported, request["prices_import"])
    return bought - _worth(request, exported, request["prices_export"])


def simulate_soc(request: Wire, reply: Wire) -> list[float]:
    """State of charge that the scheduled battery powers lead to, from the reply's first one.

    Parameters
    ----------
    request, reply : mapping
        As for `violations`.

    Returns
    -------
    list of float
        One entry per instant, n + 1 in all; constant for a battery without capacity. [-]
    """
    trajectory = [float(reply["schedule"]["soc_trajectory"][0])]
    for step in _soc_steps(request, reply):
        trajectory.append(trajectory[-1] + step)
    return trajectory


# Reading the request and the reply


def _section(mapping: Wire, name: str) -> Wire:
    section: Wire = mapping.get(name) or {}
    return section


def _number(mapping: Wire, name: str, default: float) -> float:
    """Entry of the mapping; absent and null are the default, 0 is 0."""
    value = mapping.get(name)
    return default if value is None else float(value)


def _limit(mapping: Wire, name: str) -> float:
    return _number(mapping, name, math.inf)


def _flag(mapping: Wire, name: str, default: bool) -> bool:
    value = mapping.get(name)
    return default if value is None else bool(value)


def _count(request: Wire) -> int:
    return len(request["prices_import"])


def _minutes(request: Wire) -> Series:
    minutes = request["interval_minutes"]
    return list(minutes) if isinstance(minutes, Sequence) else [minutes] * _count(request)


def _hours(request: Wire) -> Series:
    return [minutes / 60 for minutes in _minutes(request)]


def _net_load(request: Wire) -> Series:
    pairs = zip(request["load_forecast"], request["solar_forecast"], strict=True)
    return [load - solar for load, solar in pairs]


def _may_curtail(request: Wire) -> bool:
    return _flag(_section(request, "grid"), "curtailment", True)


def _is_client_safe(request: Wire) -> bool:
    return _flag(_section(request, "options"), "client_safe_charge", False)


def _is_self_consumption(request: Wire) -> bool:
    return request.get("cost_function") == "self_consumption"


def _powers(request: Wire, reply: Wire) -> dict[str, Series]:
    """Every power by its name without unit, and `solar`, `load`; `charge` is what truly flows."""
    powers: dict[str, Series] = {name: reply["schedule"][f"{name}_w"] for name in POWERS}
    powers["solar"] = request["solar_forecast"]
    powers["load"] = request["load_forecast"]
    if _is_client_safe(request):
        sources = zip(powers["solar_to_battery"], powers["grid_to_battery"], strict=True)
        powers["charge"] = [solar + grid for solar, grid in sources]
    return powers


def _efficiencies(battery: Wire) -> tuple[float, float]:
    """Charging and discharging; the most specific entry wins."""
    one_way = _number(battery, "efficiency", 0.9)
    if battery.get("round_trip_efficiency") is not None:
        one_way = math.sqrt(battery["round_trip_efficiency"])
    charging = _number(battery, "charge_efficiency", one_way)
    return charging, _number(battery, "discharge_efficiency", one_way)


def _soc_steps(request: Wire, reply: Wire) -> Series:
    battery = request["battery"]
    if battery["capacity_wh"] == 0:
        return [0.0] * _count(request)
    charging, discharging = _efficiencies(battery)
    powers = _powers(request, reply)
    steps = zip(_hours(request), powers["charge"], powers["discharge"], strict=True)
    return [
        (charging * charge - discharge / discharging) * hours / battery["capacity_wh"]
        for hours, charge, discharge in steps
    ]


def _energy(request: Wire, watts: Series) -> float:
    """Sum over the horizon. [kWh]."""
    return sum(h * w for h, w in zip(_hours(request), watts, strict=True)) / 1000


def _worth(request: Wire, watts: Series, prices: Series) -> float:
    """Sum over the horizon at the prices of each interval. [$]."""
    terms = zip(_hours(request), watts, prices, strict=True)
    return sum(h * w * price for h, w, price in terms) / 1000


# Shape: what must hold before anything can be computed


def _malformed(request: Wire, reply: Wire) -> Iterator[str]:
    for part in ("schedule", "summary"):
        if not isinstance(reply.get(part), Mapping):
            yield f"{part}: must be an object, got {reply.get(part)!r}"
            return
    n = _count(request)
    for name in POWERS:
        yield from _malformed_numbers(reply["schedule"], f"{name}_w", n)
    yield from _malformed_numbers(reply["schedule"], "soc_trajectory", n + 1)
    for name in ("timestamps", "action"):
        yield from _malformed_list(reply["schedule"], name, n)


def _malformed_list(schedule: Wire, name: str, length: int) -> Iterator[str]:
    values = schedule.get(name)
    if not isinstance(values, list):
        yield f"{name}: must be a list, got {values!r}"
    elif len(values) != length:
        yield f"{name}: must have {length} entries, got {len(values)}"


def _malformed_numbers(schedule: Wire, name: str, length: int) -> Iterator[str]:
    wrong = list(_malformed_list(schedule, name, length))
    yield from wrong
    for t, value in enumerate([] if wrong else schedule[name]):
        if not _is_finite_number(value):
            yield f"interval {t}: {name} must be a finite number, got {value!r}"


def _is_finite_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


# Rules: each yields one sentence per violation


def _negative(_request: Wire, reply: Wire) -> Iterator[str]:
    for name in POWERS:
        for t, value in enumerate(reply["schedule"][f"{name}_w"]):
            if value < 0:
                yield f"interval {t}: {name}_w must not be negative, got {value} W"


def _noise(_request: Wire, reply: Wire) -> Iterator[str]:
    for name in ("charge_w", "discharge_w"):
        for t, value in enumerate(reply["schedule"][name]):
            if 0 < value < 1:
                yield f"interval {t}: {name} must be 0 or at least 1 W, got noise of {value} W"


def _unequal(request: Wire, reply: Wire) -> Iterator[str]:
    """Power balance, and the flows that account for it."""
    powers = _powers(request, reply)
    for rule, inward, outward in EQUALITIES:
        for t in range(_count(request)):
            left = sum(powers[name][t] for name in inward)
            right = sum(powers[name][t] for name in outward)
            if abs(left - right) > POWER_TOLERANCE_W:
                sides = f"{' + '.join(inward)} = {left:.3f} W, {' + '.join(outward)}"
                yield f"interval {t}: {rule} must hold, got {sides} = {right:.3f} W"


def _client_safe(request: Wire, reply: Wire) -> Iterator[str]:
    """With `client_safe_charge`, `charge_w` is 0 where only solar charges, else the charge."""
    if not _is_client_safe(request):
        return
    powers = _powers(request, reply)
    for t, told in enumerate(reply["schedule"]["charge_w"]):
        grid, charge = powers["grid_to_battery"][t], powers["charge"][t]
        is_hidden = told == 0 and grid <= POWER_TOLERANCE_W
        is_shown = grid > 0 and abs(told - charge) <= POWER_TOLERANCE_W
        if not (is_hidden or is_shown):
            rule = "charge_w must be 0 where only solar charges, else the charge"
            yield f"interval {t}: {rule}, got {told} W of {charge} W, {grid} W from the grid"


def _soc_start(request: Wire, reply: Wire) -> Iterator[str]:
    told, now = reply["schedule"]["soc_trajectory"][0], request["battery"]["current_soc"]
    if abs(told - now) > SOC_TOLERANCE:
        yield f"interval 0: SoC must start at current_soc {now}, got {told}"


def _soc_step(request: Wire, reply: Wire) -> Iterator[str]:
    told = [after - before for before, after in pairwise(reply["schedule"]["soc_trajectory"])]
    for t, (got, due) in enumerate(zip(told, _soc_steps(request, reply), strict=True)):
        if abs(got - due) > SOC_TOLERANCE:
            yield f"interval {t}: SoC must change by {due:+.7f}, got {got:+.7f}"


def _soc_drift(request: Wire, reply: Wire) -> Iterator[str]:
    """Errors too small for one interval that add up; the worst instant is told."""
    told, due = reply["schedule"]["soc_trajectory"], simulate_soc(request, reply)
    t = max(range(len(due)), key=lambda instant: abs(told[instant] - due[instant]))
    if abs(told[t] - due[t]) > SOC_TOLERANCE:
        yield f"interval {t}: re-simulated SoC at its start must be {due[t]:.7f}, got {told[t]:.7f}"


def _soc_band(request: Wire, reply: Wire) -> Iterator[str]:
    """Reserve, least and most; a start outside the band widens it as far as that start.

    A reserve above the most is read as the most.
    """
    battery = request["battery"]
    now = battery["current_soc"]
    reserve = max(_number(battery, "backup_reserve", 0.0), _number(battery, "min_soc", 0.0))
    most = _number(battery, "max_soc", 1.0)
    floor, ceiling = min(now, reserve, most), max(now, most)
    for t, soc in enumerate(reply["schedule"]["soc_trajectory"]):
        if soc < floor - SOC_TOLERANCE:
            yield f"interval {t}: SoC at its start must be at least {floor}, got {soc}"
        if soc > ceiling + SOC_TOLERANCE:
            yield f"interval {t}: SoC at its start must be at most {ceiling}, got {soc}"


def _absent_battery(request: Wire, reply: Wire) -> Iterator[str]:
    if request["battery"]["capacity_wh"] != 0:
        return
    powers = _powers(request, reply)
    for name in ("charge", "discharge"):
        for t, value in enumerate(powers[name]):
            if value > 0:
                yield f"interval {t}: a battery without capacity must have no {name}, got {value} W"


def _beyond_limit(request: Wire, reply: Wire) -> Iterator[str]:
    powers = _powers(request, reply)
    for name, limits in _limits(request).items():
        for t, (value, limit) in enumerate(zip(powers[name], limits, strict=True)):
            if value > limit + POWER_TOLERANCE_W:
                yield f"interval {t}: {name} must be at most {limit:.3f} W, got {value:.3f} W"


def _limits(request: Wire) -> dict[str, Series]:
    """Highest power per interval; what the site forces through the meter is never too much."""
    battery, grid = request["battery"], _section(request, "grid")
    import_limit, export_limit = _limit(grid, "max_import_w"), _limit(grid, "max_export_w")
    net_load, may_curtail = _net_load(request), _may_curtail(request)
    return {
        "charge": [_limit(battery, "max_charge_w")] * _count(request),
        "discharge": [_limit(battery, "max_discharge_w")] * _count(request),
        "grid_import": [max(import_limit, net) for net in net_load],
        "grid_export": [export_limit if may_curtail else max(export_limit, -x) for x in net_load],
        "solar_curtailed": [solar if may_curtail else 0.0 for solar in request["solar_forecast"]],
    }


def _simultaneous(request: Wire, reply: Wire) -> Iterator[str]:
    powers = _powers(request, reply)
    for one, other in (("charge", "discharge"), ("grid_import", "grid_export")):
        for t, (a, b) in enumerate(zip(powers[one], powers[other], strict=True)):
            if min(a, b) > POWER_TOLERANCE_W:
                yield f"interval {t}: {one} and {other} must not coincide, got {a} W and {b} W"


def _forbidden_export(request: Wire, reply: Wire) -> Iterator[str]:
    """Battery to grid, as told and as the meter shows once solar has served the load."""
    if _flag(request["battery"], "can_export_to_grid", True) and not _is_self_consumption(request):
        return
    powers = _powers(request, reply)
    for t, net_import in enumerate(_net_import_beyond_solar(powers)):
        told, metered = powers["battery_export"][t], max(0.0, -net_import)
        if max(told, metered) > POWER_TOLERANCE_W:
            numbers = f"got {told:.3f} W told, {metered:.3f} W metered"
            yield f"interval {t}: the battery must not export, {numbers}"


def _forbidden_grid_charge(request: Wire, reply: Wire) -> Iterator[str]:
    """Grid to battery, as told and as the meter shows once solar has served the load."""
    powers = _powers(request, reply)
    for t, net_import in enumerate(_net_import_beyond_solar(powers)):
        told, metered = powers["grid_to_battery"][t], max(0.0, net_import)
        if not _may_grid_charge(request, t) and max(told, metered) > POWER_TOLERANCE_W:
            numbers = f"got {told:.3f} W told, {metered:.3f} W metered"
            yield f"interval {t}: the grid must not charge the battery, {numbers}"


def _may_grid_charge(request: Wire, t: int) -> bool:
    is_allowed = _flag(request["battery"], "can_charge_from_grid", True)
    is_free = request["prices_import"][t] <= 0
    return is_allowed and (is_free or not _is_self_consumption(request))


def _net_import_beyond_solar(powers: Mapping[str, Series]) -> Series:
    """Share of the battery in the net import, once uncurtailed solar has served the load.

    Above 0 the grid feeds the battery, below 0 the battery feeds the grid, however the flows
    are labelled.  What the load lacks or the panels leave over may pass without the battery.
    """
    beyond = []
    for t, load in enumerate(powers["load"]):
        lack = load - (powers["solar"][t] - powers["solar_curtailed"][t])
        net_import = powers["grid_import"][t] - powers["grid_export"][t]
        through = min(max(net_import, min(lack, 0.0)), max(lack, 0.0))
        beyond.append(net_import - through)
    return beyond


def _summary(request: Wire, reply: Wire) -> Iterator[str]:
    summary = reply["summary"]
    for name, (due, tolerance) in _due_summary(request, reply).items():
        got = summary.get(name)
        if not _is_finite_number(got):
            yield f"summary: {name} must be a finite number, got {got!r}"
        elif abs(got - due) > tolerance:
            yield f"summary: {name} must be {due:.6f}, got {got}"


def _due_summary(request: Wire, reply: Wire) -> dict[str, tuple[float, float]]:
    """Value and tolerance of every number of the summary."""
    cost, baseline = bill(request, reply), baseline_bill(request)
    money = {"total_cost": cost, "baseline_cost": baseline, "savings": baseline - cost}
    energy = _due_totals(request, _powers(request, reply))
    return {
        **{name: (value, MONEY_TOLERANCE) for name, value in money.items()},
        **{name: (value, ENERGY_TOLERANCE_KWH) for name, value in energy.items()},
        "average_import_price": _due_average(request, reply, "import"),
        "average_export_price": _due_average(request, reply, "export"),
    }


def _due_totals(request: Wire, powers: Mapping[str, Series]) -> dict[str, float]:
    flows = {
        "total_import_kwh": ("grid_import",),
        "total_export_kwh": ("grid_export",),
        "total_charge_kwh": ("charge",),
        "total_discharge_kwh": ("discharge",),
        "total_battery_consume_kwh": ("battery_consume",),
        "total_battery_export_kwh": ("battery_export",),
        "total_solar_consumed_kwh": ("solar_to_load", "solar_to_battery"),
        "total_solar_exported_kwh": ("solar_to_grid",),
    }
    return {
        total: sum(_energy(request, powers[name]) for name in names)
        for total, names in flows.items()
    }


def _due_average(request: Wire, reply: Wire, direction: str) -> tuple[float, float]:
    """Price per kWh through the meter one way, and its tolerance."""
    watts = reply["schedule"][f"grid_{direction}_w"]
    energy = _energy(request, watts)
    if energy <= 0:
        return 0.0, MONEY_TOLERANCE
    average = _worth(request, watts, request[f"prices_{direction}"]) / energy
    return average, MONEY_TOLERANCE / min(energy, 1.0)


def _timestamps(request: Wire, reply: Wire) -> Iterator[str]:
    instants = [_instant(stamp) for stamp in reply["schedule"]["timestamps"]]
    for t, instant in enumerate(instants):
        if instant is None:
            got = reply["schedule"]["timestamps"][t]
            yield f"interval {t}: timestamp must be ISO 8601 with an offset, got {got!r}"
    lengths = [timedelta(minutes=minutes) for minutes in _minutes(request)]
    for t, (before, after) in enumerate(pairwise(instants)):
        due = lengths[t]
        if before and after and abs(after - before - due) > TIME_TOLERANCE:
            yield f"interval {t}: timestamps must be {due} apart, got {after - before}"


def _instant(stamp: object) -> datetime | None:
    """Absolute time, or None where the stamp leaves it open."""
    if not isinstance(stamp, str):
        return None
    try:
        instant = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return None if instant.utcoffset() is None else instant


def _actions(request: Wire, reply: Wire) -> Iterator[str]:
    true_charge = _powers(request, reply)["charge"]
    for t, got in enumerate(reply["schedule"]["action"]):
        due = _due_actions(reply["schedule"], true_charge[t], t)
        if got not in due:
            yield f"interval {t}: action must be {' or '.join(due)}, got {got!r}"


def _due_actions(schedule: Wire, true_charge: float, t: int) -> tuple[str, ...]:
    """Judge as the client does; hidden solar charging may be told as charging, too."""
    if schedule["charge_w"][t] > CLIENT_THRESHOLD_W:
        return ("charge",)
    if schedule["discharge_w"][t] > CLIENT_THRESHOLD_W:
        is_export = schedule["battery_export_w"][t] > schedule["battery_consume_w"][t]
        return ("export",) if is_export else ("consume",)
    return ("charge", "idle") if true_charge > CLIENT_THRESHOLD_W else ("idle",)


RULES: tuple[Rule, ...] = (
    _negative,
    _noise,
    _unequal,
    _client_safe,
    _soc_start,
    _soc_step,
    _soc_drift,
    _soc_band,
    _absent_battery,
    _beyond_limit,
    _forbidden_export,
    _forbidden_grid_charge,
    _summary,
    _timestamps,
    _actions,
)
