"""Small whole sites: batteries, vehicles, demand charges, allowances, limits, an inverter.

As in `tests.strategies`, numbers come from coarse grids: what is drawn stays readable.  Prices stay
moderate, so that a solver's 1e-6 kWh at a penalty price is no visible cost.
"""

import math
from datetime import datetime, time, timedelta

import numpy as np
from hypothesis import strategies as st

from optimiser import (
    Allowance,
    Battery,
    DemandCharge,
    Direction,
    Forecast,
    Grid,
    Horizon,
    Inverter,
    Priority,
    Site,
    Tariff,
    Vehicle,
    Window,
)
from tests.strategies import ZONES, on_grid

LENGTHS = (0.25, 0.5, 0.5, 1.0)  # h
CAPACITIES = (2.0, 5.0, 10.0)  # kWh
POWERS = (0.5, 2.5, 5.0)  # kW
EFFICIENCIES = (1.0, 0.95, 0.9, 0.8)
WEARS = (0.0, 0.02, 0.1)  # $/kWh
LIMITS = (0.5, 1.5, 4.0, 8.0)  # kW

shares = on_grid(0, 1, 0.1).map(lambda share: min(share, 1.0))
windows = st.sampled_from(
    (
        Window(),
        Window(time(23), time(0)),
        Window(time(22), time(23)),
        Window(time(22, 30), time(1)),
        Window(time(0), time(3)),
    )
)


@st.composite
def horizons(draw, most_intervals=6):
    n = draw(st.integers(1, most_intervals))
    if draw(st.booleans()):
        hours = n * [draw(st.sampled_from(LENGTHS))]
    else:
        hours = draw(st.lists(st.sampled_from(LENGTHS), min_size=n, max_size=n))
    minute = draw(st.sampled_from((0, 15, 30)))
    start = datetime(2026, 4, 4, 22, minute, tzinfo=draw(st.sampled_from(ZONES)))
    return Horizon(start=start, hours=hours)


@st.composite
def demand_charges(draw):
    return DemandCharge(
        price=draw(st.sampled_from((0.0, 0.1, 0.5, 2.0))),
        window=draw(windows),
        peak_so_far=draw(st.sampled_from((0.0, 0.0, 1.0, 3.0))),
        average_hours=draw(st.sampled_from((0.25, 0.5, 1.0, 2.0))),
    )


@st.composite
def allowances(draw, direction):
    return Allowance(
        direction=direction,
        price=draw(on_grid(-0.1, 0.6, 0.05)),
        daily_energy=draw(st.sampled_from((0.0, 0.5, 2.0, 6.0))),
        window=draw(windows),
        used_today=draw(st.sampled_from((0.0, 0.0, 0.3))),
    )


@st.composite
def tariffs(draw, n, *, well_behaved=False, charges=True):
    """Prices; where `well_behaved`, importing never costs less than exporting earns, nor < 0."""
    low = 0.0 if well_behaved else -0.2
    export_price = np.array(draw(st.lists(on_grid(low, 0.6, 0.02), min_size=n, max_size=n)))
    margin = on_grid(0.0 if well_behaved else -0.3, 0.4, 0.02)
    margins = np.array(draw(st.lists(margin, min_size=n, max_size=n)))
    peaks, bonuses = (), ()
    if charges:
        peaks = tuple(draw(st.lists(demand_charges(), max_size=2)))
        for direction in Direction:
            bonuses += tuple(draw(st.lists(allowances(direction), max_size=1)))
    return Tariff(
        import_price=export_price + margins,
        export_price=export_price,
        demand_charges=peaks,
        allowances=bonuses,
    )


@st.composite
def forecasts(draw, hours):
    power = st.just(0.0) | on_grid(0.0, 5.0, 0.5)
    powers = st.lists(power, min_size=hours.size, max_size=hours.size)
    load, solar = draw(powers), draw(powers)
    return Forecast(load=hours * np.array(load), solar=hours * np.array(solar))


@st.composite
def limits(draw, n):
    if draw(st.integers(0, 3)) == 0:
        each = st.sampled_from((*LIMITS, math.inf))
        return np.array(draw(st.lists(each, min_size=n, max_size=n)))
    return draw(st.just(math.inf) | st.sampled_from(LIMITS))


@st.composite
def grids(draw, n):
    return Grid(
        import_limit=draw(limits(n)), export_limit=draw(limits(n)), curtailment=draw(st.booleans())
    )


@st.composite
def batteries(draw, *, permitted=False, in_band=False, **fixed):
    """Home batteries; where `permitted`, free to trade, where `in_band`, without a wish."""
    reserve, initial, most = draw(st.tuples(shares, shares, shares).map(sorted))
    if not in_band:
        initial = draw(st.just(initial) | shares)
    drawn = {
        "capacity": draw(st.sampled_from(CAPACITIES)),
        "charge_limit": draw(st.sampled_from(POWERS)),
        "discharge_limit": draw(st.sampled_from(POWERS)),
        "initial_soc": initial,
        "charge_efficiency": draw(st.sampled_from(EFFICIENCIES)),
        "discharge_efficiency": draw(st.sampled_from(EFFICIENCIES)),
        "reserve": reserve,
        "max_soc": most,
        "cycle_cost": draw(st.sampled_from(WEARS)),
        "priority": draw(st.integers(0, 1)),
    }
    if not permitted:
        drawn["may_charge_from_grid"] = draw(st.booleans())
        drawn["may_export"] = draw(st.booleans())
        drawn["export_limit"] = draw(st.sampled_from((math.inf, math.inf, 0.5, 2.0)))
    if not in_band:
        drawn["target_end_soc"] = draw(st.none() | shares)
    return Battery(**{**drawn, **fixed})


@st.composite
def vehicles(draw, horizon, *, permitted=False, **fixed):
    """Vehicles that come and go at multiples of a quarter of an hour, or stay."""
    charge_limit = draw(st.sampled_from(POWERS))
    quarters = round(4 * float(horizon.elapsed[-1]))
    arrival, departure = sorted(draw(st.tuples(*2 * [st.integers(0, quarters)])))
    drawn = {
        "capacity": draw(st.sampled_from(CAPACITIES)),
        "charge_limit": charge_limit,
        "initial_soc": draw(shares),
        "target_soc": draw(st.none() | shares),
        "least_charge": charge_limit * draw(st.sampled_from((0.0, 0.0, 0.3, 0.6, 1.0))),
        "discharge_limit": draw(st.sampled_from((0.0, 0.0, *POWERS))),
        "charge_efficiency": draw(st.sampled_from(EFFICIENCIES)),
        "discharge_efficiency": draw(st.sampled_from(EFFICIENCIES)),
        "least_soc": draw(st.sampled_from((0.0, 0.2, 0.5))),
        "most_soc": draw(st.sampled_from((1.0, 1.0, 0.8))),
        "arrival": draw(st.none() | st.just(at(horizon, arrival / 4))),
        "departure": draw(st.none() | st.just(at(horizon, departure / 4))),
        "cycle_cost": draw(st.sampled_from(WEARS)),
        "priority": draw(st.sampled_from(Priority)),
    }
    if not permitted:
        drawn["must_reach_target"] = draw(st.booleans())
        drawn["may_charge_from_grid"] = draw(st.booleans())
        drawn["may_export"] = draw(st.booleans())
    return Vehicle(**{**drawn, **fixed})


def at(horizon, hours):
    """Instant so many hours after the start, in absolute time."""
    zone = horizon.start.tzinfo
    return (horizon.start.astimezone(ZONES[0]) + timedelta(hours=hours)).astimezone(zone)


inverters = st.none() | st.builds(
    Inverter, ac_limit=st.sampled_from((1.0, 3.0, 5.0)), dc_coupled_solar=st.booleans()
)


@st.composite
def sites(
    draw,
    *,
    n_batteries=(0, 3),
    n_vehicles=(0, 2),
    most_intervals=6,
    well_behaved=False,
    charges=True,
    permitted=False,
    in_band=False,
    shared_inverter=True,
    battery=None,
    vehicle=None,
):
    """Whole sites; `battery` and `vehicle` hold what is fixed of each."""
    horizon = draw(horizons(most_intervals))
    n = horizon.n_intervals
    battery, vehicle = battery or {}, vehicle or {}
    return Site(
        horizon=horizon,
        tariff=draw(tariffs(n, well_behaved=well_behaved, charges=charges)),
        forecast=draw(forecasts(horizon.hours)),
        batteries=tuple(
            draw(batteries(permitted=permitted, in_band=in_band, **battery))
            for _ in range(draw(st.integers(*n_batteries)))
        ),
        vehicles=tuple(
            draw(vehicles(horizon, permitted=permitted, **vehicle))
            for _ in range(draw(st.integers(*n_vehicles)))
        ),
        grid=draw(grids(n)),
        inverter=draw(inverters) if shared_inverter else None,
    )
