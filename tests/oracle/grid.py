"""One storage by enumeration: try every level of a grid, in plain numpy.

Whatever it finds is a plan, so it is never below the optimum; and it nears it as the grid grows.
"""

import numpy as np

SLACK = 1e-12
"""Rounding of a movement that just keeps a limit. [kWh]"""


def uniform_levels(programme, steps):
    """Levels of the band in `steps` equal steps, and that of the present; ascending."""
    storages = programme.storages
    band = np.linspace(storages.stored_lower[0, 0], storages.stored_upper[0, 0], steps + 1)
    return np.union1d(band, storages.initial)


def kinked_levels(programme):
    """Every level at which an optimal plan can be, for very short horizons; ascending.

    In a best plan at most one movement between two pinned levels is not at a kink of its
    interval's cost: levels are kinked movements away from a pin, forwards or backwards.
    """
    storages = programme.storages
    low, high = storages.stored_lower[0, 0], storages.stored_upper[0, 0]
    pins = [storages.initial, (low, high), low + np.cumsum(storages.end_width[0])]
    pins += [storages.soft_floor[0], storages.soft_ceiling[0]]
    pinned = np.unique(np.clip(np.concatenate(pins), low, high))
    forwards = backwards = levels = pinned
    for t in range(programme.hours.size):
        forwards = _within(np.add.outer(forwards, kinked_moves(programme, t)), low, high)
        levels = np.union1d(levels, forwards)
    for t in reversed(range(programme.hours.size)):
        backwards = _within(np.subtract.outer(backwards, kinked_moves(programme, t)), low, high)
        levels = np.union1d(levels, backwards)
    return _distinct(levels)


def kinked_moves(programme, t):
    """Changes of stored energy at which the cost of an interval may have a kink. [kWh]"""
    site, storages = programme.site, programme.storages
    meter = np.array([-site.export_limit[t], 0.0, site.import_limit[t]])
    meter = np.concatenate([meter, [meter[0] - site.export_excess[t]]])
    meter = np.concatenate([meter, [meter[2] + site.import_excess[t]]])
    drawn = np.concatenate([meter, meter - site.curtail_limit[t]]) - site.net_load[t]
    most, least = storages.charge_limit[0, t], -storages.discharge_limit[0, t]
    energy = np.unique(np.clip(np.concatenate([drawn, [0.0, most, least]]), least, most))
    return np.where(
        energy > 0,
        energy * storages.charge_efficiency[0],
        energy / storages.discharge_efficiency[0],
    )


def least_cost(programme, levels):
    """Planning cost of the best plan on some levels, the present one among them."""
    storages = programme.storages
    moves = levels[None, :] - levels[:, None]
    value = -_end_worth(programme, levels)
    for t in reversed(range(programme.hours.size)):
        missed = np.maximum(storages.soft_floor[0, t] - levels, 0.0)
        missed += np.maximum(levels - storages.soft_ceiling[0, t], 0.0)
        value = value + programme.site.penalty * missed
        if t == 0:
            moves = moves[[np.abs(levels - storages.initial[0]).argmin()]]
        value = (interval_cost(programme, t, moves) + value).min(axis=1)
    return float(value[0])


def worst_excess(programme, steps):
    """How far the best plan on `steps` equal steps may lie above the best of all. [$]

    A plan is followed on the grid one step behind at most in every interval so far, at no more
    than the steepest price of energy.
    """
    site, storages = programme.site, programme.storages
    step = (storages.stored_upper - storages.stored_lower)[0, 0] / steps
    steepest = np.abs(site.import_price).max() + np.abs(site.export_price).max() + site.penalty
    efficiency = storages.charge_efficiency[0] * storages.discharge_efficiency[0]
    n = programme.hours.size
    return n * (n + 1) * step * (steepest + storages.wear[0]) / efficiency


def interval_cost(programme, t, moves):
    """Least cost of an interval by the change of stored energy; infinite beyond a limit."""
    site, storages = programme.site, programme.storages
    charge = np.maximum(moves, 0.0) / storages.charge_efficiency[0]
    discharge = np.maximum(-moves, 0.0) * storages.discharge_efficiency[0]
    drawn = site.net_load[t] + charge - discharge
    most_in = site.import_limit[t] + site.import_excess[t]
    most_out = site.export_limit[t] + site.export_excess[t]
    kinks = (0.0, -site.export_limit[t], -most_out, site.import_limit[t], most_in)
    wanted = [kink - drawn for kink in kinks]
    wanted += [np.full_like(drawn, share * site.curtail_limit[t]) for share in (0.0, 0.3, 0.7, 1.0)]
    best = np.full_like(drawn, np.inf)
    for curtailed in wanted:
        metered = drawn + np.clip(curtailed, 0.0, site.curtail_limit[t])
        cost = np.where(metered > 0, site.import_price[t], site.export_price[t]) * metered
        beyond = np.maximum(metered - site.import_limit[t], -site.export_limit[t] - metered)
        cost += site.penalty * np.maximum(beyond, 0.0)
        cost[(metered > most_in + SLACK) | (metered < -most_out - SLACK)] = np.inf
        best = np.minimum(best, cost)
    best[charge > storages.charge_limit[0, t] + SLACK] = np.inf
    best[discharge > storages.discharge_limit[0, t] + SLACK] = np.inf
    return best + storages.wear[0] * (charge + discharge)


def _end_worth(programme, levels):
    storages = programme.storages
    left = levels - storages.stored_lower[0, -1]
    worth = np.zeros(levels.size)
    for width, price in zip(storages.end_width[0], storages.end_price[0], strict=True):
        worth += price * np.clip(left, 0.0, width)
        left = left - width
    return worth


def _within(levels, low, high):
    return _distinct(levels[(levels >= low - SLACK) & (levels <= high + SLACK)])


def _distinct(levels):
    """Ascending levels, one of each that differ by rounding alone."""
    ordered = np.unique(levels)
    return ordered[np.concatenate([[True], np.diff(ordered) > SLACK])]
