"""CVXPY as its manual recommends: one expression per family of constraints."""

import cvxpy as cp

from benchmarks.peers.case import Case

LABEL = "CVXPY, vectorised"
PACKAGES = ("cvxpy",)


def solve(case: Case) -> float:
    """Least bill. [$]"""
    n = case.n_intervals
    imports, exports, curtail, charge, discharge = (cp.Variable(n, nonneg=True) for _ in range(5))
    stored = cp.Variable(n + 1)
    problem = cp.Problem(
        cp.Minimize(case.import_price @ imports - case.export_price @ exports),
        [
            imports - exports - curtail + discharge - charge == case.load - case.solar,
            stored[1:]
            == stored[:-1]
            + case.charge_efficiency * charge
            - discharge / case.discharge_efficiency,
            stored[0] == case.initial,
            stored >= case.floor,
            stored <= case.ceiling,
            imports <= case.import_limit,
            exports <= case.export_limit,
            curtail <= case.solar,
            charge <= case.charge_limit,
            discharge <= case.discharge_limit,
        ],
    )
    problem.solve(solver=cp.HIGHS)
    if problem.status != cp.OPTIMAL:
        raise RuntimeError(problem.status)
    return float(problem.value)
