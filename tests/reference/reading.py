"""What a clean request and its reply say: one reading of every field that rules share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

Wire = Mapping[str, Any]
Series = list[float]
Powers = Mapping[str, Series]

# A meter shows whole watts.  Sums of flows that were each rounded to a tenth stay within it; a
# flow that was forgotten does not.
POWER_TOLERANCE_W = 1.0

# 0.1 Wh of a 10 kWh battery: above what powers rounded to a milliwatt add up to in two days,
# below one interval of 5 min at 2 W.
SOC_TOLERANCE = 1e-5

# A hundredth of a cent: the fourth decimal of a rounded amount, nothing that a bill would show.
# Averages are prices: held to the same number per kWh, looser where less than 1 kWh was traded.
MONEY_TOLERANCE = 1e-4

MARKET_CAP = 20.0


def money_tolerance(request: Wire) -> float:
    """Tolerance of an amount: powers are rounded as prices up to the market cap need it."""
    dearest = max(
        abs(price) for name in ("import", "export") for price in request[f"prices_{name}"]
    )
    return MONEY_TOLERANCE * max(1.0, dearest / MARKET_CAP)


# The third decimal of a rounded total.  Wrong totals miss by an interval's energy: tens of Wh.
ENERGY_TOLERANCE_KWH = 1e-3

# Lengths such as 0.7 min are no whole number of microseconds; a lost second is an error.
TIME_TOLERANCE = timedelta(milliseconds=1)

FLOWS = (
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

POWERS = ("charge", "discharge", *FLOWS)


def section(mapping: Wire, name: str) -> Wire:
    """Object of that name; absent and null are empty."""
    found: Wire = mapping.get(name) or {}
    return found


def number(mapping: Wire, name: str, default: float) -> float:
    """Entry of the mapping; absent and null are the default, 0 is 0."""
    value = mapping.get(name)
    return default if value is None else float(value)


def limit(mapping: Wire, name: str) -> float:
    """Entry of the mapping; absent and null set no limit."""
    return number(mapping, name, math.inf)


def numbers(mapping: Wire, name: str, default: float, n: int) -> Series:
    """A number for each interval: an entry that is one for all, or a list of them."""
    value = mapping.get(name)
    if isinstance(value, list):
        return [float(each) for each in value]
    return [default if value is None else float(value)] * n


def flag(mapping: Wire, name: str, default: bool) -> bool:
    """Entry of the mapping; absent and null are the default."""
    value = mapping.get(name)
    return default if value is None else bool(value)


def count(request: Wire) -> int:
    """Number of intervals."""
    return len(request["prices_import"])


def minutes(request: Wire) -> Series:
    """Length of each interval. [min]."""
    told = request["interval_minutes"]
    return list(told) if isinstance(told, Sequence) else [told] * count(request)


def hours(request: Wire) -> Series:
    """Length of each interval. [h]."""
    return [length / 60 for length in minutes(request)]


def energy(request: Wire, watts: Series) -> float:
    """Sum over the horizon. [kWh]."""
    return sum(h * w for h, w in zip(hours(request), watts, strict=True)) / 1000


def worth(request: Wire, watts: Series, prices: Series) -> float:
    """Sum over the horizon at the prices of each interval. [$]."""
    terms = zip(hours(request), watts, prices, strict=True)
    return sum(h * w * price for h, w, price in terms) / 1000


def total(several: Sequence[Series], n: int) -> Series:
    """Sum of several series of `n` values, interval by interval."""
    return [sum(series[t] for series in several) for t in range(n)]


def may_curtail(request: Wire) -> bool:
    """Whether solar may be left unused at will."""
    return flag(section(request, "grid"), "curtailment", False)


def is_client_safe(request: Wire) -> bool:
    """Whether `charge_w` hides what only solar charges."""
    return flag(section(request, "options"), "client_safe_charge", False)


def is_self_consumption(request: Wire) -> bool:
    """Whether batteries serve the site alone."""
    return request.get("cost_function") == "self_consumption"


def is_allowed(battery: Wire, name: str, t: int) -> bool:
    """Whether a permission holds in that interval: always where absent, or as a list says."""
    value = battery.get(name)
    return bool(value[t]) if isinstance(value, list) else flag(battery, name, True)


def may_export(request: Wire, battery: Wire, t: int) -> bool:
    """Whether the home battery may discharge into the grid in that interval."""
    if request["prices_export"][t] < number(battery, "min_sell_price", -math.inf):
        return False
    return is_allowed(battery, "can_export_to_grid", t) and not is_self_consumption(request)


def export_limit(request: Wire, battery: Wire, t: int) -> float:
    """Most that the home battery may discharge into the grid in that interval. [W]."""
    return limit(battery, "max_export_w") if may_export(request, battery, t) else 0.0


def may_grid_charge(request: Wire, battery: Wire, t: int) -> bool:
    """Whether the grid may charge the home battery in that interval."""
    is_free = request["prices_import"][t] <= 0
    may = is_allowed(battery, "can_charge_from_grid", t)
    may = may and battery.get("charge_from") != "surplus"
    return may and (is_free or not is_self_consumption(request))


def meter_limit(request: Wire, name: str) -> Series:
    """Limit of each interval: told as one number, as one per interval, or not at all. [W]."""
    told = section(request, "grid").get(name)
    if isinstance(told, Sequence):
        return [math.inf if value is None else float(value) for value in told]
    return [math.inf if told is None else float(told)] * count(request)


def hybrid(request: Wire) -> Wire:
    """The hybrid inverter: of the site, else of the grid, else of the first battery with one."""
    holders = [request, section(request, "grid")]
    holders += [section(request, "battery"), section(request, "home_battery")]
    holders += request.get("batteries") or []
    return next((section(holder, "hybrid") for holder in holders if holder.get("hybrid")), {})


def solar_reach(request: Wire) -> float:
    """Most solar that gets past a hybrid inverter with the panels behind it. [W]."""
    inverter = hybrid(request)
    is_behind = flag(inverter, "dc_coupled_solar", True)
    return limit(inverter, "ac_limit_w") if is_behind else math.inf


def reaching(request: Wire, solar: Series) -> Series:
    """Solar as far as it gets to the house. [W]."""
    most = solar_reach(request)
    return [min(power, most) for power in solar]


def idle_net_load(request: Wire) -> Series:
    """What the meter must pass while every storage rests; below 0 it is export. [W]."""
    solar = reaching(request, request["solar_forecast"])
    return [load - sun for load, sun in zip(request["load_forecast"], solar, strict=True)]


def lack(request: Wire) -> Series:
    """Load that solar leaves unserved. [W]."""
    pairs = zip(request["load_forecast"], request["solar_forecast"], strict=True)
    return [max(load - solar, 0.0) for load, solar in pairs]


def surplus(request: Wire) -> Series:
    """Solar that the load leaves over, clipped or not. [W]."""
    most = solar_reach(request)
    pairs = zip(request["load_forecast"], request["solar_forecast"], strict=True)
    return [max(solar - min(load, most), 0.0) for load, solar in pairs]


def powers_of(request: Wire, schedule: Wire) -> dict[str, Series]:
    """Every power of a schedule by its name without unit, and `solar`, `load`. [W]."""
    powers: dict[str, Series] = {name: schedule[f"{name}_w"] for name in POWERS}
    powers["solar"] = request["solar_forecast"]
    powers["load"] = request["load_forecast"]
    return powers


def true_charge(request: Wire, schedule: Wire) -> Series:
    """What truly flows into the battery: `charge_w`, or its sources where that may hide them."""
    charge: Series = schedule["charge_w"]
    if not is_client_safe(request):
        return charge
    names = ("solar_to_battery_w", "grid_to_battery_w", "vehicle_to_battery_w")
    return total([schedule[name] for name in names if name in schedule], len(charge))
