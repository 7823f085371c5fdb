"""Options: flags over environment over file, and one log line for each slip."""

import json
import logging
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

    found = load(environment, file(GOOD))

    assert (found.horizon_hours, found.client_safe_charge, found.log_level) == (
        72,
        False,
        "warning",
    )
    assert found.optimization_interval == 15


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

    found = load({}, path)

    assert found == Options()
    assert len(lines(caplog)) == 1
    assert str(path) in lines(caplog)[0]


def test_a_folder_is_no_file(tmp_path, caplog):
    assert load({}, tmp_path) == Options()

    assert len(lines(caplog)) == 1


def test_a_missing_file_is_told_only_where_it_was_asked_for(tmp_path, caplog):
    load({}, None)
    assert lines(caplog) == []

    load({}, tmp_path / "mine.json")

    assert lines(caplog) == [f"options file {tmp_path / 'mine.json'} is missing; defaults used"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_level", "loud"),
        ("log_level", 5),
        ("optimization_interval", 4),
        ("optimization_interval", 121),
        ("optimization_interval", 7.5),
        ("optimization_interval", "x"),
        ("optimization_interval", True),
        ("optimization_interval", [5]),
        ("optimization_interval", float("nan")),
        ("optimization_interval", float("inf")),
        ("horizon_hours", 23),
        ("horizon_hours", 73),
        ("default_cost_function", "cheapest"),
        ("default_cost_function", ["cost"]),
        ("client_safe_charge", "maybe"),
        ("client_safe_charge", 2),
        ("price_margin", -0.01),
        ("price_margin", 1.5),
        ("price_margin", "a little"),
        ("timezone", "Mars/Base"),
        ("timezone", 5),
    ],
)
def test_a_bad_value_costs_one_line_and_is_the_default(file, caplog, name, value):
    found = load({}, file({name: value}))

    assert found == Options()
    assert len(lines(caplog)) == 1
    assert lines(caplog)[0].startswith(f"option {name}: must be ")


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


def test_an_unknown_option_costs_one_line(file, caplog):
    found = load({}, file({"horizont": 24}))

    assert found == Options()
    assert lines(caplog) == ["option horizont is unknown; ignored"]


def test_null_means_the_default_without_a_word(file, caplog):
    found = load({}, file(dict.fromkeys(GOOD)))

    assert found == Options()
    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("text", "meant"), [("1", True), ("true", True), ("TRUE", True), ("0", False), ("False", False)]
)
def test_switches_of_the_environment_are_text(text, meant):
    assert load({"CLIENT_SAFE_CHARGE": text}, None).client_safe_charge is meant


def test_the_log_is_quiet_where_nothing_is_wrong(file, caplog):
    caplog.set_level(logging.DEBUG)

    load({"HORIZON_HOURS": "36"}, file(GOOD))

    assert lines(caplog) == []
