"""Pieces: a site cut where something begins or ends inside an interval, and the way back."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimiser import (
    Allowance,
    CostFunction,
    DemandCharge,
    Direction,
    ExportBoost,
    Horizon,
    ProviderRules,
    Vehicle,
    Window,
    plan,
)
from optimiser.model.pieces import cut_site
from tests.builders import a_battery, a_site, in_pieces
from tests.strategies import sites
from tests.tolerances import SIMULATION

SYDNEY = ZoneInfo("Australia/Sydney")
NOON = datetime(2026, 1, 14, 12, tzinfo=SYDNEY)


def hourly(n=6, start=NOON, vehicles=(), **tariff):
    """Hours of a home; the rest is about its tariff."""
    site = a_site(
        a_battery(),
        start=start,
        hours=np.ones(n),
        import_price=np.linspace(0.3, 0.2, n),
        export_price=np.full(n, 0.05),
        load=np.full(n, 1.0),
        solar=np.full(n, 0.5),
        vehicles=vehicles,
    )
    return replace(site, tariff=replace(site.tariff, **tariff))


def ends_of(site, **rules):
    """Local times at which the pieces of a site end."""
    return [
        f"{end:%H:%M}" for end in cut_site(site, ProviderRules(**rules)).site.horizon.instants[1:]
    ]


def test_a_site_in_which_nothing_begins_inside_an_interval_is_not_cut():
    site = hourly(demand_charges=(DemandCharge(price=1.0, window=Window(time(13), time(15))),))

    pieces = cut_site(site, ProviderRules())

    assert pieces.is_whole
    assert pieces.site is site


CUTS = {
    "departure": {"vehicles": (Vehicle(capacity=50, charge_limit=7, initial_soc=0.5,
                                       departure=NOON + timedelta(minutes=50)),)},
    "arrival": {"vehicles": (Vehicle(capacity=50, charge_limit=7, initial_soc=0.5,
                                     arrival=NOON + timedelta(minutes=50)),)},
    "demand window": {"demand_charges": (
        DemandCharge(price=1.0, average_hours=1.0, window=Window(time(12, 50), time(15))),)},
    "allowance": {"allowances": (
        Allowance(direction=Direction.IMPORT, price=0.0, daily_energy=5.0,
                  window=Window(time(11), time(12, 50))),)},
}  # fmt: skip


@pytest.mark.parametrize("name", CUTS)
def test_each_thing_that_begins_or_ends_inside_an_interval_cuts_it(name):
    assert ends_of(hourly(2, **CUTS[name])) == ["12:50", "13:00", "14:00"]


def test_a_window_of_the_provider_cuts_an_interval():
    boost = ExportBoost(window=Window(time(13, 15), time(13, 45)), offset=0.1)

    assert ends_of(hourly(2), export_boost=boost) == ["13:00", "13:15", "13:45", "14:00"]


def test_days_of_allowances_and_billing_periods_end_at_local_midnight():
    late = datetime(2026, 1, 31, 23, 30, tzinfo=SYDNEY)
    month = (DemandCharge(price=1.0, average_hours=1.0),)
    daily = (Allowance(direction=Direction.IMPORT, price=0.0, daily_energy=5.0),)

    assert ends_of(hourly(1, late)) == ["00:30"]
    assert ends_of(hourly(1, late, demand_charges=month)) == ["00:00", "00:30"]
    assert ends_of(hourly(1, late, allowances=daily)) == ["00:00", "00:30"]
    tenth = (DemandCharge(price=1.0, average_hours=1.0, billing_day=10),)
    assert ends_of(hourly(1, late, demand_charges=tenth)) == ["00:30"]


def test_an_interval_that_is_cut_is_cut_where_its_metering_blocks_end_too():
    charge = DemandCharge(price=1.0, average_hours=0.5, window=Window(time(12, 10), time(20)))

    assert ends_of(hourly(2, demand_charges=(charge,))) == ["12:10", "12:30", "13:00", "14:00"]


def test_intervals_that_share_a_metering_block_are_cut_where_it_ends():
    site = replace(hourly(3), horizon=Horizon(start=NOON, hours=np.full(3, 1 / 3)))
    charged = replace(site.tariff, demand_charges=(DemandCharge(price=1.0),))

    assert ends_of(site) == ["12:20", "12:40", "13:00"]
    assert ends_of(replace(site, tariff=charged)) == ["12:20", "12:30", "12:40", "13:00"]


@given(sites(), st.sampled_from((None, Window(time(0, 10), time(0, 55)))))
def test_the_pieces_of_an_interval_are_the_interval(site, boosted):
    boost = boosted and ExportBoost(window=boosted, offset=0.1)
    pieces = cut_site(site, ProviderRules(export_boost=boost))

    cut = pieces.site
    interval = np.searchsorted(pieces.first, np.arange(cut.horizon.n_intervals), side="right") - 1
    assert np.abs(pieces.total(cut.horizon.hours) - site.horizon.hours).max() <= SIMULATION
    assert np.abs(pieces.total(cut.forecast.load) - site.forecast.load).max() <= SIMULATION
    assert np.abs(pieces.total(cut.forecast.solar) - site.forecast.solar).max() <= SIMULATION
    assert (cut.tariff.import_price == site.tariff.import_price[interval]).all()
    assert (cut.tariff.export_price == site.tariff.export_price[interval]).all()
    assert cut_site(cut, ProviderRules(export_boost=boost)).is_whole
    for vehicle in site.vehicles:
        for when in (vehicle.arrival, vehicle.departure):
            for begin, end in pairwise(cut.horizon.instants):
                slack = timedelta(seconds=0.01)
                assert when is None or not begin + slack < when < end - slack


@given(sites(), st.sampled_from(CostFunction))
def test_a_plan_is_the_sum_of_its_pieces(site, cost_function):
    found = plan(site, cost_function)

    parts, n = found.dispatch_in_pieces, site.horizon.n_intervals
    for name in ("charge", "discharge", "grid_import", "grid_export", "curtailed"):
        total = found.pieces.total(getattr(parts, name))
        assert total.shape[-1] == n
        assert np.abs(total - getattr(found.dispatch, name)).max(initial=0.0) <= SIMULATION
    assert found.dispatch.stored.shape == (len(site.storages), n)
    assert (found.dispatch.stored[:, -1] == parts.stored[:, -1]).all()
    assert found.flows.grid_to_load.shape == (n,)


@given(sites(n_vehicles=(1, 2)))
def test_a_site_that_is_cut_by_hand_has_the_same_plan(site):
    by_hand, found = plan(in_pieces(site), CostFunction.PROFIT), plan(site, CostFunction.PROFIT)

    assert found.certificate.optimum == pytest.approx(by_hand.certificate.optimum, abs=1e-9)
    assert found.money.total_cost == pytest.approx(by_hand.money.total_cost, abs=1e-9)


CLOCKS = {
    "twice in the hour that repeats": (datetime(2026, 4, 4, 13, tzinfo=UTC), time(2, 30), 2),
    "never in the hour that is skipped": (datetime(2026, 10, 3, 13, tzinfo=UTC), time(2, 30), 0),
    "once on any other day": (datetime(2026, 5, 3, 13, tzinfo=UTC), time(2, 30), 1),
    "not at the start itself": (datetime(2026, 5, 3, 13, tzinfo=UTC), time(23), 0),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_the_local_clock_shows_a_time(name):
    start, clock, count = CLOCKS[name]
    horizon = Horizon(start=start.astimezone(SYDNEY), hours=np.ones(24))

    shown = horizon.occurrences(clock)

    assert len(shown) == count
    assert all(when.timetz().replace(tzinfo=None) == clock for when in shown)


def test_stamps_of_one_zone_are_apart_by_absolute_time():
    start = datetime(2026, 10, 4, 0, tzinfo=SYDNEY)

    apart = Horizon(start=start, hours=[1.0]).hours_until(datetime(2026, 10, 4, 7, tzinfo=SYDNEY))

    assert apart == 6.0


minutes = st.integers(0, 24 * 12 - 1).map(lambda five: time(five // 12, 5 * (five % 12)))
some_windows = st.builds(Window, start=minutes, end=minutes)


@st.composite
def sites_with_windows(draw):
    """Hours of a convex home whose windows, and whose car, keep to five minutes."""
    arrival, departure = sorted(draw(st.tuples(st.integers(1, 71), st.integers(1, 72))))
    car = Vehicle(
        capacity=40.0,
        charge_limit=7.0,
        initial_soc=0.5,
        target_soc=draw(st.sampled_from((0.5, 0.55, 0.6))),
        arrival=NOON + timedelta(minutes=5 * arrival),
        departure=NOON + timedelta(minutes=5 * departure),
    )
    charge = DemandCharge(
        price=draw(st.sampled_from((0.5, 5.0))),
        average_hours=draw(st.sampled_from((0.25, 0.5, 1.0))),
        window=draw(some_windows),
    )
    allowance = Allowance(
        direction=Direction.IMPORT, price=0.1, daily_energy=2.0, window=draw(some_windows)
    )
    kind = draw(st.sampled_from(("vehicle", "charge", "allowance", "all")))
    everything = kind == "all"
    return hourly(
        vehicles=(car,) if everything or kind == "vehicle" else (),
        demand_charges=(charge,) if everything or kind == "charge" else (),
        allowances=(allowance,) if everything or kind == "allowance" else (),
    )


def in_five_minutes(site):
    """The same site, cut by hand."""
    twelve = np.repeat(np.arange(site.horizon.n_intervals), 12)
    return replace(
        site,
        horizon=replace(site.horizon, hours=np.full(twelve.size, 1 / 12)),
        tariff=replace(
            site.tariff,
            import_price=site.tariff.import_price[twelve],
            export_price=site.tariff.export_price[twelve],
        ),
        forecast=replace(
            site.forecast,
            load=site.forecast.load[twelve] / 12,
            solar=site.forecast.solar[twelve] / 12,
        ),
    )


@given(sites_with_windows())
def test_nothing_is_lost_by_long_intervals_however_windows_and_stays_lie(site):
    finest = plan(in_five_minutes(site), CostFunction.PROFIT, preference_budget=0.0)

    found = plan(site, CostFunction.PROFIT, preference_budget=0.0)

    assert found.certificate.optimum == pytest.approx(finest.certificate.optimum, abs=1e-6)
    assert found.money.total_cost == pytest.approx(finest.money.total_cost, abs=1e-6)
