"""PuLP, its text file of a model, and CBC in a process of its own."""

import pulp

from benchmarks.peers.case import Case

LABEL = "PuLP with CBC"
PACKAGES = ("pulp",)


def solve(case: Case) -> float:
    """Least bill. [$]"""
    problem = pulp.LpProblem("battery", pulp.LpMinimize)
    cost = []
    before: pulp.LpVariable | float = case.initial
    for t in range(case.n_intervals):
        imports = problem.add_variable(f"import_{t}", 0, case.import_limit[t])
        exports = problem.add_variable(f"export_{t}", 0, case.export_limit[t])
        curtail = problem.add_variable(f"curtail_{t}", 0, case.solar[t])
        charge = problem.add_variable(f"charge_{t}", 0, case.charge_limit)
        discharge = problem.add_variable(f"discharge_{t}", 0, case.discharge_limit)
        stored = problem.add_variable(f"stored_{t}", case.floor, case.ceiling)
        net_load = case.load[t] - case.solar[t]
        problem += imports - exports - curtail + discharge - charge == net_load
        gained = case.charge_efficiency * charge - discharge * (1 / case.discharge_efficiency)
        problem += stored == before + gained
        cost += [case.import_price[t] * imports, -case.export_price[t] * exports]
        before = stored
    problem.setObjective(pulp.lpSum(cost))
    status = problem.solve(pulp.PULP_CBC_CMD(msg=False))
    if status != pulp.LpStatusOptimal:
        raise RuntimeError(pulp.LpStatus[status])
    return float(pulp.value(problem.objective))
