"""Names and warnings with markup are text; scripts of others do not run."""

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import example, post

needs_browser()

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_names_and_warnings_are_shown_as_text(browser, server):
    request = example("flat_tariff")
    request["home_battery"] = request.pop("battery")
    request["cost_function"] = "<b onclick=alert(3)>cheap</b>"
    request["ev"] = {
        "vehicle_id": MARKUP,
        "name": MARKUP,
        "battery_capacity_kwh": 40,
        "current_soc": 0.2,
        "departure_time": "07:00",
    }
    post(server, request, "/ev/optimize")

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".doing strong")
        page.click("#table-box summary")
        page.wait_for_selector("#table tbody tr")

        assert MARKUP in page.inner_text("#devices")
        assert MARKUP in page.inner_text("#table thead")
        assert "<b onclick=alert(3)>cheap</b>" in page.inner_text("#warnings")
        assert page.locator("main script, main img, main b").count() == 0
        assert page.witness.complaints == []


def test_ids_with_markup_are_shown_as_text(browser, server):
    request = example("time_of_use")
    battery = request.pop("battery")
    request["batteries"] = [{**battery, "id": MARKUP}, {**battery, "id": "b", "capacity_wh": 5000}]
    post(server, request, "/multi-battery/optimize")

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#devices li")

        assert MARKUP in page.inner_text("#devices")
        assert page.locator("main script, main img").count() == 0


def test_inline_scripts_and_styles_are_blocked(browser, server):
    with opened(browser, server.page_url) as page:
        page.evaluate("""() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const image = document.createElement("div");
            image.setAttribute("onclick", "window.ran = true");
            document.body.append(image);
            image.click();
        }""")

        assert page.evaluate("window.ran") is None
        assert any("Content Security Policy" in text for text in page.witness.complaints)


def test_no_other_origin_can_be_asked(browser, server):
    with opened(browser, server.page_url) as page:
        asked = page.evaluate(
            "() => fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'blocked')"
        )

        assert asked == "blocked"
        assert any("Content Security Policy" in text for text in page.witness.complaints)
