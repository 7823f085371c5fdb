"""Who may ask: callers that know us by an internal name, and show the token where there is one."""

import pytest

from server.http import keys
from server.http.access import is_internal
from server.http.app import create_app
from server.options import Options
from tests.end_to_end import small_request

TOKEN = "correct horse battery"


@pytest.fixture
async def guarded(aiohttp_client):
    app = create_app(Options(api_token=TOKEN))
    return await aiohttp_client(app)


@pytest.mark.parametrize(
    "shown",
    [None, "", "Bearer", "Bearer wrong", f"bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer caf\u00e9"],
)
async def test_without_the_token_there_is_no_plan(guarded, shown):
    headers = {} if shown is None else {"Authorization": shown}

    response = await guarded.post("/optimize", json=small_request(), headers=headers)

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "api_token" in (await response.json())["error"]


@pytest.mark.parametrize(
    "host",
    [
        "", "localhost", "localhost:5000", "127.0.0.1:5000", "192.168.1.20:5000", "172.30.33.4",
        "[::1]:5000", "[fe80::1%25eth0]", "homeassistant", "homeassistant.local:5000",
        "local-powersync-optimiser", "a0d7b954-powersync-optimiser.local.hass.io", "pi.fritz.lan.",
    ],
)  # fmt: skip
def test_internal_names_are_ours(host):
    assert is_internal(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:5000", "192.168.1.20.evil.example", "8.8.8.8",
        "a.local.evil.com", "[2606:4700::1111]:5000", "localhost.evil.com", "127.0.0.1.nip.io",
    ],
)  # fmt: skip
def test_names_of_the_internet_are_not(host):
    assert not is_internal(host)


async def test_a_page_of_the_internet_is_refused(aiohttp_client):
    client = await aiohttp_client(create_app())

    refused = await client.post(
        "/optimize", json=small_request(), headers={"Host": "evil.example:5000"}
    )

    assert refused.status == 403
    assert "evil.example" in (await refused.json())["error"]


@pytest.mark.parametrize("host", ["localhost", "ha.example.org"])
async def test_with_the_token_there_is_one_under_any_name(guarded, host):
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": host}

    assert (await guarded.post("/optimize", json=small_request(), headers=headers)).status == 200


async def test_no_other_site_may_read_a_reply(guarded):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    asked = await guarded.options("/optimize", headers=headers)
    reply = await guarded.get("/health", headers=headers)

    assert asked.status in {401, 405}
    for response in (asked, reply):
        assert not any(name.startswith("Access-Control") for name in response.headers)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Server"] == "PowerSync Optimiser"


async def test_the_health_check_needs_none(guarded):
    assert (await guarded.get("/health")).status == 200
    assert (await guarded.get("/status")).status == 401
    assert guarded.app[keys.STATE].options.api_token == TOKEN
