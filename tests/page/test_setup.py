"""The set-up on a phone: what was found, what is missing, one confirmation."""

import json
import re
import time
import urllib.error
from datetime import UTC, datetime

import pytest

from tests.page.browsers import Witness, needs_browser
from tests.page.home_server import (
    MARKUP,
    PHONE,
    ask,
    assert_accessible,
    confirm,
    home_server,
    room,
    settings_of,
    tab_to,
    wait_for_plan,
)
from tests.page.proxy import ingress

needs_browser()

MISSING = {"capacity_kwh": "13.5", "charge_kw": "5", "discharge_kw": "4.6"}
MOST_TYPED = 4
MOST_SECONDS = 180

# A person who reads every word: Card, Moran and Newell, "The keystroke-level model" (1980), and
# Brysbaert, "How many words do we read per minute?" (2019).
SECONDS_PER_KEY = 0.5  # unskilled
SECONDS_PER_DECISION = 1.35
SECONDS_PER_WORD = 60.0 / 238.0


@pytest.fixture(scope="module")
def incomplete(tmp_path_factory):
    """A home without an Energy dashboard, which nobody confirms."""
    with home_server(tmp_path_factory.mktemp("incomplete"), is_complete=False) as home:
        yield home


@pytest.fixture(scope="module")
def home_page(tmp_path_factory):
    """A home with a complete Energy dashboard, which nobody confirms."""
    with home_server(tmp_path_factory.mktemp("complete")) as home:
        yield home


@pytest.fixture
def setup(browser, incomplete):
    """The set-up of a home without an Energy dashboard."""
    with room(browser, incomplete, "setup") as page:
        page.wait_for_selector("#setup-confirm")
        yield page


def battery(name):
    return f"[id='field-batteries[0].{name}']"


def fault(page, path):
    return page.inner_text(f"[id='fault-{path}']")


def test_a_complete_energy_dashboard_needs_a_click_and_no_typing(browser, tmp_path):
    with home_server(tmp_path) as home, room(browser, home, "home") as page:
        page.click("#home-hello a")
        page.wait_for_selector("#setup-confirm")
        assert page.locator("#setup-missing input").count() == 0
        assert "Everything" in page.inner_text("#setup-complete")

        page.click("#setup-confirm")
        wait_for_plan(page)

        assert page.is_visible("#home-shown")
        assert page.witness.complaints == []
        (kept,) = settings_of(home)["batteries"]
        assert kept["capacity_kwh"] == 13.5
        assert kept["charge_from_grid"]


def test_it_works_in_the_frame_of_home_assistant(browser, tmp_path):
    with home_server(tmp_path) as home, ingress(home.url.rstrip("/")) as origin:
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        witness = Witness(page)
        page.goto(origin)
        frame = page.frame_locator("iframe")
        frame.locator("#home-hello a").click()
        frame.locator("#setup-confirm").click()
        frame.locator("#home-shown").wait_for()

        assert settings_of(home)["mode"] == "automatic"
        assert all(url.startswith(origin) for url in witness.requests)
        context.close()


def test_an_ordinary_home_is_set_up_with_the_keyboard_alone(browser, tmp_path):
    with (
        home_server(tmp_path, is_complete=False) as home,
        room(browser, home, "home") as page,
    ):
        began = time.monotonic()
        words = len(page.inner_text("main").split())
        keys = tab_to(page, "#home-hello a") + 1
        page.keyboard.press("Enter")
        page.wait_for_selector("#setup-confirm")
        words += len(page.inner_text("main").split())
        typed = page.locator("#setup-missing input").count()
        assert typed <= MOST_TYPED
        for name, value in MISSING.items():
            keys += tab_to(page, battery(name)) + len(value)
            page.keyboard.type(value)
        keys += tab_to(page, "#setup-confirm") + 1
        page.keyboard.press("Enter")
        page.wait_for_selector("#room-home:not([hidden])")
        wait_for_plan(page)
        seconds = time.monotonic() - began + SECONDS_PER_KEY * keys + SECONDS_PER_WORD * words
        seconds += SECONDS_PER_DECISION * (len(MISSING) + 2)
        assert seconds <= MOST_SECONDS, f"{words} words, {keys} keys: {seconds:.0f} s"

        kept = settings_of(home)["batteries"][0]
        assert {name: kept[name] for name in MISSING} == {
            name: float(value) for name, value in MISSING.items()
        }
        assert page.witness.complaints == []


def test_what_was_found_says_its_value_unit_age_and_reason(setup):
    row = setup.locator("#setup-found .source", has_text="State of charge").or_(
        setup.locator("#setup-found .source", has_text="Charge")
    )

    text = row.first.inner_text()
    assert "64 %" in text
    assert "old" in text
    assert "battery" in text
    assert "Nord Pool" in setup.locator("[id='field-import_price'] option:checked").inner_text()


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("capacity_kwh", "", "Usable capacity: must be given"),
        ("capacity_kwh", "13500", "is that in Wh?"),
        ("charge_kw", "-1", "must be from 0.05 to 100 kW"),
        ("reserve", "150", "Reserve for an outage: must be from 0 % to 100 %"),
        ("max_soc", "10", "“Highest state of charge”, 10 %, got 20 %"),
        ("soc", "no entity", "must be a name like sensor.battery"),
    ],
)
def test_a_fault_stands_beside_its_field_in_plain_words(setup, name, typed, said):
    setup.evaluate("document.querySelector('[data-section=batteries]').open = true")
    for other, value in MISSING.items():
        setup.fill(battery(other), value)
    setup.fill(battery(name), typed)
    setup.click("#setup-confirm")

    path = f"batteries[0].{'reserve' if name == 'max_soc' else name}"
    setup.wait_for_function(
        "path => document.getElementById(`fault-${path}`).textContent", arg=path
    )
    assert said in fault(setup, path)
    assert setup.evaluate("document.activeElement.id") == f"field-{path}"
    assert setup.get_attribute(f"[id='field-{path}']", "aria-invalid") == "true"


def test_what_is_no_number_is_said_before_anything_is_sent(setup):
    setup.focus(battery("capacity_kwh"))
    setup.keyboard.type("1e")  # a number begins so, and never ends
    setup.click("#setup-confirm")

    assert "not readable" in fault(setup, "batteries[0].capacity_kwh")


def test_a_tariff_is_typed_as_a_table(browser, tmp_path):
    path = "import_price.source.tariff"
    rate = f"{path}.rates[0]"
    with home_server(tmp_path) as home, room(browser, home, "setup") as page:
        page.wait_for_selector("#setup-confirm")
        page.select_option("[id='field-import_price']", "tariff")
        tab_to(page, f"[id='add-{path}']")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == f"field-{rate}.price"
        page.keyboard.type("0.41")
        page.fill(f"[id='field-{rate}.start']", "17:00")
        page.fill(f"[id='field-{rate}.end']", "21:00")
        for day in ("Sat", "Sun"):
            page.locator(f"[id='field-{rate}.weekdays'] label", has_text=day).click()
        for month in ("Jun", "Jul", "Aug"):
            page.locator(f"[id='field-{rate}.months'] label", has_text=month).click()
        page.click(f"[id='add-{path}']")
        page.fill(f"[id='field-{path}.rates[1].price']", "9")
        page.click("[aria-label='Remove: Rate 2']")
        page.fill(f"[id='field-{path}.otherwise']", "0.24")
        page.fill(f"[id='field-{path}.holidays']", "12-25\n2026-04-06")
        assert_accessible(page)
        page.click("#setup-confirm")
        page.wait_for_selector("#room-home:not([hidden])")

        tariff = settings_of(home)["import_price"]["source"]["tariff"]
        assert tariff["otherwise"] == 0.24
        assert tariff["holidays"] == ["12-25", "2026-04-06"]
        (kept,) = tariff["rates"]
        assert (kept["price"], kept["start"], kept["end"]) == (0.41, "17:00", "21:00")
        assert kept["weekdays"] == [0, 1, 2, 3, 4]
        assert kept["months"] == [1, 2, 3, 4, 5, 9, 10, 11, 12]


def test_everything_else_can_be_set_under_details(browser, tmp_path):
    with home_server(tmp_path) as home, room(browser, home, "setup") as page:
        page.wait_for_selector("#setup-confirm")
        page.evaluate("document.querySelectorAll('.section').forEach(one => { one.open = true; })")
        page.fill("[id='field-meter.max_import_kw']", "9")
        page.fill("[id='field-inverter.ac_limit_kw']", "6")
        page.click("#add-cars")
        for name, value in {"capacity_kwh": "60", "charge_kw": "11", "target": "70"}.items():
            page.fill(f"[id='field-cars[0].{name}']", value)
        page.fill("[id='field-cars[0].departure']", "07:30")
        page.click("#add-loads")
        for name, value in {"name": "Dishwasher", "power_kw": "2", "energy_kwh": "1.5"}.items():
            page.fill(f"[id='field-loads[0].{name}']", value)
        page.fill("[id='field-loads[0].latest']", "17:30")
        page.uncheck("[id='field-loads[0].weekdays'] input >> nth=6")
        page.click("#add-heat")
        heat = {"level": "sensor.water", "capacity_kwh": "8", "power_kw": "2", "least": "30"}
        for name, value in {**heat, "at_empty": "35", "at_full": "60", "efficiency": "3.2"}.items():
            page.fill(f"[id='field-heat[0].{name}']", value)
        page.click("#add-demand_charges")
        page.fill("[id='field-demand_charges[0].price_per_kw']", "4.5")
        page.click("#add-allowances")
        page.fill("[id='field-allowances[0].daily_quota_kwh']", "10")
        page.fill("[id='field-allowances[0].bonus_price']", "0.01")
        page.select_option("#acting-way", "script")
        page.fill("[id='field-acting.action']", "script.battery")
        page.uncheck("[id='field-batteries[0].export']")
        page.click("#setup-confirm")
        page.wait_for_selector("#room-home:not([hidden])")

        kept = settings_of(home)
        assert kept["meter"]["max_import_kw"] == 9
        assert kept["inverter"] == {"ac_limit_kw": 6.0, "dc_coupled_solar": True}
        assert kept["cars"][0]["target"] == 0.7
        assert kept["cars"][0]["departure"] == "07:30"
        (load,), (store,) = kept["loads"], kept["heat"]
        assert (load["name"], load["power_kw"], load["latest"]) == ("Dishwasher", 2.0, "17:30")
        assert load["weekdays"] == [0, 1, 2, 3, 4, 5]
        assert (load["earliest"], load["enabled"]) == (None, None)
        assert (store["least"], store["efficiency"], store["at_full"]) == (0.3, 3.2, 60.0)
        assert kept["demand_charges"][0]["price_per_kw"] == 4.5
        assert kept["allowances"][0]["direction"] == "import"
        assert kept["acting"] == {"action": "script.battery", "preset": "script"}
        assert not kept["batteries"][0]["export"]
        assert kept["batteries"][0]["charge_from_grid"]


def test_an_appliance_is_set_up_with_the_keyboard_alone(browser, tmp_path):
    typed = {"name": "Dishwasher", "power_kw": "2", "energy_kwh": "1.5"}
    with home_server(tmp_path) as home, room(browser, home, "setup") as page:
        page.wait_for_selector("#setup-confirm")
        tab_to(page, "[data-section=loads] summary")
        page.keyboard.press("Enter")
        tab_to(page, "#add-loads")
        page.keyboard.press("Enter")  # the first field then has the focus
        for name, value in typed.items():
            tab_to(page, f"[id='field-loads[0].{name}']")
            page.keyboard.press("Control+A")
            page.keyboard.type(value)
        tab_to(page, "#setup-confirm")
        page.keyboard.press("Enter")
        page.wait_for_selector("#room-home:not([hidden])")
        wait_for_plan(page)
        page.wait_for_selector("#home-loads li")

        (kept,) = settings_of(home)["loads"]
        assert {name: str(kept[name]).removesuffix(".0") for name in typed} == typed
        shown = page.inner_text("#home-loads li")
        assert re.fullmatch(r"Dishwasher(: running until .+| .+ \W .+)", shown), shown
        assert_accessible(page)
        assert page.witness.complaints == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("energy_kwh", "1500", "Energy of a run: must be from 0.01 to 200 kWh"),
        ("after", "Dryer", "After: must be the name of another load"),
        ("enabled", "today", "Planned while this is on: must be a name like"),
        ("latest", "00:15", "Finished by: must leave time for the run of 45 minutes"),
    ],
)
def test_a_fault_of_an_appliance_stands_beside_its_field(browser, home_page, name, value, said):
    with room(browser, home_page, "setup") as page:
        page.wait_for_selector("#setup-confirm")
        page.evaluate("document.querySelector('[data-section=loads]').open = true")
        page.click("#add-loads")
        typed = {"name": "Dishwasher", "power_kw": "2", "energy_kwh": "1.5"}
        for other, text in {**typed, name: value}.items():
            page.fill(f"[id='field-loads[0].{other}']", text)
        page.click("#setup-confirm")
        page.wait_for_selector(f"[id='fault-loads[0].{name}']:not(:empty)")

        assert said in fault(page, f"loads[0].{name}")


def test_names_with_markup_are_text(browser, tmp_path):
    def arrange(fake):
        for state in fake.states.values():
            state["attributes"]["friendly_name"] = MARKUP

    with (
        home_server(tmp_path, arrange=arrange) as home,
        room(browser, home, "setup") as page,
    ):
        page.wait_for_selector("#setup-confirm")

        assert MARKUP in page.inner_text("#setup-found")
        assert page.locator("main img, main b").count() == 0

        page.click("#setup-confirm")
        wait_for_plan(page)
        assert page.locator("main img, main b").count() == 0
        assert page.witness.complaints == []


def test_what_is_typed_outlives_a_reload_and_another_look(setup):
    setup.fill(battery("capacity_kwh"), "7.7")
    setup.press(battery("capacity_kwh"), "Tab")
    setup.reload()
    setup.wait_for_selector("#setup-confirm")
    assert setup.input_value(battery("capacity_kwh")) == "7.7"

    with setup.expect_response("**/setup/find"):
        setup.click("#setup-again")
    setup.wait_for_function("document.getElementById('setup-state').textContent.includes('stays')")
    assert setup.input_value(battery("capacity_kwh")) == "7.7"

    setup.click("#setup-discard")
    setup.wait_for_function(
        "() => document.getElementById('field-batteries[0].capacity_kwh').value === ''"
    )


def test_another_look_takes_what_is_new(setup, incomplete):
    setup.fill(battery("charge_kw"), "3")
    fake = incomplete.fake
    capacity = {"unit_of_measurement": "kWh", "friendly_name": "My Powerwall Capacity"}
    charge = next(e for e in fake.registry if e["entity_id"] == "sensor.my_powerwall_charge")
    fake.registry.append(
        {**charge, "entity_id": "sensor.my_powerwall_capacity", "unique_id": "capacity"}
    )
    incomplete.run(fake.set_state("sensor.my_powerwall_capacity", 14, capacity))
    try:
        setup.click("#setup-again")
        setup.locator("#setup-found .source", has_text="14 kWh").wait_for()

        assert setup.input_value(battery("charge_kw")) == "3"
    finally:
        fake.registry.pop()
        incomplete.run(fake.remove_state("sensor.my_powerwall_capacity"))


def test_a_home_assistant_that_is_down_is_said_and_tried_again(browser, tmp_path):
    with home_server(tmp_path) as home:
        home.run(home.fake.stop())
        with room(browser, home, "setup") as page:
            page.locator("#setup-state", has_text="Trying again by itself").wait_for()
            assert not page.is_visible("#setup-confirm")
            home.run(home.fake.start())
            page.wait_for_selector("#setup-confirm")

            home.run(home.fake.stop())
            page.click("#setup-again")
            page.locator("#setup-state", has_text="Home Assistant gave no answer").wait_for()
            assert page.is_visible("#setup-confirm"), "what is there stays"
            page.reload()
            page.locator("#setup-state", has_text="Trying again by itself").wait_for()
            assert page.is_visible("#setup-confirm"), "by the last look"


def test_a_server_that_began_anew_has_another_token(browser, incomplete):
    with room(browser, incomplete, "home") as page:
        stale = [True]

        def answer(route):
            found = json.loads(route.fetch().text())
            if stale:
                found["token"] = stale.pop() and "of the run before"
            route.fulfill(json=found)

        page.route("**/setup.json", answer)
        page.click("a[href='#setup']")

        page.wait_for_selector("#setup-confirm")


def test_a_tab_keeps_what_another_one_has_changed(browser, tmp_path):
    with home_server(tmp_path) as home:
        confirm(home)
        with room(browser, home, "setup") as page:
            page.wait_for_selector("#setup-confirm")
            page.evaluate("document.querySelector('[data-section=batteries]').open = true")
            page.fill(battery("wear"), "0.02")
            ask(home, "control", {"mode": "watch", "reserve": 0.35})
            page.click("#setup-confirm")
            page.wait_for_selector("#room-home:not([hidden])")

        kept = settings_of(home)
        assert kept["mode"] == "watch"
        assert kept["batteries"][0]["reserve"] == 0.35
        assert kept["batteries"][0]["wear"] == 0.02


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "made"),
    [
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 3}, {"a": 1}, {"a": 2}, {"a": 3}),
        ({"a": 1, "b": 5}, {"a": 1, "b": 4}, {"a": 2, "b": 4, "c": 6}, {"a": 2, "b": 5, "c": 6}),
        ({}, {"a": 1}, {"a": 1}, {}),
        ({"a": None}, {}, {}, {}),
        (
            {"a": [{"x": 1, "y": 2}]},
            {"a": [{"x": 1}]},
            {"a": [{"x": 3}]},
            {"a": [{"x": 3, "y": 2}]},
        ),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [3]}, {"a": [1, 2]}),
        ({"a": [1]}, {"a": [1]}, {"a": []}, {"a": []}),
        ({"a": {"b": 2}}, {"a": 1}, {"a": [4]}, {"a": {"b": 2}}),
    ],
)
def test_what_was_typed_and_what_others_changed_are_merged(
    browser, incomplete, ours, base, theirs, made
):
    with room(browser, incomplete, "home") as page:
        found = page.evaluate(
            """async all => {
                const { merged } = await import("./static/setup/paths.js");
                return [merged(...all), merged(all[0], all[0], all[2])];
            }""",
            [ours, base, theirs],
        )

    assert found == [made, theirs]


def test_powersync_is_one_switch_where_its_view_is_found(browser, tmp_path):
    from tests.finding import homes  # noqa: PLC0415

    def arrange(fake):
        homes.add_powersync(homes.Home(fake, now=datetime.now(UTC)))

    with (
        home_server(tmp_path, arrange=arrange) as home,
        room(browser, home, "setup") as page,
    ):
        page.wait_for_selector("#setup-confirm")
        page.check("#field-use_powersync")
        page.click("#setup-confirm")
        page.wait_for_selector("#room-home:not([hidden])")

        assert settings_of(home)["use_powersync"]


def without_prices(fake):
    """Take the prices away."""
    del fake.states["sensor.nordpool_kwh_de_eur"]


def test_four_values_are_the_most_that_are_typed_where_nothing_tells_prices(browser, tmp_path):
    with (
        home_server(tmp_path, is_complete=False, arrange=without_prices) as home,
        room(browser, home, "setup") as page,
    ):
        page.wait_for_selector("#setup-confirm")
        page.select_option("#field-import_price", "fixed")
        page.fill("[id='field-import_price.source.price']", "0.31")
        for name, value in MISSING.items():
            page.fill(battery(name), value)
        typed = page.locator("#setup-missing input")
        assert typed.count() <= MOST_TYPED
        page.reload()
        page.wait_for_selector("#setup-confirm")
        page.click("#setup-confirm")
        page.wait_for_selector("#room-home:not([hidden])")

        kept = settings_of(home)
        assert kept["import_price"]["source"] == {"from": "fixed", "price": 0.31}
        assert kept["export_price"] is None


def test_a_price_that_nobody_chose_is_asked_for_at_its_place(browser, tmp_path):
    with (
        home_server(tmp_path, arrange=without_prices) as home,
        room(browser, home, "setup") as page,
    ):
        page.wait_for_selector("#setup-confirm")
        page.click("#setup-confirm")
        page.locator("[id='fault-import_price']", has_text="must be given").wait_for()
        assert page.evaluate("document.activeElement.id") == "field-import_price"

        page.select_option("#field-import_price", "fixed")
        page.click("#setup-confirm")
        page.locator("[id='fault-import_price.source.price']", has_text="must be given").wait_for()


def test_settings_that_cannot_be_read_are_said_and_set_up_anew(browser, tmp_path):
    async def spoil(data):
        (data / "settings.json").write_text("{")

    with (
        home_server(tmp_path, books=spoil) as home,
        room(browser, home, "home") as page,
    ):
        page.locator("#home-lost", has_text="settings").wait_for()
        page.click("#home-hello a")
        page.wait_for_selector("#setup-confirm")
        assert "settings" in page.inner_text("#setup-state")
        page.click("#setup-confirm")
        page.wait_for_selector("#home-shown")

        assert settings_of(home)["mode"] == "automatic"
        assert list(home.data.glob("settings.broken-*.json"))


def test_nothing_paid_and_other_choices_are_taken(browser, tmp_path):
    with home_server(tmp_path) as home, room(browser, home, "setup") as page:
        page.wait_for_selector("#setup-confirm")
        nothing = page.locator("#field-export_price option", has_text="Nothing is paid")
        page.select_option("#field-export_price", nothing.get_attribute("value"))
        row = page.locator("#setup-found .source", has_text="Reserve")
        row.locator("summary").click()
        row.locator("select").select_option(index=1)
        row = page.locator("#setup-found .source", has_text="Reserve")
        assert "10 %" in row.locator(".value").inner_text()
        assert "Assumed" in row.inner_text()
        page.click("#setup-confirm")
        page.wait_for_selector("#room-home:not([hidden])")

        assert settings_of(home)["export_price"] is None
        assert settings_of(home)["batteries"][0]["reserve"] == 0.1


def test_settings_of_kinds_that_this_page_does_not_know_stay(browser, tmp_path):
    with home_server(tmp_path) as home:
        confirm(home)
        sent = []
        with room(browser, home, "home") as page:

            def answer(route):
                found = json.loads(route.fetch().text())
                found["settings"]["import_price"]["source"] = {"from": "the moon", "phase": 3}
                found["settings"]["cost_function"] = "beauty"
                route.fulfill(json=found)

            def take(route):
                sent.append(route.request.post_data_json)
                route.fulfill(json={"success": True})

            page.route("**/setup.json", answer)
            page.route("**/setup", take)
            page.click("a[href='#setup']")
            page.wait_for_selector("#setup-confirm")
            assert page.inner_text("#field-import_price option:checked") == "the moon"
            page.click("#setup-confirm")
            page.wait_for_selector("#room-home:not([hidden])")
            assert page.witness.complaints == []

        (kept,) = sent
        assert kept["import_price"]["source"] == {"from": "the moon", "phase": 3}
        assert kept["cost_function"] == "beauty"


def test_commands_may_go_to_powersync_and_be_taken_back(browser, tmp_path):
    with home_server(tmp_path) as home:
        for way, acting in {
            "powersync": {"action": "power_sync.force_charge", "preset": "powersync"},
            "none": {"action": None, "preset": "script"},
        }.items():
            with room(browser, home, "setup") as page:
                page.wait_for_selector("#setup-confirm")
                page.click("[data-section=acting] summary")
                page.select_option("#acting-way", way)
                page.click("#setup-confirm")
                page.wait_for_selector("#room-home:not([hidden])")
            assert settings_of(home)["acting"] == acting


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "import_price: must be given"),
        ({"import_price": {"source": {"from": "fixed"}}}, "import_price.source.price: must be "),
        (
            {"import_price": {"source": {"from": "fixed", "price": "x"}}},
            "import_price.source.price: must be a number, got text",
        ),
        ([], "body: must be a group of fields, got a list"),
    ],
)
def test_the_server_names_the_field_that_it_cannot_read(incomplete, settings, said):
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        ask(incomplete, "setup", settings)

    assert json.loads(caught.value.read())["error"].startswith(said)


def test_a_change_from_elsewhere_is_refused(incomplete):
    for headers in ({"Origin": "http://evil.example"}, {"X-Page-Token": "guessed"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(incomplete, "control", {"mode": "paused"}, **headers)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_set_up_is_accessible(browser, incomplete, theme):
    with room(browser, incomplete, "setup", color_scheme=theme) as page:
        page.wait_for_selector("#setup-confirm")
        assert_accessible(page)
        for add in (
            "#add-cars",
            "#add-loads",
            "#add-heat",
            "#add-demand_charges",
            "#add-allowances",
        ):
            page.evaluate("one => { document.querySelector(one).click(); }", add)
        page.evaluate("document.querySelectorAll('.section').forEach(one => { one.open = true; })")
        assert_accessible(page)
