"""A copy that was built without npm: the chart is missing, the numbers are not."""

import json

from tests.page.browsers import Witness, needs_browser
from tests.page.conftest import example, post

needs_browser()


def test_the_page_says_what_is_missing_and_the_table_works(browser, server):
    post(server, example("time_of_use"))
    context = browser.new_context()
    page = context.new_page()
    witness = Witness(page)

    def without_chart(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "chart": False}))

    page.route("**/status.json", without_chart)
    page.goto(server.page_url)
    page.wait_for_selector("#chart-missing:not([hidden])")
    page.click("#table-box summary")
    page.wait_for_selector("#table tbody tr")

    assert "without npm" in " ".join(page.inner_text("#chart-missing").split())
    assert not page.is_visible("#charts")
    assert "0.19" in page.inner_text("#reading")
    assert not any("vendor" in url for url in witness.requests)
    assert witness.complaints == []
    context.close()
