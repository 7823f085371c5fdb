"""What the energy left at the end of the horizon is worth: concave in its amount.

The day after the horizon is taken to look like its last day.  The worth of energy at the end is
then what the value function says of the same clock time one day earlier, which depends on the
worth at the end in turn: a fixed point, reached in a few rounds because a day is long enough for
a home battery to forget how it began.
"""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import StorageArrays, Vector
from matrix_builders.arrays import PER_STORAGE, Places
from optimiser import value_function
from optimiser.couplings import Couplings
from optimiser.errors import SolverError
from optimiser.programme import Programme
from optimiser.site import Site
from optimiser.storages import stays
from optimiser.value_function import ValueFunction
from optimiser.window import Mask

DAY = 24.0
"""Period of the worth of energy. [h]"""

_MOST_SEGMENTS = 24  # each is a column of the linear programme
_NO_ROOM = 1e-9  # kWh

# Tomorrow's kWh is worth a little less than today's.  Without this, energy on a flat tariff would
# be worth as much kept as used, and least throughput would keep it for ever.
WAIT = 0.01
"""Share of its worth that energy loses by staying. [-]"""

_ROUNDS = 12
_SETTLED = 1e-7  # $; worth that moves less than this has reached its fixed point


@dataclass(frozen=True, slots=True)
class EndValue:
    """Piecewise-linear worth of stored energy above the hard floor at the end.

    Attributes
    ----------
    width : float64 array, shape (S,)
        Length of each segment, upwards. [kWh]
    price : float64 array, shape (S,)
        Worth in each segment, descending. [$/kWh]
    """

    width: Vector
    price: Vector


def with_end_values(
    programme: Programme, values: tuple[EndValue, ...], end_of: Places | None = None
) -> Programme:
    """Give the same programme with something left at its end to be had.

    Parameters
    ----------
    programme : Programme
        The problem; its own end values are dropped.
    values : tuple of EndValue
        One for each storage, or for several together.
    end_of : int64 array, shape (K,), optional
        The value that each storage counts in; one each where it is absent.

    Returns
    -------
    Programme
        Segments padded with zero width to a common number.
    """
    segments = max((value.width.size for value in values), default=0)
    width, price = (np.zeros((len(values), segments)) for _ in range(2))
    for e, value in enumerate(values):
        width[e, : value.width.size] = value.width
        price[e, : value.price.size] = value.price
        price[e, value.price.size :] = value.price[-1]
    belongs = np.arange(len(values)) if end_of is None else end_of
    storages = programme.storages._replace(end_of=belongs, end_width=width, end_price=price)
    return replace(programme, storages=storages)


def valued(site: Site, programme: Programme, in_money: Programme) -> Programme:
    """Give a programme the worth of what its storages hold at the end.

    The battery's own price where it has one; else one worth of all energy that still serves the
    house, whichever storage holds it: periodic, where the horizon spans a day, else flat.  What a
    vehicle drives away with, or cannot give back, is worth nothing here.

    Parameters
    ----------
    site : Site
        The problem.
    programme : Programme
        Its programme.
    in_money : Programme
        The same without a surcharge among its prices.

    Returns
    -------
    Programme
        With end values.
    """
    storages = in_money.storages
    band = (storages.stored_upper - storages.stored_lower)[:, -1]
    own = [b.end_value for b in site.batteries] + [None for _ in site.vehicles]
    is_shared = _keeps_its_worth(site) & np.array([worth is None for worth in own], dtype=np.bool_)
    values: list[EndValue] = []
    end_of = np.zeros(band.size, dtype=np.int64)
    if is_shared.any():
        values.append(_shared_worth(site, in_money, np.flatnonzero(is_shared)))
    for k in np.flatnonzero(~is_shared).tolist():
        end_of[k] = len(values)
        values.append(EndValue(np.array([band[k]]), np.array([own[k] or 0.0])))
    return with_end_values(programme, tuple(values), end_of)


def _shared_worth(site: Site, in_money: Programme, kept: Places) -> EndValue:
    """Worth of the energy that the storages `kept` hold together."""
    storages = in_money.storages
    room = float((storages.stored_upper - storages.stored_lower)[kept, -1].sum())
    worth = EndValue(np.array([room]), np.array([_median_worth(site)]))
    if float(site.horizon.elapsed[-1]) >= DAY - 1e-9 and room > _NO_ROOM:
        with contextlib.suppress(SolverError):  # too many kinks in a day: the flat worth stands
            worth = _periodic(_pooled(in_money, kept))
    return EndValue(worth.width, worth.price - WAIT * np.abs(worth.price))


def _keeps_its_worth(site: Site) -> Mask:
    """Storages whose energy still serves the house after the horizon; shape (K,)."""
    vehicles = [v.discharge_limit > 0 and stays(v, site.horizon) for v in site.vehicles]
    return np.array([True] * len(site.batteries) + vehicles, dtype=np.bool_)


def _median_worth(site: Site) -> float:
    """Median import price less the losses and the wear of taking the energy out. [$/kWh]

    A price that a single spike does not move, and in reach half of the time.
    """
    ascending = np.argsort(site.tariff.import_price, kind="stable")
    prices = site.tariff.import_price[ascending]
    passed = np.cumsum(site.horizon.hours[ascending])
    # Just before and just after half of the time has passed: two prices where it ends in between.
    halves = np.searchsorted(passed, passed[-1] * np.array([0.5 - 1e-9, 0.5 + 1e-9]))
    median = float(prices[halves].mean())
    each = site.storages
    kept = np.flatnonzero(_keeps_its_worth(site)).tolist()
    worth = [(median - each[k].cycle_cost) * each[k].discharge_efficiency for k in kept]
    return float(max([0.0, *worth]))


def _pooled(programme: Programme, kept: Places) -> Programme:
    """The same problem with one storage as large as those `kept`: exact where they are alike."""
    storages = programme.storages
    each = {name: getattr(storages, name)[kept] for name in PER_STORAGE}
    storages = storages._replace(**each)
    weight = (storages.stored_upper - storages.stored_lower)[:, 0]
    weight = weight / weight.sum()

    def total(values: Vector) -> Vector:
        return np.asarray(values.sum(axis=0, keepdims=True))

    def mean(values: Vector) -> Vector:
        return np.array([float(weight @ values)])

    pool = StorageArrays(
        charge_limit=total(storages.charge_limit),
        discharge_limit=total(storages.discharge_limit),
        stored_lower=total(storages.stored_lower),
        stored_upper=total(storages.stored_upper),
        soft_floor=total(storages.soft_floor),
        soft_ceiling=total(storages.soft_ceiling),
        initial=total(storages.initial),
        charge_efficiency=mean(storages.charge_efficiency),
        discharge_efficiency=mean(storages.discharge_efficiency),
        wear=mean(storages.wear),
        level_price=mean(storages.level_price),
        least_charge=np.zeros((1, programme.hours.size)),
        group=np.zeros(1, dtype=np.int64),
        end_of=np.zeros(1, dtype=np.int64),
        end_width=np.zeros((1, 0)),
        end_price=np.zeros((1, 0)),
    )
    return replace(programme, storages=pool, couplings=Couplings())


def _periodic(programme: Programme) -> EndValue:
    """Worth of energy that a day like the last one gives it, ever after."""
    in_money = _without_penalties(programme)
    starts = np.cumsum(programme.hours) - programme.hours
    a_day_before_the_end = starts[-1] + programme.hours[-1] - DAY
    first = int(np.searchsorted(starts, a_day_before_the_end - 1e-9))
    low, high = programme.storages.stored_lower[0, 0], programme.storages.stored_upper[0, 0]
    end = ValueFunction(np.array([low, high]), np.zeros(2), np.zeros(1))
    for _ in range(_ROUNDS):
        before = end
        end = _simplified(*_convex_hull(value_function.value_at(in_money, first, end)))
        if _distance(before, end) < _SETTLED:
            break
    return EndValue(np.diff(end.x), -end.slope)


def _without_penalties(programme: Programme) -> Programme:
    """Drop wishes and penalties: they are no money, and would add up from day to day."""
    storages = programme.storages
    return replace(
        programme,
        site=programme.site._replace(penalty=0.0),
        storages=storages._replace(
            soft_floor=storages.stored_lower,
            soft_ceiling=storages.stored_upper,
            level_price=np.zeros(storages.level_price.size),
        ),
    )


def _convex_hull(function: ValueFunction) -> tuple[Vector, Vector]:
    """Breakpoints and values of the largest convex function below: a concave worth."""
    x, y = [float(function.x[0])], [float(function.y[0])]
    for at, value in zip(function.x[1:].tolist(), function.y[1:].tolist(), strict=True):
        while len(x) > 1 and (y[-1] - y[-2]) * (at - x[-1]) >= (value - y[-1]) * (x[-1] - x[-2]):
            x.pop()
            y.pop()
        x.append(at)
        y.append(value)
    return np.array(x), np.array(y)


def _simplified(x: Vector, y: Vector) -> ValueFunction:
    """The same function through fewer of its points, within a few segments."""
    while x.size - 1 > _MOST_SEGMENTS:
        # A point matters as far as its absence would lift the function there.
        share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
        lift = y[:-2] + share * (y[2:] - y[:-2]) - y[1:-1]
        lift[1::2] = np.inf  # neighbours may not leave together
        surplus = x.size - 1 - _MOST_SEGMENTS
        leaving = 1 + np.argsort(lift, kind="stable")[: min(surplus, (lift.size + 1) // 2)]
        x, y = np.delete(x, leaving), np.delete(y, leaving)
    width = np.diff(x)
    slope = np.diff(y) / np.where(width > 0, width, 1.0)
    return ValueFunction(x, y - y[0], slope)


def _distance(a: ValueFunction, b: ValueFunction) -> float:
    """Largest difference of worth, each counted from the empty battery. [$]"""
    x = np.union1d(a.x, b.x)
    worth_a = np.interp(x, a.x, a.y - a.y[0])
    worth_b = np.interp(x, b.x, b.y - b.y[0])
    return float(np.abs(worth_a - worth_b).max())
