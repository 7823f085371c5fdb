"""A real plan on the page: directly and under an ingress prefix, on every screen."""

import re
import urllib.request
from datetime import datetime
from importlib.resources import files

import pytest

from tests.page.browsers import hover, needs_browser, needs_chart, opened, reading
from tests.page.conftest import example, post, saved
from tests.page.proxy import PREFIX

needs_browser()

SCREENS = [(theme, width) for theme in ("light", "dark") for width in (360, 1400)]


@pytest.fixture(scope="module")
def reply(server):
    return post(server, example("dynamic_day"))


@pytest.fixture(params=["directly", "under a prefix"])
def url(request, server, origin):
    return server.page_url if request.param == "directly" else f"{origin}{PREFIX}/"


def number(text):
    return float(re.match(r"[\u2212\d.]+", text)[0].replace("\u2212", "-"))


def test_a_plan_appears_and_nothing_leaves_the_origin(browser, reply, url):
    with opened(browser, url) as page:
        page.wait_for_selector(".doing strong")

        assert page.is_visible("#shown")
        assert page.inner_text("#savings") == f"${saved(reply):.2f}"
        assert f"${reply['summary']['savings']:.2f}" in page.inner_text("#savings-also")
        assert page.locator(".next").count() == 5
        assert page.inner_text("#proof") == "Out of date", "it is a plan of another day"
        assert all(address.startswith(url) for address in page.witness.requests)
        assert page.witness.complaints == []


def test_home_assistant_may_frame_it(browser, reply, origin):
    context = browser.new_context()
    page = context.new_page()

    page.goto(origin)

    frame = page.frame_locator("iframe")
    frame.locator(".doing strong").wait_for()
    context.close()


@needs_chart
@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Sydney"])
@pytest.mark.parametrize("t", [0, 143, 216, 575])
def test_the_read_out_equals_the_reply(browser, reply, url, t, zone):
    schedule = reply["schedule"]

    with opened(browser, url, timezone_id=zone) as page:
        page.wait_for_selector("#plot-power canvas")
        page.click("#horizon label:last-child")
        hover(page, t, 576)
        when, values = reading(page)

    start = datetime.fromisoformat(schedule["timestamps"][t])
    assert when.startswith(f"{start:%a %H:%M}"), "in the zone of the plan, not the browser's"
    request = example("dynamic_day")
    assert number(values["Price to buy"]) == pytest.approx(request["prices_import"][t], abs=6e-5)
    assert number(values["Price to sell"]) == pytest.approx(request["prices_export"][t], abs=6e-5)
    for name, watts in {
        "Solar": request["solar_forecast"][t],
        "Home": request["load_forecast"][t],
        "Grid": schedule["grid_import_w"][t] or schedule["grid_export_w"][t],
        "Battery": schedule["charge_w"][t] or schedule["discharge_w"][t],
    }.items():
        assert number(values[name]) == pytest.approx(watts / 1000, abs=0.0051)
    soc = 100 * schedule["soc_trajectory"][t + 1]
    assert number(values["Battery"].split(", ")[1]) == pytest.approx(soc, abs=0.051)


@needs_chart
def test_a_finger_and_the_keyboard_read_as_well(browser, reply, server):
    with opened(browser, server.page_url, has_touch=True) as page:
        page.wait_for_selector("#plot-soc canvas")
        page.click("#horizon label:last-child")
        page.locator("#plot-price .u-over").scroll_into_view_if_needed()
        box = page.locator("#plot-price .u-over").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] / 2 + 1, box["y"] + 20)
        assert reading(page)[0].startswith("Thu 00:00")

        page.focus("#charts")
        for key in ("Home", "ArrowRight", "ArrowRight", "Shift+ArrowRight"):
            page.keyboard.press(key)
        assert reading(page)[0].startswith("Wed 01:10")

        page.keyboard.press("End")
        assert reading(page)[0].startswith("Thu 23:55")


@pytest.mark.parametrize(("theme", "width"), SCREENS)
def test_every_screen_fits_and_is_accessible(browser, reply, server, theme, width):
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    screen = {"color_scheme": theme, "viewport": {"width": width, "height": 800}}

    with opened(browser, server.page_url, reduced_motion="reduce", **screen) as page:
        page.wait_for_selector(".doing strong")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        dark = page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(c => c < 60)"
        )
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]

    assert overflow == 0
    assert dark == (theme == "dark")
    serious = [v["id"] for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == []


def test_the_table_holds_what_the_chart_shows(browser, reply, server):
    with opened(browser, server.page_url) as page:
        page.click("#table-box summary")
        page.wait_for_selector("#table tbody tr")
        rows = page.locator("#table tbody tr")
        heads = page.locator("#table thead th").all_inner_texts()
        cells = rows.nth(216).locator("td").all_inner_texts()

    row = dict(zip(heads[1:], cells, strict=True))
    charge = reply["schedule"]["charge_w"][216] / 1000
    assert number(row["Battery in kW"]) == pytest.approx(charge, abs=0.0051)
    soc = 100 * reply["schedule"]["soc_trajectory"][217]
    assert number(row["Battery after"]) == pytest.approx(soc, abs=0.051)


@pytest.mark.parametrize("name", ["csv", "json"])
def test_the_plan_can_be_downloaded(browser, reply, server, name):
    with opened(browser, server.page_url) as page:
        page.wait_for_selector(f"#{name}[href]")
        href = page.get_attribute(f"#{name}", "href")

    with urllib.request.urlopen(server.page_url + href) as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        body = response.read()
    assert (body.count(b"\n") == 577) if name == "csv" else (b'"soc_trajectory"' in body)


@needs_chart
def test_a_slider_goes_back_to_the_plans_before(browser, server, reply):
    for soc in (0.3, 0.9):
        request = example("dynamic_day")
        request["battery"]["current_soc"] = soc
        post(server, request)

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".doing strong")
        newest = page.inner_text("#savings-also")
        page.click("#past-box summary")
        page.focus("#past")
        page.keyboard.press("Home")
        page.wait_for_selector("#banner:not([hidden])")

        assert "earlier plan" in page.inner_text("#banner-text")
        assert f"{reply['summary']['savings']:.2f}" in page.inner_text("#savings-also")

        page.click("#back")
        page.wait_for_selector("#banner", state="hidden")
        assert page.inner_text("#savings-also") == newest
        assert "saves" in page.inner_text("#past-change")
