"""Aggregation: batteries identical but for their size are one, and share by capacity."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from optimiser.model.dispatch import Dispatch
from optimiser.problem.battery import Battery
from optimiser.problem.site import Site

_IDENTICAL = 1e-9  # relative difference of powers per capacity


@dataclass(frozen=True, slots=True)
class Aggregation:
    """A site whose identical batteries are one, and the way back.

    Attributes
    ----------
    site : Site
        With fewer batteries, where some are alike.
    whole : int64 array, shape (K,)
        Storage of `site` that each original storage is part of.
    share : float64 array, shape (K,)
        Its part of that. [-]
    """

    site: Site
    whole: Places
    share: Vector

    @property
    def least_share(self) -> Vector:
        """Smallest part of each storage of `site`; shape (K of `site`,). [-]"""
        least = np.ones(len(self.site.storages))
        np.minimum.at(least, self.whole, self.share)
        return least

    def split(self, dispatch: Dispatch) -> Dispatch:
        """Return the same dispatch for every original storage."""
        if self.whole.size == dispatch.stored.shape[0]:
            return dispatch
        parts = {
            name: getattr(dispatch, name)[self.whole] * self.share[:, None]
            for name in ("charge", "discharge", "stored")
        }
        return replace(dispatch, **parts)


def aggregate_identical(site: Site) -> Aggregation:
    """Aggregate all batteries that differ in size only.

    Exact: whatever the parts can do together the whole can do, and the other way round, since
    energy, powers and limits all scale with the capacity.
    """
    n_batteries, n_storages = len(site.batteries), len(site.storages)
    if n_batteries < 2:  # noqa: PLR2004 - none to be identical with
        return Aggregation(site, np.arange(n_storages), np.ones(n_storages))
    wholes: list[list[int]] = []
    for k, battery in enumerate(site.batteries):
        group = next((w for w in wholes if _are_identical(site.batteries[w[0]], battery)), None)
        if group is None:
            wholes.append([k])
        else:
            group.append(k)
    whole = np.zeros(n_storages, dtype=np.int64)
    share = np.ones(n_storages)
    for w, parts in enumerate(wholes):
        capacity = sum(site.batteries[k].capacity for k in parts)
        for k in parts:
            whole[k] = w
            share[k] = 1.0 if len(parts) == 1 else site.batteries[k].capacity / capacity
    if len(wholes) == n_batteries:
        return Aggregation(site, np.arange(whole.size), share)
    whole[n_batteries:] = len(wholes) + np.arange(len(site.vehicles))
    batteries = tuple(_sum_of([site.batteries[k] for k in parts]) for parts in wholes)
    return Aggregation(replace(site, batteries=batteries), whole, share)


_EXTENSIVE = ("capacity", "charge_limit", "discharge_limit", "export_limit")


def _are_identical(one: Battery, other: Battery) -> bool:
    if one.capacity == 0 or other.capacity == 0 or one.pinned or one.least_charge:
        return False
    scale = other.capacity / one.capacity
    scaled = {name: np.asarray(getattr(one, name)) * scale for name in _EXTENSIVE}
    same = all(
        np.allclose(value, getattr(other, name), rtol=_IDENTICAL, atol=0.0)
        for name, value in scaled.items()
    )
    curves = _scale_curve(one, scale), _scale_curve(other, 1.0)
    same = same and len(curves[0]) == len(curves[1])
    same = same and np.allclose(*curves, rtol=_IDENTICAL, atol=0.0)
    taken = (*_EXTENSIVE, "charge_curve")
    return same and replace(one, **{name: getattr(other, name) for name in taken}) == other


def _scale_curve(battery: Battery, scale: float) -> list[tuple[float, float]]:
    return [(soc, power * scale) for soc, power in battery.charge_curve]


def _sum_of(parts: list[Battery]) -> Battery:
    total: dict[str, Any] = {
        name: sum(np.asarray(getattr(part, name)) for part in parts) for name in _EXTENSIVE
    }
    if len(parts) == 1:
        return parts[0]
    total["charge_curve"] = _scale_curve(parts[0], total["capacity"] / parts[0].capacity)
    return replace(parts[0], **total)
