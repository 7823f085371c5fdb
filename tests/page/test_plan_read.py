"""The plan as people read it: half hours, days, money in their currency, plain words."""

import re
from pathlib import Path

import pytest

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import example, post, saved
from tests.page.homes import one_battery, two_batteries, two_cars

needs_browser()

STATIC = Path(__file__).parents[2] / "server" / "page" / "static"
ENGINEERS = r"\bdear\b|serve the house|dual residual|above: from|below: to|Proved optimal"


def number(text):
    return float(text.replace("\u2212", "-"))


def last_column(page, table):
    return [number(row[-1]) for row in cells(page, table)]


def cells(page, table):
    rows = page.locator(f"{table} tbody tr:not(.day)")
    return rows.evaluate_all("all => all.map(row => [...row.children].map(one => one.innerText))")


@pytest.mark.parametrize("demand", [False, True])
@pytest.mark.parametrize("name", ["dynamic_day", "negative_midday", "time_of_use"])
def test_the_costs_add_up_to_the_bill(browser, server, name, demand):
    request = example(name)
    if demand:
        request["demand_charges"] = [{"price_per_kw": 3.0, "start": "16:00", "end": "21:00"}]
    bill = post(server, request)["summary"]

    with opened(browser, server.page_url) as page:
        page.click("#horizon label:last-child")
        page.wait_for_selector("#hours tbody tr")
        so_far = last_column(page, "#hours")
        days = cells(page, "#days")

    by_name = {row[0]: number(row[-1]) for row in days}
    energy = bill["total_cost"] - bill["demand_cost"] + bill["allowance_credit"]
    assert so_far[-1] == pytest.approx(energy, abs=0.006)
    assert by_name["All"] == pytest.approx(energy, abs=0.006)
    if bill["demand_cost"]:
        assert by_name["Demand charge"] == pytest.approx(bill["demand_cost"], abs=0.006)
        assert by_name["Bill"] == pytest.approx(bill["total_cost"], abs=0.006)
    n_days = len([row for row in days if re.match(r"\w{3} \d", row[0])])
    assert sum(number(row[-1]) for row in days[:n_days]) == pytest.approx(energy, abs=0.03)
    bought = [number(row[-3]) for row in days[: n_days + 1]]
    assert bought[-1] == pytest.approx(bill["total_import_kwh"], abs=0.06)


def test_the_horizon_is_chosen(browser, server):
    post(server, example("dynamic_day"))

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#hours tbody tr")
        rows = {}
        for place, hours in enumerate((12, 24, 48), 2):
            page.click(f"#horizon label:nth-of-type({place - 1})")
            rows[hours] = len(cells(page, "#hours"))

    assert rows == {12: 24, 24: 48, 48: 96}


def test_half_hours_say_what_is_done_and_where_it_leads(browser, server):
    reply = post(server, example("dynamic_day"))
    soc = reply["schedule"]["soc_trajectory"]

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#hours tbody tr")
        found = [row[1] for row in cells(page, "#hours")]

    for row, text in enumerate(found):
        assert re.match(r"(Charge|Power the home|Sell) \d+\.\d+ kW → |Hold ", text), text
        assert text.endswith(f"{100 * soc[6 * (row + 1)]:.0f} %") or soc[6 * (row + 1)] % 0.01


@pytest.mark.parametrize(
    ("currency", "shown"), [("EUR", r"-?[\d.]+ EUR"), ("€", r"-?€[\d.]+"), ("kr", r"-?[\d.]+ kr")]
)
def test_money_is_shown_in_the_currency_of_the_reply(browser, server, currency, shown):
    post(server, one_battery(currency=currency))

    with opened(browser, server.page_url) as page:
        page.click("#proof-title")
        page.click("#past-box summary")
        text = page.inner_text("main")
        also = page.inner_text("#savings-also").replace("\u2212", "-")

    assert re.search(shown, also)
    assert "$" not in text


@pytest.mark.parametrize("home", [one_battery, two_batteries, two_cars])
def test_the_headline_is_against_plain_self_consumption(browser, server, home):
    path = {one_battery: "/optimize", two_batteries: "/multi-battery/optimize"}
    reply = post(server, home(), path.get(home, "/ev/optimize"))
    bill = reply["bill"] if "bill" in reply else reply["summary"]

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#money tbody tr")
        headline, of = page.inner_text("#savings"), page.inner_text("#savings-of")
        rows = {row[0]: [*map(number, filter(None, row[1:]))] for row in cells(page, "#money")}
        also = page.inner_text("#savings-also")

    assert number(headline.replace("$", "")) == round(saved(reply), 2) + 0.0
    assert "against plain self-consumption" in of
    assert f"${abs(bill['savings']):.2f} {'less' if bill['savings'] >= 0 else 'more'}" in also
    bills = [bill[name] for name in ("total_cost", "self_consumption_cost", "baseline_cost")]
    assert rows["Bill"] == pytest.approx(bills, abs=0.006)
    ours, usual = rows["All told"]
    assert usual - ours == pytest.approx(saved(reply), abs=0.011)


def test_cars_alone_are_compared_with_charging_at_once(browser, server):
    request = two_cars()
    request.pop("home_battery")
    post(server, request, "/ev/optimize")

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#money tbody tr")
        assert "against charging at once" in page.inner_text("#savings-of")
        assert "battery" not in page.inner_text(".money").lower()


def test_solar_that_is_not_taken_is_shown(browser, server):
    request = one_battery(
        solar_forecast=[20_000.0] * 8, grid={"max_export_w": 1000, "curtailment": True}
    )
    bill = post(server, request)["summary"]

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#days tbody tr")
        heads = page.locator("#days thead th").all_inner_texts()
        total = next(row for row in cells(page, "#days") if row[0] == "All")

    assert bill["total_solar_curtailed_kwh"] > 1
    unused = number(total[heads.index("Sun unused")])
    assert unused == pytest.approx(bill["total_solar_curtailed_kwh"], abs=0.06)


def test_a_demand_charge_is_a_line_of_its_own(browser, server):
    charge = {"price_per_kw": 3.0, "start": "00:00", "end": "24:00"}
    request = one_battery(demand_charges=[charge], load_forecast=[9000.0] * 8)
    bill = post(server, request)["summary"]

    with opened(browser, server.page_url) as page:
        page.wait_for_selector("#money tbody tr")
        rows = {row[0]: row[1] for row in cells(page, "#money")}

    (name,) = [name for name in rows if name.startswith("Demand charge")]
    assert number(rows[name]) == pytest.approx(bill["demand_cost"], abs=0.006)
    assert number(rows["Bill"]) == pytest.approx(bill["total_cost"], abs=0.006)


def test_the_words_are_those_of_a_battery_owner(browser, server):
    post(server, two_cars(), "/ev/optimize")
    with opened(browser, server.page_url) as page:
        page.wait_for_selector(".device")
        shown = page.inner_text("body") + page.text_content("#proof-box")

    ours = [path for path in STATIC.rglob("*.[jh][st]*") if "vendor" not in path.parts]
    assert re.findall(ENGINEERS, shown, re.IGNORECASE) == []
    for path in ours:
        text = re.sub(r"//.*", "", path.read_text())
        assert re.findall(ENGINEERS, text, re.IGNORECASE) == [], path.name


def test_small_charts_have_scales(browser, server):
    post(server, one_battery())
    post(server, one_battery())

    with opened(browser, server.page_url) as page:
        page.click("#past-box summary")
        page.wait_for_selector("#past-bars .bar")
        for scale in ("#past-most", "#past-least", "#times-most", "#times-from", "#times-to"):
            assert re.search(r"\d", page.inner_text(scale)), scale


def test_the_slider_stands_with_what_it_changes(browser, server):
    post(server, one_battery())

    with opened(browser, server.page_url, viewport={"width": 360, "height": 740}) as page:
        page.click("#past-box summary")
        slider, doing = [page.locator(one).first.bounding_box() for one in ("#past", ".doing")]

    assert slider["y"] < doing["y"] < slider["y"] + 740
