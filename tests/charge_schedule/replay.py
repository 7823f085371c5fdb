"""A client of the contract that believes nothing: what a reply does, and what it costs.

Everything follows from the request, and from the energies charged and discharged that the reply
names; all in Wh and currency.
"""

from dataclasses import dataclass

import numpy as np

TOLERANCE = 0.05  # Wh


def series_of(request):
    series = request["time_series"]
    demand = np.array(series["gt"]) + sum(np.array(more) for more in series.get("gt_add") or [])
    return demand, *(np.array(series[name]) for name in ("ft", "p_N", "p_E", "dt"))


def highest_price(request):
    """The price that penalties are multiples of, per Wh."""
    _, _, buy, sell, dt = series_of(request)
    prices = [buy.max(), sell.max(), 1e-4, *(battery["p_a"] for battery in request["batteries"])]
    if rate_of(request) is not None:
        prices.append(rate_of(request) * 3600 / dt.min())
    return max(prices)


def rate_of(request):
    grid = request.get("grid") or {}
    return None if grid.get("p_max_imp") is None else grid.get("prc_p_exc_imp")


def efficiencies(request, battery):
    return [battery.get(name, request.get(name, 0.95)) for name in ("eta_c", "eta_d")]


@dataclass
class Outcome:
    """Benefit without penalties, and penalties, in currency."""

    benefit: float
    penalties: float
    end_value: float  # of all energy at the end, in place of what was gained

    @property
    def worth(self):
        """What the model maximises."""
        return self.benefit - self.penalties


def replay(request, reply):
    """Check every rule and every series of a reply; return what it comes to."""
    demand, solar, buy, sell, dt = series_of(request)
    grid, hours, batteries = request.get("grid") or {}, dt / 3600, reply["batteries"]
    assert len(batteries) == len(request["batteries"])
    charged = sum(np.array(each["charging_power"]) for each in batteries)
    discharged = sum(np.array(each["discharging_power"]) for each in batteries)
    flow = demand + charged - solar - discharged
    imports, exports = np.maximum(flow, 0), np.maximum(-flow, 0)
    limits = [
        np.inf if grid.get(name) is None else grid[name] * hours
        for name in ("p_max_imp", "p_max_exp")
    ]
    excess, lost = np.maximum(imports - limits[0], 0), np.maximum(exports - limits[1], 0)
    rate = rate_of(request)
    same(reply["grid_import"], imports if rate is not None else imports - excess)
    same(reply["grid_export"], exports - lost)
    same(reply["grid_import_overshoot"], [] if grid.get("p_max_imp") is None else excess)
    same(reply["grid_export_overshoot"], [] if grid.get("p_max_exp") is None else lost)
    violations = reply["limit_violations"]
    assert violations["grid_import_limit_exceeded"] == any(
        over > 0 for over in reply["grid_import_overshoot"]
    )
    assert violations["grid_export_limit_hit"] == any(
        over > 0 for over in reply["grid_export_overshoot"]
    )
    base, n = highest_price(request), dt.size
    benefit = float(sell @ (exports - lost) - buy @ imports)
    penalties = 100 * base * float(lost @ (1 - 1e-5 * np.arange(n)))
    if rate is None:
        penalties += 100 * base * float(excess.sum())
    else:
        benefit -= rate * float((excess / hours).max())
    end_value = 0.0
    for battery, answer in zip(request["batteries"], batteries, strict=True):
        stored = follow(request, battery, answer, imports, exports)
        benefit += battery["p_a"] * (stored[-1] - battery["s_initial"])
        end_value += battery["p_a"] * battery["s_initial"]
        penalties += base * shortfalls(battery, answer, stored, dt)
    assert_directions(request, reply, imports, exports)
    assert np.isclose(reply["objective_value"], benefit, rtol=1e-6, atol=1e-4 * base * 1e3)
    return Outcome(benefit, penalties, end_value)


def same(told, true):
    np.testing.assert_allclose(told, true, atol=TOLERANCE, rtol=0)


def follow(request, battery, answer, imports, exports):
    """Follow the content of a battery, and check its limits."""
    hours = np.array(request["time_series"]["dt"]) / 3600
    charge, discharge = (np.array(answer[f"{name}charging_power"]) for name in ("", "dis"))
    eta_in, eta_out = efficiencies(request, battery)
    stored = battery["s_initial"] + np.cumsum(eta_in * charge - discharge / eta_out)
    same(answer["state_of_charge"], stored)
    capacity = max(battery.get("s_capacity") or battery["s_max"], battery["s_initial"])
    assert (stored > -TOLERANCE).all()
    assert (stored < capacity + TOLERANCE).all()
    assert (charge >= 0).all()
    assert (discharge >= 0).all()
    assert (charge <= battery["c_max"] * hours + TOLERANCE).all()
    assert (discharge <= battery["d_max"] * hours + TOLERANCE).all()
    assert (np.minimum(charge, discharge) < TOLERANCE).all()
    least = battery["c_min"] * hours
    may_end = np.array(battery.get("p_demand") or np.zeros(hours.size)) > 0
    may_end &= stored >= battery["s_max"] - least - TOLERANCE
    assert ((charge < TOLERANCE) | (charge > least - TOLERANCE) | may_end).all()
    if not battery.get("charge_from_grid"):
        assert (np.minimum(charge, imports) < TOLERANCE).all()
    if not battery.get("discharge_to_grid"):
        assert (np.minimum(discharge, exports) < TOLERANCE).all()
    return stored


def shortfalls(battery, answer, stored, dt):
    """What a battery misses, in penalties over the highest price."""
    n, hours = dt.size, dt / 3600
    low, high = battery["s_min"], battery["s_max"]
    missed = 1000 * (np.maximum(stored - high, 0) + np.maximum(low - stored, 0)).sum()
    goals = np.array(battery.get("s_goal") or np.zeros(n))
    missed += 100 * (np.maximum(goals - stored, 0) * (goals > 0)).sum()
    most = battery["c_max"] * hours if battery["c_min"] <= battery["c_max"] else 0 * hours
    demand = np.minimum(np.array(battery.get("p_demand") or np.zeros(n)), most)
    short = np.maximum(demand - np.array(answer["charging_power"]), 0)
    short[stored >= high - TOLERANCE] = 0
    return missed + 100 * float(short @ (1 + (n - np.arange(n)) / n))


def assert_directions(request, reply, imports, exports):
    direction = np.array(reply["flow_direction"])
    assert set(direction) <= {0, 1}
    assert (direction[exports > TOLERANCE] == 1).all()
    assert (direction[imports > TOLERANCE] == 0).all()
