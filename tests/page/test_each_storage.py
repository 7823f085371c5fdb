"""Several batteries and cars: each with its now, next and why, its colour and its dash."""

import re
from datetime import timedelta

import pytest

from tests.page.browsers import needs_browser, needs_chart, opened
from tests.page.conftest import post
from tests.page.homes import now, one_battery, two_batteries, two_cars

needs_browser()

WORDS = {
    "charge": "Charge",
    "consume": "Power the home",
    "export": "Sell",
    "idle": "Hold",
    "discharge": "Discharge",
    "away": "Away",
}


def plan_of(server, name):
    """Reply, and the storages of its page with what they do next."""
    if name == "two batteries":
        reply = post(server, two_batteries(), "/multi-battery/optimize")
        batteries = reply["batteries"].items()
        return reply, {one["name"] or key: one["next_actions"] for key, one in batteries}
    reply = post(server, two_cars(), "/ev/optimize")
    cars = {one["name"]: one["next_actions"] for one in reply["ev_schedules"]}
    return reply, {"Battery": reply["home"]["next_actions"], **cars}


@pytest.mark.parametrize("name", ["two batteries", "two cars"])
def test_each_has_its_now_next_and_why(browser, server, name):
    _, runs = plan_of(server, name)

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".device")
        rows = page.locator(".device")
        assert rows.count() == len(runs)
        for place, (storage, actions) in enumerate(runs.items()):
            row = rows.nth(place)
            first = actions[0]
            assert row.locator("h3").inner_text() == storage
            assert row.locator(".doing strong").inner_text() == WORDS[first["action"]]
            assert row.locator(".why").inner_text() == f"{first['reason']}."
            assert row.locator(".next .do").all_inner_texts() == [
                WORDS[run["action"]] for run in actions[1:6]
            ]


@pytest.mark.parametrize("name", ["two batteries", "two cars"])
def test_the_next_actions_can_be_extended_with_their_reasons(browser, server, name):
    _, runs = plan_of(server, name)
    place, actions = max(enumerate(runs.values()), key=lambda pair: len(pair[1]))

    with opened(browser, server.page_url) as page:
        row = page.locator(".device").nth(place)
        row.locator(".more").click()

        assert row.locator(".because").all_inner_texts() == [
            f"{run['reason']}." for run in actions[1:]
        ]
        row.locator(".more").click()
        assert row.locator(".because").count() == 0


def test_a_car_says_when_it_is_full_or_how_much_is_missing(browser, server):
    reply, _ = plan_of(server, "two cars")
    short = reply["ev_schedules"][0]["shortfall_kwh"]

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".goal.short")
        said = page.locator(".device").nth(1).locator(".goal").inner_text()

    assert re.fullmatch(rf"Gets \d+ % of the 90 % wanted by .*: {short:.1f} kWh short\.", said)


CAR_GOALS = {
    "in time": ({}, r"Has 60 % from (\w{3} )?\d\d:\d\d on; wanted by .*\."),
    "full already": ({"current_soc": 0.8}, r"Has the 60 % wanted by .*\."),
    "nothing wanted": ({"target_soc": None}, r"No target set: .*ends with \d+ %\."),
    "gone": ({"departure_time": "2026-01-01T00:00:00Z"}, r"It has left; .*\."),
    "to come": (
        {"departure_time": None, "arrival_time": (now() + timedelta(days=2)).isoformat()},
        r"It comes after the end of this plan\.",
    ),
    "due later": (
        {"departure_time": (now() + timedelta(days=2)).isoformat(), "current_soc": 0.0},
        r"60 % wanted by \w{3} \d\d:\d\d; \d+ % when this plan ends\.",
    ),
}


@pytest.mark.parametrize("name", CAR_GOALS)
def test_a_car_says_what_becomes_of_its_target(browser, server, name):
    fields, said = CAR_GOALS[name]
    car = {"vehicle_id": "k", "battery_capacity_kwh": 20, "current_soc": 0.5, "target_soc": 0.6}
    car |= {"departure_time": (now() + timedelta(hours=3, minutes=50)).isoformat(), **fields}
    request = one_battery(prices_import=[0.4, 0.3, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4])
    request["solar_forecast"] = [0.0] * 8
    request.pop("battery")
    post(server, {**request, "ev": car}, "/ev/optimize")

    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".goal")
        assert re.fullmatch(said, page.inner_text(".goal"))


@needs_chart
@pytest.mark.parametrize("name", ["two batteries", "two cars"])
def test_each_has_a_colour_in_every_chart_and_the_dash_of_its_line(browser, server, name):
    _, runs = plan_of(server, name)

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#plot-soc canvas")
        lines = page.eval_on_selector_all(
            "#key-soc .swatch",
            """all => all.map(one => [one.textContent, getComputedStyle(one.firstChild).color,
                one.querySelector('line').getAttribute('stroke-dasharray')])""",
        )
        areas = dict(
            page.eval_on_selector_all(
                "#key-power .swatch",
                "all => all.map(one => [one.textContent, getComputedStyle(one.firstChild).color])",
            )
        )

    own = [line for line in lines if line[0] in runs]
    assert [line[0] for line in own] == [*runs]
    assert len({colour for _, colour, _ in own}) == len(runs)
    assert len({dash for _, _, dash in own[-2:]}) == 2, "of one kind, dashes differ as well"
    assert all(areas[storage] == colour for storage, colour, _ in own if storage in areas)


def test_each_has_its_columns_and_discharging_cars_too(browser, server):
    reply, _ = plan_of(server, "two cars")
    given = reply["ev_schedules"][1]["schedule"]["discharge_power_w"]
    t = next(t for t, watts in enumerate(given) if watts > 0)

    with opened(browser, server.page_url) as page:
        page.click("#table-box summary")
        page.wait_for_selector("#table tbody tr")
        heads = page.locator("#table thead th").all_inner_texts()
        cells = page.locator("#table tbody tr").nth(t).locator("td").all_inner_texts()

    row = dict(zip(heads[1:], cells, strict=True))
    assert row["Leaf out kW"] == f"{given[t] / 1000:.2f}"
    assert {"Battery in kW", "Kona in kW", "Kona after", "Leaf after"} <= row.keys()


def test_a_plan_is_compared_with_the_last_one_of_the_same_home_only(browser, server):
    def change(request, path):
        post(server, request, path)
        with opened(browser, server.page_url) as page:
            page.wait_for_selector("#past-change", state="attached")
            return page.text_content("#past-change")

    battery = one_battery()["battery"]
    first = change(one_battery(battery={**battery, "capacity_wh": 7777}), "/optimize")
    other = change(two_batteries(), "/multi-battery/optimize")
    again = change(one_battery(battery={**battery, "capacity_wh": 7777}), "/optimize")

    assert "No earlier plan of this home" in first
    assert "No earlier plan of this home" in other or "saves" in other
    assert "the same state of charge throughout" in again


@pytest.mark.parametrize("width", [360, 1400])
def test_the_read_out_never_covers_a_table(browser, server, width):
    plan_of(server, "two cars")

    with opened(browser, server.page_url, viewport={"width": width, "height": 740}) as page:
        page.wait_for_selector("#hours tbody tr")
        page.click("#table-box summary")
        for table in ("#days", "#hours", "#table"):
            page.locator(table).evaluate("one => one.scrollIntoView()")
            reading, box = [page.locator(one).bounding_box() for one in ("#reading", table)]
            assert reading["y"] + reading["height"] <= box["y"]


def test_days_are_named_where_a_span_crosses_midnight(browser, server):
    with opened(browser, server.page_url) as page:
        spans = page.evaluate(
            """async () => {
                const { Clock } = await import('./static/data/clock.js');
                const at = (text) => Date.parse(`${text}:00+11:00`) / 1000;
                const clock = new Clock(['2026-01-14T00:00:00+11:00']);
                const span = (one, other) => clock.span(at(one), at(other), at('2026-01-14T12:00'));
                return [span('2026-01-14T13:00', '2026-01-14T15:00'),
                    span('2026-01-14T22:00', '2026-01-15T06:00'),
                    span('2026-01-14T22:00', '2026-01-15T00:00'),
                    span('2026-01-15T00:00', '2026-01-15T06:00'),
                    span('2026-01-15T06:00', '2026-01-15T07:00'),
                    clock.words('by 2026-01-15T06:00:00+11:00; short')];
            }"""
        )

    assert [span.replace("\u2013", " to ") for span in spans] == [
        "13:00 to 15:00",
        "22:00 to Thu 06:00",
        "22:00 to 24:00",
        "Thu 00:00 to 06:00",
        "Thu 06:00 to 07:00",
        "by Thu 06:00; short",
    ]
