"""The command line: plans of files and of standard input, and refusals of one line."""

import io
import json
import re
import subprocess
import sys
from itertools import pairwise
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


def amounts_in(out):
    """Amounts of money in a table, by what they are."""
    found = re.findall(r"^ *(\S.*?) +(-?\d+\.\d\d) \S+$", out, re.M)
    return {name: float(amount) for name, amount in found}


def test_a_file_is_planned_and_its_bill_shown(capsys):
    assert main(["plan", str(EXAMPLE)]) == 0
    out, err = capsys.readouterr()
    assert main(["plan", "--json", str(EXAMPLE)]) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]

    amounts = amounts_in(out)
    for name, field in (
        ("bill", "total_cost"),
        ("bill of plain self-consumption", "self_consumption_cost"),
        ("bill with idle batteries", "baseline_cost"),
        ("saved against plain self-consumption", "savings_vs_self_consumption"),
    ):
        assert amounts[name] == pytest.approx(summary[field], abs=0.0051)
    assert "optimal for self_consumption, by " in out
    assert err == ""


def test_cars_alone_are_compared_with_charging_at_once(typed, capsys):
    request = json.loads((EXAMPLE.parent / "two_vehicles.json").read_bytes())
    request.pop("home_battery")
    typed(json.dumps(request).encode())

    assert main(["plan", "-"]) == 0

    amounts = amounts_in(capsys.readouterr().out)
    assert [*amounts] == ["bill", "bill of charging at once", "saved against charging at once"]


def test_a_home_battery_that_nobody_named_is_called_battery(capsys):
    assert main(["plan", str(EXAMPLE.parent / "two_vehicles.json")]) == 0

    lines = capsys.readouterr().out.splitlines()
    heads = [t for t, line in enumerate(lines) if line.startswith("from ")]
    assert [lines[t - 1] for t in heads] == ["Battery", "hatchback", "van"]


def test_a_file_that_is_not_there_is_named(capsys):
    assert main(["plan", "no such file"]) == 2

    expected = "powersync-optimiser: no such file: No such file or directory\n"
    assert capsys.readouterr().err == expected


def test_the_table_names_the_next_actions_in_order_and_why(capsys):
    main(["plan", str(EXAMPLE)])
    title, head, *shown = capsys.readouterr().out.splitlines()

    main(["plan", "--json", str(EXAMPLE)])

    actions = json.loads(capsys.readouterr().out)["next_actions"]
    assert title == "Battery"
    assert head.split() == ["from", "to", "action", "power", "then", "at"]
    words = {"charge": "Charge", "consume": "Power the home", "export": "Sell", "idle": "Hold"}
    for row, why, action in zip(shown[::2], shown[1::2], actions, strict=False):
        assert words[action["action"]] in row
        assert row.startswith("Wed 00:00") is (action is actions[0])
        assert why.strip() == action["reason"]


def test_what_does_not_fit_is_counted(typed, capsys):
    n = 40
    request = {"prices_import": [0.1, 0.4] * (n // 2), "interval_minutes": 60}
    request |= {"load_forecast": [1000] * n, "start_time": "2026-01-14T00:00+00:00"}
    request["battery"] = {"capacity_wh": 2000, "current_soc": 0.5}
    typed(json.dumps(request).encode())
    main(["plan", "--json", "-"])
    actions = json.loads(capsys.readouterr().out)["schedule"]["action"]
    runs = 1 + sum(a != b for a, b in pairwise(actions))
    typed(json.dumps(request).encode())

    main(["plan", "-"])

    assert runs > 12
    assert f"\n... {runs - 12} more until Thu 16:00\n" in capsys.readouterr().out


def test_the_full_reply_is_that_of_the_api(capsys):
    assert main(["plan", "--json", str(EXAMPLE)]) == 0

    reply = json.loads(capsys.readouterr().out)
    assert reply["success"] is True
    assert violations(json.loads(EXAMPLE.read_bytes()), reply) == []


def test_standard_input_is_a_dash(typed, capsys):
    typed(EXAMPLE.read_bytes())

    assert main(["plan", "-"]) == 0

    assert "saved against" in capsys.readouterr().out


def test_warnings_are_no_part_of_the_plan(typed, capsys):
    typed(b'{"prices_import": [0.1, 0.4], "interval_minutes": 30}')

    main(["plan", "-"])

    out, err = capsys.readouterr()
    told = [line for line in err.splitlines() if line.startswith("warning: ")]
    assert "warning" not in out
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


COMMAND = [
    sys.executable,
    "-c",
    "import sys; from server.command_line import main; sys.exit(main())",
]
SEVERAL = {
    "prices_import": [0.1, 0.4],
    "interval_minutes": 60,
    "load_forecast": [500, 500],
    "currency": "EUR",
    "batteries": [{"id": "one", "name": "Garage"}, {"id": "two"}],
    "evs": [{"vehicle_id": "car"}, {"vehicle_id": "van", "name": "The van"}],
}


def test_a_request_of_another_endpoint_is_known_by_its_keys(typed, capsys):
    batteries = {name: SEVERAL[name] for name in SEVERAL if name != "evs"}
    vehicles = {name: SEVERAL[name] for name in SEVERAL if name != "batteries"}

    typed(json.dumps(vehicles).encode())
    assert main(["plan", "-", "--json"]) == 0
    cars = json.loads(capsys.readouterr().out)
    typed(json.dumps(batteries).encode())
    assert main(["plan", "-", "--json"]) == 0
    homes = json.loads(capsys.readouterr().out)

    assert [car["vehicle_id"] for car in cars["ev_schedules"]] == ["car", "van"]
    assert set(homes["batteries"]) == {"one", "two"}


def test_batteries_and_cars_are_shown_by_name_in_the_money_of_the_request(typed, capsys):
    typed(json.dumps(SEVERAL).encode())

    assert main(["plan", "-"]) == 0

    out = capsys.readouterr().out
    titles = [block.splitlines()[0] for block in out.split("\n\n")]
    assert titles[:5] == ["All batteries", "Garage", "two", "car", "The van"]
    assert re.search(r"^bill +-?\d+\.\d\d EUR$", out, re.M)
    assert "$" not in out


def test_a_closed_input_is_a_request_of_nothing(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)

    assert main(["plan", "-"]) == 2
    assert (
        capsys.readouterr().err == "powersync-optimiser: body: must be a JSON object, got nothing\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk on this system")
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_full_disk_is_one_line_and_a_failure(flags):
    run = [*COMMAND, "plan", *flags, str(EXAMPLE)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert ended.returncode == 1
    lines = [line for line in ended.stderr.splitlines() if "compiling kernel" not in line]
    assert lines == ["powersync-optimiser: cannot write: No space left on device"]


def test_a_reader_that_has_gone_is_no_failure():
    command = [*COMMAND, "plan", "--json", str(EXAMPLE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        err = process.stderr.read().decode()
        code = process.wait(120)

    assert code == 0
    assert [line for line in err.splitlines() if "compiling kernel" not in line] == []
