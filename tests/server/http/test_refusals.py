"""A refused request: its reason in the log and on the page, until its endpoint answers again."""

import logging

import pytest

from server.http import keys
from server.http.app import create_app
from server.page import create_page
from tests.end_to_end import small_request

BAD = {"prices_import": [0.3], "battery": {"capacity_wh": -5}}


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


async def test_the_log_line_of_a_refusal_holds_its_reason(client, caplog):
    caplog.set_level(logging.INFO, "server.requests")

    reply = await (await client.post("/optimize", json=BAD)).json()

    assert "must not be negative" in reply["error"]
    assert "status=400" in caplog.text
    assert f"error='{reply['error']}'" in caplog.text


async def test_the_log_line_of_a_plan_holds_the_codes_of_its_warnings(client, caplog):
    caplog.set_level(logging.INFO, "server.requests")
    request = small_request(load_forecast=[None, *[500.0] * 7])
    request.pop("solar_forecast")

    await client.post("/optimize", json=request)
    await client.post("/optimize", json=small_request())

    with_codes, without = [record.getMessage() for record in caplog.records][-2:]
    assert "codes=default,extended" in with_codes
    assert "codes=" not in without


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": BAD}, 400),
        ({"data": b"{"}, 415),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ],
)
async def test_the_page_is_told_until_the_endpoint_answers_again(
    client, aiohttp_client, sent, status
):
    page = await aiohttp_client(create_page(client.app))
    await client.post("/ev/optimize", json=[])
    response = await client.post("/optimize", **sent)
    refused = (await (await page.get("/status.json")).json())["open"]

    await client.post("/optimize", json=small_request())
    told = await (await page.get("/status.json")).json()

    assert response.status == status
    assert [one["path"] for one in refused] == ["/ev/optimize", "/optimize"]
    assert refused[1]["error"] == (await response.json())["error"]
    assert [one["path"] for one in told["open"]] == ["/ev/optimize"]
    assert [one["path"] for one in told["refused"]] == ["/ev/optimize", "/optimize"]


async def test_other_paths_and_methods_are_no_refusals(client):
    await client.post("/nowhere", json={})
    await client.get("/optimize")

    assert client.app[keys.STATE].captures.refusals == []
