"""Every option of config.yaml changes what it says, through the options file of a real server."""

import json
import urllib.error

import pytest

from benchmarks.days import synthetic_request
from tests.addon.test_files import CONFIG
from tests.end_to_end import small_request
from tests.server.processes import running_server
from tests.server.test_process import call

TOKEN = "0123456789abcdef"


@pytest.fixture
def addon(tmp_path, installed):
    """Start the server of the wheel as Supervisor does, but for its own options file."""

    def started(content):
        file = tmp_path / "options.json"
        if content is not None:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        environment = {"TZ": "UTC"}
        flags = ("--addon", "--options", file)
        return running_server(tmp_path, *flags, environment=environment, folder=installed)

    return started


def without(*names, **changes):
    """A small request that leaves names out."""
    request = small_request(**changes)
    return {key: value for key, value in request.items() if key not in names}


def complaints(server):
    return [line for line in server.log.splitlines() if "WARNING server.options" in line]


def test_the_defaults_give_no_complaint(addon):
    with addon(CONFIG["options"]) as server:
        assert complaints(server) == []


def test_log_level(addon):
    lines = {}
    for level in ("debug", "info", "warning"):
        with addon({"log_level": level}) as server:
            call(server, "/optimize", small_request())
            call(server, "/health")
            lines[level] = server.log

    assert "path=/health" in lines["debug"]
    assert "path=/health" not in lines["info"]
    assert "path=/optimize" in lines["info"]
    assert "path=/optimize" not in lines["warning"]


def test_optimization_interval(addon):
    with addon({"optimization_interval": 60}) as server:
        reply = call(server, "/optimize", without("interval_minutes"))

    first, second = reply["schedule"]["timestamps"][:2]
    assert first[11:13] != second[11:13]
    assert second[14:16] == "00"  # the first is what is left of the running hour


@pytest.mark.parametrize("hours", [24, 72])
def test_horizon_hours(addon, hours):
    with addon({"horizon_hours": hours}) as server:
        reply = call(server, "/optimize", {"prices_import": 0.3, "battery": {"current_soc": 0.5}})

    assert len(reply["schedule"]["charge_w"]) == hours * 2


def test_default_cost_function(addon):
    request = synthetic_request(1, 96, 30)
    request.pop("cost_function", None)
    sold = {}
    for function in ("cost", "profit", "self_consumption"):
        with addon({"default_cost_function": function}) as server:
            reply = call(server, "/optimize", request)
            asked = call(server, "/optimize", {**request, "cost_function": function})
        sold[function] = sum(reply["schedule"]["battery_export_w"])
        assert reply["schedule"]["charge_w"] == asked["schedule"]["charge_w"]

    assert sold["self_consumption"] == 0
    assert sold["profit"] > 0


def test_client_safe_charge(addon):
    sunny = {
        "prices_import": [0.3] * 4,
        "prices_export": [0.0] * 4,
        "solar_forecast": [4000, 4000, 0, 0],
        "load_forecast": [500, 500, 4000, 4000],
        "interval_minutes": 60,
        "battery": {"current_soc": 0.3, "capacity_wh": 10000},
    }
    charged = {}
    for safe in (False, True):
        with addon({"client_safe_charge": safe}) as server:
            charged[safe] = sum(call(server, "/optimize", sunny)["schedule"]["charge_w"])

    assert charged[False] > 0
    assert charged[True] == 0


def test_price_margin(addon):
    """A gain of four cents is worth a trade, unless each of its two sides has to gain three."""
    request = {
        "start_time": "2026-01-14T12:00+00:00",
        "prices_import": [0.20, 0.25],
        "prices_export": [0.19, 0.24],
        "solar_forecast": [0, 0],
        "load_forecast": [0, 0],
        "interval_minutes": 60,
        "battery": {"current_soc": 0.0, "capacity_wh": 10000, "efficiency": 1.0},
        "cost_function": "profit",
    }
    sold = {}
    for margin in (0.0, 0.03):
        with addon({"price_margin": margin}) as server:
            sold[margin] = call(server, "/optimize", request)["summary"]["total_export_kwh"]

    assert sold[0.0] > 0
    assert sold[0.03] == 0


def test_api_token(addon):
    with addon({"api_token": TOKEN}) as server:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            call(server, "/optimize", small_request())
        assert call(server, "/optimize", small_request(), token=TOKEN)["success"]
        assert TOKEN not in server.log


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "is missing; defaults used"),
        ("", "cannot be read"),
        ('{"horizon_hours": 24', "cannot be read"),
        ("[]", "must hold a JSON object"),
        ({"horizon": 24}, "option horizon is unknown; ignored"),
        ({"horizon_hours": 1}, "option horizon_hours: must be a whole number in [24, 72], got 1"),
        ({"horizon_hours": [24]}, "option horizon_hours: "),
        ({"log_level": "loud"}, "option log_level: must be one of debug, info, warning, error"),
        ({"default_cost_function": "greed"}, "option default_cost_function: must be one of"),
        ({"price_margin": 7}, "option price_margin: must be a number in [0, 1], got 7"),
        ({"client_safe_charge": "perhaps"}, "option client_safe_charge: must be one of"),
        ({"optimization_interval": None}, None),
        ({"api_token": ""}, None),
    ],
    ids=str,
)
def test_a_bad_option_is_one_clear_line_and_its_default(addon, content, complaint):
    with addon(content) as server:
        config = call(server, "/status")["config"]

    assert config == {
        "optimization_interval": 30,
        "horizon_hours": 48,
        "default_cost_function": "cost",
    }
    assert len(complaints(server)) == (complaint is not None)
    assert complaint is None or complaint in complaints(server)[0]
