"""Small random problems: every one valid, many of them awkward.

Numbers come from coarse grids: what is drawn stays readable, and movements are either nothing or
well above the dead band of the dispatch.
"""

import math
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from optimiser import (
    Battery,
    ChipMode,
    CostFunction,
    ExportBoost,
    Forecast,
    Grid,
    Horizon,
    ProviderRules,
    Site,
    SpikeProtection,
    Tariff,
    Window,
)
from optimiser.planner import state
from optimiser.value_function.terminal_value import EndValue, with_end_values

MOST_INTERVALS = 12
MOST_BATTERIES = 2

ZONES = (UTC, ZoneInfo("Australia/Sydney"), ZoneInfo("Europe/London"))
LENGTHS = (1 / 12, 0.25, 0.5, 0.5, 1.0, 2.0, 3.0)  # h
SPECIAL_PRICES = (0.0, 0.0, 0.25, 0.25, -20.0, 20.0)  # $/kWh
CAPACITIES = (0.0, 2.0, 5.0, 10.0, 13.5)  # kWh
POWERS = (0.0, 0.5, 2.5, 5.0, 7.3)  # kW
EFFICIENCIES = (1.0, 0.97, 0.95, 0.9, 0.8)

WEAR = st.sampled_from((0.02, 0.1))  # $/kWh

cost_functions = st.sampled_from(CostFunction)


def on_grid(low, high, step):
    """Draw a multiple of `step` between two others."""
    return st.integers(round(low / step), round(high / step)).map(lambda count: count * step)


fractions = on_grid(0, 1, 0.05).map(lambda fraction: min(fraction, 1.0))


@st.composite
def horizons(draw, intervals=None):
    n = draw(st.integers(1, MOST_INTERVALS)) if intervals is None else intervals
    hours = draw(st.lists(st.sampled_from(LENGTHS), min_size=n, max_size=n))
    start = datetime(2026, 4, 4, 22, 10, tzinfo=draw(st.sampled_from(ZONES)))
    return Horizon(start=start, hours=hours)


@st.composite
def tariffs(draw, n, well_behaved=False):
    """Prices; where `well_behaved`, importing never costs less than exporting earns, nor < 0."""
    if not well_behaved:
        price = on_grid(-0.3, 1.0, 0.01) | st.sampled_from(SPECIAL_PRICES)
        prices = st.lists(price, min_size=n, max_size=n)
        import_price = draw(prices)
        same = draw(st.integers(0, 5)) == 0
        return Tariff(
            import_price=import_price, export_price=import_price if same else draw(prices)
        )
    price = on_grid(0.0, 0.6, 0.01) | st.sampled_from((0.0, 0.25, 20.0))
    margin = on_grid(0.0, 0.4, 0.01)
    export_price = np.array(draw(st.lists(price, min_size=n, max_size=n)))
    margins = np.array(draw(st.lists(margin, min_size=n, max_size=n)))
    return Tariff(import_price=export_price + margins, export_price=export_price)


@st.composite
def forecasts(draw, hours):
    power = st.just(0.0) | on_grid(0.0, 6.0, 0.1)
    powers = st.lists(power, min_size=hours.size, max_size=hours.size)
    load, solar = draw(powers), draw(powers)
    return Forecast(load=hours * np.array(load), solar=hours * np.array(solar))


@st.composite
def grids(draw, least_import=0.0, attainable=False):
    """Limits of the meter; where `attainable`, the house itself can always keep them."""
    limit = st.just(math.inf) | st.sampled_from((0.0, 0.5, 1.5, 5.0))
    import_limit, export_limit = draw(limit), draw(limit)
    if attainable:
        import_limit = max(import_limit, least_import)
    curtailment = draw(st.booleans()) or (attainable and export_limit < math.inf)
    return Grid(import_limit=import_limit, export_limit=export_limit, curtailment=curtailment)


@st.composite
def batteries(draw, attainable=False):
    """Home batteries; where `attainable`, in their band and without target or end value.

    Those wear a little: wasting energy is then worse than keeping it, and no tie between them
    is left to the solver.
    """
    reserve, initial, most = draw(st.tuples(fractions, fractions, fractions).map(sorted))
    if not attainable:
        initial = draw(st.sampled_from((initial, 0.0, 1.0)) | fractions)
        most = draw(st.sampled_from((most, 1.0)))
    wishes = {"cycle_cost": draw(WEAR)} if attainable else draw(_wishes)
    return Battery(
        capacity=draw(st.sampled_from(CAPACITIES)),
        charge_limit=draw(st.sampled_from(POWERS)),
        discharge_limit=draw(st.sampled_from(POWERS)),
        initial_soc=initial,
        charge_efficiency=draw(st.sampled_from(EFFICIENCIES)),
        discharge_efficiency=draw(st.sampled_from(EFFICIENCIES)),
        reserve=reserve,
        max_soc=most,
        may_charge_from_grid=draw(st.booleans()),
        may_export=draw(st.booleans()),
        **wishes,
    )


_wishes = st.fixed_dictionaries(
    {
        "target_end_soc": st.none() | fractions,
        "cycle_cost": st.just(0.0) | WEAR,
        "end_value": st.sampled_from((None, 0.0, 0.2)),
    }
)


@st.composite
def sites(
    draw,
    *,
    well_behaved=False,
    attainable=False,
    most_batteries=MOST_BATTERIES,
    least_batteries=0,
):
    """Whole sites.

    `well_behaved` is about prices: import price >= export price >= 0.  `attainable` is about
    everything else: no limit or wish has to be missed, so that the planning cost of a plan made
    for profit is its bill and its wear.
    """
    horizon = draw(horizons())
    forecast = draw(forecasts(horizon.hours))
    demand = float(((forecast.load - forecast.solar) / horizon.hours).max())
    count = draw(st.integers(least_batteries, most_batteries))
    return Site(
        horizon=horizon,
        tariff=draw(tariffs(horizon.n_intervals, well_behaved)),
        forecast=forecast,
        batteries=tuple(draw(batteries(attainable)) for _ in range(count)),
        grid=draw(grids(max(demand, 0.0), attainable)),
    )


times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
windows = st.builds(Window, times, times)
rules = st.builds(
    ProviderRules,
    export_boost=st.none()
    | st.builds(
        ExportBoost, window=windows, offset=on_grid(-0.1, 0.3, 0.05), minimum=on_grid(0, 0.3, 0.1)
    ),
    chip_mode=st.none() | st.builds(ChipMode, window=windows, threshold=on_grid(0, 0.5, 0.1)),
    spike_protection=st.none() | st.builds(SpikeProtection, threshold=on_grid(0.1, 1.0, 0.1)),
)


@st.composite
def end_values(draw, width):
    """Up to three descending prices over the band that is left at the end."""
    prices = sorted(draw(st.lists(on_grid(0, 0.5, 0.01), min_size=1, max_size=3)), reverse=True)
    shares = np.array(draw(st.permutations([0.2, 0.3, 0.5])))[: len(prices)]
    return EndValue(width * shares / shares.sum(), np.array(prices))


@st.composite
def programmes(draw):
    """Programmes of drawn sites, some with an end value of several segments."""
    site = draw(sites())
    programme = state(site, draw(cost_functions), draw(rules))
    if draw(st.booleans()):
        return programme
    band = (programme.storages.stored_upper - programme.storages.stored_lower)[:, -1]
    return with_end_values(programme, tuple(draw(end_values(width)) for width in band.tolist()))


@st.composite
def levels_of(draw, programme):
    """Stored energy that someone might want, inside the hard bounds; shape (K, T)."""
    storages = programme.storages
    n = storages.stored_lower.size
    share = np.array(draw(st.lists(fractions, min_size=n, max_size=n)), dtype=np.float64)
    band = storages.stored_upper - storages.stored_lower
    return storages.stored_lower + band * share.reshape(band.shape)
