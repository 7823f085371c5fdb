"""The two endpoints over HTTP: forms of replies and errors, what is ignored and what is refused."""

import copy

import pytest

from server.charge_schedule.messages import MOST_BATTERIES, MOST_STEPS
from server.http.app import create_app
from server.options import Options
from tests.charge_schedule.replay import replay

PATH = "/optimize/charge-schedule"
N = 6
REQUEST = {
    "batteries": [
        {
            **{"s_capacity": 52000, "s_min": 5000, "s_max": 50000, "s_initial": 15000},
            **{"c_min": 4200, "c_max": 11000, "d_max": 0, "p_a": 0.00025},
            **{"charge_from_grid": True, "s_goal": [0, 0, 40000, 0, 0, 0]},
        },
        {
            **{"s_min": 1000, "s_max": 8000, "s_initial": 5000},
            **{"c_min": 0, "c_max": 5000, "d_max": 5000, "p_a": 0.0002},
        },
    ],
    "time_series": {
        "dt": [3600] * N,
        "gt": [3000, 4000, 5000, 4500, 3500, 3000],
        "ft": [2000, 6000, 8000, 7000, 4000, 1000],
        "p_N": [0.00030, 0.00025, 0.00020, 0.00022, 0.00028, 0.00032],
        "p_E": [0.00015, 0.00012, 0.00010, 0.00011, 0.00014, 0.00016],
    },
    "eta_c": 0.95,
    "eta_d": 0.95,
}


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


def changed(path, value):
    """The request with another value; `...` takes it away."""
    request = copy.deepcopy(REQUEST)
    *parents, last = path
    place = request
    for name in parents:
        place = place.setdefault(name, {}) if isinstance(place, dict) else place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return request


async def posted(client, request):
    response = await client.post(PATH, json=request)
    return response.status, await response.json()


async def test_the_health_of_the_optimiser(client):
    response = await client.get("/optimize/health")

    assert response.status == 200
    assert (await response.json())["status"] == "healthy"


async def test_a_reply_has_the_fields_of_the_contract(client):
    status, reply = await posted(client, REQUEST)

    assert status == 200
    assert reply["status"] == "Optimal"
    assert set(reply) == {
        *("status", "objective_value", "limit_violations", "batteries", "grid_import"),
        *("grid_export", "flow_direction", "grid_import_overshoot", "grid_export_overshoot"),
    }
    assert set(reply["batteries"][0]) == {
        *("charging_power", "discharging_power", "state_of_charge"),
    }
    assert reply["batteries"][0]["state_of_charge"][2] >= 40000 - 0.01
    assert reply["grid_import_overshoot"] == []
    replay(REQUEST, reply)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("M",), 1000000),
        (("batteries", 0, "device_id"), "car"),
        (("grid",), {"prc_p_imp_exc": 0}),
        (("grid",), {}),
        (("grid",), None),
        (("strategy",), None),
        (("strategy",), {"charging_strategy": None}),
        (("batteries", 1, "s_goal"), None),
        (("batteries", 1, "p_demand"), [0] * N),
        (("batteries", 1, "s_goal"), [0.0] * N),
        (("batteries", 1, "charge_from_grid"), None),
        (("time_series", "gt_add"), []),
        (("eta_c",), ...),
    ],
)
async def test_what_changes_nothing(client, path, value):
    _, plain = await posted(client, REQUEST)
    status, reply = await posted(client, changed(path, value))

    assert status == 200
    assert reply["objective_value"] == pytest.approx(plain["objective_value"])


async def test_more_demand_counts_as_demand(client):
    more = [[100] * N, [50] * N]
    apart = changed(("time_series", "gt_add"), more)
    together = changed(("time_series", "gt"), [load + 150 for load in REQUEST["time_series"]["gt"]])

    replies = [(await posted(client, request))[1] for request in (apart, together)]

    assert replies[0]["grid_import"] == pytest.approx(replies[1]["grid_import"], abs=0.01)
    replay(apart, replies[0])


async def test_an_efficiency_of_a_battery_goes_before_that_of_all(client):
    request = changed(("batteries", 1, "eta_c"), 0.5)

    _, reply = await posted(client, request)

    replay(request, reply)


async def test_an_import_limit_is_soft_and_its_excess_reported(client):
    request = changed(("grid",), {"p_max_imp": 100})
    request["batteries"] = request["batteries"][1:]
    request["batteries"][0]["d_max"] = 0

    status, reply = await posted(client, request)

    assert (status, reply["status"]) == (200, "Optimal")
    assert reply["limit_violations"]["grid_import_limit_exceeded"]
    assert reply["grid_import"][0] == pytest.approx(100)
    assert reply["grid_import_overshoot"][0] == pytest.approx(900)
    replay(request, reply)


async def test_an_export_limit_cuts_what_nothing_takes(client):
    request = changed(("grid",), {"p_max_exp": 0})
    request["batteries"] = [request["batteries"][1] | {"c_max": 0, "d_max": 0}]

    _, reply = await posted(client, request)

    assert reply["limit_violations"]["grid_export_limit_hit"]
    assert reply["grid_export"] == [0] * N
    assert reply["grid_export_overshoot"][2] == pytest.approx(3000)


async def test_a_price_of_the_highest_import_is_weighed(client):
    request = changed(("grid",), {"p_max_imp": 500, "prc_p_exc_imp": 0.01})

    _, reply = await posted(client, request)

    outcome = replay(request, reply)
    assert reply["objective_value"] == pytest.approx(outcome.benefit)


async def test_a_battery_above_its_capacity_by_its_own_meter_is_planned(client):
    request = changed(("batteries", 1, "s_initial"), 8200)

    status, reply = await posted(client, request)

    assert (status, reply["status"]) == (200, "Optimal")
    replay(request, reply)


LONG = [0.0] * (MOST_STEPS + 1)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("batteries",), ..., "batteries"),
        (("batteries",), [], "batteries"),
        (("batteries",), [REQUEST["batteries"][1]] * (MOST_BATTERIES + 1), "batteries"),
        (("time_series",), ..., "time_series"),
        (("batteries", 0, "s_max"), ..., "batteries.0.s_max"),
        (("batteries", 0, "s_max"), None, "batteries.0.s_max"),
        (("batteries", 0, "s_max"), "full", "batteries.0.s_max"),
        (("batteries", 0, "s_max"), -1, "batteries.0.s_max"),
        (("batteries", 0, "s_max"), 1e12, "batteries.0.s_max"),
        (("batteries", 0, "s_max"), float("nan"), "batteries.0.s_max"),
        (("batteries", 0, "c_min"), float("inf"), "batteries.0.c_min"),
        (("batteries", 0, "p_a"), float("nan"), "batteries.0.p_a.0"),
        (("batteries", 0, "s_initial"), 53000, "batteries.0.s_initial"),
        (("batteries", 0, "s_goal"), [0, 0], "batteries.0.s_goal"),
        (("batteries", 0, "s_goal"), [0, 0, -5, 0, 0, 0], "batteries.0.s_goal.2"),
        (("batteries", 0, "p_demand"), [0] * 5 + [None], "batteries.0.p_demand.5"),
        (("batteries", 1, "c_priority"), 3, "batteries.1.c_priority"),
        (("batteries", 1, "eta_d"), 0, "batteries.1.eta_d"),
        (("eta_c",), 1.5, "eta_c"),
        (("time_series", "dt"), [3600] * 5, "time_series.dt"),
        (("time_series", "dt"), [0] + [3600] * 5, "time_series.dt"),
        (("time_series", "dt"), [1e9] * N, "time_series.dt.0"),
        (("time_series", "gt"), [1, 2], "time_series.dt"),
        (("time_series", "gt"), [], "time_series.gt"),
        (("time_series", "gt"), LONG, "time_series.gt"),
        (("time_series", "gt_add"), [[1]], "time_series.gt_add.0"),
        (("time_series", "p_N"), [float("nan")] * N, "time_series.p_N.0"),
        (("time_series", "p_E"), [-0.1] * N, "time_series.p_E"),
        (("grid", "p_max_imp"), -1, "grid.p_max_imp"),
        (("grid", "p_max_exp"), "none", "grid.p_max_exp"),
        (("strategy", "charging_strategy"), "cheapest", "strategy.charging_strategy"),
        (("strategy", "discharging_strategy"), "charge", "strategy.discharging_strategy"),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field(client, path, value, field):
    status, reply = await posted(client, changed(path, value))

    assert status == 400
    assert set(reply) == {"message", "details"}
    assert set(reply["details"]) == {field}
    assert reply["message"].startswith(field)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
    ],
)
async def test_what_is_no_request_is_refused_in_the_same_form(client, body, kind, status):
    response = await client.post(PATH, data=body, headers={"Content-Type": kind})

    assert response.status == status
    assert set(await response.json()) == {"message", "details"}


async def test_too_many_steps_of_too_many_batteries_are_refused(client):
    request = changed(("batteries",), [REQUEST["batteries"][1]] * 5)
    request["time_series"] = {name: [900.0] * MOST_STEPS for name in REQUEST["time_series"]}

    status, reply = await posted(client, request)

    assert status == 400
    assert "batteries" in reply["details"]


async def test_errors_of_other_kinds_have_the_form_of_the_contract(client, aiohttp_client):
    wrong_method = await client.get(PATH)
    public = await client.post(PATH, json=REQUEST, headers={"Host": "example.com"})
    app = create_app(Options(api_token="a-token-of-some-length"))
    closed = await aiohttp_client(app)

    assert wrong_method.status == 405
    assert public.status == 403
    assert (await closed.post(PATH, json=REQUEST)).status == 401
    for response in (wrong_method, public, await closed.post(PATH, json=REQUEST)):
        assert set(await response.json()) == {"message", "details"}


async def test_the_metrics_count_a_schedule(client):
    await posted(client, REQUEST)

    text = await (await client.get("/metrics")).text()

    assert 'powersync_plans_total{solver="highs_mip",plan="optimal"} 1' in text
