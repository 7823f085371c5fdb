"""More room, more time or lower prices never cost more."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimiser import CostFunction, plan
from tests.builders import a_programme
from tests.strategies import at, sites

TOLERANCE = 1e-6  # $

DUTIFUL = {"must_reach_target": True}


def bigger_battery(site, factor):
    """The same energy in batteries that hold more."""

    def bigger(battery):
        target = battery.target_end_soc
        return replace(
            battery,
            capacity=battery.capacity * factor,
            initial_soc=battery.initial_soc / factor,
            reserve=battery.reserve / factor,
            target_end_soc=None if target is None else min(target, battery.max_soc) / factor,
        )

    return replace(site, batteries=tuple(bigger(b) for b in site.batteries))


def better_efficiency(site, factor):
    def better(storage):
        ways = ("charge_efficiency", "discharge_efficiency")
        return replace(storage, **{w: min(getattr(storage, w) * factor, 1.0) for w in ways})

    return replace(
        site,
        batteries=tuple(better(b) for b in site.batteries),
        vehicles=tuple(better(v) for v in site.vehicles),
    )


def looser_import_limit(site, factor):
    return replace(site, grid=replace(site.grid, import_limit=site.grid.import_limit * factor))


def looser_export_limit(site, factor):
    return replace(site, grid=replace(site.grid, export_limit=site.grid.export_limit * factor))


def larger_charger(site, factor):
    return _each_vehicle(site, lambda v: replace(v, charge_limit=v.charge_limit * factor))


def smaller_least_charge(site, factor):
    return _each_vehicle(site, lambda v: replace(v, least_charge=v.least_charge / factor))


def later_departure(site, factor):
    span = float(site.horizon.elapsed[-1])

    def later(vehicle):
        if vehicle.departure is None:
            return vehicle
        hours = (vehicle.departure.timestamp() - site.horizon.start.timestamp()) / 3600.0
        return replace(vehicle, departure=at(site.horizon, min(hours * factor, span)))

    return _each_vehicle(site, later)


def earlier_arrival(site, factor):
    def earlier(vehicle):
        if vehicle.arrival is None:
            return vehicle
        hours = (vehicle.arrival.timestamp() - site.horizon.start.timestamp()) / 3600.0
        return replace(vehicle, arrival=at(site.horizon, hours / factor))

    return _each_vehicle(site, earlier)


def larger_allowance(site, factor):
    allowances = (replace(a, daily_energy=a.daily_energy * factor) for a in site.tariff.allowances)
    return replace(site, tariff=replace(site.tariff, allowances=tuple(allowances)))


def lower_demand_price(site, factor):
    charges = (replace(c, price=c.price / factor) for c in site.tariff.demand_charges)
    return replace(site, tariff=replace(site.tariff, demand_charges=tuple(charges)))


def higher_peak_so_far(site, factor):
    charges = (replace(c, peak_so_far=c.peak_so_far * factor) for c in site.tariff.demand_charges)
    return replace(site, tariff=replace(site.tariff, demand_charges=tuple(charges)))


def _each_vehicle(site, change):
    return replace(site, vehicles=tuple(change(v) for v in site.vehicles))


CHANGES = (
    bigger_battery,
    looser_import_limit,
    looser_export_limit,
    larger_charger,
    smaller_least_charge,
    later_departure,
    earlier_arrival,
    larger_allowance,
    lower_demand_price,
    higher_peak_so_far,
)

# A storage that takes surplus only keeps the meter from selling solar bought anew as long as it is
# there: more of it can cost more where imports are paid for.  Here either prices are sound, or
# every storage may buy.
better_sites = sites(well_behaved=True, vehicle=DUTIFUL) | sites(permitted=True, vehicle=DUTIFUL)


# Losses are welcome to who is paid for drawing, has surplus that it may not leave unused, holds
# more than it wants, or can charge only by too much.
thrifty_sites = sites(
    well_behaved=True, in_band=True, vehicle={**DUTIFUL, "least_charge": 0.0}
).map(
    lambda site: replace(
        site,
        grid=replace(site.grid, curtailment=True),
        tariff=replace(site.tariff, allowances=()),  # where energy is free, losses are welcome
    )
)

half_as_many = settings(max_examples=settings().max_examples // 2)
factors = st.sampled_from((1.1, 1.5, 3.0))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@half_as_many
@given(site=better_sites, factor=factors)
def test_it_never_costs_more(change, site, factor):
    _compare(site, change(site, factor))


@given(thrifty_sites, factors)
def test_better_efficiency_never_costs_more(site, factor):
    _compare(site, better_efficiency(site, factor))


def _compare(site, easier):
    assume(_penalties(easier) <= _penalties(site) + 1e-9)

    before, after = (plan(s, CostFunction.PROFIT) for s in (site, easier))

    assume(before.status == after.status == "optimal")
    assert _cost(after) <= _cost(before) + TOLERANCE + after.certificate.gap


def _penalties(site):
    """Price of a miss, which may grow with the prices on offer. [$/kWh]"""
    return a_programme(site).site.penalty


def _cost(found):
    assert math.isfinite(found.certificate.optimum)
    return found.certificate.optimum
