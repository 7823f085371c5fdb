"""Small random sites: every one valid, many of them awkward.

`homes` have batteries alone and prices up to 20 $/kWh; `sites` have all there is, moderate prices
(a solver's 1e-6 kWh at a penalty price is no visible cost) and horizons of less than a day.
Numbers come from coarse grids: what is drawn stays readable, and movements are either nothing or
well above the dead band of the dispatch.
"""

import math
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from optimiser import (
    Allowance,
    Battery,
    ChipMode,
    CostFunction,
    DemandCharge,
    Direction,
    ExportBoost,
    Forecast,
    Grid,
    Horizon,
    Inverter,
    Priority,
    ProviderRules,
    Site,
    SpikeProtection,
    Tariff,
    Vehicle,
    Window,
)
from tests.builders import a_problem
from tests.tables import storages_of

ZONES = (UTC, ZoneInfo("Australia/Sydney"), ZoneInfo("Europe/London"))
LENGTHS = (1 / 12, 0.25, 0.5, 0.5, 1.0, 2.0, 3.0)  # h
SHORT_LENGTHS = (0.25, 0.5, 0.5, 1.0)  # h
SPECIAL_PRICES = (0.0, 0.0, 0.25, 0.25, -20.0, 20.0)  # $/kWh
CAPACITIES = (2.0, 5.0, 10.0)  # kWh
POWERS = (0.5, 2.5, 5.0)  # kW
EFFICIENCIES = (1.0, 0.95, 0.9, 0.8)
WEARS = (0.0, 0.02, 0.1)  # $/kWh
LIMITS = (0.5, 1.5, 4.0, 8.0)  # kW

cost_functions = st.sampled_from(CostFunction)


def on_grid(low, high, step):
    """Draw a multiple of `step` between two others."""
    return st.integers(round(low / step), round(high / step)).map(lambda count: count * step)


fractions = on_grid(0, 1, 0.05).map(lambda fraction: min(fraction, 1.0))
shares = on_grid(0, 1, 0.1).map(lambda share: min(share, 1.0))


def at(horizon, hours):
    """Instant so many hours after the start, in absolute time."""
    zone = horizon.start.tzinfo
    return (horizon.start.astimezone(UTC) + timedelta(hours=hours)).astimezone(zone)


def series(n, values):
    """Strategy of arrays of `n` such values."""
    return st.lists(values, min_size=n, max_size=n).map(np.array)


@st.composite
def forecasts(draw, hours, most_power=5.0, step=0.5):
    power = st.just(0.0) | on_grid(0.0, most_power, step)
    load, solar = draw(series(hours.size, power)), draw(series(hours.size, power))
    return Forecast(load=hours * load, solar=hours * solar)


# Homes: batteries behind a plain tariff


@st.composite
def wide_tariffs(draw, n, well_behaved=False):
    """Prices; where `well_behaved`, importing never costs less than exporting earns, nor < 0."""
    if not well_behaved:
        prices = series(n, on_grid(-0.3, 1.0, 0.01) | st.sampled_from(SPECIAL_PRICES))
        import_price = draw(prices)
        same = draw(st.integers(0, 5)) == 0
        return Tariff(
            import_price=import_price, export_price=import_price if same else draw(prices)
        )
    price = on_grid(0.0, 0.6, 0.01) | st.sampled_from((0.0, 0.25, 20.0))
    export_price = draw(series(n, price))
    margins = draw(series(n, on_grid(0.0, 0.4, 0.01)))
    return Tariff(import_price=export_price + margins, export_price=export_price)


@st.composite
def home_grids(draw, least_import=0.0, attainable=False):
    """Limits of the meter; where `attainable`, the house itself can always keep them."""
    limit = st.just(math.inf) | st.sampled_from((0.0, 0.5, 1.5, 5.0))
    import_limit, export_limit = draw(limit), draw(limit)
    if attainable:
        import_limit = max(import_limit, least_import)
    curtailment = draw(st.booleans()) or (attainable and export_limit < math.inf)
    return Grid(import_limit=import_limit, export_limit=export_limit, curtailment=curtailment)


@st.composite
def home_batteries(draw, attainable=False):
    """Home batteries; where `attainable`, in their band and without target or end value.

    Those wear a little: wasting energy is then worse than keeping it, and no tie between them
    is left to the solver.
    """
    reserve, initial, most = draw(st.tuples(fractions, fractions, fractions).map(sorted))
    if not attainable:
        initial = draw(st.sampled_from((initial, 0.0, 1.0)) | fractions)
        most = draw(st.sampled_from((most, 1.0)))
    targets = {"cycle_cost": draw(st.sampled_from(WEARS[1:]))} if attainable else draw(_targets)
    return Battery(
        capacity=draw(st.sampled_from((0.0, *CAPACITIES, 13.5))),
        charge_limit=draw(st.sampled_from((0.0, *POWERS, 7.3))),
        discharge_limit=draw(st.sampled_from((0.0, *POWERS, 7.3))),
        initial_soc=initial,
        charge_efficiency=draw(st.sampled_from((*EFFICIENCIES, 0.97))),
        discharge_efficiency=draw(st.sampled_from((*EFFICIENCIES, 0.97))),
        reserve=reserve,
        max_soc=most,
        may_charge_from_grid=draw(st.booleans()),
        may_export=draw(st.booleans()),
        **targets,
    )


_targets = st.fixed_dictionaries(
    {
        "target_end_soc": st.none() | fractions,
        "cycle_cost": st.sampled_from(WEARS),
        "end_value": st.sampled_from((None, 0.0, 0.2)),
    }
)


@st.composite
def homes(
    draw,
    *,
    well_behaved=False,
    attainable=False,
    n_batteries=(0, 2),
    most_intervals=12,
):
    """Homes with batteries.

    `well_behaved` is about prices: import price >= export price >= 0.  `attainable` is about
    everything else: no limit or target has to be missed, so that the planning cost of a plan made
    for profit is its bill and its wear.
    """
    n = draw(st.integers(1, most_intervals))
    start = datetime(2026, 4, 4, 22, 10, tzinfo=draw(st.sampled_from(ZONES)))
    horizon = Horizon(start=start, hours=draw(series(n, st.sampled_from(LENGTHS))))
    forecast = draw(forecasts(horizon.hours, 6.0, 0.1))
    demand = float(((forecast.load - forecast.solar) / horizon.hours).max())
    return Site(
        horizon=horizon,
        tariff=draw(wide_tariffs(n, well_behaved)),
        forecast=forecast,
        batteries=tuple(
            draw(home_batteries(attainable)) for _ in range(draw(st.integers(*n_batteries)))
        ),
        grid=draw(home_grids(max(demand, 0.0), attainable)),
    )


times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
rule_windows = st.builds(Window, times, times)
rules = st.builds(
    ProviderRules,
    export_boost=st.none()
    | st.builds(
        ExportBoost,
        window=rule_windows,
        offset=on_grid(-0.1, 0.3, 0.05),
        minimum=on_grid(0, 0.3, 0.1),
    ),
    chip_mode=st.none() | st.builds(ChipMode, window=rule_windows, threshold=on_grid(0, 0.5, 0.1)),
    spike_protection=st.none() | st.builds(SpikeProtection, threshold=on_grid(0.1, 1.0, 0.1)),
)


@st.composite
def end_values(draw, widths):
    """Up to three descending prices over each band that is left at the end; shape (2, K, 3)."""
    values = np.zeros((2, len(widths), 3))
    for of_storage, width in zip(values.transpose(1, 0, 2), widths, strict=True):
        prices = draw(st.lists(on_grid(0, 0.5, 0.01), min_size=1, max_size=3))
        shares = np.array(draw(st.permutations([0.2, 0.3, 0.5])))[: len(prices)]
        of_storage[0, : shares.size] = width * shares / shares.sum()
        of_storage[1] = min(prices)
        of_storage[1, : shares.size] = sorted(prices, reverse=True)
    return values


@st.composite
def problems(draw):
    """Problems of drawn homes, some with an end value of several segments."""
    problem = a_problem(draw(homes()), draw(cost_functions), draw(rules))
    if draw(st.booleans()):
        return problem
    storages = storages_of(problem)
    widths = (storages.stored_upper - storages.stored_lower)[:, -1].tolist()
    return replace(
        problem,
        storages=problem.storages._replace(
            end_of=np.arange(len(widths)), end_values=draw(end_values(widths))
        ),
    )


@st.composite
def levels_of(draw, problem):
    """Stored energy that someone might want, inside the hard bounds; shape (K, T)."""
    storages = storages_of(problem)
    n = storages.stored_lower.size
    share = np.array(draw(st.lists(fractions, min_size=n, max_size=n)), dtype=np.float64)
    band = storages.stored_upper - storages.stored_lower
    return storages.stored_lower + band * share.reshape(band.shape)


# Sites: everything that the planner knows


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
    length = st.sampled_from(SHORT_LENGTHS)
    hours = np.full(n, draw(length)) if draw(st.booleans()) else draw(series(n, length))
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
        block_so_far=draw(st.sampled_from((None, None, 0.0, 0.4, 1.5))),
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
    export_price = draw(series(n, on_grid(low, 0.6, 0.02)))
    margin = on_grid(0.0 if well_behaved else -0.3, 0.4, 0.02)
    margins = draw(series(n, margin))
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
def limits(draw, n):
    if draw(st.integers(0, 3)) == 0:
        return draw(series(n, st.sampled_from((*LIMITS, math.inf))))
    return draw(st.just(math.inf) | st.sampled_from(LIMITS))


@st.composite
def grids(draw, n):
    return Grid(
        import_limit=draw(limits(n)), export_limit=draw(limits(n)), curtailment=draw(st.booleans())
    )


@st.composite
def batteries(draw, *, permitted=False, in_band=False, **fixed):
    """Home batteries; where `permitted`, free to trade, where `in_band`, without a target."""
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
    """Vehicles that come and go at multiples of a quarter of an hour, or stay; some are away."""
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
        "departure": draw(
            st.none()
            | st.sampled_from(
                [at(horizon, departure / 4), at(horizon, quarters / 4 + 8), at(horizon, -1)]
            )
        ),
        "cycle_cost": draw(st.sampled_from(WEARS)),
        "priority": draw(st.sampled_from(Priority)),
    }
    if not permitted:
        drawn["must_reach_target"] = draw(st.booleans())
        drawn["may_charge_from_grid"] = draw(st.booleans())
        drawn["may_export"] = draw(st.booleans())
    return Vehicle(**{**drawn, **fixed})


inverters = st.none() | st.builds(
    Inverter,
    ac_limit=st.sampled_from((1.0, 3.0, 5.0)),
    ac_charge_limit=st.sampled_from((math.inf, 0.0, 2.0)),
    dc_coupled_solar=st.booleans(),
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
