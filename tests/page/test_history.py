"""The books on a phone: what each day cost and saved, by the plan and without it."""

import urllib.request
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.books.books import Books
from server.books.entries import BatteryReading, Expected, PlanEntry, Reading
from tests.page.browsers import needs_browser
from tests.page.home_server import (
    ask,
    assert_accessible,
    confirm,
    home_server,
    room,
    tab_to,
    wait_for_plan,
)

needs_browser()

ZONE = ZoneInfo("Europe/Berlin")
INTERVAL = timedelta(minutes=5)
DAYS = 9
BOUGHT, PRICE = 0.05, 0.30  # kWh of each five minutes, and what a kWh costs


def midnight(days):
    today = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return (today + timedelta(days=days)).replace(tzinfo=ZONE).astimezone(UTC)


def readings():
    """Nine days until today, every third interval of the oldest one lost."""
    count = int((midnight(0) - midnight(-DAYS)) / INTERVAL)
    for number in range(count):
        start = midnight(-DAYS) + number * INTERVAL
        if start < midnight(1 - DAYS) and number % 3 == 0:
            continue
        yield Reading(
            start=start,
            grid_in=BOUGHT,
            grid_out=0.0,
            solar=0.0,
            load=BOUGHT,
            car=0.0,
            batteries=[BatteryReading(energy_in=0.0, energy_out=0.0, soc=0.5)],
            import_price=PRICE,
            export_price=0.06,
            is_published=True,
        )


def plan(made):
    """A plan that expects half of what was bought yesterday."""
    return PlanEntry(
        made=made.astimezone(ZONE),
        action="normal",
        power_w=0.0,
        until=midnight(0),
        target_soc=0.5,
        reason_code="",
        expected=[
            Expected(
                start=midnight(-1) + number * INTERVAL,
                seconds=300.0,
                grid_in=BOUGHT / 2,
                grid_out=0.0,
                load=BOUGHT / 2,
                solar=0.0,
                soc=0.5,
                import_price=PRICE,
                export_price=0.06,
            )
            for number in range(288)
        ],
    )


async def books(folder):
    opened = await Books.open(folder)
    await opened.write_readings(list(readings()))
    for made in (midnight(-1) - INTERVAL, midnight(-1), midnight(0) - INTERVAL):
        await opened.write_plan(plan(made))
    await opened.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with nine days in its books."""
    with home_server(tmp_path_factory.mktemp("history"), books=books) as running:
        confirm(running)
        yield running


@pytest.fixture
def page(browser, home):
    with room(browser, home, "history") as page:
        page.wait_for_selector("#books .book-day")
        yield page
        assert page.witness.complaints == []


def bill(days=-1):
    """What a day costs, of 23 to 25 hours."""
    return (midnight(days + 1) - midnight(days)) / INTERVAL * BOUGHT * PRICE


def lines(box):
    """What stands in an open day, by name."""
    names, values = (box.locator(one).all_inner_texts() for one in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def amount(text):
    """Number of an amount of money."""
    return float(text.replace("€", "").replace("\u2212", "-"))


def choose(page, name):
    with page.expect_response("**/books/days.json*"):
        page.locator("#days-choice label", has_text=name).click()


def test_a_week_is_told_day_by_day_and_in_sum(page):
    days = page.locator("#books summary").all_inner_texts()

    assert "All 6 days" in days[0], "today is not over, and has nothing yet"
    assert len(days) == 7
    total = sum(bill(-day) for day in range(1, 7))
    assert f"€{total:.2f}" in days[0]
    assert f"€{bill():.2f}" in days[1]


def test_yesterday_says_what_the_plan_had_said_and_what_made_the_difference(page):
    choose(page, "Yesterday")
    page.wait_for_function("() => document.querySelectorAll('#books .book-day').length === 1")
    found = lines(page.locator("#books .book-day"))

    assert found["Bill"] == f"€{bill():.2f}"
    assert "Bill, plain self-consumption" in found
    assert "Bill, no battery" in found
    assert found["The plan had said"] == "€2.16", "of the 24 hours that it reached"
    parts = [amount(value) for name, value in found.items() if name.startswith("more by")]
    assert sum(parts) == pytest.approx(2.16, abs=0.02)


def test_a_month_says_which_days_are_not_whole(page):
    choose(page, "31 days")
    page.locator("#books summary", has_text=f"All {DAYS} days").wait_for()
    oldest = page.locator("#books .book-day").last

    assert "*" in oldest.locator("summary").inner_text()
    tab_to(page, "#books .book-day:last-child summary")
    page.keyboard.press("Enter")
    assert "67 % of the day is measured" in oldest.inner_text()
    assert "No plan of the day before" in oldest.inner_text()
    assert "1 of 9 days" in page.locator("#books .book-day").first.inner_text()
    assert_accessible(page)


def test_the_days_can_be_downloaded(page, home):
    choose(page, "Yesterday")
    href = page.get_attribute("#books-csv", "href")

    yesterday = (datetime.now(ZONE) - timedelta(days=1)).date()
    assert href == f"books.csv?first={yesterday}&last={yesterday}"
    with urllib.request.urlopen(home.url + href) as response:
        assert response.headers["Content-Type"].startswith("text/csv")
        rows = response.read().decode().splitlines()
    assert len(rows) == 1 + (midnight(0) - midnight(-1)) / INTERVAL


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(browser, home, theme):
    with room(browser, home, "history", color_scheme=theme) as page:
        page.wait_for_selector("#books .book-day")
        assert_accessible(page)
        page.click("#books-erase")
        assert_accessible(page)


def test_the_home_screen_tells_yesterday(browser, home):
    with room(browser, home, "home") as page:
        wait_for_plan(page)
        row = page.locator("#home-days tr", has_text="Yesterday")
        assert f"€{bill():.2f}" in row.inner_text()


def test_watch_mode_tells_what_would_have_been_earned(browser, home):
    yesterday = str((datetime.now(ZONE) - timedelta(days=1)).date())
    (day,) = ask(home, f"books/days.json?first={yesterday}&last={yesterday}")["days"]
    day["bills"] |= {
        "watched": 3.1,
        "watched_share": 0.5,
        "watched_saved": 1.5,
        "watched_saved_more": 1.22,
    }
    ask(home, "control", {"mode": "watch"})
    with room(browser, home, "setup") as page:
        page.route("**/books/days.json*", lambda route: route.fulfill(json={"days": [day]}))
        page.click("nav a[href='#home']")
        wait_for_plan(page)
        page.reload()
        page.click("nav a[href='#home']")
        said = page.locator("#home-watched", has_text="50 % of it that was watched")
        said.wait_for()
        assert "would have been €3.10" in said.inner_text()
        assert "that saves €1.22" in said.inner_text()

        page.click("nav a[href='#history']")
        page.wait_for_selector("#books .book-day")
        assert "€1.50" in page.inner_text("#books")


def test_the_books_are_deleted_after_a_question_only(browser, tmp_path):
    with home_server(tmp_path, books=books) as home:
        confirm(home)
        with room(browser, home, "history") as page:
            page.wait_for_selector("#books .book-day")
            tab_to(page, "#books-erase")
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "erase-no"
            page.keyboard.press("Enter")
            assert page.is_visible("#books .book-day")

            page.click("#books-erase")
            page.keyboard.press("Escape")
            assert page.is_visible("#books .book-day")

            page.click("#books-erase")
            page.click("#erase-yes")
            page.locator("#books-state", has_text="The books are empty").wait_for()
            assert not page.is_visible("#books")
        yesterday = date.today() - timedelta(days=1)
        found = ask(home, f"books/days.json?first={yesterday}&last={yesterday}")["days"]
        assert [day["bills"] for day in found if day["bills"]] == []


def test_a_home_whose_books_are_new_says_so(browser, tmp_path):
    with home_server(tmp_path) as home:
        confirm(home)
        with room(browser, home, "history") as page:
            page.locator("#books-state", has_text="Nothing is in the books").wait_for()
            assert not page.is_visible("#books-csv")
