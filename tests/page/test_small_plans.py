"""Small plans of every endpoint on the smallest screen, with the table open."""

from importlib.resources import files

import pytest

from tests.end_to_end import small_request
from tests.page.browsers import needs_browser, opened
from tests.page.conftest import post

needs_browser()

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


def several():
    request = small_request()
    battery = request.pop("battery")
    garage = {
        **battery,
        "id": "g",
        "name": "Garage with a rather long name that has to go somewhere",
    }
    return {**request, "batteries": [garage, {**battery, "id": "s", "current_soc": 0.9}]}


def vehicles(**fields):
    request = small_request()
    battery = request.pop("battery")
    cars = [
        {"vehicle_id": "k", "name": "Kona", "battery_capacity_kwh": 40, "current_soc": 0.3},
        {"vehicle_id": "z", "battery_capacity_kwh": 40, "current_soc": 0.5, "target_soc": 0.4},
    ]
    return {**request, "evs": cars, **({"home_battery": battery} if fields.get("home") else {})}


REQUESTS = {
    "one battery": ("/optimize", small_request()),
    "no battery": ("/optimize", {**small_request(), "battery": {"capacity_wh": 0}}),
    "several": ("/multi-battery/optimize", several()),
    "vehicles": ("/ev/optimize", vehicles()),
    "vehicles and a battery": ("/ev/optimize", vehicles(home=True)),
}


def n_storages(request):
    """Everything that stores, and has any capacity."""
    batteries = [request.get("battery"), request.get("home_battery"), *request.get("batteries", [])]
    real = [one for one in batteries if one and one["capacity_wh"]]
    return len(real) + len(request.get("evs", []))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", REQUESTS)
def test_every_kind_of_plan_is_shown(browser, server, name, theme):
    path, request = REQUESTS[name]
    post(server, request, path)
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()

    with opened(
        browser, server.page_url, color_scheme=theme, reduced_motion="reduce", **PHONE
    ) as page:
        page.wait_for_selector(".doing")
        page.click("#table-box summary")
        page.wait_for_selector("#table tbody tr")
        width = page.evaluate("document.documentElement.scrollWidth")
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]

        assert page.locator("#table tbody tr").count() == len(request["prices_import"])
        assert page.locator("#devices .doing").count() == max(1, n_storages(request))
        assert page.witness.complaints == []
    assert width == 360
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []


def test_times_follow_the_clock_of_the_plan_through_a_change(browser, server):
    """London skips from one to two: half past twelve is followed by two o'clock."""
    start = {"start_time": "2026-03-29T00:00:00+00:00", "timezone": "Europe/London"}
    post(server, {**small_request(), **start})

    with opened(browser, server.page_url, timezone_id="Asia/Kolkata") as page:
        page.click("#table-box summary")
        page.wait_for_selector("#table tbody tr")
        times = page.locator("#table tbody th").all_inner_texts()

    assert times[:4] == ["Sun 00:00", "Sun 00:30", "Sun 02:00", "Sun 02:30"]
