"""The token: nothing without it but the health check, and not a word about it in the log."""

import json

import pytest

from server import keys
from server.app import create_app
from server.options import Options
from tests.end_to_end import small_request
from tests.server.processes import running_server

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


async def test_with_the_token_there_is_one(guarded):
    headers = {"Authorization": f"Bearer {TOKEN}"}

    response = await guarded.post("/optimize", json=small_request(), headers=headers)

    assert response.status == 200


async def test_the_health_check_needs_none(guarded):
    assert (await guarded.get("/health")).status == 200
    assert (await guarded.get("/status")).status == 401
    assert guarded.app[keys.OPTIONS].api_token == TOKEN


def test_a_token_too_short_is_one_line_that_hides_it(tmp_path):
    file = tmp_path / "options.json"
    file.write_text(json.dumps({"api_token": "hunter2"}))

    with running_server(tmp_path, "--options", file) as server:
        pass

    assert server.log.count("option api_token: must be text of at least 16 ASCII characters") == 1
    assert "hunter2" not in server.log
