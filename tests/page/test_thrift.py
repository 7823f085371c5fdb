"""The page paints at once, and costs next to nothing while it is open."""

import os
import urllib.request
from pathlib import Path

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import example, post

needs_browser()

PAINTS_WITHIN = 500  # ms
ASKS_EVERY = 20.0  # s
SHARE = 0.01  # of a core


def test_the_first_paint_comes_within_half_a_second(browser, server):
    post(server, example("dynamic_day"))
    paints = []
    for _ in range(3):
        with opened(browser, server.page_url) as page:
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            paints.append(
                page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            )

    print("first contentful paints [ms]:", [round(paint) for paint in paints])
    assert min(paints) < PAINTS_WITHIN


def test_an_idle_page_costs_less_than_a_hundredth_of_a_core(server):
    def used():
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    n = 200
    before = used()
    for _ in range(n):
        with urllib.request.urlopen(f"{server.page_url}status.json") as response:
            response.read()
    share = (used() - before) / n / ASKS_EVERY

    print(f"idle page: {100 * share:.4f} % of a core")
    assert share < SHARE


def test_an_idle_page_asks_one_small_question_and_a_hidden_one_none(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(server.page_url)
    page.wait_for_selector("#health-card:not([hidden])")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    for _ in range(3):
        with page.expect_response("**/status.json"):
            page.clock.run_for(1000 * ASKS_EVERY)
    assert [url.rsplit("/", 1)[1] for url in asked] == ["status.json"] * 3

    asked.clear()
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.clock.run_for(5000 * ASKS_EVERY)
    assert asked == []
    context.close()


def test_all_of_the_page_weighs_little():
    static = Path(__file__).parents[2] / "server" / "page" / "static"

    weight = sum(path.stat().st_size for path in static.rglob("*") if path.is_file())

    assert weight <= 120_000
