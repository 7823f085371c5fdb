"""The site as a whole: balances, the meter, the inverter, what may feed what, the summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.reference.money import idle_bill, wrong_money
from tests.reference.reading import (
    ENERGY_TOLERANCE_KWH,
    POWER_TOLERANCE_W,
    Powers,
    Series,
    Wire,
    energy,
    flag,
    hybrid,
    idle_net_load,
    limit,
    may_curtail,
    meter_limit,
    money_tolerance,
    reaching,
    solar_reach,
)
from tests.reference.shape import wrong_numbers
from tests.reference.storage import beyond

# The client starts to charge or discharge above this power.
CLIENT_THRESHOLD_W = 10.0

# What comes in, what goes out: the two sides are equal in every interval.  Beside vehicles the
# load is theirs, too; where there are none, their names are left out.
Equality = tuple[tuple[str, ...], tuple[str, ...]]

BALANCE: Equality = (
    ("solar", "grid_import", "discharge", "vehicle_discharge"),
    ("solar_curtailed", "load", "grid_export", "charge", "vehicle_charge"),
)

EQUALITIES: Mapping[str, Equality] = {
    "power balance": BALANCE,
    "flows from solar": (
        ("solar",),
        ("solar_to_load", "solar_to_battery", "solar_to_grid", "solar_curtailed"),
    ),
    "flows from the battery": (("discharge",), ("battery_consume", "battery_export")),
    "flows from the grid": (("grid_import",), ("grid_to_load", "grid_to_battery")),
    "flows from vehicles": (
        ("vehicle_discharge",),
        ("vehicle_to_load", "vehicle_to_battery", "vehicle_to_grid"),
    ),
    "flows to the grid": (("solar_to_grid", "battery_export", "vehicle_to_grid"), ("grid_export",)),
    "flows to the load": (
        ("solar_to_load", "battery_consume", "grid_to_load", "vehicle_to_load"),
        ("load", "vehicle_charge"),
    ),
    "flows to the battery": (
        ("solar_to_battery", "grid_to_battery", "vehicle_to_battery"),
        ("charge",),
    ),
}


def unequal(powers: Powers, equalities: Mapping[str, Equality]) -> Iterator[str]:
    """Equalities that do not hold."""
    for rule, sides in equalities.items():
        inward, outward = ([name for name in side if name in powers] for side in sides)
        for t in range(len(powers["load"])):
            left = sum(powers[name][t] for name in inward)
            right = sum(powers[name][t] for name in outward)
            if abs(left - right) > POWER_TOLERANCE_W:
                told = f"{' + '.join(inward)} = {left:.3f} W, {' + '.join(outward)}"
                yield f"interval {t}: {rule} must hold, got {told} = {right:.3f} W"


def beyond_meter(request: Wire, powers: Powers) -> Iterator[str]:
    """Import, export and curtailment; what the idle site must pass is never too much."""
    net_load = idle_net_load(request)
    imports = zip(meter_limit(request, "max_import_w"), net_load, strict=True)
    yield from beyond("grid_import", powers["grid_import"], [max(pair) for pair in imports])

    most_export = meter_limit(request, "max_export_w")
    yield from beyond("grid_export", powers["grid_export"], most_export)

    solar = request["solar_forecast"]
    most = solar if may_curtail(request) else _cut(request, powers, most_export)
    yield from beyond("solar_curtailed", powers["solar_curtailed"], most)


def _cut(request: Wire, powers: Powers, most_export: Series) -> Series:
    """Solar that the inverter and the limit of exports cut, though none is curtailed at will."""
    cut = []
    for sun, exported, most in zip(
        request["solar_forecast"], powers["grid_export"], most_export, strict=True
    ):
        is_full = exported >= most - POWER_TOLERANCE_W
        cut.append(sun if is_full else max(sun - solar_reach(request), 0.0))
    return cut


def beyond_inverter(request: Wire, powers: Powers) -> Iterator[str]:
    """Power through a hybrid inverter, either way; with the panels behind it, theirs as well."""
    inverter = hybrid(request)
    most, is_behind = limit(inverter, "ac_limit_w"), flag(inverter, "dc_coupled_solar", True)
    for t, discharge in enumerate(powers["discharge"]):
        through = discharge - powers["charge"][t]
        if is_behind:
            through += powers["solar"][t] - powers["solar_curtailed"][t]
        if abs(through) > most + POWER_TOLERANCE_W:
            yield f"interval {t}: the inverter must pass at most {most:.3f} W, got {through:.3f} W"


def battery_to_grid(request: Wire, powers: Powers, allowed: Series) -> Iterator[str]:
    """Battery to grid, as told and as the meter shows once solar has served the load."""
    for t, net_import in enumerate(_net_import_beyond_solar(request, powers)):
        told, metered = powers["battery_export"][t], max(0.0, -net_import)
        if max(told, metered) > allowed[t] + POWER_TOLERANCE_W:
            rule = f"export more than {allowed[t]:.3f} W" if allowed[t] else "export"
            numbers = f"got {told:.3f} W told, {metered:.3f} W metered"
            yield f"interval {t}: the battery must not {rule}, {numbers}"


def grid_to_battery(request: Wire, powers: Powers, allowed: Series) -> Iterator[str]:
    """Grid to battery, as told and as the meter shows once solar has served the load."""
    for t, net_import in enumerate(_net_import_beyond_solar(request, powers)):
        told, metered = powers["grid_to_battery"][t], max(0.0, net_import)
        if max(told, metered) > allowed[t] + POWER_TOLERANCE_W:
            rule = f" by more than {allowed[t]:.3f} W" if allowed[t] else ""
            numbers = f"got {told:.3f} W told, {metered:.3f} W metered"
            yield f"interval {t}: the grid must not charge the battery{rule}, {numbers}"


def _net_import_beyond_solar(request: Wire, powers: Powers) -> Series:
    """Share of the battery in the net import, once uncurtailed solar has served the load.

    Above 0 the grid feeds the battery, below 0 the battery feeds the grid, however the flows
    are labelled.  What the load lacks or the panels leave over may pass without the battery.
    """
    used = zip(powers["solar"], powers["solar_curtailed"], strict=True)
    solar = reaching(request, [sun - curtailed for sun, curtailed in used])
    beyond_solar = []
    for t, load in enumerate(powers["load"]):
        lack = load - solar[t]
        net_import = powers["grid_import"][t] - powers["grid_export"][t]
        through = min(max(net_import, min(lack, 0.0)), max(lack, 0.0))
        beyond_solar.append(net_import - through)
    return beyond_solar


def wrong_summary(
    request: Wire, summary: Wire, powers: Powers, stamps: Sequence[str]
) -> Iterator[str]:
    """Every number of a summary of batteries, from the powers."""
    baseline = idle_bill(request, stamps).total
    yield from wrong_money("summary", request, summary, powers, stamps, baseline)
    yield from wrong_numbers(
        "summary", summary, {"baseline_cost": (baseline, money_tolerance(request))}
    )
    flows: dict[str, tuple[str, ...]] = {
        "total_charge_kwh": ("charge",),
        "total_discharge_kwh": ("discharge",),
        "total_battery_consume_kwh": ("battery_consume",),
        "total_battery_export_kwh": ("battery_export",),
        "total_solar_consumed_kwh": ("solar_to_load", "solar_to_battery"),
        "total_solar_exported_kwh": ("solar_to_grid",),
    }
    if "total_solar_curtailed_kwh" in summary:
        flows["total_solar_curtailed_kwh"] = ("solar_curtailed",)
    for total, names in flows.items():
        value = sum(energy(request, powers[name]) for name in names)
        yield from wrong_numbers("summary", summary, {total: (value, ENERGY_TOLERANCE_KWH)})


def wrong_actions(schedule: Wire, true_charge: Series) -> Iterator[str]:
    """Actions that a controller would not take from the powers."""
    for t, got in enumerate(schedule["action"]):
        due = _due_actions(schedule, true_charge[t], t)
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


def wrong_hiding(schedule: Wire, true_charge: Series) -> Iterator[str]:
    """With `client_safe_charge`, `charge_w` is 0 where only solar charges, else the charge."""
    for t, told in enumerate(schedule["charge_w"]):
        grid, charge = schedule["grid_to_battery_w"][t], true_charge[t]
        is_hidden = told == 0 and grid <= POWER_TOLERANCE_W
        is_shown = grid > 0 and abs(told - charge) <= POWER_TOLERANCE_W
        if not (is_hidden or is_shown):
            rule = "charge_w must be 0 where only solar charges, else the charge"
            yield f"interval {t}: {rule}, got {told} W of {charge} W, {grid} W from the grid"
