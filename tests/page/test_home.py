"""The home on a phone: what now, why, what next, what it saves; controls and sources."""

import pytest

from tests.page.browsers import needs_browser
from tests.page.home_server import (
    MARKUP,
    ask,
    assert_accessible,
    confirm,
    home_server,
    look,
    room,
    settings_of,
    tab_to,
    wait_for_plan,
    wait_until,
)

needs_browser()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that is planned for."""
    with home_server(tmp_path_factory.mktemp("home")) as running:
        confirm(running)
        wait_until(lambda: ask(running, "home.json")["command"])
        yield running


@pytest.fixture
def page(browser, home):
    """Its home screen, in automatic mode."""
    ask(home, "control", {"mode": "automatic", "reserve": 0.2, "charge_now": None})
    with room(browser, home, "home") as page:
        wait_for_plan(page)
        yield page
        assert page.witness.complaints == []


def status(home):
    return ask(home, "home.json")


def test_it_says_what_now_why_what_next_and_what_it_saves(page, home):
    said = page.inner_text("#home-shown")

    present = status(home)
    assert present["command"]["action"].capitalize() in page.inner_text("#home-command")
    assert page.inner_text("#home-why").startswith(present["command"]["reason"])
    assert "Next: " in said
    assert "64 %" in page.inner_text("#home-storages")
    (today, tomorrow) = page.locator("#home-days tbody tr").all_inner_texts()
    assert "Rest of today" in today
    assert f"{abs(present['days'][1]['savings']):.2f}" in tomorrow
    assert "Nothing is commanded" in page.inner_text("#acting")
    assert not page.is_visible("#home-problems")


def test_the_clock_is_that_of_the_home_in_the_customs_of_the_browser(browser, home):
    for language, is_half_day in {"en-US": True, "de-DE": False, "sv-SE": False}.items():
        with room(browser, home, "home", locale=language, timezone_id="Asia/Tokyo") as page:
            wait_for_plan(page)
            stamp = page.inner_text("#home-stamp")
            shown = page.evaluate(
                """([stamp, language]) => new Date(stamp).toLocaleTimeString(language,
                   { timeZone: "Europe/Berlin", hour: "numeric", minute: "2-digit" })""",
                [status(home)["planned_at"], "en-US" if is_half_day else "en-GB"],
            )
            assert shown in stamp, language
            assert ("M" in stamp) == is_half_day


def test_sources_tell_their_health(page, home):
    page.click("summary:has(#home-sources-state)")
    rows = page.locator("#home-sources .source").all_inner_texts()

    assert len(rows) == len(status(home)["sources"])
    assert any("state of charge" in row and "64%" in row and "good" in row for row in rows)


def test_watch_mode_shows_what_would_be_done(page, home):
    tab_to(page, "#mode")
    page.keyboard.press("w")
    page.locator("#control-state", has_text="Done").wait_for()
    assert settings_of(home)["mode"] == "watch"
    wait_until(lambda: status(home)["command"]["action"] == "normal")
    look(page)
    if status(home)["planned"]:  # the plan itself may say Normal
        page.wait_for_selector("#home-planned:not([hidden])")
        assert "Without watch mode" in page.inner_text("#home-planned")


def test_typing_is_not_disturbed_by_news(page, home):
    page.focus("#reserve")
    page.keyboard.press("Control+a")
    page.keyboard.type("35")
    with page.expect_response("**/home.json"):
        look(page)
    assert page.input_value("#reserve") == "35"

    page.keyboard.press("Tab")
    page.locator("#control-state", has_text="Done").wait_for()
    assert settings_of(home)["batteries"][0]["reserve"] == 0.35


def test_an_empty_or_wild_reserve_is_not_sent(page, home):
    page.fill("#reserve", "")
    page.press("#reserve", "Tab")
    page.fill("#reserve", "130")
    page.press("#reserve", "Tab")

    assert settings_of(home)["batteries"][0]["reserve"] == 0.2
    assert page.inner_text("#control-state") == ""


def test_charging_by_a_time_is_ordered_and_stopped_with_the_keyboard(page, home):
    tab_to(page, "#charge-to")
    page.keyboard.press("Control+a")
    page.keyboard.type("90")
    page.fill("#charge-by", "06:30")
    tab_to(page, "#charge-form [type=submit]")
    page.keyboard.press("Enter")
    page.locator("#charge-text", has_text="Charging to 90 % by").wait_for()
    kept = settings_of(home)["charge_now"]
    assert kept["soc"] == 0.9
    assert kept["until"].endswith(("05:30:00+00:00", "05:30:00Z", "06:30:00+01:00"))

    tab_to(page, "#charge-stop")
    page.keyboard.press("Enter")
    page.wait_for_selector("#charge-text", state="hidden")
    assert settings_of(home)["charge_now"] is None


def test_a_plan_can_be_asked_for(page, home):
    before = status(home)["planned_at"]
    page.click("#replan")

    wait_until(lambda: status(home)["planned_at"] != before)


def test_the_other_rooms_are_a_click_away(page, home):
    page.click("nav a[href='#plan']")
    page.wait_for_selector("#shown:not([hidden])")
    page.wait_for_selector(".doing strong")
    assert not page.is_visible("#room-home")
    assert page.locator("[aria-current]").inner_text() == "Plan"

    page.focus(".skip")
    page.keyboard.press("Enter")
    assert page.is_visible("#room-plan"), "the skip link leads to the content of this room"
    page.go_back()
    page.go_back()
    page.wait_for_selector("#room-home:not([hidden])")


def test_problems_stand_first_and_go_by_themselves(browser, tmp_path):
    with home_server(tmp_path) as home:
        confirm(home)
        with room(browser, home, "home") as page:
            wait_for_plan(page)
            home.run(home.fake.stop())
            wait_until(lambda: not status(home)["link"]["connected"])
            look(page)
            page.locator("#home-problems", has_text="not connected").wait_for()
            box, now = (page.locator(one).bounding_box() for one in ("#home-problems", "#home-now"))
            assert box["y"] < now["y"]
            assert_accessible(page)

            home.run(home.fake.start())
            wait_until(lambda: status(home)["link"]["connected"])
            look(page)
            page.locator("#home-problems", has_text="not connected").wait_for(state="hidden")


def test_a_server_that_is_gone_is_said_in_every_room(browser, home):
    with room(browser, home, "home") as page:
        wait_for_plan(page)
        page.route("**/home.json", lambda route: route.abort())
        look(page)

        page.locator("#state", has_text="does not answer").wait_for()


def test_names_and_reasons_with_markup_are_text(browser, home):
    with room(browser, home, "home") as page:
        found = status(home)
        found["storages"][0]["name"] = found["command"]["reason"] = MARKUP
        found["following"] = found["planned"] = {**found["command"], "action": MARKUP}
        found["problems"] = [MARKUP]
        found["sources"] = [{**found["sources"][0], "label": MARKUP, "state": MARKUP}]
        found["days"][0]["day"] = found["acting"]["action"] = MARKUP
        found["powersync"] = {"cost": 2.0, "our_cost": 1.5, "hours": 20.0, "why": MARKUP}
        page.route("**/home.json", lambda route: route.fulfill(json=found))
        look(page)
        page.locator("#home-problems", has_text=MARKUP).wait_for()

        assert page.inner_text("#home-shown").count(MARKUP) >= 6
        assert page.locator("main img, main b").count() == 0
        beside = page.inner_text("#home-beside-text")
        assert beside == (
            "Over the next 20 h, PowerSync's plan costs €0.50 more than ours at the same prices."
        )
        assert page.witness.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["home", "plan", "history"])
def test_every_room_is_accessible_and_fits_a_phone(browser, home, theme, name):
    with room(browser, home, "home", color_scheme=theme) as page:
        wait_for_plan(page)
        page.click(f"nav a[href='#{name}']")
        page.wait_for_selector(f"#room-{name}:not([hidden])")
        if name == "home":
            page.click("summary:has(#home-sources-state)")
        assert_accessible(page)
        page.set_viewport_size({"width": 320, "height": 640})
        assert_accessible(page)
        page.set_viewport_size({"width": 1400, "height": 900})
        assert_accessible(page)


def test_without_a_home_there_is_the_plan_alone(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.page_url)
    page.wait_for_selector("#empty:not([hidden])")

    assert not page.is_visible("#rooms")
    assert page.is_visible("#room-plan")
    context.close()
