"""What the energy left at the end of the horizon is worth: concave in its amount."""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector
from optimiser.programme import Programme
from optimiser.site import Battery, Site


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


def with_end_values(programme: Programme, values: tuple[EndValue, ...]) -> Programme:
    """Give the same programme with something left at its end to be had, per storage.

    Parameters
    ----------
    programme : Programme
        The problem; its own end values are dropped.
    values : tuple of EndValue
        One for each storage.

    Returns
    -------
    Programme
        Segments padded with zero width to a common number.
    """
    segments = max((value.width.size for value in values), default=0)
    width, price = (np.zeros((len(values), segments)) for _ in range(2))
    for k, value in enumerate(values):
        width[k, : value.width.size] = value.width
        price[k, : value.price.size] = value.price
    storages = programme.storages._replace(end_width=width, end_price=price)
    return replace(programme, storages=storages)


def flat_end_values(site: Site, programme: Programme) -> tuple[EndValue, ...]:
    """One price for every kWh left: the battery's own, or the median price it will replace.

    The median import price less the losses and the wear of taking the energy out: a price that a
    single spike does not move, in reach on half of all intervals.
    """
    band = (programme.storages.stored_upper - programme.storages.stored_lower)[:, -1]
    median = float(np.median(site.tariff.import_price))
    return tuple(
        EndValue(np.array([width]), np.array([_flat_price(battery, median)]))
        for battery, width in zip(site.batteries, band, strict=True)
    )


def _flat_price(battery: Battery, median: float) -> float:
    if battery.end_value is not None:
        return battery.end_value
    return max(0.0, (median - battery.cycle_cost) * battery.discharge_efficiency)
