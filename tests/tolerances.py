"""Tolerances of the tests, each with its reason."""

FEASIBILITY = 1e-6
"""Largest violation of a bound or a balance: HiGHS works to 1e-7, this is still 1 mWh. [kWh]"""

GAP = 1e-6
"""Cost above the bound that is proved: duals to 1e-7 $/kWh over some tens of kWh. [$]"""

GAP_RELATIVE = 1e-9
"""The same for large costs, penalties included: sums of doubles, with room to spare. [-]"""

AGREEMENT = 1e-7
"""Costs of two back ends: each is right to its own 1e-7. [-]"""

KERNEL = 1e-12
"""Kernels against their reference: the same few operations, in another order at most. [-]"""

SIMULATION = 1e-10
"""Levels of up to 100 kWh that are added up in another order. [kWh]"""


def gap(cost: float) -> float:
    """Distance to the proved bound that is accepted at this cost. [$]"""
    return GAP + GAP_RELATIVE * abs(cost)


def agreement(cost: float) -> float:
    """Difference between two ways to the same cost. [$]"""
    return AGREEMENT * (1.0 + abs(cost))
