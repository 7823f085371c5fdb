"""Random clean requests of whole sites, for all three endpoints."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.end_to_end import NOW, SYDNEY

START = NOW.astimezone(SYDNEY).replace(minute=0, second=0)

prices = st.integers(-30, 100).map(lambda cents: cents / 100) | st.sampled_from([0.0, 20.0])
mild_prices = st.integers(5, 60).map(lambda cents: cents / 100)
powers = st.just(0.0) | st.integers(1, 60).map(lambda hundreds: 100.0 * hundreds)
shares = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
cost_functions = st.sampled_from(["cost", "profit", "self_consumption"])


@st.composite
def batteries(draw):
    found = {
        "current_soc": draw(shares),
        "capacity_wh": draw(st.sampled_from([0, 2000, 10_000, 13_500])),
        "max_charge_w": draw(st.sampled_from([0, 500, 5000])),
        "max_discharge_w": draw(st.sampled_from([0, 500, 5000])),
        "efficiency": draw(st.sampled_from([0.8, 0.9, 1.0])),
        "backup_reserve": draw(shares),
        "can_charge_from_grid": draw(st.booleans()),
        "can_export_to_grid": draw(st.booleans()),
    }
    if draw(st.integers(0, 3)) == 0:
        found["max_export_w"] = draw(st.sampled_from([0, 800, 3000]))
    if draw(st.booleans()):
        found["priority"] = draw(st.integers(0, 3))
    return found


@st.composite
def vehicles(draw, n, minutes):
    least = draw(st.sampled_from([0.0, 1.4, 4.0]))

    def moment():
        hours = draw(st.sampled_from([None, -5, 1, 2.5, 4, 7, 100]))
        return None if hours is None else (START + timedelta(hours=hours)).isoformat()

    return {
        "battery_capacity_kwh": draw(st.sampled_from([0, 20, 60, 75])),
        "current_soc": draw(shares),
        "target_soc": draw(shares),
        "min_soc": draw(st.sampled_from([0.0, 0.3])),
        "max_charge_kw": draw(st.sampled_from([4.0, 7.4, 11.0])),
        "min_charge_kw": least,
        "charger_efficiency": draw(st.sampled_from([0.85, 0.92, 1.0])),
        "max_discharge_kw": draw(st.sampled_from([0, 0, 5.0])),
        "arrival_time": moment(),
        "departure_time": moment(),
        "must_reach_target": draw(st.booleans()),
        "allow_grid_charging": draw(st.integers(0, 3)) > 0,
        "solar_only": draw(st.integers(0, 3)) == 0,
        "priority": draw(st.sampled_from(["ev_first", "battery_first", "equal", "solar_only"])),
    }


@st.composite
def windows(draw):
    if draw(st.booleans()):
        return {}
    window = {
        "start": f"{draw(st.integers(0, 23)):02}:00",
        "end": f"{draw(st.integers(0, 23)):02}:30",
    }
    if draw(st.integers(0, 3)) == 0:
        window["weekdays"] = draw(st.sampled_from([[0, 1, 2, 3, 4], [2], [5, 6]]))
    return window


@st.composite
def demand_charges(draw):
    return {
        "price_per_kw": draw(st.sampled_from([0.0, 0.5, 5.0, 15.0])),
        "peak_so_far_kw": draw(st.sampled_from([0.0, 1.5, 6.0])),
        "average_minutes": draw(st.sampled_from([30, 30, 15, 60])),
        **draw(windows()),
    }


@st.composite
def allowances(draw):
    direction = draw(st.sampled_from(["import", "export"]))
    return {
        "direction": direction,
        "daily_quota_kwh": draw(st.sampled_from([0.0, 2.5, 10.0])),
        "bonus_price": draw(st.sampled_from([0.0, 0.1, 0.45])),
        "used_today_kwh": draw(st.sampled_from([0.0, 1.0])),
        **draw(windows()),
    }


@st.composite
def site_requests(draw, most_intervals=8):
    """What all endpoints share."""
    n = draw(st.integers(1, most_intervals))
    price = draw(st.sampled_from([prices, mild_prices]))

    def series(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    limit = st.sampled_from([500, 5000, 50_000])
    request = {
        "prices_import": series(price),
        "prices_export": series(price),
        "solar_forecast": series(powers),
        "load_forecast": draw(
            st.lists(powers, min_size=n, max_size=n).filter(
                lambda watts: max(watts) >= 100 or max(watts) == 0
            )
        ),
        "interval_minutes": draw(st.sampled_from([5, 15, 30, 60])),
        "grid": {
            "max_import_w": series(limit) if draw(st.booleans()) else draw(limit),
            "max_export_w": series(limit) if draw(st.booleans()) else draw(limit),
            "curtailment": draw(st.booleans()),
        },
        "cost_function": draw(cost_functions),
    }
    if draw(st.integers(0, 2)) == 0:
        request["demand_charges"] = draw(st.lists(demand_charges(), min_size=1, max_size=2))
    if draw(st.integers(0, 2)) == 0:
        request["allowances"] = [draw(allowances())]
    if draw(st.integers(0, 2)) == 0:
        request["hybrid"] = {
            "ac_limit_w": draw(st.sampled_from([0, 1000, 5000])),
            "dc_coupled_solar": draw(st.booleans()),
        }
    return request


@st.composite
def optimize_requests(draw):
    return {**draw(site_requests()), "battery": draw(batteries())}


@st.composite
def multi_battery_requests(draw):
    found = draw(st.lists(batteries(), min_size=1, max_size=3))
    if len(found) > 1 and draw(st.booleans()):
        found[1] = {
            **found[0],
            "current_soc": draw(st.sampled_from([found[0]["current_soc"], 0.5])),
        }
    return {
        **draw(site_requests()),
        "batteries": [{"id": f"b{i}", **battery} for i, battery in enumerate(found)],
    }


@st.composite
def ev_requests(draw):
    request = draw(site_requests())
    n, minutes = len(request["prices_import"]), request["interval_minutes"]
    found = [
        {"vehicle_id": f"car {i}", **draw(vehicles(n, minutes))}
        for i in range(draw(st.integers(1, 2)))
    ]
    request |= {"ev": found[0]} if len(found) == 1 else {"evs": found}
    homes = draw(st.integers(0, 3))
    if homes == 1:
        request["home_battery"] = draw(batteries())
    elif homes:
        request["batteries"] = [{"id": f"b{i}", **draw(batteries())} for i in range(homes)]
    return request
