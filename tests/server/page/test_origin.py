"""Only the page itself changes anything."""

import pytest

from server.http.app import create_app
from server.page import SUPERVISOR, create_page
from server.page.origin import TOKEN

CHANGES = ("/setup", "/setup/find", "/control", "/books/delete")
OWN = {"X-Page-Token": TOKEN}


@pytest.fixture
async def page(aiohttp_client):
    return await aiohttp_client(create_page(create_app()))


async def status_of(page, path, **request):
    response = await page.post(path, **request)
    return response.status, (await response.json()).get("error", "")


@pytest.mark.parametrize("path", CHANGES)
async def test_a_change_needs_the_token_of_the_page(page, path):
    assert await status_of(page, path, json={}) == (
        403,
        "X-Page-Token: must be the token of this page; load it again",
    )
    assert (await status_of(page, path, json={}, headers={"X-Page-Token": TOKEN[:-1]}))[0] == 403
    assert (await status_of(page, path, json={}, headers={"X-Page-Token": "ü"}))[0] == 403
    # With it, the request is heard: this server has no Home Assistant.
    assert await status_of(page, path, json={}, headers=OWN) == (
        404,
        f"POST {path}: not found",
    )


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://home.local:8123", "X-Forwarded-Host": "home.local:8123"}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
    ],
)
async def test_a_change_comes_from_the_same_origin(page, path, headers, status):
    assert (await status_of(page, path, json={}, headers=OWN | headers))[0] == status


async def test_the_origin_may_be_the_address_of_the_page(page):
    origin = str(page.make_url("/")).rstrip("/")

    assert (await status_of(page, "/control", json={}, headers=OWN | {"Origin": origin}))[0] == 404


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
async def test_a_change_is_json(page, kind):
    headers = OWN | {"Content-Type": kind}

    assert (await status_of(page, "/control", data=b"{}", headers=headers))[0] == 403


async def test_a_change_from_another_address_is_refused(aiohttp_client):
    stranger = await aiohttp_client(create_page(create_app(), SUPERVISOR))

    assert (await stranger.post("/control", json={}, headers=OWN)).status == 403
