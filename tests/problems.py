"""Random problems of one storage, as arrays: every one valid, most of them awkward.

One recipe, two sources of chance: `random.Random` gives the seeded sweep, hypothesis' own
`Random` gives examples that shrink.
"""

import random
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

from optimiser.model.arrays import ProblemArrays
from tests.tables import METER, meter_of, storages_from, storages_of, table_of, with_rows

LENGTHS = (1 / 12, 0.25, 0.5, 1.0, 2.0)  # h
CAPACITIES = (0.0, 1e-3, 2.0, 5.0, 10.0, 10.0, 13.5, 13.5, 13.5, 40.0)  # kWh
SHORTEST = 1e-9  # of a segment of the end value, as a share of the band
POWERS = (0.0, 1e-4, 0.5, 2.5, 2.5, 5.0, 5.0, 7.3, 50.0)  # kW
EFFICIENCIES = (1.0, 1.0, 0.97, 0.95, 0.95, 0.9, 0.8, 0.5)
SPECIAL_PRICES = (0.0, 0.0, -0.1, 0.25, 0.25, 0.4, -20.0, 20.0)  # $/kWh
GRID_POWERS = (0.0, 1e-3, 0.5, 1.5, 3.0, 5.0, 20.0)  # kW
WEARS = (0.0, 0.0, 0.02, 0.1)  # $/kWh
PENALTY_FACTOR = 10.0  # times the dearest way of keeping a limit, as the planner has it


@dataclass(frozen=True)
class Prices:
    """Of energy through the meter. [$/kWh]"""

    grid_import: np.ndarray
    grid_export: np.ndarray


def random_problem(source, n_intervals, *, convex=False):
    """Any problem of `n_intervals`; where `convex`, one whose relaxation is exact."""
    hours = _hours(source, n_intervals)
    prices = _convex_prices(source, n_intervals) if convex else _prices(source, n_intervals)
    storage = _storage(source, hours, convex)
    penalty = _penalty(prices, storage)
    meter = _meter(source, hours, prices, storage, convex)
    rows = {**vars(storage), "level_price": penalty}
    one = {name: np.asarray(values)[None] for name, values in rows.items()}
    return ProblemArrays(hours, table_of(METER, meter), penalty, storages_from(one, [0], [0]))


def problems(most_intervals, *, convex=False, least_intervals=1):
    """Hypothesis strategy of the same problems."""

    def build(source):
        n = source.randint(least_intervals, most_intervals)
        return random_problem(source, n, convex=convex)

    return st.randoms(use_true_random=False).map(build)


def seeded_problem(seed, n_intervals, *, convex=False):
    """The problem of one seed."""
    return random_problem(random.Random(seed), n_intervals, convex=convex)


def tail(problem, first, level):
    """The same problem, begun in a later interval and at some level."""
    limits = np.ascontiguousarray(problem.storages.limits[:, :, first:])
    storages = problem.storages._replace(
        limits=limits, traits=with_rows(problem.storages.traits, initial=level)
    )
    meter = np.ascontiguousarray(problem.meter[:, first:])
    return ProblemArrays(problem.hours[first:], meter, problem.penalty, storages)


def is_convex(problem):
    """Whether the relaxation is exact: nothing is ever gained by wasting energy.

    The value of energy is then never negative, nor is netting at the meter ever a loss.
    """
    meter, storages = meter_of(problem), storages_of(problem)
    return bool(
        (meter.import_price >= meter.export_price).all()
        and (meter.export_price >= 0).all()
        and not meter.export_excess.any()
        and (storages.soft_ceiling >= storages.stored_upper).all()
        and (storages.end_price >= 0).all()
    )


def rounding(problem):
    """Cost of what a dispatch takes for rounding: 1e-7 kWh at the meter, 1e-9 at a level. [$]"""
    meter, storages = meter_of(problem), storages_of(problem)
    dearest = np.abs(meter.import_price).max() + np.abs(meter.export_price).max()
    efficiency = storages.charge_efficiency[0] * storages.discharge_efficiency[0]
    late = problem.penalty + dearest + storages.wear[0]
    return float(problem.hours.size * (1e-7 * dearest + 1e-9 * late / efficiency))


def _series(source, n, draw):
    return np.array([draw(source) for _ in range(n)], dtype=np.float64)


def _hours(source, n):
    if source.random() < 0.5:
        return np.full(n, source.choice(LENGTHS))
    return _series(source, n, lambda s: s.choice(LENGTHS))


# Prices


def _prices(source, n):
    regime = source.choice(
        (_wild, _wild, _negative, _inverted, _uneven, _nearly_equal, _window, _window, _surcharged)
    )
    return regime(source, n)


def _convex_prices(source, n):
    regime = source.choice((_ordinary, _ordinary, _coarse, _nearly_equal, _flat))
    drawn = regime(source, n)
    low = np.minimum(drawn.grid_import, drawn.grid_export)
    high = np.maximum(drawn.grid_import, drawn.grid_export)
    return Prices(np.maximum(high, 0.0), np.maximum(low, 0.0))


def _ordinary(source, n):
    export = _series(source, n, lambda s: s.uniform(0.0, 0.3))
    return Prices(export + _series(source, n, lambda s: s.uniform(0.0, 0.3)), export)


def _coarse(source, n):
    multiples = (_series(source, n, lambda s: 0.05 * s.randint(0, 8)) for _ in range(2))
    return Prices(*multiples)


def _flat(source, n):
    return Prices(np.full(n, source.choice((0.3, 0.0, 20.0))), np.full(n, source.choice((0.05, 0))))


def _wild(source, n):
    specials = (_series(source, n, lambda s: s.choice(SPECIAL_PRICES)) for _ in range(2))
    return Prices(*specials)


def _negative(source, n):
    grid_import = _series(source, n, lambda s: s.uniform(-0.3, 0.4))
    return Prices(grid_import, grid_import - source.choice((0.0, 0.05, 0.1)))


def _inverted(source, n):
    grid_import = _series(source, n, lambda s: s.uniform(0.0, 0.4))
    return Prices(grid_import, grid_import + source.choice((1e-9, 0.05, 0.3)))


def _uneven(source, n):
    unrelated = (_series(source, n, lambda s: s.uniform(-0.4, 0.6)) for _ in range(2))
    return Prices(*unrelated)


def _nearly_equal(source, n):
    base, hair = source.choice((0.0, 0.25, -0.1)), source.choice((1e-12, 1e-11, 1e-10, 1e-9))
    hairs = (_series(source, n, lambda s: base + hair * s.randint(-3, 3)) for _ in range(2))
    return Prices(*hairs)


def _window(source, n):
    """An ordinary day with a stretch of negative prices and one of export above import."""
    ordinary = _ordinary(source, n)
    at = np.arange(n)
    first, second = sorted(source.randint(0, n) for _ in range(2))
    glut = (at >= first) & (at < second)
    grid_import = ordinary.grid_import - glut * source.choice((0.3, 0.6))
    grid_export = ordinary.grid_export - glut * source.choice((0.3, 0.6))
    first, second = sorted(source.randint(0, n) for _ in range(2))
    boosted = (at >= first) & (at < second) & (source.random() < 0.7)
    return Prices(grid_import, np.where(boosted, source.choice((0.45, 1.0)), grid_export))


def _surcharged(source, n):
    """As self-consumption plans: an import at a positive price is avoided before anything else."""
    drawn = source.choice((_ordinary, _negative, _uneven))(source, n)
    surcharge = 100.0 * max(np.abs(drawn.grid_import).max(), np.abs(drawn.grid_export).max())
    return Prices(drawn.grid_import + surcharge * (drawn.grid_import > 0), drawn.grid_export)


# The storage


def _storage(source, hours, convex):
    n = hours.size
    lower = source.choice((0.0, 0.0, 1.3))
    band = source.choice(CAPACITIES)
    upper = lower + band
    efficiencies = [source.choice(EFFICIENCIES) for _ in range(2)]
    limits = [_power_limit(source, hours) for _ in range(2)]
    width, price = _end_value(source, band, convex)
    floor, ceiling = _soft_levels(source, n, lower, upper, convex)
    return SimpleNamespace(
        charge_limit=np.minimum(limits[0], band / efficiencies[0]),
        discharge_limit=np.minimum(limits[1], band * efficiencies[1]),
        stored_lower=np.full(n, lower),
        stored_upper=np.full(n, upper),
        soft_floor=floor,
        soft_ceiling=ceiling,
        least_charge=np.zeros(n),
        initial=source.choice((lower, upper, lower + source.random() * band)),
        charge_efficiency=efficiencies[0],
        discharge_efficiency=efficiencies[1],
        wear=source.choice(WEARS),
        end_width=width,
        end_price=price,
    )


def _power_limit(source, hours):
    power = source.choice(POWERS)
    if source.random() < 0.8:
        return power * hours
    return _series(source, hours.size, lambda s: s.choice((power, 0.0, s.uniform(0, 5)))) * hours


def _end_value(source, band, convex):
    """Up to four segments that cover the band, one perhaps empty; prices descend, or are equal."""
    segments = source.randint(0, 4)
    shares = _series(source, segments, lambda s: s.choice((0.0, 1.0, s.random())))
    if segments and shares.sum() < SHORTEST:  # they would not cover the band
        shares[0] = 1.0
    price = _series(source, segments, lambda s: s.choice((0.0, 0.2, s.uniform(-0.1, 0.5))))
    if convex:
        price = np.maximum(price, 0.0)
    return band * shares / max(shares.sum(), SHORTEST), np.sort(price)[::-1].copy()


def _soft_levels(source, n, lower, upper, convex):
    floor, ceiling = np.zeros(n), np.full(n, np.inf)
    within = lower + (upper - lower) * source.random()
    kind = source.randint(0, 3)
    if kind == 1:  # a reserve to be regained, or a target at the end
        floor[source.randint(0, n - 1) :] = within
    elif kind == 2:
        floor[:] = _series(source, n, lambda s: s.choice((0.0, within, s.uniform(lower, upper))))
    if not convex and source.random() < 0.4:
        ceiling[source.randint(0, n - 1) :] = source.choice((within, source.uniform(lower, upper)))
    return floor, ceiling


def _penalty(prices, storage):
    dearest = np.abs(prices.grid_import).max() + np.abs(prices.grid_export).max() + 0.01
    others = storage.wear + np.abs(storage.end_price).max(initial=0.0)
    efficiency = storage.charge_efficiency * storage.discharge_efficiency
    return float(PENALTY_FACTOR * (dearest + others) / efficiency)


# The meter


def _meter(source, hours, prices, storage, convex):
    net_load, solar = _net_load(source, hours)
    may_curtail = source.random() < 0.6
    curtail_limit = solar if may_curtail else np.zeros(hours.size)
    cut_at_limit = not may_curtail and source.random() < 0.6
    surplus, shortage = np.maximum(-net_load, 0.0), np.maximum(net_load, 0.0)
    import_limit = _grid_limit(source, hours, shortage + storage.charge_limit + curtail_limit)
    export_limit = _grid_limit(source, hours, surplus + storage.discharge_limit)
    if source.random() < 0.15:  # no charging from the grid
        import_limit = np.minimum(import_limit, shortage)
    if source.random() < 0.15:  # no battery export
        export_limit = np.minimum(export_limit, surplus)
    if convex:
        export_limit = np.maximum(export_limit, surplus - curtail_limit)
    if cut_at_limit:
        curtail_limit = np.maximum(surplus - export_limit, 0.0)
    return {
        "net_load": net_load,
        "import_price": prices.grid_import,
        "export_price": prices.grid_export,
        "import_limit": import_limit,
        "export_limit": export_limit,
        "import_excess": np.maximum(net_load - import_limit, 0.0),
        "export_excess": np.maximum(-net_load - curtail_limit - export_limit, 0.0),
        "curtail_limit": curtail_limit,
        "may_curtail": np.full(hours.size, float(may_curtail)),
    }


def _net_load(source, hours):
    """Load less solar, and solar: drawn finely, coarsely, or nothing at all."""
    draw = source.choice(
        (lambda s: s.uniform(0.0, 5.0), lambda s: s.choice((0.0, 0.5, 2.5, 5.0)), lambda _: 0.0)
    )
    load, solar = (hours * _series(source, hours.size, draw) for _ in range(2))
    if source.random() < 0.3:
        solar = np.zeros(hours.size)
    return load - solar, solar


def _grid_limit(source, hours, reach):
    """Limit of the meter: none that matters, the same all along, or one that changes."""
    kind = source.randint(0, 7)
    if kind <= 3:
        return reach.copy()
    if kind == 4:
        return 3.0 * reach + 10.0
    if kind <= 6:
        return np.minimum(source.choice(GRID_POWERS) * hours, reach)
    return np.minimum(_series(source, hours.size, lambda s: s.choice(GRID_POWERS)) * hours, reach)
