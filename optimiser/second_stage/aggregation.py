"""Batteries that are alike but for their size are one battery: they share by capacity."""

from dataclasses import dataclass, replace

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.model.dispatch import Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.site import Site

_ALIKE = 1e-9  # relative difference of powers per capacity


@dataclass(frozen=True, slots=True)
class Pool:
    """A site with alike batteries made one, and the way back.

    Attributes
    ----------
    site : Site
        With fewer batteries, where some are alike.
    whole : int64 array, shape (K,)
        Storage of `site` that each original storage is part of.
    share : float64 array, shape (K,)
        How much of it. [-]
    """

    site: Site
    whole: Places
    share: Vector

    def split(self, dispatch: Dispatch) -> Dispatch:
        """The same dispatch, told for every original storage."""
        if self.whole.size == dispatch.stored.shape[0]:
            return dispatch
        parts = {
            name: getattr(dispatch, name)[self.whole] * self.share[:, None]
            for name in ("charge", "discharge", "stored")
        }
        return replace(dispatch, **parts)


def pooled(site: Site) -> Pool:
    """Make one of all batteries that differ in size only.

    Exact: whatever the parts can do together the whole can do, and the other way round, since
    energy, powers and limits all scale with the capacity.
    """
    n_batteries, n_storages = len(site.batteries), len(site.storages)
    if n_batteries < 2:  # noqa: PLR2004 - nobody to be like
        return Pool(site, np.arange(n_storages), np.ones(n_storages))
    wholes: list[list[int]] = []
    for k, battery in enumerate(site.batteries):
        found = next((w for w in wholes if _alike(site.batteries[w[0]], battery)), None)
        if found is None:
            wholes.append([k])
        else:
            found.append(k)
    whole = np.zeros(n_storages, dtype=np.int64)
    share = np.ones(n_storages)
    for w, parts in enumerate(wholes):
        capacity = sum(site.batteries[k].capacity for k in parts)
        for k in parts:
            whole[k] = w
            share[k] = 1.0 if len(parts) == 1 else site.batteries[k].capacity / capacity
    if len(wholes) == n_batteries:
        return Pool(site, np.arange(whole.size), share)
    whole[n_batteries:] = len(wholes) + np.arange(len(site.vehicles))
    batteries = tuple(_united([site.batteries[k] for k in parts]) for parts in wholes)
    return Pool(replace(site, batteries=batteries), whole, share)


_EXTENSIVE = ("capacity", "charge_limit", "discharge_limit", "export_limit")


def _alike(one: Battery, other: Battery) -> bool:
    if one.capacity == 0 or other.capacity == 0:
        return False
    scale = other.capacity / one.capacity
    scaled = {name: getattr(one, name) * scale for name in _EXTENSIVE}
    same = all(
        np.isclose(value, getattr(other, name), rtol=_ALIKE, atol=0.0)
        for name, value in scaled.items()
    )
    return same and replace(one, **{name: getattr(other, name) for name in _EXTENSIVE}) == other


def _united(parts: list[Battery]) -> Battery:
    total = {name: sum(getattr(part, name) for part in parts) for name in _EXTENSIVE}
    return parts[0] if len(parts) == 1 else replace(parts[0], **total)
