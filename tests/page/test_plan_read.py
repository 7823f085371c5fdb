"""The plan as people read it: half hours, days, money in their currency, plain words."""

import re
from pathlib import Path

import pytest

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import example, post
from tests.page.homes import one_battery, two_cars

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
