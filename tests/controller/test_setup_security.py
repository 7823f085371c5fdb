"""The set-up and the controls of a home, from hands that mean it no good."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.controller.controller import Controller
from server.home_assistant.link import Link
from server.http import keys
from server.http.app import create_app
from server.page import create_page
from server.page.origin import TOKEN
from server.page.site import MOST_BYTES
from server.settings.checks import check
from server.settings.home import Settings
from tests.controller.homes import fill
from tests.home_assistant.fake import FakeHomeAssistant

CHANGES = ("/setup", "/setup/find", "/control", "/books/delete")
LOOKS = ("/home.json", "/setup.json", "/status.json", "/plans.json", "/captures.json", "/")
OWN = {"X-Page-Token": TOKEN, "Content-Type": "application/json"}
MARKUP = "<img src=x onerror=alert(1)>"

BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"NaN",
    b"\xff\xfe",
    b'{"version": 1}',
    b'{"mode": "\\ud800"}',
    b"[" * 100_000,
    b'{"batteries": ' + b"[" * 100_000,
    b'{"version": 1e999}',
    b'{"mode": ["watch"]}',
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted({*Settings.__struct_fields__, "charge_now", "reserve"}))


@pytest.fixture
async def fake():
    home_assistant = FakeHomeAssistant()
    fill(home_assistant, home_assistant.clock())
    home_assistant.states["sensor.my_powerwall_charge"]["attributes"]["friendly_name"] = MARKUP
    await home_assistant.start()
    yield home_assistant
    await home_assistant.stop()


@pytest.fixture
async def home(fake, tmp_path):
    """A home that was not set up yet, and its API."""
    api = create_app()
    controller = Controller(Link(fake.address), tmp_path, api[keys.STATE])
    async with controller.planning():
        await controller._link.wait_connected()
        yield controller, api
    api[keys.STATE].worker.close()


@pytest.fixture
async def page(home, aiohttp_client):
    controller, api = home
    return await aiohttp_client(create_page(api, controller=controller))


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("left_out", OWN)
async def test_a_forged_change_does_nothing(page, home, fake, path, left_out):
    headers = {name: value for name, value in OWN.items() if name != left_out}
    draft = (await home[0].find()).draft
    before = len(fake.asked)

    answer = await page.post(path, data=json.dumps(draft).encode(), headers=headers)

    assert answer.status == 403
    assert home[0].setup().settings is None
    assert len(fake.asked) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", CHANGES)
async def test_a_change_is_a_post(page, path, method):
    assert (await page.request(method, path, headers=OWN)).status == 405


@pytest.mark.parametrize("path", CHANGES)
async def test_the_api_changes_no_home(home, aiohttp_client, path):
    api = await aiohttp_client(home[1])

    assert (await api.post(path, data=b"{}", headers=OWN)).status == 404


@pytest.mark.parametrize("path", ["/setup", "/control"])
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_body_that_is_nothing_is_refused_with_a_reason(page, home, path, body):
    answer = await page.post(path, data=body, headers=OWN)

    if answer.status != 200:
        assert answer.status == 400
        assert (await answer.json())["error"]
    assert home[0].setup().settings is None


async def test_a_body_that_is_too_long_is_refused(page, home):
    body = b'{"zone": "' + b"x" * MOST_BYTES + b'"}'

    assert (await page.post("/setup", data=body, headers=OWN)).status == 413
    assert home[0].setup().settings is None


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.dictionaries(FIELDS, JSON, min_size=1, max_size=2))
async def test_settings_obey_the_rules_or_are_refused(page, home, changes):
    controller = home[0]
    draft = (controller.setup().found or await controller.find()).draft
    before = controller.setup().settings

    for path, body in (("/setup", draft | changes), ("/control", changes)):
        answer = await page.post(path, data=json.dumps(body).encode(), headers=OWN)
        assert answer.status in {200, 400}
        if answer.status == 400:
            assert (await answer.json())["error"]
    kept = controller.setup().settings
    assert kept is before or check(kept) is None


async def test_no_secret_is_shown(page, home, fake, caplog):
    await page.post("/setup/find", data=b"{}", headers=OWN)
    draft = home[0].setup().found.draft
    assert (await page.post("/setup", data=json.dumps(draft).encode(), headers=OWN)).status == 200

    for path in LOOKS:
        answer = await page.get(path)
        assert answer.status == 200
        assert fake.token not in await answer.text()
    assert fake.token not in caplog.text


async def test_markup_of_others_is_data(page):
    answer = await page.post("/setup/find", data=b"{}", headers=OWN)

    assert MARKUP in json.dumps(await answer.json())
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_a_name_that_means_this_machine_is_not_enough(page):
    """A page of the internet may point its own name here (DNS rebinding)."""
    for path in LOOKS:
        assert (await page.get(path, headers={"Host": "evil.example"})).status == 403
