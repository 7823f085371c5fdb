"""The command line: plans of files and of standard input, and refusals of one line."""

import io
import json
from pathlib import Path

import pytest

from server.command_line import main
from server.version import VERSION
from tests.reference import violations

EXAMPLE = Path(__file__).parents[2] / "examples" / "time_of_use.json"


@pytest.fixture(autouse=True)
def no_machine(monkeypatch, tmp_path):
    monkeypatch.setattr("server.options.ADDON_OPTIONS", tmp_path / "absent.json")


@pytest.fixture
def typed(monkeypatch):
    """Put bytes on standard input."""

    def put(raw):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return put


def test_a_file_is_planned_and_its_bill_shown(capsys):
    assert main(["plan", str(EXAMPLE)]) == 0

    out, err = capsys.readouterr()
    words = {line.split()[0]: line.split()[1] for line in out.splitlines() if line}
    bill, baseline, savings = (float(words[name]) for name in ("bill", "baseline", "savings"))
    assert savings == pytest.approx(baseline - bill, abs=0.011)
    assert "optimal" in out
    assert "cost function self_consumption" in out
    assert err == ""


def test_the_table_names_the_next_actions_in_order(capsys):
    main(["plan", str(EXAMPLE)])
    shown = capsys.readouterr().out.splitlines()

    main(["plan", "--json", str(EXAMPLE)])

    actions = json.loads(capsys.readouterr().out)["next_actions"]
    assert shown[0].split() == ["from", "to", "action", "power", "then", "at"]
    verbs = {"consume": "serve the house"}
    for row, action in zip(shown[1:], actions, strict=False):
        assert verbs.get(action["action"], action["action"]) in row
        assert row.startswith("Wed 00:00") is (action is actions[0])


def test_the_full_reply_is_that_of_the_api(capsys):
    assert main(["plan", "--json", str(EXAMPLE)]) == 0

    reply = json.loads(capsys.readouterr().out)
    assert reply["success"] is True
    assert violations(json.loads(EXAMPLE.read_bytes()), reply) == []


def test_standard_input_is_a_dash(typed, capsys):
    typed(EXAMPLE.read_bytes())

    assert main(["plan", "-"]) == 0

    assert "savings" in capsys.readouterr().out


def test_warnings_are_shown_below_the_plan(typed, capsys):
    typed(b'{"prices_import": [0.1, 0.4], "interval_minutes": 30}')

    main(["plan", "-"])

    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert len(told) == 4
    assert "warning: solar_forecast: missing; no solar assumed" in told


def test_options_reach_the_plan(typed, capsys, tmp_path):
    options = tmp_path / "options.json"
    options.write_text('{"default_cost_function": "profit"}')
    typed(b'{"prices_import": [0.1, 0.4], "interval_minutes": 30}')

    main(["plan", "-", "--json", "--options", str(options)])

    assert json.loads(capsys.readouterr().out)["cost_function"] == "profit"


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "body: must be a JSON object, got nothing"),
        (b"{", "body: must be JSON, got something else at line 1, column 2"),
        (b"[1]", "body: must be a JSON object, got a list"),
        (b"{}", "prices_import: must hold one price per interval, got none"),
    ],
)
def test_a_bad_request_is_status_two_and_one_line(typed, capsys, raw, rule):
    typed(raw)

    assert main(["plan", "-"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"powersync-optimiser: {rule}\n"


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_file_that_cannot_be_read_is_status_two_and_one_line(capsys, tmp_path, name):
    assert main(["plan", str(tmp_path / name)]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(tmp_path) in err


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["plan"], ["serve", "--port", "0"], ["serve", "--port", "70000"]]
)
def test_a_wrong_call_is_status_two_and_shows_the_right_one(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage: powersync-optimiser" in capsys.readouterr().err


def test_the_version_is_the_real_one(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == VERSION


def test_a_request_of_another_endpoint_is_known_by_its_keys(typed, capsys):
    shared = {"prices_import": [0.1, 0.4], "interval_minutes": 60, "load_forecast": [500, 500]}

    typed(json.dumps({**shared, "ev": {"vehicle_id": "car"}}).encode())
    assert main(["plan", "-"]) == 0
    vehicles = json.loads(capsys.readouterr().out)
    typed(json.dumps({**shared, "batteries": [{"id": "one"}, {"id": "two"}]}).encode())
    assert main(["plan", "-", "--json"]) == 0
    batteries = json.loads(capsys.readouterr().out)

    assert vehicles["vehicle_id"] == "car"
    assert set(batteries["batteries"]) == {"one", "two"}
