"""The page paints at once, and costs next to nothing while it is open."""

from pathlib import Path

from tests.page.browsers import needs_browser

needs_browser()

ASKS_EVERY = 20.0  # s
STATIC = Path(__file__).parents[2] / "server" / "page" / "static"


def test_the_first_paint_waits_for_no_answer(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/status.json", lambda _: None)  # never answered

    page.goto(server.page_url)

    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    context.close()


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


def weight_of(names):
    return sum((STATIC / name).stat().st_size for name in names)


def test_all_of_the_page_weighs_little():
    names = [path.relative_to(STATIC) for path in STATIC.rglob("*") if path.is_file()]

    assert weight_of(names) <= 220_000  # 54 kB of it for the charts


def test_rooms_that_nobody_enters_are_not_loaded(browser, server):
    context = browser.new_context()
    page = context.new_page()
    loaded = set()
    page.on("request", lambda request: loaded.add(request.url.partition("/static/")[2]))
    page.goto(server.page_url)
    page.wait_for_selector("#health-card:not([hidden])")

    own = [name for name in loaded if name and not name.startswith("vendor/")]
    assert weight_of([*own, "index.html"]) <= 127_000
    assert not any(name.startswith("setup/") for name in own)
    context.close()
