"""Plans of every shape: nothing undefined is shown, nothing overflows, nothing is complained of."""

import random
import re

import pytest

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import post
from tests.page.homes import one_battery

needs_browser()

NOTHING = re.compile(r"\b(NaN|undefined|null|Infinity|\[object)\b")
ACTIONS = r"(Charge|Power the home|Sell|Hold|Discharge|Away)"


def site(n, minutes, **fields):
    """A home of `n` intervals with random series."""
    chance = random.Random(n)
    series = {
        "prices_import": [round(chance.uniform(-0.1, 0.5), 3) for _ in range(n)],
        "prices_export": [round(chance.uniform(-0.1, 0.2), 3) for _ in range(n)],
        "solar_forecast": [round(chance.uniform(0, 4000)) for _ in range(n)],
        "load_forecast": [round(chance.uniform(100, 3000)) for _ in range(n)],
    }
    return one_battery(**series, interval_minutes=minutes, **fields)


def without_battery(request):
    return {name: value for name, value in request.items() if name != "battery"}


def fleet(n_batteries, n_cars):
    request = site(48, 30)
    battery = request.pop("battery")
    cars = [
        {
            "vehicle_id": f"car{v}",
            "name": "The same name",
            "battery_capacity_kwh": 40,
            "current_soc": 0.1 + 0.15 * v,
            "max_discharge_kw": 5 * (v % 2),
            "departure_time": f"{6 + v:02}:30",
        }
        for v in range(n_cars)
    ]
    batteries = [{**battery, "id": f"b{k}", "current_soc": 0.2 * k} for k in range(n_batteries)]
    if not cars:
        return {**request, "batteries": batteries}
    return {**request, "evs": cars, **({"batteries": batteries} if batteries else {})}


PLANS = {
    "one interval": ("/optimize", site(1, 60)),
    "long intervals": ("/optimize", site(20, 90)),
    "unequal intervals": ("/optimize", site(5, [7, 23, 60, 45, 240])),
    "a week": ("/optimize", site(168, 60)),
    "no battery": ("/optimize", site(8, 30) | {"battery": {"capacity_wh": 0}}),
    "no power": ("/optimize", site(8, 30) | {"battery": {"capacity_wh": 9e3, "max_charge_w": 0}}),
    "yen": ("/optimize", site(8, 30, currency="JPY", price_unit="JPY/kWh")),
    "three quarters": ("/optimize", site(48, 15, timezone="Asia/Kathmandu")),
    "free": ("/optimize", site(8, 30) | {"prices_import": [0] * 8, "prices_export": [0] * 8}),
    "many of both": ("/ev/optimize", fleet(2, 6)),
    "six batteries": ("/multi-battery/optimize", fleet(6, 0)),
    "cars alone": ("/ev/optimize", without_battery(fleet(0, 2))),
}


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("name", PLANS)
def test_plans_of_every_shape_are_shown(browser, server, name, width):
    path, request = PLANS[name]
    post(server, request, path)

    with opened(browser, server.page_url, viewport={"width": width, "height": 800}) as page:
        page.wait_for_selector(".doing")
        for box in ("#past-box summary", "#proof-title", "#table-box summary"):
            page.click(box)
        page.wait_for_selector("#table tbody tr")
        shown = page.inner_text("body")
        doing = page.locator(".device .doing strong").all_inner_texts()

        names = page.locator(".device h3").all_inner_texts()

        assert len({*names}) == len(names), "each can be told from the others"
        assert NOTHING.findall(shown) == []
        assert all(re.fullmatch(ACTIONS, text) for text in doing)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.witness.complaints == []
