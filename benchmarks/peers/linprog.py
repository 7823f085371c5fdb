"""`scipy.optimize.linprog`: the matrix from scipy.sparse without a loop, default options."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

from benchmarks.peers.case import Case

LABEL = "scipy.linprog"
PACKAGES = ("scipy",)


def solve(case: Case) -> float:
    """Least bill. [$]"""
    n = case.n_intervals
    one, none = eye_array(n), csr_array((n, n))
    balance = hstack([one, -one, -one, -one, one, none])
    steps = diags_array([np.ones(n), -np.ones(n - 1)], offsets=[0, -1])
    moved = (-case.charge_efficiency * one, one / case.discharge_efficiency)
    dynamics = hstack([none, none, none, *moved, steps])
    before = np.zeros(n)
    before[0] = case.initial
    upper = (
        case.import_limit,
        case.export_limit,
        case.solar,
        np.full(n, case.charge_limit),
        np.full(n, case.discharge_limit),
        np.full(n, case.ceiling),
    )
    lower = np.zeros(6 * n)
    lower[5 * n :] = case.floor
    found = linprog(
        np.concatenate([case.import_price, -case.export_price, np.zeros(4 * n)]),
        A_eq=vstack([balance, dynamics], format="csc"),
        b_eq=np.concatenate([case.load - case.solar, before]),
        bounds=np.column_stack([lower, np.concatenate(upper)]),
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(found.message)
    return float(found.fun)
