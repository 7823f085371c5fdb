"""Our server beside a fake Home Assistant, and its rooms on a phone."""

import asyncio
import json
import time
import urllib.request
from contextlib import contextmanager
from importlib.resources import files
from types import SimpleNamespace

from tests.controller.homes import running_fake
from tests.page.browsers import Witness
from tests.server.processes import running_server

PHONE = {"width": 390, "height": 844}
MARKUP = "<img src=x onerror=alert(1)><b>Bold</b>"


@contextmanager
def home_server(folder, *, arrange=None, books=None, **options):
    """A server for a home; `arrange(fake)` changes the home, `books` is a coroutine for its data.

    `run` runs a coroutine in the loop of the fake.
    """
    data = folder / "data"
    data.mkdir()
    with running_fake(**options) as (fake, loop):
        if arrange is not None:
            arrange(fake)

        def run(coroutine):
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

        if books is not None:
            run(books(data))
        flags = ["--home-assistant", f"http://127.0.0.1:{fake.port}", "--data", data]
        environment = {"HOME_ASSISTANT_TOKEN": fake.token}
        with running_server(folder, *flags, environment=environment) as server:
            url = f"http://127.0.0.1:{server.page_port}/"
            yield SimpleNamespace(fake=fake, run=run, url=url, data=data, server=server)


def ask(home, path, body=None, **headers):
    """Answer of the page; a change carries the token, unless `headers` say otherwise."""
    raw = None
    if body is not None:
        raw = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Page-Token": token_of(home)} | headers
    request = urllib.request.Request(home.url + path, raw, headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def token_of(home):
    return ask(home, "setup.json")["token"]


def confirm(home, **changes):
    """Confirm what is found, as a click does."""
    wait_until(lambda: ask(home, "home.json")["link"]["connected"])
    draft = ask(home, "setup/find", {})["draft"]
    ask(home, "setup", draft | changes)


def wait_until(condition, seconds=60.0):
    """Wait until `condition()` is true."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it never came"
        time.sleep(0.05)


def settings_of(home):
    return json.loads((home.data / "settings.json").read_text())


@contextmanager
def room(browser, home, name, **context):
    """A room of the page on a phone."""
    own = browser.new_context(**{"viewport": PHONE, "reduced_motion": "reduce", **context})
    try:
        page = own.new_page()
        page.witness = Witness(page)
        page.goto(f"{home.url}#{name}")
        page.wait_for_selector(f"#room-{name}:not([hidden])")
        yield page
    finally:
        own.close()


def look(page):
    """Let the page ask the server now."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def wait_for_plan(page):
    """Wait until a command is shown."""
    page.wait_for_function(
        """() => {
            document.dispatchEvent(new Event("visibilitychange"));
            return document.querySelector("#home-command").textContent.includes("until");
        }""",
        polling=300,
        timeout=60_000,
    )


def tab_to(page, selector):
    """Go to an element with the keyboard alone, and return how many keys that took."""
    for pressed in range(150):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return pressed
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not reach {selector}")


def assert_accessible(page):
    """Fit the screen, and break no rule of axe that is serious."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run()")["violations"]
    serious = [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
