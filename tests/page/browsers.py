"""Debian's Chromium, driven by Playwright; never one that Playwright would download."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VENDOR = Path(__file__).parents[2] / "server" / "page" / "static" / "vendor"

needs_chart = pytest.mark.skipif(
    not (VENDOR / "uPlot.iife.min.js").is_file(),
    reason="needs the charting library: `make page`, with npm",
)


def needs_browser():
    """Skip the module where there is nothing to drive, or nothing to drive it with."""
    if not Path(CHROMIUM).exists():
        pytest.skip(
            f"needs Chromium: no {CHROMIUM} (apt-get install chromium)", allow_module_level=True
        )
    return pytest.importorskip("playwright.sync_api", reason="needs the playwright package")


@contextmanager
def chromium():
    """A running browser; Playwright's loop lives no longer than the block."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - may be absent

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Witness:
    """What a page did: its requests, and everything that it complained about."""

    def __init__(self, page):
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@contextmanager
def opened(browser, url, **context):
    """A page and its witness; everything that it loads at first is there."""
    own = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **context})
    try:
        page = own.new_page()
        page.witness = Witness(page)
        page.goto(url)
        page.wait_for_selector("#health-card:not([hidden])")
        yield page
    finally:
        own.close()


def reading(page):
    """The read-out: what it is about, and its values by name."""
    values = page.eval_on_selector_all(
        "#reading-values > div",
        "rows => rows.map(row => [row.children[0].textContent, row.children[1].textContent])",
    )
    return page.inner_text("#reading-time"), dict(values)


def hover(page, t, n):
    """Point at interval `t` of `n` equal ones in the plot of power."""
    plot = page.locator("#plot-power .u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * (t + 0.5) / n, box["y"] + box["height"] / 2)
