"""What the page reads: the status, the plans kept, the example, downloads."""

import asyncio
import csv
import io
import json
import threading

import pytest

from server.http import keys
from server.http.app import create_app
from server.page import create_page, plans
from server.page.origin import TOKEN
from server.plans import plan_log
from tests.end_to_end import small_request


@pytest.fixture
async def both(aiohttp_client):
    api = create_app()
    client = await aiohttp_client(api)
    return client, await aiohttp_client(create_page(api)), api


async def plan(both, request, path="/optimize"):
    response = await both[0].post(path, json=request)
    assert response.status == 200
    return await response.json()


async def json_of(page, path):
    response = await page.get(path)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_the_status_names_the_latest_plan(both):
    _, page, _ = both
    assert (await json_of(page, "/status.json"))["latest"] is None

    await plan(both, small_request())

    assert (await json_of(page, "/status.json"))["latest"].endswith("-1")


async def test_the_view_holds_the_reply_as_it_was_sent(both):
    reply = await plan(both, small_request())

    view = await json_of(both[1], "/plans/latest/view.json")

    assert view["reply"] == reply
    assert view["example"] is False
    assert view["summary"]["number"] == 1
    assert len(view["context"]["load_w"]) == len(reply["schedule"]["timestamps"])
    assert await json_of(both[1], "/plans/1/plan.json") == reply


async def test_the_list_holds_all_summaries_and_the_numbers_kept(both):
    await plan(both, small_request())
    reply = await plan(both, {**small_request(), "cost_function": "profit"})

    listed = await json_of(both[1], "/plans.json")

    assert listed["kept"] == [1, 2]
    assert listed["summaries"][1]["total_cost"] == reply["summary"]["total_cost"]


@pytest.mark.parametrize("which", ["latest", "7", "0", "999999999"])
async def test_a_plan_that_is_not_kept_is_a_404(both, which):
    response = await both[1].get(f"/plans/{which}/view.json")

    assert response.status == 404
    assert (await response.json())["success"] is False


@pytest.mark.parametrize("which", ["..", "1e3", "-1", "9999999999", "example2"])
async def test_what_is_no_plan_is_a_404(both, which):
    assert (await both[1].get(f"/plans/{which}/view.json")).status == 404


async def test_the_example_is_nobodys_plan(both):
    _, page, api = both

    view = await json_of(page, "/plans/example/view.json")

    assert view["example"] is True
    assert view["reply"]["certificate"]["optimum_gap"] < 1e-6
    assert view["reply"]["warnings"] == []
    assert view["reply"]["summary"]["savings"] > 0
    assert api[keys.STATE].plan_log.numbers == []
    assert api[keys.STATE].last_plan is None
    assert not api[keys.STATE].history._last


async def test_the_example_is_planned_once_however_often_it_is_asked_for(both, monkeypatch):
    calls = []
    original = both[2][keys.STATE].worker.run

    async def counted(job):
        calls.append(job)
        return await original(job)

    monkeypatch.setattr(both[2][keys.STATE].worker, "run", counted)

    views = await asyncio.gather(*(json_of(both[1], "/plans/example/view.json") for _ in range(4)))

    assert len(calls) == 1
    assert all(view == views[0] for view in views)


async def test_a_plan_as_csv_has_a_row_for_each_interval(both):
    reply = await plan(both, small_request())

    response = await both[1].get("/plans/1/plan.csv")

    assert response.content_type == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(await response.text())))
    schedule = reply["schedule"]
    assert [row["start"] for row in rows] == schedule["timestamps"]
    assert [float(row["charge_w"]) for row in rows] == schedule["charge_w"]
    assert [float(row["soc_trajectory"]) for row in rows] == schedule["soc_trajectory"][1:]
    assert [float(row["prices_import"]) for row in rows] == small_request()["prices_import"]


async def test_no_name_becomes_a_formula_in_a_spreadsheet(both):
    request = small_request()
    battery = request.pop("battery", {})
    request["batteries"] = [{**battery, "id": "=1+1"}, {**battery, "id": 'a,"b'}]
    await plan(both, request, "/multi-battery/optimize")

    text = await (await both[1].get("/plans/1/plan.csv")).text()

    heads = next(csv.reader(io.StringIO(text)))
    assert "'=1+1 charge_w" in heads
    assert 'a,"b soc' in heads


async def test_one_vehicle_alone_has_its_columns_once(both):
    request = small_request()
    request.pop("battery")
    car = {"vehicle_id": "car", "current_soc": 0.2, "battery_capacity_kwh": 40}
    await plan(both, {**request, "ev": car}, "/ev/optimize")

    text = await (await both[1].get("/plans/latest/plan.csv")).text()

    heads = next(csv.reader(io.StringIO(text)))
    assert "car charge_power_w" in heads
    assert "charge_power_w" not in heads


async def test_vehicles_are_in_the_csv(both):
    request = small_request()
    request.pop("battery", None)
    request["ev"] = {"vehicle_id": "car", "current_soc": 0.2, "battery_capacity_kwh": 40}
    reply = await plan(both, request, "/ev/optimize")

    text = await (await both[1].get("/plans/latest/plan.csv")).text()

    rows = list(csv.DictReader(io.StringIO(text)))
    power = reply["ev_schedules"][0]["schedule"]["charge_power_w"]
    assert [float(row["car charge_power_w"]) for row in rows] == power


async def test_nothing_but_reading_is_allowed(both):
    for path in ("/plans.json", "/plans/example/view.json", "/status.json"):
        response = await both[1].post(path, json={}, headers={"X-Page-Token": TOKEN})
        assert response.status == 405


async def test_no_plan_is_rendered_on_the_event_loop(both, monkeypatch):
    threads = []
    original = plan_log.render

    def watched(*arguments):
        threads.append(threading.current_thread().name)
        return original(*arguments)

    monkeypatch.setattr(plan_log, "render", watched)
    monkeypatch.setattr(plans, "render", watched)
    await plan(both, small_request())

    for path in ("status.json", "plans.json", "plans/1/view.json", "plans/example/view.json"):
        await json_of(both[1], f"/{path}")

    assert threads == ["solver", "solver"]


async def test_a_plan_that_cannot_be_rendered_is_still_answered(both, monkeypatch, caplog):
    def breaks(*_):
        raise RuntimeError("on purpose")

    monkeypatch.setattr(plan_log, "render", breaks)

    response = await both[0].post("/optimize", json=small_request())

    assert response.status == 200
    assert json.loads(await response.text())["success"] is True
    assert (await both[1].get("/plans.json")).status == 200
    assert "a plan could not be rendered" in caplog.text
