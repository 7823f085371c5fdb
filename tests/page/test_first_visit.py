"""Before PowerSync has called: an honest empty page, an example on request, then the real plan."""

from tests.page.browsers import needs_browser, opened
from tests.page.conftest import example, latest, post

needs_browser()


def test_an_empty_page_offers_an_example_and_gives_way_to_the_first_plan(browser, server):
    with opened(browser, server.page_url) as page:
        assert page.is_visible("#empty")
        assert "No program has asked" in page.inner_text("#empty")
        assert "without --home-assistant URL" in page.inner_text("#no-home")
        assert not page.is_visible("#shown")

        page.click("#try")
        page.wait_for_selector("#shown:not([hidden])")

        assert "built-in example" in page.inner_text("#banner-text")
        assert not page.is_visible("#empty")
        assert not page.is_visible("#past-box")
        assert latest(server) is None, "the example is nobody's plan"

        reply = post(server, example("dynamic_day"))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_selector("#past-box:not([hidden])")

        assert not page.is_visible("#banner")
        assert f"{reply['summary']['savings']:.2f}" in page.inner_text("#savings-also")
        assert page.witness.complaints == []


def test_the_example_can_be_closed_again(browser, tmp_path):
    from tests.server.processes import running_server  # noqa: PLC0415

    with (
        running_server(tmp_path) as fresh,
        opened(browser, f"http://127.0.0.1:{fresh.page_port}/") as page,
    ):
        page.focus("#try")
        page.keyboard.press("Enter")
        page.wait_for_selector("#banner:not([hidden])")
        page.click("#back")

        assert page.is_visible("#empty")
        assert not page.is_visible("#shown")
