"""CVXPY as the original add-on's design has it: a loop writes the constraints of each interval."""

import cvxpy as cp

from benchmarks.peers.case import Case

LABEL = "CVXPY, per interval"
PACKAGES = ("cvxpy",)


def solve(case: Case) -> float:
    """Least bill. [$]"""
    n = case.n_intervals
    imports, exports, curtail, charge, discharge = (cp.Variable(n, nonneg=True) for _ in range(5))
    stored = cp.Variable(n + 1)
    constraints = [stored[0] == case.initial]
    cost = 0
    for t in range(n):
        net_load = case.load[t] - case.solar[t]
        gained = case.charge_efficiency * charge[t] - discharge[t] / case.discharge_efficiency
        constraints += [
            imports[t] - exports[t] - curtail[t] + discharge[t] - charge[t] == net_load,
            stored[t + 1] == stored[t] + gained,
            stored[t + 1] >= case.floor,
            stored[t + 1] <= case.ceiling,
            imports[t] <= case.import_limit[t],
            exports[t] <= case.export_limit[t],
            curtail[t] <= case.solar[t],
            charge[t] <= case.charge_limit,
            discharge[t] <= case.discharge_limit,
        ]
        cost += case.import_price[t] * imports[t] - case.export_price[t] * exports[t]
    problem = cp.Problem(cp.Minimize(cost), constraints)
    problem.solve(solver=cp.HIGHS)
    if problem.status != cp.OPTIMAL:
        raise RuntimeError(problem.status)
    return float(problem.value)
