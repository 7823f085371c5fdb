"""Random clean requests, for all three endpoints."""

from datetime import datetime, timedelta
from itertools import accumulate
from statistics import median

from hypothesis import assume
from hypothesis import strategies as st

from tests.end_to_end import COST_FUNCTIONS, NOW, SYDNEY

START = NOW.astimezone(SYDNEY).replace(minute=0, second=0)

prices = st.integers(-30, 100).map(lambda cents: cents / 100) | st.sampled_from([0.0, 20.0])
mild_prices = st.integers(5, 60).map(lambda cents: cents / 100)
powers = st.just(0.0) | st.integers(1, 60).map(lambda hundreds: 100.0 * hundreds)
thresholds, extra_prices = st.sampled_from([1000, 2500]), st.sampled_from([0.05, 0.3])
shares = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
limits = st.sampled_from([500, 5000, 50_000])
seldom = st.integers(0, 3).map(lambda number: number == 0)
moments = st.sampled_from([None, -5, 1, 2.5, 4, 7, 100]).map(
    lambda hours: None if hours is None else (START + timedelta(hours=hours)).isoformat()
)

plain_battery = {
    "current_soc": shares,
    "capacity_wh": st.sampled_from([0, 2000, 10_000, 13_500]),
    "max_charge_w": st.sampled_from([0, 500, 5000]),
    "max_discharge_w": st.sampled_from([0, 500, 5000]),
    "efficiency": st.sampled_from([0.8, 0.9, 1.0]),
    "backup_reserve": shares,
    "can_charge_from_grid": st.booleans(),
    "can_export_to_grid": st.booleans(),
}
batteries = st.fixed_dictionaries(
    plain_battery,
    optional={
        "max_export_w": st.sampled_from([0, 800, 3000]),
        "priority": st.integers(0, 3),
        "min_sell_price": st.sampled_from([-0.1, 0.05, 0.3]),
        "charge_power_curve": st.sampled_from(
            [[[0.5, 2000]], [[0.6, 4000], [0.9, 1000], [1, 0]], [[0, 5000], [1, 50]]]
        ),
    },
)
vehicles = st.fixed_dictionaries(
    {
        "battery_capacity_kwh": st.sampled_from([0, 20, 60, 75]),
        "current_soc": shares,
        "target_soc": shares,
        "min_soc": st.sampled_from([0.0, 0.3]),
        "max_charge_kw": st.sampled_from([4.0, 7.4, 11.0]),
        "min_charge_kw": st.sampled_from([0.0, 1.4, 4.0]),
        "charger_efficiency": st.sampled_from([0.85, 0.92, 1.0]),
        "max_discharge_kw": st.sampled_from([0, 0, 5.0]),
        "arrival_time": moments,
        "departure_time": moments,
        "must_reach_target": st.booleans(),
        "allow_grid_charging": seldom.map(lambda forbidden: not forbidden),
        "solar_only": seldom,
        "priority": st.sampled_from(["ev_first", "battery_first", "equal", "solar_only"]),
    }
)
window = {
    "start": st.integers(0, 23).map(lambda hour: f"{hour:02}:00"),
    "end": st.integers(0, 23).map(lambda hour: f"{hour:02}:30"),
    "weekdays": st.sampled_from([[0, 1, 2, 3, 4], [2], [5, 6]]),
}
demand_charges = st.fixed_dictionaries(
    {
        "price_per_kw": st.sampled_from([0.0, 0.5, 5.0, 15.0]),
        "peak_so_far_kw": st.sampled_from([0.0, 1.5, 6.0]),
        "average_minutes": st.sampled_from([30, 30, 15, 60]),
    },
    optional={
        **window,
        "block_so_far_kwh": st.sampled_from([0.0, 0.2, 1.5]),
        "n_peaks": st.integers(1, 3),
        "peaks_so_far_kw": st.lists(st.sampled_from([0.0, 1.0, 2.5]), max_size=4),
    },
)
allowances = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(["import", "export"]),
        "daily_quota_kwh": st.sampled_from([0.0, 2.5, 10.0]),
        "bonus_price": st.sampled_from([0.0, 0.1, 0.45]),
        "used_today_kwh": st.sampled_from([0.0, 1.0]),
    },
    optional=window,
)
import_tiers = st.fixed_dictionaries(
    {
        "above_kwh": st.sampled_from([0.0, 1.5, 6.0]),
        "extra_price": st.sampled_from([0.0, 0.1, 0.45]),
        "used_kwh": st.sampled_from([0.0, 1.0, 5.0]),
        "period": st.sampled_from(["day", "month"]),
        "billing_day": st.integers(1, 31),
    }
)
inverters = st.fixed_dictionaries(
    {"ac_limit_w": st.sampled_from([0, 1000, 5000]), "dc_coupled_solar": st.booleans()},
    optional={"ac_charge_limit_w": st.sampled_from([0, 500, 3000])},
)
extras = {
    "demand_charges": st.lists(demand_charges, min_size=1, max_size=2),
    "allowances": st.lists(allowances, min_size=1, max_size=1),
    "import_tiers": st.lists(import_tiers, min_size=1, max_size=2),
    "hybrid": inverters,
}


@st.composite
def site_requests(draw, lengths=st.sampled_from([5, 15, 30, 60]), optional=extras):  # noqa: B008
    """What all endpoints share."""
    n = draw(st.integers(1, 8))
    price = draw(st.sampled_from([prices, mild_prices]))

    def series(values):
        return st.lists(values, min_size=n, max_size=n)

    load = series(powers).filter(lambda watts: max(watts) >= 100 or max(watts) == 0)
    grid = {
        "max_import_w": limits | series(limits),
        "max_export_w": limits | series(limits),
        "curtailment": st.booleans(),
    }
    request = {
        "prices_import": series(price),
        "prices_export": series(price),
        "solar_forecast": series(powers),
        "load_forecast": load,
        "interval_minutes": lengths | series(lengths),
        "grid": st.fixed_dictionaries(grid),
        "cost_function": st.sampled_from(COST_FUNCTIONS),
    }
    if optional:
        optional = {**optional, "carbon_g_per_kwh": series(st.sampled_from([20.0, 300.0, 900.0]))}
    found = draw(st.fixed_dictionaries(request, optional=optional))
    if "carbon_g_per_kwh" in found:
        found["options"] = {"carbon_price": draw(st.sampled_from([0.0, 0.1, 2.0]))}
    if "demand_charges" in found and isinstance(found["interval_minutes"], list):
        # Intervals that share a metering block are cut: their means do not tell the peak.
        found["interval_minutes"] = found["interval_minutes"][0]
    for charge in found.get("demand_charges", ()):
        if found["interval_minutes"] > charge["average_minutes"]:  # cut where the block ends
            charge.pop("block_so_far_kwh", None)
    if not found.keys() & {"demand_charges", "allowances"} and optional and draw(st.booleans()):
        # Nor do they tell what was above a threshold, where something ends inside an interval.
        found["grid"]["import_threshold_w"] = draw(thresholds | series(thresholds))
        found["grid"]["excess_import_price"] = draw(extra_prices | series(extra_prices))
    return found


@st.composite
def plain_requests(draw):
    """Requests of one battery and nothing that `clean_request_of` has no words for."""
    request = draw(site_requests(st.sampled_from([5, 20, 30, 60, 180, 240, 480]), {}))
    exports, imports = median(request["prices_export"]), median(request["prices_import"])
    assume(abs(exports) <= max(1.0, 2.5 * abs(imports)))  # or they are in other units
    options = {"client_safe_charge": draw(st.booleans())}
    battery = draw(st.fixed_dictionaries(plain_battery))
    grid = {name: draw(limits) for name in ("max_import_w", "max_export_w")}
    return {**request, "battery": battery, "options": options, "grid": {**request["grid"], **grid}}


@st.composite
def optimize_requests(draw):
    return {**draw(site_requests()), "battery": draw(batteries)}


def without_cuts(car, request):
    """The same, coming and going between intervals: means of one do not tell its parts."""
    told = request["interval_minutes"]
    lengths = told if isinstance(told, list) else [told] * len(request["prices_import"])
    ends = [START + timedelta(minutes=minutes) for minutes in accumulate(lengths)]

    def is_inside(moment):
        when = moment and datetime.fromisoformat(moment)
        return bool(when) and START < when < ends[-1] and when not in ends

    names = ("arrival_time", "departure_time")
    return {**car, **{name: None for name in names if is_inside(car[name])}}


def numbered(found, name, prefix):
    return [{name: f"{prefix}{i}", **each} for i, each in enumerate(found)]


@st.composite
def multi_battery_requests(draw):
    found = draw(st.lists(batteries, min_size=1, max_size=3))
    if len(found) > 1 and draw(st.booleans()):
        soc = draw(st.sampled_from([found[0]["current_soc"], 0.5]))
        found[1] = {**found[0], "current_soc": soc}
    return {**draw(site_requests()), "batteries": numbered(found, "id", "b")}


@st.composite
def ev_requests(draw):
    request = draw(site_requests())
    for name in ("import_threshold_w", "excess_import_price"):
        request["grid"].pop(name, None)
    cars = [without_cuts(car, request) for car in draw(st.lists(vehicles, min_size=1, max_size=2))]
    found = numbered(cars, "vehicle_id", "car ")
    request |= {"ev": found[0]} if len(found) == 1 else {"evs": found}
    homes = draw(st.lists(batteries, max_size=3))
    if len(homes) == 1:
        request["home_battery"] = homes[0]
    elif homes:
        request["batteries"] = numbered(homes, "id", "b")
    return request
