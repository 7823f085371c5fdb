"""Options: flags over environment over file, and one log line for each slip."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from optimiser import CostFunction
from server import options
from server.options import Options, load
from server.reading import clock

SYDNEY = ZoneInfo("Australia/Sydney")

GOOD = {
    "log_level": "debug",
    "optimization_interval": 15,
    "horizon_hours": 24,
    "default_cost_function": "self_consumption",
    "client_safe_charge": True,
    "price_margin": 0.02,
    "timezone": "Australia/Sydney",
}


@pytest.fixture(autouse=True)
def no_machine(monkeypatch, tmp_path):
    """Keep the options and the zone of this machine out."""
    monkeypatch.setattr(options, "ADDON_OPTIONS", tmp_path / "absent.json")
    monkeypatch.setattr(clock, "_MACHINE_ZONE", tmp_path / "absent")


@pytest.fixture
def file(tmp_path):
    """Write an options file."""

    def written(values):
        path = tmp_path / "options.json"
        path.write_text(values if isinstance(values, str) else json.dumps(values))
        return path

    return written


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "server.options"]


def test_without_any_source_there_are_defaults(caplog):
    found = load({}, None)

    assert found == Options()
    assert (found.optimization_interval, found.horizon_hours) == (30, 48)
    assert found.default_cost_function is CostFunction.COST
    assert lines(caplog) == []


def test_a_file_sets_every_option(file, caplog):
    found = load({}, file(GOOD))

    assert found == Options(
        log_level="debug",
        optimization_interval=15,
        horizon_hours=24,
        default_cost_function=CostFunction.SELF_CONSUMPTION,
        client_safe_charge=True,
        price_margin=0.02,
        zone=SYDNEY,
    )
    assert lines(caplog) == []


def test_the_file_of_the_add_on_is_found_where_supervisor_puts_it(file, monkeypatch):
    monkeypatch.setattr(options, "ADDON_OPTIONS", file(GOOD))

    assert load({}, None).horizon_hours == 24


def test_the_environment_wins_over_the_file(file):
    environment = {"HORIZON_HOURS": "72", "CLIENT_SAFE_CHARGE": "false", "LOG_LEVEL": "Warning"}

    merged = load(environment, file(GOOD))

    assert (merged.horizon_hours, merged.optimization_interval) == (72, 15)
    assert (merged.client_safe_charge, merged.log_level) == (False, "warning")


@pytest.mark.parametrize(
    "environment",
    [{"TZ": "Europe/London"}, {"TZ": ":Europe/London"}, {"TIMEZONE": "Europe/London"}],
)
def test_the_zone_may_come_from_the_environment(file, environment):
    assert load(environment, file(GOOD)).zone == ZoneInfo("Europe/London")


def test_an_empty_tz_names_no_zone(file):
    assert load({"TZ": ""}, file(GOOD)).zone == SYDNEY


def test_the_zone_of_the_machine_keeps_its_changes_of_clocks(monkeypatch, tmp_path):
    database = Path("/usr/share/zoneinfo/Australia/Sydney")
    if not database.exists():
        pytest.skip("this machine has no zone database")
    monkeypatch.setattr(clock, "_MACHINE_ZONE", database)

    zone = load({}, None).zone

    offsets = {
        zone.utcoffset(stamp.replace(tzinfo=zone))
        for stamp in (clock.datetime(2026, 1, 1), clock.datetime(2026, 7, 1))
    }
    assert len(offsets) == 2


@pytest.mark.parametrize("text", ["", "{", "not json", "[1]", '"x"', "null", "\udcff"], ids=repr)
def test_a_malformed_file_costs_one_line_and_nothing_else(tmp_path, caplog, text):
    path = tmp_path / "options.json"
    path.write_bytes(text.encode(errors="surrogateescape"))

    assert load({}, path) == load({}, tmp_path) == Options()  # a folder is no file either

    malformed, folder = lines(caplog)
    assert str(path) in malformed
    assert str(tmp_path) in folder


def test_a_missing_file_costs_a_line_only_where_it_was_named(tmp_path, caplog):
    load({}, None)
    assert lines(caplog) == []

    load({}, tmp_path / "mine.json")

    assert lines(caplog) == [f"options file {tmp_path / 'mine.json'} is missing; defaults used"]


BAD = {
    "log_level": ["loud", 5],
    "optimization_interval": [4, 121, 7.5, "x", True, [5], float("nan"), float("inf")],
    "horizon_hours": [23, 73],
    "default_cost_function": ["cheapest", ["cost"]],
    "client_safe_charge": ["maybe", 2],
    "price_margin": [-0.01, 1.5, "a little"],
    "timezone": ["Mars/Base", 5],
    "api_token": [5],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_a_bad_value_costs_one_line_and_is_the_default(file, caplog, name, value):
    found = load({}, file({name: value}))

    assert found == Options()
    assert len(lines(caplog)) == 1
    assert lines(caplog)[0].startswith(f"option {name}: must be ")


def test_a_token_too_short_is_one_line_that_hides_it(file, caplog):
    load({}, file({"api_token": "hunter2"}))

    (line,) = lines(caplog)
    assert line.startswith("option api_token: must be text of at least 16 ASCII characters")
    assert "hunter2" not in line


def test_a_bad_value_leaves_the_others_alone(file, caplog):
    found = load({}, file({**GOOD, "horizon_hours": "soon"}))

    assert (found.horizon_hours, found.optimization_interval) == (48, 15)
    assert len(lines(caplog)) == 1


def test_a_bad_environment_leaves_the_file_in_force(file, caplog):
    found = load({"HORIZON_HOURS": "soon", "TZ": "Mars/Base"}, file(GOOD))

    assert (found.horizon_hours, found.zone) == (24, SYDNEY)
    assert [line.split(":")[0] for line in lines(caplog)] == [
        "option horizon_hours",
        "option timezone",
    ]


@pytest.mark.parametrize(
    ("values", "logged"),
    [
        ({"horizont": 24}, ["option horizont is unknown; ignored"]),
        (dict.fromkeys(GOOD), []),  # null means the default
    ],
)
def test_what_sets_nothing_leaves_the_defaults(file, caplog, values, logged):
    assert load({}, file(values)) == Options()

    assert lines(caplog) == logged


@pytest.mark.parametrize(
    ("text", "meant"), [("1", True), ("true", True), ("TRUE", True), ("0", False), ("False", False)]
)
def test_switches_of_the_environment_are_text(text, meant):
    assert load({"CLIENT_SAFE_CHARGE": text}, None).client_safe_charge is meant
