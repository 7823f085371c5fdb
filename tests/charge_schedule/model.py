"""The model of the contract as a mixed-integer programme, all binaries at once.

It is written from the public description of the model, row by row and in Wh, for scipy's `milp`;
nothing of the product is used.  It differs from the public source where its pages say more: no
import at all while a step exports, also where the import limit is 0, and goals of the first step.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from tests.charge_schedule.replay import efficiencies, highest_price, rate_of, series_of


@dataclass
class Optimum:
    """Cost with penalties, and what no schedule undercuts, in currency."""

    cost: float
    bound: float


class _Model:
    def __init__(self):
        self.upper, self.cost, self.whole = [], [], []
        self.entries, self.low, self.high = [], [], []

    def variable(self, cost=0.0, upper=np.inf, whole=0):
        self.upper.append(upper)
        self.cost.append(cost)
        self.whole.append(whole)
        return len(self.cost) - 1

    def binary(self):
        return self.variable(upper=1, whole=1)

    def row(self, terms, low=-np.inf, high=np.inf):
        self.entries += [(len(self.low), column, factor) for column, factor in terms]
        self.low.append(low)
        self.high.append(high)

    def solve(self, time_limit):
        rows, columns, factors = zip(*self.entries, strict=True)
        matrix = coo_array((factors, (rows, columns)), shape=(len(self.low), len(self.cost)))
        return milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=Bounds(0, np.array(self.upper)),
            constraints=LinearConstraint(matrix.tocsc(), self.low, self.high),
            options={"time_limit": time_limit, "mip_rel_gap": 0.0},
        )


def optimum(request, time_limit=60):
    """Solve a request; costs are in parts of the highest price, energies in kWh."""
    base = highest_price(request)
    model, steps = _Model(), range(len(request["time_series"]["dt"]))
    export = [model.binary() for _ in steps]
    batteries = [_battery(model, request, each, base, export) for each in request["batteries"]]
    _meter(model, request, base, export, batteries)
    answer = model.solve(time_limit)
    assert answer.x is not None, answer.message
    return Optimum(1e3 * base * answer.fun, 1e3 * base * answer.mip_dual_bound)


def _meter(model, request, base, export, batteries):
    demand, solar, buy, sell, dt = series_of(request)
    grid, n = request.get("grid") or {}, dt.size
    rate, limits = rate_of(request), (grid.get("p_max_imp"), grid.get("p_max_exp"))
    big = (
        np.abs(demand)
        + np.abs(solar)
        + sum((b["c_max"] + b["d_max"]) * dt / 3600 for b in request["batteries"])
    ) / 1e3 + 1.0
    peak = None if rate is None else model.variable(1e3 * rate / (1e3 * base))
    for t in range(n):
        hours = dt[t] / 3600
        within = [None if limit is None else limit * hours / 1e3 for limit in limits]
        bought = model.variable(buy[t] / base, np.inf if within[0] is None else within[0])
        sold = model.variable(-sell[t] / base, np.inf if within[1] is None else within[1])
        over = model.variable(buy[t] / base + (100 if rate is None else 0), big[t])
        lost = model.variable(100 * (1 - t * 1e-5), big[t])
        if within[0] is None:
            model.upper[over] = 0
        else:
            at_limit = model.binary()
            model.row([(bought, 1), (at_limit, -within[0])], low=0)
            model.row([(over, 1), (at_limit, -big[t])], high=0)
        if within[1] is None:
            model.upper[lost] = 0
        else:
            at_limit = model.binary()
            model.row([(sold, 1), (at_limit, -within[1])], low=0)
            model.row([(lost, 1), (at_limit, -big[t])], high=0)
        if peak is not None:
            model.row([(over, 1), (peak, -hours)], high=0)
        moved = [(c[t], -1) for c, _ in batteries] + [(d[t], 1) for _, d in batteries]
        net = (demand[t] - solar[t]) / 1e3
        flows = [(bought, 1), (over, 1), (sold, -1), (lost, -1)]
        model.row([*flows, *moved], net, net)
        model.row([(bought, 1), (over, 1), (export[t], big[t])], high=big[t])
        model.row([(sold, 1), (lost, 1), (export[t], -big[t])], high=0)


def _battery(model, request, battery, base, export):
    dt = series_of(request)[4]
    n, eta = dt.size, efficiencies(request, battery)
    low, high, initial = (battery[f"s_{name}"] / 1e3 for name in ("min", "max", "initial"))
    capacity = max(battery.get("s_capacity") or battery["s_max"], battery["s_initial"]) / 1e3
    goals, demands = battery.get("s_goal") or [0] * n, battery.get("p_demand") or [0] * n
    charges, discharges, before = [], [], None
    for t in range(n):
        most, least, out = (battery[k] * dt[t] / 3.6e6 for k in ("c_max", "c_min", "d_max"))
        charge, discharge = model.variable(upper=most), model.variable(upper=out)
        stored = model.variable(-battery["p_a"] / base if t == n - 1 else 0, capacity)
        change = [(stored, 1), (charge, -eta[0]), (discharge, 1 / eta[1])]
        if before is None:
            model.row(change, initial, initial)
        else:
            model.row([*change, (before, -1)], 0, 0)
        above, below = model.variable(1000), model.variable(1000)
        model.row([(stored, 1), (above, -1)], high=high)
        model.row([(stored, 1), (below, 1)], low=low)
        if goals[t] > 0:
            model.row([(stored, 1), (model.variable(100), 1)], low=goals[t] / 1e3)
        turn = model.binary()
        model.row([(discharge, 1), (turn, -out)], high=0)
        model.row([(charge, 1), (turn, most)], high=most)
        if not battery.get("charge_from_grid"):
            model.row([(charge, 1), (export[t], -most)], high=0)
        if not battery.get("discharge_to_grid"):
            model.row([(discharge, 1), (export[t], out)], high=out)
        ends = None
        if demands[t] > 0:
            asked = min(demands[t] / 1e3, most) if least <= most else 0.0
            ends, full = model.binary(), model.binary()
            model.row([(stored, -1), (ends, high)], high=least)
            model.row([(stored, -1), (full, high)], high=0)
            short = model.variable(100 * (1 + (n - t) / n))
            model.row([(charge, 1), (short, 1), (full, asked)], low=asked)
        if least > 0:
            runs = model.binary()
            model.row([(charge, 1), (runs, -most)], high=0)
            stop = [] if ends is None else [(ends, least)]
            model.row([(charge, 1), (runs, -least), *stop], low=0)
        charges.append(charge)
        discharges.append(discharge)
        before = stored
    return charges, discharges
