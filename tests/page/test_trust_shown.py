"""May I trust it: green only on a proved plan of now whose inputs are as they were sent."""

import json
import time
import urllib.error
import urllib.request
from datetime import timedelta
from importlib.resources import files

import pytest

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import post
from tests.page.homes import now, one_battery, two_batteries, two_cars

needs_browser()

SCREENS = [(theme, width) for theme in ("light", "dark") for width in (360, 1400)]


def refused(server, body, path="/optimize"):
    """The error of a request that has no sane reading."""
    headers = {"Content-Type": "application/json"}
    raw = json.dumps(body).encode()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(server.url + path, raw, headers))
    time.sleep(0.1)  # it is kept once it has been answered
    return json.loads(caught.value.read())["error"]


def is_green(page):
    return "good" in page.get_attribute("#proof", "class")


def assert_above_the_fold(page, selector):
    box = page.locator(selector).first.bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]


def test_a_proved_plan_of_now_is_green_and_says_of_what(browser, server):
    post(server, one_battery())

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#proof:not([hidden])")
        assert is_green(page)
        assert not page.is_visible("#alerts")
        assert not page.is_visible("#proof-text"), "details are folded"
        page.click("#proof-title")

        assert "No other plan".lower() in page.inner_text("#proof-text").lower()
        assert "lower bill" in page.inner_text("#proof-text")
        assert "The search leaves" in page.inner_text("#proof-text")


def test_under_self_consumption_nothing_is_said_to_cost_least(browser, server):
    post(server, one_battery(cost_function="self_consumption"))

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#proof:not([hidden])")
        text = page.inner_text("body") + page.text_content("#proof-box")

    assert "buys less energy above a price of zero" in text
    assert "no schedule" not in text
    assert "costs less" not in text


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("field", ["battery", "load_forecast", "solar_forecast"])
def test_nothing_is_green_where_an_input_was_assumed(browser, server, field, width):
    request = one_battery()
    request.pop(field)
    post(server, request)

    with opened(browser, server.page_url, viewport={"width": width, "height": 740}) as page:
        page.wait_for_selector(".alert.assumed")
        assert not is_green(page)
        assert field.replace("_", " ") in page.inner_text(".alert.assumed")
        assert_above_the_fold(page, ".alert.assumed")


def test_nothing_is_green_where_a_target_is_missed(browser, server):
    post(server, two_cars(), "/ev/optimize")

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".alert.missed")
        assert not is_green(page)
        assert "Kona" in page.inner_text(".alert.missed")
        assert_above_the_fold(page, ".alert.missed")


@pytest.mark.parametrize(
    ("hours", "said"), [(-30, "begins only"), (0.75, "no newer one"), (30, "ended")]
)
def test_nothing_is_green_on_a_plan_of_another_time(browser, server, hours, said):
    post(server, one_battery())

    context = browser.new_context()
    page = context.new_page()
    page.clock.set_fixed_time(now() + timedelta(hours=hours))
    page.goto(server.page_url)
    page.wait_for_selector(".alert.stale")

    assert not is_green(page)
    assert said in page.inner_text(".alert.stale")
    context.close()


def test_a_plan_grows_old_on_an_open_page(browser, server):
    post(server, one_battery())
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(server.page_url)
    page.wait_for_selector("#proof.good")

    page.clock.fast_forward("45:00")

    page.wait_for_selector("#proof.fair")
    context.close()


def test_an_earlier_plan_is_not_green(browser, server):
    post(server, one_battery())
    post(server, one_battery())

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#proof.good")
        page.click("#past-box summary")
        page.focus("#past")
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#proof.fair")

        assert page.inner_text("#proof") == "Earlier plan"
        page.click("#back")
        page.wait_for_selector("#proof.good")


def test_a_time_of_a_car_that_is_past_does_not_make_the_plan_out_of_date(browser, server):
    request = two_cars()
    request["evs"][0].update(arrival_time="17:00", departure_time="2020-01-01T07:00")
    post(server, request, "/ev/optimize")

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".alert.guessed")
        assert "is past" in page.inner_text(".alert.guessed")
        assert "Out of date" not in page.inner_text("main")


def test_a_refused_request_is_shown_until_there_is_a_plan(browser, server):
    post(server, one_battery())
    error = refused(server, {"prices_import": [0.3], "battery": {"capacity_wh": -5}})

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".alert.missed")
        assert error in page.inner_text(".alert.missed")
        assert not is_green(page)
        assert_above_the_fold(page, ".alert.missed")

        post(server, one_battery())
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_selector("#alerts", state="hidden")

        assert error in page.inner_text("#refused")


def test_a_refused_request_is_shown_where_there_is_no_plan_at_all(browser, tmp_path):
    from tests.server.processes import running_server  # noqa: PLC0415

    with running_server(tmp_path) as fresh:
        error = refused(fresh, [])
        with opened(browser, f"http://127.0.0.1:{fresh.page_port}/") as page:
            assert error in page.inner_text("#alerts")
            assert page.is_visible("#empty")


@pytest.mark.parametrize(("theme", "width"), SCREENS)
@pytest.mark.parametrize("home", ["two batteries", "two cars"])
def test_every_screen_fits_and_is_accessible(browser, server, home, theme, width):
    request = two_batteries(solar_forecast=None) if home == "two batteries" else two_cars()
    post(server, request, "/ev/optimize" if home == "two cars" else "/multi-battery/optimize")
    refused(server, [])
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    screen = {"color_scheme": theme, "viewport": {"width": width, "height": 800}}

    with opened(browser, server.page_url, reduced_motion="reduce", **screen) as page:
        page.wait_for_selector(".alert")
        for box in ("#past-box summary", "#proof-title", "#table-box summary", ".more >> nth=0"):
            page.click(box)
        scroll = page.evaluate("document.documentElement.scrollWidth")
        captions = page.eval_on_selector_all(
            "caption", "all => all.map(c => c.offsetWidth - c.closest('.scroll').clientWidth)"
        )
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]

        assert page.witness.complaints == []
    assert scroll == width
    assert captions
    assert max(captions) <= 0, "a caption is cut off"
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []
