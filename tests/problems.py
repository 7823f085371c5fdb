"""Random sites of one storage, as programmes: every one valid, most of them awkward.

One recipe, two sources of chance: `random.Random` gives the seeded sweep, hypothesis' own
`Random` gives examples that shrink.
"""

import random
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from matrix_builders import SiteArrays, StorageArrays
from optimiser.model.arrays import ProblemArrays

LENGTHS = (1 / 12, 0.25, 0.5, 1.0, 2.0)  # h
CAPACITIES = (0.0, 1e-3, 2.0, 5.0, 10.0, 10.0, 13.5, 13.5, 13.5, 40.0)  # kWh
SHORTEST = 1e-9  # of a segment of the end value, as a share of the band
POWERS = (0.0, 1e-4, 0.5, 2.5, 2.5, 5.0, 5.0, 7.3, 50.0)  # kW
EFFICIENCIES = (1.0, 1.0, 0.97, 0.95, 0.95, 0.9, 0.8, 0.5)
SPECIAL_PRICES = (0.0, 0.0, -0.1, 0.25, 0.25, 0.4, -20.0, 20.0)  # $/kWh
GRID_POWERS = (0.0, 1e-3, 0.5, 1.5, 3.0, 5.0, 20.0)  # kW
WEARS = (0.0, 0.0, 0.02, 0.1)  # $/kWh
PENALTY_FACTOR = 10.0  # times the dearest way of keeping a limit, as the planner has it

PER_INTERVAL = (
    "charge_limit",
    "discharge_limit",
    "stored_lower",
    "stored_upper",
    "soft_floor",
    "soft_ceiling",
    "least_charge",
)
"""Arrays of a storage that have an entry for every interval."""


@dataclass(frozen=True)
class Prices:
    """What the storage is worth its while for. [$/kWh]"""

    grid_import: np.ndarray
    grid_export: np.ndarray


def random_programme(source, n_intervals, *, convex=False):
    """Any site of `n_intervals`; where `convex`, one whose relaxation is exact."""
    hours = _hours(source, n_intervals)
    prices = _convex_prices(source, n_intervals) if convex else _prices(source, n_intervals)
    storages = _storages(source, hours, convex)
    penalty = _penalty(prices, storages)
    storages = storages._replace(level_price=np.array([penalty]))
    site = _site(source, hours, prices, storages, penalty, convex)
    return ProblemArrays(hours, site, storages)


def programmes(most_intervals, *, convex=False, least_intervals=1):
    """Hypothesis strategy of the same sites."""

    def build(source):
        n = source.randint(least_intervals, most_intervals)
        return random_programme(source, n, convex=convex)

    return st.randoms(use_true_random=False).map(build)


def seeded_programme(seed, n_intervals, *, convex=False):
    """The site of one seed."""
    return random_programme(random.Random(seed), n_intervals, convex=convex)


def tail(programme, first, level):
    """The same site, begun in a later interval and at some level."""

    def later(arrays, names):
        return arrays._replace(
            **{name: np.ascontiguousarray(getattr(arrays, name)[..., first:]) for name in names}
        )

    series = [name for name in SiteArrays._fields if name != "penalty"]
    site = later(programme.site, series)
    storages = later(programme.storages, PER_INTERVAL)._replace(initial=np.array([level]))
    return ProblemArrays(programme.hours[first:], site, storages)


def is_convex(programme):
    """Whether the relaxation is exact: nothing is ever gained by wasting energy.

    Energy then never has a negative worth, nor is netting at the meter ever a loss.
    """
    site, storages = programme.site, programme.storages
    return bool(
        (site.import_price >= site.export_price).all()
        and (site.export_price >= 0).all()
        and not site.export_excess.any()
        and (storages.soft_ceiling >= storages.stored_upper).all()
        and (storages.end_price >= 0).all()
    )


def rounding(programme):
    """Cost of what a dispatch takes for rounding: 1e-7 kWh at the meter, 1e-9 at a level. [$]"""
    site, storages = programme.site, programme.storages
    dearest = np.abs(site.import_price).max() + np.abs(site.export_price).max()
    efficiency = storages.charge_efficiency[0] * storages.discharge_efficiency[0]
    late = site.penalty + dearest + storages.wear[0]
    return float(programme.hours.size * (1e-7 * dearest + 1e-9 * late / efficiency))


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
    regime = source.choice((_calm, _calm, _coarse, _nearly_equal, _flat))
    drawn = regime(source, n)
    low = np.minimum(drawn.grid_import, drawn.grid_export)
    high = np.maximum(drawn.grid_import, drawn.grid_export)
    return Prices(np.maximum(high, 0.0), np.maximum(low, 0.0))


def _calm(source, n):
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
    """A calm day with a stretch of negative prices and one of export above import."""
    calm = _calm(source, n)
    at = np.arange(n)
    first, second = sorted(source.randint(0, n) for _ in range(2))
    glut = (at >= first) & (at < second)
    grid_import = calm.grid_import - glut * source.choice((0.3, 0.6))
    grid_export = calm.grid_export - glut * source.choice((0.3, 0.6))
    first, second = sorted(source.randint(0, n) for _ in range(2))
    boosted = (at >= first) & (at < second) & (source.random() < 0.7)
    return Prices(grid_import, np.where(boosted, source.choice((0.45, 1.0)), grid_export))


def _surcharged(source, n):
    """As self-consumption plans: an import at a positive price is avoided before anything else."""
    drawn = source.choice((_calm, _negative, _uneven))(source, n)
    surcharge = 100.0 * max(np.abs(drawn.grid_import).max(), np.abs(drawn.grid_export).max())
    return Prices(drawn.grid_import + surcharge * (drawn.grid_import > 0), drawn.grid_export)


# The storage


def _storages(source, hours, convex):
    n = hours.size
    lower = source.choice((0.0, 0.0, 1.3))
    band = source.choice(CAPACITIES)
    upper = lower + band
    efficiencies = [source.choice(EFFICIENCIES) for _ in range(2)]
    limits = [_power_limit(source, hours) for _ in range(2)]
    width, price = _end_value(source, band, convex)
    floor, ceiling = _soft_levels(source, n, lower, upper, convex)
    return StorageArrays(
        charge_limit=np.minimum(limits[0], band / efficiencies[0])[None, :],
        discharge_limit=np.minimum(limits[1], band * efficiencies[1])[None, :],
        stored_lower=np.full((1, n), lower),
        stored_upper=np.full((1, n), upper),
        soft_floor=floor[None, :],
        soft_ceiling=ceiling[None, :],
        initial=np.array([source.choice((lower, upper, lower + source.random() * band))]),
        charge_efficiency=np.array(efficiencies[:1]),
        discharge_efficiency=np.array(efficiencies[1:]),
        wear=np.array([source.choice(WEARS)]),
        level_price=np.zeros(1),
        least_charge=np.zeros((1, n)),
        group=np.zeros(1, dtype=np.int64),
        end_of=np.zeros(1, dtype=np.int64),
        end_width=width[None, :],
        end_price=price[None, :],
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


def _penalty(prices, storages):
    dearest = np.abs(prices.grid_import).max() + np.abs(prices.grid_export).max() + 0.01
    worth = storages.wear[0] + np.abs(storages.end_price).max(initial=0.0)
    efficiency = storages.charge_efficiency[0] * storages.discharge_efficiency[0]
    return float(PENALTY_FACTOR * (dearest + worth) / efficiency)


# The meter


def _site(source, hours, prices, storages, penalty, convex):
    net_load, solar = _net_load(source, hours)
    may_curtail = source.random() < 0.6
    curtail_limit = solar if may_curtail else np.zeros(hours.size)
    surplus, shortage = np.maximum(-net_load, 0.0), np.maximum(net_load, 0.0)
    import_limit = _grid_limit(source, hours, shortage + storages.charge_limit[0] + curtail_limit)
    export_limit = _grid_limit(source, hours, surplus + storages.discharge_limit[0])
    if source.random() < 0.15:  # no charging from the grid
        import_limit = np.minimum(import_limit, shortage)
    if source.random() < 0.15:  # no battery export
        export_limit = np.minimum(export_limit, surplus)
    if convex:
        export_limit = np.maximum(export_limit, surplus - curtail_limit)
    return SiteArrays(
        net_load=net_load,
        import_price=prices.grid_import,
        export_price=prices.grid_export,
        import_limit=import_limit,
        export_limit=export_limit,
        import_excess=np.maximum(net_load - import_limit, 0.0),
        export_excess=np.maximum(-net_load - curtail_limit - export_limit, 0.0),
        curtail_limit=curtail_limit,
        penalty=penalty,
    )


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
