"""One storage, a battery or a vehicle: its energy, its limits, and what it must not do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from tests.reference.reading import (
    POWER_TOLERANCE_W,
    SOC_TOLERANCE,
    Series,
    Wire,
    hours,
    is_allowed,
    number,
    numbers,
)


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What a storage is, and what the reply does with it.

    Attributes
    ----------
    capacity_wh : float
        Stored energy at a state of charge of one. [Wh]
    initial_soc, floor, ceiling : float
        State of charge at first, at least, at most. [-]
    charge_efficiency, discharge_efficiency : float
        One-way. [-]
    charge_limit_w, discharge_limit_w : list of float
        Highest power in and out, of each interval. [W]
    hours : list of float
        Length of each interval. [h]
    charge, discharge : list of float
        Powers. [W]
    soc : list of float
        State of charge that the reply tells, at n + 1 instants. [-]
    curve : list of pairs
        State of charge and highest power in; none where it is empty. [-; W]
    is_cut : bool
        Whether something may begin within an interval: its mean power then says less.
    """

    capacity_wh: float
    initial_soc: float
    floor: float
    ceiling: float
    charge_efficiency: float
    discharge_efficiency: float
    charge_limit_w: Series
    discharge_limit_w: Series
    hours: Series
    charge: Series
    discharge: Series
    soc: Series
    curve: Sequence[Series] = ()
    is_cut: bool = False


def a_battery(
    request: Wire, battery: Wire, *, charge: Series, discharge: Series, soc: Series
) -> Storage:
    """A home battery.

    A start outside its band widens it as far as that start; a reserve above the most is read as
    the most.
    """
    now = battery["current_soc"]
    n, (least, most) = len(hours(request)), band(battery, len(hours(request)))
    charges = [float(is_allowed(battery, "can_charge", t)) for t in range(n)]
    into = numbers(battery, "max_charge_w", math.inf, n)
    charging, discharging = _efficiencies(battery)
    return Storage(
        capacity_wh=battery["capacity_wh"],
        initial_soc=now,
        floor=min(now, *least),
        ceiling=max(now, *most),
        charge_efficiency=charging,
        discharge_efficiency=discharging,
        charge_limit_w=[most if may else 0.0 for most, may in zip(into, charges, strict=True)],
        discharge_limit_w=numbers(battery, "max_discharge_w", math.inf, n),
        hours=hours(request),
        charge=charge,
        discharge=discharge,
        soc=soc,
        curve=battery.get("charge_power_curve") or (),
        is_cut=any(request.get(name) for name in CUTS) or any(map(battery.get, WISHES)),
    )


CUTS = "demand_charges", "allowances", "provider_config", "ev", "evs"
WISHES = "soc_at", "pinned"
"""Entries of a request, and of a battery, that may begin or end within an interval."""


def on_curve(curve: Sequence[Series], soc: float) -> float:
    """Power at a state of charge: straight between the pairs, level before and after them."""
    before = [pair for pair in curve if pair[0] <= soc] or [curve[0]]
    after = [pair for pair in curve if pair[0] > soc] or [curve[-1]]
    (left, power), (right, next_power) = before[-1], after[0]
    if right <= left:
        return power if soc >= left else next_power
    share = (soc - left) / (right - left)
    return power + max(share, 0.0) * (next_power - power)


def band(battery: Wire, n: int) -> tuple[Series, Series]:
    """Reserve and ceiling of each interval; the former is at most the latter."""
    reserves = zip(
        numbers(battery, "backup_reserve", 0.0, n), numbers(battery, "min_soc", 0.0, n), strict=True
    )
    most = numbers(battery, "max_soc", 1.0, n)
    return [min(max(pair), high) for pair, high in zip(reserves, most, strict=True)], most


def _efficiencies(battery: Wire) -> tuple[float, float]:
    """Charging and discharging; the most specific entry wins."""
    one_way = number(battery, "efficiency", 0.9)
    if battery.get("round_trip_efficiency") is not None:
        one_way = math.sqrt(battery["round_trip_efficiency"])
    charging = number(battery, "charge_efficiency", one_way)
    return charging, number(battery, "discharge_efficiency", one_way)


def below_least(battery: Wire, charge: Series) -> Iterator[str]:
    """Charges below the least power of a battery."""
    least = number(battery, "min_charge_w", 0.0)
    for t, power in enumerate(charge):
        if POWER_TOLERANCE_W < power < least - POWER_TOLERANCE_W:
            yield f"interval {t}: charge must be 0 or at least {least} W, got {power} W"


def beyond_solar(request: Wire, storages: list[tuple[Wire, Series]]) -> Iterator[str]:
    """Charges [W] of what keeps within solar that are together more than all solar."""
    charge = [0.0] * len(hours(request))
    for storage, taken in storages:
        wanted = numbers(storage, "min_energy_kwh", 0.0, len(charge))
        if storage.get("charge_from") == "any_solar":
            charge = [c + (w == 0) * x for c, x, w in zip(charge, taken, wanted, strict=True)]
    yield from beyond("charge within solar", charge, request["solar_forecast"])


def simulated(storage: Storage) -> list[float]:
    """State of charge that the powers lead to, from the first one that the reply tells."""
    return list(accumulate(_steps(storage), initial=float(storage.soc[0])))


def missed(battery: Wire, path: str, soc: Series, reply: Wire) -> Iterator[str]:
    """Wishes of a battery that are missed, and no warning says so; numbers are hard limits."""
    told = {warning["field"] for warning in reply.get("warnings", ())}
    most = min(numbers(battery, "max_soc", 1.0, len(soc) - 1))
    goals = battery.get("soc_at") or ()
    if f"{path}.soc_at" not in told:
        yield from missed_goals(goals, most, soc, reply)
    names = ("backup_reserve", "min_soc", "max_soc")
    if not any(isinstance(battery.get(name), list) for name in names):
        return
    reserve, most = band(battery, len(soc) - 1)
    for t, level in enumerate(soc[1:]):
        floor, ceiling = max(reserve[t : t + 2]), min(most[t : t + 2])
        has_risen = floor > reserve[0] or soc[0] >= reserve[0]
        has_fallen = ceiling < most[0] or soc[0] <= most[0]
        if has_risen and level < floor - SOC_TOLERANCE and f"{path}.backup_reserve" not in told:
            yield f"interval {t}: SoC must end at {floor} or more, got {level}"
        is_over = level > max(floor, ceiling) + SOC_TOLERANCE
        if has_fallen and is_over and f"{path}.max_soc" not in told:
            yield f"interval {t}: SoC must end at {ceiling} or less, got {level}"


def against_pins(battery: Wire, each: Storage, stamps: Sequence[str]) -> Iterator[str]:
    """Powers that a manual override does not let be, in intervals that it covers."""
    starts = [datetime.fromisoformat(stamp) for stamp in stamps]
    for pin in battery.get("pinned") or ():
        begin, end = (datetime.fromisoformat(pin[name]) for name in ("from", "to"))
        for t, (start, h) in enumerate(zip(starts, each.hours, strict=True)):
            if start < begin or start + timedelta(hours=h) > end + timedelta(milliseconds=1):
                continue
            for way, power in (("charge", each.charge[t]), ("discharge", each.discharge[t])):
                most = pin.get("power_w", math.inf) if pin["action"] == way else 0.0
                if power > most + POWER_TOLERANCE_W:
                    yield f"interval {t}: pinned to {pin['action']}, got {way} of {power} W"
            if pin["action"] == "charge" and begin <= starts[0]:
                into = each.charge_efficiency * h / each.capacity_wh
                due = min(pin["power_w"], each.charge_limit_w[t])
                due = min(due, (each.ceiling - each.soc[t]) / into)
                if each.charge[t] < due - POWER_TOLERANCE_W:
                    yield f"interval {t}: must charge at {due} W by hand, got {each.charge[t]} W"


def missed_goals(goals: Sequence[Wire], most: float, soc: Series, reply: Wire) -> Iterator[str]:
    """Goals at instants of the reply that are missed."""
    instants = [datetime.fromisoformat(stamp) for stamp in _stamps(reply)]
    for goal in goals:
        at = datetime.fromisoformat(goal["at"])
        reached = [level for when, level in zip(instants, soc, strict=False) if when == at]
        if any(level < min(goal["soc"], most) - SOC_TOLERANCE for level in reached):
            yield f"SoC at {goal['at']} must be at least {goal['soc']}, got {reached[0]}"


def _stamps(reply: Wire) -> Sequence[str]:
    """Beginning of each interval."""
    place = reply.get("meter") or reply.get("aggregated") or reply["schedule"]
    stamps: Sequence[str] = place["timestamps"]
    return stamps


def _steps(storage: Storage) -> Series:
    if storage.capacity_wh == 0:
        return [0.0] * len(storage.hours)
    into, out = storage.charge_efficiency, storage.discharge_efficiency
    terms = zip(storage.hours, storage.charge, storage.discharge, strict=True)
    return [
        (into * charge - discharge / out) * span / storage.capacity_wh
        for span, charge, discharge in terms
    ]


def unsound(storage: Storage) -> Iterator[str]:
    """Every rule of a single storage, but for doing both at once."""
    yield from _wrong_start(storage)
    yield from _wrong_step(storage)
    yield from _drift(storage)
    yield from _outside_band(storage)
    yield from _absent(storage)
    yield from _beyond_limits(storage)


def _wrong_start(storage: Storage) -> Iterator[str]:
    told, now = storage.soc[0], storage.initial_soc
    if abs(told - now) > SOC_TOLERANCE:
        yield f"interval 0: SoC must start at current_soc {now}, got {told}"


def _wrong_step(storage: Storage) -> Iterator[str]:
    told = [after - before for before, after in pairwise(storage.soc)]
    for t, (got, due) in enumerate(zip(told, _steps(storage), strict=True)):
        if abs(got - due) > SOC_TOLERANCE:
            yield f"interval {t}: SoC must change by {due:+.7f}, got {got:+.7f}"


def _drift(storage: Storage) -> Iterator[str]:
    """Errors too small for one interval that add up; the worst instant is told."""
    told, due = storage.soc, simulated(storage)
    t = max(range(len(due)), key=lambda instant: abs(told[instant] - due[instant]))
    if abs(told[t] - due[t]) > SOC_TOLERANCE:
        yield f"interval {t}: re-simulated SoC at its start must be {due[t]:.7f}, got {told[t]:.7f}"


def _outside_band(storage: Storage) -> Iterator[str]:
    floor, ceiling = storage.floor, storage.ceiling
    for t, soc in enumerate(storage.soc):
        if soc < floor - SOC_TOLERANCE:
            yield f"interval {t}: SoC at its start must be at least {floor}, got {soc}"
        if soc > ceiling + SOC_TOLERANCE:
            yield f"interval {t}: SoC at its start must be at most {ceiling}, got {soc}"


def _absent(storage: Storage) -> Iterator[str]:
    if storage.capacity_wh != 0:
        return
    for name, values in (("charge", storage.charge), ("discharge", storage.discharge)):
        for t, value in enumerate(values):
            if value > 0:
                yield f"interval {t}: a battery without capacity must have no {name}, got {value} W"


def _beyond_limits(storage: Storage) -> Iterator[str]:
    yield from beyond("charge", storage.charge, storage.charge_limit_w)
    if storage.curve:
        levels = storage.soc[:-1] if storage.is_cut else storage.soc[1:]
        most = [on_curve(storage.curve, soc) for soc in levels]
        yield from beyond("charge at its state of charge", storage.charge, most)
    yield from beyond("discharge", storage.discharge, storage.discharge_limit_w)


def beyond(name: str, values: Series, limits: Series) -> Iterator[str]:
    """Powers above their limit."""
    for t, (value, most) in enumerate(zip(values, limits, strict=True)):
        if value > most + POWER_TOLERANCE_W:
            yield f"interval {t}: {name} must be at most {most:.3f} W, got {value:.3f} W"


def both(one: str, values: Series, other: str, others: Series) -> Iterator[str]:
    """Opposite powers in one interval."""
    for t, (a, b) in enumerate(zip(values, others, strict=True)):
        if min(a, b) > POWER_TOLERANCE_W:
            yield f"interval {t}: {one} and {other} must not coincide, got {a} W and {b} W"


def negative(schedule: Wire, names: tuple[str, ...]) -> Iterator[str]:
    """Powers below 0."""
    for name in names:
        for t, value in enumerate(schedule[name]):
            if value < 0:
                yield f"interval {t}: {name} must not be negative, got {value} W"


def noise(schedule: Wire) -> Iterator[str]:
    """Powers of a battery that are neither nothing nor something."""
    for name in ("charge_w", "discharge_w"):
        for t, value in enumerate(schedule[name]):
            if 0 < value < 1:
                yield f"interval {t}: {name} must be 0 or at least 1 W, got noise of {value} W"
