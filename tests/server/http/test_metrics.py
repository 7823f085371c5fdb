"""What the server tells about itself: counts, and requests worth planning again."""

import re

import pytest

from server.http import keys, middleware
from server.http.app import create_app
from server.http.captures import without_names
from server.page import create_page
from server.plans.planning import optimise_any
from tests.end_to_end import small_request

LINE = re.compile(r"^[a-z_]+(\{[a-z]+=\"[^\"{}]*\"(,[a-z]+=\"[^\"{}]*\")*\})? [0-9.e+-]+$")


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


async def metrics_of(client):
    text = await (await client.get("/metrics")).text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(LINE.match(line) for line in lines), text
    return dict(line.rsplit(" ", 1) for line in lines)


async def test_metrics_count_requests_plans_and_repairs(client):
    await client.post("/optimize", json=small_request())
    await client.post("/optimize", json=small_request(load_forecast=[None, *[500.0] * 7]))
    await client.post("/optimize", json=[])
    await client.get("/nowhere/at/all")

    found = await metrics_of(client)

    assert found['powersync_requests_total{path="/optimize",status="200"}'] == "2"
    assert found['powersync_requests_total{path="/optimize",status="400"}'] == "1"
    assert found['powersync_requests_total{path="other",status="404"}'] == "1"
    assert found['powersync_plans_total{solver="highs",plan="optimal"}'] == "2"
    assert float(found["powersync_warnings_total"]) >= 1
    assert found["powersync_refusals_total"] == "0"
    assert found['powersync_request_seconds_count{path="/optimize"}'] == "3"
    assert found['powersync_request_seconds_bucket{path="/optimize",le="+Inf"}'] == "3"
    assert float(found["powersync_memory_peak_bytes"]) > 2**20


async def test_paths_that_are_not_ours_make_no_new_lines(client):
    for number in range(50):
        await client.get(f"/{number}")

    assert len([name for name in await metrics_of(client) if 'path="other"' in name]) < 20


async def test_what_failed_or_was_slow_is_kept_without_names(client, aiohttp_client, monkeypatch):
    page = await aiohttp_client(create_page(client.app))
    vehicle = {"vehicle_id": "Annas Tesla", "name": "Anna", "current_soc": 0.5, "target_soc": 0.6}
    request = small_request()
    request["ev"] = {**vehicle, "battery_capacity_kwh": 60, "max_charge_kw": 7.4}
    monkeypatch.setattr(middleware, "SLOW", 0.0)
    await client.post("/ev/optimize", json=request)
    await client.post("/optimize", json={"prices_import": []})

    listed = await (await page.get("/captures.json")).json()
    slow, failed = listed
    body = await (await page.get(f"/captures/{slow['number']}.json")).read()

    assert [entry["path"] for entry in listed] == ["/ev/optimize", "/optimize"]
    assert failed["status"] == 400
    assert b"Anna" not in body
    assert (await page.get("/captures/99.json")).status == 404
    assert optimise_any(body, client.app[keys.STATE].options, client.app[keys.STATE].clock).success


async def test_few_are_kept_and_fast_ones_not_at_all(client):
    for _ in range(30):
        await client.post("/optimize", json={"prices_import": []})
    await client.post("/optimize", json=small_request())

    kept = client.app[keys.STATE].captures.all

    assert len(kept) == 10
    assert {capture.status for capture in kept} == {400}


def test_ids_stay_apart_and_what_is_no_json_is_not_kept():
    body = b'{"batteries": [{"id": "left"}, {"battery_id": "right"}, {"id": null}]}'

    assert without_names(body) == b'{"batteries":[{"id":"1"},{"battery_id":"2"},{"id":null}]}'
    assert without_names(b"{") == b""
    assert without_names(b'{"a": "\xff"}') == b""
    assert without_names(b"[" * 100_000) == b""
    assert without_names(b"[" * 700 + b"]" * 700) == b""
