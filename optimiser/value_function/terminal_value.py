"""What the energy left at the end of the horizon is worth: concave in its amount.

The day after the horizon is taken to look like its last day.  The worth of energy at the end is
then what the value function says of the same clock time one day earlier, which depends on the
worth at the end in turn: a fixed point, reached in a few rounds because a day is long enough for
a home battery to forget how it began.
"""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.model.arrays import Programme
from optimiser.model.storages import stays
from optimiser.problem.site import Site
from optimiser.problem.windows import Mask
from optimiser.value_function.periodic import periodic_worth

DAY = 24.0
"""Period of the worth of energy. [h]"""

_NO_ROOM = 1e-9  # kWh

# Tomorrow's kWh is worth a little less than today's.  Without this, energy on a flat tariff would
# be worth as much kept as used, and least throughput would keep it for ever.
WAIT = 0.01
"""Share of its worth that energy loses by staying. [-]"""


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
    worth = None
    if float(site.horizon.elapsed[-1]) >= DAY - 1e-9 and room > _NO_ROOM:
        worth = _periodic(in_money, kept)
    if worth is None:
        worth = EndValue(np.array([room]), np.array([_median_worth(site)]))
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


def _periodic(programme: Programme, kept: Places) -> EndValue | None:
    """Worth of energy that a day like the last one gives it, where that can be told."""
    starts = np.cumsum(programme.hours) - programme.hours
    a_day_before_the_end = starts[-1] + programme.hours[-1] - DAY
    storages = programme.storages
    x, _, slope = periodic_worth(
        programme.meter,
        int(np.searchsorted(starts, a_day_before_the_end - 1e-9)),
        storages.charge_limit,
        storages.discharge_limit,
        storages.charge_efficiency,
        storages.discharge_efficiency,
        storages.wear,
        storages.stored_lower,
        storages.stored_upper,
        kept,
    )
    return EndValue(np.diff(x), -slope[:-1]) if x.size > 1 else None
